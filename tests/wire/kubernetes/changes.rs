//! Changes on the wire: what is sent, and what is made of every way in which an API server can answer, or not.

use std::sync::{Arc, Mutex};

use quarterdeck::action::{Count, Wish};
use quarterdeck::model::{
    Answer, Contained, Image, Key, Kind, Operation, Rehearsal, SourceName, Target, Text, WorkloadKind,
};
use quarterdeck::sources::port::{FailureKind, Look, Opener, Operate};
use quarterdeck::sources::registry::Registry;
use serde_json::{Value, json};

use super::console::Setup;
use super::ordered::{Witness, ordered, ordered_on, perform};
use super::server::{Asked, Reply, Server};

const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

fn reference(digit: &str) -> String {
    format!("registry.example/web@sha256:{}", digit.repeat(64))
}

fn template(digit: &str) -> Value {
    json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "web", "image": reference(digit) }] } })
}

/// One Deployment that answers writes as the test says, and the revisions that are kept of it.
struct Cluster {
    object: Mutex<Value>,
    kept: Vec<Value>,
}

impl Cluster {
    fn new() -> Arc<Self> {
        let set = |uid: &str, number: &str, digit: &str, at: &str| {
            let mut template = template(digit);
            template["metadata"]["labels"]["pod-template-hash"] = json!(uid);
            json!({ "metadata": { "uid": uid, "name": uid, "creationTimestamp": at, "annotations": { "deployment.kubernetes.io/revision": number },
                                  "ownerReferences": [{ "kind": "Deployment", "name": "web", "uid": "u1", "controller": true }] },
                    "spec": { "template": template } })
        };
        let object = json!({ "metadata": { "name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "10", "generation": 3 },
            "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": template("b") },
            "status": { "observedGeneration": 3, "readyReplicas": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 } });
        let kept = vec![set("s1", "1", "a", "2026-01-01T00:00:00Z"), set("s2", "2", "b", "2026-01-02T00:00:00Z")];
        Arc::new(Self { object: Mutex::new(object), kept })
    }

    fn edit(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.object.lock().unwrap());
    }

    fn read(&self, asked: &Asked) -> Option<Reply> {
        let list = |items: &[Value]| Some(Reply::json(&json!({ "metadata": {}, "items": items }).to_string()));
        match (asked.method.as_str(), asked.plural()) {
            ("GET", "web") => Some(Reply::json(&self.object.lock().unwrap().to_string())),
            ("GET", "replicasets") => list(&self.kept),
            ("GET", "pods" | "horizontalpodautoscalers") => list(&[]),
            _ => None,
        }
    }

    /// A server on which writes are answered by `write`.
    async fn serve(self: &Arc<Self>, write: impl Fn(&Self, &Asked) -> Reply + Send + Sync + 'static) -> Server {
        let this = self.clone();
        Server::start(move |asked| match asked.method.as_str() {
            "GET" => this.read(asked).or_else(|| Some(Reply::refusal(404, "not here"))),
            _ => Some(write(&this, asked)),
        })
        .await
    }
}

fn operate(setup: &Setup) -> Arc<dyn Operate> {
    Registry.open(&setup.spec).unwrap().operate().unwrap()
}

async fn look(who: &Arc<dyn Operate>) -> Target {
    let key = Key::new(&SourceName::new("kubernetes:lab"), Kind::Workload, "u1");
    let look = Look { key, kind: WorkloadKind::Deployment, scope: Text::name("shop"), name: Text::name("web") };
    who.clone().look(look).await.unwrap()
}

fn to(count: u32) -> Wish {
    Wish::Scale { to: Count::To(count) }
}

fn writes(server: &Server) -> Vec<Asked> {
    server.asked(|asked| asked.method != "GET")
}

fn taken() -> Reply {
    Reply::json(r#"{"metadata":{"resourceVersion":"11"}}"#)
}

fn conflict() -> Reply {
    Reply::refusal(409, "the object has been modified; please apply your changes to the latest version and try again")
}

#[tokio::test]
async fn g3_g7_a_write_names_what_it_was_read_as_and_is_announced_before_it_is_sent() {
    let server = Cluster::new().serve(|_, _| taken()).await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let witness = Witness::default();
    let answer = witness.perform(who.clone(), ordered(to(4), &look(&who).await, vec![])).await;
    assert_eq!(answer, Answer::Taken { version: Some(Text::name("11")) });
    let [write] = &writes(&server)[..] else { panic!("one write") };
    assert_eq!((write.path.as_str(), write.kind.as_str()), (&*format!("{PATH}/scale"), "application/merge-patch+json"));
    assert_eq!(write.query, "fieldManager=quarterdeck");
    assert_eq!(write.body, json!({ "metadata": { "uid": "u1", "resourceVersion": "10" }, "spec": { "replicas": 4 } }));
    assert_eq!(witness.said(), ["patch deployments/scale web in shop at resourceVersion 10: replicas 2 → 4"]);
}

#[tokio::test]
async fn g20_told_to_stop_before_the_write_nothing_is_sent() {
    let server = Cluster::new().serve(|_, _| taken()).await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let witness = Witness::default();
    let order = ordered(Wish::Restart, &look(&who).await, vec![]);
    witness.stop.cancel();
    assert_eq!(witness.perform(who, order).await, Answer::Stopped);
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn g2_a_controller_that_writes_to_the_status_meanwhile_is_no_drift() {
    let cluster = Cluster::new();
    let server = cluster
        .serve(|cluster, asked| {
            if asked.before == 0 {
                cluster.edit(|object| object["metadata"]["resourceVersion"] = json!("12"));
                return conflict();
            }
            taken()
        })
        .await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let witness = Witness::default();
    let answer = witness.perform(who.clone(), ordered(to(4), &look(&who).await, vec![])).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    let versions: Vec<Value> = writes(&server).iter().map(|w| w.body["metadata"]["resourceVersion"].clone()).collect();
    assert_eq!(versions, [json!("10"), json!("12")]);
    assert_eq!(witness.said().len(), 2, "each write is announced for itself");
}

#[tokio::test]
async fn g2_g19_where_somebody_else_wrote_first_nothing_is_written_over_it_and_what_moved_is_told() {
    let cluster = Cluster::new();
    let server = cluster
        .serve(|cluster, _| {
            cluster.edit(|object| {
                object["metadata"]["resourceVersion"] = json!("12");
                object["metadata"]["generation"] = json!(4);
                object["spec"]["replicas"] = json!(6);
            });
            conflict()
        })
        .await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let Answer::Stale { moved } = perform(&who, ordered(to(4), &look(&who).await, vec![])).await else { panic!() };
    let words: Vec<String> = moved.iter().map(|m| format!("{} {} {}", m.what, m.planned, m.found)).collect();
    assert_eq!((words, writes(&server).len()), (vec!["desired 2 6".to_owned()], 1));
}

#[tokio::test]
async fn g1_one_made_anew_under_the_same_name_is_another() {
    let cluster = Cluster::new();
    let server = cluster
        .serve(|cluster, _| {
            cluster.edit(|object| object["metadata"]["uid"] = json!("u2"));
            Reply::refusal(409, "Precondition failed: UID in precondition: u1, UID in object meta: u2")
        })
        .await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let target = look(&who).await;
    let Answer::Stale { moved } = perform(&who, ordered(to(4), &target, vec![])).await else { panic!() };
    assert_eq!((moved[0].what.shown(), moved[0].found.shown()), ("uid", "u2"));
    assert!(ordered_on(to(4), &target, vec![], look(&who).await).is_none(), "no Order is made for it either");
}

#[tokio::test]
async fn g6_a_lost_reply_is_unknown_and_nothing_is_sent_again() {
    let server = Cluster::new().serve(|_, _| Reply::silence()).await;
    let setup = Setup::of(&server).patience(1);
    let who = operate(&setup);
    let answer = perform(&who, ordered(to(4), &look(&who).await, vec![])).await;
    assert!(matches!(&answer, Answer::Unknown { message } if message.shown().contains("no answer")), "{answer:?}");
    assert_eq!(writes(&server).len(), 1);
}

#[tokio::test]
async fn g6_a_server_that_fails_half_way_is_unknown_and_one_that_was_never_reached_is_not() {
    let server = Cluster::new().serve(|_, _| Reply::refusal(504, "Timeout: request did not complete")).await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let target = look(&who).await;
    let answer = perform(&who, ordered(to(4), &target, vec![])).await;
    assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    let nobody = Setup::new("http://127.0.0.1:9", "{token: good}");
    let answer = perform(&operate(&nobody), ordered(to(4), &target, vec![])).await;
    assert!(matches!(&answer, Answer::Refused { message } if message.shown().starts_with("not sent: ")), "{answer:?}");
}

#[tokio::test]
async fn a_right_that_lacks_is_named_by_a_rehearsal_and_by_the_write() {
    let words = "deployments.apps \"web\" is forbidden: User \"reader\" cannot patch resource \"deployments/scale\"";
    let server = Cluster::new().serve(move |_, _| Reply::refusal(403, words)).await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let target = look(&who).await;
    let grant = "needs patch on deployments/scale (API group apps) in namespace shop";
    let rehearsed = who.clone().rehearse(target.clone(), Operation::Scale { to: 4 }).await.unwrap();
    assert!(matches!(&rehearsed, Rehearsal::Refused { message } if message.shown().contains(grant)), "{rehearsed:?}");
    let answer = perform(&who, ordered(to(4), &target, vec![])).await;
    assert!(matches!(&answer, Answer::Refused { message } if message.shown().contains(grant)), "{answer:?}");
}

#[tokio::test]
async fn g23_a_rehearsal_is_a_dry_run_and_says_where_none_can_be_had() {
    let server = Cluster::new()
        .serve(|_, asked| match asked.body["spec"]["paused"] == json!(true) {
            true => Reply::refusal(400, "admission webhook \"x\" does not support dry run"),
            false => taken(),
        })
        .await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let target = look(&who).await;
    let rehearse = |operation| who.clone().rehearse(target.clone(), operation);
    assert_eq!(rehearse(Operation::Scale { to: 4 }).await.unwrap(), Rehearsal::Accepted);
    assert!(matches!(rehearse(Operation::Pause).await.unwrap(), Rehearsal::NotPossible { .. }));
    assert!(writes(&server).iter().all(|write| write.query.ends_with("&dryRun=All")), "nothing but dry runs");
}

#[tokio::test]
async fn g9_g13_a_promotion_is_by_digest_with_tests_and_a_revision_asked_for_twice_is_set_once() {
    let cluster = Cluster::new();
    let server = cluster
        .serve(|cluster, asked| {
            // As the API server applies a JSON patch, as far as it is needed here.
            for operation in asked.body.as_array().unwrap() {
                cluster.edit(|object| match operation["path"].as_str().unwrap() {
                    path if operation["op"] == "replace" => {
                        *object.pointer_mut(path).unwrap() = operation["value"].clone();
                    }
                    path if operation["op"] == "test" => assert_eq!(object.pointer(path), Some(&operation["value"])),
                    _ => {}
                });
            }
            cluster.edit(|object| object["metadata"]["resourceVersion"] = json!(format!("{}", 11 + asked.before)));
            taken()
        })
        .await;
    let setup = Setup::of(&server);
    let who = operate(&setup);
    let new = Contained { name: Text::name("web"), image: Image::of_reference(&reference("c")) };
    let promote = Wish::RollBack { to: None };
    let answer = perform(&who, ordered(promote, &look(&who).await, vec![new])).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    let sent = writes(&server)[0].clone();
    assert_eq!(sent.kind, "application/json-patch+json");
    assert!(
        sent.body.to_string().contains("kubernetes.io~1change-cause")
            || sent.body.to_string().contains("kubernetes.io/change-cause")
    );
    let back = Wish::RollBack { to: Some(Text::name("1")) };
    let target = look(&who).await;
    let twice = [ordered(back.clone(), &target, vec![]), ordered(back, &target, vec![])];
    for order in twice {
        let answer = perform(&who, order).await;
        assert!(matches!(answer, Answer::Taken { .. } | Answer::Stale { .. }), "{answer:?}");
    }
    let images = |target: &Target| target.containers[0].image.reference.shown().to_owned();
    assert_eq!((images(&look(&who).await), writes(&server).len()), (reference("a"), 2));
}

#[tokio::test]
async fn what_is_not_there_or_may_not_be_read_is_said_and_never_guessed() {
    let server = Server::start(|asked| {
        let reply = match asked.plural() {
            "web" => Reply::refusal(404, "deployments.apps \"web\" not found"),
            _ => Reply::refusal(403, "pods is forbidden: User \"me\" cannot list resource \"pods\""),
        };
        Some(reply)
    })
    .await;
    let setup = Setup::of(&server);
    let key = Key::new(&SourceName::new("kubernetes:lab"), Kind::Workload, "u1");
    let ask = Look { key, kind: WorkloadKind::Deployment, scope: Text::name("shop"), name: Text::name("web") };
    let failure = operate(&setup).look(ask.clone()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Absent);
    let cluster = Cluster::new();
    let server = Server::start(move |asked| match asked.plural() {
        "pods" => Some(Reply::refusal(403, "pods is forbidden: User \"me\" cannot list resource \"pods\"")),
        _ => cluster.read(asked),
    })
    .await;
    let setup = Setup::of(&server);
    let failure = operate(&setup).look(ask).await.unwrap_err();
    assert!(failure.to_string().contains("needs list on pods (the core API group) in namespace shop"), "{failure}");
}
