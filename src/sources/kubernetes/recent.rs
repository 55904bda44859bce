//! The newest facts of a table that could grow without end: events.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::model::{Fact, Key, Timestamp};

/// Most facts kept.
const ROOM: usize = 1000;

/// Keeps the newest facts of a table.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Facts of a list under way, the oldest on top.
    gathered: BinaryHeap<Reverse<Aged>>,
    /// What was put and not dropped so far, oldest first.
    kept: BTreeSet<(Timestamp, Key)>,
}

#[derive(Debug)]
struct Aged(Timestamp, Fact);

impl PartialEq for Aged {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Aged {}

impl PartialOrd for Aged {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Aged {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

fn age(fact: &Fact) -> Timestamp {
    match fact {
        Fact::Event(event) => event.at.unwrap_or(Timestamp::UNIX_EPOCH),
        _ => Timestamp::UNIX_EPOCH,
    }
}

impl Recent {
    /// Takes a fact of a list.
    pub(crate) fn gather(&mut self, fact: Fact) {
        self.gathered.push(Reverse(Aged(age(&fact), fact)));
        if self.gathered.len() > ROOM {
            self.gathered.pop();
        }
    }

    /// The list has ended: these are the facts to put.
    pub(crate) fn settle(&mut self) -> impl Iterator<Item = Fact> + use<> {
        let facts: Vec<Fact> = std::mem::take(&mut self.gathered).into_iter().map(|Reverse(aged)| aged.1).collect();
        self.kept = facts.iter().map(|fact| (age(fact), fact.key().clone())).collect();
        facts.into_iter()
    }

    /// A fact of the watch; gives the key of the oldest one where it has no room any more.
    pub(crate) fn push(&mut self, fact: &Fact) -> Option<Key> {
        self.kept.insert((age(fact), fact.key().clone()));
        if self.kept.len() > ROOM {
            let (_, oldest) = self.kept.pop_first()?;
            // The same event may stand there with a later time.
            return (oldest != *fact.key() && !self.kept.iter().any(|(_, key)| *key == oldest)).then_some(oldest);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Kind, SourceName, Text};

    fn event(second: i64) -> Fact {
        let name = Text::name("x");
        Fact::Event(Box::new(Event {
            key: Key::new(&SourceName::new("k"), Kind::Event, &second.to_string()),
            at: Timestamp::from_second(second).ok(),
            first_at: None,
            count: 1,
            warning: false,
            reason: name.clone(),
            message: name.clone(),
            about_kind: name.clone(),
            scope: name.clone(),
            about_name: name,
        }))
    }

    #[test]
    fn only_the_newest_thousand_are_kept() {
        let mut recent = Recent::default();
        for second in (1..=3000).rev() {
            recent.gather(event(second));
        }
        let mut kept: Vec<_> = recent.settle().map(|f| age(&f).as_second()).collect();
        kept.sort_unstable();
        assert_eq!((kept.len(), kept[0], kept[999]), (1000, 2001, 3000));
        assert_eq!(recent.push(&event(3001)).unwrap().uid.as_ref(), "2001");
    }
}
