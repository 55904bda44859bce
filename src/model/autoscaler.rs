//! Who scales a Workload by itself, and between which limits.

use serde::{Deserialize, Serialize};

use super::{Key, Text, Timestamp, WorkloadKind};

/// A fact: an HPA or a KEDA ScaledObject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autoscaler {
    pub key: Key,
    /// `HorizontalPodAutoscaler`, `ScaledObject`.
    pub kind: Text,
    pub scope: Text,
    pub name: Text,
    pub target: (WorkloadKind, Text),
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub current: Option<u32>,
    pub wanted: Option<u32>,
    /// What it goes by, in words: `cpu 70 %`, `rabbitmq crawl-jobs > 500`.
    pub triggers: Vec<Text>,
    pub paused: bool,
    pub last_scaled_at: Option<Timestamp>,
    /// Why it does not work, where it says so (`FailedGetResourceMetric`).
    pub problem: Option<Text>,
}
