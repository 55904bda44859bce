//! The JSON contract of DESIGN section 7, over the simulated world at a fixed time.

use serde_json::Value;

use crate::program::Program;

const CHECK: &str = "address kind target state since latency_ms message checked_at certificate_expires_at connections \
                     connections_max found_by source";

/// Kind and the fields that must be there, by command.
const CONTRACT: &[(&[&str], &str, &str)] = &[
    (
        &["services"],
        "Service",
        "system environment tier name address health reasons desired ready images workloads cpu_cores memory_bytes \
         error_ratio p95_ms queues alarms last_change_at",
    ),
    (
        &["queues"],
        "Queue",
        "system environment name source broker ready unacked delayed failed dead_letters oldest_age_seconds \
         in_per_second out_per_second consumers consumer state eta_seconds",
    ),
    (
        &["alarms"],
        "Alarm",
        "id source name severity state since service summary value threshold runbook silenced_until",
    ),
    (
        &["stores"],
        "Store",
        "system environment name address kind source health reasons connections connections_max memory_bytes \
         memory_limit_bytes storage_free_bytes last_backup_at restorable_at",
    ),
    (&["check"], "Check", CHECK),
    (&["check", "competitoriq/prod/api"], "Check", CHECK),
    (&["checks"], "Check", CHECK),
    (&["sources"], "Source", "name kind state age_seconds detail version calls objects"),
    (&["status"], "Environment", "system name address tier health reasons desired ready services bad unchecked"),
    (&["timeline"], "Change", "at kind source service text bad"),
    (&["why", "competitoriq/prod/api"], "Finding", "address rule severity summary evidence advice about since"),
    (&["explain", "biz/prod/ml-service"], "Explanation", "address source workload scope lines"),
    (&["logs", "biz/prod/ml-service", "--tail", "3"], "LogLine", "at instance container stream text"),
];

#[test]
fn every_answer_has_the_envelope_and_every_item_its_fields() {
    let program = Program::new();
    for (command, kind, fields) in CONTRACT {
        let body = program.json(command);
        assert_eq!(body["schema"], "quarterdeck/v1", "{command:?}");
        assert_eq!(body["kind"], *kind, "{command:?}");
        assert!(body["at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{command:?}");
        assert!(!body["sources"].as_array().unwrap().is_empty(), "{command:?}");
        let items = body["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{command:?} gives nothing");
        for item in items {
            for field in fields.split_whitespace() {
                assert!(item.get(field).is_some(), "{command:?} lacks {field}: {item}");
            }
        }
    }
}

#[test]
fn inner_objects_have_their_fields_too() {
    let body = Program::new().json(&["services"]);
    for service in body["items"].as_array().unwrap() {
        for image in service["images"].as_array().unwrap() {
            assert!(image["reference"].is_string() && image.get("digest").is_some(), "{image}");
        }
        let workloads = service["workloads"].as_array().unwrap();
        assert!(!workloads.is_empty(), "{service}");
        for workload in workloads {
            for field in "source platform kind scope name uid desired ready owners".split(' ') {
                assert!(workload.get(field).is_some(), "{workload} lacks {field}");
            }
        }
        let whole =
            format!("{}/{}/{}", text(&service["system"]), text(&service["environment"]), text(&service["name"]));
        assert_eq!(text(&service["address"]), whole);
        let known = ["healthy", "unchecked", "degraded", "down", "unknown", "idle"];
        assert!(known.contains(&text(&service["health"])), "{service}");
    }
}

/// A number that is not negative, or null: never a word, never zero for what is not known.
fn counts(item: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let value = &item[field];
        assert!(value.is_null() || value.as_f64().is_some_and(|n| n >= 0.0), "{field}: {item}");
    }
}

fn moments(item: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let value = &item[field];
        assert!(value.is_null() || text(value).parse::<jiff::Timestamp>().is_ok(), "{field}: {item}");
    }
}

fn items(command: &[&str]) -> Vec<Value> {
    Program::new().json(command)["items"].as_array().unwrap().clone()
}

#[test]
fn queues_have_counts_rates_and_a_state_or_null() {
    let queues = items(&["queues"]);
    for queue in &queues {
        counts(queue, "ready unacked delayed failed dead_letters oldest_age_seconds in_per_second out_per_second");
        counts(queue, "consumers eta_seconds");
        assert!(["rabbitmq", "bullmq", "celery", "sqs"].contains(&text(&queue["broker"])), "{queue}");
        let states = ["draining", "steady", "growing", "stuck", "idle", "unknown"];
        assert!(states.contains(&text(&queue["state"])), "{queue}");
        // The simulated brokers know of no dead letters: that is null, not none.
        assert!(queue["dead_letters"].is_null(), "{queue}");
        // Only what becomes shorter has an end.
        assert!(queue["eta_seconds"].is_null() || queue["state"] == "draining", "{queue}");
    }
    let crawl = queues.iter().find(|queue| queue["address"] == "competitoriq/prod/crawl-jobs").unwrap();
    assert_eq!(text(&crawl["consumer"]), "competitoriq/prod/worker");
    assert!(crawl["ready"].as_u64().unwrap() > 500, "{crawl}");
    assert_eq!(text(&crawl["consumer_rule"]), "its label quarterdeck.queues");
}

#[test]
fn alarms_have_a_severity_a_state_and_the_service_that_they_speak_of() {
    let alarms = items(&["alarms"]);
    for alarm in &alarms {
        assert!(["critical", "warning", "info"].contains(&text(&alarm["severity"])), "{alarm}");
        let states = ["firing", "pending", "suppressed", "ok", "no_data"];
        assert!(states.contains(&text(&alarm["state"])), "{alarm}");
        moments(alarm, "since silenced_until");
    }
    // What fires comes first.
    let firing = alarms.iter().take_while(|alarm| alarm["state"] == "firing").count();
    assert!(firing > 0 && alarms.iter().skip(firing).all(|alarm| alarm["state"] != "firing"), "{alarms:?}");
    let errors = alarms.iter().find(|alarm| alarm["name"] == "competitoriq-api-5xx").unwrap();
    assert_eq!(text(&errors["service"]), "competitoriq/prod/api");
    assert_eq!((errors["value"].as_f64(), errors["threshold"].as_f64()), (Some(6.1), Some(5.0)));
}

#[test]
fn stores_have_bytes_and_connections_or_null() {
    let stores = items(&["stores"]);
    for store in &stores {
        counts(store, "connections connections_max memory_bytes memory_limit_bytes storage_free_bytes");
        moments(store, "last_backup_at restorable_at");
        assert!(["postgres", "redis", "rds", "elasticache"].contains(&text(&store["kind"])), "{store}");
        let whole = format!("{}/{}/{}", text(&store["system"]), text(&store["environment"]), text(&store["name"]));
        assert_eq!(text(&store["address"]), whole);
    }
    let database = stores.iter().find(|store| store["name"] == "competitoriq-prod-db").unwrap();
    assert!(database["memory_bytes"].is_null() && database["storage_free_bytes"].is_u64(), "{database}");
}

#[test]
fn checks_have_milliseconds_and_moments_or_null() {
    for command in ["check", "checks"] {
        for check in items(&[command]) {
            counts(&check, "latency_ms connections connections_max");
            moments(&check, "since checked_at certificate_expires_at");
            assert!(["passing", "failing", "not_checked", "unknown"].contains(&text(&check["state"])), "{check}");
        }
    }
}

#[test]
fn signals_of_one_environment_are_left_where_that_is_asked_for() {
    for command in ["queues", "stores", "checks"] {
        let all = items(&[command, "--environment", "competitoriq/prod"]);
        let place = |item: &Value| text(&item["address"]).starts_with("competitoriq/prod/");
        assert!(!all.is_empty() && all.iter().all(place), "{command}: {all:?}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

#[test]
fn the_same_seed_and_time_give_the_same_answer() {
    let (one, two) = (Program::new(), Program::new());
    let ask = |program: &Program| program.json(&["services"])["items"].clone();
    assert_eq!(ask(&one), ask(&two));
    assert_ne!(ask(&one), one_of_another_seed(&one));
}

fn one_of_another_seed(program: &Program) -> Value {
    let ran = program.run(&["services", "--demo", "--seed", "8", "--at", "10m", "--wait", "60s", "-o", "json"]);
    serde_json::from_str::<Value>(&ran.out).unwrap()["items"].clone()
}

#[test]
fn narrowing_leaves_only_what_was_asked_for() {
    let program = Program::new();
    let prod = program.json(&["services", "--environment", "biz/prod"]);
    assert!(prod["items"].as_array().unwrap().iter().all(|s| s["system"] == "biz" && s["environment"] == "prod"));
    let one = program.json(&["sources", "--source", "eks:biz"]);
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
}

#[test]
fn with_nothing_to_watch_a_script_still_gets_its_object() {
    let program = Program::new();
    let config = program.home().join("config.toml");
    std::fs::write(&config, "discover = false\n").unwrap();
    let ran = program.run(&["services", "-o", "json", "--config", &config.display().to_string()]);
    let body: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, body["items"].as_array().unwrap().len()), (8, 0));
    assert!(ran.err.contains("nothing to watch was found"), "{}", ran.err);
}

#[test]
fn keys_and_themes_are_data_too() {
    let program = Program::new();
    for (command, kind) in [("keys", "Key"), ("themes", "Theme")] {
        let body: Value = serde_json::from_str(&program.run(&[command, "-o", "json"]).out).unwrap();
        assert_eq!(body["kind"], kind);
        assert!(!body["items"].as_array().unwrap().is_empty());
    }
}
