//! What one line of the journal holds: who, when, what kind of thing, and its particulars.

use serde::{Deserialize, Serialize};

use crate::model::{Text, Timestamp};

/// Who did it, as far as the machine can tell. None of it is proof: whoever owns the account can say anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account that the program runs under.
    pub user: Text,
    /// Who became that account by sudo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<Text>,
    /// The address that the SSH session came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_client: Option<Text>,
    /// The machine that the program ran on.
    pub host: Text,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.sudo_user {
            Some(person) => f.pad(&format!("{person} (as {}) on {}", self.user, self.host)),
            None => f.pad(&format!("{} on {}", self.user, self.host)),
        }
    }
}

/// What happened. The particulars are JSON of the value that they speak of (a Plan, a Step, a Verdict): the journal keeps
/// what was shown, whole, and knows nothing of how it came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub kind: Event,
    /// The Run that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Text>,
    /// The whole address, or what was typed where it named nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub detail: serde_json::Value,
}

impl Entry {
    /// An entry without particulars.
    #[must_use]
    pub fn new(kind: Event) -> Self {
        Self { kind, run: None, target: None, reason: None, detail: serde_json::Value::Null }
    }

    /// The same about a target.
    #[must_use]
    pub fn target(mut self, target: impl std::fmt::Display) -> Self {
        self.target = Some(Text::name(&target.to_string()));
        self
    }

    /// The same within a Run.
    #[must_use]
    pub fn run(mut self, run: &Text) -> Self {
        self.run = Some(run.clone());
        self
    }

    /// The same with the reason that a person gave.
    #[must_use]
    pub fn reason(mut self, reason: Option<&Text>) -> Self {
        self.reason = reason.cloned();
        self
    }

    /// The same with particulars, secrets masked.
    #[must_use]
    pub fn detail(mut self, detail: &impl Serialize) -> Self {
        let mut value = serde_json::to_value(detail).unwrap_or(serde_json::Value::Null);
        crate::model::redact::mask_json(&mut value);
        self.detail = value;
        self
    }
}

/// The kinds of Records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A Plan was made and kept for later (`--plan`).
    Planned,
    /// Policy, a guard, a person or a missing confirmation said no.
    Refused,
    /// A Plan was approved and its id is burned: written before the first change.
    Started,
    /// A Step is about to change something: written before it does.
    StepBegun,
    /// One write to the platform, before it is sent.
    StepWrites,
    /// What came of the Step.
    StepEnded,
    /// Every Step is taken; what it promises is waited for.
    Verifying,
    /// A person wants the Run to end at its next boundary.
    AbortAsked,
    /// The Run has ended.
    Verdict,
    /// A Run that had no end was told to be over, by whom and why.
    Marked,
    /// An Environment may be changed until a time.
    Unlocked,
    Locked,
    ShellOpened,
    ShellClosed,
    /// Another operator's lock was broken.
    LockBroken,
    /// A change that was seen and is not ours.
    SeenElsewhere,
    Note,
}

impl Event {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Refused => "refused",
            Self::Started => "started",
            Self::StepBegun => "step_begun",
            Self::StepWrites => "step_writes",
            Self::StepEnded => "step_ended",
            Self::Verifying => "verifying",
            Self::AbortAsked => "abort_asked",
            Self::Verdict => "verdict",
            Self::Marked => "marked",
            Self::Unlocked => "unlocked",
            Self::Locked => "locked",
            Self::ShellOpened => "shell_opened",
            Self::ShellClosed => "shell_closed",
            Self::LockBroken => "lock_broken",
            Self::SeenElsewhere => "seen_elsewhere",
            Self::Note => "note",
        }
    }
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts from 1 without a gap.
    pub seq: u64,
    pub at: Timestamp,
    pub actor: Actor,
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash of the Record before, 64 hex digits; zeros for the first.
    pub previous: String,
    /// SHA-256 over this line without the hash itself.
    #[serde(default)]
    pub hash: String,
}
