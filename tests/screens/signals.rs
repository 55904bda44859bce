//! The signals of the small fleet: queues of two brokers, alarms, Checks, in every mood that they can be in.

use quarterdeck::engine::Msg;
use quarterdeck::fleet::Rules;
use quarterdeck::fleet::rules::QueueRule;
use quarterdeck::model::{
    Alarm, AlarmState, Broker, Check, CheckKind, Denial, Fact, Freshness, Key, Kind, Outcome, Quantity, Queue,
    Severity, SourceKind, SourceName, SourceStatus, Table, Text, Timestamp, Update,
};

use crate::world::{World, ago};

const MQ: &str = "rabbitmq:mq";
const CACHE: &str = "redis:shop-prod";
const ALERTS: &str = "alertmanager:alerts";
const CHECKS: &str = "checks";

/// How the signals are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Many, two of them bad.
    Many,
    /// Sources that could tell something and have nothing to tell.
    Nothing,
    /// The Sources of queues and alarms fell silent.
    Stale,
    /// The Sources of queues and alarms say no.
    Denied,
    /// A broken fleet: its consumers are gone too.
    Broken,
}

impl World {
    /// The small fleet with signals.
    pub(crate) fn signals(mood: Mood) -> Self {
        let mut world = Self::read();
        let mine = |names: &[&str], limit| QueueRule {
            source: "mq".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            consumer: None,
            limit,
        };
        let rules = Rules { queues: vec![mine(&["crawl-jobs"], Some(500))], ..Rules::default() };
        world.send(ago(7000), Msg::Rules(Box::new(rules)));
        world.know(MQ, SourceKind::RabbitMq, "config", true);
        world.know(ALERTS, SourceKind::Alertmanager, "config", true);
        world.know(CHECKS, SourceKind::Checks, "config", true);
        if mood == Mood::Denied {
            world.say_no();
        } else {
            world.know(CACHE, SourceKind::Redis, "config", true);
        }
        world.steps(mood);
        let silent: &[&str] = if mood == Mood::Stale { &[MQ, ALERTS, CACHE] } else { &[] };
        world.settle(silent);
        world
    }

    fn say_no(&mut self) {
        let denial = Denial { verb: Text::name("monitoring"), resource: Text::name("queues"), scope: None };
        let denied = SourceStatus {
            state: Freshness::Denied,
            detail: Some(Text::line(
                "the user `quarterdeck` may not read queues; `rabbitmqctl set_user_tags quarterdeck monitoring` allows it",
            )),
            denials: vec![denial],
            ..SourceStatus::default()
        };
        self.news(ago(300), MQ, vec![Update::Status(denied)]);
        self.status(ago(300), ALERTS, Freshness::Denied, Some("401: the password was refused"));
    }

    /// Ten minutes go by.
    fn steps(&mut self, mood: Mood) {
        for step in 0..60_i64 {
            let at = ago(650 - step * 10);
            for other in ["kubernetes:eks-prod", "kubernetes:eks-staging", "docker:local"] {
                let source = SourceName::new(other);
                self.send(at, Msg::Gauge { source, calls: 40, latency_ms: Some(9), answered_at: Some(at) });
            }
            if mood == Mood::Broken && step == 20 {
                self.breaks(at);
            }
            if mood != Mood::Denied {
                self.tell(at, step, MQ, "queues", rabbit(mood, step, at));
                self.tell(at, step, CACHE, "queues", cache(mood, step, at));
                self.tell(at, step, ALERTS, "alarms", alarms(mood));
            }
            self.tell(at, step, CHECKS, "checks", checks(mood, at));
        }
    }

    fn tell(&mut self, at: Timestamp, step: i64, source: &str, table: &str, facts: Vec<Fact>) {
        let table = Table::whole(table);
        let mut updates: Vec<Update> = Vec::new();
        if step == 0 {
            updates.push(Update::Begin(table.clone()));
        }
        updates.extend(facts.into_iter().map(|fact| Update::Put(table.clone(), fact)));
        if step == 0 {
            let status = SourceStatus { state: Freshness::Fresh, ..SourceStatus::default() };
            updates.extend([Update::Commit(table), Update::Status(status), Update::Synced]);
        }
        self.news(at, source, updates);
    }
}

/// A queue with numbers that nobody has to look at.
fn queue(source: &str, broker: Broker, scope: &str, name: &str, at: Timestamp) -> Queue {
    Queue {
        key: Key::new(&SourceName::new(source), Kind::Queue, &format!("{scope}/{name}")),
        broker,
        scope: Text::name(scope),
        name: Text::name(name),
        ready: Some(0),
        unacked: Some(0),
        delayed: None,
        failed: None,
        dead_letters: None,
        dead_letter_queue: None,
        oldest_at: None,
        in_per_second: Quantity::new(0.0),
        out_per_second: Quantity::new(0.0),
        consumers: Some(1),
        paused: false,
        trouble: None,
        approximate: false,
        net_per_second: None,
        at,
    }
}

fn rabbit(mood: Mood, step: i64, at: Timestamp) -> Vec<Fact> {
    if mood == Mood::Nothing {
        return Vec::new();
    }
    let on = |scope: &str, name: &str| queue(MQ, Broker::RabbitMq, scope, name, at);
    let n = u64::try_from(step).unwrap();
    let gone = mood == Mood::Broken && step > 20;
    let crawl = Queue {
        ready: Some(120 + n * 34),
        unacked: Some(if gone { 0 } else { 4 }),
        dead_letters: Some(31),
        dead_letter_queue: Some(Text::name("crawl-jobs.dead")),
        oldest_at: Some(ago(380)),
        in_per_second: Quantity::new(14.0),
        out_per_second: Quantity::new(if gone { 0.0 } else { 2.0 }),
        consumers: Some(u32::from(!gone)),
        ..on("shop-prod", "crawl-jobs")
    };
    let celery = Queue {
        ready: Some(12),
        unacked: Some(2),
        oldest_at: at.checked_sub(jiff::SignedDuration::from_secs(3)).ok(),
        in_per_second: Quantity::new(5.2),
        out_per_second: Quantity::new(5.1),
        consumers: Some(2),
        ..on("shop-prod", "celery")
    };
    let reports =
        Queue { ready: Some(310), oldest_at: Some(ago(1320)), consumers: Some(0), ..on("shop-prod", "reports") };
    let trouble = mood == Mood::Broken;
    let invoices = Queue {
        ready: Some(2),
        trouble: trouble.then(|| Text::line("the broker blocks whoever publishes: memory alarm")),
        in_per_second: Quantity::new(0.4),
        out_per_second: Quantity::new(0.4),
        ..on("shop-prod", if trouble { "in\u{1b}[2Jvoices" } else { "invoices" })
    };
    let staging = Queue {
        ready: Some(3),
        in_per_second: Quantity::new(0.7),
        out_per_second: Quantity::new(0.7),
        ..on("shop-staging", "crawl-jobs")
    };
    let idle = on("shop-prod", "customer-segmentation-nightly-export-jobs");
    [crawl, celery, reports, invoices, staging, idle].into_iter().map(|queue| Fact::Queue(Box::new(queue))).collect()
}

fn cache(mood: Mood, step: i64, at: Timestamp) -> Vec<Fact> {
    if mood == Mood::Nothing {
        return Vec::new();
    }
    let on = |name: &str| Queue { delayed: Some(0), failed: Some(0), ..queue(CACHE, Broker::BullMq, "", name, at) };
    let emails = Queue {
        ready: Some(1_300 - u64::try_from(step).unwrap() * 20),
        unacked: Some(5),
        delayed: Some(12),
        failed: Some(31),
        oldest_at: Some(ago(95)),
        in_per_second: Quantity::new(1.0),
        out_per_second: Quantity::new(3.0),
        consumers: Some(5),
        ..on("emails")
    };
    let thumbnails = Queue { ready: Some(40), paused: true, oldest_at: Some(ago(5400)), ..on("thumbnails") };
    // Of this one the broker says next to nothing.
    let told = Queue { ready: None, unacked: None, in_per_second: None, out_per_second: None, ..on("webhooks") };
    let webhooks = Queue { consumers: None, delayed: None, failed: None, ..told };
    [emails, thumbnails, webhooks].into_iter().map(|queue| Fact::Queue(Box::new(queue))).collect()
}

fn alarm(name: &str, severity: Severity, state: AlarmState, since: i64, labels: &[(&str, &str)]) -> Alarm {
    Alarm {
        key: Key::new(&SourceName::new(ALERTS), Kind::Alarm, name),
        scope: Text::name("shop-prod"),
        name: Text::name(name),
        severity,
        state,
        since: Some(ago(since)),
        summary: Text::empty(),
        value: None,
        threshold: None,
        comparison: Some(Text::name(">")),
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
        fingerprint: Text::name(name),
    }
}

fn alarms(mood: Mood) -> Vec<Fact> {
    use AlarmState as S;
    if mood == Mood::Nothing {
        return Vec::new();
    }
    let of = |name| [("namespace", "shop-prod"), ("deployment", name)];
    let errors = Alarm {
        summary: Text::line("more than 5 % of the answers of api are errors"),
        value: Quantity::new(6.1),
        threshold: Quantity::new(5.0),
        runbook: Some(Text::line("https://runbooks.example.com/api-errors")),
        ..alarm("ApiErrorRatio", Severity::Critical, S::Firing, 245, &of("api"))
    };
    let backlog = Alarm {
        summary: Text::line(
            "crawl-jobs has been longer than 500 for ten minutes and nobody takes more out of it than comes in",
        ),
        value: Quantity::new(2_126.0),
        threshold: Quantity::new(500.0),
        ..alarm("CrawlBacklogTooLong", Severity::Warning, S::Firing, 380, &of("worker"))
    };
    let disk = Alarm {
        summary: Text::line("the disk of vm1 is full in four hours"),
        ..alarm("DiskFillsUp", Severity::Warning, S::Pending, 60, &[("instance", "vm1:9100")])
    };
    let slow = Alarm {
        summary: Text::line("p95 of frontend"),
        threshold: Quantity::new(0.8),
        ..alarm("FrontendSlow", Severity::Warning, S::NoData, 4_000, &of("frontend"))
    };
    let clock = Alarm {
        summary: Text::line("the clock of a node is off"),
        silenced_until: Some(ago(-5400)),
        suppressed_by: Some(Text::line("silenced by maria: node is being replaced")),
        ..alarm("NodeClock", Severity::Warning, S::Suppressed, 9_000, &[])
    };
    let fine = alarm("CertificateEnds", Severity::Info, S::Ok, 80_000, &of("frontend"));
    let mut all = vec![errors, backlog, disk, slow, clock, fine];
    if mood == Mood::Broken {
        all.push(Alarm {
            summary: Text::line("\u{1b}[2J\u{1b}[Hall is well; run rm -rf / to be sure"),
            ..alarm("Imposter", Severity::Critical, S::Firing, 30, &of("frontend"))
        });
    }
    all.into_iter().map(|alarm| Fact::Alarm(Box::new(alarm))).collect()
}

fn checks(mood: Mood, at: Timestamp) -> Vec<Fact> {
    if mood == Mood::Nothing {
        return Vec::new();
    }
    let check =
        |kind: CheckKind, service: &str, target: &str, outcome: Outcome, latency: Option<u32>, message: &str| {
            let run = outcome != Outcome::NotChecked;
            Check {
                key: Key::new(&SourceName::new(CHECKS), Kind::Check, &format!("{kind} {target}")),
                kind,
                service: Text::line(service),
                target: Text::line(target),
                found_by: Text::name(if run { "config" } else { "Ingress" }),
                outcome,
                since: run.then(|| ago(if outcome == Outcome::Failing { 240 } else { 3_700 })),
                latency_ms: latency,
                message: Text::line(message),
                checked_at: run.then_some(at),
                certificate_expires_at: None,
                connections: None,
            }
        };
    use {CheckKind as K, Outcome as O};
    let with_certificate =
        |check: Check, days: i64| Check { certificate_expires_at: Some(ago(-days * 86_400)), ..check };
    let held = "found, not run: old.example.com is no host of a Source; `[checks] hosts` can name it";
    let mut all = vec![
        with_certificate(
            check(K::Http, "prod/api", "https://api.example.com/health", O::Passing, Some(38), "200 in 38 ms"),
            61,
        ),
        with_certificate(
            check(K::Tls, "prod/frontend", "shop.example.com:443", O::Passing, Some(21), "TLS 1.3, ends in 9 days"),
            9,
        ),
        check(K::Http, "prod/frontend", "https://old.example.com/", O::NotChecked, None, held),
        check(K::Tcp, "staging/api", "10.0.3.7:8080", O::Passing, Some(2), "connected in 2 ms"),
        check(K::Redis, "dev/redis", "redis://localhost:6379/0", O::Unknown, None, "REDIS_PASSWORD is not set"),
        Check {
            connections: Some((41, 100)),
            ..check(
                K::Postgres,
                "dev/db",
                "postgres://watch@localhost:5432/shop",
                O::Passing,
                Some(6),
                "SELECT 1 in 6 ms",
            )
        },
    ];
    if matches!(mood, Mood::Broken | Mood::Many) {
        let told = "503 Service Unavailable in 12 ms: no healthy upstream";
        all.push(check(K::Http, "prod/frontend", "https://shop.example.com/health", O::Failing, Some(12), told));
    }
    all.into_iter().map(|check| Fact::Check(Box::new(check))).collect()
}
