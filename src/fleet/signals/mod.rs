//! Signals beside the Services they belong to: queues with their pace, alarms, checks, Stores and readings, each tied by a
//! rule that can be named. Facts lie in the store like all others; here stands what follows from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{Address, AlarmState, EnvironmentAddress, Fact, Key, Kind, Queue, SourceName, Text, Timestamp};

use super::Fleet;
use super::history::{History, Point, Values};
use super::rules::ScaleOut;
use super::service::ServiceId;

mod alarms;
mod book;
mod bounds;
mod cause;
mod flaps;
mod own;
mod pace;
mod reading;
mod sight;
mod tie;
mod view;

pub use alarms::AlarmView;
pub use bounds::{Bounds, ScaleRule};
pub use cause::Cause;
pub(in crate::fleet) use cause::is_about_backlog;
pub use flaps::FlapCount;
pub(in crate::fleet) use own::Kept;
pub use own::RULES_SOURCE;
pub use reading::ReadingView;
pub use sight::{QueueSight, Sights};
pub(in crate::fleet) use tie::Tie;
pub use view::{CheckView, QueueView, StoreView};

/// Alarms of which the numbers of the last hour are kept, at most.
const DRAWN: usize = 1024;

/// What is kept of each queue beside its fact.
#[derive(Clone, Debug, Default)]
pub(super) struct QueueKept {
    pace: pace::Pace,
    depth: History,
}

/// What follows from signals.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    queues: BTreeMap<Key, QueueKept>,
    ties: BTreeMap<Key, Tie>,
    /// Signals by the Service that they are tied to.
    of_service: HashMap<Address, BTreeSet<Key>>,
    /// Signals that came or changed since the last settling.
    touched: BTreeSet<Key>,
    /// Services that lost a signal since then.
    bereft: BTreeSet<Address>,
    /// Ties have to be made again: other signals, rules or autoscalers.
    loose: bool,
    /// The number of changes in the set of Services that ties were made for.
    epoch: u64,
    /// Queues that belong to no Service and that somebody should look at.
    pub(in crate::fleet) strays: BTreeSet<Key>,
    /// The alarms as they are told; `stirred`: something about them changed since.
    told: alarms::Told,
    pub(in crate::fleet) stirred: bool,
    pub(in crate::fleet) flaps: flaps::Flaps,
    /// What alarms of Sources measured in the last hour.
    values: HashMap<Key, Values>,
}

/// Whether facts of a kind are signals.
fn is_signal(kind: Kind) -> bool {
    matches!(kind, Kind::Queue | Kind::Alarm | Kind::Check | Kind::Store | Kind::Reading)
}

impl Signals {
    /// A fact came or changed. `settled`: its Source was read as a whole before, so that what comes is news.
    pub(super) fn put(&mut self, fact: &Fact, old: Option<&Fact>, settled: bool, now: Timestamp) {
        match fact {
            Fact::Alarm(alarm) => {
                let before = match old {
                    Some(Fact::Alarm(before)) => Some(&**before),
                    _ => None,
                };
                if settled || before.is_some() {
                    self.flaps.compare(&alarm.key, before, Some(alarm), now);
                }
                self.stirred = true;
                if alarm.value.is_some() && (self.values.len() < DRAWN || self.values.contains_key(&alarm.key)) {
                    let value = alarm.value.map(crate::model::Quantity::get);
                    self.values.entry(alarm.key.clone()).or_default().record(value, now);
                } else if let Some(values) = self.values.get_mut(&alarm.key) {
                    values.record(None, now);
                }
            }
            Fact::Autoscaler(_) => self.loose = true,
            Fact::Queue(queue) => {
                let kept = self.queues.entry(queue.key.clone()).or_default();
                kept.pace.take(queue);
                kept.depth.record(
                    Point::of([queue.ready, queue.unacked, queue.consumers.map(u64::from), queue.failed]),
                    queue.at,
                );
            }
            _ => {}
        }
        if is_signal(fact.kind()) {
            self.loose |= old.is_none_or(|old| names(old) != names(fact));
            self.touched.insert(fact.key().clone());
        }
    }

    /// A fact is gone; `ended` where its Source says so, rather than that nobody asks it any more.
    pub(super) fn lose(&mut self, fact: &Fact, ended: Option<Timestamp>) {
        match fact {
            Fact::Autoscaler(_) => self.loose = true,
            Fact::Alarm(alarm) => {
                self.stirred = true;
                self.values.remove(&alarm.key);
                if let Some(now) = ended {
                    self.flaps.compare(&alarm.key, Some(alarm), None, now);
                }
            }
            _ => {}
        }
        if !is_signal(fact.kind()) {
            return;
        }
        let key = fact.key();
        self.queues.remove(key);
        self.strays.remove(key);
        self.touched.remove(key);
        if let Some(service) = self.ties.remove(key).and_then(|tie| tie.service) {
            self.untie(key, &service);
            self.bereft.insert(service);
        }
    }

    /// A Source is in another state than before: what it told counts otherwise now.
    pub(super) fn touch_source(&mut self, source: &SourceName) {
        self.touched.extend(self.ties.keys().filter(|key| key.source == *source).cloned());
    }

    /// Ties are made again at the next settling.
    pub(super) fn loosen(&mut self) {
        self.loose = true;
    }

    fn untie(&mut self, key: &Key, service: &Address) {
        if let Some(keys) = self.of_service.get_mut(service) {
            keys.remove(key);
            if keys.is_empty() {
                self.of_service.remove(service);
            }
        }
    }

    /// The signals of a Service, by kind and key.
    fn of(&self, service: &Address) -> impl Iterator<Item = &Key> {
        self.of_service.get(service).into_iter().flatten()
    }
}

/// What a signal is tied by; counts and states are not.
fn names(fact: &Fact) -> Vec<&Text> {
    match fact {
        Fact::Queue(queue) => vec![&queue.scope, &queue.name],
        Fact::Alarm(alarm) => alarm.labels.iter().flat_map(|(key, value)| [key, value]).chain([&alarm.name]).collect(),
        Fact::Reading(reading) => reading.labels.iter().flat_map(|(key, value)| [key, value]).collect(),
        Fact::Check(check) => vec![&check.service],
        Fact::Store(store) => vec![&store.scope, &store.name],
        _ => Vec::new(),
    }
}

impl Fleet {
    /// Ties signals to Services where that may have changed, and notes which Services must be looked at again.
    /// `judged`: some Source is in another state than before.
    pub(super) fn tie_signals(&mut self, judged: bool, dirty: &mut BTreeSet<ServiceId>) {
        let mut concerned = std::mem::take(&mut self.signals.bereft);
        let mut all = judged;
        self.signals.stirred |= judged;
        if self.signals.loose || self.signals.epoch != self.services.epoch() {
            self.signals.loose = false;
            self.signals.epoch = self.services.epoch();
            if !self.signals.ties.is_empty() || !self.signals.touched.is_empty() {
                self.retie(&mut concerned);
                (all, self.signals.stirred) = (true, true);
            }
        }
        let touched = std::mem::take(&mut self.signals.touched);
        concerned.extend(touched.iter().filter_map(|key| self.signals.ties.get(key)?.service.clone()));
        self.find_strays(all, &touched);
        dirty.extend(concerned.iter().filter_map(|address| self.services.id_of(address)));
    }

    /// Finds the queues that belong to no Service and that somebody should look at: among those that changed, or all.
    fn find_strays(&mut self, all: bool, touched: &BTreeSet<Key>) {
        let known = all.then(|| self.signals.ties.keys()).into_iter().flatten();
        let queues = known.chain(touched).filter(|key| key.kind == Kind::Queue);
        let is_stray = |key: &Key| {
            let view = self.queue(key);
            view.is_some_and(|view| view.consumer.is_none() && view.stale_since.is_none() && view.is_bad())
        };
        let (stray, tame): (Vec<Key>, Vec<Key>) = queues.cloned().partition(is_stray);
        self.signals.strays.extend(stray);
        for key in tame {
            self.signals.strays.remove(&key);
        }
    }

    fn retie(&mut self, concerned: &mut BTreeSet<Address>) {
        let made = self.make_ties();
        for (key, tie) in made {
            let old = self.signals.ties.insert(key.clone(), tie.clone());
            let before = old.and_then(|old| old.service);
            if before == tie.service {
                continue;
            }
            if let Some(before) = before {
                self.signals.untie(&key, &before);
                concerned.insert(before);
            }
            if let Some(now) = tie.service {
                self.signals.of_service.entry(now.clone()).or_default().insert(key);
                concerned.insert(now);
            }
        }
    }

    fn make_ties(&self) -> Vec<(Key, Tie)> {
        let book = self.book();
        let resolve = |typed: &str| self.resolve(typed).ok();
        let tier = |environment: &EnvironmentAddress| self.environment(environment).map(|known| known.tier);
        let ropes = tie::Ropes { rules: &self.rules, book: &book, resolve: &resolve, tier: &tier };
        let mut ties: BTreeMap<Key, Tie> = BTreeMap::new();
        let mut takers: HashMap<&str, Vec<Address>> = HashMap::new();
        for queue in self.facts_of_queues() {
            let tie = ropes.queue(queue);
            if let Some(service) = &tie.service {
                takers.entry(queue.name.raw()).or_default().push(service.clone());
            }
            ties.insert(queue.key.clone(), tie);
        }
        let queue_of = |name: &str| match takers.get(name).map(Vec::as_slice) {
            Some([one]) => Some(one.clone()),
            _ => None,
        };
        for fact in self.store.iter() {
            let tie = match fact {
                Fact::Alarm(alarm) => ropes.alarm(alarm, queue_of),
                Fact::Check(check) => ropes.check(&check.key.source, &check.service),
                Fact::Store(store) => ropes.store(store),
                Fact::Reading(reading) => ropes.reading(reading),
                _ => continue,
            };
            ties.insert(fact.key().clone(), tie);
        }
        ties.into_iter().collect()
    }

    /// The names that signals may call Services by.
    fn book(&self) -> book::Book {
        let mut book = book::Book::default();
        for (_, unit) in self.index.iter() {
            let Some(service) = unit.service.and_then(|id| self.services.get(id)) else { continue };
            let address = &service.view.address;
            book.workload(&unit.key.scope, &unit.key.name, address);
            for scaler in unit.autoscalers.iter().filter_map(|slot| self.autoscaler_at(*slot)) {
                for queue in scaler.triggers.iter().flat_map(|trigger| trigger.raw().split_whitespace()) {
                    book.takes_from(queue, address, format!("{} {} scales it by this queue", scaler.kind, scaler.name));
                }
            }
            let said = unit.workload.and_then(|slot| self.workload_at(slot)?.labels.get("quarterdeck.queues"));
            for queue in said.iter().flat_map(|said| said.raw().split([',', ' '])).filter(|name| !name.is_empty()) {
                book.takes_from(queue, address, "its label quarterdeck.queues".to_owned());
            }
            let declared = self.rules.declared(address.environment.system.as_ref(), &address.environment.environment);
            for limit in declared.iter().flat_map(|rule| &rule.limits) {
                if let (Some(ScaleOut::Queue { name, above }), true) =
                    (&limit.scale_out, super::rules::is_like(&limit.service, address.service.raw()))
                {
                    book.takes_from(name, address, format!("its limits: scale out at queue {name} > {above}"));
                }
            }
        }
        book
    }

    fn facts_of_queues(&self) -> impl Iterator<Item = &Queue> {
        // By their own list: the store holds each pod beside them.
        self.signals.queues.keys().filter_map(|key| match self.store.get(key)? {
            Fact::Queue(queue) => Some(&**queue),
            _ => None,
        })
    }

    /// The Stores of a Service.
    pub(super) fn stores_of(&self, service: &Address) -> impl Iterator<Item = &crate::model::Store> {
        self.signals.of(service).filter_map(|key| match self.store.get(key)? {
            Fact::Store(store) => Some(&**store),
            _ => None,
        })
    }

    /// The signals of a Service, for the rules of `why`.
    pub(super) fn sights(&self, service: &Address) -> Sights<'_> {
        let mut sights = Sights::default();
        for key in self.signals.of(service) {
            match self.store.get(key) {
                Some(Fact::Queue(queue)) => sights.queues.push(self.queue_sight(queue)),
                // That it is silenced or inhibited counts as long as somebody says so; that it fires, until somebody says otherwise.
                Some(Fact::Alarm(alarm)) => {
                    let holds = alarm.state != AlarmState::Suppressed || self.stale_since(key).is_none();
                    sights.alarms.extend(holds.then_some(&**alarm));
                }
                Some(Fact::Check(check)) => sights.checks.push(check),
                _ => {}
            }
        }
        sights
    }

    fn queue_sight<'a>(&'a self, queue: &'a Queue) -> QueueSight<'a> {
        let kept = self.signals.queues.get(&queue.key);
        // Of a Source that tells nothing nobody knows how its queues fare now.
        let live = self.stale_since(&queue.key).is_none();
        QueueSight {
            queue,
            live,
            state: kept.filter(|_| live).map(|kept| kept.pace.state()).unwrap_or_default(),
            since: kept.and_then(|kept| kept.pace.since()),
            net_per_second: kept.filter(|_| live).and_then(|kept| kept.pace.net()),
            empty_in_seconds: kept.filter(|_| live).and_then(|kept| kept.pace.empty_in()),
            limit: self.limit_of(queue),
        }
    }

    /// A queue's last `count` steps up to `now`, oldest first: how many waited.
    #[must_use]
    pub fn queue_curve(&self, queue: &Key, now: Timestamp, count: usize) -> Vec<Option<u32>> {
        self.signals.queues.get(queue).map(|kept| kept.depth.line(0, now, count)).unwrap_or_default()
    }
}
