//! Alarms of our own over a whole Fleet: pending, firing, over; what is not known; one trouble told once.

use super::signals::{RABBIT, alarm, lab, queue, signal, tell, told};
use super::*;
use crate::fleet::rules::{AlarmRule, EnvironmentRule, LimitRule, ScaleOut};
use crate::fleet::{AlarmView, FlapCount};
use crate::model::{Alarm, AlarmState, Check, CheckKind, Outcome, Sample, Severity, Timestamp};

fn rule(name: &str, when: &str, for_seconds: u32, severity: Severity) -> AlarmRule {
    AlarmRule { for_seconds, severity, ..AlarmRule::new(name, when).unwrap() }
}

fn ruled(lab: &mut Lab, rules: Vec<AlarmRule>) {
    lab.fleet.set_rules(Rules { alarms: rules, ..lab.fleet.rules().clone() }, at(0));
}

fn states(lab: &Lab) -> Vec<(String, AlarmState, Option<Timestamp>)> {
    let told = |view: &AlarmView| (view.alarm.name.to_string(), view.alarm.state, view.alarm.since);
    lab.fleet.alarms().iter().filter(|view| view.is_ours()).map(told).collect()
}

/// The first of ours.
fn first(lab: &Lab) -> &AlarmView {
    lab.fleet.alarms().iter().find(|view| view.is_ours()).unwrap()
}

/// Time goes by while every Source shows signs of life.
fn wait(lab: &mut Lab, until: i64) {
    let names: Vec<SourceName> = lab.fleet.sources().map(|source| source.name.clone()).collect();
    for name in &names {
        lab.fleet.gauge(name, 1, None, Some(at(until)));
    }
    lab.fleet.settle(at(until));
}

fn short(second: i64, ready: u32, lab: &mut Lab) {
    lab.put(Workload { ready: Some(ready), ..deployment("api", 2, 2) }, second);
}

#[test]
fn a_condition_is_pending_until_it_held_long_enough_and_over_when_it_holds_no_more() {
    let mut lab = lab(vec![deployment("api", 2, 2)]);
    ruled(&mut lab, vec![rule("short", "env:prod ready<desired", 60, Severity::Warning)]);
    assert_eq!(states(&lab), []);
    short(10, 1, &mut lab);
    assert_eq!(states(&lab), [("short".into(), AlarmState::Pending, Some(at(10)))]);
    wait(&mut lab, 69);
    assert_eq!(states(&lab)[0].1, AlarmState::Pending);
    wait(&mut lab, 70);
    assert_eq!(states(&lab), [("short".into(), AlarmState::Firing, Some(at(10)))]);
    let view = first(&lab);
    assert_eq!(view.service.as_ref().unwrap().to_string(), "shop/prod/api");
    assert_eq!(view.alarm.measure(), "1 < 2");
    assert!(view.is_ours() && view.alarm.key.source.0.raw() == "rules");
    short(80, 2, &mut lab);
    assert_eq!(states(&lab), []);
    for second in [100, 300] {
        short(second, 1, &mut lab);
        wait(&mut lab, second + 60);
        assert_eq!(states(&lab)[0].1, AlarmState::Firing);
        short(second + 100, 2, &mut lab);
    }
    short(500, 1, &mut lab);
    assert_eq!(lab.fleet.flaps(first(&lab), at(500)), FlapCount { last_hour: 6, last_day: 6 });
}

#[test]
fn what_a_silent_source_told_last_neither_fires_nor_ends() {
    let mut lab = lab(vec![deployment("api", 2, 2), deployment("web", 2, 2)]);
    ruled(&mut lab, vec![rule("short", "ready<desired", 60, Severity::Warning)]);
    short(1, 1, &mut lab);
    wait(&mut lab, 61);
    lab.put(Workload { ready: Some(0), ..deployment("web", 2, 2) }, 62);
    lab.news(vec![Update::Status(status(Freshness::Unreachable))], 63);
    lab.fleet.settle(at(400));
    let of = |lab: &Lab| {
        let told = |view: &AlarmView| (view.service.as_ref().unwrap().service.to_string(), view.alarm.state);
        let ours = lab.fleet.alarms().iter().filter(|view| view.is_ours());
        ours.map(|view| (told(view), view.stale_since.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(of(&lab), [(("api".into(), AlarmState::Firing), true), (("web".into(), AlarmState::Pending), true)]);
}

#[test]
fn a_number_that_is_not_known_any_more_is_no_data_and_one_never_known_says_nothing() {
    let limited = Instance { cpu_limit_millicores: Some(1000), ..pod("api", 1) };
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    lab.put(limited.clone(), 0);
    ruled(&mut lab, vec![rule("cpu-high", "cpu_share>80%", 30, Severity::Warning)]);
    assert_eq!(states(&lab), []);
    let sample = |second: i64, cores| {
        Update::Sample(Sample {
            instance: limited.key.clone(),
            at: at(second),
            cpu_cores: Some(cores),
            memory_bytes: None,
        })
    };
    lab.news(vec![sample(10, 0.92)], 10);
    assert_eq!(states(&lab), [("cpu-high".into(), AlarmState::Pending, Some(at(10)))]);
    lab.news(vec![sample(41, 0.95)], 41);
    assert_eq!(states(&lab), [("cpu-high".into(), AlarmState::Firing, Some(at(10)))]);
    assert_eq!(first(&lab).alarm.measure(), "95 > 80");
    let drawn = lab.fleet.alarm_curve(first(&lab), at(45), 4);
    assert_eq!(drawn, [Some(92.0), Some(92.0), Some(92.0), Some(95.0)]);
    // Nobody measures it any more.
    wait(&mut lab, 200);
    assert_eq!(states(&lab), [("cpu-high".into(), AlarmState::NoData, Some(at(200)))]);
    wait(&mut lab, 1099);
    assert_eq!(states(&lab).len(), 1);
    wait(&mut lab, 1100);
    assert_eq!(states(&lab), []);
    lab.news(vec![sample(1200, 0.95)], 1200);
    lab.news(vec![sample(1201, 0.5)], 1201);
    assert_eq!(states(&lab), []);
}

fn check(outcome: Outcome, since: i64, ends: Option<i64>) -> Fact {
    Fact::Check(Box::new(Check {
        key: Key::new(&SourceName::new("am"), Kind::Check, "api/http"),
        kind: CheckKind::Http,
        service: Text::name("shop/prod/api"),
        target: Text::line("https://api/health"),
        found_by: Text::line("config"),
        outcome,
        since: Some(at(since)),
        latency_ms: None,
        message: Text::line("503"),
        checked_at: Some(at(since)),
        certificate_expires_at: ends.map(at),
        connections: None,
    }))
}

#[test]
fn defaults_speak_of_checks_certificates_and_backlogs_with_the_times_that_facts_tell() {
    const DAY: i64 = 86_400;
    let mut lab = lab(vec![deployment("api", 1, 1), deployment("crawl", 1, 1)]);
    let limit = LimitRule {
        service: "crawl".into(),
        min: Some(1),
        max: Some(4),
        scale_out: Some(ScaleOut::Queue { name: "crawl".into(), above: 500 }),
    };
    let prod = EnvironmentRule { name: "prod".into(), limits: vec![limit], ..EnvironmentRule::default() };
    let rules = Rules { environments: vec![prod], alarms: AlarmRule::defaults(), ..Rules::default() };
    lab.fleet.set_rules(rules, at(0));
    tell(&mut lab, "am", signal(check(Outcome::Failing, -300, Some(13 * DAY))), 1);
    told(&mut lab, queue("crawl", 1, 620, 1), 1);
    let firing: Vec<_> = states(&lab).into_iter().filter(|(_, state, _)| *state == AlarmState::Firing).collect();
    assert_eq!(
        firing,
        [
            ("certificate".into(), AlarmState::Firing, Some(at(13 * DAY - 21 * DAY))),
            ("failing-check".into(), AlarmState::Firing, Some(at(-300)))
        ]
    );
    let certificate = lab.fleet.alarms().iter().find(|view| view.alarm.name.raw() == "certificate").unwrap();
    assert!(certificate.alarm.summary.shown().contains("until 20"), "{}", certificate.alarm.summary);
    wait(&mut lab, 61);
    let backlog = lab.fleet.alarms().iter().find(|view| view.alarm.name.raw() == "backlog").unwrap();
    assert_eq!((backlog.alarm.state, backlog.alarm.measure()), (AlarmState::Firing, "124 > 100".into()));
    wait(&mut lab, 100);
    // A certificate that was renewed, a Check that passes.
    tell(&mut lab, "am", signal(check(Outcome::Passing, 100, Some(90 * DAY))), 100);
    assert_eq!(lab.fleet.alarms_of(&lab.fleet.resolve("api").unwrap()).len(), 0);
    // And time alone brings it back.
    wait(&mut lab, 69 * DAY + 2);
    assert!(lab.fleet.alarms().iter().any(|view| view.alarm.name.raw() == "certificate"));
}

#[test]
fn a_share_of_errors_that_a_metrics_server_reads_fires_and_says_nothing_where_nobody_reads_it() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let rules = AlarmRule::defaults().into_iter().filter(|rule| rule.name == "error-ratio").collect();
    ruled(&mut lab, rules);
    wait(&mut lab, 200);
    assert_eq!(states(&lab), []);
    let reading = |ratio: f64| {
        signal(Fact::Reading(Box::new(crate::model::Reading {
            key: Key::new(&SourceName::new("prom"), Kind::Reading, "api"),
            labels: vec![(Text::name("service"), Text::name("api"))],
            error_ratio: crate::model::Quantity::new(ratio),
            p95_seconds: None,
            cpu_cores: None,
            memory_bytes: None,
        })))
    };
    tell(&mut lab, "prom", reading(0.061), 201);
    wait(&mut lab, 205);
    assert_eq!(states(&lab), [("error-ratio".into(), AlarmState::Pending, Some(at(201)))]);
    wait(&mut lab, 321);
    assert_eq!((states(&lab)[0].1, first(&lab).alarm.measure()), (AlarmState::Firing, "6.1 > 5".into()));
    tell(&mut lab, "prom", vec![Update::Status(status(Freshness::Unreachable))], 322);
    assert_eq!(states(&lab)[0].1, AlarmState::NoData);
    tell(&mut lab, "prom", vec![Update::Status(status(Freshness::Fresh)), Update::Synced], 323);
    tell(&mut lab, "prom", reading(0.01), 324);
    assert_eq!(states(&lab), []);
}

#[test]
fn a_check_that_cannot_be_run_is_no_answer() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    ruled(&mut lab, vec![rule("failing-check", "check:failing", 0, Severity::Warning)]);
    tell(&mut lab, "am", signal(check(Outcome::Unknown, 1, None)), 1);
    assert_eq!(states(&lab), []);
    tell(&mut lab, "am", signal(check(Outcome::Failing, 2, None)), 2);
    assert_eq!(states(&lab)[0].1, AlarmState::Firing);
    tell(&mut lab, "am", signal(check(Outcome::Unknown, 3, None)), 3);
    assert_eq!(states(&lab)[0].1, AlarmState::NoData);
    tell(&mut lab, "am", signal(check(Outcome::Passing, 4, None)), 4);
    assert_eq!(states(&lab), []);
}

#[test]
fn what_why_says_already_is_not_said_twice_and_what_it_does_not_say_counts() {
    let mut lab = lab(vec![deployment("api", 2, 2)]);
    let rules =
        vec![rule("short", "ready<desired", 0, Severity::Critical), rule("few", "desired<3", 0, Severity::Critical)];
    ruled(&mut lab, rules);
    assert_eq!(lab.health("api"), (HealthState::Degraded, "alarm few fires: 2 < 3".into()));
    short(1, 0, &mut lab);
    assert_eq!(lab.health("api"), (HealthState::Down, "0 of 2 ready".into()));
    assert_eq!(lab.fleet.attention().len(), 1);
    ruled(&mut lab, vec![rule("worth a look", "desired<3", 0, Severity::Warning)]);
    short(2, 2, &mut lab);
    assert_eq!(lab.health("api").0, HealthState::Healthy);
    let lines = lab.fleet.attention();
    assert_eq!((lines.len(), lines[0].text.shown()), (1, "alarm worth a look fires: 2 < 3"));
}

#[test]
fn an_alarm_of_ours_does_not_keep_itself_alive() {
    let mut lab = lab(vec![deployment("api", 2, 2)]);
    ruled(
        &mut lab,
        vec![rule("bad", "health:bad", 0, Severity::Critical), rule("any", "alarm~a", 0, Severity::Critical)],
    );
    short(1, 1, &mut lab);
    assert_eq!(states(&lab), [("bad".into(), AlarmState::Firing, Some(at(1)))]);
    short(2, 2, &mut lab);
    assert_eq!((lab.health("api").0, states(&lab)), (HealthState::Healthy, vec![]));
}

#[test]
fn other_rules_and_a_service_that_goes_take_their_alarms_with_them() {
    let mut lab = lab(vec![deployment("api", 2, 1)]);
    ruled(&mut lab, vec![rule("short", "ready<desired", 0, Severity::Warning)]);
    assert_eq!(states(&lab).len(), 1);
    lab.news(vec![Update::Drop(deployment("api", 0, 0).key)], 5);
    assert_eq!(states(&lab), []);
    lab.put(deployment("api", 2, 1), 6);
    assert_eq!(states(&lab).len(), 1);
    ruled(&mut lab, vec![]);
    assert_eq!(states(&lab), []);
}

#[test]
fn alarms_of_several_services_with_one_cause_are_one_line() {
    let names = ["api", "db", "mail", "web"];
    let mut lab = lab(names.map(|name| deployment(name, 1, 1)).to_vec());
    let on = |service| [("namespace", "shop-prod"), ("service", service), ("node", "n1")];
    for name in names {
        let fact = alarm("am", &format!("PodDown-{name}"), AlarmState::Firing, &on(name));
        tell(&mut lab, "am", signal(Fact::Alarm(Box::new(fact))), 1);
    }
    assert_eq!(lab.fleet.attention().len(), 4, "four pods of which nobody says what they have in common");
    let node = alarm("am", "NodeNotReady", AlarmState::Firing, &[("node", "n1"), ("namespace", "shop-prod")]);
    tell(&mut lab, "am", signal(Fact::Alarm(Box::new(node))), 2);
    let lines = lab.fleet.attention();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        lines[0].text.shown(),
        "alarm NodeNotReady fires (6.1 > 5) and 4 more about api, db, mail and 1 others: error ratio 6.1 %"
    );
    // A Service that has another trouble too keeps its own line.
    lab.put(deployment("db", 1, 0), 3);
    assert_eq!(lab.fleet.attention().len(), 2);
    let cause = &lab.fleet.causes()[0];
    assert_eq!((cause.alarms.len(), cause.services.len()), (5, 4));
}

#[test]
fn an_alarm_of_a_source_that_comes_and_goes_flaps_and_the_first_list_is_no_change() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let fact = |state| signal(Fact::Alarm(Box::new(alarm("am", "Flap", state, &[("service", "api")]))));
    for second in 1..=6 {
        let state = if second % 2 == 1 { AlarmState::Firing } else { AlarmState::Ok };
        tell(&mut lab, "am", fact(state), second);
    }
    tell(&mut lab, "am", fact(AlarmState::Firing), 7);
    let key = lab.fleet.alarms()[0].alarm.key.clone();
    tell(&mut lab, "am", vec![Update::Drop(key)], 8);
    tell(&mut lab, "am", fact(AlarmState::Firing), 9);
    assert_eq!(lab.fleet.flaps(&lab.fleet.alarms()[0], at(10)).last_hour, 9);
    let mut young = lab2();
    tell(&mut young, "late", fact2("late"), 5);
    assert_eq!(young.fleet.flaps(&young.fleet.alarms()[0], at(10)), FlapCount::default());
}

/// A Source of alarms that was not read as a whole yet.
fn lab2() -> Lab {
    let mut lab = lab(vec![]);
    lab.fleet.know(&SourceName::new("late"), SourceKind::Alertmanager, Text::line("test"), true, at(0));
    lab
}

fn fact2(source: &str) -> Vec<Update> {
    signal(Fact::Alarm(Box::new(alarm(source, "Old", AlarmState::Firing, &[]))))
}

#[test]
fn a_service_is_in_trouble_since_its_oldest_known_reason() {
    let mut lab = lab(vec![deployment("api", 1, 1)]);
    let old = Alarm { since: Some(at(-7200)), ..alarm("am", "Old", AlarmState::Firing, &[("service", "api")]) };
    tell(&mut lab, "am", signal(Fact::Alarm(Box::new(old))), 1);
    let since = |lab: &Lab| lab.fleet.service(&lab.fleet.resolve("api").unwrap()).unwrap().health_since;
    assert_eq!(since(&lab), Some(at(-7200)));
    assert_eq!(lab.fleet.attention()[0].since, Some(at(-7200)));
    tell(&mut lab, "am", vec![Update::Drop(alarm("am", "Old", AlarmState::Ok, &[]).key)], 9);
    assert_eq!(since(&lab), Some(at(9)));
    // A pod that was seen to serve is not in trouble since its start.
    let failing = Instance { check: crate::model::CheckState::Failing, ready: Some(false), ..pod("api", 1) };
    lab.put(failing, 20);
    assert_eq!((lab.health("api").0, since(&lab)), (HealthState::Degraded, Some(at(20))));
}

#[test]
fn limits_and_headroom_are_told_beside_the_queue_and_its_consumer() {
    let mut lab = lab(vec![deployment("crawl", 3, 3), deployment("api", 2, 2)]);
    let limit = |service: &str, min, max, scale_out| LimitRule {
        service: service.into(),
        min: Some(min),
        max: Some(max),
        scale_out: Some(scale_out),
    };
    let limits = vec![
        limit("crawl", 1, 4, ScaleOut::Queue { name: "crawl".into(), above: 500 }),
        limit("api", 2, 8, ScaleOut::Cpu { percent: 70 }),
    ];
    let prod = EnvironmentRule { name: "prod".into(), limits, ..EnvironmentRule::default() };
    lab.fleet.set_rules(Rules { environments: vec![prod], ..Rules::default() }, at(0));
    told(&mut lab, queue("crawl", 1, 620, 1), 1);
    let view = &lab.fleet.queues()[0];
    assert_eq!((view.limit, view.limit_rule), (Some(500), Some("scale-out rule")));
    assert_eq!(view.bounds.as_ref().unwrap().words(), "3 of 4, headroom 1");
    let words = |lab: &Lab, name: &str| {
        let rules = lab.fleet.scale_rules(&lab.fleet.resolve(name).unwrap(), at(1));
        rules.iter().map(crate::fleet::ScaleRule::words).collect::<Vec<_>>()
    };
    assert_eq!(words(&lab, "crawl"), ["backlog crawl 620 > 500: scale out"]);
    assert_eq!(words(&lab, "api"), ["CPU ? of 70 %"]);
    tell(&mut lab, RABBIT, vec![Update::Status(status(Freshness::Unreachable))], 20);
    assert_eq!(words(&lab, "crawl"), ["backlog crawl ? of 500"]);
}

#[test]
fn queues_of_nobody_are_kept_as_lines_as_they_become_bad_and_well() {
    let mut lab = lab(vec![]);
    let lines = |lab: &Lab| lab.fleet.attention().iter().filter(|line| line.signal.is_some()).count();
    for n in 0..50 {
        told(&mut lab, queue(&format!("q{n}"), 1, u64::from(n % 5 == 0) * 9, 0), 1);
    }
    assert_eq!(lines(&lab), 10);
    told(&mut lab, queue("q0", 2, 0, 0), 2);
    told(&mut lab, queue("q1", 2, 7, 0), 2);
    told(&mut lab, queue("q2", 2, 7, 0), 2);
    assert_eq!(lines(&lab), 11);
    tell(&mut lab, RABBIT, vec![Update::Drop(queue("q1", 2, 7, 0).key)], 3);
    assert_eq!(lines(&lab), 10);
    tell(&mut lab, RABBIT, vec![Update::Status(status(Freshness::Unreachable))], 4);
    assert_eq!(lines(&lab), 0);
    tell(&mut lab, RABBIT, vec![Update::Status(status(Freshness::Fresh)), Update::Synced], 5);
    assert_eq!(lines(&lab), 10);
}
