//! Which tables were filled so far, over all runs, and since when what they hold is old: what is read per namespace now may have
//! been read whole before, and what was read before may be denied now.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{Table, Timestamp};

/// The tables that hold facts, each with the moment since when nobody keeps it up to date.
#[derive(Debug, Default)]
pub(crate) struct Tables(Mutex<BTreeMap<Table, Option<Timestamp>>>);

impl Tables {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Table, Option<Timestamp>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `table` is filled now; gives those that it takes the place of, to be emptied.
    #[must_use]
    pub(crate) fn settle(&self, table: &Table) -> Vec<Table> {
        let mut all = self.lock();
        let replaced = |other: &Table| other.name == table.name && other.scope.is_some() != table.scope.is_some();
        let gone: Vec<Table> = all.keys().filter(|other| replaced(other)).cloned().collect();
        all.retain(|other, _| !replaced(other));
        all.insert(table.clone(), None);
        gone
    }

    /// `table` is not watched any more; true where it held facts.
    #[must_use]
    pub(crate) fn remove(&self, table: &Table) -> bool {
        self.lock().remove(table).is_some()
    }

    /// `table` cannot be read now.
    pub(crate) fn doubt(&self, table: &Table, now: Timestamp) {
        if let Some(since) = self.lock().get_mut(table) {
            since.get_or_insert(now);
        }
    }

    /// Nothing is read any more: the run ends.
    pub(crate) fn doubt_all(&self, now: Timestamp) {
        for since in self.lock().values_mut() {
            since.get_or_insert(now);
        }
    }

    /// The tables that are old, and since when.
    #[must_use]
    pub(crate) fn doubted(&self) -> Vec<(Table, Timestamp)> {
        self.lock().iter().filter_map(|(table, since)| Some((table.clone(), (*since)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    #[test]
    fn a_whole_table_takes_the_place_of_its_parts_and_the_other_way_round() {
        let tables = Tables::default();
        let part = |scope: &str| Table { name: Text::name("pods"), scope: Some(Text::name(scope)) };
        assert!(tables.settle(&part("a")).is_empty() && tables.settle(&part("b")).is_empty());
        assert!(tables.settle(&Table::whole("nodes")).is_empty());
        assert_eq!(tables.settle(&Table::whole("pods")), [part("a"), part("b")]);
        assert_eq!(tables.settle(&part("a")), [Table::whole("pods")]);
        assert!(tables.remove(&part("a")) && !tables.remove(&part("b")));
    }

    #[test]
    fn a_table_is_old_from_its_first_failure_until_it_is_read_again() {
        let (tables, pods) = (Tables::default(), Table::whole("pods"));
        let at = |second| Timestamp::from_second(second).unwrap();
        tables.doubt(&pods, at(1));
        assert!(tables.doubted().is_empty(), "nothing is known of it");
        drop(tables.settle(&pods));
        tables.doubt(&pods, at(2));
        tables.doubt_all(at(3));
        assert_eq!(tables.doubted(), [(pods.clone(), at(2))]);
        drop(tables.settle(&pods));
        assert!(tables.doubted().is_empty());
    }
}
