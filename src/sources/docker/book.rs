//! What is known of one engine, kept over reconnects, and what of it the engine room has been told.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::container::Container;
use super::convert::{self, Memory, World};
use super::project::Declaration;
use super::wire::EventLine;
use crate::model::{Fact, Key, SourceName, Table, Text, Timestamp, Update};

/// Events kept; older ones are dropped.
const EVENTS: usize = 500;

/// The book of one engine.
#[derive(Debug)]
pub(super) struct Book {
    source: SourceName,
    alone: Text,
    pub(super) host: Option<Text>,
    pub(super) containers: BTreeMap<String, Container>,
    memories: HashMap<String, Memory>,
    /// Repository digests by image id.
    pub(super) digests: HashMap<String, Vec<String>>,
    pub(super) declared: BTreeMap<Text, Declaration>,
    /// What was sent, by key.
    sent: HashMap<Key, Fact>,
    events: VecDeque<Key>,
    /// Unix nanoseconds of the newest event.
    pub(super) last_event: Option<i64>,
    /// When the facts change although nothing happens.
    pub(super) settles_at: Option<Timestamp>,
}

impl Book {
    /// An empty book.
    pub(super) fn new(source: SourceName) -> Self {
        let shown = source.0.raw();
        let alone = Text::name(shown.split_once(':').map_or(shown, |(_, short)| short));
        Self {
            source,
            alone,
            host: None,
            containers: BTreeMap::new(),
            memories: HashMap::new(),
            digests: HashMap::new(),
            declared: BTreeMap::new(),
            sent: HashMap::new(),
            events: VecDeque::new(),
            last_event: None,
            settles_at: None,
        }
    }

    /// Takes a whole list in. Gives the ids that have to be inspected: new ones, and those that changed.
    pub(super) fn list(&mut self, listed: Vec<Container>) -> Vec<String> {
        let mut before = std::mem::take(&mut self.containers);
        let mut changed = Vec::new();
        for mut container in listed {
            match before.remove(&container.id) {
                Some(known) if known.detail.is_some() && !known.differs_from(&container) => container = known,
                known => {
                    changed.push(container.id.clone());
                    // What only an inspection tells stays as it was until there is a new one.
                    if let Some(known) = known {
                        container = Container { reference: known.reference, detail: known.detail, ..container };
                    }
                }
            }
            self.containers.insert(container.id.clone(), container);
        }
        self.memories.retain(|id, _| self.containers.contains_key(id));
        let used: std::collections::HashSet<&str> = self.containers.values().map(|c| c.image_id.as_str()).collect();
        // Images without a repository digest are asked for again: a push gives them one.
        self.digests.retain(|id, digests| used.contains(id.as_str()) && !digests.is_empty());
        changed
    }

    /// Takes an inspection in; `None`: the container is gone.
    pub(super) fn inspected(&mut self, id: &str, container: Option<Container>) {
        match container {
            Some(container) => drop(self.containers.insert(container.id.clone(), container)),
            None => drop(self.containers.remove(id)),
        }
    }

    /// Ids of images whose digests are not known.
    pub(super) fn images_wanted(&self) -> Vec<String> {
        let mut wanted: Vec<String> = self
            .containers
            .values()
            .filter(|c| !c.image_id.is_empty() && !self.digests.contains_key(&c.image_id))
            .map(|c| c.image_id.clone())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Takes an event in; gives what is to be told of it.
    pub(super) fn event(&mut self, line: &EventLine) -> Vec<Update> {
        self.last_event = self.last_event.max(line.time_nano);
        convert::seen(self.memories.entry(line.actor.id.clone()).or_default(), line);
        let Some(event) = convert::event(&self.source, &self.alone, line) else { return Vec::new() };
        // After a reconnect the engine tells again what we know already.
        if self.events.contains(&event.key) {
            return Vec::new();
        }
        self.events.push_back(event.key.clone());
        let mut updates = vec![Update::Put(Table::whole("events"), Fact::Event(Box::new(event)))];
        while self.events.len() > EVENTS {
            updates.extend(self.events.pop_front().map(Update::Drop));
        }
        updates
    }

    /// Everything, as one relist.
    pub(super) fn relist(&mut self, now: Timestamp) -> Vec<Update> {
        let table = Table::whole("containers");
        let facts = self.facts(now);
        self.sent = facts.iter().map(|fact| (fact.key().clone(), fact.clone())).collect();
        let mut updates = vec![Update::Begin(table.clone())];
        updates.extend(facts.into_iter().map(|fact| Update::Put(table.clone(), fact)));
        updates.push(Update::Commit(table));
        updates
    }

    /// What changed since it was last told.
    pub(super) fn changes(&mut self, now: Timestamp) -> Vec<Update> {
        let table = Table::whole("containers");
        let mut gone = std::mem::take(&mut self.sent);
        let mut updates = Vec::new();
        for fact in self.facts(now) {
            if gone.remove(fact.key()).as_ref() != Some(&fact) {
                updates.push(Update::Put(table.clone(), fact.clone()));
            }
            self.sent.insert(fact.key().clone(), fact);
        }
        updates.extend(gone.into_keys().map(Update::Drop));
        updates
    }

    fn facts(&mut self, now: Timestamp) -> Vec<Fact> {
        let world = World {
            source: &self.source,
            alone: &self.alone,
            host: self.host.as_ref(),
            containers: &self.containers,
            memories: &self.memories,
            digests: &self.digests,
            declared: &self.declared,
        };
        let (facts, settles_at) = convert::facts(&world, now);
        self.settles_at = settles_at;
        facts
    }
}
