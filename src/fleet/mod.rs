//! All facts now known, in memory, and what follows from them: Environments, Services, health, findings, the Timeline.
//!
//! Pure: it knows neither clock nor connection; every call that depends on time is told the time.
//!
//! News go the way of the files: `store` keeps facts by table and generation, `index` knows which belong together,
//! `assign` (with `rules` and `shape`) decides where a Workload belongs, `derive` computes the Services that were touched
//! with `diagnose` and `rollup`, then `environments`; `timeline` and `history` remember.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{
    Address, Autoscaler, Change, Environment, EnvironmentAddress, Event, Fact, Finding, Instance, Key, Kind, Node,
    Owner, Revision, Route, Service, SourceKind, SourceName, Text, Timestamp, Update, Workload,
};

mod alarm_rule;
mod assign;
mod attention;
mod derive;
pub mod diagnose;
mod environments;
mod events;
pub mod history;
mod index;
mod intern;
mod probes;
pub mod query;
mod resolve;
mod rollup;
pub mod rules;
mod samples;
mod service;
mod shape;
pub mod signals;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

pub use attention::{Attention, Stray};
pub use history::Curve;
pub use rules::Rules;
pub use samples::{Measure, Measured};
pub use signals::{
    AlarmView, Bounds, Cause, CheckView, FlapCount, QueueView, RULES_SOURCE, ReadingView, ScaleRule, StoreView,
};
pub use source::SourceView;

/// Which rule put a Service where it is, in words: what `explain` prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The Workload; an Instance where its Workload is not known.
    pub workload: Key,
    /// What was decided and by which rule, one line per question (System, Environment, tier, Service).
    pub lines: Vec<Text>,
}

/// The facts, and what follows from them.
#[derive(Clone, Debug)]
pub struct Fleet {
    rules: Rules,
    sources: BTreeMap<SourceName, source::Known>,
    store: store::Store,
    interner: intern::Interner,
    index: index::Index,
    samples: samples::Samples,
    services: service::Services,
    environments: environments::Environments,
    timeline: timeline::Timeline,
    signals: signals::Signals,
    /// What changes at the next settling is no news of the world: other rules, a Source taken away.
    quiet: bool,
}

impl Fleet {
    /// An empty Fleet that assigns by `rules`.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            sources: BTreeMap::new(),
            store: store::Store::default(),
            interner: intern::Interner::default(),
            index: index::Index::default(),
            samples: samples::Samples::default(),
            services: service::Services::default(),
            environments: environments::Environments::default(),
            timeline: timeline::Timeline::default(),
            signals: signals::Signals::default(),
            quiet: false,
        }
    }

    /// A Source is known from now on; `connect`: it is being connected.
    pub fn know(&mut self, source: &SourceName, kind: SourceKind, found_by: Text, connect: bool, now: Timestamp) {
        let known = || source::Known::new(source, kind, found_by, connect, now);
        self.sources.entry(source.clone()).or_insert_with(known);
    }

    /// A Source is not configured any more: it and its facts go.
    pub fn forget(&mut self, source: &SourceName, now: Timestamp) {
        for (slot, fact) in self.store.forget(source) {
            self.lose(slot, &fact, None);
        }
        self.sources.remove(source);
        self.signals.stirred = true;
        self.quiet = true;
        self.settle(now);
    }

    /// Takes one piece of news in. What follows from it stands after the next [`Fleet::settle`]. News of a Source that is
    /// not known (any more) are ignored: they come late.
    pub fn apply(&mut self, source: &SourceName, update: Update, now: Timestamp) {
        let Some(known) = self.sources.get_mut(source) else { return };
        let kind = known.view.kind;
        if let Update::Status(status) = update {
            known.says(status, now);
            return;
        }
        known.heard(now);
        match update {
            Update::Status(_) => {}
            Update::Synced => {
                known.synced(now);
                self.index.touch_source(source);
            }
            Update::Begin(table) => self.store.begin(source, &table),
            Update::Put(table, fact) => self.put(source, &table, fact, (kind, now)),
            Update::Drop(key) => {
                if let Some((slot, fact)) = self.store.remove(&key) {
                    self.lose(slot, &fact, Some(now));
                }
            }
            Update::Commit(table) => {
                // What is known from a list that becomes whole can be counted on from now on.
                for slot in self.store.pending(source, &table) {
                    self.index.touch_slot(slot);
                }
                for (slot, fact) in self.store.commit(source, &table) {
                    self.lose(slot, &fact, Some(now));
                }
            }
            Update::Sample(sample) => self.measure(&sample, now),
        }
    }

    fn put(
        &mut self,
        source: &SourceName,
        table: &crate::model::Table,
        mut fact: Fact,
        (kind, now): (SourceKind, Timestamp),
    ) {
        self.interner.share_fact(&mut fact);
        let (slot, old) = self.store.put(source, table, fact);
        self.own(slot);
        let Some(fact) = self.store.at(slot) else { return };
        // A relist mostly repeats what is known: that costs no second look.
        if old.as_ref() == Some(fact) {
            return;
        }
        if let Some(Fact::Autoscaler(old)) = &old {
            Self::disown(&mut self.store, &self.index, slot, old);
        }
        let Some(fact) = self.store.at(slot) else { return };
        let surplus = self.index.put(slot, old.as_ref(), fact, kind);
        let settled = self.sources.get(source).is_some_and(|known| known.settled);
        self.signals.put(fact, old.as_ref(), settled, now);
        if let (None, Some(known)) = (&old, self.sources.get_mut(source)) {
            known.view.objects += 1;
        }
        if let Fact::Autoscaler(_) = fact
            && let Some(workload) = self.index.of(slot).and_then(|id| self.index.get(id)?.workload)
        {
            self.own(workload);
        }
        if let Some((slot, fact)) = surplus.and_then(|key| self.store.remove(&key)) {
            self.lose(slot, &fact, None);
        }
    }

    /// Names the autoscalers that target a Workload among its owners.
    fn own(&mut self, slot: store::Slot) {
        let Some(Fact::Workload(workload)) = self.store.at(slot) else { return };
        let unit = self.index.of_workload(workload).and_then(|id| self.index.get(id));
        let slots = unit.map(|unit| unit.autoscalers.as_slice()).unwrap_or_default();
        let owners: Vec<Owner> = slots
            .iter()
            .filter_map(|slot| self.autoscaler_at(*slot))
            .map(|autoscaler| Owner { kind: autoscaler.kind.clone(), name: autoscaler.name.clone() })
            .filter(|owner| !workload.owners.contains(owner))
            .collect();
        if !owners.is_empty()
            && let Some(Fact::Workload(workload)) = self.store.at_mut(slot)
        {
            workload.owners.extend(owners);
        }
    }

    /// The autoscaler in `slot` goes, or turns to something else.
    fn disown(store: &mut store::Store, index: &index::Index, slot: store::Slot, lost: &Autoscaler) {
        let workload = index.of(slot).and_then(|id| index.get(id)?.workload);
        if let Some(Fact::Workload(workload)) = workload.and_then(|slot| store.at_mut(slot)) {
            workload.owners.retain(|owner| owner.kind != lost.kind || owner.name != lost.name);
        }
    }

    fn lose(&mut self, slot: store::Slot, fact: &Fact, ended: Option<Timestamp>) {
        if let Fact::Autoscaler(lost) = fact {
            Self::disown(&mut self.store, &self.index, slot, lost);
        }
        if let Some(known) = self.sources.get_mut(&fact.key().source) {
            known.view.objects = known.view.objects.saturating_sub(1);
        }
        self.samples.remove(slot);
        self.signals.lose(fact, ended);
        self.index.remove(slot, fact);
    }

    fn measure(&mut self, sample: &crate::model::Sample, now: Timestamp) {
        let Some(slot) = self.store.slot(&sample.instance).filter(|_| sample.instance.kind == Kind::Instance) else {
            return;
        };
        self.samples.take(slot, sample, now);
        self.index.touch_slot(slot);
    }

    /// What was asked of a Source so far.
    pub fn gauge(&mut self, source: &SourceName, calls: u64, latency_ms: Option<u32>, answered_at: Option<Timestamp>) {
        if let Some(known) = self.sources.get_mut(source) {
            known.gauge(calls, latency_ms, answered_at);
        }
    }

    /// Other rules: everything is assigned anew.
    pub fn set_rules(&mut self, rules: Rules, now: Timestamp) {
        if self.rules == rules {
            return;
        }
        self.rules = rules;
        self.index.unplace_all();
        self.signals.loosen();
        self.services.forget_rules();
        self.signals.stirred = true;
        self.quiet = true;
        self.settle(now);
        self.environments.reorder(&self.rules);
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// All Sources by name.
    pub fn sources(&self) -> impl Iterator<Item = &SourceView> {
        self.sources.values().map(|known| &known.view)
    }

    /// One Source.
    #[must_use]
    pub fn source(&self, name: &SourceName) -> Option<&SourceView> {
        self.sources.get(name).map(|known| &known.view)
    }

    /// All Environments, grouped by System; in it from the end of the promotion path to its beginning, else production,
    /// staging, dev, unknown; then by name.
    #[must_use]
    pub fn environments(&self) -> Vec<&Environment> {
        self.environments.in_order().collect()
    }

    /// One Environment.
    #[must_use]
    pub fn environment(&self, address: &EnvironmentAddress) -> Option<&Environment> {
        self.environments.get(address)
    }

    /// All Services by address.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().map(|state| &state.view)
    }

    /// One Service.
    #[must_use]
    pub fn service(&self, address: &Address) -> Option<&Service> {
        self.services.find(address).map(|state| &state.view)
    }

    /// One Workload, with the autoscalers that target it among its owners.
    #[must_use]
    pub fn workload(&self, key: &Key) -> Option<&Workload> {
        match self.store.get(key)? {
            Fact::Workload(workload) => Some(workload),
            _ => None,
        }
    }

    /// One Instance.
    #[must_use]
    pub fn instance(&self, key: &Key) -> Option<&Instance> {
        match self.store.get(key)? {
            Fact::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// Why a Service is as it is: what the rules of `why` found, worst first.
    #[must_use]
    pub fn findings(&self, address: &Address) -> Vec<Finding> {
        self.services.find(address).map(|state| state.findings.clone()).unwrap_or_default()
    }

    /// Which rule put each Workload of a Service there; empty where there is no such Service.
    #[must_use]
    pub fn explain(&self, address: &Address) -> Vec<Explanation> {
        let explain = |unit: &index::Unit| {
            let question = self.question(unit);
            let lines = assign::assign(&self.rules, &question).explain(&question);
            Some(Explanation { workload: self.key_of(unit)?, lines })
        };
        self.units_of(address).into_iter().filter_map(|(_, unit)| explain(unit)).collect()
    }

    /// The Service that a Workload or an Instance belongs to.
    #[must_use]
    pub fn service_of(&self, key: &Key) -> Option<&Service> {
        let unit = self.index.root(self.index.of(self.store.slot(key)?)?);
        let service = self.index.get(unit)?.service?;
        self.services.get(service).map(|state| &state.view)
    }

    /// Events about a Service's Workloads and Instances, newest first.
    #[must_use]
    pub fn events(&self, address: &Address) -> Vec<&Event> {
        let mut events: Vec<&Event> = Vec::new();
        for (id, _) in self.units_of(address) {
            for unit in self.index.family(id).into_iter().filter_map(|id| self.index.get(id)) {
                let slots = unit.instances.iter().chain(&unit.revisions);
                let names = slots.filter_map(|slot| match self.store.at(*slot)? {
                    Fact::Instance(f) => Some(&f.name),
                    Fact::Revision(f) => Some(&f.name),
                    _ => None,
                });
                for name in names.chain([&unit.key.name]) {
                    let slots = self.index.events.about(&unit.key.source, &unit.key.scope, name);
                    events.extend(slots.iter().filter_map(|slot| self.event_at(*slot)));
                }
            }
        }
        events.sort_by(|a, b| (b.at, &b.key).cmp(&(a.at, &a.key)));
        events.dedup_by(|a, b| a.key == b.key);
        events
    }

    /// The revisions that the platform keeps of a Service's Workloads, newest first.
    #[must_use]
    pub fn revisions(&self, address: &Address) -> Vec<&Revision> {
        let units = self.units_of(address);
        let slots = units.iter().flat_map(|(_, unit)| &unit.revisions);
        let mut revisions: Vec<&Revision> = slots
            .filter_map(|slot| match self.store.at(*slot)? {
                Fact::Revision(revision) => Some(&**revision),
                _ => None,
            })
            .collect();
        revisions.sort_by(|a, b| (b.number, b.created_at, &b.name).cmp(&(a.number, a.created_at, &a.name)));
        revisions
    }

    /// What scales a Service's Workloads by itself.
    #[must_use]
    pub fn autoscalers(&self, address: &Address) -> Vec<&Autoscaler> {
        let units = self.units_of(address);
        let slots = units.iter().flat_map(|(_, unit)| unit.autoscalers.clone());
        slots.filter_map(|slot| self.autoscaler_at(slot)).collect()
    }

    /// How traffic reaches things, in no order.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.store.iter().filter_map(|fact| match fact {
            Fact::Route(route) => Some(&**route),
            _ => None,
        })
    }

    /// The machines of the clusters, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.store.iter().filter_map(|fact| match fact {
            Fact::Node(node) => Some(&**node),
            _ => None,
        })
    }

    /// The newest two measurements of an Instance.
    #[must_use]
    pub fn measured(&self, instance: &Key) -> Option<&Measured> {
        self.samples.get(self.store.slot(instance)?)
    }

    /// A Service's last `count` steps of [`history::STEP_SECONDS`] up to `now`, oldest first: what a sparkline draws.
    #[must_use]
    pub fn curve(&self, address: &Address, curve: Curve, now: Timestamp, count: usize) -> Vec<Option<u32>> {
        self.services.find(address).map(|state| state.history.curve(curve, now, count)).unwrap_or_default()
    }

    /// What changed, oldest first.
    #[must_use]
    pub fn timeline(&self) -> &VecDeque<Change> {
        self.timeline.lines()
    }
}
