//! What is kept of the answers of Prometheus' HTTP API (v1); fields that may be missing in some version, or in another
//! server that speaks it, have a default.

use serde::Deserialize;
use serde_json::Value;

use crate::sources::alerts::Pairs;

/// Every answer: the data, or what went wrong.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<T> {
    pub(super) status: String,
    pub(super) data: Option<T>,
    #[serde(default)]
    pub(super) error: String,
    /// Thanos and newer servers say here that a part is missing.
    #[serde(default)]
    pub(super) warnings: Vec<String>,
}

/// `/api/v1/rules`
#[derive(Debug, Deserialize)]
pub(super) struct Rules {
    #[serde(default)]
    pub(super) groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(default)]
    pub(super) file: String,
    /// Seconds between two evaluations.
    #[serde(default)]
    pub(super) interval: f64,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    /// `alerting` or `recording`.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) query: String,
    /// Seconds that its condition must hold before it fires.
    #[serde(default)]
    pub(super) duration: f64,
    #[serde(default)]
    pub(super) labels: Pairs,
    #[serde(default)]
    pub(super) annotations: Pairs,
    #[serde(default)]
    pub(super) alerts: Vec<Alert>,
    /// `ok`, `err`, or `unknown` before its first evaluation.
    #[serde(default)]
    pub(super) health: String,
    #[serde(default)]
    pub(super) last_error: String,
    #[serde(default)]
    pub(super) last_evaluation: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(default)]
    pub(super) labels: Pairs,
    #[serde(default)]
    pub(super) annotations: Pairs,
    /// `pending` or `firing`.
    pub(super) state: String,
    #[serde(default)]
    pub(super) active_at: String,
    /// A number, written: `6.1e+00`, `NaN`.
    #[serde(default)]
    pub(super) value: String,
}

/// `/api/v1/status/buildinfo`
#[derive(Debug, Default, Deserialize)]
pub(super) struct BuildInfo {
    #[serde(default)]
    pub(super) version: String,
    /// Of servers that are not Prometheus itself: `Grafana Mimir`.
    #[serde(default)]
    pub(super) application: String,
}

/// `/api/v1/status/config`
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub(super) yaml: String,
}

/// `/api/v1/rules`, as it stands.
#[derive(Debug, Deserialize)]
pub(super) struct Groups {
    pub(super) groups: Vec<Value>,
}

/// `/api/v1/query`
#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Answer {
    Vector(Vec<Series>),
    Scalar(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
    Matrix(Vec<Range>),
}

/// One series of a range query.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    #[serde(default)]
    pub(super) metric: Pairs,
    /// Moments in Unix seconds, and the numbers as they are written; absent where they are histograms.
    #[serde(default)]
    pub(super) values: Vec<(f64, String)>,
}

/// One number of an instant vector.
#[derive(Debug, Deserialize)]
pub(super) struct Series {
    #[serde(default)]
    pub(super) metric: Pairs,
    /// Its moment, and the number as it is written; absent where it is a histogram.
    pub(super) value: Option<(f64, String)>,
}
