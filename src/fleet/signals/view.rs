//! Signals as faces show them: the fact, where it belongs and by which rule, and what its history tells.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::fleet::Fleet;
use crate::fleet::derive::care;
use crate::fleet::words::seconds_between;
use crate::model::{
    Address, Check, EnvironmentAddress, Fact, Key, Kind, Outcome, Queue, QueueState, Store, Text, Tier, Timestamp,
};

use super::tie::Tie;
use super::{Bounds, QueueSight};

/// From this age of its oldest job on a queue makes somebody wait, whatever its pace is, in seconds.
const LONG_SECONDS: i64 = 120;

/// A queue.
#[derive(Clone, Debug)]
pub struct QueueView<'a> {
    pub queue: &'a Queue,
    pub environment: EnvironmentAddress,
    pub tier: Tier,
    /// Who takes from it, and by which rule that is known.
    pub consumer: Option<Address>,
    pub because: Text,
    pub state: QueueState,
    pub since: Option<Timestamp>,
    pub net_per_second: Option<f64>,
    pub empty_in_seconds: Option<u64>,
    /// More than this many waiting is a backlog, and what says so.
    pub limit: Option<u64>,
    pub limit_rule: Option<&'static str>,
    /// Between which numbers its consumer is scaled.
    pub bounds: Option<Bounds>,
    /// What is special about it, in words: `NO CONSUMERS`, `paused`, `scaled to zero by ScaledObject worker`.
    pub note: Option<Text>,
    /// Its Source tells nothing since then.
    pub stale_since: Option<Timestamp>,
}

impl QueueView<'_> {
    /// Whether somebody should look: stuck although nobody paused it, or more waiting than is allowed.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        let over = self.limit.zip(self.queue.ready).is_some_and(|(limit, ready)| ready > limit);
        (self.state == QueueState::Stuck && !self.queue.paused) || over
    }

    /// Whether its oldest job has waited for minutes: work is done, and yet somebody waits.
    #[must_use]
    pub fn waits_long(&self) -> bool {
        let waited = self.queue.oldest_at.map(|at| seconds_between(at, self.queue.at));
        self.queue.ready.is_some_and(|ready| ready > 0) && waited.is_some_and(|seconds| seconds >= LONG_SECONDS)
    }

    /// Whether it will never be empty if it goes on like this: it grows, or nobody takes what waits.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        matches!(self.state, QueueState::Growing | QueueState::Stuck)
    }
}

/// A Check.
#[derive(Clone, Debug)]
pub struct CheckView<'a> {
    pub check: &'a Check,
    pub environment: EnvironmentAddress,
    pub tier: Tier,
    pub service: Option<Address>,
}

/// A Store.
#[derive(Clone, Debug)]
pub struct StoreView<'a> {
    pub store: &'a Store,
    pub environment: EnvironmentAddress,
    pub tier: Tier,
    pub service: Option<Address>,
    pub because: Text,
    pub stale_since: Option<Timestamp>,
}

impl Fleet {
    /// All queues: those that somebody should look at first, then those that grow, then those in which
    /// work waits for long; by Environment, then by name.
    #[must_use]
    pub fn queues(&self) -> Vec<QueueView<'_>> {
        let mut views: Vec<QueueView<'_>> = self.each_queue().collect();
        views.sort_by(|a, b| {
            let grows = |view: &QueueView<'_>| view.state == QueueState::Growing;
            let order = |view: &QueueView<'_>| {
                (Reverse(view.is_bad()), Reverse(grows(view)), Reverse(view.waits_long()), Reverse(care(view.tier)))
            };
            (order(a), &a.environment, &a.queue.name, &a.queue.key).cmp(&(
                order(b),
                &b.environment,
                &b.queue.name,
                &b.queue.key,
            ))
        });
        views
    }

    /// All queues, by their Sources.
    pub fn each_queue(&self) -> impl Iterator<Item = QueueView<'_>> {
        self.facts_of_queues().filter_map(|queue| self.queue_view(queue))
    }

    /// One queue.
    #[must_use]
    pub fn queue(&self, key: &Key) -> Option<QueueView<'_>> {
        match self.store.get(key)? {
            Fact::Queue(queue) => self.queue_view(queue),
            _ => None,
        }
    }

    /// The queues that a Service takes from.
    #[must_use]
    pub fn queues_of(&self, service: &Address) -> Vec<QueueView<'_>> {
        self.signals.of(service).filter(|key| key.kind == Kind::Queue).filter_map(|key| self.queue(key)).collect()
    }

    fn queue_view<'a>(&'a self, queue: &'a Queue) -> Option<QueueView<'a>> {
        let tie = self.signals.ties.get(&queue.key)?;
        let QueueSight { state, since, net_per_second, empty_in_seconds, limit, .. } = self.queue_sight(queue);
        Some(QueueView {
            queue,
            environment: tie.environment.clone(),
            tier: tie.tier,
            consumer: tie.service.clone(),
            because: tie.because.clone(),
            state,
            since,
            net_per_second,
            empty_in_seconds,
            limit,
            limit_rule: limit.map(|_| self.limit_rule_of(queue)),
            bounds: tie.service.as_ref().and_then(|service| self.bounds(service)),
            note: self.note(queue, state, tie),
            stale_since: self.stale_since(&queue.key),
        })
    }

    fn note(&self, queue: &Queue, state: QueueState, tie: &Tie) -> Option<Text> {
        let words = if queue.paused {
            "paused".to_owned()
        } else if state == QueueState::Stuck && queue.consumers == Some(0) {
            let service = tie.service.as_ref().and_then(|address| self.service(address));
            let scaler = service.filter(|service| service.desired == Some(0));
            match scaler.and_then(|service| self.autoscalers(&service.address).into_iter().next()) {
                Some(scaler) => format!("scaled to zero by {} {}", scaler.kind, scaler.name),
                None if service.is_some_and(|service| service.desired == Some(0)) => {
                    "NO CONSUMERS: scaled to zero".to_owned()
                }
                None => "NO CONSUMERS".to_owned(),
            }
        } else if let Some(trouble) = &queue.trouble {
            return Some(trouble.clone());
        } else if state == QueueState::Stuck {
            "no progress".to_owned()
        } else {
            return None;
        };
        Some(Text::line(&words))
    }

    /// All Checks: failing first, then by how careful one must be there, then by address.
    #[must_use]
    pub fn checks(&self) -> Vec<CheckView<'_>> {
        let mut views: Vec<CheckView<'_>> = self
            .store
            .iter()
            .filter_map(|fact| match fact {
                Fact::Check(check) => self.check_view(check),
                _ => None,
            })
            .collect();
        views.sort_by(|a, b| {
            let rank = |view: &CheckView<'_>| (view.check.outcome != Outcome::Failing, Reverse(care(view.tier)));
            (rank(a), &a.check.service, a.check.kind, &a.check.target).cmp(&(
                rank(b),
                &b.check.service,
                b.check.kind,
                &b.check.target,
            ))
        });
        views
    }

    /// The Checks of a Service.
    #[must_use]
    pub fn checks_of(&self, service: &Address) -> Vec<CheckView<'_>> {
        let facts = self.signals.of(service).filter_map(|key| match self.store.get(key)? {
            Fact::Check(check) => self.check_view(check),
            _ => None,
        });
        facts.collect()
    }

    fn check_view<'a>(&'a self, check: &'a Check) -> Option<CheckView<'a>> {
        let tie = self.signals.ties.get(&check.key)?;
        Some(CheckView { check, environment: tie.environment.clone(), tier: tie.tier, service: tie.service.clone() })
    }

    /// All Stores by Environment and name.
    #[must_use]
    pub fn stores(&self) -> Vec<StoreView<'_>> {
        let mut views: Vec<StoreView<'_>> = self
            .store
            .iter()
            .filter_map(|fact| match fact {
                Fact::Store(store) => {
                    let tie = self.signals.ties.get(&store.key)?;
                    Some(StoreView {
                        store,
                        environment: tie.environment.clone(),
                        tier: tie.tier,
                        service: tie.service.clone(),
                        because: tie.because.clone(),
                        stale_since: self.stale_since(&store.key),
                    })
                }
                _ => None,
            })
            .collect();
        views.sort_by(|a, b| {
            (&a.environment, &a.store.name, &a.store.key).cmp(&(&b.environment, &b.store.name, &b.store.key))
        });
        views
    }

    /// The addresses of all Environments: those that have Services, then those that only signals are known of (a broker
    /// of its own that an `[[environment]]` matches).
    #[must_use]
    pub fn environment_addresses(&self) -> Vec<&EnvironmentAddress> {
        let served: Vec<&EnvironmentAddress> = self.environments().into_iter().map(|known| &known.address).collect();
        let known: BTreeSet<&EnvironmentAddress> = served.iter().copied().collect();
        // A metrics server reads many things that are nobody's: their names make no Environment.
        let speak = self.signals.ties.iter().filter(|(key, _)| key.kind != Kind::Reading);
        let told: BTreeSet<&EnvironmentAddress> = speak.map(|(_, tie)| &tie.environment).collect();
        served.into_iter().chain(told.difference(&known).copied()).collect()
    }

    /// Whether any signal of a kind is known.
    #[must_use]
    pub fn has_signal(&self, kind: Kind) -> bool {
        self.signals.ties.keys().any(|key| key.kind == kind)
            || kind == Kind::Alarm && self.alarms().iter().any(|view| !view.is_silence())
    }
}
