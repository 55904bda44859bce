//! Objects of CRDs, which the API serves as JSON only: Argo Rollouts and KEDA ScaledObjects.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::meta::Meta;
use super::scaling::AutoscalerCondition;
use super::template::Template;

/// `argoproj.io/v1alpha1` Rollout.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Rollout {
    pub(crate) metadata: Option<Meta>,
    pub(crate) spec: RolloutSpec,
    pub(crate) status: RolloutStatus,
}

/// What a Rollout declares.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RolloutSpec {
    pub(crate) replicas: Option<i32>,
    pub(crate) template: Option<Template>,
    pub(crate) paused: bool,
}

/// What its controller says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RolloutStatus {
    /// `Healthy`, `Progressing`, `Paused`, `Degraded`.
    pub(crate) phase: String,
    pub(crate) message: String,
    pub(crate) ready_replicas: i32,
    pub(crate) updated_replicas: i32,
    pub(crate) available_replicas: i32,
    /// A generation as text (Rollouts write it so), or a hash in old versions.
    pub(crate) observed_generation: String,
}

/// `keda.sh/v1alpha1` ScaledObject.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ScaledObject {
    pub(crate) metadata: Option<Meta>,
    pub(crate) spec: ScaledSpec,
    pub(crate) status: ScaledStatus,
}

/// What it scales, and by what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ScaledSpec {
    pub(crate) scale_target_ref: ScaledTarget,
    pub(crate) min_replica_count: Option<i32>,
    pub(crate) max_replica_count: Option<i32>,
    pub(crate) triggers: Vec<Trigger>,
}

/// The Workload that it scales: a Deployment unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ScaledTarget {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// One thing it goes by.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Trigger {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) metadata: BTreeMap<String, serde_json::Value>,
}

/// What KEDA says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ScaledStatus {
    pub(crate) conditions: Vec<AutoscalerCondition>,
    pub(crate) last_active_time: Option<String>,
}
