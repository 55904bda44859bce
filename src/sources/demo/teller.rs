//! Tells a world's story as a Source does: a whole list first, then only what changed.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::Change;
use super::world::World;
use crate::model::{Fact, Freshness, Key, Kind, SourceStatus, Table, Text, Update};

/// Remembers what was told.
#[derive(Debug)]
pub struct Teller {
    world: World,
    chapters: Vec<Chapter>,
}

/// Facts that change together.
#[derive(Debug, Default)]
struct Chapter {
    told: HashMap<Key, Fact>,
    /// Nothing changes before this story time.
    until: i64,
}

/// The table that facts of a kind are listed in.
pub(super) fn table(kind: Kind) -> Table {
    Table::whole(match kind {
        Kind::Scope => "scopes",
        Kind::Workload => "workloads",
        Kind::Instance => "instances",
        Kind::Revision => "revisions",
        Kind::Autoscaler => "autoscalers",
        Kind::Route => "routes",
        Kind::Budget => "budgets",
        Kind::Node => "nodes",
        Kind::Event => "events",
        Kind::Queue => "queues",
        Kind::Alarm => "alarms",
        Kind::Check => "checks",
        Kind::Store => "stores",
        Kind::Reading => "readings",
    })
}

const KINDS: [Kind; 14] = [
    Kind::Scope,
    Kind::Node,
    Kind::Workload,
    Kind::Instance,
    Kind::Revision,
    Kind::Autoscaler,
    Kind::Route,
    Kind::Budget,
    Kind::Event,
    Kind::Store,
    Kind::Queue,
    Kind::Check,
    Kind::Alarm,
    Kind::Reading,
];

impl Teller {
    /// Has told nothing yet.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self { world, chapters: Vec::new() }
    }

    /// The whole list at a story time, with the Source's Status and Synced behind it.
    pub fn begin(&mut self, story: i64) -> Vec<Update> {
        self.chapters = std::iter::repeat_with(Chapter::default).take(self.world.chapters()).collect();
        let mut out: Vec<Update> = KINDS.iter().map(|kind| Update::Begin(table(*kind))).collect();
        for (number, chapter) in self.chapters.iter_mut().enumerate() {
            chapter.tell(&self.world, number, story, &mut out);
        }
        out.extend(KINDS.iter().map(|kind| Update::Commit(table(*kind))));
        out.push(Update::Status(self.status()));
        out.push(Update::Synced);
        out
    }

    /// Goes on with what people changed by now; true where that is news.
    pub(super) fn adopt(&mut self, changes: &Arc<[Change]>) -> bool {
        let news = self.world.changes != *changes;
        if news {
            self.world.changes = changes.clone();
            self.chapters.iter_mut().for_each(|chapter| chapter.until = i64::MIN);
        }
        news
    }

    /// What changed since the last call; mostly nothing, found out by comparing two numbers.
    pub fn go_on(&mut self, story: i64) -> Vec<Update> {
        let mut out = Vec::new();
        for (number, chapter) in self.chapters.iter_mut().enumerate().filter(|(_, c)| story >= c.until) {
            chapter.tell(&self.world, number, story, &mut out);
        }
        out
    }

    /// The Source's good state.
    #[must_use]
    pub fn status(&self) -> SourceStatus {
        SourceStatus {
            state: Freshness::Fresh,
            version: Some(Text::name(self.world.version())),
            ..SourceStatus::default()
        }
    }

    /// The story time before which nothing changes.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.chapters.iter().map(|chapter| chapter.until).min().unwrap_or(i64::MIN)
    }

    /// The world it tells of.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }
}

impl Chapter {
    /// Adds what differs at a story time from what was told.
    fn tell(&mut self, world: &World, number: usize, story: i64, out: &mut Vec<Update>) {
        let mut facts = Vec::new();
        self.until = world.chapter(number, story, &mut facts);
        let mut gone = std::mem::take(&mut self.told);
        for fact in facts {
            if gone.remove(fact.key()).as_ref() != Some(&fact) {
                out.push(Update::Put(table(fact.kind()), fact.clone()));
            }
            self.told.insert(fact.key().clone(), fact);
        }
        let mut gone: Vec<Key> = gone.into_keys().collect();
        gone.sort();
        out.extend(gone.into_iter().map(Update::Drop));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceName, Timestamp};

    #[test]
    fn what_is_told_bit_by_bit_is_what_stands_there_and_quiet_times_are_quiet() {
        for site in ["compose:biz-vm", "eks:biz", "ecs:competitoriq", "eks:te-explico"] {
            let world = World::of(&SourceName::new(site), 7, site, Timestamp::UNIX_EPOCH).unwrap();
            let mut teller = Teller::new(world.clone());
            teller.begin(0);
            let (mut changes, mut quiet, mut longest) = (0, 0, 0);
            for story in 1..5400 {
                let news = teller.go_on(story);
                // What waits in queues goes up and down all the time.
                let idle = news.iter().all(|news| {
                    matches!(news, Update::Put(_, Fact::Queue(_) | Fact::Alarm(_) | Fact::Check(_) | Fact::Reading(_)))
                });
                changes += usize::from(!idle);
                quiet = if idle { quiet + 1 } else { 0 };
                longest = longest.max(quiet);
                if !news.is_empty() && story % 3 == 0 || !idle {
                    let stands: HashMap<_, _> = world.at(story).0.into_iter().map(|f| (f.key().clone(), f)).collect();
                    let told: HashMap<_, _> = teller.chapters.iter().flat_map(|c| c.told.clone()).collect();
                    assert_eq!(told, stands, "{site} at {story}");
                }
            }
            assert!(changes > 20 && longest > 300, "{site}: {changes} changes, {longest} s of quiet");
        }
    }

    #[test]
    fn only_what_changed_is_told() {
        let world = World::of(&SourceName::new("eks:biz"), 7, "eks:biz", Timestamp::UNIX_EPOCH).unwrap();
        let mut teller = Teller::new(world);
        let mut known: HashMap<Key, Fact> = HashMap::new();
        for story in 0..2000 {
            let news = if story == 0 { teller.begin(0) } else { teller.go_on(story) };
            for update in news {
                match update {
                    Update::Put(_, fact) => {
                        let before = known.insert(fact.key().clone(), fact.clone());
                        assert_ne!(before, Some(fact), "told again at {story}");
                    }
                    Update::Drop(key) => assert!(known.remove(&key).is_some(), "{key:?} dropped twice"),
                    _ => assert_eq!(story, 0),
                }
            }
        }
    }
}
