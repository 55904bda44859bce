//! Lean objects to facts; pure. Untrusted text becomes [`Text`] here, and strings that repeat are kept once.

pub(crate) mod cluster;
pub(crate) mod event;
pub(crate) mod owners;
pub(crate) mod pod;
pub(crate) mod quantity;
pub(crate) mod route;
pub(crate) mod scaling;
pub(crate) mod words;
pub(crate) mod workload;

use std::collections::HashSet;

use crate::model::{Fact, Key, Kind, SourceName, Text, Timestamp, WorkloadKind};

use super::lean::template::{PodSpec, Template};
use super::lean::{Meta, Time};
use words::Words;

/// What one object turns into.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) version: String,
    pub(crate) facts: Vec<Fact>,
    /// Keys of facts that the same object gave before and gives no longer (a pod that was adopted).
    pub(crate) gone: Vec<Key>,
}

/// Turns the objects of one table into facts.
pub(crate) struct Converter {
    pub(crate) source: SourceName,
    pub(crate) words: Words,
    /// Uids of objects that nobody owns and that are Workloads of their own for that reason.
    loose: HashSet<Box<str>>,
}

impl Converter {
    /// For the objects of one Source.
    #[must_use]
    pub(crate) fn new(source: &SourceName) -> Self {
        Self { source: source.clone(), words: Words::default(), loose: HashSet::new() }
    }

    /// The key of the object `uid`; where there is none (a fake server), its place stands for it.
    fn key(&self, kind: Kind, uid: &str, namespace: &str, name: &str) -> Key {
        if uid.is_empty() {
            return Key::new(&self.source, kind, &format!("{namespace}/{name}"));
        }
        Key::new(&self.source, kind, uid)
    }

    fn key_of(&self, kind: Kind, meta: &Meta) -> Key {
        self.key(kind, &meta.uid, &meta.namespace, &meta.name)
    }

    /// Notes whether an object is a Workload of its own; gives the key to drop where it was one and is no longer.
    fn loose(&mut self, uid: &str, now: bool) -> Option<Key> {
        if now {
            self.loose.insert(uid.into());
            return None;
        }
        let was = !self.loose.is_empty() && self.loose.remove(uid);
        was.then(|| Key::new(&self.source, Kind::Workload, uid))
    }

    /// A relist starts: what is remembered about earlier objects goes.
    pub(crate) fn forget(&mut self) {
        self.words.clear();
        self.loose.clear();
    }
}

/// The Workload kind of an API kind, where it is one that is watched.
#[must_use]
pub(crate) fn workload_kind(kind: &str) -> Option<WorkloadKind> {
    Some(match kind {
        "Deployment" => WorkloadKind::Deployment,
        "StatefulSet" => WorkloadKind::StatefulSet,
        "DaemonSet" => WorkloadKind::DaemonSet,
        "ReplicaSet" => WorkloadKind::ReplicaSet,
        "Rollout" => WorkloadKind::Rollout,
        "Job" => WorkloadKind::Job,
        "CronJob" => WorkloadKind::CronJob,
        "Pod" => WorkloadKind::Pod,
        _ => return None,
    })
}

/// A count that the API gives as a signed number.
fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

fn moment(time: Option<Time>) -> Option<Timestamp> {
    time.and_then(Time::moment)
}

fn spec_of(template: Option<&Template>) -> Option<&PodSpec> {
    template.and_then(|t| t.spec.as_ref())
}

/// Prose from the platform, `None` where it said nothing.
fn said(bytes: &[u8]) -> Option<Text> {
    (!bytes.is_empty()).then(|| Text::bytes(bytes))
}
