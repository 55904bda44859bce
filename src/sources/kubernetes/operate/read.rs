//! What the API server answered, as a Target; pure.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::super::convert::Converter;
use super::super::lean::{custom, pod, scaling, workload};
use crate::model::{
    Contained, Fact, Image, Instance, Key, Kind, Owner, Phase, Platform, Running, Scaler, SourceName, Target,
    TargetRevision, TargetState, Text, Workload, WorkloadKind,
};
use crate::sources::port::{Failure, FailureKind};

/// Revisions that are told, the newest first.
const REVISIONS: usize = 10;
/// What the controller adds to the template of what it makes: no part of the declaration.
const HASHES: [&str; 2] = ["pod-template-hash", "rollouts-pod-template-hash"];

/// What was read beside the object itself.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) pods: Vec<Value>,
    /// Its ReplicaSets or ControllerRevisions.
    pub(super) kept: Vec<Value>,
    pub(super) autoscalers: Vec<Value>,
    pub(super) scaled: Vec<Value>,
}

/// The Workload as one Target.
///
/// # Errors
/// Where the object is not what it should be, or is no Workload of its own.
pub(super) fn target(
    source: &SourceName,
    kind: WorkloadKind,
    object: &Value,
    parts: &Parts,
) -> Result<Target, Failure> {
    let mut converter = Converter::new(source);
    let workload = workload_of(&mut converter, kind, object)?;
    let (scaler, scalers) = scaler(&mut converter, &workload, parts);
    let uid = text(object, "/metadata/uid");
    let mut owners = workload.owners.clone();
    owners.extend(scalers);
    let paused = object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or(false);
    let state = TargetState {
        observed: workload.observed,
        updated: workload.updated,
        available: workload.available,
        rollout: workload.rollout.clone(),
        probed: workload.probed,
        running: running(&mut converter, &workload, object, parts),
        revisions: revisions(object, &parts.kept),
        scaler,
    };
    Ok(Target {
        key: Key::new(source, Kind::Workload, uid.unwrap_or_default()),
        platform: Platform::Kubernetes,
        kind,
        scope: workload.scope.clone(),
        name: workload.name.clone(),
        uid: uid.map(Text::name),
        version: text(object, "/metadata/resourceVersion").map(Text::name),
        generation: object.pointer("/metadata/generation").and_then(Value::as_u64).filter(|n| *n > 0),
        desired: workload.desired,
        ready: workload.ready,
        containers: containers(object.pointer("/spec/template")),
        instances: Vec::new(),
        owners,
        paused,
        state,
        means: None,
        remarks: remarks(kind, object, paused),
    })
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path)?.as_str().filter(|text| !text.is_empty())
}

fn workload_of(converter: &mut Converter, kind: WorkloadKind, object: &Value) -> Result<Workload, Failure> {
    let garbled = |error: serde_json::Error| {
        Failure::new(FailureKind::Garbled, format!("the {kind} is not what it should be: {error}"))
    };
    let row = match kind {
        WorkloadKind::Deployment => converter.deployment(&workload::Deployment::deserialize(object).map_err(garbled)?),
        WorkloadKind::StatefulSet => {
            converter.stateful_set(&workload::StatefulSet::deserialize(object).map_err(garbled)?)
        }
        WorkloadKind::DaemonSet => converter.daemon_set(&workload::DaemonSet::deserialize(object).map_err(garbled)?),
        WorkloadKind::ReplicaSet => converter.replica_set(&workload::ReplicaSet::deserialize(object).map_err(garbled)?),
        WorkloadKind::Rollout => converter.argo_rollout(&custom::Rollout::deserialize(object).map_err(garbled)?),
        _ => return Err(Failure::new(FailureKind::Unsupported, format!("a {kind} cannot be changed from here"))),
    };
    match row.facts.into_iter().next() {
        Some(Fact::Workload(workload)) => Ok(*workload),
        Some(Fact::Revision(revision)) => {
            let (kind, name) = revision.workload;
            let words = format!("it belongs to {kind} {name}: that is what can be changed");
            Err(Failure::new(FailureKind::Unsupported, words))
        }
        _ => Err(Failure::new(FailureKind::Garbled, format!("the {kind} is not what it should be"))),
    }
}

/// The selector of an object as a query has it; `None` where it has none.
pub(super) fn selector(object: &Value) -> Option<String> {
    let selector = object.pointer("/spec/selector")?.as_object()?;
    let mut all = Vec::new();
    for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        all.push(format!("{key}={}", value.as_str()?));
    }
    for one in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = one.get("key")?.as_str()?;
        let values: Vec<&str> =
            one.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        all.push(match one.get("operator")?.as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!all.is_empty()).then(|| all.join(","))
}

/// The UID of the object that controls this one.
pub(super) fn controller(object: &Value) -> Option<&str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    owners.iter().find(|o| o["controller"] == true)?.get("uid")?.as_str()
}

/// The containers of a pod template (or a pod), by name, in their order.
pub(super) fn containers(template: Option<&Value>) -> Vec<Contained> {
    let all = template.and_then(|t| t.pointer("/spec/containers")).and_then(Value::as_array);
    let one = |c: &Value| {
        let image = Image::of_reference(c.get("image").and_then(Value::as_str).unwrap_or_default());
        Some(Contained { name: Text::name(c.get("name")?.as_str()?), image })
    };
    all.into_iter().flatten().filter_map(one).collect()
}

fn running(converter: &mut Converter, workload: &Workload, object: &Value, parts: &Parts) -> Vec<Running> {
    let own = text(object, "/metadata/uid").unwrap_or_default();
    let makers: HashSet<&str> = parts.kept.iter().filter_map(|set| text(set, "/metadata/uid")).chain([own]).collect();
    let named = (workload.kind, workload.name.clone());
    let one = |value: &Value| {
        let by_uid = controller(value).is_some_and(|uid| makers.contains(uid));
        let read = pod::Pod::deserialize(value).ok()?;
        let names: Vec<String> = read.spec.iter().flat_map(|s| &s.containers).map(|c| c.name.clone()).collect();
        let instance = converter.pod(read).facts.into_iter().find_map(|fact| match fact {
            Fact::Instance(instance) => Some(*instance),
            _ => None,
        })?;
        // Where its ReplicaSets may not be read, the template's hash in its name tells whose it is.
        let belongs = by_uid || parts.kept.is_empty() && instance.workload.as_ref() == Some(&named);
        let there = !matches!(instance.phase, Phase::Stopping | Phase::Succeeded | Phase::Failed);
        (belongs && there).then(|| instance_of(value, &names, &instance))
    };
    parts.pods.iter().filter_map(one).collect()
}

fn instance_of(value: &Value, names: &[String], instance: &Instance) -> Running {
    let images = names.iter().zip(&instance.images);
    Running {
        id: Text::name(text(value, "/metadata/uid").unwrap_or_default()),
        name: instance.name.clone(),
        containers: images.map(|(name, image)| Contained { name: Text::name(name), image: image.clone() }).collect(),
        ready: instance.ready,
        started_at: instance.started_at,
        trouble: trouble(instance),
    }
}

/// Why an Instance does not serve, in the platform's words.
fn trouble(instance: &Instance) -> Option<Text> {
    let on_its_way = |reason: &str| matches!(reason, "PodInitializing" | "ContainerCreating" | "");
    let waits = instance.waiting.as_ref().filter(|w| !on_its_way(w.reason.raw())).map(|w| w.reason.clone());
    let no_room = || instance.unschedulable.as_ref().map(|words| Text::line(&format!("unschedulable: {words}")));
    let ended = || {
        let exit = instance.last_exit.as_ref().filter(|_| instance.ready == Some(false))?;
        let reason = exit.reason.as_ref().filter(|r| r.raw() != "Error" && r.raw() != "Completed");
        reason.cloned().or_else(|| exit.code.map(|code| Text::line(&format!("exited {code}"))))
    };
    waits.or_else(no_room).or_else(ended)
}

/// The template of a kept declaration, without what its controller added.
pub(super) fn template(kept: &Value) -> Option<Value> {
    let found = kept.pointer("/spec/template").or_else(|| kept.pointer("/data/spec/template"))?;
    Some(plain(found))
}

/// A template as it was declared, so that two can be compared.
pub(super) fn plain(template: &Value) -> Value {
    let mut plain = template.clone();
    if let Some(fields) = plain.as_object_mut() {
        fields.remove("$patch");
    }
    if let Some(meta) = plain.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.retain(|key, value| key != "creationTimestamp" || !value.is_null());
        if let Some(labels) = meta.get_mut("labels").and_then(Value::as_object_mut) {
            labels.retain(|key, _| !HASHES.contains(&key.as_str()));
        }
    }
    plain
}

/// The number of a kept declaration.
fn number(kept: &Value) -> Option<u64> {
    let note = |key: &str| kept.pointer("/metadata/annotations")?.get(key)?.as_str()?.parse().ok();
    note("deployment.kubernetes.io/revision")
        .or_else(|| note("rollout.argoproj.io/revision"))
        .or_else(|| kept.get("revision")?.as_u64())
}

fn revisions(object: &Value, kept: &[Value]) -> Vec<TargetRevision> {
    let now = object.pointer("/spec/template").map(plain);
    let mut found: Vec<(u64, TargetRevision)> = kept
        .iter()
        .filter_map(|one| {
            let number = number(one)?;
            let template = template(one)?;
            let revision = TargetRevision {
                id: Text::name(text(one, "/metadata/uid")?),
                name: Text::name(&number.to_string()),
                containers: containers(Some(&template)),
                made_at: text(one, "/metadata/creationTimestamp").and_then(|at| at.parse().ok()),
                current: now.as_ref() == Some(&template),
            };
            Some((number, revision))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, revision)| revision).take(REVISIONS).collect()
}

/// Who scales it: the limits that can be changed, and everybody to name.
fn scaler(converter: &mut Converter, workload: &Workload, parts: &Parts) -> (Option<Scaler>, Vec<Owner>) {
    let mut found: Vec<Scaler> = Vec::new();
    let rows = parts.scaled.iter().filter_map(|value| {
        let row = converter.scaled_object(&custom::ScaledObject::deserialize(value).ok()?);
        Some((row, value))
    });
    let mut rows: Vec<_> = rows.collect();
    // The one that KEDA makes for its object follows that object: it is no owner of its own.
    for value in parts.autoscalers.iter().filter(|v| !is_kedas(v)) {
        if let Ok(read) = scaling::Autoscaler::deserialize(value) {
            rows.push((converter.horizontal(&read), value));
        }
    }
    for (row, value) in rows {
        for fact in row.facts {
            let Fact::Autoscaler(scaler) = fact else { continue };
            if scaler.target != (workload.kind, workload.name.clone()) {
                continue;
            }
            found.push(Scaler {
                owner: Owner { kind: scaler.kind.clone(), name: scaler.name.clone() },
                version: text(value, "/metadata/resourceVersion").map(Text::name),
                min: scaler.min.unwrap_or(0),
                max: scaler.max.unwrap_or(0),
            });
        }
    }
    let owners = found.iter().map(|scaler| scaler.owner.clone()).collect();
    (found.into_iter().next(), owners)
}

fn is_kedas(autoscaler: &Value) -> bool {
    let owners = autoscaler.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner["kind"] == "ScaledObject")
}

fn remarks(kind: WorkloadKind, object: &Value, paused: bool) -> Vec<Text> {
    let strategy = text(object, "/spec/strategy/type").or_else(|| text(object, "/spec/updateStrategy/type"));
    let mut remarks = Vec::new();
    match (kind, strategy) {
        (WorkloadKind::Deployment, Some("Recreate")) => {
            remarks.push("its strategy is Recreate: all Instances end before new ones start");
        }
        (_, Some("OnDelete")) => {
            remarks.push("its strategy is OnDelete: an Instance gets a new declaration only when somebody deletes it");
        }
        _ => {}
    }
    if paused {
        remarks.push("its rollout is paused: another declaration is taken and not carried out until it is resumed");
    }
    remarks.into_iter().map(Text::line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Rollout;

    fn digest(digit: &str) -> String {
        format!("registry.example/web@sha256:{}", digit.repeat(64))
    }

    fn template(digit: &str, hash: Option<&str>) -> Value {
        let mut labels = json!({ "app": "web" });
        if let Some(hash) = hash {
            labels["pod-template-hash"] = json!(hash);
        }
        json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "web", "image": digest(digit) }] } })
    }

    fn set(uid: &str, number: &str, digit: &str) -> Value {
        json!({ "metadata": { "uid": uid, "name": format!("web-{uid}"), "annotations": { "deployment.kubernetes.io/revision": number },
                              "ownerReferences": [{ "kind": "Deployment", "name": "web", "uid": "d", "controller": true }] },
                "spec": { "template": template(digit, Some(uid)) } })
    }

    fn pod(uid: &str, maker: &str, status: Value) -> Value {
        json!({ "metadata": { "uid": uid, "name": format!("web-{uid}"), "ownerReferences": [{ "kind": "ReplicaSet", "name": "x", "uid": maker, "controller": true }] },
                "spec": { "containers": [{ "name": "web", "image": "web:1" }] }, "status": status })
    }

    fn deployment() -> Value {
        json!({ "metadata": { "name": "web", "namespace": "shop", "uid": "d", "resourceVersion": "88", "generation": 3,
                              "annotations": { "meta.helm.sh/release-name": "shop" } },
                "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": template("b", None) },
                "status": { "observedGeneration": 2, "readyReplicas": 2 } })
    }

    fn read(object: &Value, parts: &Parts) -> Target {
        target(&SourceName::new("k"), WorkloadKind::Deployment, object, parts).unwrap()
    }

    #[test]
    fn g1_a_target_is_pinned_by_uid_version_and_generation_and_names_its_owners() {
        let hpa = json!({ "metadata": { "name": "web", "resourceVersion": "7" }, "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 8 } });
        let other = json!({ "metadata": { "name": "x" }, "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "api" }, "maxReplicas": 8 } });
        let target = read(&deployment(), &Parts { autoscalers: vec![other, hpa], ..Parts::default() });
        let text = |t: &Option<Text>| t.as_ref().map(|t| t.raw().to_owned());
        assert_eq!(
            (text(&target.uid).as_deref(), text(&target.version).as_deref(), target.generation),
            (Some("d"), Some("88"), Some(3))
        );
        assert_eq!((target.desired, target.ready, target.state.observed), (Some(2), Some(2), false));
        let owners: Vec<String> = target.owners.iter().map(|o| format!("{} {}", o.kind, o.name)).collect();
        assert_eq!(owners, ["Helm shop", "HorizontalPodAutoscaler web"]);
        let scaler = target.state.scaler.unwrap();
        assert_eq!((scaler.min, scaler.max, text(&scaler.version).as_deref()), (2, 8, Some("7")));
    }

    #[test]
    fn an_object_of_keda_is_named_and_not_the_autoscaler_that_it_makes() {
        let made = json!({ "metadata": { "name": "keda-hpa-web", "ownerReferences": [{ "kind": "ScaledObject", "name": "web" }] },
                           "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "maxReplicas": 4 } });
        let keda = json!({ "metadata": { "name": "web", "resourceVersion": "9" }, "spec": { "scaleTargetRef": { "name": "web" }, "maxReplicaCount": 4 } });
        let target = read(&deployment(), &Parts { autoscalers: vec![made], scaled: vec![keda], ..Parts::default() });
        let scaler = target.state.scaler.unwrap();
        assert_eq!((scaler.owner.kind.raw(), scaler.min, scaler.max), ("ScaledObject", 0, 4));
        assert_eq!(target.owners.len(), 2, "{:?}", target.owners);
    }

    #[test]
    fn g13_the_current_revision_is_known_by_its_content_and_not_by_its_number() {
        let parts =
            Parts { kept: vec![set("s1", "1", "b"), set("s9", "9", "a"), set("s10", "10", "c")], ..Parts::default() };
        let revisions = read(&deployment(), &parts).state.revisions;
        let seen: Vec<(&str, bool)> = revisions.iter().map(|r| (r.name.raw(), r.current)).collect();
        assert_eq!(seen, [("10", false), ("9", false), ("1", true)]);
        assert_eq!(revisions[1].containers[0].image.reference.raw(), digest("a"));
    }

    #[test]
    fn running_are_its_own_pods_with_the_digest_that_the_kubelet_tells_and_their_trouble() {
        let ready = json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
                            "containerStatuses": [{ "name": "web", "imageID": digest("e") }] });
        let pulls = json!({ "phase": "Pending", "containerStatuses": [{ "name": "web", "state": { "waiting": { "reason": "ImagePullBackOff" } } }] });
        let mut leaving = pod("p4", "s1", ready.clone());
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let parts = Parts {
            pods: vec![pod("p1", "s1", ready.clone()), pod("p2", "s1", pulls), pod("p3", "strange", ready), leaving],
            kept: vec![set("s1", "1", "b")],
            ..Parts::default()
        };
        let running = read(&deployment(), &parts).state.running;
        assert_eq!(running.iter().map(|r| r.id.raw()).collect::<Vec<_>>(), ["p1", "p2"]);
        assert_eq!(running[0].containers[0].image.digest.as_ref().unwrap().raw(), format!("sha256:{}", "e".repeat(64)));
        assert_eq!((running[0].ready, running[1].ready), (Some(true), Some(false)));
        assert_eq!(running[1].trouble.as_ref().unwrap().raw(), "ImagePullBackOff");
    }

    #[test]
    fn a_rollout_that_is_stuck_or_paused_says_so() {
        let mut object = deployment();
        object["spec"]["paused"] = json!(true);
        let target = read(&object, &Parts::default());
        assert!(target.paused && target.remarks.iter().any(|r| r.raw().contains("paused")));
        object["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late" }]);
        assert!(matches!(read(&object, &Parts::default()).state.rollout, Rollout::Stuck { .. }));
    }

    #[test]
    fn a_selector_is_written_as_a_query_has_it() {
        let object = json!({ "spec": { "selector": { "matchLabels": { "app": "web" }, "matchExpressions": [
            { "key": "tier", "operator": "In", "values": ["a", "b"] }, { "key": "old", "operator": "DoesNotExist" }] } } });
        assert_eq!(selector(&object).unwrap(), "app=web,tier in (a,b),!old");
        assert_eq!(selector(&json!({ "spec": {} })), None);
    }
}
