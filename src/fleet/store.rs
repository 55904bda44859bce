//! The facts themselves: each in its slot, each in the table that it was last put under, so that a relist swaps atomically.

use std::collections::HashMap;

use crate::model::{Fact, Key, SourceName, Table};

/// Where a fact lies. A slot is used again after its fact is gone.
pub(super) type Slot = u32;
type TableId = u32;

#[derive(Clone, Debug)]
struct Entry {
    fact: Fact,
    table: TableId,
    generation: u32,
}

/// What one list covers, and how far it is.
#[derive(Clone, Debug)]
struct TableState {
    source: SourceName,
    table: Table,
    /// Counts relists; facts of an older generation go at `Commit`.
    generation: u32,
    /// A relist is under way.
    open: bool,
    /// It has been read as a whole at least once.
    complete: bool,
    /// Slots put under it; may hold some that have left since.
    members: Vec<Slot>,
    /// At this length those that have left are swept out, so that churn without a relist costs no memory.
    sweep_at: usize,
}

/// All facts now known.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    entries: Vec<Option<Entry>>,
    free: Vec<Slot>,
    by_key: HashMap<Key, Slot>,
    tables: Vec<TableState>,
    ids: HashMap<SourceName, HashMap<Table, TableId>>,
}

impl Store {
    /// A relist begins.
    pub(super) fn begin(&mut self, source: &SourceName, table: &Table) {
        let id = self.table(source, table);
        let state = &mut self.tables[id as usize];
        state.generation += 1;
        state.open = true;
    }

    /// A fact is there; the one that it replaces is returned with its slot.
    pub(super) fn put(&mut self, source: &SourceName, table: &Table, fact: Fact) -> (Slot, Option<Fact>) {
        let id = self.table(source, table);
        let generation = self.tables[id as usize].generation;
        if let Some(&slot) = self.by_key.get(fact.key())
            && let Some(entry) = self.entries[slot as usize].as_mut()
        {
            if entry.table != id {
                entry.table = id;
                entry.generation = generation;
                let old = std::mem::replace(&mut entry.fact, fact);
                self.join(id, slot);
                return (slot, Some(old));
            }
            entry.generation = generation;
            return (slot, Some(std::mem::replace(&mut entry.fact, fact)));
        }
        let key = fact.key().clone();
        let entry = Some(Entry { fact, table: id, generation });
        let slot = if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = entry;
            slot
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        self.by_key.insert(key, slot);
        self.join(id, slot);
        (slot, None)
    }

    /// A fact is gone.
    pub(super) fn remove(&mut self, key: &Key) -> Option<(Slot, Fact)> {
        let slot = self.by_key.remove(key)?;
        let entry = self.entries[slot as usize].take()?;
        self.free.push(slot);
        Some((slot, entry.fact))
    }

    /// Ends a relist: what was not put since it began is gone, and returned. Without a `Begin` there is nothing to end.
    pub(super) fn commit(&mut self, source: &SourceName, table: &Table) -> Vec<(Slot, Fact)> {
        let id = self.table(source, table);
        let state = &mut self.tables[id as usize];
        if !state.open {
            return Vec::new();
        }
        (state.open, state.complete) = (false, true);
        let generation = state.generation;
        let mut members = std::mem::take(&mut state.members);
        members.sort_unstable();
        members.dedup();
        let mut gone = Vec::new();
        members.retain(|&slot| match &self.entries[slot as usize] {
            Some(entry) if entry.table == id && entry.generation == generation => true,
            Some(entry) if entry.table == id => {
                gone.push(entry.fact.key().clone());
                false
            }
            _ => false,
        });
        members.shrink_to_fit();
        self.tables[id as usize].members = members;
        gone.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// Slots put under a table that has not been read as a whole so far; none of one that has.
    pub(super) fn pending(&mut self, source: &SourceName, table: &Table) -> Vec<Slot> {
        let id = self.table(source, table);
        let state = &self.tables[id as usize];
        if state.complete { Vec::new() } else { state.members.clone() }
    }

    /// Everything of a Source goes, its tables too.
    pub(super) fn forget(&mut self, source: &SourceName) -> Vec<(Slot, Fact)> {
        let keys: Vec<Key> = self.by_key.keys().filter(|key| key.source == *source).cloned().collect();
        for state in self.tables.iter_mut().filter(|state| state.source == *source) {
            // The place in the list stays, since other tables are known by theirs.
            state.members = Vec::new();
            (state.open, state.complete) = (false, false);
        }
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// Whether a relist of any of the Source's tables is under way.
    pub(super) fn relisting(&self, source: &SourceName) -> bool {
        self.tables.iter().any(|state| state.open && state.source == *source)
    }

    /// Whether the table of this fact has been read as a whole.
    pub(super) fn is_complete(&self, slot: Slot) -> bool {
        let entry = self.entries.get(slot as usize).and_then(Option::as_ref);
        entry.is_some_and(|entry| self.tables[entry.table as usize].complete)
    }

    /// The table that a fact was last put under.
    pub(super) fn table_of(&self, slot: Slot) -> Option<&Table> {
        let entry = self.entries.get(slot as usize)?.as_ref()?;
        Some(&self.tables[entry.table as usize].table)
    }

    /// The fact in a slot.
    pub(super) fn at(&self, slot: Slot) -> Option<&Fact> {
        self.entries.get(slot as usize)?.as_ref().map(|entry| &entry.fact)
    }

    /// The fact in a slot, to be enriched.
    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut Fact> {
        self.entries.get_mut(slot as usize)?.as_mut().map(|entry| &mut entry.fact)
    }

    /// Where a fact lies.
    pub(super) fn slot(&self, key: &Key) -> Option<Slot> {
        self.by_key.get(key).copied()
    }

    /// One fact.
    pub(super) fn get(&self, key: &Key) -> Option<&Fact> {
        self.at(self.slot(key)?)
    }

    /// All facts, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.entries.iter().flatten().map(|entry| &entry.fact)
    }

    /// Slots that are there, used or not.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.entries.len() + self.tables.iter().map(|table| table.members.len()).sum::<usize>()
    }

    fn join(&mut self, id: TableId, slot: Slot) {
        let state = &mut self.tables[id as usize];
        if state.members.len() >= state.sweep_at {
            state.members.sort_unstable();
            state.members.dedup();
            state.members.retain(|&s| self.entries[s as usize].as_ref().is_some_and(|entry| entry.table == id));
            state.sweep_at = 64.max(state.members.len() * 2);
        }
        state.members.push(slot);
    }

    fn table(&mut self, source: &SourceName, table: &Table) -> TableId {
        if let Some(&id) = self.ids.get(source).and_then(|ids| ids.get(table)) {
            return id;
        }
        let id = u32::try_from(self.tables.len()).unwrap_or(u32::MAX);
        self.tables.push(TableState {
            source: source.clone(),
            table: table.clone(),
            generation: 0,
            open: false,
            complete: false,
            members: Vec::new(),
            sweep_at: 64,
        });
        self.ids.entry(source.clone()).or_default().insert(table.clone(), id);
        id
    }
}
