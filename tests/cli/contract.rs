//! The JSON contract of DESIGN section 7, over the simulated world at a fixed time.

use serde_json::Value;

use crate::program::Program;

/// Kind and the fields that must be there, by command.
const CONTRACT: &[(&[&str], &str, &str)] = &[
    (
        &["services"],
        "Service",
        "system environment tier name address health reasons desired ready images workloads cpu_cores memory_bytes \
         error_ratio p95_ms queues alarms last_change_at",
    ),
    (
        &["checks"],
        "Check",
        "address kind target state since latency_ms message checked_at certificate_expires_at connections \
         connections_max found_by source",
    ),
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
