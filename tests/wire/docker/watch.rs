//! What is read of an engine, and how it is kept up to date.

use quarterdeck::model::{CheckState, Event, Fact, Freshness, JobState, Phase};
use serde_json::{Value, json};

use crate::server::{Answer, Engine};
use crate::watched::{Mirror, Watched, source};

/// What was recorded, each with the same fleet up: `1.41` of Debian's own engine 20.10.24; `1.53` of no release of Docker,
/// but of a dockerd built from the Go module `github.com/moby/moby/v2` v2.0.0-beta.24 (what engine 29 is made of), which
/// called itself `29.9.9-lab`, speaks 1.56 and was asked for 1.53, the newest that our client knows. Its containerd (1.6.20)
/// and runc (1.1.5) were Debian's, and it had no way to publish ports. `/info` is cut down in both.
const VERSIONS: &[&str] = &["1.41", "1.53"];

async fn synced(engine: &Engine) -> Watched {
    let mut watched = Watched::supervised(source(&engine.url(), 5).unwrap());
    watched.until("synced", |m| m.synced > 0).await;
    watched
}

fn events(mirror: &Mirror) -> Vec<&Event> {
    mirror.all(|fact| if let Fact::Event(event) = fact { Some(event.as_ref()) } else { None })
}

/// Everything but events.
fn things(mirror: &Mirror) -> usize {
    mirror.facts.len() - events(mirror).len()
}

#[tokio::test]
async fn recorded_engines_are_read_right() {
    for version in VERSIONS {
        let engine = Engine::recorded(version);
        let mut watched = synced(&engine).await;
        watched.until("events", |m| events(m).iter().any(|e| e.reason.raw() == "die" && e.warning)).await;
        let mirror = &watched.mirror;
        assert!(!events(mirror).iter().any(|e| e.reason.raw().starts_with("exec")));
        assert_eq!(mirror.status.state, Freshness::Fresh, "{:?}", mirror.status);
        let counts = |address: &str| mirror.workload(address).map(|w| (w.desired, w.ready));
        for (address, desired, ready) in [
            ("shop-staging/web", 1, 1),
            ("shop-prod/web", 3, 3),
            ("shop-staging/api", 1, 1),
            ("shop-staging/cache", 1, 0),
            ("shop-prod/api", 1, 0),
            ("shop-prod/worker", 1, 0),
            ("labelled/thing", 1, 1),
            ("blog/importer", 1, 0),
            ("blog/seed", 0, 0),
            ("local/plain", 1, 1),
        ] {
            assert_eq!(counts(address), Some((Some(desired), Some(ready))), "{address} on {version}");
        }
        assert!(mirror.workload("blog/migrate").is_none(), "a one-off container is no Workload");
        let worker = mirror.instances("shop-prod/worker")[0];
        assert_eq!((worker.phase, worker.last_exit.as_ref().unwrap().code), (Phase::Restarting, Some(1)));
        assert!(worker.restarts > 3 && worker.waiting.is_some());
        let cache = mirror.instances("shop-staging/cache")[0];
        assert!(cache.last_exit.as_ref().unwrap().out_of_memory);
        assert_eq!((cache.phase, cache.memory_limit_bytes), (Phase::Failed, Some(12 << 20)));
        let api = mirror.instances("shop-prod/api")[0];
        assert_eq!((api.check, api.ready), (CheckState::Failing, Some(false)));
        assert_eq!(mirror.workload("shop-staging/api").unwrap().probed, Some(false));
        assert_eq!(mirror.workload("shop-prod/web").unwrap().probed, Some(true));
        assert!(matches!(&mirror.workload("blog/importer").unwrap().job,
            Some(JobState::Failed { message, .. }) if message.raw().contains('3')));
        assert!(matches!(mirror.workload("blog/seed").unwrap().job, Some(JobState::Succeeded { .. })));
        let labels = &mirror.workload("labelled/thing").unwrap().labels;
        assert_eq!(labels.get("quarterdeck.environment").unwrap().raw(), "qa-7");
        let numbers: Vec<_> = mirror.instances("shop-prod/web").iter().map(|i| i.number).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
        let routes = mirror.all(|f| if let Fact::Route(r) = f { Some(r) } else { None });
        // The newer engine was recorded without a way to publish ports.
        assert!(*version != "1.41" || routes.iter().any(|r| r.kind.raw() == "port" && r.ports == [28099]));
        assert!(routes.iter().any(|r| r.kind.raw() == "traefik" && r.hosts.len() == 2));
    }
}

/// Changes a recorded container both in the list and in its inspection; gives its id.
fn change(engine: &Engine, project: &str, service: &str, row: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut id = String::new();
    engine.edit(|book| {
        let list = book["/containers/json"].as_array_mut().unwrap();
        let listed = list
            .iter_mut()
            .find(|c| {
                c["Labels"]["com.docker.compose.project"] == project
                    && c["Labels"]["com.docker.compose.service"] == service
            })
            .unwrap();
        listed["Id"].as_str().unwrap().clone_into(&mut id);
        let mut copy = listed.clone();
        let mut inspected = book[&format!("/containers/{id}/json")].clone();
        row(&mut copy, &mut inspected);
        let list = book["/containers/json"].as_array_mut().unwrap();
        *list.iter_mut().find(|c| c["Id"] == id.as_str()).unwrap() = copy;
        book.insert(format!("/containers/{id}/json"), inspected);
    });
    id
}

fn died(id: &str, code: &str) -> Value {
    json!({ "Type": "container", "Action": "die", "time": 1_795_300_000, "timeNano": 1_795_300_000_000_000_000_u64,
        "Actor": { "ID": id, "Attributes": { "exitCode": code, "name": "x", "com.docker.compose.project": "shop-prod" } } })
}

fn exit(listed: &mut Value, inspected: &mut Value) {
    listed["State"] = json!("exited");
    listed["Status"] = json!("Exited (9) 1 second ago");
    inspected["State"]["Status"] = json!("exited");
    inspected["State"]["Running"] = json!(false);
    inspected["State"]["ExitCode"] = json!(9);
}

#[tokio::test]
async fn an_event_has_its_container_read_again_and_nothing_else() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    let id = change(&engine, "shop-prod", "web", exit);
    let before = engine.asked().len();
    engine.tell(&died(&id, "9"));
    watched.until("two of three", |m| m.workload("shop-prod/web").unwrap().ready == Some(2)).await;
    assert_eq!(watched.mirror.workload("shop-prod/web").unwrap().desired, Some(3));
    assert_eq!(engine.asked()[before..], [format!("/containers/{id}/json")]);
}

#[tokio::test]
async fn a_burst_of_events_costs_one_reading() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    let id = change(&engine, "shop-prod", "web", exit);
    let before = engine.asked().len();
    (0..50).for_each(|_| engine.tell(&died(&id, "9")));
    watched.until("two of three", |m| m.workload("shop-prod/web").unwrap().ready == Some(2)).await;
    let reads = engine.asked()[before..].iter().filter(|path| path.contains(&id)).count();
    assert!(reads <= 2, "{:?}", &engine.asked()[before..]);
}

#[tokio::test]
async fn a_removed_container_goes_with_its_service() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    let id = change(&engine, "blog", "importer", |_, _| {});
    engine.edit(|book| {
        book.remove(&format!("/containers/{id}/json"));
        book["/containers/json"].as_array_mut().unwrap().retain(|c| c["Id"] != id.as_str());
    });
    engine.tell(&json!({ "Action": "destroy", "Actor": { "ID": id, "Attributes": { "name": "x" } }, "timeNano": 1_795_300_000_000_000_000_u64 }));
    watched.until("gone", |m| m.workload("blog/importer").is_none()).await;
    assert!(watched.mirror.workload("blog/seed").is_some());
}

#[tokio::test]
async fn what_happened_while_the_events_were_cut_is_found_by_a_list() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    change(&engine, "shop-prod", "web", exit);
    engine.cut();
    watched.until("two of three", |m| m.workload("shop-prod/web").unwrap().ready == Some(2)).await;
    watched.until("fresh again", |m| m.status.state == Freshness::Fresh).await;
}

#[tokio::test]
async fn g8_facts_stay_while_the_engine_is_away() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    let facts = things(&watched.mirror);
    engine.script(|_| Some(Answer::Bytes(Vec::new())));
    engine.cut();
    watched.until("away", |m| !m.status.state.is_live()).await;
    assert_eq!(things(&watched.mirror), facts);
    engine.script(|_| None);
    watched.until("back", |m| m.status.state == Freshness::Fresh && m.synced > 1).await;
    assert_eq!(things(&watched.mirror), facts);
}

#[tokio::test]
async fn events_that_are_denied_are_named_and_the_rest_works() {
    let engine = Engine::recorded("1.41");
    engine.script(|path| path.starts_with("/events").then(|| Answer::refusal(403, "no")));
    let watched = synced(&engine).await;
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    assert_eq!(watched.mirror.status.denials[0].resource.raw(), "events");
    assert_eq!(watched.mirror.workload("shop-prod/web").unwrap().ready, Some(3));
}

#[tokio::test]
async fn measurements_are_read_for_what_is_on_screen_only() {
    let engine = Engine::recorded("1.41");
    let mut watched = synced(&engine).await;
    assert!(!engine.asked().iter().any(|path| path.contains("/stats")));
    let shown = engine.shown();
    let key = watched.mirror.facts.keys().find(|k| *k.uid == *shown).unwrap().clone();
    watched.visible.send_replace(vec![key.clone()].into());
    watched.until("a sample", |m| m.samples.iter().any(|s| s.memory_bytes.is_some())).await;
    assert_eq!(watched.mirror.samples[0].instance, key);
    let asked = engine.asked();
    let stats: Vec<_> = asked.iter().filter(|path| path.contains("/stats")).collect();
    assert!(stats.len() == 1 && stats[0].contains("one-shot=true") && stats[0].contains("stream=false"), "{stats:?}");
}

#[tokio::test]
async fn requests_share_a_few_kept_connections() {
    let engine = Engine::recorded("1.41");
    let _watched = synced(&engine).await;
    assert!(engine.open() <= 6, "{}", engine.open());
}
