//! What a Prometheus is asked of each Service, where the configuration says it.

use serde::{Deserialize, Serialize};

/// One PromQL expression for each number of a [`super::Reading`]: an instant vector whose labels name the Service. `None`: the
/// built-in queries for the usual exporters; an empty one: it is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queries {
    /// The share of requests that failed, from 0 to 1.
    pub error_ratio: Option<String>,
    /// 95 of 100 requests are answered within so many seconds.
    pub p95_seconds: Option<String>,
    /// Cores in use.
    pub cpu_cores: Option<String>,
    /// Bytes in use: what counts against the memory limit.
    pub memory_bytes: Option<String>,
}
