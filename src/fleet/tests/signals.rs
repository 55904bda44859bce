//! Signals beside their Services: who takes from a queue, whom an alarm speaks of, and what that does to health.

use super::*;
use crate::fleet::rules::QueueRule;
use crate::model::{
    Alarm, AlarmState, Broker, Check, CheckKind, Outcome, Quantity, Queue, QueueState, Reading, Severity,
};

pub(super) const RABBIT: &str = "rabbit-prod";

pub(super) fn queue(name: &str, second: i64, ready: u64, consumers: u32) -> Queue {
    Queue {
        key: Key::new(&SourceName::new(RABBIT), Kind::Queue, name),
        broker: Broker::RabbitMq,
        scope: Text::empty(),
        name: Text::name(name),
        ready: Some(ready),
        unacked: Some(0),
        delayed: None,
        failed: None,
        dead_letters: None,
        dead_letter_queue: None,
        oldest_at: None,
        in_per_second: Quantity::new(0.0),
        out_per_second: Quantity::new(5.0),
        net_per_second: None,
        consumers: Some(consumers),
        paused: false,
        trouble: None,
        approximate: false,
        at: at(second),
    }
}

pub(super) fn alarm(source: &str, name: &str, state: AlarmState, labels: &[(&str, &str)]) -> Alarm {
    Alarm {
        key: Key::new(&SourceName::new(source), Kind::Alarm, name),
        scope: Text::empty(),
        name: Text::name(name),
        severity: Severity::Critical,
        state,
        since: Some(at(0)),
        summary: Text::line("error ratio 6.1 %"),
        value: Quantity::new(6.1),
        threshold: Quantity::new(5.0),
        comparison: Some(Text::line(">")),
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
        fingerprint: Text::name(name),
    }
}

/// The lab with a broker and two Sources of alarms beside it.
pub(super) fn lab(workloads: Vec<Workload>) -> Lab {
    let mut lab = Lab::of(facts(workloads, vec![]));
    for (name, kind) in
        [(RABBIT, SourceKind::RabbitMq), ("am", SourceKind::Alertmanager), ("prom", SourceKind::Prometheus)]
    {
        let source = SourceName::new(name);
        lab.fleet.know(&source, kind, Text::line("test"), true, at(0));
        tell(&mut lab, name, vec![Update::Status(status(Freshness::Fresh)), Update::Synced], 0);
    }
    lab
}

pub(super) fn tell(lab: &mut Lab, source: &str, updates: Vec<Update>, second: i64) {
    for update in updates {
        lab.fleet.apply(&SourceName::new(source), update, at(second));
    }
    lab.fleet.settle(at(second));
}

pub(super) fn signal(fact: Fact) -> Vec<Update> {
    vec![Update::Put(Table::whole("signals"), fact)]
}

pub(super) fn told(lab: &mut Lab, queue: Queue, second: i64) {
    tell(lab, RABBIT, signal(Fact::Queue(Box::new(queue))), second);
}

#[test]
fn a_queue_is_tied_to_the_service_that_is_called_alike_and_its_backlog_is_told_there() {
    let mut lab = lab(vec![deployment("crawl-worker", 1, 1), deployment("api", 1, 1)]);
    let rule = QueueRule {
        source: RABBIT.into(),
        names: vec!["crawl-*".into()],
        consumer: Some("crawl-worker".into()),
        limit: Some(500),
    };
    lab.fleet.set_rules(Rules { queues: vec![rule], ..Rules::default() }, at(0));
    told(&mut lab, queue("crawl-jobs", 1, 600, 2), 1);
    let view = &lab.fleet.queues()[0];
    assert_eq!(view.consumer.as_ref().unwrap().to_string(), "shop/prod/crawl-worker");
    assert_eq!((view.state, view.empty_in_seconds, view.limit), (QueueState::Draining, Some(120), Some(500)));
    assert_eq!(
        lab.health("crawl-worker"),
        (HealthState::Degraded, "backlog crawl-jobs: 600 waiting > 500, draining".into())
    );
    told(&mut lab, queue("crawl-jobs", 6, 400, 2), 6);
    assert_eq!(lab.health("crawl-worker").0, HealthState::Healthy);
}

#[test]
fn no_consumers_is_told_apart_from_scaled_to_zero() {
    let mut lab = lab(vec![deployment("crawl", 0, 0), deployment("mail", 1, 1)]);
    let rules = ["crawl", "mail"].map(|name| QueueRule {
        source: RABBIT.into(),
        names: vec![name.into()],
        consumer: Some(name.into()),
        limit: None,
    });
    lab.fleet.set_rules(Rules { queues: rules.to_vec(), ..Rules::default() }, at(0));
    told(&mut lab, queue("crawl", 1, 5, 0), 1);
    told(&mut lab, queue("mail", 1, 5, 0), 1);
    let notes: Vec<_> = lab.fleet.queues().iter().map(|view| view.note.clone().unwrap().to_string()).collect();
    assert_eq!(notes, ["NO CONSUMERS: scaled to zero", "NO CONSUMERS"]);
    assert_eq!(lab.health("mail"), (HealthState::Degraded, "backlog mail: 5 waiting, no consumers".into()));
}

#[test]
fn a_service_that_comes_later_gets_its_queue_and_loses_it_with_the_queue() {
    let mut lab = lab(vec![]);
    lab.fleet.set_rules(
        Rules {
            queues: vec![QueueRule {
                source: RABBIT.into(),
                names: vec!["*".into()],
                consumer: Some("mail".into()),
                limit: None,
            }],
            ..Rules::default()
        },
        at(0),
    );
    told(&mut lab, queue("mail", 1, 5, 0), 1);
    assert_eq!(lab.fleet.queues()[0].consumer, None);
    lab.put(deployment("mail", 1, 1), 2);
    lab.put(deployment("web", 1, 1), 2);
    assert!(lab.fleet.queues()[0].consumer.is_some());
    assert_eq!(lab.health("mail").0, HealthState::Degraded);
    tell(&mut lab, RABBIT, vec![Update::Drop(queue("mail", 1, 5, 0).key)], 3);
    assert_eq!(lab.health("mail").0, HealthState::Healthy);
    assert!(lab.fleet.queues().is_empty());
}

#[test]
fn a_broker_that_falls_silent_leaves_the_counts_and_no_opinion() {
    let mut lab = lab(vec![deployment("mail", 1, 1)]);
    told(&mut lab, queue("mail", 1, 500, 0), 1);
    tell(&mut lab, RABBIT, vec![Update::Status(status(Freshness::Unreachable))], 20);
    let view = &lab.fleet.queues()[0];
    assert_eq!((view.queue.ready, view.state), (Some(500), QueueState::Unknown));
    assert!(view.stale_since.is_some());
}

#[test]
fn one_alarm_of_two_sources_is_one_line_and_degrades_its_service() {
    let mut lab = lab(vec![deployment("api", 1, 1), deployment("web", 1, 1)]);
    let labels = [("namespace", "shop-prod"), ("service", "api")];
    tell(&mut lab, "prom", signal(Fact::Alarm(Box::new(alarm("prom", "Api5xx", AlarmState::Firing, &labels)))), 1);
    tell(&mut lab, "am", signal(Fact::Alarm(Box::new(alarm("am", "Api5xx", AlarmState::Firing, &labels)))), 1);
    let alarms = lab.fleet.alarms();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].sources.len(), 2);
    assert_eq!(alarms[0].service.as_ref().unwrap().to_string(), "shop/prod/api");
    assert_eq!(lab.health("api"), (HealthState::Degraded, "alarm Api5xx fires: 6.1 > 5".into()));
    assert_eq!(lab.health("web").0, HealthState::Healthy);
}

#[test]
fn a_silenced_alarm_is_suppressed_although_the_rule_still_fires() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let labels = [("service", "api")];
    tell(&mut lab, "prom", signal(Fact::Alarm(Box::new(alarm("prom", "Quiet", AlarmState::Firing, &labels)))), 1);
    let silenced = Alarm { silenced_until: Some(at(7200)), ..alarm("am", "Quiet", AlarmState::Suppressed, &labels) };
    tell(&mut lab, "am", signal(Fact::Alarm(Box::new(silenced))), 1);
    let alarms = lab.fleet.alarms();
    assert_eq!((alarms.len(), alarms[0].alarm.state), (1, AlarmState::Suppressed));
    assert_eq!(lab.health("api").0, HealthState::Healthy);
}

#[test]
fn a_source_of_alarms_that_tells_nothing_is_an_alarm_itself() {
    let mut lab = lab(vec![]);
    assert!(lab.fleet.alarms().is_empty());
    tell(&mut lab, "am", vec![Update::Status(status(Freshness::Unreachable))], 5);
    let alarms = lab.fleet.alarms();
    assert_eq!((alarms[0].alarm.state, alarms[0].alarm.severity), (AlarmState::Firing, Severity::Critical));
    assert!(alarms[0].alarm.summary.shown().contains("alarms may fire unseen"));
}

#[test]
fn a_check_that_passes_proves_that_it_serves_and_one_that_fails_degrades() {
    let bare = Workload { probed: Some(false), ..deployment("api", 1, 1) };
    let mut lab = lab(vec![bare]);
    assert_eq!(lab.health("api").0, HealthState::Unchecked);
    let check = |outcome| {
        Fact::Check(Box::new(Check {
            key: Key::new(&SourceName::new("am"), Kind::Check, "api/http"),
            kind: CheckKind::Http,
            service: Text::name("shop/prod/api"),
            target: Text::line("http://api/health"),
            found_by: Text::line("config"),
            outcome,
            since: Some(at(1)),
            latency_ms: Some(12),
            message: Text::line("503 in 12 ms"),
            checked_at: Some(at(1)),
            certificate_expires_at: None,
            connections: None,
        }))
    };
    tell(&mut lab, "am", signal(check(Outcome::Passing)), 1);
    assert_eq!(lab.health("api").0, HealthState::Healthy);
    tell(&mut lab, "am", signal(check(Outcome::Failing)), 2);
    assert_eq!(lab.health("api"), (HealthState::Degraded, "check fails: http http://api/health: 503 in 12 ms".into()));
}

#[test]
fn an_alarm_of_a_database_is_placed_by_the_databases_name_and_a_platforms_check_by_its_scope() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let speaks = [("DBInstanceIdentifier", "shop-prod-db"), ("MetricName", "CPUUtilization")];
    let fact = alarm("prom", "cpu is high", AlarmState::Firing, &speaks);
    tell(&mut lab, "prom", signal(Fact::Alarm(Box::new(fact))), 1);
    let views = lab.fleet.alarms();
    let view = views.iter().find(|view| view.alarm.name.raw() == "cpu is high").unwrap();
    assert_eq!(view.environment.as_ref().map(ToString::to_string).as_deref(), Some("shop/prod"));
    let check = Check {
        key: Key::new(&SourceName::new("am"), Kind::Check, "arn"),
        kind: CheckKind::Http,
        service: Text::line("shop-prod/api"),
        target: Text::line("HTTP /health to api"),
        found_by: Text::line("target group"),
        outcome: Outcome::Failing,
        since: None,
        latency_ms: None,
        message: Text::line("0 of 1 targets healthy"),
        checked_at: None,
        certificate_expires_at: None,
        connections: None,
    };
    tell(&mut lab, "am", signal(Fact::Check(Box::new(check))), 2);
    assert_eq!(lab.health("api").0, HealthState::Degraded);
}

#[test]
fn a_reading_is_tied_by_its_labels_and_says_nothing_once_its_source_is_stale() {
    let mut lab = lab(vec![deployment("api", 1, 1), deployment("web", 1, 1)]);
    let reading = |uid: &str, labels: &[(&str, &str)], error: Option<f64>, cores: f64| {
        Fact::Reading(Box::new(Reading {
            key: Key::new(&SourceName::new("prom"), Kind::Reading, uid),
            labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
            error_ratio: error.and_then(Quantity::new),
            p95_seconds: Quantity::new(0.25),
            cpu_cores: Quantity::new(cores),
            memory_bytes: Some(100),
        }))
    };
    let mut news = signal(reading("a", &[("namespace", "shop-prod"), ("service", "api")], Some(0.061), 0.5));
    news.extend(signal(reading("b", &[("exported_service", "api-shop-prod@docker")], Some(0.2), 0.25)));
    news.extend(signal(reading("c", &[("namespace", "nobody"), ("service", "api")], Some(0.9), 9.0)));
    tell(&mut lab, "prom", news, 1);
    let numbers = |lab: &Lab, name: &str| {
        let service = lab.fleet.service(&lab.fleet.resolve(name).unwrap()).unwrap();
        (service.error_ratio, service.p95_seconds, service.cpu_cores, service.memory_bytes)
    };
    assert_eq!(numbers(&lab, "api"), (Some(0.2), Some(0.25), Some(0.75), Some(200)));
    assert_eq!(numbers(&lab, "web"), (None, None, None, None));
    let api = lab.fleet.resolve("api").unwrap();
    assert_eq!(lab.fleet.readings_of(&api)[0].because.raw(), "its label service=\"api\"");
    assert!(lab.fleet.environment_addresses().iter().all(|place| !place.to_string().contains("nobody")));
    tell(&mut lab, "prom", vec![Update::Status(status(Freshness::Unreachable))], 10);
    assert_eq!(numbers(&lab, "api"), (None, None, None, None));
    assert!(lab.fleet.readings_of(&api).iter().all(|view| view.stale_since.is_some()), "they stay, with their age");
}

#[test]
fn a_silence_counts_as_long_as_the_one_who_keeps_it_answers() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let speaks = [("namespace", "shop-prod"), ("service", "api")];
    let silenced = alarm("am", "Api5xx", AlarmState::Suppressed, &speaks);
    let firing = alarm("prom", "Api5xx", AlarmState::Firing, &speaks);
    tell(&mut lab, "am", signal(Fact::Alarm(Box::new(silenced))), 1);
    tell(&mut lab, "prom", signal(Fact::Alarm(Box::new(firing))), 1);
    let shown = |lab: &Lab| {
        let alarms = lab.fleet.alarms();
        alarms.iter().find(|view| view.alarm.name.raw() == "Api5xx").unwrap().alarm.state
    };
    assert_eq!((shown(&lab), lab.health("api").0), (AlarmState::Suppressed, HealthState::Healthy));
    tell(&mut lab, "am", vec![Update::Status(status(Freshness::Unreachable))], 5);
    assert_eq!((shown(&lab), lab.health("api").0), (AlarmState::Firing, HealthState::Degraded));
}
