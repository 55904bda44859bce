//! When each part of a Source was last read: from then on it is old once it cannot be read any more. It outlives the connection,
//! as what was read does.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Lapse, Table, Text, Timestamp};

/// The moments, by table.
#[derive(Debug, Default)]
pub(in crate::sources) struct LastRead(Mutex<BTreeMap<Table, Timestamp>>);

impl LastRead {
    /// A table was read as a whole, or brought up to date.
    pub(in crate::sources) fn read(&self, table: Table, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table, now);
    }

    /// What is to be told of a table that cannot be read now; nothing where it never was: then nothing of it is known.
    pub(in crate::sources) fn lapse(&self, table: &Table, what: &str, why: &str) -> Option<Lapse> {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table)?;
        Some(Lapse { table: table.clone(), what: Text::name(what), since, why: Text::line(why) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_read_can_become_old() {
        let (last, table) = (LastRead::default(), Table::whole("alarms"));
        assert_eq!(last.lapse(&table, "alarms", "500"), None);
        let at = Timestamp::from_second(7).unwrap();
        last.read(table.clone(), at);
        let lapse = last.lapse(&table, "alarms", "500").unwrap();
        assert_eq!((lapse.since, lapse.subject().shown()), (at, "alarms"));
    }
}
