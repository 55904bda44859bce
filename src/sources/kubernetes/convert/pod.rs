//! Pods to Instances, and pods that nobody owns to Workloads as well.

use crate::model::{
    CheckState, Exit, Fact, Image, Instance, JobState, Kind, Phase, Text, Waiting, Workload, WorkloadKind,
};

use super::super::lean::pod::{ContainerStatus, Pod, PodCondition, PodMeta, PodStatus, Terminated};
use super::super::lean::template::{Container, PodSpec};
use super::super::lean::{Meta, OwnerReference};
use super::quantity::{bytes, millicores};
use super::{Converter, Row, count, moment, said, workload_kind};

/// Labels that say which declaration a pod was made from.
const TEMPLATES: [&str; 3] = ["pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"];

impl Converter {
    /// A pod.
    pub(crate) fn pod(&mut self, object: Pod) -> Row {
        let meta = object.metadata.unwrap_or_default();
        let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
        let owner = meta.owner_references.iter().find(|o| o.controller).or_else(|| meta.owner_references.first());
        let workload = owner.and_then(|o| self.owning(o, &meta));
        let gone = self.loose(&meta.uid, workload.is_none());
        let mut instance = self.instance(&meta, &spec, &status);
        let mut facts = Vec::with_capacity(1);
        if workload.is_none() {
            let bare = self.bare(&meta, &spec, &instance);
            instance.workload = Some((WorkloadKind::Pod, bare.name.clone()));
            facts.push(Fact::Workload(Box::new(bare)));
        } else {
            instance.number = stateful_number(&meta, workload.as_ref());
            instance.workload = workload;
        }
        facts.push(Fact::Instance(Box::new(instance)));
        Row { version: meta.resource_version, facts, gone: gone.into_iter().collect() }
    }

    /// The Workload of an owner. A ReplicaSet with a template hash in its name was made by a Deployment or a Rollout,
    /// whose name stands before the hash.
    fn owning(&mut self, owner: &OwnerReference, meta: &PodMeta) -> Option<(WorkloadKind, Text)> {
        let kind = workload_kind(&owner.kind)?;
        if kind == WorkloadKind::ReplicaSet {
            let makers = [(TEMPLATES[1], WorkloadKind::Rollout), (TEMPLATES[0], WorkloadKind::Deployment)];
            for (label, maker) in makers {
                let hash = meta.labels.get(label).map(String::as_str).unwrap_or_default();
                let maker_name = owner.name.strip_suffix(hash).and_then(|name| name.strip_suffix('-'));
                if let (false, Some(name)) = (hash.is_empty(), maker_name) {
                    return Some((maker, self.words.name(name)));
                }
            }
        }
        Some((kind, self.words.name(&owner.name)))
    }

    fn instance(&mut self, meta: &PodMeta, spec: &PodSpec, status: &PodStatus) -> Instance {
        let ready = status.conditions.iter().find(|c| c.kind == "Ready");
        let phase = phase(meta, status);
        let statuses = || status.init_container_statuses.iter().chain(&status.container_statuses);
        let template = TEMPLATES.iter().find_map(|label| meta.labels.get(*label));
        let containers = if spec.containers.len() > 1 { &spec.containers[..] } else { &[] };
        Instance {
            key: self.key(Kind::Instance, &meta.uid, &meta.namespace, &meta.name),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            workload: None,
            phase,
            ready: ready.map(|c| c.status == "True").or((phase == Phase::Pending).then_some(false)),
            check: check(spec, status, phase, ready),
            check_output: ready.filter(|c| c.status == "False").and_then(|c| said(&c.message)),
            waiting: waiting(status).map(Box::new),
            unschedulable: unschedulable(status),
            restarts: statuses().map(|s| count(s.restart_count)).sum(),
            last_exit: last_exit(status).map(Box::new),
            created_at: moment(meta.creation_timestamp),
            started_at: started(status),
            node: (!spec.node_name.is_empty()).then(|| self.words.name(&spec.node_name)),
            images: spec.containers.iter().map(|c| self.running_image(c, status)).collect(),
            containers: containers.iter().map(|c| self.words.name(&c.name)).collect(),
            cpu_limit_millicores: limit(spec, "cpu").and_then(|all| all.map(millicores).sum()),
            memory_limit_bytes: limit(spec, "memory").and_then(|all| all.map(bytes).sum()),
            number: None,
            template: template.map(|t| self.words.name(t)),
        }
    }

    /// The declared reference with the digest that the kubelet says it runs.
    fn running_image(&mut self, container: &Container, status: &PodStatus) -> Image {
        let mut image = self.words.image(&container.image);
        let running = status.container_statuses.iter().find(|s| s.name == container.name).map(|s| s.image_id.as_str());
        if let Some(id) = running.filter(|id| !id.is_empty()) {
            match id.rsplit_once('@') {
                Some((_, digest)) if digest.starts_with("sha256:") => image.digest = Some(self.words.name(digest)),
                None if id.starts_with("sha256:") => image.id = Some(self.words.name(id)),
                _ => {}
            }
        }
        image
    }

    /// The Workload that a pod without a known controller is by itself.
    fn bare(&mut self, meta: &PodMeta, spec: &PodSpec, instance: &Instance) -> Workload {
        let whole = Meta {
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            creation_timestamp: meta.creation_timestamp,
            labels: meta.labels.clone(),
            owner_references: meta.owner_references.clone(),
            ..Meta::default()
        };
        let mut w = self.base(WorkloadKind::Pod, &whole, Some(spec));
        let forever = spec.restart_policy.is_empty() || spec.restart_policy == "Always";
        w.job = match instance.phase {
            Phase::Succeeded => Some(JobState::Succeeded { at: instance.last_exit.as_ref().and_then(|e| e.at) }),
            Phase::Failed if !forever => {
                let exit = instance.last_exit.as_ref();
                let message = exit.and_then(|e| e.reason.clone()).unwrap_or_else(|| Text::line("it failed"));
                Some(JobState::Failed { message, at: exit.and_then(|e| e.at) })
            }
            _ => None,
        };
        w.desired = Some(u32::from(w.job.is_none()));
        w.ready = instance.ready.map(u32::from);
        w
    }
}

fn phase(meta: &PodMeta, status: &PodStatus) -> Phase {
    match status.phase.as_str() {
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ if meta.deletion_timestamp.is_some() => Phase::Stopping,
        "Pending" => Phase::Pending,
        "Running" if status.container_statuses.iter().any(backs_off) => Phase::Restarting,
        "Running" => Phase::Running,
        _ => Phase::Unknown,
    }
}

fn backs_off(status: &ContainerStatus) -> bool {
    let waiting = status.state.as_ref().and_then(|s| s.waiting.as_ref());
    waiting.is_some_and(|w| w.reason == "CrashLoopBackOff")
}

fn check(spec: &PodSpec, status: &PodStatus, phase: Phase, ready: Option<&PodCondition>) -> CheckState {
    if !spec.probed() {
        return CheckState::Absent;
    }
    match ready {
        Some(c) if c.status == "True" => CheckState::Passing,
        _ if phase == Phase::Pending => CheckState::Starting,
        None => CheckState::Unknown,
        Some(c) if c.status == "Unknown" => CheckState::Unknown,
        Some(_) if status.container_statuses.iter().any(|s| s.started == Some(false) && !backs_off(s)) => {
            CheckState::Starting
        }
        Some(_) => CheckState::Failing,
    }
}

/// Why it waits: a container in trouble before one that is merely on its way, init containers first.
fn waiting(status: &PodStatus) -> Option<Waiting> {
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let waiting: Vec<_> = all.filter_map(|s| s.state.as_ref()?.waiting.as_ref()).collect();
    let on_its_way = |reason: &str| matches!(reason, "PodInitializing" | "ContainerCreating" | "");
    let worst = waiting.iter().find(|w| !on_its_way(&w.reason)).or_else(|| waiting.first())?;
    Some(Waiting { reason: Text::name(&worst.reason), message: Text::bytes(&worst.message) })
}

fn unschedulable(status: &PodStatus) -> Option<Text> {
    let condition = status.conditions.iter().find(|c| c.kind == "PodScheduled" && c.status == "False")?;
    Some(said(&condition.message).unwrap_or_else(|| Text::line(&condition.reason)))
}

/// The newest end of any container; one for lack of memory goes first, since it explains the others.
fn last_exit(status: &PodStatus) -> Option<Exit> {
    let all = status.init_container_statuses.iter().chain(&status.container_statuses);
    let ends = all.flat_map(|s| [&s.state, &s.last_state]).filter_map(|s| s.as_ref()?.terminated.as_ref());
    let rank = |t: &&Terminated| (t.reason == "OOMKilled", moment(t.finished_at));
    let end =
        ends.filter(|t| t.reason != "Completed" || t.exit_code != 0 || status.phase == "Succeeded").max_by_key(rank)?;
    Some(Exit {
        code: Some(end.exit_code),
        reason: (!end.reason.is_empty()).then(|| Text::name(&end.reason)),
        out_of_memory: end.reason == "OOMKilled",
        at: moment(end.finished_at),
    })
}

fn started(status: &PodStatus) -> Option<crate::model::Timestamp> {
    let running = status.container_statuses.iter().filter_map(|s| s.state.as_ref()?.running);
    running.filter_map(|r| moment(r.started_at)).max().or_else(|| moment(status.start_time))
}

/// The limits of all containers; `None` where one has none, for then the pod has none.
fn limit<'a>(spec: &'a PodSpec, of: &'a str) -> Option<impl Iterator<Item = &'a str>> {
    let get = move |c: &'a Container| Some(c.resources.as_ref()?.limits.get(of)?.text.as_str());
    let all: Option<Vec<&str>> = spec.containers.iter().map(get).collect();
    all.filter(|all| !all.is_empty()).map(Vec::into_iter)
}

fn stateful_number(meta: &PodMeta, workload: Option<&(WorkloadKind, Text)>) -> Option<u32> {
    let (WorkloadKind::StatefulSet, set) = workload? else { return None };
    meta.name.strip_prefix(set.raw())?.strip_prefix('-')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Key, SourceName};

    fn read(converter: &mut Converter, value: Value) -> Row {
        converter.pod(serde_json::from_value(value).unwrap())
    }

    fn instance(value: Value) -> Instance {
        let row = read(&mut Converter::new(&SourceName::new("k")), value);
        let found = row.facts.into_iter().find_map(|f| if let Fact::Instance(i) = f { Some(*i) } else { None });
        found.unwrap()
    }

    fn owned(kind: &str, owner: &str, labels: &Value) -> Option<(WorkloadKind, String)> {
        let meta = json!({ "name": "p-0", "uid": "u", "labels": labels, "ownerReferences": [{ "kind": kind, "name": owner, "controller": true }] });
        instance(json!({ "metadata": meta })).workload.map(|(k, n)| (k, n.raw().to_owned()))
    }

    #[test]
    fn the_owner_is_told_from_reference_and_template_hash() {
        let hash = json!({ "pod-template-hash": "7d4b" });
        assert_eq!(owned("ReplicaSet", "web-7d4b", &hash), Some((WorkloadKind::Deployment, "web".into())));
        let rollout = json!({ "rollouts-pod-template-hash": "7d4b" });
        assert_eq!(owned("ReplicaSet", "web-7d4b", &rollout), Some((WorkloadKind::Rollout, "web".into())));
        assert_eq!(owned("ReplicaSet", "web", &json!({})), Some((WorkloadKind::ReplicaSet, "web".into())));
        assert_eq!(owned("StatefulSet", "p", &json!({})), Some((WorkloadKind::StatefulSet, "p".into())));
        // A controller that is not watched: the pod stands for itself.
        assert_eq!(owned("CloneSet", "web", &json!({})), Some((WorkloadKind::Pod, "p-0".into())));
    }

    #[test]
    fn a_pod_that_is_adopted_is_no_workload_any_more() {
        let mut converter = Converter::new(&SourceName::new("k"));
        let bare = read(&mut converter, json!({ "metadata": { "name": "p", "uid": "u" } }));
        assert_eq!(bare.facts.len(), 2);
        let owner = json!([{ "kind": "DaemonSet", "name": "d", "controller": true }]);
        let row = read(&mut converter, json!({ "metadata": { "name": "p", "uid": "u", "ownerReferences": owner } }));
        assert_eq!((row.facts.len(), row.gone), (1, vec![Key::new(&SourceName::new("k"), Kind::Workload, "u")]));
    }

    #[test]
    fn phases_and_checks_are_told_apart() {
        let pod = |status: Value, deleted: bool| {
            let meta = if deleted { json!({ "deletionTimestamp": "2026-01-01T00:00:00Z" }) } else { json!({}) };
            let i = instance(
                json!({ "metadata": meta, "status": status, "spec": { "containers": [{ "name": "a", "readinessProbe": {} }] } }),
            );
            (i.phase, i.check)
        };
        let ready = |status: &str| json!([{ "type": "Ready", "status": status }]);
        let running = |conditions: Value| json!({ "phase": "Running", "conditions": conditions });
        assert_eq!(pod(running(ready("True")), false), (Phase::Running, CheckState::Passing));
        assert_eq!(pod(running(ready("False")), false), (Phase::Running, CheckState::Failing));
        assert_eq!(pod(running(ready("Unknown")), false), (Phase::Running, CheckState::Unknown));
        assert_eq!(pod(running(ready("True")), true), (Phase::Stopping, CheckState::Passing));
        assert_eq!(pod(json!({ "phase": "Pending" }), false), (Phase::Pending, CheckState::Starting));
        assert_eq!(pod(json!({}), false), (Phase::Unknown, CheckState::Unknown));
        let starting =
            json!({ "phase": "Running", "conditions": ready("False"), "containerStatuses": [{ "started": false }] });
        assert_eq!(pod(starting, false), (Phase::Running, CheckState::Starting));
    }

    #[test]
    fn a_limit_counts_only_where_every_container_has_one() {
        let with = |limits: Value| {
            json!({ "spec": { "containers": [{ "name": "a", "resources": { "limits": { "cpu": "1" } } },
                                                                     { "name": "b", "resources": { "limits": limits } }] } })
        };
        assert_eq!(instance(with(json!({ "cpu": 2 }))).cpu_limit_millicores, Some(3000));
        assert_eq!(instance(with(json!({ "memory": "1Gi" }))).cpu_limit_millicores, None);
    }
}
