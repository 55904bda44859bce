//! What containers mean, case by case.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::*;
use crate::model::{Instance, JobState, Phase, Workload};
use crate::sources::docker::pin::{Found, Pin};
use crate::sources::docker::project::Declared;
use crate::sources::docker::wire::{EventLine, Inspected};

/// An engine's worth of containers, and what is known beside them.
#[derive(Default)]
struct Engine {
    containers: BTreeMap<String, Container>,
    memories: HashMap<String, Memory>,
    digests: HashMap<String, Vec<String>>,
    declared: BTreeMap<Text, Declaration>,
}

const NOW: &str = "2026-11-21T08:00:00Z";

impl Engine {
    /// Adds a container of project `p`; `more` goes over the plain, running one.
    fn with(mut self, service: &str, number: u32, more: Value) -> Self {
        let id = format!("{service}{number}");
        let mut row = json!({
            "Id": id, "Name": format!("/p-{service}-{number}"), "Created": "2026-11-21T07:00:00Z",
            "Image": "sha256:aaaa", "RestartCount": 0,
            "State": { "Status": "running", "StartedAt": "2026-11-21T07:00:01Z", "FinishedAt": "0001-01-01T00:00:00Z" },
            "Config": { "Image": "shop/web:1", "Labels": {
                "com.docker.compose.project": "p", "com.docker.compose.service": service,
                "com.docker.compose.container-number": number.to_string(), "com.docker.compose.config-hash": "h1" } },
            "HostConfig": { "RestartPolicy": { "Name": "no" } },
        });
        merge(&mut row, more);
        let row: Inspected = serde_json::from_value(row).unwrap();
        self.containers.insert(id, Container::inspected(&row));
        self
    }

    fn event(mut self, id: &str, action: &str, attributes: Value) -> Self {
        let line = json!({ "Action": action, "Actor": { "ID": id, "Attributes": attributes }, "time": 1_795_244_400 });
        let line: EventLine = serde_json::from_value(line).unwrap();
        seen(self.memories.entry(id.to_owned()).or_default(), &line);
        self
    }

    fn declaring(mut self, service: &str, declared: Declared) -> Self {
        let declaration = self.declared.entry(Text::name("p")).or_default();
        declaration.services.insert(Text::name(service), declared);
        self
    }

    fn facts(&self) -> Vec<Fact> {
        let (source, alone) = (SourceName::new("docker:local"), Text::name("local"));
        let world = World {
            source: &source,
            alone: &alone,
            host: None,
            containers: &self.containers,
            memories: &self.memories,
            digests: &self.digests,
            declared: &self.declared,
        };
        facts(&world, NOW.parse().unwrap()).0
    }

    fn workload(&self, name: &str) -> Workload {
        let facts = self.facts().into_iter();
        let mut found = facts.filter_map(|f| if let Fact::Workload(w) = f { Some(*w) } else { None });
        found.find(|w| w.name.raw() == name).unwrap()
    }

    fn instance(&self, id: &str) -> Instance {
        let facts = self.facts().into_iter();
        let mut found = facts.filter_map(|f| if let Fact::Instance(i) = f { Some(*i) } else { None });
        found.find(|i| &*i.key.uid == id).unwrap()
    }
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            more.into_iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value));
        }
        (into, more) => *into = more,
    }
}

fn exited(code: i64) -> Value {
    json!({ "State": { "Status": "exited", "ExitCode": code, "FinishedAt": "2026-11-21T07:30:00Z" } })
}

fn with_check(mut value: Value) -> Value {
    merge(&mut value, json!({ "Config": { "Healthcheck": { "Test": ["CMD", "true"] } } }));
    value
}

#[test]
fn a_service_counts_what_exists_and_what_is_ready() {
    let engine = Engine::default().with("web", 1, json!({})).with("web", 2, json!({})).with("web", 3, exited(137));
    let web = engine.workload("web");
    assert_eq!((web.desired, web.ready, web.job), (Some(3), Some(2), None));
}

#[test]
fn a_container_that_ended_well_and_is_not_kept_up_is_a_job_that_is_done() {
    let done = Engine::default().with("seed", 1, exited(0)).workload("seed");
    assert!(matches!(done.job, Some(JobState::Succeeded { at: Some(_) })));
    assert_eq!((done.desired, done.ready), (Some(0), Some(0)));
    let failed = Engine::default().with("seed", 1, exited(3)).workload("seed");
    let Some(JobState::Failed { message, .. }) = failed.job else { panic!("{:?}", failed.job) };
    assert_eq!((message.raw(), failed.desired), ("exited with 3", Some(1)));
}

#[test]
fn what_was_stopped_or_serves_or_is_kept_up_is_no_job() {
    let kept_up = json!({ "HostConfig": { "RestartPolicy": { "Name": "unless-stopped" } } });
    let open = json!({ "NetworkSettings": { "Ports": { "80/tcp": [{ "HostIp": "0.0.0.0", "HostPort": "8080" }] } } });
    let killed = json!({ "State": { "OOMKilled": true } });
    for more in [kept_up, open, with_check(json!({})), killed] {
        let mut row = exited(0);
        merge(&mut row, more.clone());
        let workload = Engine::default().with("web", 1, row).workload("web");
        assert_eq!((workload.job, workload.desired, workload.ready), (None, Some(1), Some(0)), "{more}");
    }
    let stopped = Engine::default().with("web", 1, exited(0)).event("web1", "stop", json!({})).workload("web");
    assert_eq!((stopped.job, stopped.desired), (None, Some(1)));
}

#[test]
fn a_service_whose_end_others_wait_for_is_a_job_while_it_runs() {
    let waits = json!({ "Config": { "Labels": {
        "com.docker.compose.depends_on": "migrate:service_completed_successfully:false" } } });
    let engine = Engine::default().with("web", 1, waits.clone()).with("migrate", 1, json!({}));
    assert_eq!(engine.workload("migrate").job, Some(JobState::Running));
    let engine = Engine::default().with("web", 1, waits).with("migrate", 1, exited(1));
    assert!(matches!(engine.workload("migrate").job, Some(JobState::Failed { .. })));
}

#[test]
fn a_container_started_again_after_an_exit_is_on_probation_for_ten_seconds() {
    let again = |started: &str| {
        let state = json!({ "StartedAt": started, "FinishedAt": "2026-11-21T07:59:50Z" });
        Engine::default().with("worker", 1, json!({ "RestartCount": 4, "State": state })).event(
            "worker1",
            "die",
            json!({ "exitCode": "1" }),
        )
    };
    let young = again("2026-11-21T07:59:55Z").instance("worker1");
    assert_eq!((young.phase, young.ready, young.restarts), (Phase::Restarting, Some(false), 4));
    let proven = again("2026-11-21T07:59:40Z").instance("worker1");
    assert_eq!((proven.phase, proven.ready), (Phase::Running, Some(true)));
}

#[test]
fn the_exit_before_is_remembered_while_the_next_run_goes_on() {
    let state = json!({ "StartedAt": "2026-11-21T07:00:05Z", "FinishedAt": "2026-11-21T07:00:00Z" });
    let engine = Engine::default().with("cache", 1, json!({ "RestartCount": 1, "State": state }));
    let engine = engine.event("cache1", "oom", json!({})).event("cache1", "die", json!({ "exitCode": "137" }));
    let exit = engine.instance("cache1").last_exit.unwrap();
    assert_eq!((exit.code, exit.out_of_memory), (Some(137), true));
}

#[test]
fn health_and_its_last_words_are_read_and_secrets_in_them_masked() {
    let health = json!({ "Status": "unhealthy", "Log": [
        { "ExitCode": 1, "Output": "old" }, { "ExitCode": 1, "Output": "503 token=abcdef\n" }, { "ExitCode": 0, "Output": "" }] });
    let row = with_check(json!({ "State": { "Health": health } }));
    let api = Engine::default().with("api", 1, row).instance("api1");
    assert_eq!((api.check, api.ready), (crate::model::CheckState::Failing, Some(false)));
    let said = api.check_output.unwrap();
    assert!(said.raw().starts_with("503") && !said.raw().contains("abcdef"), "{said}");
}

#[test]
fn limits_come_from_cpus_or_quota() {
    let limits = |host: Value| {
        let one = Engine::default().with("a", 1, json!({ "HostConfig": host })).instance("a1");
        (one.cpu_limit_millicores, one.memory_limit_bytes)
    };
    assert_eq!(limits(json!({ "NanoCpus": 1_500_000_000_u64, "Memory": 1024 })), (Some(1500), Some(1024)));
    assert_eq!(limits(json!({ "CpuQuota": 50_000, "CpuPeriod": 100_000 })), (Some(500), None));
    assert_eq!(limits(json!({ "Memory": 0 })), (None, None));
}

#[test]
fn a_container_that_cannot_start_says_why() {
    let row = json!({ "State": { "Status": "created", "ExitCode": 127, "Error": "exec: \"nope\": not found" } });
    let one = Engine::default().with("a", 1, row).instance("a1");
    assert_eq!((one.phase, one.ready), (Phase::Pending, Some(false)));
    assert!(one.waiting.unwrap().message.raw().contains("not found"));
}

#[test]
fn drift_names_images_replicas_and_configuration() {
    let declared = Declared {
        image: Some(Text::name("shop/web:2")),
        replicas: Some(3),
        hash: Some("h2".to_owned()),
        stays_up: true,
        pin: None,
    };
    let engine = Engine::default().with("web", 1, json!({})).with("web", 2, json!({}));
    let web = engine.declaring("web", declared.clone()).workload("web");
    let what: Vec<_> = web.drift.iter().map(|d| (d.what.raw(), d.declared.raw(), d.running.raw())).collect();
    assert_eq!(what, [("image", "shop/web:2", "shop/web:1"), ("replicas", "3", "2"), ("configuration", "h2", "h1")]);
    assert_eq!((web.desired, web.ready), (Some(3), Some(2)));
    let gone = Engine::default().with("db", 1, json!({})).declaring("web", declared).workload("web");
    assert_eq!((gone.desired, gone.ready), (Some(3), Some(0)));
}

#[test]
fn a_pin_of_ours_is_told_and_so_is_somebody_who_went_past_it() {
    let path = "/s/quarterdeck/pins/p/web.yaml";
    let pin = |image: &str| {
        let facts = Pin { image: image.into(), run: "r1".into(), at: "t".into(), instances: 1, before: None };
        let found = Found { service: "web".into(), path: path.into(), pin: facts };
        Declared { image: Some(Text::name("shop/web:1")), replicas: Some(1), pin: Some(found), ..Declared::default() }
    };
    let ours =
        json!({ "Config": { "Labels": { "com.docker.compose.project.config_files": format!("/srv/c.yaml,{path}") } } });
    let told = |made: Value, declared: Declared| {
        let web = Engine::default().with("web", 1, made).declaring("web", declared).workload("web");
        web.drift.iter().map(|d| format!("{} {} | {}", d.what, d.declared, d.running)).collect::<Vec<_>>()
    };
    let same = pin("sha256:aaaa");
    assert_eq!(told(ours, same.clone()), ["image shop/web:1 | pinned by Quarterdeck to sha256:aaaa"]);
    assert_eq!(
        told(json!({}), same),
        ["pin pinned by Quarterdeck to sha256:aaaa | 1 made without the pin: changed by someone else"]
    );
    assert_eq!(
        told(json!({}), pin("shop/web@sha256:bbbb")),
        ["pin pinned by Quarterdeck to sha256:bbbb | sha256:aaaa runs: changed by someone else"]
    );
}

#[test]
fn replicas_beyond_the_files_are_wanted_and_drift() {
    let declared = Declared { replicas: Some(1), stays_up: true, ..Declared::default() };
    let engine = Engine::default().with("web", 1, json!({})).with("web", 2, exited(1)).declaring("web", declared);
    let web = engine.workload("web");
    assert_eq!((web.desired, web.ready, web.drift.len()), (Some(2), Some(1), 1));
}

#[test]
fn a_job_that_was_pruned_is_not_missed() {
    let declared = Declared { replicas: Some(1), stays_up: false, ..Declared::default() };
    let engine = Engine::default().with("web", 1, json!({})).declaring("migrate", declared);
    assert!(!engine.facts().iter().any(|f| matches!(f, Fact::Workload(w) if w.name.raw() == "migrate")));
}

#[test]
fn digests_stand_beside_references_and_local_images_have_an_id_only() {
    let mut engine = Engine::default().with("web", 1, json!({}));
    let local = engine.workload("web").images[0].clone();
    assert_eq!((local.digest, local.id.unwrap().raw().to_owned()), (None, "sha256:aaaa".to_owned()));
    engine.digests.insert("sha256:aaaa".to_owned(), vec!["shop/web@sha256:bbbb".to_owned()]);
    assert_eq!(engine.workload("web").images[0].digest.as_ref().unwrap().raw(), "sha256:bbbb");
}

#[test]
fn r_names_that_look_alike_stay_two_services() {
    let hidden = json!({ "Config": { "Labels": { "com.docker.compose.service": "we\u{200b}b" } } });
    let engine = Engine::default().with("web", 1, json!({})).with("web", 2, hidden);
    let names: Vec<String> = engine
        .facts()
        .iter()
        .filter_map(|f| if let Fact::Workload(w) = f { Some(w.name.shown().to_owned()) } else { None })
        .collect();
    assert_eq!(names, ["web", "we⟦U+200B⟧b"]);
}

#[test]
fn events_without_meaning_to_people_are_left_out() {
    let line = |action: &str| -> EventLine {
        serde_json::from_value(json!({ "Action": action, "Actor": { "ID": "a", "Attributes": { "exitCode": "1" } } }))
            .unwrap()
    };
    let (source, alone) = (SourceName::new("docker:local"), Text::name("local"));
    assert!(event(&source, &alone, &line("exec_start: sh -c x")).is_none());
    let died = event(&source, &alone, &line("die")).unwrap();
    assert_eq!((died.message.raw(), died.warning, died.scope.raw()), ("exited with 1", true, "local"));
    let check = event(&source, &alone, &line("health_status: unhealthy")).unwrap();
    assert_eq!(
        (check.reason.raw(), check.message.raw(), check.warning),
        ("health_status", "health check says unhealthy", true)
    );
}

fn health_checks(engine: &Engine) -> Vec<String> {
    let told = engine.facts().into_iter().filter_map(|fact| match fact {
        Fact::Check(check) => Some(format!("{} of {} {}: {}", check.kind, check.service, check.outcome, check.message)),
        _ => None,
    });
    told.collect()
}

fn checked(health: &str, log: &Value) -> Value {
    json!({
        "Config": { "Healthcheck": { "Test": ["CMD", "true"] } },
        "State": { "Health": { "Status": health, "Log": log } },
    })
}

#[test]
fn the_health_checks_of_a_services_containers_are_one_check_of_it() {
    let healthy = || checked("healthy", &json!([]));
    let both = Engine::default().with("web", 1, healthy()).with("web", 2, healthy()).with("plain", 1, json!({}));
    assert_eq!(health_checks(&both), ["health of p/web passing: 2 of 2 healthy"]);
    let log = json!([{ "ExitCode": 1, "Output": "no database" }]);
    let ill = Engine::default().with("web", 1, healthy()).with("web", 2, checked("unhealthy", &log));
    assert_eq!(health_checks(&ill), ["health of p/web failing: 1 of 2 unhealthy: no database"]);
    let begins = Engine::default().with("web", 1, checked("starting", &json!([])));
    assert_eq!(health_checks(&begins), ["health of p/web not_checked: 1 of 1 starting"]);
}

#[test]
fn containers_behind_a_rule_of_traefik_are_doors_of_their_own() {
    let labels = json!({
        "traefik.http.routers.web.rule": "Host(`shop.example`)",
        "traefik.http.services.web.loadbalancer.server.port": "3000",
    });
    let net = json!({ "Networks": { "p_default": { "IPAddress": "172.18.0.5" } } });
    let engine = Engine::default().with("web", 1, json!({ "Config": { "Labels": labels }, "NetworkSettings": net }));
    let doors: Vec<_> = engine
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Fact::Route(route) if route.kind.raw() == "instance" => Some((route.hosts.clone(), route.ports.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(doors, [(vec![Text::name("172.18.0.5")], vec![3000])]);
}
