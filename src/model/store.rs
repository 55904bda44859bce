//! A managed thing that keeps state: Postgres, Redis, RDS.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{HealthState, Key, Text, Timestamp};

/// What kind of Store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    Postgres,
    Redis,
    Rds,
    Elasticache,
}

impl StoreKind {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Rds => "rds",
            Self::Elasticache => "elasticache",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A fact: a Store, as its server tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    pub key: Key,
    pub kind: StoreKind,
    /// The cluster or region; empty where there is none.
    pub scope: Text,
    pub name: Text,
    pub version: Option<Text>,
    /// How the server itself says it is, and why, worst first.
    pub health: HealthState,
    pub reasons: Vec<Text>,
    pub connections: Option<u64>,
    pub connections_max: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
    /// Keys thrown out for want of memory since the server started.
    pub evicted: Option<u64>,
    pub storage_free_bytes: Option<u64>,
    /// `primary`, `replica of …`, with how far behind it is.
    pub replication: Option<Text>,
    pub last_backup_at: Option<Timestamp>,
    pub restorable_at: Option<Timestamp>,
}
