//! What is kept of Alertmanager's answers (API v2); fields that may be missing in some version have a default.

use serde::Deserialize;

use crate::sources::alerts::Pairs;

/// `/api/v2/status`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) version_info: VersionInfo,
    /// When it started.
    #[serde(default)]
    pub(super) uptime: String,
    #[serde(default)]
    pub(super) cluster: Cluster,
}

#[derive(Debug, Deserialize)]
pub(super) struct VersionInfo {
    pub(super) version: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Cluster {
    /// `ready`, `settling` or `disabled`.
    #[serde(default)]
    pub(super) status: String,
}

/// One of `/api/v2/alerts`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) fingerprint: String,
    pub(super) labels: Pairs,
    #[serde(default)]
    pub(super) annotations: Pairs,
    pub(super) starts_at: String,
    #[serde(default)]
    pub(super) ends_at: String,
    #[serde(rename = "generatorURL", default)]
    pub(super) generator_url: String,
    pub(super) status: AlertStatus,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlertStatus {
    /// `active`, `suppressed` or `unprocessed`.
    pub(super) state: String,
    #[serde(default)]
    pub(super) silenced_by: Vec<String>,
    #[serde(default)]
    pub(super) inhibited_by: Vec<String>,
    /// Time intervals, from 0.28 on.
    #[serde(default)]
    pub(super) muted_by: Vec<String>,
}

/// One of `/api/v2/silences`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    pub(super) id: String,
    #[serde(default)]
    pub(super) created_by: String,
    #[serde(default)]
    pub(super) comment: String,
    #[serde(default)]
    pub(super) ends_at: String,
}
