//! A Run: how one approved Plan is being carried out, and what became of it. It is what the journal says of it, no more.

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::model::{Contained, Key, Text, Timestamp};

/// One Plan on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The Plan's id.
    pub id: Text,
    pub plan: Plan,
    pub state: RunState,
    pub verdict: Option<Verdict>,
    /// Why the verdict is what it is, or what is waited for.
    pub message: Option<Text>,
    pub steps: Vec<RunStep>,
    /// Who approved it.
    pub actor: Text,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Planned,
    Running,
    Verifying,
    Done,
}

impl RunState {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Verifying => "verifying",
            Self::Done => "done",
        }
    }
}

/// What became of a Run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything came to what was promised, and held for the bake time.
    Kept,
    Failed,
    /// It failed, and what was there before is there again.
    RolledBack,
    /// Somebody else changed the same thing meanwhile.
    Overridden,
    /// The world had moved since the Plan: nothing was changed.
    Stale,
    /// The platform said no: nothing was changed.
    Refused,
    Aborted,
    /// Nobody can say: a reply was lost and reading back told nothing.
    Unknown,
}

impl Verdict {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
            Self::Overridden => "overridden",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
            Self::Unknown => "unknown",
        }
    }
}

/// One Step of a Run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStep {
    pub title: Text,
    pub state: StepState,
    /// What was about to be written, each before it was.
    pub writes: Vec<Text>,
    pub message: Option<Text>,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// How far a Step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Waiting,
    Begun,
    /// The platform took it.
    Taken,
    Refused,
    Failed,
    Stopped,
    Unknown,
    /// It was taken back.
    TakenBack,
}

impl StepState {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun => "begun",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
            Self::TakenBack => "taken_back",
        }
    }
}

/// What ran in a Workload at the end of a Run: of this the ledger is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub workload: Key,
    pub containers: Vec<Contained>,
}

/// The end of a Run, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub verdict: Verdict,
    pub message: Text,
    /// What runs now, where that could be read.
    pub left: Vec<Left>,
    /// Whether anything proved that it serves: a Check, a health check, a probe.
    pub checked: bool,
}
