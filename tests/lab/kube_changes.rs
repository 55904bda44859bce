//! Changes on a real control plane: every operation done, overtaken, refused, and taken back.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Count, Wish};
use quarterdeck::model::{
    Answer, Connection, Contained, Image, Key, Kind, Operation, Rehearsal, Rollout, SourceName, SourceSpec, Target,
    Text, WorkloadKind,
};
use quarterdeck::sources::port::{Look, Opener, Operate};
use quarterdeck::sources::registry::Registry;
use serde_json::{Value, json};

use crate::fixtures::cluster::{Namespace, deployment, workload};
use crate::fixtures::part::{KUBE, part};
use crate::ordered::{ordered, ordered_on, perform};

/// How long a rollout may take here.
const DEADLINE: Duration = Duration::from_secs(60);

/// The cluster as the user of this kubeconfig can change it.
fn operate(who: &str) -> Arc<dyn Operate> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let connection = Connection::Kubernetes {
        context: "lab".to_owned(),
        kubeconfig: vec![PathBuf::from(part(&KUBE).get(who))],
        namespaces: Vec::new(),
        allow_exec: Vec::new(),
        ca_file: None,
    };
    let name = SourceName::new("kubernetes:lab");
    let spec = SourceSpec { name, connection, connect: true, found_by: "test".into(), timeout_seconds: None };
    Registry.open(&spec).expect("the Source opens").operate().expect("it can change things")
}

/// One Workload of a namespace.
struct Subject {
    who: Arc<dyn Operate>,
    look: Look,
}

impl Subject {
    fn new(here: &Namespace, kind: WorkloadKind, name: &str) -> Self {
        Self::of("KUBECONFIG", here, kind, name)
    }

    fn of(who: &str, here: &Namespace, kind: WorkloadKind, name: &str) -> Self {
        let key = Key::new(&SourceName::new("kubernetes:lab"), Kind::Workload, name);
        let look = Look { key, kind, scope: Text::name(here.name), name: Text::name(name) };
        Self { who: operate(who), look }
    }

    async fn see(&self) -> Target {
        self.who.clone().look(self.look.clone()).await.expect("it is read")
    }

    /// Looks until it is as wanted.
    async fn until(&self, what: &str, done: impl Fn(&Target) -> bool) -> Target {
        let mut last = None;
        let waits = async {
            loop {
                let target = self.see().await;
                if done(&target) {
                    return target;
                }
                last = Some(target);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, waits).await {
            Ok(target) => target,
            Err(elapsed) => panic!("{elapsed}, never: {what}; last seen {last:#?}"),
        }
    }

    async fn serves(&self, count: u32) -> Target {
        self.until("all are new and ready", |t| is_whole(t, count)).await
    }

    async fn does(&self, wish: Wish, wanted: Vec<Contained>) {
        let target = self.see().await;
        let answer = perform(&self.who, ordered(wish, &target, wanted)).await;
        assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    }
}

fn is_whole(target: &Target, count: u32) -> bool {
    let all = Some(count);
    target.state.observed
        && (target.desired, target.ready, target.state.updated, target.state.available) == (all, all, all, all)
        && target.state.running.len() == usize::try_from(count).unwrap_or(usize::MAX)
}

fn to(count: u32) -> Wish {
    Wish::Scale { to: Count::To(count) }
}

fn image(name: &str, digit: &str) -> Contained {
    let reference = format!("registry.example/{name}@sha256:{}", digit.repeat(64));
    Contained { name: Text::name(name), image: Image::of_reference(&reference) }
}

fn ids(target: &Target) -> Vec<Text> {
    target.state.running.iter().map(|one| one.id.clone()).collect()
}

fn digests(target: &Target) -> Vec<String> {
    let images = target.state.running.iter().flat_map(|one| &one.containers);
    let mut all: Vec<String> = images.filter_map(|c| Some(c.image.digest.as_ref()?.raw().to_owned())).collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test]
async fn g3_a_deployment_is_scaled_restarted_and_given_another_image_each_seen_to_its_end() {
    let here = Namespace::new("change-verbs");
    here.apply(&[deployment("web", 1, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    web.serves(1).await;
    web.does(to(3), vec![]).await;
    let before = web.serves(3).await;
    web.does(Wish::Restart, vec![]).await;
    let after = web
        .until("all are started anew", |t| is_whole(t, 3) && !ids(t).iter().any(|id| ids(&before).contains(id)))
        .await;
    assert_eq!(digests(&after), [format!("sha256:{}", "a".repeat(64))]);
    // A promotion, as it is carried out: the images that were found for the target.
    web.does(Wish::RollBack { to: None }, vec![image("web", "b")]).await;
    let new = format!("sha256:{}", "b".repeat(64));
    let after = web.until("the other image runs", |t| is_whole(t, 3) && digests(t) == [new.clone()]).await;
    assert_eq!(after.state.revisions.iter().filter(|r| r.current).count(), 1, "{:?}", after.state.revisions);
    let notes = here.kubectl(&["get", "deployment", "web", "-o", "jsonpath={.metadata.annotations}"]);
    assert!(notes.contains("quarterdeck/run") && notes.contains("kubernetes.io/change-cause"), "{notes}");
    let managers = here.kubectl(&[
        "get",
        "deployment",
        "web",
        "--show-managed-fields",
        "-o",
        "jsonpath={.metadata.managedFields[*].manager}",
    ]);
    assert!(managers.contains("quarterdeck"), "{managers}");
}

#[tokio::test]
async fn g1_one_made_anew_under_the_same_name_between_plan_and_order_is_refused() {
    let here = Namespace::new("change-anew");
    here.apply(&[deployment("web", 1, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    let planned = web.serves(1).await;
    let order = ordered(to(2), &planned, vec![]);
    here.kubectl(&["delete", "deployment", "web", "--cascade=foreground"]);
    here.apply(&[deployment("web", 1, "")]);
    let found = web.serves(1).await;
    assert_ne!(found.uid, planned.uid);
    assert!(ordered_on(to(2), &planned, vec![], found).is_none(), "the fresh look stands against it");
    let Answer::Stale { moved } = perform(&web.who, order).await else { panic!("written to another one") };
    assert_eq!(moved[0].what.raw(), "uid", "and so does the server, should it come between look and write");
    assert_eq!(web.see().await.desired, Some(1));
}

#[tokio::test]
async fn g2_a_declaration_that_moved_is_not_written_over_and_a_status_that_moved_does_not_matter() {
    let here = Namespace::new("change-drift");
    here.apply(&[deployment("web", 2, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    let planned = web.serves(2).await;
    here.kubectl(&["label", "deployment", "web", "note=changed"]);
    let moved = web.see().await;
    assert_ne!((&moved.version, &moved.generation), (&planned.version, &None));
    let answer = perform(&web.who, ordered(to(3), &planned, vec![])).await;
    assert!(matches!(answer, Answer::Taken { .. }), "the declaration is the same: {answer:?}");
    let planned = web.serves(3).await;
    here.kubectl(&["set", "env", "deployment/web", "MODE=other"]);
    let Answer::Stale { moved } = perform(&web.who, ordered(to(4), &planned, vec![])).await else { panic!() };
    assert_eq!(moved[0].what.raw(), "generation", "{moved:?}");
    assert_eq!(web.serves(3).await.desired, Some(3));
}

#[tokio::test]
async fn g19_of_two_who_write_at_once_exactly_one_wins_and_the_other_is_told() {
    let here = Namespace::new("change-race");
    here.apply(&[deployment("web", 1, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    let second = operate("KUBECONFIG");
    let mut now = web.serves(1).await;
    for round in 0..5_u32 {
        let (one, two) = (2 + round * 2, 3 + round * 2);
        let orders = (ordered(to(one), &now, vec![]), ordered(to(two), &now, vec![]));
        let answers = tokio::join!(perform(&web.who, orders.0), perform(&second, orders.1));
        let won = match &answers {
            (Answer::Taken { .. }, Answer::Stale { .. }) => one,
            (Answer::Stale { .. }, Answer::Taken { .. }) => two,
            other => panic!("{other:?}"),
        };
        now = web.see().await;
        assert_eq!(now.desired, Some(won));
    }
}

#[tokio::test]
async fn whoever_may_only_read_is_told_the_grant_by_the_rehearsal_and_by_the_write() {
    let here = Namespace::new("change-rights");
    here.apply(&[deployment("web", 1, "")]);
    let web = Subject::of("READER", &here, WorkloadKind::Deployment, "web");
    let target = web.serves(1).await;
    let grants = [
        (
            to(2),
            Operation::Scale { to: 2 },
            "needs patch on deployments/scale (API group apps) in namespace change-rights",
        ),
        (Wish::Restart, Operation::Restart, "needs patch on deployments (API group apps) in namespace change-rights"),
    ];
    for (wish, operation, grant) in grants {
        let said = web.who.clone().rehearse(target.clone(), operation).await.expect("the server answers");
        assert!(matches!(&said, Rehearsal::Refused { message } if message.raw().contains(grant)), "{said:?}");
        let said = perform(&web.who, ordered(wish, &target, vec![])).await;
        assert!(matches!(&said, Answer::Refused { message } if message.raw().contains(grant)), "{said:?}");
    }
    assert_eq!(web.see().await.generation, target.generation);
}

#[tokio::test]
async fn g23_a_rehearsal_is_checked_whole_by_the_server_and_changes_nothing() {
    let here = Namespace::new("change-dry");
    here.apply(&[deployment("web", 2, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    let target = web.serves(2).await;
    let pod = target.state.running[0].id.clone();
    let all = [
        Operation::Scale { to: 5 },
        Operation::Restart,
        Operation::Pause,
        Operation::Images { containers: vec![image("web", "b")] },
        Operation::Delete { instance: pod },
    ];
    for operation in all {
        let said = web.who.clone().rehearse(target.clone(), operation.clone()).await.expect("an answer");
        assert_eq!(said, Rehearsal::Accepted, "{operation:?}");
    }
    let after = web.see().await;
    assert_eq!((after.generation, ids(&after)), (target.generation, ids(&target)));
}

#[tokio::test]
async fn g13_a_stuck_rollout_is_taken_back_by_the_content_of_its_revision_and_asked_twice_it_stays_there() {
    let here = Namespace::new("change-stuck");
    let mut web = deployment("web", 2, "");
    web["spec"]["progressDeadlineSeconds"] = json!(3);
    here.apply(&[web]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    web.serves(2).await;
    let bad = json!({ "spec": { "template": { "metadata": { "labels": { "lab": "image-pull" } } } } });
    here.kubectl(&["patch", "deployment", "web", "-p", &bad.to_string()]);
    let stuck = web.until("it is stuck", |t| matches!(t.state.rollout, Rollout::Stuck { .. })).await;
    let trouble = stuck.state.running.iter().find_map(|one| one.trouble.as_ref());
    assert_eq!(trouble.map(Text::raw), Some("ImagePullBackOff"));
    let names: Vec<(&str, bool)> = stuck.state.revisions.iter().map(|r| (r.name.raw(), r.current)).collect();
    assert_eq!(names, [("2", true), ("1", false)]);
    let orders = [ordered(Wish::Undo, &stuck, vec![]), ordered(Wish::Undo, &stuck, vec![])];
    let mut answers = Vec::new();
    for order in orders {
        answers.push(perform(&web.who, order).await);
    }
    assert!(matches!(&answers[..], [Answer::Taken { .. }, Answer::Stale { .. } | Answer::Taken { .. }]), "{answers:?}");
    let good = web.serves(2).await;
    assert!(good.state.running.iter().all(|one| one.trouble.is_none()), "{:?}", good.state.running);
    let current: Vec<&str> = good.state.revisions.iter().filter(|r| r.current).map(|r| r.name.raw()).collect();
    assert_eq!(current, ["3"], "the old content has a new number: the number before it would be the bad one");
    let again = Operation::Revision { id: good.state.revisions[0].id.clone(), images: vec![] };
    assert_eq!(web.who.clone().rehearse(good.clone(), again).await.expect("an answer"), Rehearsal::Accepted);
    assert_eq!(web.see().await.generation, good.generation);
}

#[tokio::test]
async fn a_rollout_is_held_and_goes_on_and_an_instance_is_replaced() {
    let here = Namespace::new("change-hold");
    here.apply(&[deployment("web", 2, "")]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    web.serves(2).await;
    web.does(Wish::Pause, vec![]).await;
    let held = web.see().await;
    assert!(held.paused && held.remarks.iter().any(|r| r.raw().contains("paused")));
    web.does(Wish::Resume, vec![]).await;
    let before = web.serves(2).await;
    assert!(!before.paused);
    let gone = before.state.running[0].clone();
    let orders = [(); 2].map(|()| ordered(Wish::Delete { instance: gone.name.clone() }, &before, vec![]));
    let mut answers = Vec::new();
    for order in orders {
        answers.push(perform(&web.who, order).await);
    }
    assert!(matches!(&answers[..], [Answer::Taken { .. }, Answer::Stale { .. }]), "{answers:?}");
    web.until("another stands in its place", |t| is_whole(t, 2) && !ids(t).contains(&gone.id)).await;
}

#[tokio::test]
async fn g14_an_autoscaler_is_named_and_its_limits_are_what_moves_the_number() {
    let here = Namespace::new("change-limits");
    let hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "web" }, "spec": {
        "minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
        "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } }] } });
    let keda = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": { "name": "crawler" }, "spec": {
        "minReplicaCount": 1, "maxReplicaCount": 6, "scaleTargetRef": { "name": "worker" }, "triggers": [] } });
    here.apply(&[deployment("web", 1, ""), deployment("worker", 1, ""), hpa, keda]);
    let web = Subject::new(&here, WorkloadKind::Deployment, "web");
    let target = web.serves(1).await;
    let owner = target.state.scaler.clone().expect("an autoscaler").owner;
    assert_eq!((owner.kind.raw(), target.owners.contains(&owner)), ("HorizontalPodAutoscaler", true));
    web.does(Wish::Limits { min: 3, max: 6 }, vec![]).await;
    let after = web.serves(3).await;
    let limits = after.state.scaler.map(|s| (s.min, s.max));
    assert_eq!(limits, Some((3, 6)), "the autoscaler itself brought it there");
    let worker = Subject::new(&here, WorkloadKind::Deployment, "worker");
    worker.does(Wish::Limits { min: 2, max: 4 }, vec![]).await;
    assert_eq!(
        worker.see().await.state.scaler.map(|s| (s.owner.kind.raw().to_owned(), s.min, s.max)),
        Some(("ScaledObject".to_owned(), 2, 4))
    );
}

#[tokio::test]
async fn stateful_sets_daemon_sets_and_rollouts_are_changed_in_their_own_ways() {
    let here = Namespace::new("change-kinds");
    here.apply(&[
        workload("StatefulSet", "db", 2, ""),
        workload("DaemonSet", "agent", 0, ""),
        workload("Rollout", "front", 2, ""),
    ]);
    let db = Subject::new(&here, WorkloadKind::StatefulSet, "db");
    db.serves(2).await;
    db.does(Wish::RollBack { to: None }, vec![image("db", "b")]).await;
    let new = format!("sha256:{}", "b".repeat(64));
    let rolled = db.until("the other image runs", |t| is_whole(t, 2) && digests(t) == [new.clone()]).await;
    let first = rolled.state.revisions.iter().find(|r| !r.current).expect("the one before is kept").clone();
    db.does(Wish::RollBack { to: Some(first.id) }, vec![]).await;
    let old = format!("sha256:{}", "a".repeat(64));
    db.until("the image from before runs", |t| is_whole(t, 2) && digests(t) == [old.clone()]).await;
    db.does(to(3), vec![]).await;
    db.serves(3).await;
    let agent = Subject::new(&here, WorkloadKind::DaemonSet, "agent");
    let before = agent.serves(20).await;
    agent.does(Wish::Restart, vec![]).await;
    agent
        .until("all are started anew", |t| is_whole(t, 20) && !ids(t).iter().any(|id| ids(&before).contains(id)))
        .await;
    let front = Subject::new(&here, WorkloadKind::Rollout, "front");
    front.does(to(3), vec![]).await;
    front.does(Wish::Restart, vec![]).await;
    front.does(Wish::Pause, vec![]).await;
    let spec: Value =
        serde_json::from_str(&here.kubectl(&["get", "rollout", "front", "-o", "jsonpath={.spec}"])).unwrap();
    assert_eq!(
        (&spec["replicas"], &spec["paused"], spec["restartAt"].is_string()),
        (&json!(3), &json!(true), true),
        "{spec}"
    );
}
