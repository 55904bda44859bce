//! All facts now known, in memory, and what follows from them: Environments, Services, health, findings, the Timeline.
//!
//! Pure: it knows neither clock nor connection; every call that depends on time is told the time.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::model::{
    Address, Change, Environment, EnvironmentAddress, Fact, Finding, Freshness, Instance, Key, Service, SourceKind,
    SourceName, SourceStatus, Text, Timestamp, Update, Workload,
};

pub mod rules;

pub use rules::Rules;

/// A Source as the Fleet sees it: what it says of itself, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    pub name: SourceName,
    pub kind: SourceKind,
    pub found_by: Text,
    /// The state to show: its own, or `stale` where it fell silent.
    pub state: Freshness,
    /// Since when it is in that state.
    pub since: Timestamp,
    pub status: SourceStatus,
    /// Whether every table has been read once.
    pub synced: bool,
    /// Facts that it holds now.
    pub objects: u64,
}

/// One line of *needs attention*: something bad, ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub service: Option<Address>,
    pub source: Option<SourceName>,
    pub severity: crate::model::HealthState,
    pub text: Text,
    pub since: Option<Timestamp>,
}

/// Which rule put a Service where it is, in words: what `explain` prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub workload: Key,
    /// What was decided and by which rule, one line per question (System, Environment, tier, Service).
    pub lines: Vec<Text>,
}

/// The facts, and what follows from them.
#[derive(Debug)]
pub struct Fleet {
    rules: Rules,
    sources: BTreeMap<SourceName, SourceView>,
    facts: HashMap<Key, Fact>,
    services: BTreeMap<Address, Service>,
    environments: BTreeMap<EnvironmentAddress, Environment>,
    timeline: VecDeque<Change>,
}

impl Fleet {
    /// An empty Fleet that assigns by `rules`.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            sources: BTreeMap::new(),
            facts: HashMap::new(),
            services: BTreeMap::new(),
            environments: BTreeMap::new(),
            timeline: VecDeque::new(),
        }
    }

    /// A Source is known from now on; `connect`: it is being connected.
    pub fn know(&mut self, source: &SourceName, kind: SourceKind, found_by: Text, connect: bool, now: Timestamp) {
        let state = if connect { Freshness::Connecting } else { Freshness::Idle };
        let view = SourceView {
            name: source.clone(),
            kind,
            found_by,
            state,
            since: now,
            status: SourceStatus { state, ..SourceStatus::default() },
            synced: false,
            objects: 0,
        };
        self.sources.entry(source.clone()).or_insert(view);
    }

    /// A Source is not configured any more: it and its facts go.
    pub fn forget(&mut self, source: &SourceName, _now: Timestamp) {
        self.sources.remove(source);
        self.facts.retain(|key, _| key.source != *source);
    }

    /// Takes one piece of news in. What follows from it stands after the next [`Fleet::settle`].
    pub fn apply(&mut self, source: &SourceName, update: Update, _now: Timestamp) {
        match update {
            Update::Put(_, fact) => drop(self.facts.insert(fact.key().clone(), fact)),
            Update::Drop(key) => drop(self.facts.remove(&key)),
            Update::Status(status) => {
                if let Some(view) = self.sources.get_mut(source) {
                    view.state = status.state;
                    view.status = status;
                }
            }
            Update::Synced => {
                if let Some(view) = self.sources.get_mut(source) {
                    view.synced = true;
                }
            }
            Update::Begin(_) | Update::Commit(_) | Update::Sample(_) => {}
        }
    }

    /// What was asked of a Source so far.
    pub fn gauge(&mut self, source: &SourceName, calls: u64, latency_ms: Option<u32>, answered_at: Option<Timestamp>) {
        if let Some(view) = self.sources.get_mut(source) {
            view.status.calls = calls;
            view.status.latency_ms = latency_ms;
            view.status.answered_at = answered_at;
        }
    }

    /// Other rules: everything is assigned anew.
    pub fn set_rules(&mut self, rules: Rules, now: Timestamp) {
        self.rules = rules;
        self.settle(now);
    }

    /// Brings everything derived up to date: only what changed since the last call is computed again.
    pub fn settle(&mut self, _now: Timestamp) {}

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// All Sources by name.
    pub fn sources(&self) -> impl Iterator<Item = &SourceView> {
        self.sources.values()
    }

    /// One Source.
    #[must_use]
    pub fn source(&self, name: &SourceName) -> Option<&SourceView> {
        self.sources.get(name)
    }

    /// All Environments, grouped by System, in the order in which they promote (then by tier and name).
    #[must_use]
    pub fn environments(&self) -> Vec<&Environment> {
        self.environments.values().collect()
    }

    /// All Services by address.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// One Service.
    #[must_use]
    pub fn service(&self, address: &Address) -> Option<&Service> {
        self.services.get(address)
    }

    /// One Workload.
    #[must_use]
    pub fn workload(&self, key: &Key) -> Option<&Workload> {
        match self.facts.get(key)? {
            Fact::Workload(workload) => Some(workload),
            _ => None,
        }
    }

    /// One Instance.
    #[must_use]
    pub fn instance(&self, key: &Key) -> Option<&Instance> {
        match self.facts.get(key)? {
            Fact::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// What needs attention, worst first, one line each.
    #[must_use]
    pub fn attention(&self) -> Vec<Attention> {
        Vec::new()
    }

    /// Why a Service is as it is: what the rules of `why` found, worst first.
    #[must_use]
    pub fn findings(&self, _address: &Address) -> Vec<Finding> {
        Vec::new()
    }

    /// What changed, oldest first.
    #[must_use]
    pub fn timeline(&self) -> &VecDeque<Change> {
        &self.timeline
    }
}
