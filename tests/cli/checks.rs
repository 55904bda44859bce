//! `check` and `checks`: what a configuration names is run against a port of this test, and the exit code says how it ended.

use std::net::TcpListener;

use serde_json::Value;

use crate::program::{Program, Ran};

/// A program whose only Checks are these lines.
fn program(checks: &str) -> (Program, String) {
    let program = Program::new();
    let config = program.home().join("config.toml");
    std::fs::write(&config, format!("discover = false\n{checks}")).unwrap();
    let path = config.display().to_string();
    (program, path)
}

fn run(checks: &str, arguments: &[&str]) -> Ran {
    let (program, path) = program(checks);
    program.run(&[arguments, &["--config", &path]].concat())
}

/// A port that waits for whoever connects to speak, and one that nobody listens at.
fn ports() -> (TcpListener, u16, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = listener.local_addr().unwrap().port();
    (listener, port, free)
}

fn tcp(service: &str, port: u16) -> String {
    format!("[[check]]\nservice = \"{service}\"\ntcp = \"127.0.0.1:{port}\"\n")
}

#[test]
fn a_check_that_passes_ends_with_0_and_one_that_fails_with_7_where_that_is_asked_for() {
    let (_listener, open, closed) = ports();
    let both = format!("{}{}", tcp("prod/api", open), tcp("prod/db", closed));
    assert_eq!(run(&tcp("prod/api", open), &["check", "--exit-code"]).code, 0);
    assert_eq!(run(&both, &["check", "--exit-code"]).code, 7);
    assert_eq!(run(&both, &["check"]).code, 0);
    assert_eq!(run(&both, &["check", "prod/api", "--exit-code"]).code, 0);
    assert_eq!(run(&both, &["check", "db", "--exit-code"]).code, 7);
    let unknown = run(&both, &["check", "prod/nothing", "--exit-code"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);
}

#[test]
fn without_evidence_a_script_is_not_told_that_all_is_well() {
    let (_listener, open, _) = ports();
    let unasked = format!(
        "[[check]]\nservice = \"prod/cache\"\nredis = \"redis://127.0.0.1:{open}\"\npassword = {{ env = \"NO_SUCH_VARIABLE\" }}\n"
    );
    let ran = run(&unasked, &["check", "--exit-code"]);
    assert_eq!(ran.code, 6, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("unknown") && ran.out.contains("NO_SUCH_VARIABLE is not set"), "{}", ran.out);
}

#[test]
fn the_answer_is_one_object_with_the_fields_of_a_check() {
    let (_listener, open, closed) = ports();
    let both = format!("{}{}", tcp("prod/api", open), tcp("prod/db", closed));
    for command in ["check", "checks"] {
        let ran = run(&both, &[command, "-o", "json"]);
        let body: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        assert_eq!((&body["schema"], &body["kind"]), (&"quarterdeck/v1".into(), &"Check".into()));
        assert_eq!(body["sources"][0]["kind"], "checks");
        let items = body["items"].as_array().unwrap();
        let told: Vec<_> = items.iter().map(|item| (&item["address"], &item["state"])).collect();
        // Failing ones come first.
        assert_eq!(told, [(&"prod/db".into(), &"failing".into()), (&"prod/api".into(), &"passing".into())]);
        for field in "address kind target state latency_ms message checked_at certificate_expires_at".split(' ') {
            assert!(items.iter().all(|item| item.get(field).is_some()), "{field}: {items:?}");
        }
        assert_eq!((items[0]["latency_ms"].is_null(), items[1]["latency_ms"].is_u64()), (true, true));
        assert!(items.iter().all(|item| item["checked_at"].is_string()), "{items:?}");
    }
}

#[test]
fn a_password_stands_in_no_answer() {
    let (_listener, _, closed) = ports();
    let check = format!(
        "[[check]]\nservice = \"prod/cache\"\nredis = \"redis://127.0.0.1:{closed}\"\npassword = \"hunter2\"\n"
    );
    for arguments in [&["check"][..], &["checks", "-o", "json"], &["doctor"], &["sources", "-o", "wide"]] {
        let ran = run(&check, arguments);
        assert!(!format!("{}{}", ran.out, ran.err).contains("hunter2"), "{arguments:?}: {}{}", ran.out, ran.err);
    }
}
