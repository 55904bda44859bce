//! A real Prometheus and two real Alertmanagers: one line for each alert whoever tells it, what waits, is silenced, inhibited or
//! cannot be evaluated; what is measured beside each Service; servers that are killed.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixtures::answer::Answer;
use crate::fixtures::part::{ALERTS, DOCKER, part, server};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::session::Session;
use crate::fixtures::wait::until;

/// One test at a time: one of them kills the servers.
fn undisturbed() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The two Services that rules and exporter speak of.
fn project() -> Project {
    let engine = part(&DOCKER);
    let app = json!({ "image": image(engine, "infra/app", "1") });
    Project::up(engine, "alerts-dev", &json!({ "api": app, "web": app }))
}

/// Ten lines: an engine, a Prometheus, two Alertmanagers.
fn program() -> Program {
    let alerts = part(&ALERTS);
    let source = |name: &str, kind: &str, at: &str| format!("[[source]]\nname = \"{name}\"\n{kind} = \"{at}\"\n");
    Program::configured(
        &[
            source("vm", "docker", part(&DOCKER).get("DOCKER_HOST")),
            source("prom", "prometheus", alerts.get("PROMETHEUS")),
            source("am-a", "alertmanager", alerts.get("ALERTMANAGER")),
            source("am-b", "alertmanager", alerts.get("SECOND")),
        ]
        .concat(),
    )
    .with("DOCKER_CONFIG", part(&DOCKER).get("DOCKER_CONFIG"))
}

/// Asks a server of the lab; `null` where it does not answer.
fn ask(url: &str, body: Option<&Value>) -> Value {
    // Another test may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let asked = async {
        let client = reqwest::Client::new();
        let request = body.map_or_else(|| client.get(url), |body| client.post(url).json(body));
        request.send().await?.error_for_status()?.json().await
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(asked).unwrap_or_else(|error: reqwest::Error| json!({ "error": error.to_string() }))
}

/// Waits until both Alertmanagers have an alert in that state.
fn both_have(name: &str, state: &str) {
    for place in ["ALERTMANAGER", "SECOND"] {
        until(&format!("{name} {state} at {place}"), 60, || {
            let all = ask(&format!("{}/api/v2/alerts", part(&ALERTS).get(place)), None);
            let found = all.as_array().into_iter().flatten().find(|alert| alert["labels"]["alertname"] == name);
            if found.is_some_and(|alert| alert["status"]["state"] == state) { Ok(()) } else { Err(all.to_string()) }
        });
    }
}

/// A silence that ends with its test.
struct Silence(String);

impl Silence {
    fn of(name: &str) -> Self {
        let now = jiff::Timestamp::now();
        let ends = now + jiff::SignedDuration::from_hours(2);
        let silence = json!({
            "matchers": [{ "name": "alertname", "value": name, "isRegex": false, "isEqual": true }],
            "createdBy": "ann", "comment": "known\nsince noon", "startsAt": now.to_string(), "endsAt": ends.to_string(),
        });
        let made = ask(&format!("{}/api/v2/silences", part(&ALERTS).get("ALERTMANAGER")), Some(&silence));
        Self(made["silenceID"].as_str().unwrap_or_else(|| panic!("no silence: {made}")).to_owned())
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let url = format!("{}/api/v2/silence/{}", part(&ALERTS).get("ALERTMANAGER"), self.0);
        let delete = async { reqwest::Client::new().delete(url).send().await };
        if let Ok(runtime) = tokio::runtime::Runtime::new() {
            drop(runtime.block_on(delete));
        }
    }
}

/// The only alarm of that name.
#[track_caller]
fn alarm<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    let found: Vec<&Value> = answer.items.iter().filter(|item| item["name"] == name).collect();
    assert_eq!(found.len(), 1, "{name} among {:#?}", answer.items);
    found[0]
}

#[test]
fn an_alert_is_one_line_whoever_tells_it_and_says_everything_that_they_know() {
    let (_alone, _project) = (undisturbed(), project());
    both_have("Api5xx", "active");
    both_have("Behind", "suppressed");
    let silence = Silence::of("Quiet");
    both_have("Quiet", "suppressed");
    let program = program();
    let alarms = program.items(&["alarms"]);
    assert_eq!(alarms.code, 0, "{:#?}", alarms.sources);
    let five = alarm(&alarms, "Api5xx");
    assert_eq!(
        [&five["severity"], &five["state"], &five["service"], &five["summary"], &five["runbook"]],
        ["critical", "firing", "alerts/dev/api", "error ratio 6.1 %", "https://runbooks.example/api-5xx"]
    );
    assert_eq!([&five["value"], &five["threshold"]], [6.1, 5.0]);
    assert!(five["since"].is_string() && five["silenced_until"].is_null(), "{five}");
    assert_eq!(five["sources"].as_array().map(Vec::len), Some(3), "{five}");
    let slow = alarm(&alarms, "Slow");
    assert_eq!([&slow["state"], &slow["service"]], ["pending", "alerts/dev/api"]);
    let quiet = alarm(&alarms, "Quiet");
    assert_eq!([&quiet["state"], &quiet["service"]], ["suppressed", "alerts/dev/web"]);
    assert!(quiet["silenced_until"].is_string(), "{quiet}");
    assert_eq!(quiet["suppressed_by"], "silenced by ann: known since noon", "{quiet}");
    let behind = alarm(&alarms, "Behind");
    assert_eq!(behind["state"], "suppressed");
    assert!(behind["suppressed_by"].as_str().is_some_and(|by| by.starts_with("inhibited by NodeDown")), "{behind}");
    let down = alarm(&alarms, "NodeDown");
    assert_eq!(down["summary"], "nobody answers at 127.0.0.1:1");
    assert_eq!(alarm(&alarms, "ByContainer")["service"], "alerts/dev/web");
    let broken = alarm(&alarms, "Broken");
    assert_eq!(broken["state"], "no_data");
    assert!(broken["summary"].as_str().is_some_and(|s| s.contains("cannot be evaluated")), "{broken}");
    let shown = program.run(&["alarms"]);
    assert!(!shown.out.contains(['\u{1b}', '\u{202e}']), "{}", shown.out);
    let place = |name: &str| shown.out.find(name).unwrap_or_else(|| panic!("no {name}: {}", shown.out));
    assert!(place("Api5xx") < place("Slow") && place("Slow") < place("Quiet"), "{}", shown.out);
    let services = program.services();
    let api = services.find("alerts/dev/api").unwrap();
    assert_eq!(api["alarms"], json!(["Api5xx"]));
    assert_eq!(api["health"], "degraded", "{api}");
    drop(silence);
}

#[test]
fn what_is_measured_stands_beside_its_service_and_what_is_not_is_null() {
    let (_alone, _project) = (undisturbed(), project());
    let program = program();
    let near = |value: &Value, wanted: f64| value.as_f64().is_some_and(|n| (n - wanted).abs() < wanted * 0.2);
    let services = until("the rates", 60, || {
        let services = program.services();
        let api = services.find("alerts/dev/api")?;
        if near(&api["error_ratio"], 0.06) { Ok(services) } else { Err(format!("{api} {:?}", services.sources)) }
    });
    let api = services.find("alerts/dev/api").unwrap();
    assert!(near(&api["p95_ms"], 150.0), "{api}");
    let web = services.find("alerts/dev/web").unwrap();
    assert_eq!(web["error_ratio"], 0.0, "its requests are counted, and none fails: {web}");
    assert!(web["p95_ms"].is_null(), "no request was timed: {web}");
    let prom = services.source("prom").unwrap();
    assert_eq!(prom["state"], "fresh", "{prom}");
    println!("Prometheus was asked {} times for one command", prom["calls"]);
}

/// Brings the servers back whatever becomes of the test that took them away.
struct Back;

const SERVERS: [&str; 3] = ["SERVER", "SERVER_A", "SERVER_B"];

impl Drop for Back {
    fn drop(&mut self) {
        for name in SERVERS {
            server("start", part(&ALERTS).get(name));
        }
    }
}

#[test]
fn servers_that_are_killed_are_told_within_ten_seconds_and_nothing_becomes_ok() {
    let (_alone, _project) = (undisturbed(), project());
    both_have("Api5xx", "active");
    let program = program();
    let mut session = Session::start(&program, &[]);
    session.shows("the first screen", &["Quarterdeck"], 20);
    session.keys("4");
    session.shows("the alarm", &["Api5xx", "firing"], 20);
    let back = Back;
    for name in SERVERS {
        server("kill", part(&ALERTS).get(name));
    }
    let killed = Instant::now();
    session.shows("the silent Source is an alarm", &["AlarmSourceSilent", "critical"], 12);
    let took = killed.elapsed();
    println!("killed servers were told after {:.1} s", took.as_secs_f64());
    assert!(took <= Duration::from_secs(10), "{took:?}");
    session.shows("what they told last stays", &["Api5xx"], 1);
    let alarms = program.items(&["alarms"]);
    assert_eq!(alarms.code, 8);
    for name in ["prom", "am-a", "am-b"] {
        let source = alarms.source(name).unwrap();
        assert_eq!(source["state"], "unreachable", "{source}");
    }
    let silent = alarms.items.iter().filter(|item| item["name"] == "AlarmSourceSilent").count();
    assert_eq!(silent, 3, "{:#?}", alarms.items);
    assert!(alarms.items.iter().all(|item| item["state"] != "ok"), "{:#?}", alarms.items);
    session.keys("q");
    assert_eq!(session.ended(5), 0);
    drop(back);
    both_have("Api5xx", "active");
}
