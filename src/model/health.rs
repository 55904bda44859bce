//! Health of a Service or an Environment, with the reasons in words, worst first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// The states of DESIGN section 4, ordered from best to worst for a roll-up: an Environment is as its worst Service,
/// with `down` > `degraded` > `unknown`; `unchecked` and `idle` do not make it unhealthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Scaled to zero on purpose, or a job that finished.
    Idle,
    Healthy,
    /// The platform is content, but nothing proves that it serves; never shown green.
    Unchecked,
    #[default]
    Unknown,
    Degraded,
    Down,
}

impl HealthState {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Healthy => "healthy",
            Self::Unchecked => "unchecked",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// The words people read: `unchecked` is *not checked*.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Unchecked => "not checked",
            other => other.word(),
        }
    }

    /// Whether somebody should look: degraded or down.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Degraded | Self::Down)
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown())
    }
}

/// One reason in words, and the rule of `fleet::diagnose` (or the roll-up) that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's name, as `why` prints it: `crash loop`, `image pull failure`.
    pub rule: Text,
    pub text: Text,
}

/// Health with its reasons, worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub state: HealthState,
    pub reasons: Vec<Reason>,
}
