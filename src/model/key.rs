//! Identity: which Source says it, what kind of thing it is, and the identifier the platform gave it. Never a name alone.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Text;

/// A Source's name as shown and typed: `docker:local`, `kubernetes:eks-prod`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceName(pub Text);

impl SourceName {
    /// From configuration or discovery; cleaned like every name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Text::name(name))
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of thing a fact speaks of. One kind of fact may cover several platform kinds (a Workload is a Deployment
/// or a Compose service); the platform's word stands in the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Scope,
    Workload,
    Instance,
    Revision,
    Autoscaler,
    Route,
    Budget,
    Node,
    Event,
    Queue,
    Alarm,
    Check,
    Store,
    Reading,
}

/// The identity of a fact. `uid` is the platform's own (container id, object uid), or `scope/name` where it has none
/// (a Compose service).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub source: SourceName,
    pub kind: Kind,
    pub uid: Arc<str>,
}

impl Key {
    /// The key of the thing that `source` calls `uid`.
    #[must_use]
    pub fn new(source: &SourceName, kind: Kind, uid: &str) -> Self {
        Self { source: source.clone(), kind, uid: Arc::from(uid) }
    }
}
