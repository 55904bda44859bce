//! An exact set of images that a Workload had at some time: what a rollback can return to.

use serde::{Deserialize, Serialize};

use super::{Image, Key, Text, Timestamp, WorkloadKind};

/// A fact: one revision of a Workload that the platform still keeps (a ReplicaSet, a ControllerRevision).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    pub key: Key,
    pub scope: Text,
    pub name: Text,
    pub workload: (WorkloadKind, Text),
    /// The platform's number for it; the highest is the newest.
    pub number: Option<u64>,
    pub images: Vec<Image>,
    pub created_at: Option<Timestamp>,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    /// Who or what caused it, where an annotation says so (`kubernetes.io/change-cause`).
    pub cause: Option<Text>,
}
