//! What a metrics server reads of a thing that its labels name: how its requests fare, and what it uses.

use serde::{Deserialize, Serialize};

use super::{Key, Quantity, Text};

/// A fact: the newest reading. What the server has no number for is not known, which is never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub key: Key,
    /// Which thing it speaks of: `namespace`, `service`, `job`, … that [`crate::fleet`] ties it to a Service by, as it does
    /// with alarms.
    pub labels: Vec<(Text, Text)>,
    /// The share of its requests that failed of late, from 0 to 1.
    pub error_ratio: Option<Quantity>,
    /// 95 of 100 requests were answered within so many seconds.
    pub p95_seconds: Option<Quantity>,
    /// Cores in use.
    pub cpu_cores: Option<Quantity>,
    /// Working set: what counts against the memory limit.
    pub memory_bytes: Option<u64>,
}
