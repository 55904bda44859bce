//! News that a platform itself tells about one of its objects.

use serde::{Deserialize, Serialize};

use super::{Key, Text, Timestamp};

/// A fact: one event, with repeats counted by the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub key: Key,
    pub at: Option<Timestamp>,
    pub first_at: Option<Timestamp>,
    pub count: u32,
    /// The platform calls it a warning.
    pub warning: bool,
    /// The platform's word: `BackOff`, `Killing`, `oom`, `die`.
    pub reason: Text,
    pub message: Text,
    /// The platform's kind of the object it is about: `Pod`, `Deployment`, `container`.
    pub about_kind: Text,
    pub scope: Text,
    pub about_name: Text,
}
