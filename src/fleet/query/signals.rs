//! What a query asks of a Service's signals: its queues, its Checks, alarms about it, its Stores. Only what Sources that
//! are live tell counts; of the others nothing is known.

use crate::fleet::service::BURST_SECONDS;
use crate::fleet::signals::{QueueSight, Sights};
use crate::fleet::words::seconds_between;
use crate::model::{AlarmState, Key, Outcome, QueueState, Timestamp};

use super::eval::ServiceRow;
use super::fields::{Number, Word};

impl<'a> ServiceRow<'a> {
    fn sights(&self) -> Sights<'a> {
        self.fleet.sights(&self.service.address)
    }

    fn queues(&self) -> impl Iterator<Item = QueueSight<'a>> + use<'a> {
        self.sights().queues.into_iter().filter(|sight| sight.live)
    }

    fn is_live(&self, key: &Key) -> bool {
        self.fleet.stale_since(key).is_none()
    }

    pub(super) fn any_signal(&self, field: Word, test: &dyn Fn(&str) -> bool) -> bool {
        self.signal_times(field, test).next().is_some()
    }

    /// Since when it is so of each signal that passes; `None` where nobody told.
    pub(super) fn signal_times<'t>(
        &self,
        field: Word,
        test: &'t dyn Fn(&str) -> bool,
    ) -> Box<dyn Iterator<Item = Option<Timestamp>> + 't>
    where
        'a: 't,
    {
        let row = *self;
        match field {
            Word::QueueState => {
                Box::new(self.queues().filter(|sight| test(sight.state.word())).map(|sight| sight.since))
            }
            Word::Check => {
                let checks = self.sights().checks.into_iter().filter(move |check| row.is_live(&check.key));
                Box::new(checks.filter(|check| test(check.outcome.word())).map(|check| check.since))
            }
            Word::Alarm => {
                let alarms = self.sights().alarms.into_iter();
                let fires = alarms.filter(move |a| a.state == AlarmState::Firing && row.is_live(&a.key));
                Box::new(fires.filter(|a| test(a.name.shown()) || test(a.severity.word())).map(|alarm| alarm.since))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Whether what is asked may be so although nothing tells of it now: a Check that could not be run, a Source that is
    /// silent, an alarm without data.
    pub(super) fn is_unsure_of_signals(&self, field: Word) -> bool {
        let sights = self.sights();
        match field {
            Word::QueueState => sights.queues.iter().any(|sight| !sight.live || sight.state == QueueState::Unknown),
            Word::Check => {
                sights.checks.iter().any(|check| !self.is_live(&check.key) || check.outcome == Outcome::Unknown)
            }
            Word::Alarm => {
                sights.alarms.iter().any(|alarm| !self.is_live(&alarm.key) || alarm.state == AlarmState::NoData)
            }
            _ => false,
        }
    }

    /// The worst of its signals as a number.
    pub(super) fn signal_number(&self, field: Number) -> Option<f64> {
        let part = |used: Option<u64>, most: Option<u64>| {
            let (used, most) = used.zip(most).filter(|(_, most)| *most > 0)?;
            Some(used as f64 / most as f64 * 100.0)
        };
        let greatest = |numbers: &mut dyn Iterator<Item = f64>| numbers.reduce(f64::max);
        match field {
            Number::Backlog => greatest(&mut self.queues().filter_map(|sight| sight.queue.ready).map(|n| n as f64)),
            Number::Failed => greatest(&mut self.queues().filter_map(|sight| sight.queue.failed).map(|n| n as f64)),
            Number::BacklogShare => {
                greatest(&mut self.queues().filter_map(|sight| part(sight.queue.ready, sight.limit)))
            }
            Number::Oldest => greatest(&mut self.queues().filter_map(|sight| self.since(sight.queue.oldest_at))),
            Number::Certificate => {
                let ends = self.sights().checks.into_iter().filter_map(|check| check.certificate_expires_at).min()?;
                Some(seconds_between(self.now, ends) as f64)
            }
            Number::ConnectionsShare => {
                let checks = self.sights().checks.into_iter().filter(|check| self.is_live(&check.key));
                let asked = checks.filter_map(|check| check.connections);
                let asked = asked.filter_map(|(used, most)| part(Some(used.into()), Some(most.into())));
                let told = self.stores().filter_map(|store| part(store.connections, store.connections_max));
                greatest(&mut asked.chain(told))
            }
            Number::StoreShare => {
                greatest(&mut self.stores().filter_map(|store| part(store.memory_bytes, store.memory_limit_bytes)))
            }
            _ => None,
        }
    }

    fn stores(&self) -> impl Iterator<Item = &'a crate::model::Store> {
        let row = *self;
        self.fleet.stores_of(&self.service.address).filter(move |store| row.is_live(&store.key))
    }

    /// Restarts that were seen in the last ten minutes, with their times.
    pub(super) fn restarts_lately(&self) -> impl Iterator<Item = (Timestamp, u32)> {
        let (fleet, now) = (self.fleet, self.now);
        let seen = fleet.services.find(&self.service.address).into_iter().flat_map(|state| &state.restarts);
        seen.copied().filter(move |(at, _)| seconds_between(*at, now) < BURST_SECONDS)
    }
}
