//! What BullMQ keeps of a queue, versions 1 to 6, and what it means: counts from the lengths of its lists and sets, the age
//! of the oldest job from that job's `timestamp` alone, jobs that nobody works on although they are active.

use redis::Cmd;

use super::ask;
use super::name::Name;
use super::reply::Reply;
use crate::model::{Text, Timestamp};

/// Active jobs, the oldest first, whose locks are looked at.
const LOOKED_AT: i32 = 10;

/// The first round's answers about one queue. `None` is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) waiting: Option<u64>,
    pub(super) kept_by_pause: Option<u64>,
    pub(super) active: Option<u64>,
    pub(super) delayed: Option<u64>,
    pub(super) prioritized: Option<u64>,
    pub(super) failed: Option<u64>,
    pub(super) waiting_children: Option<u64>,
    pub(super) paused: Option<bool>,
    /// Jobs ever added.
    pub(super) added: Option<u64>,
    /// Whether there is the hash that every queue has.
    pub(super) described: Option<bool>,
    /// BullMQ's own mark in it, which tells it from another program's keys of such a name.
    pub(super) marked: bool,
    /// Ids of jobs that may be the oldest waiting one.
    pub(super) heads: Vec<Vec<u8>>,
    /// Ids of the longest active jobs.
    pub(super) oldest_active: Vec<Vec<u8>>,
    /// What the first refused command said.
    pub(super) refused: Option<Text>,
}

/// The second round's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    pub(super) oldest_at: Option<Timestamp>,
    /// Ids of active jobs without a lock; `None` where that could not be seen.
    pub(super) unlocked: Option<Vec<Vec<u8>>>,
    /// Whether a worker holds the lock of one of the active jobs.
    pub(super) somebody_works: bool,
}

/// How many commands the first round has for each queue.
pub(super) const FIRST_ROUND: usize = 14;

/// The first round.
pub(super) fn first(queue: &Name) -> [Cmd; FIRST_ROUND] {
    let key = |part: &str| queue.key(part.as_bytes());
    [
        ask::length_of_list(&key("wait")),
        ask::length_of_list(&key("paused")),
        ask::length_of_list(&key("active")),
        ask::size_of_ranked(&key("delayed")),
        ask::size_of_ranked(&key("prioritized")),
        ask::size_of_ranked(&key("failed")),
        ask::size_of_ranked(&key("waiting-children")),
        ask::fields(&key("meta"), &["paused", "opts.maxLenEvents", "version"]),
        ask::how_many(&[&key("meta")]),
        ask::short_string(&key("id")),
        ask::items(&key("wait"), -2, -1),
        ask::items(&key("paused"), -1, -1),
        ask::lowest(&key("prioritized")),
        ask::items(&key("active"), -LOOKED_AT, -1),
    ]
}

impl Counts {
    /// Reads the first round's answers.
    pub(super) fn read(answers: &[Reply]) -> Self {
        let at = |n: usize| answers.get(n).unwrap_or(&Reply::Nil);
        let meta = match at(7) {
            Reply::List(fields) => fields.as_slice(),
            _ => &[],
        };
        let is_set = |n: usize| meta.get(n).is_some_and(|field| *field != Reply::Nil);
        let mut tail = at(10).strings();
        // Before version 5 a marker that is no job could stand where the next job is taken.
        let markers = u64::from(tail.last().is_some_and(|id| id.starts_with(b"0:")));
        tail.retain(|id| !id.starts_with(b"0:"));
        let added = match at(9) {
            Reply::Nil => Some(0),
            Reply::Bytes(digits) if digits.is_empty() => Some(0),
            other => other.number(),
        };
        Self {
            waiting: at(0).count().map(|n| n.saturating_sub(markers)),
            kept_by_pause: at(1).count(),
            active: at(2).count(),
            delayed: at(3).count(),
            prioritized: at(4).count(),
            failed: at(5).count(),
            waiting_children: at(6).count(),
            paused: matches!(at(7), Reply::List(_)).then(|| is_set(0)),
            added,
            described: at(8).yes(),
            marked: is_set(1) || is_set(2),
            heads: tail.into_iter().rev().take(1).chain(at(11).strings()).chain(at(12).strings()).collect(),
            oldest_active: at(13).strings().into_iter().rev().collect(),
            refused: answers.iter().find_map(Reply::refusal).map(|refusal| Text::line(&refusal.said())),
        }
    }

    /// Waiting to be taken: paused jobs wait too.
    pub(super) fn ready(&self) -> Option<u64> {
        Some(self.waiting? + self.kept_by_pause? + self.prioritized?)
    }

    /// All that is not finished.
    pub(super) fn backlog(&self) -> Option<u64> {
        Some(self.ready()? + self.active? + self.delayed? + self.waiting_children?)
    }

    /// Whether anything in Redis shows that there is such a queue; `None` where that cannot be seen.
    pub(super) fn exists(&self) -> Option<bool> {
        let seen = |count: Option<u64>| count.is_some_and(|n| n > 0);
        let counts = [
            self.waiting,
            self.kept_by_pause,
            self.active,
            self.delayed,
            self.prioritized,
            self.failed,
            self.waiting_children,
            self.added,
        ];
        if self.described == Some(true) || counts.iter().any(|count| seen(*count)) {
            return Some(true);
        }
        (self.described.is_some() && counts.iter().all(Option::is_some)).then_some(false)
    }
}

/// The second round: when the jobs that may be the oldest came, and whether somebody holds the active ones.
pub(super) fn second(queue: &Name, counts: &Counts) -> Vec<Cmd> {
    let when = counts.heads.iter().map(|id| ask::field(&queue.key(id), "timestamp"));
    let locks = counts.oldest_active.iter().map(|id| ask::how_many(&[&queue.key(&[id, &b":lock"[..]].concat())]));
    when.chain(locks).collect()
}

impl Details {
    /// Reads the second round's answers.
    pub(super) fn read(counts: &Counts, answers: &[Reply]) -> Self {
        let (when, locks) = answers.split_at(counts.heads.len().min(answers.len()));
        let moments = when.iter().filter_map(|reply| Timestamp::from_millisecond(reply.number()?).ok());
        let seen: Option<Vec<bool>> = locks.iter().map(Reply::yes).collect();
        let ids = counts.oldest_active.iter();
        Self {
            oldest_at: moments.min(),
            somebody_works: seen.iter().flatten().any(|locked| *locked),
            unlocked: seen.map(|seen| ids.zip(seen).filter(|(_, locked)| !locked).map(|(id, _)| id.clone()).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Refusal;
    use super::*;

    fn bytes(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    fn list(items: &[&str]) -> Reply {
        Reply::List(items.iter().map(|item| bytes(item)).collect())
    }

    fn answers() -> Vec<Reply> {
        let mut all: Vec<Reply> = [40, 0, 3, 5, 4, 0, 0].map(Reply::Count).to_vec();
        all.push(Reply::List(vec![Reply::Nil, bytes("10000"), Reply::Nil]));
        all.extend([Reply::Count(1), bytes("49"), list(&["2", "1"]), list(&[]), list(&["46"])]);
        all.push(list(&["9", "8"]));
        all
    }

    #[test]
    fn what_waits_is_what_can_be_taken() {
        let counts = Counts::read(&answers());
        assert_eq!(
            (counts.ready(), counts.active, counts.delayed, counts.failed),
            (Some(44), Some(3), Some(5), Some(0))
        );
        assert_eq!((counts.backlog(), counts.added), (Some(52), Some(49)));
        assert_eq!((counts.paused, counts.exists(), counts.marked), (Some(false), Some(true), true));
        assert_eq!(counts.heads, [b"1".to_vec(), b"46".to_vec()]);
    }

    #[test]
    fn jobs_of_a_paused_queue_wait_in_its_own_list_or_where_they_were() {
        let mut old = answers();
        (old[0], old[1], old[7]) =
            (Reply::Count(0), Reply::Count(6), Reply::List(vec![bytes("1"), Reply::Nil, Reply::Nil]));
        let counts = Counts::read(&old);
        assert_eq!((counts.ready(), counts.paused), (Some(10), Some(true)));
    }

    #[test]
    fn the_marker_of_older_versions_is_no_job() {
        let mut old = answers();
        (old[0], old[10]) = (Reply::Count(2), list(&["7", "0:0"]));
        let counts = Counts::read(&old);
        assert_eq!((counts.waiting, counts.heads[0].as_slice()), (Some(1), &b"7"[..]));
    }

    #[test]
    fn a_refused_count_is_not_known_and_not_zero() {
        let mut some = answers();
        some[4] = Reply::Refused(Refusal { code: "NOPERM".into(), words: "no".into() });
        let counts = Counts::read(&some);
        assert_eq!((counts.ready(), counts.backlog(), counts.delayed), (None, None, Some(5)));
        assert!(counts.refused.is_some());
        assert_eq!(Counts::read(&[]).ready(), None);
        assert_eq!(Counts::read(&[]).exists(), None);
    }

    #[test]
    fn a_queue_of_which_nothing_is_there_does_not_exist() {
        let mut none: Vec<Reply> = vec![Reply::Count(0); 7];
        none.push(Reply::List(vec![Reply::Nil, Reply::Nil, Reply::Nil]));
        none.extend([Reply::Count(0), bytes(""), list(&[]), list(&[]), list(&[]), list(&[])]);
        assert_eq!(Counts::read(&none).exists(), Some(false));
    }

    #[test]
    fn the_oldest_is_the_earliest_and_an_active_job_without_a_lock_is_held_by_nobody() {
        let counts = Counts::read(&answers());
        let details = Details::read(&counts, &[bytes("2000"), bytes("1000"), Reply::Count(0), Reply::Count(1)]);
        assert_eq!(details.oldest_at, Timestamp::from_millisecond(1000).ok());
        assert_eq!((details.unlocked, details.somebody_works), (Some(vec![b"8".to_vec()]), true));
        let hostile = Details::read(&counts, &[bytes("soon"), Reply::Nil, Reply::Nil, Reply::Count(1)]);
        assert_eq!((hostile.oldest_at, hostile.unlocked), (None, None));
    }
}
