//! The newest two measurements of each Instance that is measured (those on screen), and the sums over a Service.

use std::collections::HashMap;

use crate::model::{Sample, Timestamp};

use super::store::Slot;
use super::words::seconds_between;

/// A measurement older than this is not added up any more: its Instance has left the screen.
pub(super) const OLD_SECONDS: i64 = 120;

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub at: Timestamp,
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
}

/// The newest measurement of an Instance and the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub newest: Measure,
    pub before: Option<Measure>,
    /// When it was taken in.
    taken_at: Timestamp,
}

impl Measured {
    /// The newest measurement, if it is not old.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<&Measure> {
        (seconds_between(self.taken_at, now) < OLD_SECONDS).then_some(&self.newest)
    }
}

/// Measurements by the slots of their Instances.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    of: HashMap<Slot, Measured>,
}

impl Samples {
    /// Takes one in; an older one than is known is ignored.
    pub(super) fn take(&mut self, slot: Slot, sample: &Sample, now: Timestamp) {
        let newest = Measure { at: sample.at, cpu_cores: sample.cpu_cores, memory_bytes: sample.memory_bytes };
        let known = self.of.get(&slot).map(|known| known.newest);
        if known.is_none_or(|known| known.at <= newest.at) {
            self.of.insert(slot, Measured { newest, before: known, taken_at: now });
        }
    }

    /// The Instance is gone.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.of.remove(&slot);
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Measured> {
        self.of.get(&slot)
    }

    /// CPU and memory of these Instances together, of what is known and not old; and when the oldest of it was taken.
    pub(super) fn sum(
        &self,
        slots: impl Iterator<Item = Slot>,
        now: Timestamp,
    ) -> (Option<f64>, Option<u64>, Option<Timestamp>) {
        if self.of.is_empty() {
            return (None, None, None);
        }
        let (mut cpu, mut memory, mut oldest): (Option<f64>, Option<u64>, Option<Timestamp>) = (None, None, None);
        for measured in slots.filter_map(|slot| self.of.get(&slot)) {
            let Some(newest) = measured.fresh(now) else { continue };
            cpu = newest.cpu_cores.map(|cores| cores + cpu.unwrap_or(0.0)).or(cpu);
            memory = newest.memory_bytes.map(|bytes| bytes.saturating_add(memory.unwrap_or(0))).or(memory);
            oldest = Some(oldest.map_or(measured.taken_at, |at| at.min(measured.taken_at)));
        }
        (cpu, memory, oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::*;
    use crate::model::{Key, Kind, SourceName};

    fn sample(second: i64, cpu: Option<f64>) -> Sample {
        let instance = Key::new(&SourceName::new("s"), Kind::Instance, "i");
        Sample { instance, at: at(second), cpu_cores: cpu, memory_bytes: Some(10) }
    }

    #[test]
    fn the_newest_two_are_kept_and_sums_leave_out_what_is_old_or_not_told() {
        let mut samples = Samples::default();
        for (second, cpu) in [(0, 0.1), (2, 0.2), (1, 9.0), (4, 0.4)] {
            samples.take(1, &sample(second, Some(cpu)), at(second));
        }
        let measured = samples.get(1).unwrap();
        assert_eq!((measured.newest.cpu_cores, measured.before.unwrap().cpu_cores), (Some(0.4), Some(0.2)));
        samples.take(2, &sample(100, None), at(100));
        assert_eq!(samples.sum([1, 2, 3].into_iter(), at(100)), (Some(0.4), Some(20), Some(at(4))));
        assert_eq!(samples.sum([1, 2].into_iter(), at(124)), (None, Some(10), Some(at(100))));
        assert_eq!(samples.sum([3].into_iter(), at(0)), (None, None, None));
    }
}
