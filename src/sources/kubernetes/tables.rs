//! Which tables were filled so far, over all runs: what is read per namespace now may have been read whole before.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::model::Table;

/// The tables that hold facts.
#[derive(Debug, Default)]
pub(crate) struct Tables(Mutex<BTreeSet<Table>>);

impl Tables {
    /// `table` is filled now; gives those that it takes the place of, to be emptied.
    #[must_use]
    pub(crate) fn settle(&self, table: &Table) -> Vec<Table> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = |other: &Table| other.name == table.name && other.scope.is_some() != table.scope.is_some();
        let gone: Vec<Table> = all.iter().filter(|other| replaced(other)).cloned().collect();
        all.retain(|other| !replaced(other));
        all.insert(table.clone());
        gone
    }

    /// `table` is not watched any more; true where it held facts.
    #[must_use]
    pub(crate) fn remove(&self, table: &Table) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(table)
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
}
