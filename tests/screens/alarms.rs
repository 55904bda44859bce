//! Pictures of alarms: five of one cause as one line and as five, one that flaps, one of ours; and the page of an alarm with
//! its graph, its cause and what changed before it.

use quarterdeck::engine::{AlarmPane, Msg};
use quarterdeck::fleet::Rules;
use quarterdeck::fleet::rules::{AlarmRule, EnvironmentRule, LimitRule, ScaleOut};
use quarterdeck::model::{
    Alarm, AlarmCurve, AlarmDetail, AlarmState, AlarmTurn, Broker, Fact, Freshness, Key, Kind, Quantity, Queue,
    Severity, SourceKind, SourceName, SourceStatus, Table, Text, Update,
};

use crate::shots::{Shot, at};
use crate::stage::{SIZES, Stage, text};
use crate::world::{World, ago, now};

const SOURCE: &str = "alertmanager";

fn alarm(name: &str, severity: Severity, since: i64, labels: &[(&str, &str)]) -> Alarm {
    let labels = [&[("namespace", "shop-prod")], labels].concat();
    let uid = format!("{name}/{labels:?}");
    Alarm {
        key: Key::new(&SourceName::new(SOURCE), Kind::Alarm, &uid),
        scope: Text::name("shop-prod"),
        name: Text::name(name),
        severity,
        state: AlarmState::Firing,
        since: Some(ago(since)),
        summary: Text::line("more than 5 % of all answers are errors; customers see them"),
        value: None,
        threshold: Quantity::new(5.0),
        comparison: Some(Text::name(">")),
        runbook: Some(Text::line("https://runbooks.example.com/api-5xx")),
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: labels.iter().map(|(key, value)| (Text::name(key), Text::line(value))).collect(),
        fingerprint: Text::name(&uid),
    }
}

fn put(alarm: Alarm) -> Update {
    Update::Put(Table::whole("alarms"), Fact::Alarm(Box::new(alarm)))
}

/// Half an hour in which the share of errors of production's `api` goes up and stays.
fn errors(world: &mut World) {
    let shares = [0.4, 0.6, 0.5, 1.2, 2.4, 4.1, 5.8, 6.4, 7.9, 6.1, 6.6, 6.2];
    for (n, share) in shares.into_iter().enumerate() {
        let second = 1_500 - i64::try_from(n).unwrap() * 125;
        let firing = share > 5.0;
        let state = if firing { AlarmState::Firing } else { AlarmState::Ok };
        let since = if firing { 750 } else { 7_000 };
        let one = alarm("ApiErrorRatio", Severity::Critical, since, &[("service", "api")]);
        world.news(ago(second), SOURCE, vec![put(Alarm { state, value: Quantity::new(share), ..one })]);
    }
}

fn queue(world: &mut World) {
    for n in 0..60_i64 {
        let second = 600 - n * 10;
        let ready = u64::try_from(180 + n * 14).unwrap();
        let queue = Queue {
            key: Key::new(&SourceName::new("rabbit"), Kind::Queue, "crawl-jobs"),
            broker: Broker::RabbitMq,
            scope: Text::name("shop-prod"),
            name: Text::name("crawl-jobs"),
            ready: Some(ready),
            unacked: Some(8),
            delayed: None,
            failed: Some(0),
            dead_letters: None,
            dead_letter_queue: None,
            oldest_at: Some(ago(second + 240)),
            in_per_second: Quantity::new(3.4),
            out_per_second: Quantity::new(2.0),
            consumers: Some(1),
            paused: false,
            trouble: None,
            approximate: false,
            net_per_second: None,
            at: ago(second),
        };
        let fact = Update::Put(Table::whole("queues"), Fact::Queue(Box::new(queue)));
        world.news(ago(second), "rabbit", vec![fact]);
    }
}

fn limits() -> Rules {
    let worker = LimitRule {
        service: "worker".to_owned(),
        min: Some(1),
        max: Some(4),
        scale_out: Some(ScaleOut::Queue { name: "crawl-jobs".to_owned(), above: 500 }),
    };
    let prod = EnvironmentRule { name: "prod".to_owned(), limits: vec![worker], ..EnvironmentRule::default() };
    let rules = ["restarts>=1 env:prod", "backlog_share>100%"].map(|when| AlarmRule::new(when, when).unwrap());
    Rules { environments: vec![prod], alarms: rules.to_vec(), ..Rules::default() }
}

/// The broken fleet with alarms about it.
fn alarmed() -> World {
    let mut world = World::broken();
    world.send(ago(1_600), Msg::Rules(Box::new(limits())));
    for (source, kind) in [(SOURCE, SourceKind::Alertmanager), ("rabbit", SourceKind::RabbitMq)] {
        world.know(source, kind, "config", true);
        let fresh = SourceStatus { state: Freshness::Fresh, ..SourceStatus::default() };
        world.news(ago(1_600), source, vec![Update::Status(fresh), Update::Synced]);
    }
    errors(&mut world);
    queue(&mut world);
    for (n, pod) in ["api-0", "api-1", "api-2", "api-3"].into_iter().enumerate() {
        let since = 700 - 60 * i64::try_from(n).unwrap();
        let one = alarm("ApiHigh5xxRate", Severity::Warning, since, &[("service", "api"), ("instance", pod)]);
        world.news(ago(since), SOURCE, vec![put(one)]);
    }
    for second in [300, 240, 180, 120, 60] {
        let state = if second % 120 == 60 { AlarmState::Firing } else { AlarmState::Ok };
        let one = alarm("FrontendFlaps", Severity::Warning, second, &[("service", "frontend")]);
        world.news(ago(second), SOURCE, vec![put(Alarm { state, runbook: None, ..one })]);
    }
    for source in [SOURCE, "rabbit", "kubernetes:eks-prod", "docker:local"] {
        world.status(ago(1), source, Freshness::Fresh, None);
    }
    world.send(now(), Msg::Tick);
    world
}

/// What a Source tells of an alarm when its page is opened.
fn detail() -> AlarmDetail {
    let turn = |at, state, words: &str| AlarmTurn { at: ago(at), state, words: Text::line(words) };
    let points = (0..150_i64).map(|n| {
        let errors = if n > 130 { 6.4 } else { 0.4 + f64::from(u8::try_from(n % 7).unwrap()) / 10.0 };
        (ago(9_000 - n * 60), Quantity::new(errors).unwrap())
    });
    AlarmDetail {
        rule: Some(Text::line("HTTPCode_Target_5XX_Count / RequestCount * 100, Sum of 1m")),
        history: vec![
            turn(
                750,
                Some(AlarmState::Firing),
                "Threshold Crossed: 3 datapoints were greater than the threshold (5.0)",
            ),
            turn(751, None, "an action was published to arn:aws:sns:eu-central-1:1:pager"),
            turn(70_000, Some(AlarmState::Ok), "Threshold Crossed: 3 datapoints were not greater than the threshold"),
            turn(71_200, Some(AlarmState::Firing), "Threshold Crossed: 3 datapoints were greater than the threshold"),
        ],
        curves: vec![AlarmCurve { name: Text::line("5xx share"), points: points.collect(), period_seconds: 60 }],
        threshold: Quantity::new(5.0),
        comparison: Some(Text::name(">")),
        points_to_fire: Some((3, 5)),
        parts: Vec::new(),
        receivers: vec![Text::line("arn:aws:sns:eu-central-1:1:pager")],
        notes: Vec::new(),
    }
}

/// The list folded and open, and pages.
pub(crate) fn alarm_shots() -> Vec<Shot> {
    let pictures: [(&str, &[&str]); 5] = [
        ("alarms-of-one-cause", &["4"]),
        ("alarms-unfolded", &["4", "right", "j", "j"]),
        ("alarm-page", &["4", "enter"]),
        ("alarm-page-end", &["4", "enter", "G"]),
        ("queue-beside-its-consumer", &["3"]),
    ];
    let mut shots = Vec::new();
    for (name, keys) in pictures {
        for size in SIZES {
            let take = move || text(&Stage::new(alarmed(), size).press(keys).draw());
            shots.push(Shot::new(at(name, size), take));
        }
    }
    for size in SIZES {
        let told = move || {
            let mut stage = Stage::new(alarmed(), size);
            let key = stage.console.state.fleet.alarms()[0].alarm.key.clone();
            stage.console.state.alarm = Some(AlarmPane { key, result: Some(Ok(detail())), asked_at: now() });
            text(&stage.press(&["4", "enter"]).draw())
        };
        shots.push(Shot::new(at("alarm-in-detail", size), told));
        let over = move || {
            let mut stage = Stage::new(alarmed(), size).press(&["4", "enter"]);
            stage.console.state = World::broken().state;
            text(&stage.draw())
        };
        shots.push(Shot::new(at("alarm-over", size), over));
    }
    shots
}
