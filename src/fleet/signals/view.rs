//! Signals as faces show them: the fact, where it belongs and by which rule, and what its history tells.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::fleet::derive::care;
use crate::fleet::{Fleet, SourceView};
use crate::model::{
    Address, Alarm, AlarmState, Check, EnvironmentAddress, Fact, Freshness, Key, Kind, Outcome, Queue, QueueState,
    Severity, SourceKind, SourceName, Store, Text, Tier, Timestamp,
};

use super::QueueSight;
use super::tie::Tie;

/// What the alarm of a silent Source is called there.
const SILENCE: &str = "quarterdeck/source-silent";

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
    pub limit: Option<u64>,
    /// What is special about it, in words: `NO CONSUMERS`, `paused`, `scaled to zero by ScaledObject worker`.
    pub note: Option<Text>,
    /// Its Source tells nothing since then.
    pub stale_since: Option<Timestamp>,
}

impl AlarmView {
    /// Whether it says that a Source of alarms tells nothing, rather than what such a Source told.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        &*self.alarm.key.uid == SILENCE
    }
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
        let waited = self.queue.oldest_at.map(|at| self.queue.at.as_second() - at.as_second());
        self.queue.ready.is_some_and(|ready| ready > 0) && waited.is_some_and(|seconds| seconds >= LONG_SECONDS)
    }

    /// Whether it will never be empty if it goes on like this: it grows, or nobody takes what waits.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        matches!(self.state, QueueState::Growing | QueueState::Stuck)
    }
}

/// An alarm: one line, however many Sources tell it.
#[derive(Clone, Debug)]
pub struct AlarmView {
    pub alarm: Alarm,
    pub environment: Option<EnvironmentAddress>,
    pub tier: Tier,
    pub service: Option<Address>,
    pub because: Text,
    /// All Sources that tell it.
    pub sources: Vec<SourceName>,
    pub stale_since: Option<Timestamp>,
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
        let mut views: Vec<QueueView<'_>> = self.facts_of_queues().filter_map(|queue| self.queue_view(queue)).collect();
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
            note: self.note(queue, state, tie),
            stale_since: self.silent_since(&queue.key.source),
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

    /// All alarms, one line each, however many Sources tell of it: what fires first, then the worst, then production, then
    /// the oldest. An alarm Source that tells nothing is an alarm itself.
    #[must_use]
    pub fn alarms(&self) -> Vec<AlarmView> {
        let facts = self.store.iter().filter_map(|fact| match fact {
            Fact::Alarm(alarm) => self.alarm_view(alarm),
            _ => None,
        });
        let mut views: Vec<AlarmView> = facts.collect();
        views.sort_by(|a, b| {
            (&a.alarm.fingerprint, speaks(a), &a.alarm.key).cmp(&(&b.alarm.fingerprint, speaks(b), &b.alarm.key))
        });
        views.dedup_by(|other, kept| {
            let same = other.alarm.fingerprint == kept.alarm.fingerprint && !kept.alarm.fingerprint.is_empty();
            if same {
                merge(kept, other);
            }
            same
        });
        views.extend(self.sources().filter_map(silent));
        views.sort_by(|a, b| {
            let rank = |view: &AlarmView| {
                (Reverse(view.alarm.state), Reverse(view.alarm.severity), Reverse(care(view.tier)), view.alarm.since)
            };
            (rank(a), &a.alarm.name, &a.alarm.key).cmp(&(rank(b), &b.alarm.name, &b.alarm.key))
        });
        views
    }

    /// The alarms of a Service, in the same order.
    #[must_use]
    pub fn alarms_of(&self, service: &Address) -> Vec<AlarmView> {
        if self.signals.of(service).all(|key| key.kind != Kind::Alarm) {
            return Vec::new();
        }
        self.alarms().into_iter().filter(|view| view.service.as_ref() == Some(service)).collect()
    }

    /// One alarm, as its own Source tells it.
    #[must_use]
    pub fn alarm(&self, key: &Key) -> Option<&Alarm> {
        match self.store.get(key)? {
            Fact::Alarm(alarm) => Some(alarm),
            _ => None,
        }
    }

    fn alarm_view(&self, alarm: &Alarm) -> Option<AlarmView> {
        let tie = self.signals.ties.get(&alarm.key)?;
        Some(AlarmView {
            alarm: alarm.clone(),
            environment: Some(tie.environment.clone()),
            tier: tie.tier,
            service: tie.service.clone(),
            because: tie.because.clone(),
            sources: vec![alarm.key.source.clone()],
            stale_since: self.silent_since(&alarm.key.source),
        })
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
                        stale_since: self.silent_since(&store.key.source),
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
    }

    pub(super) fn silent_since(&self, source: &SourceName) -> Option<Timestamp> {
        self.source(source).filter(|view| !view.state.is_live()).map(|view| view.since)
    }
}

/// Of two Sources that tell one alarm, one that answers speaks; of those the one that knows of silences, then the one that says
/// more. What was silenced when its Source fell silent need not be so now.
fn speaks(view: &AlarmView) -> (bool, bool, Reverse<AlarmState>) {
    let stale = view.stale_since.is_some();
    (stale, view.alarm.state != AlarmState::Suppressed, Reverse(view.alarm.state))
}

/// Takes over what the other Source knows beside.
fn merge(kept: &mut AlarmView, other: &AlarmView) {
    kept.sources.extend(other.sources.iter().cloned());
    kept.sources.sort();
    let (alarm, more) = (&mut kept.alarm, &other.alarm);
    alarm.since = alarm.since.into_iter().chain(more.since).min();
    alarm.value = alarm.value.or(more.value);
    alarm.threshold = alarm.threshold.or(more.threshold);
    alarm.comparison = alarm.comparison.take().or_else(|| more.comparison.clone());
    alarm.runbook = alarm.runbook.take().or_else(|| more.runbook.clone());
    if alarm.summary.is_empty() {
        alarm.summary = more.summary.clone();
    }
    if kept.service.is_none() {
        (kept.service, kept.because, kept.environment) =
            (other.service.clone(), other.because.clone(), other.environment.clone());
    }
    // One of them still telling is enough to go by.
    kept.stale_since = kept.stale_since.and(other.stale_since);
}

/// A Source of alarms that tells nothing: nobody knows what fires there.
fn silent(source: &SourceView) -> Option<AlarmView> {
    let tells = matches!(source.kind, SourceKind::Alertmanager | SourceKind::Prometheus | SourceKind::Aws);
    if !tells || !matches!(source.state, Freshness::Stale | Freshness::Denied | Freshness::Unreachable) {
        return None;
    }
    let detail = source.status.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let summary = format!("{} is {}: alarms may fire unseen{detail}", source.name, source.state.word());
    let alarm = Alarm {
        key: Key::new(&source.name, Kind::Alarm, SILENCE),
        scope: Text::empty(),
        name: Text::name("AlarmSourceSilent"),
        severity: Severity::Critical,
        state: AlarmState::Firing,
        since: Some(source.since),
        summary: Text::line(&summary),
        value: None,
        threshold: None,
        comparison: None,
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: Vec::new(),
        fingerprint: Text::name(&format!("quarterdeck/silent/{}", source.name)),
    };
    Some(AlarmView {
        alarm,
        environment: None,
        tier: Tier::Unknown,
        service: None,
        because: Text::line("it speaks of a Source"),
        sources: vec![source.name.clone()],
        stale_since: None,
    })
}
