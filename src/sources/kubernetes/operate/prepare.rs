//! Turns an operation on a Target into the one request that carries it out, or says why there is none.

use serde_json::{Value, json};

use super::super::link::Link;
use super::place::{AUTOSCALERS, PODS, Place, SCALED_OBJECTS};
use super::write::{CAUSE, Pin, RUN, Subject, Write, annotate};
use super::{look, read};
use crate::model::{Contained, Image, Moved, Operation, Owner, Target, Text, WorkloadKind};
use crate::sources::images;
use crate::sources::port::{Failure, FailureKind};

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Prepared {
    Write(Box<Write>),
    /// It is as wanted: nothing to do.
    Already(Option<Text>),
    /// It cannot be done; why.
    Refused(String),
    /// It is not as it was read.
    Stale(Vec<Moved>),
    /// It was written to since it was read; whether what counts moved is for a new look to tell.
    Overtaken,
}

use Prepared::{Already, Overtaken, Refused, Stale};

/// Who changes it, and when by the server's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand<'a> {
    pub(super) run: &'a str,
    pub(super) at: Option<crate::model::Timestamp>,
}

impl Hand<'_> {
    /// As kubectl writes it; where no clock is known the Run's name serves, since what counts is that it is another.
    fn moment(self) -> String {
        self.at.map_or_else(|| self.run.to_owned(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    fn cause(self, what: &str) -> String {
        format!("quarterdeck: {what}, run {}", self.run)
    }
}

pub(super) fn moved(what: &str, planned: &str, found: &str) -> Moved {
    Moved { what: Text::name(what), planned: Text::line(planned), found: Text::line(found) }
}

/// The request for `operation` on `target`.
///
/// # Errors
/// Where something has to be read first and cannot be.
pub(super) async fn prepare(
    link: &Link,
    target: &Target,
    operation: &Operation,
    hand: Hand<'_>,
) -> Result<Prepared, Failure> {
    let (namespace, name) = (target.scope.raw(), target.name.raw());
    let (Some(place), Some(pin)) = (Place::of(target.kind), Pin::of(target)) else {
        return Ok(Refused(format!("a {} without a UID and a version is never written to", target.kind)));
    };
    let subject = Subject { place, namespace, name, pin };
    match operation {
        Operation::Scale { to } => Ok(scale(&subject, target, *to)),
        Operation::Restart => Ok(restart(&subject, target.kind, hand)),
        Operation::Pause => Ok(pause(&subject, target, true, hand)),
        Operation::Resume => Ok(pause(&subject, target, false, hand)),
        Operation::Images { containers } => {
            let object = look::object(link, place, namespace, name).await?;
            Ok(fresh(&subject, &object).unwrap_or_else(|| set_images(&subject, target.kind, &object, containers, hand)))
        }
        Operation::Revision { id, images } => {
            let object = look::object(link, place, namespace, name).await?;
            if let Some(other) = fresh(&subject, &object) {
                return Ok(other);
            }
            let kept = look::kept(link, target.kind, namespace, &object).await.map_err(|trouble| trouble.failure)?;
            Ok(revision(&subject, (&object, &kept), id, images, hand))
        }
        Operation::Delete { instance } => delete(link, target, instance).await,
        Operation::Limits { owner, min, max } => limits(link, target, owner, (*min, *max), hand).await,
    }
}

/// Whether the object is still the one that was read; else what is to be said.
fn fresh(subject: &Subject<'_>, object: &Value) -> Option<Prepared> {
    let Some(now) = Pin::of_object(object) else { return Some(Refused("the API names no version of it".to_owned())) };
    if now.uid != subject.pin.uid {
        return Some(Stale(vec![moved("uid", &subject.pin.uid, &now.uid)]));
    }
    (now.version != subject.pin.version).then_some(Overtaken)
}

fn scale(subject: &Subject<'_>, target: &Target, to: u32) -> Prepared {
    if matches!(target.kind, WorkloadKind::DaemonSet) {
        return Refused("a DaemonSet has one Instance on each node: its number cannot be set".to_owned());
    }
    if target.desired == Some(to) {
        return Already(target.version.clone());
    }
    let from = target.desired.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let write = subject.merge(Some("scale"), json!({ "spec": { "replicas": to } }), &format!("replicas {from} → {to}"));
    Prepared::Write(Box::new(write))
}

fn restart(subject: &Subject<'_>, kind: WorkloadKind, hand: Hand<'_>) -> Prepared {
    let notes = json!({ RUN: hand.run, CAUSE: hand.cause("restarted") });
    let at = hand.moment();
    let spec = match kind {
        // An Argo Rollout restarts its pods by this field, without a new revision.
        WorkloadKind::Rollout => json!({ "restartAt": at }),
        WorkloadKind::ReplicaSet => {
            return Refused("a ReplicaSet does not replace its Instances by itself".to_owned());
        }
        _ => json!({ "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": at } } } }),
    };
    let change = json!({ "metadata": { "annotations": notes }, "spec": spec });
    Prepared::Write(Box::new(subject.merge(None, change, &format!("restarted at {at}"))))
}

fn pause(subject: &Subject<'_>, target: &Target, paused: bool, hand: Hand<'_>) -> Prepared {
    if !matches!(target.kind, WorkloadKind::Deployment | WorkloadKind::Rollout) {
        return Refused(format!("the rollout of a {} cannot be paused", target.kind));
    }
    if target.paused == paused {
        return Already(target.version.clone());
    }
    let change = json!({ "metadata": { "annotations": { RUN: hand.run } }, "spec": { "paused": paused } });
    let words = if paused { "its rollout is paused" } else { "its rollout goes on" };
    Prepared::Write(Box::new(subject.merge(None, change, words)))
}

fn set_images(
    subject: &Subject<'_>,
    kind: WorkloadKind,
    object: &Value,
    wanted: &[Contained],
    hand: Hand<'_>,
) -> Prepared {
    if kind == WorkloadKind::ReplicaSet {
        return Refused("a ReplicaSet does not replace its Instances by itself".to_owned());
    }
    let declared = read::containers(object.pointer("/spec/template"));
    let (mut operations, mut words) = (Vec::new(), Vec::new());
    for one in wanted {
        let Some(index) = declared.iter().position(|d| d.name == one.name) else {
            let known: Vec<&str> = declared.iter().map(|d| d.name.shown()).collect();
            return Refused(format!("it has no container {}: it has {}", one.name, known.join(", ")));
        };
        let Some(reference) = images::by_digest(&one.image) else {
            return Refused(format!(
                "{} names no digest: which bytes it is could change at any time",
                one.image.reference
            ));
        };
        let old = declared[index].image.reference.raw();
        if old == reference {
            continue;
        }
        let path = format!("/spec/template/spec/containers/{index}");
        operations.push(json!({ "op": "test", "path": format!("{path}/name"), "value": one.name.raw() }));
        operations.push(json!({ "op": "test", "path": format!("{path}/image"), "value": old }));
        operations.push(json!({ "op": "replace", "path": format!("{path}/image"), "value": reference }));
        words.push(format!("{}={reference}", one.name));
    }
    if operations.is_empty() {
        return Already(Some(Text::name(&subject.pin.version)));
    }
    let words = words.join(", ");
    operations.extend(annotate(object, &[(RUN, hand.run), (CAUSE, &hand.cause(&words))]));
    Prepared::Write(Box::new(subject.json(operations, &format!("image {words}"))))
}

/// The whole content of a kept declaration: what is already so stays untouched, so that asking twice never flips.
fn revision(
    subject: &Subject<'_>,
    (object, kept): (&Value, &[Value]),
    id: &Text,
    images: &[Contained],
    hand: Hand<'_>,
) -> Prepared {
    let named = |one: &&Value| one.pointer("/metadata/uid").and_then(Value::as_str) == Some(id.raw());
    let Some(template) = kept.iter().find(named).and_then(read::template) else {
        return Stale(vec![moved("revision", id.raw(), "not kept any more")]);
    };
    let held = read::containers(Some(&template));
    let bytes = |all: &[Contained]| -> Vec<(String, String)> {
        all.iter().map(|c| (c.name.raw().to_owned(), exact(&c.image))).collect()
    };
    if !images.is_empty() && bytes(images) != bytes(&held) {
        return Stale(vec![moved("revision", &list(images), &list(&held))]);
    }
    let now = object.pointer("/spec/template").map(read::plain);
    if now.as_ref() == Some(&template) {
        return Already(Some(Text::name(&subject.pin.version)));
    }
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Refused("its rollout is paused: it is to be resumed first".to_owned());
    }
    let words = format!("back to {}", list(&held));
    let mut operations = vec![json!({ "op": "replace", "path": "/spec/template", "value": template })];
    operations.extend(annotate(object, &[(RUN, hand.run), (CAUSE, &hand.cause(&words))]));
    Prepared::Write(Box::new(subject.json(operations, &words)))
}

fn exact(image: &Image) -> String {
    image.digest.as_ref().unwrap_or(&image.reference).raw().to_owned()
}

fn list(containers: &[Contained]) -> String {
    let all: Vec<String> = containers.iter().map(|c| format!("{}={}", c.name, c.image.reference)).collect();
    all.join(", ")
}

async fn delete(link: &Link, target: &Target, instance: &Text) -> Result<Prepared, Failure> {
    let gone = || Stale(vec![moved("instances", instance.raw(), "not there any more")]);
    let Some(known) = target.state.running.iter().find(|one| one.id == *instance) else { return Ok(gone()) };
    let namespace = target.scope.raw();
    let pod = match look::object(link, PODS, namespace, known.name.raw()).await {
        Ok(pod) => pod,
        Err(failure) if failure.kind == FailureKind::Absent => return Ok(gone()),
        Err(failure) => return Err(failure),
    };
    // Another pod under the same name, as a StatefulSet makes them.
    let Some(pin) = Pin::of_object(&pod).filter(|pin| pin.uid == instance.raw()) else { return Ok(gone()) };
    let subject = Subject { place: PODS, namespace, name: known.name.raw(), pin };
    Ok(Prepared::Write(Box::new(subject.delete("another takes its place"))))
}

async fn limits(
    link: &Link,
    target: &Target,
    owner: &Owner,
    (min, max): (u32, u32),
    hand: Hand<'_>,
) -> Result<Prepared, Failure> {
    let (place, fields) = match owner.kind.raw() {
        "HorizontalPodAutoscaler" => (AUTOSCALERS, ["minReplicas", "maxReplicas"]),
        "ScaledObject" => (SCALED_OBJECTS, ["minReplicaCount", "maxReplicaCount"]),
        other => return Ok(Refused(format!("the limits of a {other} cannot be changed from here"))),
    };
    let Some(known) = target.state.scaler.as_ref().filter(|scaler| scaler.owner == *owner) else {
        return Ok(Stale(vec![moved(
            "owners",
            &format!("{} {}", owner.kind, owner.name),
            "not its autoscaler any more",
        )]));
    };
    if (known.min, known.max) == (min, max) {
        return Ok(Already(known.version.clone()));
    }
    let (namespace, name) = (target.scope.raw(), owner.name.raw());
    let object = look::object(link, place, namespace, name).await?;
    let number = |field: &str| object.pointer(&format!("/spec/{field}")).and_then(Value::as_u64);
    // The API's defaults: an autoscaler keeps one at least; KEDA none, and a hundred at most.
    let defaults = if place == AUTOSCALERS { [1, 0] } else { [0, 100] };
    let now = [0, 1].map(|i| number(fields[i]).unwrap_or(defaults[i]));
    if now != [u64::from(known.min), u64::from(known.max)] {
        let words = |[min, max]: [u64; 2]| format!("{min} to {max}");
        return Ok(Stale(vec![moved("limits", &words([known.min.into(), known.max.into()]), &words(now))]));
    }
    let Some(pin) = Pin::of_object(&object) else {
        return Ok(Refused(format!("the API names no version of {}", owner.name)));
    };
    let change =
        json!({ "metadata": { "annotations": { RUN: hand.run } }, "spec": { fields[0]: min, fields[1]: max } });
    let words = format!("limits {} to {} → {min} to {max}", known.min, known.max);
    Ok(Prepared::Write(Box::new(Subject { place, namespace, name, pin }.merge(None, change, &words))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;

    const HAND: Hand<'_> = Hand { run: "7f3a", at: None };

    fn reference(digit: &str) -> String {
        format!("registry.example/web@sha256:{}", digit.repeat(64))
    }

    fn template(digit: &str) -> Value {
        json!({ "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "proxy", "image": "proxy:1" }, { "name": "web", "image": reference(digit) }] } })
    }

    fn object(digit: &str) -> Value {
        json!({ "metadata": { "name": "web", "namespace": "shop", "uid": "d", "resourceVersion": "88", "generation": 3 },
                "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": template(digit) } })
    }

    fn kept(uid: &str, digit: &str) -> Value {
        let mut template = template(digit);
        template["metadata"]["labels"]["pod-template-hash"] = json!(uid);
        json!({ "metadata": { "uid": uid, "annotations": { "deployment.kubernetes.io/revision": "4" } }, "spec": { "template": template } })
    }

    fn target(kind: WorkloadKind) -> Target {
        read::target(&SourceName::new("k"), kind, &object("b"), &read::Parts::default()).unwrap()
    }

    fn subject(kind: WorkloadKind) -> Subject<'static> {
        Subject {
            place: Place::of(kind).unwrap(),
            namespace: "shop",
            name: "web",
            pin: Pin { uid: "d".into(), version: "88".into() },
        }
    }

    fn contained(name: &str, digit: &str) -> Contained {
        Contained { name: Text::name(name), image: Image::of_reference(&reference(digit)) }
    }

    fn body(prepared: Prepared) -> Value {
        let Prepared::Write(write) = prepared else { panic!("{prepared:?}") };
        serde_json::from_slice(&write.body(false)).unwrap()
    }

    #[test]
    fn g3_no_operation_of_any_kind_is_written_without_its_version() {
        let kinds = [
            WorkloadKind::Deployment,
            WorkloadKind::StatefulSet,
            WorkloadKind::DaemonSet,
            WorkloadKind::ReplicaSet,
            WorkloadKind::Rollout,
        ];
        let mut written = 0;
        for kind in kinds {
            let (subject, target, object) = (subject(kind), target(kind), object("b"));
            let all = [
                scale(&subject, &target, 5),
                restart(&subject, kind, HAND),
                pause(&subject, &target, true, HAND),
                pause(&subject, &Target { paused: true, ..target.clone() }, false, HAND),
                set_images(&subject, kind, &object, &[contained("web", "c")], HAND),
                revision(&subject, (&object, &[kept("s", "a")]), &Text::name("s"), &[], HAND),
            ];
            for prepared in all.into_iter().filter(|p| matches!(p, Prepared::Write(_))) {
                let body = body(prepared).to_string();
                assert!(body.contains("\"88\"") && body.contains("\"d\""), "{kind}: {body}");
                written += 1;
            }
        }
        assert!(written > 15, "{written}");
    }

    #[test]
    fn g3_an_image_is_replaced_only_where_the_old_one_still_stands() {
        let written = body(set_images(
            &subject(WorkloadKind::Deployment),
            WorkloadKind::Deployment,
            &object("b"),
            &[contained("web", "c")],
            HAND,
        ));
        let image = "/spec/template/spec/containers/1/image";
        let of = |op: &str| {
            written.as_array().unwrap().iter().find(|o| o["op"] == op && o["path"] == image).unwrap().clone()
        };
        assert_eq!((&of("test")["value"], &of("replace")["value"]), (&json!(reference("b")), &json!(reference("c"))));
    }

    #[test]
    fn g9_an_image_without_a_digest_and_a_container_that_is_not_there_are_refused() {
        let set = |wanted: Contained| {
            set_images(&subject(WorkloadKind::Deployment), WorkloadKind::Deployment, &object("b"), &[wanted], HAND)
        };
        let tagged = Contained { name: Text::name("web"), image: Image::of_reference("registry.example/web:2") };
        assert!(matches!(set(tagged), Refused(words) if words.contains("names no digest")));
        assert!(
            matches!(set(contained("api", "c")), Refused(words) if words.contains("no container api: it has proxy, web"))
        );
        assert!(matches!(set(contained("web", "b")), Already(_)));
    }

    #[test]
    fn g13_a_revision_is_content_so_that_asking_twice_changes_nothing_and_never_goes_back() {
        let subject = subject(WorkloadKind::Deployment);
        let kept = [kept("s1", "a"), kept("s2", "b")];
        let ask = |object: &Value| revision(&subject, (object, &kept), &Text::name("s1"), &[], HAND);
        let written = body(ask(&object("b")));
        let template =
            written.as_array().unwrap().iter().find(|o| o["path"] == "/spec/template").unwrap()["value"].clone();
        assert!(!template.to_string().contains("pod-template-hash"), "{template}");
        let mut after = object("b");
        after["spec"]["template"] = template;
        assert!(matches!(ask(&after), Already(_)));
    }

    #[test]
    fn a_revision_that_went_or_holds_other_images_than_the_plan_says_is_stale() {
        let subject = subject(WorkloadKind::Deployment);
        let ask = |id: &str, images: &[Contained]| {
            revision(&subject, (&object("b"), &[kept("s1", "a")]), &Text::name(id), images, HAND)
        };
        assert!(matches!(ask("s7", &[]), Stale(moved) if moved[0].found.raw() == "not kept any more"));
        assert!(matches!(ask("s1", &[contained("web", "z")]), Stale(_)));
        let whole =
            [Contained { name: Text::name("proxy"), image: Image::of_reference("proxy:1") }, contained("web", "a")];
        assert!(matches!(ask("s1", &whole), Prepared::Write(_)));
    }

    #[test]
    fn what_a_kind_cannot_do_is_refused_in_words() {
        let daemon = target(WorkloadKind::DaemonSet);
        assert!(matches!(scale(&subject(WorkloadKind::DaemonSet), &daemon, 3), Refused(_)));
        assert!(matches!(pause(&subject(WorkloadKind::DaemonSet), &daemon, true, HAND), Refused(_)));
        let set = subject(WorkloadKind::ReplicaSet);
        assert!(matches!(restart(&set, WorkloadKind::ReplicaSet, HAND), Refused(_)));
        assert!(matches!(scale(&subject(WorkloadKind::Deployment), &target(WorkloadKind::Deployment), 2), Already(_)));
        let at = Hand { at: "2026-03-01T03:00:00Z".parse().ok(), ..HAND };
        let written = body(restart(&subject(WorkloadKind::Rollout), WorkloadKind::Rollout, at));
        assert_eq!(written["spec"], json!({ "restartAt": "2026-03-01T03:00:00Z" }));
    }
}
