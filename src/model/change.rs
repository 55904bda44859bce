//! What changed, when, and in which Service: the lines of the Timeline.

use serde::{Deserialize, Serialize};

use super::{Address, SourceName, Text, Timestamp};

/// What kind of change the watch saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A Service or Workload appeared or went.
    Presence,
    /// The wanted number changed.
    Scale,
    /// Another image is declared or runs.
    Release,
    /// Instances restarted or were replaced.
    Restart,
    /// Health went from one state to another.
    Health,
    /// A Source's state changed.
    Source,
}

impl ChangeKind {
    /// The word on the Timeline.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Scale => "scale",
            Self::Release => "release",
            Self::Restart => "restart",
            Self::Health => "health",
            Self::Source => "source",
        }
    }
}

/// One line of the Timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub kind: ChangeKind,
    pub source: Option<SourceName>,
    pub service: Option<Address>,
    /// Before and after in words: `replicas 1 → 3`, `image 1.8.1 → 1.8.2`.
    pub text: Text,
    /// Whether it made things worse (for its mark on the screen).
    pub bad: bool,
}
