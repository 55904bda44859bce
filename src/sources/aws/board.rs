//! What has been told: a poll is held against the one before, and only what differs is sent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{Fact, Key, Table, Update};

/// Facts told so far, by table.
#[derive(Default)]
pub(super) struct Board {
    tables: Mutex<HashMap<&'static str, HashMap<Key, Fact>>>,
}

impl Board {
    /// The updates that bring the engine to what a whole table says now.
    pub(super) fn tell(&self, name: &'static str, facts: Vec<Fact>) -> Vec<Update> {
        let table = Table::whole(name);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let new: HashMap<Key, Fact> = facts.into_iter().map(|fact| (fact.key().clone(), fact)).collect();
        let put = |fact: &Fact| Update::Put(table.clone(), fact.clone());
        let updates = match tables.get(name) {
            None => {
                let begin = std::iter::once(Update::Begin(table.clone()));
                begin.chain(new.values().map(put)).chain(std::iter::once(Update::Commit(table.clone()))).collect()
            }
            Some(old) => {
                let gone = old.keys().filter(|key| !new.contains_key(key)).cloned().map(Update::Drop);
                let changed = new.iter().filter(|(key, fact)| old.get(key) != Some(fact)).map(|(_, fact)| put(fact));
                gone.chain(changed).collect()
            }
        };
        tables.insert(name, new);
        updates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Labels, Platform, Scope, SourceName, Text};

    fn scope(name: &str, note: Option<&str>) -> Fact {
        Fact::Scope(Box::new(Scope {
            key: Key::new(&SourceName::new("aws"), Kind::Scope, name),
            platform: Platform::Ecs,
            name: Text::name(name),
            labels: Labels::default(),
            note: note.map(Text::line),
        }))
    }

    #[test]
    fn the_first_poll_is_a_list_and_later_ones_tell_what_differs() {
        let board = Board::default();
        let first = board.tell("clusters", vec![scope("a", None), scope("b", None)]);
        assert!(matches!((&first[0], &first[3]), (Update::Begin(_), Update::Commit(_))));
        assert_eq!(board.tell("clusters", vec![scope("b", None), scope("a", None)]), []);
        let next = board.tell("clusters", vec![scope("a", Some("changed"))]);
        assert!(matches!(&next[..], [Update::Drop(key), Update::Put(_, _)] if &*key.uid == "b"));
    }
}
