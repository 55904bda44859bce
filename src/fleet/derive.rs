//! Settling: what was touched is placed, every Service that it belongs to is derived again, and its Environment after it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{
    Alarm, Autoscaler, EnvironmentAddress, Event, Fact, Finding, Freshness, HealthState, Instance, Key, Labels, Lapse,
    Service, Tier, Timestamp, Workload,
};

use super::Fleet;
use super::assign::{Placement, Question, assign};
use super::diagnose::{Case, Part, diagnose};
use super::history::Point;
use super::index::{Unit, UnitId};
use super::rollup;
use super::samples::OLD_SECONDS;
use super::service::{BURST_SECONDS, ServiceId, State};
use super::store::Slot;
use super::words::after;

/// Events of at most so many Instances that are not well are read for one Service.
const UNWELL: usize = 16;

/// Everything that follows from a Service's facts at a moment.
struct Derived {
    view: Service,
    findings: Vec<Finding>,
    release: Vec<crate::model::Image>,
    wake: Option<Timestamp>,
    /// Some of it serves all the time; the rest are jobs.
    serves: bool,
    /// All its Sources are live, were read as a whole, and that before the news now being applied.
    live: bool,
    synced: bool,
    settled: bool,
}

impl Fleet {
    /// Brings everything derived up to date: only what changed since the last call is computed again. True where
    /// something did.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        let judged = self.judge_sources(now);
        let touched = self.index.take_touched();
        let mut dirty: BTreeSet<ServiceId> = self.services.due(now).into_iter().collect();
        for id in &touched {
            self.place(*id, &mut dirty);
        }
        self.tie_signals(judged, &mut dirty);
        let moved = judged || !dirty.is_empty();
        let mut environments = BTreeSet::new();
        for id in dirty {
            self.derive(id, now, &mut environments);
        }
        for id in touched {
            self.index.sweep(id);
        }
        self.environments.settle(&self.services, &self.rules, environments);
        self.tell_alarms();
        for known in self.sources.values_mut() {
            known.settled = known.view.synced;
        }
        self.quiet = false;
        moved
    }

    /// True where a Source is in another state than before.
    fn judge_sources(&mut self, now: Timestamp) -> bool {
        let mut moved = false;
        for (name, known) in &mut self.sources {
            let before = known.view.state;
            if !known.judge(self.store.relisting(name), now) {
                continue;
            }
            moved = true;
            let after = known.view.state;
            // That it connects is no news of the Fleet; that it fails, or comes back, is.
            let first = matches!(before, Freshness::Connecting | Freshness::Idle) && after.is_live();
            if before != after && after != Freshness::Connecting && after != Freshness::Idle && !first {
                self.timeline.source(name, before, after, known.view.status.detail.as_ref(), now);
            }
            self.index.touch_source(name);
            self.signals.touch_source(name);
        }
        moved
    }

    /// Puts the root of a touched unit under the Service that owns it, and notes which Services that concerns.
    fn place(&mut self, id: UnitId, dirty: &mut BTreeSet<ServiceId>) {
        let root = self.index.root(id);
        if root != id {
            self.displace(id, dirty);
            if let Some(unit) = self.index.get_mut(id) {
                let restarted = std::mem::take(&mut unit.restarted);
                if let Some(root) = self.index.get_mut(root) {
                    root.restarted = root.restarted.saturating_add(restarted);
                }
            }
        }
        let Some(unit) = self.index.get(root) else { return };
        if !unit.is_real() {
            self.displace(root, dirty);
            return;
        }
        if let (Some(service), false) = (unit.service, unit.unplaced) {
            dirty.insert(service);
            return;
        }
        let placement = self.placement(unit);
        let service = self.services.at(&placement.address());
        if unit.service != Some(service) {
            self.displace(root, dirty);
        }
        if let Some(unit) = self.index.get_mut(root) {
            (unit.service, unit.unplaced, unit.tier) = (Some(service), false, placement.tier());
        }
        if let Some(state) = self.services.get_mut(service)
            && !state.units.contains(&root)
        {
            state.units.push(root);
        }
        dirty.insert(service);
    }

    fn displace(&mut self, id: UnitId, dirty: &mut BTreeSet<ServiceId>) {
        let Some(unit) = self.index.get_mut(id) else { return };
        unit.unplaced = true;
        let Some(service) = unit.service.take() else { return };
        if let Some(state) = self.services.get_mut(service) {
            state.units.retain(|unit| *unit != id);
        }
        dirty.insert(service);
    }

    pub(super) fn placement(&self, unit: &Unit) -> Placement {
        assign(&self.rules, &self.question(unit))
    }

    pub(super) fn question<'a>(&'a self, unit: &'a Unit) -> Question<'a> {
        let scope = self.index.scope(&unit.key.source, &unit.key.scope).and_then(|slot| self.store.at(slot));
        let scope_labels: Option<&Labels> = match scope {
            Some(Fact::Scope(scope)) => Some(&scope.labels),
            _ => None,
        };
        Question {
            source: &unit.key.source,
            scope: &unit.key.scope,
            name: &unit.key.name,
            labels: unit.workload.and_then(|slot| self.workload_at(slot)).map(|workload| &workload.labels),
            scope_labels,
            chart: self.index.chart_name(unit),
        }
    }

    /// Computes a Service again, tells the Timeline what changed, and takes the new view.
    fn derive(&mut self, id: ServiceId, now: Timestamp, environments: &mut BTreeSet<EnvironmentAddress>) {
        let Some(state) = self.services.get(id) else { return };
        let units = state.units.clone();
        if units.is_empty() {
            self.let_go(id, now, environments);
            return;
        }
        let mut restarted = 0_u32;
        for unit in &units {
            if let Some(unit) = self.index.get_mut(*unit) {
                restarted = restarted.saturating_add(std::mem::take(&mut unit.restarted));
            }
        }
        let restarts = self.services.get_mut(id).map_or(0, |state| state.count_restarts(restarted, now));
        let Some(mut derived) = self.compute(id, restarts, &[], now) else { return };
        if derived.live && derived.synced && derived.view.stale_since.is_none() {
            let asked = self.ask_rules(&derived.view, &derived.findings, now);
            if !asked.news.is_empty() {
                let Some(again) = self.compute(id, restarts, &asked.news, now) else { return };
                derived = again;
            }
            derived.wake = derived.wake.into_iter().chain(asked.wake).min();
        }
        self.compare(id, &mut derived, restarted, now);
        let Some(state) = self.services.get_mut(id) else { return };
        let view = derived.view;
        let same = |a: &Service, b: &Service| {
            (a.tier, a.desired, a.ready, a.last_change_at) == (b.tier, b.desired, b.ready, b.last_change_at)
                && a.health == b.health
        };
        if !state.seen || !same(&state.view, &view) {
            environments.insert(view.address.environment.clone());
        }
        let point = Point::new(view.ready, view.cpu_cores, view.memory_bytes, view.restarts);
        state.history.record(point, now);
        (state.findings, state.release, state.seen) = (derived.findings, derived.release, true);
        state.serves = derived.serves;
        // A moment of *unknown*, as in every rollout, is no change of health: what follows it is compared with what was before.
        if derived.live && view.health.state != HealthState::Unknown {
            state.told = Some(view.health.state);
            if !view.health.state.is_bad() {
                state.well_at = Some(now);
            }
        }
        self.signals.stirred |=
            !state.own.alarms.is_empty() && (state.view.tier, state.view.stale_since) != (view.tier, view.stale_since);
        state.view = view;
        self.services.wake_at(id, derived.wake);
    }

    fn let_go(&mut self, id: ServiceId, now: Timestamp, environments: &mut BTreeSet<EnvironmentAddress>) {
        let Some(state) = self.services.remove(id) else { return };
        self.signals.stirred |= !state.own.alarms.is_empty();
        environments.insert(state.view.address.environment.clone());
        if state.seen && !self.quiet {
            self.timeline.presence(&state.view, false, now);
        }
    }

    /// The new view of a Service, from its case; `own`: alarms of ours that fire about it.
    fn compute(&self, id: ServiceId, restarts: u32, own: &[Alarm], now: Timestamp) -> Option<Derived> {
        let state = self.services.get(id)?;
        let parts: Vec<Part<'_>> = state.units.iter().filter_map(|unit| self.part(*unit)).collect();
        let mut sights = self.sights(&state.view.address);
        sights.alarms.extend(own);
        let case = Case::new(now, parts, restarts).with(sights).well_at(state.well_at);
        let findings = diagnose(&case);
        let health = rollup::health(&case, &findings);
        let (desired, ready) = rollup::counts(&case);
        let (images, declared) = rollup::images(&case);
        let slots = || state.units.iter().flat_map(|unit| self.slots(*unit));
        let (cpu_cores, memory_bytes, measured_at) = self.samples.sum(slots(), now);
        let read = self.readings(&state.view.address);
        let mut workloads: Vec<&Workload> = case.parts.iter().filter_map(|part| part.workload).collect();
        workloads.sort_by(|a, b| (a.platform, &a.name, &a.key).cmp(&(b.platform, &b.name, &b.key)));
        let mut instances: Vec<&Instance> = case.instances().map(|(_, instance)| instance).collect();
        instances.sort_by(|a, b| (a.number, &a.name, &a.key).cmp(&(b.number, &b.name, &b.key)));
        let changed = workloads.iter().map(|workload| workload.changed_at.max(workload.created_at)).max().flatten();
        let health_since = Some(health_since(state, health.state, &findings, now));
        let old_since = case.parts.iter().filter_map(Part::old_since).min();
        let tiers = state.units.iter().filter_map(|unit| self.index.get(*unit)).map(|unit| unit.tier);
        let release = if declared == 0 { &images[..] } else { &images[..declared] };
        let view = Service {
            address: state.view.address.clone(),
            tier: tiers.max_by_key(|tier| care(*tier)).unwrap_or(Tier::Unknown),
            health,
            health_since,
            desired,
            ready,
            workloads: workloads.into_iter().map(|workload| workload.key.clone()).collect(),
            restarts: instances.iter().map(|one| one.restarts).fold(0, u32::saturating_add),
            instances: instances.into_iter().map(|one| one.key.clone()).collect(),
            cpu_cores: cpu_cores.or(read.cpu_cores),
            memory_bytes: memory_bytes.or(read.memory_bytes),
            error_ratio: read.error_ratio,
            p95_seconds: read.p95_seconds,
            last_change_at: changed.max(state.view.last_change_at),
            stale_since: old_since,
            images: Vec::new(),
        };
        let wakes = [
            case.wake(),
            measured_at.map(|at| after(at, OLD_SECONDS)),
            state.restarts.front().map(|(at, _)| after(*at, BURST_SECONDS)),
        ];
        let live = case.parts.iter().all(Part::is_live);
        let serves = case.parts.iter().any(|part| !part.is_job());
        let names = || case.parts.iter().map(|part| &part.source.name);
        let settled = names().all(|name| self.sources.get(name).is_some_and(|known| known.settled));
        let synced = case.parts.iter().all(|part| part.source.synced);
        let release = release.to_vec();
        Some(Derived {
            wake: wakes.into_iter().flatten().min(),
            view: Service { images, ..view },
            findings,
            release,
            serves,
            live,
            synced,
            settled,
        })
    }

    /// Tells the Timeline what differs from the Service as it was seen last.
    fn compare(&mut self, id: ServiceId, derived: &mut Derived, restarted: u32, now: Timestamp) {
        let Some(state) = self.services.get_mut(id) else { return };
        let replaced = state.replaced(&derived.view, now);
        if !derived.settled || self.quiet {
            return;
        }
        let view = &mut derived.view;
        if !state.seen {
            self.timeline.presence(view, true, now);
            return;
        }
        if !derived.live {
            return;
        }
        let mut changed = self.timeline.service(&state.view, view, (&state.release, &derived.release), now);
        let replaced = if view.workloads.is_empty() { 0 } else { replaced };
        if restarted.max(replaced) > 0 {
            let source = view.instances.first().map(|key| key.source.clone());
            let what = (restarted, replaced);
            self.timeline.restarts(&mut state.growing, &view.address, source.as_ref(), what, now);
            changed = true;
        }
        if changed {
            view.last_change_at = Some(now);
        }
        let state_now = view.health.state;
        if let Some(from) = state.told.filter(|from| *from != state_now && state_now != HealthState::Unknown) {
            self.timeline.health(from, view, now);
        }
    }

    /// Everything that speaks of one Workload.
    fn part(&self, id: UnitId) -> Option<Part<'_>> {
        let unit = self.index.get(id)?;
        let known = self.sources.get(&unit.key.source)?;
        let family = self.index.family(id);
        let members = || family.iter().filter_map(|id| self.index.get(*id));
        let workload = unit.workload.and_then(|slot| self.workload_at(slot));
        let instances: Vec<&Instance> =
            members().flat_map(|unit| &unit.instances).filter_map(|slot| self.instance_at(*slot)).collect();
        let mut runs: Vec<&Workload> = members().skip(1).filter_map(|unit| self.workload_at(unit.workload?)).collect();
        runs.sort_by_key(|run| Reverse(run.created_at));
        let autoscalers = members().flat_map(|unit| &unit.autoscalers).filter_map(|slot| self.autoscaler_at(*slot));
        let first = unit.workload.or_else(|| members().find_map(|unit| unit.instances.first().copied()));
        let denied = known.view.status.denials.iter().any(|denial| {
            denial.scope.as_ref().is_none_or(|scope| *scope == unit.key.scope)
                && ["pods", "containers", "tasks"].iter().any(|what| denial.resource.raw().starts_with(what))
        });
        Some(Part {
            source: &known.view,
            kind: unit.key.kind,
            scope: &unit.key.scope,
            name: &unit.key.name,
            workload,
            autoscalers: autoscalers.collect(),
            events: self.events_of(unit, &instances),
            complete: known.view.synced || first.is_some_and(|slot| self.store.is_complete(slot)),
            instances_known: known.view.synced && !denied,
            lapse: self.oldest_lapse(members().flat_map(|unit| unit.workload.iter().chain(&unit.instances))),
            instances,
            runs,
        })
    }

    /// Why the oldest of these facts that cannot be read any more cannot be.
    fn oldest_lapse<'s>(&self, slots: impl Iterator<Item = &'s Slot>) -> Option<&Lapse> {
        slots.filter_map(|slot| self.lapse_of(*slot)).min_by_key(|lapse| lapse.since)
    }

    /// Why this fact is old although its Source is not.
    fn lapse_of(&self, slot: Slot) -> Option<&Lapse> {
        let source = &self.store.at(slot)?.key().source;
        let lapses = &self.sources.get(source)?.view.status.lapses;
        if lapses.is_empty() {
            return None;
        }
        let table = self.store.table_of(slot)?;
        lapses.iter().find(|lapse| lapse.table == *table)
    }

    /// Since when a fact is old: its Source tells nothing, or cannot read the list that it comes from.
    #[must_use]
    pub fn stale_since(&self, key: &Key) -> Option<Timestamp> {
        let silent = self.source(&key.source).filter(|view| !view.state.is_live()).map(|view| view.since);
        silent.or_else(|| self.lapse_of(self.store.slot(key)?).map(|lapse| lapse.since))
    }

    fn events_of(&self, unit: &Unit, instances: &[&Instance]) -> Vec<&Event> {
        let (source, scope) = (&unit.key.source, &unit.key.scope);
        let unwell = instances.iter().filter(|one| one.ready != Some(true)).take(UNWELL).map(|one| &one.name);
        let slots = unwell.chain([&unit.key.name]).flat_map(|name| self.index.events.about(source, scope, name));
        slots.filter_map(|slot| self.event_at(*slot)).collect()
    }

    fn slots(&self, id: UnitId) -> Vec<Slot> {
        let family = self.index.family(id);
        family.iter().filter_map(|id| self.index.get(*id)).flat_map(|unit| unit.instances.iter().copied()).collect()
    }

    pub(super) fn workload_at(&self, slot: Slot) -> Option<&Workload> {
        match self.store.at(slot)? {
            Fact::Workload(fact) => Some(fact),
            _ => None,
        }
    }

    fn instance_at(&self, slot: Slot) -> Option<&Instance> {
        match self.store.at(slot)? {
            Fact::Instance(fact) => Some(fact),
            _ => None,
        }
    }

    pub(super) fn autoscaler_at(&self, slot: Slot) -> Option<&Autoscaler> {
        match self.store.at(slot)? {
            Fact::Autoscaler(fact) => Some(fact),
            _ => None,
        }
    }

    pub(super) fn event_at(&self, slot: Slot) -> Option<&Event> {
        match self.store.at(slot)? {
            Fact::Event(fact) => Some(fact),
            _ => None,
        }
    }

    /// The root units of a Service, by the order of their names.
    pub(super) fn units_of(&self, address: &crate::model::Address) -> Vec<(UnitId, &Unit)> {
        let Some(state) = self.services.find(address) else { return Vec::new() };
        let mut units: Vec<_> = state.units.iter().filter_map(|id| Some((*id, self.index.get(*id)?))).collect();
        units.sort_by(|(_, a), (_, b)| {
            (&a.key.source, &a.key.scope, a.key.kind, &a.key.name).cmp(&(
                &b.key.source,
                &b.key.scope,
                b.key.kind,
                &b.key.name,
            ))
        });
        units
    }

    /// What stands for a unit where its Workload is not known.
    pub(super) fn key_of(&self, unit: &Unit) -> Option<Key> {
        let slot = unit.workload.or(unit.instances.first().copied())?;
        self.store.at(slot).map(|fact| fact.key().clone())
    }
}

/// Since when a Service is in a state: of a bad one as long as the oldest of its reasons is known to stand, else since it
/// was seen to begin.
fn health_since(state: &State, now_is: HealthState, findings: &[Finding], now: Timestamp) -> Timestamp {
    let before = state.view.health_since.filter(|_| state.seen && state.view.health.state == now_is);
    let begun = before.unwrap_or(now);
    if !now_is.is_bad() {
        return begun;
    }
    let reasons = findings.iter().filter(|finding| finding.severity.is_bad());
    reasons.filter_map(|finding| finding.since).min().map_or(begun, |told| told.min(begun))
}

/// How careful a tier asks one to be: of two claims about one Service the more careful one holds.
pub(super) fn care(tier: Tier) -> u8 {
    match tier {
        Tier::Dev => 0,
        Tier::Staging => 1,
        Tier::Unknown => 2,
        Tier::Production => 3,
    }
}
