//! Log lines: what is asked for, and what comes.

use serde::{Deserialize, Serialize};

use super::{Key, Text, Timestamp};

/// Which logs are wanted of one Instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogAsk {
    pub instance: Key,
    /// Scope, name and containers as the platform needs them to find the Instance.
    pub scope: Text,
    pub name: Text,
    /// One container of several, or all where empty.
    pub containers: Vec<Text>,
    pub follow: bool,
    /// The container before the last restart.
    pub previous: bool,
    /// Only lines since this moment.
    pub since: Option<Timestamp>,
    /// At most this many lines from before now.
    pub tail: Option<u32>,
}

/// Where a line came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Out,
    Err,
    /// Not told apart (a TTY, Kubernetes).
    Both,
    /// Our own words about the stream: ended, lost, denied.
    Note,
}

/// One line, cut to a bounded length, escape sequences made visible or dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub instance: Key,
    pub at: Option<Timestamp>,
    pub stream: Stream,
    /// The container, where the Instance has several.
    pub container: Option<Text>,
    pub text: Text,
}
