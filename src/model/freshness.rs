//! How far a Source's facts can be trusted now.

use serde::{Deserialize, Serialize};

use super::{Quantity, Table, Text, Timestamp};

/// The state of a Source (DESIGN section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    Fresh,
    /// Some kinds or scopes are denied or failing, named in the detail; the rest is fresh.
    Partial,
    /// It answered before and has been silent since.
    Stale,
    Denied,
    Unreachable,
    #[default]
    Connecting,
    /// Known, not connected until somebody asks (the other contexts of a kubeconfig).
    Idle,
}

impl Freshness {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::Connecting => "connecting",
            Self::Idle => "idle",
        }
    }

    /// Whether facts of such a Source may be counted on now.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Fresh | Self::Partial)
    }
}

/// A permission that is missing, in the platform's own terms, so that somebody can grant it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Denial {
    /// `list`, `watch`, `get`.
    pub verb: Text,
    /// `pods`, `deployments.apps`.
    pub resource: Text,
    /// The namespace, or `None` for the whole cluster.
    pub scope: Option<Text>,
}

/// A part of a Source that was read before and cannot be read now: what is known of it stays, and is as old as that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lapse {
    pub table: Table,
    /// What that is in the platform's own words: `pods`, `RDS`.
    pub what: Text,
    /// When it was last known to be true.
    pub since: Timestamp,
    /// Why it cannot be read.
    pub why: Text,
}

impl Lapse {
    /// `pods in shop-prod`.
    #[must_use]
    pub fn subject(&self) -> Text {
        match &self.table.scope {
            Some(scope) => Text::line(&format!("{} in {}", self.what.raw(), scope.raw())),
            None => self.what.clone(),
        }
    }
}

/// What a Source says about itself. The Fleet adds since when, and turns silence into `stale`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStatus {
    pub state: Freshness,
    /// What is wrong and what would help, in words; empty when all is well.
    pub detail: Option<Text>,
    pub version: Option<Text>,
    /// Missing grants; with `state` partial or denied.
    pub denials: Vec<Denial>,
    /// What of it is old; with `state` partial.
    #[serde(default)]
    pub lapses: Vec<Lapse>,
    /// Requests sent since the start.
    pub calls: u64,
    /// How long the last request took, in milliseconds.
    pub latency_ms: Option<u32>,
    /// When it last answered.
    pub answered_at: Option<Timestamp>,
    /// What asking it costs in US dollars a day as long as it is asked as it is now, by list prices; `None`: nothing, or not
    /// known.
    #[serde(default)]
    pub cost_usd_per_day: Option<Quantity>,
}
