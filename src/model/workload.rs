//! A Service's form on a platform: Compose service, Deployment, StatefulSet, DaemonSet, CronJob, Job, ECS service.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Image, Key, Labels, Text, Timestamp};

/// Where a Workload runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Compose,
    Kubernetes,
    Ecs,
}

impl Platform {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Kubernetes => "kubernetes",
            Self::Ecs => "ecs",
        }
    }
}

/// The platform's own word for the Workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkloadKind {
    ComposeService,
    /// A container that no Compose project owns.
    Container,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    /// An Argo Rollout.
    Rollout,
    Job,
    CronJob,
    /// A pod that no controller owns.
    Pod,
    EcsService,
}

impl WorkloadKind {
    /// The platform's word, as its own tools write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ComposeService => "Compose service",
            Self::Container => "Container",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Rollout => "Rollout",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
            Self::EcsService => "ECS service",
        }
    }

    /// Whether it runs to an end: an exit with 0 is success, and nothing has to be ready all the time.
    #[must_use]
    pub fn is_job(self) -> bool {
        matches!(self, Self::Job | Self::CronJob)
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Who else decides about a Workload: an autoscaler, a GitOps controller, a package manager.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// `HorizontalPodAutoscaler`, `ScaledObject`, `Argo CD`, `Flux`, `Helm`, or the kind of the owning object.
    pub kind: Text,
    pub name: Text,
}

/// How far a rollout is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// Nothing under way.
    #[default]
    Steady,
    Progressing,
    Paused,
    /// The platform gave up waiting (`ProgressDeadlineExceeded`, circuit breaker).
    Stuck {
        message: Text,
        since: Option<Timestamp>,
    },
}

/// The state of something that runs to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Never run so far, or waiting for its next time.
    Waiting,
    Running,
    Succeeded {
        at: Option<Timestamp>,
    },
    Failed {
        message: Text,
        at: Option<Timestamp>,
    },
    Suspended,
}

/// One difference between what the project's files (or the owner) declare and what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// What differs: `image`, `replicas`, `configuration`.
    pub what: Text,
    pub declared: Text,
    pub running: Text,
}

/// A fact: what a platform says of one Workload. Numbers are `None` where the platform did not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    pub key: Key,
    pub platform: Platform,
    pub kind: WorkloadKind,
    /// Namespace, Compose project or ECS cluster.
    pub scope: Text,
    pub name: Text,
    pub labels: Labels,
    /// A Workload that made this one (the CronJob of a Job): then it is no Service of its own.
    pub parent: Option<(WorkloadKind, Text)>,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    /// Instances of the newest template.
    pub updated: Option<u32>,
    pub available: Option<u32>,
    /// Whether the controller has seen the newest declaration (`observedGeneration`); true where there is no such thing.
    pub observed: bool,
    pub rollout: Rollout,
    pub job: Option<JobState>,
    /// Whether something proves that an Instance serves (readiness probe, docker health check); `None`: not known yet.
    pub probed: Option<bool>,
    pub images: Vec<Image>,
    pub owners: Vec<Owner>,
    pub drift: Vec<Drift>,
    /// The declaration's revision in the platform's words (Deployment revision, task definition).
    pub revision: Option<Text>,
    pub created_at: Option<Timestamp>,
    /// When its declaration or its rollout last changed, by the platform's own account.
    pub changed_at: Option<Timestamp>,
}
