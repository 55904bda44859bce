//! Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs (`k8s.io/api/apps/v1`, `k8s.io/api/batch/v1`).

use prost::Message;
use serde::Deserialize;

use super::event::ObjectReference;
use super::meta::{Condition, Meta, Time, prose};
use super::template::Template;

/// `DeploymentCondition`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentCondition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(bytes = "vec", tag = "5")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    pub(crate) last_update_time: Option<Time>,
    #[prost(message, optional, tag = "7")]
    pub(crate) last_transition_time: Option<Time>,
}

/// `DeploymentSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) template: Option<Template>,
    #[prost(bool, tag = "7")]
    pub(crate) paused: bool,
}

/// `DeploymentStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DeploymentStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "2")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "3")]
    pub(crate) updated_replicas: i32,
    #[prost(int32, tag = "4")]
    pub(crate) available_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) conditions: Vec<DeploymentCondition>,
    #[prost(int32, tag = "7")]
    pub(crate) ready_replicas: i32,
}

/// `Deployment`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Deployment {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<DeploymentSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<DeploymentStatus>,
}

/// `StatefulSetSpec` (and, by the same numbers, what is read of `ReplicaSetSpec`).
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SetSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) replicas: Option<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) template: Option<Template>,
}

/// `StatefulSetStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StatefulSetStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "2")]
    pub(crate) replicas: i32,
    #[prost(int32, tag = "3")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) updated_replicas: i32,
    #[prost(string, tag = "6")]
    pub(crate) current_revision: String,
    #[prost(string, tag = "7")]
    pub(crate) update_revision: String,
    #[prost(int32, tag = "11")]
    pub(crate) available_replicas: i32,
}

/// `StatefulSet`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct StatefulSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<SetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<StatefulSetStatus>,
}

/// `ReplicaSetStatus`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReplicaSetStatus {
    #[prost(int32, tag = "1")]
    pub(crate) replicas: i32,
    #[prost(int64, tag = "3")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "4")]
    pub(crate) ready_replicas: i32,
    #[prost(int32, tag = "5")]
    pub(crate) available_replicas: i32,
}

/// `ReplicaSet`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ReplicaSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<SetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ReplicaSetStatus>,
}

/// `DaemonSetSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct DaemonSetSpec {
    #[prost(message, optional, tag = "2")]
    pub(crate) template: Option<Template>,
}

/// `DaemonSetStatus`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DaemonSetStatus {
    #[prost(int32, tag = "3")]
    pub(crate) desired_number_scheduled: i32,
    #[prost(int32, tag = "4")]
    pub(crate) number_ready: i32,
    #[prost(int64, tag = "5")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "6")]
    pub(crate) updated_number_scheduled: i32,
    #[prost(int32, tag = "7")]
    pub(crate) number_available: i32,
}

/// `DaemonSet`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct DaemonSet {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<DaemonSetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<DaemonSetStatus>,
}

/// `JobSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct JobSpec {
    #[prost(int32, optional, tag = "1")]
    pub(crate) parallelism: Option<i32>,
    #[prost(message, optional, tag = "6")]
    pub(crate) template: Option<Template>,
    #[prost(bool, tag = "10")]
    pub(crate) suspend: bool,
}

/// `JobCondition`, whose transition stands at number 4 like everywhere.
pub(crate) type JobCondition = Condition;

/// `JobStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct JobStatus {
    #[prost(message, repeated, tag = "1")]
    pub(crate) conditions: Vec<JobCondition>,
    #[prost(message, optional, tag = "3")]
    pub(crate) completion_time: Option<Time>,
    #[prost(int32, tag = "4")]
    pub(crate) active: i32,
    #[prost(int32, optional, tag = "9")]
    pub(crate) ready: Option<i32>,
}

/// `Job`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Job {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<JobSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<JobStatus>,
}

/// `JobTemplateSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct JobTemplate {
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<JobSpec>,
}

/// `CronJobSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CronJobSpec {
    #[prost(bool, tag = "4")]
    pub(crate) suspend: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) job_template: Option<JobTemplate>,
}

/// `CronJobStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CronJobStatus {
    #[prost(message, repeated, tag = "1")]
    pub(crate) active: Vec<ObjectReference>,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_schedule_time: Option<Time>,
    #[prost(message, optional, tag = "5")]
    pub(crate) last_successful_time: Option<Time>,
}

/// `CronJob`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct CronJob {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<CronJobSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<CronJobStatus>,
}
