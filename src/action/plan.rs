//! A Plan: one value that the dialog, the command line and JSON show alike, and that is carried out as it stands or not
//! at all (SAFETY G1). Its id is the hash of everything that was shown.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::intent::Intent;
use crate::model::{Operation, Target};
use crate::model::{Text, Tier, Timestamp};

/// How long a Plan can be approved and begun, seconds (SAFETY G4).
pub const EXPIRES_SECONDS: i64 = 60;

/// What would be done, to what exactly, and what that means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first 12 hex digits of the SHA-256 over all of it.
    pub id: Text,
    pub intent: Intent,
    pub tier: Tier,
    /// In the words of a person: `1 Instance`, `3 Instances`.
    pub before: Text,
    pub after: Text,
    pub steps: Vec<Step>,
    pub guards: Vec<Guard>,
    pub approval: Asked,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
    /// What takes it back, and what that does not restore.
    pub reversal: Text,
    /// Who else may take it back, what fires now, what lies in the queue.
    pub warnings: Vec<Text>,
    pub on_failure: OnFailure,
    /// How long it must hold before it counts as kept, seconds.
    pub bake_seconds: u32,
    /// How long a Step may take to come to what it promises, seconds; that of the platform's own work included.
    pub within_seconds: u32,
}

/// What is done by itself where a Step does not come to what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Nothing more: a person decides.
    Keep,
    /// All Steps are taken back in reverse order, once.
    TakeBack,
}

/// One change of one Workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, as a person reads it.
    pub title: Text,
    pub target: Target,
    pub operation: Operation,
    /// What takes it back; `None`: nothing needs to, or nothing can.
    pub back: Option<Operation>,
    /// The same as a command of the platform's own tool, to be understood, not to be run.
    pub runs_as: Text,
}

/// One rule and what it says of this Plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The rule's name: `floor`, `step`, `limits`, `freeze`, `unlocked`, `fresh`, …
    pub name: Text,
    pub outcome: Outcome,
    pub detail: Text,
}

/// What a guard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    /// It may go on, and a person must know.
    Warned,
    Refused,
}

/// What a person must give before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub confirm: Confirm,
    /// Whether a reason must be given.
    pub reason: bool,
}

/// How a Plan is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    None,
    #[default]
    Press,
    /// The target's whole address is typed.
    Type,
}

impl Plan {
    /// The Plan with its id: made last, when nothing of it changes any more.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.id = Text::name(&self.hash());
        self
    }

    /// Whether it still is what its id says.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.id.raw() == self.hash()
    }

    /// Whether its time is over; at the moment itself it is.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at || now < self.made_at
    }

    /// The guards that say no.
    pub fn refusals(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().filter(|guard| guard.outcome == Outcome::Refused)
    }

    fn hash(&self) -> String {
        let bare = Self { id: Text::empty(), ..self.clone() };
        let bytes = serde_json::to_vec(&bare).unwrap_or_default();
        Sha256::digest(bytes).iter().take(6).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
    }
}
