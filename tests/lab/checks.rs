//! The Checks on real servers: nginx with a certificate near its end, Postgres with and without TLS; each killed in turn.
use std::fs;

use serde_json::{Value, json};

use crate::fixtures::answer::Answer;
use crate::fixtures::part::{DOCKER, FRONT, part, server};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::wait::until;

/// The Check of a target, ended so and with these words.
fn told<'a>(answer: &'a Answer, target: &str, state: &str, words: &str) -> &'a Value {
    let found = answer.items.iter().find(|item| item["target"].as_str().is_some_and(|t| t.contains(target)));
    let item = found.unwrap_or_else(|| panic!("no {target} among {:?}", answer.items));
    let message = item["message"].as_str().unwrap_or_default();
    assert!(item["state"] == state && message.contains(words), "not {state} `{words}`: {item}");
    item
}

#[test]
fn nginx_is_checked_through_its_door_and_its_certificate_is_told_before_it_ends() {
    let front = part(&FRONT);
    let (https, tls, ca) = (front.get("HTTPS"), front.get("TLS"), front.get("CA"));
    let check = |line: &str| format!("[[check]]\nservice = \"prod/front\"\nca_file = \"{ca}\"\n{line}\n");
    let lines = [
        check(&format!("http = \"{}/health\"\nexpect = {{ body = \"all is well\" }}", front.get("HTTP"))),
        check(&format!("http = \"{https}/broken\"")),
        check(&format!("tls = \"{tls}\"\nexpect = {{ valid_for = \"21d\" }}")),
        check(&format!("tcp = \"{tls}\"")),
        format!("[[check]]\nservice = \"prod/front\"\nhttp = \"{https}/\"\n"),
    ];
    let program = Program::configured(&lines.concat());
    let answer = program.items(&["check"]);
    let well = told(&answer, "/health", "passing", "200 in");
    let now: jiff::Timestamp = well["checked_at"].as_str().unwrap().parse().unwrap();
    let ends: jiff::Timestamp = well["certificate_expires_at"].as_str().unwrap().parse().unwrap();
    assert!((0..=10).contains(&((ends.as_second() - now.as_second()) / 86_400)), "{well}");
    told(&answer, "/broken", "failing", "503 Service Unavailable");
    let near = answer.items.iter().find(|item| item["kind"] == "tls").unwrap();
    assert!(near["state"] == "failing" && near["message"].as_str().unwrap().contains("sooner than 21 days"), "{near}");
    let stranger = answer.items.iter().find(|item| item["target"] == format!("{https}/")).unwrap();
    assert!(stranger["message"].as_str().unwrap().contains("nobody we trust vouches"), "{stranger}");
    assert!(stranger["certificate_expires_at"].is_string(), "{stranger}");
    assert_eq!(program.run(&["check", "--exit-code"]).code, 7);

    server("kill", front.get("NGINX"));
    let gone = program.items(&["check", "prod/front"]);
    for item in &gone.items {
        let message = item["message"].as_str().unwrap();
        assert!(item["state"] == "failing" && message.contains("connection refused"), "{item}");
        assert!(item["latency_ms"].is_null(), "{item}");
    }
    server("start", front.get("NGINX"));
    until("nginx passes again", 20, || {
        let answer = program.items(&["check"]);
        let well = answer.items.iter().any(|item| item["kind"] == "tcp" && item["state"] == "passing");
        if well { Ok(()) } else { Err(format!("{:?}", answer.items)) }
    });
}

#[test]
fn postgres_is_logged_into_with_and_without_tls_and_its_connections_are_counted() {
    let front = part(&FRONT);
    let (at, ca) = (front.get("POSTGRES"), front.get("CA"));
    let program = Program::configured("");
    let secret = program.home().join("secret");
    fs::write(&secret, format!("{}\n", front.get("PASSWORD"))).unwrap();
    let wrong = program.home().join("wrong");
    fs::write(&wrong, "hunter2\n").unwrap();
    let check = |url: &str, file: &std::path::Path| {
        let password = format!("password = {{ file = \"{}\" }}", file.display());
        format!("[[check]]\nservice = \"prod/db\"\npostgres = \"{url}\"\n{password}\nca_file = \"{ca}\"\n")
    };
    let lines = [
        check(&format!("postgres://watch@{at}/postgres"), &secret),
        check(&format!("postgres://secure@{at}/postgres?sslmode=require"), &secret),
        check(&format!("postgres://secure@{at}/postgres"), &secret),
        check(&format!("postgres://watch@{at}/template1"), &wrong),
        check(&format!("postgres://watch@{at}/nothing"), &secret),
    ];
    let file = program.home().join("config/quarterdeck/config.toml");
    fs::write(&file, format!("discover = false\n{}", lines.concat())).unwrap();
    let answer = program.items(&["check", "prod/db"]);
    let watch = format!("watch@{at}/postgres");
    let counted = told(&answer, &watch, "passing", "of 20 connections");
    assert_eq!(counted["connections_max"], 20);
    assert!(counted["connections"].as_u64().is_some_and(|n| (1..20).contains(&n)), "{counted}");
    let secure = told(&answer, "sslmode=require", "passing", "SELECT 1 in");
    assert!(secure["certificate_expires_at"].is_string(), "{secure}");
    let clear = format!("secure@{at}/postgres");
    let clear = answer.items.iter().find(|item| item["target"].as_str().unwrap().ends_with(&clear)).unwrap();
    assert!(clear["message"].as_str().unwrap().contains("no encryption; `?sslmode=require` asks for TLS"), "{clear}");
    told(&answer, "template1", "failing", "the login was refused");
    told(&answer, "/nothing", "failing", "\"nothing\" does not exist");
    let said = program.run(&["check"]);
    assert!(!format!("{}{}", said.out, said.err).contains("hunter2"), "{}", said.out);

    // Killed, it would leave children that keep its memory, and could not be started at once.
    server("stop", front.get("SERVER"));
    let gone = program.items(&["check"]);
    told(&gone, &watch, "failing", "connection refused");
    server("start", front.get("SERVER"));
    until("Postgres takes logins again", 30, || {
        let answer = program.items(&["check"]);
        let well = answer.items.iter().any(|item| item["state"] == "passing");
        if well { Ok(()) } else { Err(format!("{:?}", answer.items)) }
    });
}

#[test]
fn the_health_checks_of_containers_are_checks_in_the_state_that_their_engine_tells() {
    let engine = part(&DOCKER);
    let api = json!({ "image": image(engine, "competitoriq/api", "1"), "scale": 2 });
    let _project = Project::up(engine, "told-prod", &json!({ "api": api }));
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    until("the engine's word stands among the Checks", 40, || {
        let answer = program.items(&["checks", "--environment", "told/prod"]);
        let health = answer.items.iter().find(|item| item["kind"] == "health");
        let health = health.ok_or_else(|| format!("{:?}", answer.items))?;
        let well = health["state"] == "passing" && health["message"] == "2 of 2 healthy";
        let tied = health["address"] == "told/prod/api" && health["found_by"] == "docker health check";
        if well && tied { Ok(()) } else { Err(health.to_string()) }
    });
}
