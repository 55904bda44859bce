//! A measurement of one Instance: news that coalesces, since only the newest matters.

use serde::{Deserialize, Serialize};

use super::{Key, Timestamp};

/// CPU and memory of an Instance at a moment; `None` where it was not told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub instance: Key,
    pub at: Timestamp,
    /// Cores in use, averaged since the sample before.
    pub cpu_cores: Option<f64>,
    /// Working set: what counts against the memory limit.
    pub memory_bytes: Option<u64>,
}
