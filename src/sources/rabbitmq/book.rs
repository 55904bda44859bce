//! What is known of a broker between two answers, and the facts that it makes.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::alarms::{self, Since};
use super::convert::{self, View};
use super::dead::{self, Bindings};
use super::wire::{NodeRow, QueueRow};
use crate::model::{Fact, Queue, SourceName, Table, Text, Timestamp, Update};

/// A queue's virtual host and name.
pub(super) type Name = (String, String);
/// The last row of each queue.
pub(super) type Rows = HashMap<Name, QueueRow>;

/// Everything known of one broker.
#[derive(Default)]
pub(super) struct Book {
    pub(super) cluster: Option<String>,
    rows: Rows,
    nodes: Vec<NodeRow>,
    since: Option<Since>,
    bindings: Bindings,
    /// Exchanges whose bindings are known but old.
    doubted: BTreeSet<Name>,
}

impl Book {
    /// Takes rows with everything in them, and returns whose they are.
    pub(super) fn take(&mut self, rows: Vec<QueueRow>) -> Vec<Name> {
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(name) = name(&row) else { continue };
            self.rows.insert(name.clone(), row);
            names.push(name);
        }
        names
    }

    /// Takes rows with counts alone: what was known beside them stays.
    pub(super) fn count(&mut self, rows: Vec<QueueRow>) -> Vec<Name> {
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(name) = name(&row) else { continue };
            match self.rows.get_mut(&name) {
                Some(known) => {
                    known.messages_ready = row.messages_ready;
                    known.messages_ready_details = row.messages_ready_details;
                    known.messages_unacknowledged = row.messages_unacknowledged;
                    (known.state, known.form) = (row.state, row.form);
                    (known.members, known.online) = (row.members, row.online);
                    known.arguments = row.arguments;
                }
                None => drop(self.rows.insert(name.clone(), row)),
            }
            names.push(name);
        }
        names
    }

    /// Forgets the queues of a virtual host (or of all) that were not seen.
    pub(super) fn keep(&mut self, vhost: Option<&str>, seen: &HashSet<Name>) {
        self.rows.retain(|name, _| vhost.is_some_and(|vhost| vhost != name.0) || seen.contains(name));
    }

    /// The facts of these queues, as far as they are wanted.
    pub(super) fn queues(&self, names: &[Name], source: &SourceName, at: Timestamp) -> Vec<Queue> {
        let blocked = alarms::blocked(&self.nodes);
        let view = View { source, at, blocked: blocked.as_deref(), bindings: &self.bindings, rows: &self.rows };
        names.iter().filter_map(|name| convert::queue(self.rows.get(name)?, &view)).collect()
    }

    /// The relist of the alarms.
    pub(super) fn alarms(&mut self, nodes: Vec<NodeRow>, source: &SourceName, now: Timestamp) -> Vec<Update> {
        self.nodes = nodes;
        let alarms = alarms::of_nodes(&self.nodes, source, self.cluster.as_deref(), &mut self.since, now);
        let table = Table::whole("alarms");
        let puts = alarms.into_iter().map(|alarm| Update::Put(table.clone(), Fact::Alarm(Box::new(alarm))));
        let begin = std::iter::once(Update::Begin(table.clone()));
        begin.chain(puts).chain([Update::Commit(table.clone())]).collect()
    }

    /// Exchanges that lead to dead letters, whose bindings are not known yet or are old, in their order.
    pub(super) fn exchanges(&self) -> BTreeSet<Name> {
        let wanted = self.rows.values().filter_map(dead::wanted);
        wanted.filter(|name| !self.bindings.contains_key(name) || self.doubted.contains(name)).collect()
    }

    /// Takes the bindings of an exchange; none where they cannot be read.
    pub(super) fn bind(&mut self, exchange: Name, rows: super::ask::BindingRows) {
        self.doubted.remove(&exchange);
        self.bindings.insert(exchange, rows);
    }

    /// Bindings change rarely, and nothing tells of it: they are read again from time to time.
    pub(super) fn doubt_bindings(&mut self) {
        self.doubted = self.bindings.keys().cloned().collect();
    }
}

fn name(row: &QueueRow) -> Option<Name> {
    Some((row.vhost.clone().unwrap_or_else(|| "/".to_owned()), row.name.clone()?))
}

/// The table of one virtual host's queues, or of all.
pub(super) fn table(vhost: Option<&str>) -> Table {
    Table { name: Text::name("queues"), scope: vhost.map(Text::name) }
}
