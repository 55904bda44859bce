//! A health check that we run ourselves: what is asked, and what came of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Key, Text, Timestamp};

/// What kind of question a Check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    Http,
    Tcp,
    Tls,
    Dns,
    Postgres,
    Redis,
}

impl CheckKind {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }
}

impl fmt::Display for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What came of a Check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passing,
    /// It has not been run so far.
    NotChecked,
    /// It could not be run from here: that says nothing about the target.
    #[default]
    Unknown,
    Failing,
}

impl Outcome {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::NotChecked => "not_checked",
            Self::Unknown => "unknown",
            Self::Failing => "failing",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A fact: a Check of a Service, with what came of it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub key: Key,
    pub kind: CheckKind,
    /// The Service that it speaks of, as an address (from config or from what it was found by).
    pub service: Text,
    /// `https://api.example.com/health`, `db:5432`: without credentials.
    pub target: Text,
    /// What it was found by: `config`, `Traefik rule`, `published port`, `Ingress`, `target group`.
    pub found_by: Text,
    pub outcome: Outcome,
    /// Since when its outcome is what it is, as far as this console has seen.
    pub since: Option<Timestamp>,
    pub latency_ms: Option<u32>,
    /// What was seen: `200 in 38 ms`, `connection refused`, `certificate ended 3 days ago`.
    pub message: Text,
    pub checked_at: Option<Timestamp>,
    pub certificate_expires_at: Option<Timestamp>,
    /// Connections in use and their maximum, where the target tells (Postgres).
    pub connections: Option<(u32, u32)>,
}
