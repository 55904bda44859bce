//! How often alarms began and ended lately: an alarm that flaps is another trouble than one that stands.

use std::collections::{HashMap, VecDeque};

use crate::fleet::words::seconds_between;
use crate::model::{Alarm, AlarmState, Key, Timestamp};

/// How far back changes are kept.
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// Most changes kept of one alarm, and alarms of which any are kept.
const CHANGES: usize = 512;
const ALARMS: usize = 4096;

/// State changes of one alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlapCount {
    pub last_hour: u32,
    pub last_day: u32,
}

/// When alarms began or ended to fire, as far as this console has seen.
#[derive(Clone, Debug, Default)]
pub(in crate::fleet) struct Flaps {
    of: HashMap<Key, VecDeque<Timestamp>>,
}

/// Whether it is on (a silenced one would fire); `None`: there is nothing to say that by.
fn is_on(alarm: &Alarm) -> Option<bool> {
    match alarm.state {
        AlarmState::Firing | AlarmState::Suppressed => Some(true),
        AlarmState::Ok | AlarmState::Pending => Some(false),
        AlarmState::NoData => None,
    }
}

impl Flaps {
    /// An alarm is another than before; one that is not there does not fire.
    pub(super) fn compare(&mut self, key: &Key, old: Option<&Alarm>, new: Option<&Alarm>, now: Timestamp) {
        let on = |alarm: Option<&Alarm>| alarm.map_or(Some(false), is_on);
        if let (Some(before), Some(after)) = (on(old), on(new))
            && before != after
        {
            self.note(key, now);
        }
    }

    /// It began or ended to fire.
    pub(super) fn note(&mut self, key: &Key, now: Timestamp) {
        if self.of.len() >= ALARMS && !self.of.contains_key(key) {
            self.of.retain(|_, changes| changes.back().is_some_and(|at| seconds_between(*at, now) < HOUR));
            if self.of.len() >= ALARMS {
                return;
            }
        }
        let changes = self.of.entry(key.clone()).or_default();
        while changes.len() >= CHANGES || changes.front().is_some_and(|at| seconds_between(*at, now) >= DAY) {
            changes.pop_front();
        }
        changes.push_back(now);
    }

    /// How often it changed up to now.
    pub(super) fn count(&self, key: &Key, now: Timestamp) -> FlapCount {
        let Some(changes) = self.of.get(key) else { return FlapCount::default() };
        let within = |seconds| {
            let n = changes.iter().rev().take_while(|at| seconds_between(**at, now) < seconds).count();
            u32::try_from(n).unwrap_or(u32::MAX)
        };
        FlapCount { last_hour: within(HOUR), last_day: within(DAY) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::diagnose::fixture::at;
    use crate::model::{Kind, SourceName};

    #[test]
    fn changes_are_counted_over_the_hour_and_the_day_and_bounded() {
        let key = Key::new(&SourceName::new("am"), Kind::Alarm, "a");
        let mut flaps = Flaps::default();
        for second in [0, 100, DAY - HOUR, DAY - 10] {
            flaps.note(&key, at(second));
        }
        assert_eq!(flaps.count(&key, at(DAY - 1)), FlapCount { last_hour: 2, last_day: 4 });
        assert_eq!(flaps.count(&key, at(DAY + 99)), FlapCount { last_hour: 1, last_day: 3 });
        (0..2000).for_each(|n| flaps.note(&key, at(2 * DAY + n)));
        assert_eq!(flaps.of[&key].len(), CHANGES);
        for n in 0..2 * ALARMS {
            flaps.note(&Key::new(&SourceName::new("am"), Kind::Alarm, &n.to_string()), at(3 * DAY));
        }
        assert!(flaps.of.len() <= ALARMS);
    }
}
