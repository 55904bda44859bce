//! The logical thing people speak of, `api`: one per Environment, made of one or more Workloads.

use serde::{Deserialize, Serialize};

use super::{Address, Health, Image, Key, Tier, Timestamp};

/// What the Fleet concludes about a Service from its Workloads and Instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    pub address: Address,
    pub tier: Tier,
    pub health: Health,
    /// Since when its health state is what it is, as far as this console has seen.
    pub health_since: Option<Timestamp>,
    /// `None` where no Workload tells a number (then it is unknown, not zero).
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    /// Distinct images that run, newest declaration first.
    pub images: Vec<Image>,
    /// Its Workloads, in the order of their platforms and names.
    pub workloads: Vec<Key>,
    /// Its Instances, in a stable order (number, then name).
    pub instances: Vec<Key>,
    /// Restarts of all Instances together.
    pub restarts: u32,
    /// What its platform measures; where that tells nothing, what metrics servers do.
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
    /// The share of its requests that failed of late, from 0 to 1, as metrics servers that answer read it.
    pub error_ratio: Option<f64>,
    /// 95 of 100 requests were answered within so many seconds, as they read it.
    pub p95_seconds: Option<f64>,
    pub last_change_at: Option<Timestamp>,
    /// True when a Source that it needs is not live: then it is drawn dim, with the age of its facts.
    pub stale_since: Option<Timestamp>,
}
