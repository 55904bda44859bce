//! Everything that a Source can report as state, in one sum.

use serde::{Deserialize, Serialize};

use super::{
    Alarm, Autoscaler, Check, Event, Instance, Key, Kind, Labels, Platform, Queue, Reading, Revision, Route, Store,
    Text, Workload,
};

/// A fact: a namespace, a Compose project or an ECS cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub key: Key,
    pub platform: Platform,
    pub name: Text,
    pub labels: Labels,
    /// What a person should know of it: the project's folder, `files not readable here`.
    pub note: Option<Text>,
}

/// A fact: how many Instances a PodDisruptionBudget lets go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub key: Key,
    pub scope: Text,
    pub name: Text,
    pub selector: Vec<(Text, Text)>,
    pub allowed: Option<u32>,
    pub wanted_healthy: Option<u32>,
    pub healthy: Option<u32>,
}

/// A fact: a machine of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    pub key: Key,
    pub name: Text,
    pub ready: Option<bool>,
    pub cordoned: bool,
    /// `MemoryPressure`, `DiskPressure`, … as far as they are true.
    pub pressures: Vec<Text>,
    pub version: Option<Text>,
}

/// One thing that a Source knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Scope(Box<Scope>),
    Workload(Box<Workload>),
    Instance(Box<Instance>),
    Revision(Box<Revision>),
    Autoscaler(Box<Autoscaler>),
    Route(Box<Route>),
    Budget(Box<Budget>),
    Node(Box<Node>),
    Event(Box<Event>),
    Queue(Box<Queue>),
    Alarm(Box<Alarm>),
    Check(Box<Check>),
    Store(Box<Store>),
    Reading(Box<Reading>),
}

impl Fact {
    /// Its identity.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Scope(f) => &f.key,
            Self::Workload(f) => &f.key,
            Self::Instance(f) => &f.key,
            Self::Revision(f) => &f.key,
            Self::Autoscaler(f) => &f.key,
            Self::Route(f) => &f.key,
            Self::Budget(f) => &f.key,
            Self::Node(f) => &f.key,
            Self::Event(f) => &f.key,
            Self::Queue(f) => &f.key,
            Self::Alarm(f) => &f.key,
            Self::Check(f) => &f.key,
            Self::Store(f) => &f.key,
            Self::Reading(f) => &f.key,
        }
    }

    /// Its kind; the same as its key's.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.key().kind
    }

    /// The scope it lies in; `None` for what belongs to a whole Source.
    #[must_use]
    pub fn scope(&self) -> Option<&Text> {
        match self {
            Self::Scope(f) => Some(&f.name),
            Self::Workload(f) => Some(&f.scope),
            Self::Instance(f) => Some(&f.scope),
            Self::Revision(f) => Some(&f.scope),
            Self::Autoscaler(f) => Some(&f.scope),
            Self::Route(f) => Some(&f.scope),
            Self::Budget(f) => Some(&f.scope),
            Self::Event(f) => Some(&f.scope),
            Self::Queue(f) => Some(&f.scope),
            Self::Alarm(f) => Some(&f.scope),
            Self::Store(f) => Some(&f.scope),
            Self::Node(_) | Self::Check(_) | Self::Reading(_) => None,
        }
    }
}
