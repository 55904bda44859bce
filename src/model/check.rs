//! A health check that we run ourselves: what is asked, and what came of it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Key, Kind, SecretPlace, SourceName, Text, Timestamp};

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
    /// A health check that the platform itself runs; we only tell how it ended.
    Health,
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
            Self::Health => "health",
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

/// Where an HTTP Check goes when it is sent on. Whatever is chosen, five hops are the most and credentials stay with the
/// scheme, host and port that they were meant for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Redirects {
    /// As long as the host stays the same.
    #[default]
    SameHost,
    /// Nowhere: the first answer is judged.
    None,
    /// To other hosts too.
    Any,
}

/// What makes a Check pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// HTTP: `None`: any from 200 to 399.
    pub status: Option<u16>,
    /// The whole answer must be there within this time.
    pub within_ms: Option<u32>,
    /// HTTP: words that its first 64 KB must hold.
    pub body: Option<Text>,
    /// The certificate must be good for at least this long.
    pub valid_for_seconds: Option<u64>,
    pub redirects: Redirects,
}

/// A Check to be run: what is asked, of whom, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSpec {
    pub kind: CheckKind,
    /// `https://api.example.com/health`, `db:5432`, `postgres://watch@db/shop`: without a password.
    pub target: Text,
    /// The Service that it speaks of: an address, or a suffix of one.
    pub service: Text,
    /// As in [`Check::found_by`].
    pub found_by: Text,
    pub expect: Expectation,
    pub every_seconds: u32,
    /// How long one run may take.
    pub timeout_seconds: u32,
    pub user: Option<Text>,
    pub password: Option<SecretPlace>,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Knock at this host instead of where the target's name leads: the machine whose front door serves that name.
    pub via: Option<Text>,
    /// Why it is known and yet not run.
    pub held: Option<Text>,
    /// Each of these is asked, by the Source that they are known from, and only when somebody wants to know.
    #[serde(default)]
    pub pods: Option<PodDoor>,
}

/// What every Instance of a Workload answers at one port and path, on a network of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodDoor {
    pub source: SourceName,
    pub scope: Text,
    pub pods: Vec<Text>,
    pub port: u16,
    pub path: Text,
    pub tls: bool,
}

/// What stands in `found_by` of a Check that somebody wrote down.
const CONFIGURED: &str = "config";

impl CheckSpec {
    /// How often one is run that does not say otherwise, and how long it may take, in seconds.
    pub const EVERY_SECONDS: u32 = 30;
    pub const TIMEOUT_SECONDS: u32 = 5;

    /// One with every default.
    #[must_use]
    pub fn new(kind: CheckKind, target: Text, service: Text, found_by: &str) -> Self {
        Self {
            kind,
            target,
            service,
            found_by: Text::line(found_by),
            expect: Expectation::default(),
            every_seconds: Self::EVERY_SECONDS,
            timeout_seconds: Self::TIMEOUT_SECONDS,
            user: None,
            password: None,
            ca_file: None,
            via: None,
            held: None,
            pods: None,
        }
    }

    /// In `found_by` of a Check that asks what a readiness probe does.
    pub const OF_READINESS: &str = "readiness probe";

    /// In `found_by` of a Check that asks one Instance at its own address.
    pub const OF_INSTANCE: &str = "Instance";

    /// One that the configuration names.
    #[must_use]
    pub fn configured(kind: CheckKind, target: Text, service: Text) -> Self {
        Self::new(kind, target, service, CONFIGURED)
    }

    /// Whether somebody wrote it down; else it was found.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.found_by.raw() == CONFIGURED
    }

    /// Its identity as a fact of `source`: one Service's question of one target.
    #[must_use]
    pub fn key(&self, source: &SourceName) -> Key {
        let uid = format!("{} {} {}", self.kind, self.service.raw(), self.target.raw());
        Key::new(source, Kind::Check, &uid)
    }

    /// Whether it speaks of the Service with that whole address.
    #[must_use]
    pub fn concerns(&self, address: &str) -> bool {
        concerns(self.service.raw(), address)
    }
}

/// Whether `own` is a Service's whole address or a suffix of it, part by part.
fn concerns(own: &str, address: &str) -> bool {
    address == own || !own.is_empty() && address.strip_suffix(own).is_some_and(|before| before.ends_with('/'))
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
    /// What it was found by: `config`, `Traefik rule`, `published port`, `Ingress`, `target group`, `Instance`, `docker health
    /// check`.
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

impl Check {
    /// Whether it speaks of the Service with that whole address.
    #[must_use]
    pub fn concerns(&self, address: &str) -> bool {
        concerns(self.service.raw(), address)
    }
}
