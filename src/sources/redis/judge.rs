//! From counts to a Queue: rates from what the last poll saw, workers told from none, stalled jobs, what is not there.

use std::collections::HashMap;

use super::bullmq::{Counts, Details};
use super::celery;
use super::clients::{Clients, Workers};
use super::name::{self, Name};
use crate::model::{Broker, Key, Kind, Quantity, Queue, SourceName, Text, Timestamp};

/// A shorter time than this between two polls, in seconds, says nothing of a rate.
const SHORTEST: f64 = 0.3;

/// What was seen of a queue before.
#[derive(Clone, Debug, Default)]
struct Past {
    counted: Option<(Timestamp, u64, u64)>,
    /// Workers with names were seen: its workers have names.
    named_workers: bool,
    unlocked: Vec<Vec<u8>>,
    /// It was there.
    seen: bool,
}

/// What was seen of all queues before; it outlives a connection.
#[derive(Debug, Default)]
pub(super) struct Memory(HashMap<String, Past>);

impl Memory {
    /// Forgets queues that are not spoken of any more.
    pub(super) fn keep(&mut self, queues: &[Queue]) {
        if self.0.len() > queues.len() {
            self.0.retain(|uid, _| queues.iter().any(|queue| *queue.key.uid == **uid));
        }
    }

    /// After a time without answers the next rate would be an average over the silence.
    pub(super) fn forget_counts(&mut self) {
        self.0.values_mut().for_each(|past| past.counted = None);
    }
}

/// A queue of which nothing is known.
fn unknown(source: &SourceName, uid: &str, broker: Broker, name: Text, at: Timestamp) -> Queue {
    Queue {
        key: Key::new(source, Kind::Queue, uid),
        broker,
        scope: Text::empty(),
        name,
        ready: None,
        unacked: None,
        delayed: None,
        failed: None,
        dead_letters: None,
        dead_letter_queue: None,
        oldest_at: None,
        in_per_second: None,
        out_per_second: None,
        net_per_second: None,
        consumers: None,
        paused: false,
        trouble: None,
        approximate: false,
        at,
    }
}

/// What all queues of one poll share.
pub(super) struct Poll<'a> {
    pub(super) source: &'a SourceName,
    pub(super) at: Timestamp,
    /// `None`: not allowed.
    pub(super) clients: Option<&'a Clients>,
}

impl Poll<'_> {
    /// A BullMQ queue.
    pub(super) fn bullmq(&self, name: &Name, counts: &Counts, details: &Details, memory: &mut Memory) -> Queue {
        let uid = name.uid();
        let past = memory.0.entry(uid.clone()).or_default();
        let mut queue = unknown(self.source, &uid, Broker::BullMq, name.shown(), self.at);
        queue.scope = name.scope();
        queue.consumers = self.workers(name, details, past);
        queue.trouble = counts.refused.as_ref().map(|said| Text::line(&refused(said)));
        if counts.exists() == Some(false) {
            past.counted = None;
            let was = if past.seen { "it is gone: " } else { "" };
            let words = format!("{was}Redis has no key of such a BullMQ queue ({}…)", name::text(&name.key(b"")).raw());
            queue.trouble = Some(Text::line(&words));
            return queue;
        }
        past.seen = true;
        queue.ready = counts.ready();
        queue.unacked = counts.active;
        queue.delayed = counts.delayed;
        queue.failed = counts.failed;
        queue.oldest_at = details.oldest_at;
        queue.paused = counts.paused == Some(true);
        let now = counts.added.zip(counts.backlog()).map(|(added, backlog)| (self.at, added, backlog));
        (queue.in_per_second, queue.out_per_second) = rates(past.counted, now).unzip();
        past.counted = now;
        let stalled = stalled(counts, details, past);
        if queue.trouble.is_none() {
            queue.trouble = stalled;
        }
        queue
    }

    /// Names tell who works. Where there is none, a lock that is held or a client without a name leaves it open.
    fn workers(&self, name: &Name, details: &Details, past: &mut Past) -> Option<u32> {
        match self.clients?.workers(name) {
            Workers::Named(count) => {
                past.named_workers = true;
                Some(count)
            }
            _ if past.named_workers => Some(0),
            Workers::None if !details.somebody_works => Some(0),
            Workers::None | Workers::Perhaps => None,
        }
    }

    /// A Celery queue, one of `queues` in this database.
    pub(super) fn celery(
        &self,
        (name, queues): (&[u8], usize),
        counts: &celery::Counts,
        common: celery::Common,
        memory: &mut Memory,
    ) -> Queue {
        let uid = celery::uid(name);
        let past = memory.0.entry(uid.clone()).or_default();
        let mut queue = unknown(self.source, &uid, Broker::Celery, name::text(name), self.at);
        queue.trouble = counts.refused.as_ref().map(|said| Text::line(&refused(said)));
        queue.consumers = celery::consumers(self.clients, queues);
        // A list without items is no key at all: an empty queue and none look the same.
        let traces = [counts.ready.map(|n| n > 0), counts.bound, common.at_home];
        past.seen |= traces.contains(&Some(true));
        if !past.seen && !traces.contains(&None) {
            queue.trouble = Some(Text::line("Redis has no trace of Celery, nor a list of that name, in this database"));
            return queue;
        }
        queue.ready = counts.ready;
        queue.unacked = common.unacked_of_one(queues);
        queue
    }
}

fn refused(said: &Text) -> String {
    match said.raw().strip_prefix("MOVED ").and_then(|rest| rest.split(' ').nth(1)) {
        Some(node) => format!("it lies on another node of the cluster, {node}"),
        None => format!("not all of it can be read ({})", said.raw()),
    }
}

/// What came in and what was finished per second between two counts of all jobs ever added and of those not finished.
fn rates(before: Option<(Timestamp, u64, u64)>, now: Option<(Timestamp, u64, u64)>) -> Option<(Quantity, Quantity)> {
    let ((then, added_then, backlog_then), (at, added, backlog)) = (before?, now?);
    let seconds = (at.as_millisecond() - then.as_millisecond()) as f64 / 1000.0;
    if seconds < SHORTEST {
        return None;
    }
    // A counter that went back belongs to a queue that was made anew.
    let came = added.checked_sub(added_then)? as f64;
    let finished = came - (backlog as f64 - backlog_then as f64);
    // A failed job tried again makes the backlog longer although nothing came in.
    Some((Quantity::new(came / seconds)?, Quantity::new(finished.max(0.0) / seconds)?))
}

/// Active jobs that had no lock at two polls in a row: one that just ends has none for a moment.
fn stalled(counts: &Counts, details: &Details, past: &mut Past) -> Option<Text> {
    let unlocked = details.unlocked.clone().unwrap_or_default();
    let still = unlocked.iter().filter(|id| past.unlocked.contains(id)).count();
    let looked_at = counts.oldest_active.len();
    past.unlocked = unlocked;
    let more = counts.active.is_some_and(|active| active > looked_at as u64) && still == looked_at;
    let (at_least, jobs) = (if more { "at least " } else { "" }, if still == 1 { "job is" } else { "jobs are" });
    (still > 0).then(|| Text::line(&format!("{at_least}{still} active {jobs} stalled: no worker holds the lock")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn counts(waiting: u64, active: u64, added: u64) -> Counts {
        Counts {
            waiting: Some(waiting),
            active: Some(active),
            added: Some(added),
            kept_by_pause: Some(0),
            delayed: Some(0),
            prioritized: Some(0),
            failed: Some(0),
            waiting_children: Some(0),
            described: Some(true),
            paused: Some(false),
            ..Counts::default()
        }
    }

    fn queue(second: i64, counts: &Counts, details: &Details, clients: &str, memory: &mut Memory) -> Queue {
        let clients = Clients::read(clients.as_bytes(), 0);
        let poll = Poll { source: &SourceName::new("r"), at: at(second), clients: Some(&clients) };
        poll.bullmq(&Name::usual(b"jobs"), counts, details, memory)
    }

    #[test]
    fn rates_come_from_two_polls_and_from_one_there_is_none() {
        let (mut memory, details) = (Memory::default(), Details::default());
        let first = queue(100, &counts(40, 0, 40), &details, "", &mut memory);
        assert_eq!((first.in_per_second, first.out_per_second), (None, None));
        let second = queue(110, &counts(50, 5, 70), &details, "", &mut memory);
        assert_eq!((second.in_per_second, second.out_per_second), (Quantity::new(3.0), Quantity::new(1.5)));
        // Made anew: its counter begins at nothing.
        let third = queue(120, &counts(1, 0, 1), &details, "", &mut memory);
        assert_eq!(third.in_per_second, None);
        let retried = queue(130, &counts(9, 0, 1), &details, "", &mut memory);
        assert_eq!(retried.out_per_second, Quantity::new(0.0));
    }

    #[test]
    fn no_worker_is_zero_only_where_that_is_known() {
        let mut memory = Memory::default();
        let (free, held) = (Details::default(), Details { somebody_works: true, ..Details::default() });
        assert_eq!(queue(1, &counts(3, 0, 3), &free, "", &mut memory).consumers, Some(0));
        assert_eq!(queue(2, &counts(3, 1, 3), &held, "", &mut memory).consumers, None);
        let waits = "id=1 name= db=0 cmd=bzpopmin\n";
        assert_eq!(queue(3, &counts(3, 0, 3), &free, waits, &mut memory).consumers, None);
        let named = "id=1 name=bull:am9icw== db=0 cmd=bzpopmin\n";
        assert_eq!(queue(4, &counts(3, 0, 3), &free, named, &mut memory).consumers, Some(1));
        // It had a worker with a name; that one is gone, whatever it still holds.
        assert_eq!(queue(5, &counts(3, 1, 3), &held, "", &mut memory).consumers, Some(0));
        let poll = Poll { source: &SourceName::new("r"), at: at(6), clients: None };
        assert_eq!(poll.bullmq(&Name::usual(b"jobs"), &counts(1, 0, 1), &free, &mut memory).consumers, None);
    }

    #[test]
    fn a_queue_that_is_not_there_is_unknown_and_says_so() {
        let none = Counts { described: Some(false), ..counts(0, 0, 0) };
        let queue = queue(1, &none, &Details::default(), "", &mut Memory::default());
        assert_eq!((queue.ready, queue.unacked, queue.failed), (None, None, None));
        assert!(queue.trouble.unwrap().shown().contains("bull:jobs:"));
    }

    #[test]
    fn a_job_is_stalled_when_it_had_no_lock_twice() {
        let mut memory = Memory::default();
        let busy = Counts { oldest_active: vec![b"7".to_vec()], ..counts(0, 1, 1) };
        let unlocked = Details { unlocked: Some(vec![b"7".to_vec()]), ..Details::default() };
        assert_eq!(queue(1, &busy, &unlocked, "", &mut memory).trouble, None);
        let second = queue(4, &busy, &unlocked, "", &mut memory).trouble.unwrap();
        assert_eq!(second.shown(), "1 active job is stalled: no worker holds the lock");
    }

    #[test]
    fn a_queue_on_another_node_says_on_which() {
        let moved = Counts { refused: Some(Text::line("MOVED 1234 10.0.0.2:6379")), ..Counts::default() };
        let queue = queue(1, &moved, &Details::default(), "", &mut Memory::default());
        assert_eq!(queue.ready, None);
        assert_eq!(queue.trouble.unwrap().shown(), "it lies on another node of the cluster, 10.0.0.2:6379");
    }

    #[test]
    fn an_empty_celery_queue_is_zero_where_celery_lives_and_unknown_where_it_does_not() {
        let (source, mut memory) = (SourceName::new("r"), Memory::default());
        let poll = Poll { source: &source, at: at(1), clients: None };
        let none = celery::Counts { ready: Some(0), by_priority: Vec::new(), bound: Some(false), refused: None };
        let nowhere = celery::Common { unacked: Some(0), at_home: Some(false) };
        let lost = poll.celery((b"celery", 1), &none, nowhere, &mut memory);
        assert!(lost.ready.is_none() && lost.unacked.is_none() && lost.trouble.is_some());
        let here = celery::Common { unacked: Some(4), at_home: Some(true) };
        let known = poll.celery((b"celery", 1), &none, here, &mut memory);
        assert_eq!((known.ready, known.unacked, known.trouble), (Some(0), Some(4), None));
        assert_eq!((known.consumers, known.failed, known.oldest_at), (None, None, None));
    }
}
