//! Controllers to Workloads, and ReplicaSets that a controller owns to Revisions.

use crate::model::{Fact, JobState, Key, Kind, Platform, Revision, Rollout, Text, Workload, WorkloadKind};

use super::super::lean::Meta;
use super::super::lean::custom;
use super::super::lean::template::{PodSpec, Template};
use super::super::lean::workload::{
    CronJob, DaemonSet, Deployment, DeploymentCondition, DeploymentStatus, Job, ReplicaSet, StatefulSet,
};
use super::{Converter, Row, count, moment, said, spec_of, workload_kind};

impl Converter {
    /// A Workload with all that is told of every kind in the same way; numbers are not known yet.
    pub(super) fn base(&mut self, kind: WorkloadKind, meta: &Meta, spec: Option<&PodSpec>) -> Workload {
        let images = spec.map(|s| s.containers.iter().map(|c| self.words.image(&c.image)).collect());
        Workload {
            key: self.key_of(Kind::Workload, meta),
            platform: Platform::Kubernetes,
            kind,
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            labels: super::owners::labels(meta),
            parent: None,
            desired: None,
            ready: None,
            updated: None,
            available: None,
            observed: true,
            rollout: Rollout::Steady,
            job: None,
            probed: spec.map(PodSpec::probed),
            images: images.unwrap_or_default(),
            owners: super::owners::owners(meta),
            drift: Vec::new(),
            revision: None,
            created_at: meta.created(),
            changed_at: None,
        }
    }

    /// A Deployment.
    pub(crate) fn deployment(&mut self, object: &Deployment) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let mut w = self.base(WorkloadKind::Deployment, &meta, spec_of(spec.template.as_ref()));
        w.desired = Some(spec.replicas.map_or(1, count));
        w.revision = meta.annotations.get("deployment.kubernetes.io/revision").map(|r| Text::name(r));
        let status = object.status.clone().unwrap_or_default();
        w.observed = status.observed_generation >= meta.generation;
        if status.observed_generation > 0 {
            w.ready = Some(count(status.ready_replicas));
            w.updated = Some(count(status.updated_replicas));
            w.available = Some(count(status.available_replicas));
        }
        let progress = status.conditions.iter().find(|c| c.kind == "Progressing");
        w.changed_at = progress.and_then(|c| moment(c.last_update_time));
        w.rollout = rollout(&w, spec.paused, &status, progress);
        let door = self.ready_door(&w, spec_of(spec.template.as_ref()));
        row(meta, Fact::Workload(Box::new(w))).and(door)
    }

    /// A StatefulSet.
    pub(crate) fn stateful_set(&mut self, object: &StatefulSet) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let mut w = self.base(WorkloadKind::StatefulSet, &meta, spec_of(spec.template.as_ref()));
        w.desired = Some(spec.replicas.map_or(1, count));
        let status = object.status.clone().unwrap_or_default();
        w.observed = status.observed_generation >= meta.generation;
        if status.observed_generation > 0 {
            w.ready = Some(count(status.ready_replicas));
            // With nothing under way the controller counts no updated ones: then all are.
            let same = status.update_revision == status.current_revision;
            w.updated = Some(count(if same { status.replicas } else { status.updated_replicas }));
            w.available = Some(count(status.available_replicas));
            if !same {
                w.rollout = Rollout::Progressing;
            }
        }
        w.revision = (!status.update_revision.is_empty()).then(|| Text::name(&status.update_revision));
        let door = self.ready_door(&w, spec_of(spec.template.as_ref()));
        row(meta, Fact::Workload(Box::new(w))).and(door)
    }

    /// A DaemonSet: it wants one Instance on every node that fits.
    pub(crate) fn daemon_set(&mut self, object: &DaemonSet) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let mut w = self.base(WorkloadKind::DaemonSet, &meta, spec_of(spec.template.as_ref()));
        let status = object.status.unwrap_or_default();
        w.observed = status.observed_generation >= meta.generation;
        if status.observed_generation > 0 {
            w.desired = Some(count(status.desired_number_scheduled));
            w.ready = Some(count(status.number_ready));
            w.updated = Some(count(status.updated_number_scheduled));
            w.available = Some(count(status.number_available));
            if status.updated_number_scheduled < status.desired_number_scheduled {
                w.rollout = Rollout::Progressing;
            }
        }
        let door = self.ready_door(&w, spec_of(spec.template.as_ref()));
        row(meta, Fact::Workload(Box::new(w))).and(door)
    }

    /// A ReplicaSet: a Revision of what owns it, or a Workload of its own.
    pub(crate) fn replica_set(&mut self, object: &ReplicaSet) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let status = object.status.unwrap_or_default();
        let seen = status.observed_generation > 0;
        let owner = meta.owner().and_then(|o| Some((workload_kind(&o.kind)?, self.words.name(&o.name))));
        let gone = self.loose(&meta.uid, owner.is_none());
        let (desired, ready) = (Some(spec.replicas.map_or(1, count)), seen.then(|| count(status.ready_replicas)));
        let template = spec_of(spec.template.as_ref());
        let fact = if let Some(workload) = owner {
            Fact::Revision(Box::new(Revision { desired, ready, ..self.revision(&meta, template, workload) }))
        } else {
            Fact::Workload(Box::new(Workload {
                desired,
                ready,
                updated: seen.then(|| count(status.replicas)),
                available: seen.then(|| count(status.available_replicas)),
                observed: status.observed_generation >= meta.generation,
                ..self.base(WorkloadKind::ReplicaSet, &meta, template)
            }))
        };
        Row { gone: gone.into_iter().collect(), ..row(meta, fact) }
    }

    fn revision(&mut self, meta: &Meta, spec: Option<&PodSpec>, workload: (WorkloadKind, Text)) -> Revision {
        let note = |key: &str| meta.annotations.get(key);
        let number = note("deployment.kubernetes.io/revision").or_else(|| note("rollout.argoproj.io/revision"));
        Revision {
            key: self.key_of(Kind::Revision, meta),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            workload,
            number: number.and_then(|n| n.parse().ok()),
            images: spec.map(|s| s.containers.iter().map(|c| self.words.image(&c.image)).collect()).unwrap_or_default(),
            created_at: meta.created(),
            desired: None,
            ready: None,
            cause: note("kubernetes.io/change-cause").map(|c| Text::line(c)),
        }
    }

    /// A Job.
    pub(crate) fn job(&mut self, object: &Job) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let status = object.status.clone().unwrap_or_default();
        let mut w = self.base(WorkloadKind::Job, &meta, spec_of(spec.template.as_ref()));
        w.parent = meta.owner().and_then(|o| Some((workload_kind(&o.kind)?, self.words.name(&o.name))));
        let true_condition = |kind: &str| status.conditions.iter().find(|c| c.kind == kind && c.status == "True");
        w.job = Some(if let Some(failed) = true_condition("Failed") {
            let words = said(&failed.message).unwrap_or_else(|| Text::line(&failed.reason));
            JobState::Failed { message: words, at: moment(failed.last_transition_time) }
        } else if true_condition("Complete").is_some() {
            JobState::Succeeded { at: moment(status.completion_time) }
        } else if spec.suspend {
            JobState::Suspended
        } else if status.active > 0 {
            JobState::Running
        } else {
            JobState::Waiting
        });
        let ended = matches!(w.job, Some(JobState::Succeeded { .. } | JobState::Failed { .. } | JobState::Suspended));
        w.desired = Some(if ended { 0 } else { spec.parallelism.map_or(1, count) });
        w.ready = status.ready.map(count);
        w.changed_at = match &w.job {
            Some(JobState::Succeeded { at } | JobState::Failed { at, .. }) => *at,
            _ => None,
        };
        row(meta, Fact::Workload(Box::new(w)))
    }

    /// A CronJob.
    pub(crate) fn cron_job(&mut self, object: &CronJob) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let status = object.status.clone().unwrap_or_default();
        let job = spec.job_template.clone().and_then(|t| t.spec).unwrap_or_default();
        let mut w = self.base(WorkloadKind::CronJob, &meta, spec_of(job.template.as_ref()));
        let (last, good) = (moment(status.last_schedule_time), moment(status.last_successful_time));
        w.job = Some(if spec.suspend {
            JobState::Suspended
        } else if !status.active.is_empty() {
            JobState::Running
        } else if good.is_some() && good >= last {
            JobState::Succeeded { at: good }
        } else if last.is_some() {
            JobState::Failed { message: Text::line("its last run did not succeed"), at: last }
        } else {
            JobState::Waiting
        });
        w.changed_at = good.max(last);
        row(meta, Fact::Workload(Box::new(w)))
    }

    /// An Argo Rollout.
    pub(crate) fn argo_rollout(&mut self, object: &custom::Rollout) -> Row {
        let (meta, spec, status) = (object.metadata.clone().unwrap_or_default(), &object.spec, &object.status);
        let mut w =
            self.base(WorkloadKind::Rollout, &meta, spec.template.as_ref().and_then(|t: &Template| t.spec.as_ref()));
        w.desired = Some(spec.replicas.map_or(1, count));
        w.revision = meta.annotations.get("rollout.argoproj.io/revision").map(|r| Text::name(r));
        if !status.phase.is_empty() {
            w.ready = Some(count(status.ready_replicas));
            w.updated = Some(count(status.updated_replicas));
            w.available = Some(count(status.available_replicas));
        }
        // Old versions write a hash there, which proves nothing: then it counts as seen.
        w.observed =
            status.observed_generation.parse::<i64>().map_or(!status.phase.is_empty(), |g| g >= meta.generation);
        w.rollout = match status.phase.as_str() {
            "Degraded" => Rollout::Stuck { message: Text::line(&status.message), since: None },
            "Paused" => Rollout::Paused,
            _ if spec.paused => Rollout::Paused,
            "Progressing" => Rollout::Progressing,
            _ => Rollout::Steady,
        };
        row(meta, Fact::Workload(Box::new(w)))
    }
}

/// As `kubectl rollout status` judges it, but a rollout that ended stays ended when an Instance fails later.
fn rollout(w: &Workload, paused: bool, status: &DeploymentStatus, progress: Option<&DeploymentCondition>) -> Rollout {
    if let Some(stuck) = progress.filter(|c| c.reason == "ProgressDeadlineExceeded") {
        let message = said(&stuck.message).unwrap_or_else(|| Text::line(&stuck.reason));
        return Rollout::Stuck { message, since: moment(stuck.last_transition_time) };
    }
    if paused {
        return Rollout::Paused;
    }
    let ended = progress.is_some_and(|c| c.reason == "NewReplicaSetAvailable");
    let (desired, updated) = (w.desired.unwrap_or(0), count(status.updated_replicas));
    let under_way = updated < desired || count(status.replicas) > updated || count(status.available_replicas) < updated;
    if under_way && !(ended && updated >= desired && count(status.replicas) <= updated) {
        Rollout::Progressing
    } else {
        Rollout::Steady
    }
}

pub(super) fn row(meta: Meta, fact: Fact) -> Row {
    Row { version: meta.resource_version, facts: vec![fact], gone: Vec::<Key>::new() }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::SourceName;

    fn converter() -> Converter {
        Converter::new(&SourceName::new("k"))
    }

    fn lean<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn workload(row: Row) -> Workload {
        match row.facts.into_iter().next() {
            Some(Fact::Workload(w)) => *w,
            other => panic!("no Workload: {other:?}"),
        }
    }

    fn deployment(spec: Value, status: Value) -> Workload {
        let object = json!({ "metadata": { "name": "web", "namespace": "n", "uid": "u", "generation": 3 }, "spec": spec, "status": status });
        workload(converter().deployment(&lean(object)))
    }

    #[test]
    fn a_rollout_is_stuck_paused_under_way_or_steady() {
        let late = json!({ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out",
                           "lastTransitionTime": "2026-01-01T00:00:00Z" });
        let done = json!({ "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" });
        let status = |updated: i32, available: i32, condition: &Value| {
            json!({ "observedGeneration": 3, "replicas": 2, "updatedReplicas": updated, "readyReplicas": available,
                    "availableReplicas": available, "conditions": [condition] })
        };
        let two = || json!({ "replicas": 2 });
        let stuck = deployment(two(), status(1, 2, &late)).rollout;
        assert!(
            matches!(&stuck, Rollout::Stuck { message, since: Some(_) } if message.raw() == "timed out"),
            "{stuck:?}"
        );
        assert_eq!(deployment(json!({ "replicas": 2, "paused": true }), status(1, 2, &done)).rollout, Rollout::Paused);
        assert_eq!(deployment(two(), status(1, 2, &done)).rollout, Rollout::Progressing);
        assert_eq!(deployment(two(), status(2, 2, &done)).rollout, Rollout::Steady);
        // A pod that fails after the rollout ended makes no rollout of it.
        assert_eq!(deployment(two(), status(2, 1, &done)).rollout, Rollout::Steady);
    }

    #[test]
    fn numbers_that_nobody_told_are_unknown_and_defaults_are_the_apis() {
        let new = deployment(json!({}), json!({}));
        assert_eq!((new.desired, new.ready, new.updated, new.observed), (Some(1), None, None, false));
        let old = deployment(json!({ "replicas": 0 }), json!({ "observedGeneration": 2 }));
        assert_eq!((old.desired, old.ready, old.observed), (Some(0), Some(0), false));
    }

    #[test]
    fn a_replica_set_is_a_revision_or_a_workload_and_can_be_adopted() {
        let mut converter = converter();
        let meta = json!({ "name": "web-1", "uid": "u", "annotations": { "deployment.kubernetes.io/revision": "4" } });
        let bare = converter.replica_set(&lean(json!({ "metadata": meta })));
        assert_eq!(workload(bare).kind, WorkloadKind::ReplicaSet);
        let mut owned = meta;
        owned["ownerReferences"] = json!([{ "kind": "Deployment", "name": "web", "controller": true }]);
        let row = converter.replica_set(&lean(json!({ "metadata": owned })));
        assert!(matches!(&row.facts[0], Fact::Revision(r) if r.number == Some(4) && r.workload.1.raw() == "web"));
        assert_eq!(row.gone, [Key::new(&SourceName::new("k"), Kind::Workload, "u")]);
    }

    #[test]
    fn jobs_tell_how_they_ended() {
        let job = |spec: Value, status: Value| {
            workload(converter().job(&lean(json!({ "metadata": { "name": "j" }, "spec": spec, "status": status }))))
                .job
                .unwrap()
        };
        let failed =
            json!({ "conditions": [{ "type": "Failed", "status": "True", "reason": "BackoffLimitExceeded" }] });
        assert!(
            matches!(job(json!({}), failed), JobState::Failed { message, .. } if message.raw() == "BackoffLimitExceeded")
        );
        let done = json!({ "conditions": [{ "type": "Complete", "status": "True" }], "completionTime": "2026-01-01T00:00:00Z" });
        assert!(matches!(job(json!({}), done), JobState::Succeeded { at: Some(_) }));
        assert_eq!(job(json!({}), json!({ "active": 1 })), JobState::Running);
        assert_eq!(job(json!({ "suspend": true }), json!({})), JobState::Suspended);
        let cron = |status: Value| {
            workload(converter().cron_job(&lean(json!({ "metadata": {}, "status": status })))).job.unwrap()
        };
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        assert_eq!(cron(json!({})), JobState::Waiting);
        assert!(matches!(
            cron(json!({ "lastScheduleTime": early, "lastSuccessfulTime": late })),
            JobState::Succeeded { .. }
        ));
        assert!(matches!(
            cron(json!({ "lastScheduleTime": late, "lastSuccessfulTime": early })),
            JobState::Failed { .. }
        ));
        assert_eq!(cron(json!({ "active": [{ "name": "x" }], "lastScheduleTime": late })), JobState::Running);
    }

    #[test]
    fn an_argo_rollout_is_read_like_a_deployment() {
        let object = json!({ "metadata": { "name": "web", "generation": 2 }, "spec": { "replicas": 3 },
                             "status": { "phase": "Degraded", "message": "aborted", "readyReplicas": 2, "observedGeneration": "2" } });
        let w = workload(converter().argo_rollout(&lean(object)));
        assert_eq!((w.kind, w.desired, w.ready, w.observed), (WorkloadKind::Rollout, Some(3), Some(2), true));
        assert!(matches!(w.rollout, Rollout::Stuck { .. }));
    }
}
