//! What metrics servers read of a Service: each reading with the rule that tied it, and the numbers that follow from all.

use std::collections::BTreeMap;

use crate::fleet::Fleet;
use crate::model::{Address, Fact, Quantity, Reading, SourceName, Text, Timestamp};

/// A reading beside its Service.
#[derive(Clone, Debug)]
pub struct ReadingView<'a> {
    pub reading: &'a Reading,
    pub because: Text,
    /// Its Source tells nothing since then.
    pub stale_since: Option<Timestamp>,
}

/// All readings of one Service together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::fleet) struct Read {
    pub(in crate::fleet) error_ratio: Option<f64>,
    pub(in crate::fleet) p95_seconds: Option<f64>,
    pub(in crate::fleet) cpu_cores: Option<f64>,
    pub(in crate::fleet) memory_bytes: Option<u64>,
}

impl Fleet {
    /// The readings of a Service, by Source and labels.
    #[must_use]
    pub fn readings_of(&self, service: &Address) -> Vec<ReadingView<'_>> {
        let facts = self.signals.of(service).filter_map(|key| match self.store.get(key)? {
            Fact::Reading(reading) => Some(ReadingView {
                reading,
                because: self.signals.ties.get(key)?.because.clone(),
                stale_since: self.stale_since(key),
            }),
            _ => None,
        });
        facts.collect()
    }

    /// What follows from the readings of Sources that answer; what is stale says nothing of now. Of requests the worst reading
    /// speaks, as one way to a Service may fail where another does not. What its parts use is added up, by one server: two
    /// of them measure the same.
    pub(in crate::fleet) fn readings(&self, service: &Address) -> Read {
        let views = self.readings_of(service);
        let live = || views.iter().filter(|view| view.stale_since.is_none()).map(|view| view.reading);
        let worst =
            |number: fn(&Reading) -> Option<Quantity>| live().filter_map(number).map(Quantity::get).reduce(f64::max);
        let (mut cpu, mut memory): (BTreeMap<&SourceName, f64>, BTreeMap<&SourceName, u64>) = Default::default();
        for reading in live() {
            let source = &reading.key.source;
            if let Some(cores) = reading.cpu_cores {
                *cpu.entry(source).or_default() += cores.get();
            }
            if let Some(bytes) = reading.memory_bytes {
                let sum = memory.entry(source).or_default();
                *sum = sum.saturating_add(bytes);
            }
        }
        Read {
            error_ratio: worst(|reading| reading.error_ratio),
            p95_seconds: worst(|reading| reading.p95_seconds),
            cpu_cores: cpu.into_values().reduce(f64::max),
            memory_bytes: memory.into_values().max(),
        }
    }
}
