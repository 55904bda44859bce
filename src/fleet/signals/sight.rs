//! What the rules of `why` see of a Service's signals.

use crate::model::{Alarm, AlarmState, Check, CheckKind, Outcome, Queue, QueueState, Severity, Timestamp};

/// A queue with what its counts over time tell.
#[derive(Clone, Debug)]
pub struct QueueSight<'a> {
    pub queue: &'a Queue,
    /// Whether its Source tells what is so now.
    pub live: bool,
    /// Unknown while its Source tells nothing.
    pub state: QueueState,
    pub since: Option<Timestamp>,
    /// Jobs per second by which it becomes longer (or, negative, shorter).
    pub net_per_second: Option<f64>,
    /// Until nothing waits, if it goes on like this; only while it drains.
    pub empty_in_seconds: Option<u64>,
    /// More than this many waiting is a backlog.
    pub limit: Option<u64>,
}

impl QueueSight<'_> {
    /// Whether more wait than is allowed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.limit.zip(self.queue.ready).is_some_and(|(limit, ready)| ready > limit)
    }
}

/// A Service's signals.
#[derive(Clone, Debug, Default)]
pub struct Sights<'a> {
    /// Queues that it takes from.
    pub queues: Vec<QueueSight<'a>>,
    pub alarms: Vec<&'a Alarm>,
    pub checks: Vec<&'a Check>,
}

impl Sights<'_> {
    /// Alarms that fire, worst first.
    #[must_use]
    pub fn firing(&self) -> Vec<&Alarm> {
        let of = |state| self.alarms.iter().copied().filter(move |alarm: &&Alarm| alarm.state == state);
        // Prometheus knows nothing of the silence that Alertmanager keeps for the same alarm.
        let silenced = |alarm: &&Alarm| {
            !alarm.fingerprint.is_empty()
                && of(AlarmState::Suppressed).any(|other| other.fingerprint == alarm.fingerprint)
        };
        let mut firing: Vec<&Alarm> = of(AlarmState::Firing).filter(|alarm| !silenced(alarm)).collect();
        firing.sort_by(|a, b| (b.severity, a.since, &a.name).cmp(&(a.severity, b.since, &b.name)));
        // The same alarm of two Sources is one.
        firing.dedup_by(|a, b| a.fingerprint == b.fingerprint);
        firing
    }

    /// The worst of what fires.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.firing().first().map(|alarm| alarm.severity)
    }

    /// Whether a Check of ours proves that it serves: one that was answered in its own language passes, and none fails. An
    /// open port or a good certificate says only that something listens.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        let answers = |check: &&&Check| matches!(check.kind, CheckKind::Http | CheckKind::Postgres | CheckKind::Redis);
        let passes = self.checks.iter().filter(answers).any(|check| check.outcome == Outcome::Passing);
        passes && self.checks.iter().all(|check| check.outcome != Outcome::Failing)
    }
}
