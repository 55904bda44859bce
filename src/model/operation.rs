//! What can be done to one Workload, and what may come of it.

use serde::{Deserialize, Serialize};

use super::target::{Contained, Moved};
use super::{Owner, Text};

/// A change of one Workload, as `operate` performs it: by compare-and-swap against the Target that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Scale {
        to: u32,
    },
    /// Other limits of the autoscaler that owns the number.
    Limits {
        owner: Owner,
        min: u32,
        max: u32,
    },
    /// Replace every Instance by one of the same declaration, without taking all away at once.
    Restart,
    /// Run exactly these images in the containers of these names, each by digest (or by the engine's image id where it has
    /// none); containers that are not named stay as they are. Already so: nothing happens.
    Images {
        containers: Vec<Contained>,
    },
    /// Return to the content of a revision that the platform keeps (ReplicaSet, task definition). Already so: nothing.
    Revision {
        id: Text,
        images: Vec<Contained>,
    },
    Pause,
    Resume,
    /// Delete one Instance, by its id, and let the platform put another in its place.
    Delete {
        instance: Text,
    },
}

impl Operation {
    /// The word in the journal.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Scale { .. } => "scale",
            Self::Limits { .. } => "limits",
            Self::Restart => "restart",
            Self::Images { .. } => "images",
            Self::Revision { .. } => "revision",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Delete { .. } => "delete",
        }
    }

    /// The images that run when it is done, where it is about images.
    #[must_use]
    pub fn images(&self) -> Option<&[Contained]> {
        match self {
            Self::Images { containers } | Self::Revision { images: containers, .. } => Some(containers),
            _ => None,
        }
    }
}

/// What became of an operation (SAFETY G6): a lost reply is not a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The platform took it; `version` is what it has now.
    Taken { version: Option<Text> },
    /// The platform refused it because the target is not what was read: nothing changed.
    Stale { moved: Vec<Moved> },
    /// The platform said no (rights, quota, webhook): nothing changed.
    Refused { message: Text },
    /// Something was changed and did not come to what was wanted (a new Instance that never gets healthy).
    Failed { message: Text },
    /// It was told to stop, and did at a boundary: what was done so far stands in the journal.
    Stopped,
    /// No answer came: it may or may not have happened. Only reading back can tell.
    Unknown { message: Text },
}

/// What a dry run says (SAFETY G23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rehearsal {
    /// The platform checked it whole and would take it.
    Accepted,
    /// It would say no, for this reason.
    Refused { message: Text },
    /// It cannot say without doing it; why.
    NotPossible { why: Text },
}
