//! Which queues there are, where nobody said: a walk over the keys by SCAN, a few hundred at a time and only so often, never
//! KEYS. What it finds are candidates: other programs have keys of such names too.

use std::collections::BTreeSet;

use super::link::Link;
use super::name::Name;
use super::{ask, celery};
use crate::model::Timestamp;
use crate::sources::port::{Desk, Failure};

/// Keys looked at in one round, and rounds in a minute.
const ABOUT: u32 = 500;
const ROUNDS: u32 = 40;
/// Rounds at one poll after the first.
const AT_A_POLL: u32 = 5;
/// A walk that came to its end begins anew after this many seconds.
const REST: i64 = 15;
/// Most queues and rejected candidates that are kept.
const MOST: usize = 2000;
/// One pattern for `…:meta`, `…:id` and `_kombu.binding.…`; what else it lets through is sorted out here.
const PATTERN: &str = "*[:g][im.]*";

/// The state of the walk.
#[derive(Debug)]
pub(super) struct Scan {
    cursor: Vec<u8>,
    minute: i64,
    rounds: u32,
    ended: Option<i64>,
    /// Whether all keys were seen once.
    pub(super) whole: bool,
    /// Keys looked at in the first walk.
    pub(super) seen: u64,
    /// Whether the server lets us walk at all.
    pub(super) refused: bool,
    pub(super) bullmq: BTreeSet<Name>,
    pub(super) celery: BTreeSet<Vec<u8>>,
    rejected: BTreeSet<Name>,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            cursor: b"0".to_vec(),
            minute: 0,
            rounds: 0,
            ended: None,
            whole: false,
            seen: 0,
            refused: false,
            bullmq: BTreeSet::new(),
            celery: BTreeSet::new(),
            rejected: BTreeSet::new(),
        }
    }
}

impl Scan {
    /// Goes on with the walk as far as the budget lets it.
    ///
    /// # Errors
    /// Where the connection fails.
    pub(super) async fn go_on(&mut self, link: &mut Link, desk: &Desk) -> Result<(), Failure> {
        let mut left = self.allowance(desk.now());
        while left > 0 {
            left -= 1;
            self.rounds += 1;
            let mut answers = link.ask(Some(desk), vec![ask::scan(&self.cursor, PATTERN, ABOUT)]).await?;
            let Some(super::reply::Reply::List(parts)) = answers.pop() else {
                self.refused = true;
                return Ok(());
            };
            self.refused = false;
            self.cursor = parts.first().and_then(|reply| reply.bytes()).unwrap_or(b"0").to_vec();
            let keys = parts.get(1).map(super::reply::Reply::strings).unwrap_or_default();
            self.take(link, desk, &keys).await?;
            if !self.whole {
                self.seen += u64::from(ABOUT);
            }
            if self.cursor == b"0" {
                self.whole = true;
                self.ended = Some(desk.now().as_second());
                return Ok(());
            }
        }
        Ok(())
    }

    /// How many rounds there may be now.
    fn allowance(&mut self, now: Timestamp) -> u32 {
        let now = now.as_second();
        if now - self.minute >= 60 || now < self.minute {
            (self.minute, self.rounds) = (now, 0);
        }
        if self.cursor == b"0" && self.ended.is_some_and(|ended| (0..REST).contains(&(now - ended))) {
            return 0;
        }
        let first = self.seen == 0;
        (ROUNDS - self.rounds.min(ROUNDS)).min(if first { ROUNDS } else { AT_A_POLL })
    }

    async fn take(&mut self, link: &mut Link, desk: &Desk, keys: &[Vec<u8>]) -> Result<(), Failure> {
        for name in keys.iter().filter_map(|key| Name::of_key(key)) {
            if self.bullmq.len() < MOST && !self.rejected.contains(&name) {
                self.bullmq.insert(name);
            }
        }
        let bindings: Vec<_> = keys
            .iter()
            .filter(|key| key.starts_with(celery::BINDINGS.as_bytes()))
            .map(|key| ask::some_members(key, celery::BOUND))
            .collect();
        if !bindings.is_empty() {
            for answer in link.ask(Some(desk), bindings).await? {
                self.celery.extend(answer.strings().iter().filter_map(|member| celery::bound_queue(member)));
            }
        }
        while self.celery.len() > MOST {
            self.celery.pop_last();
        }
        Ok(())
    }

    /// A candidate that is none.
    pub(super) fn reject(&mut self, name: &Name) {
        self.bullmq.remove(name);
        if self.rejected.len() < MOST {
            self.rejected.insert(name.clone());
        }
    }

    /// A queue that is gone; it may come back.
    pub(super) fn forget(&mut self, name: &Name) {
        self.bullmq.remove(name);
    }

    /// Whether there may be more queues than are kept.
    pub(super) fn is_full(&self) -> bool {
        self.bullmq.len() >= MOST || self.celery.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_walk_keeps_to_forty_rounds_a_minute_and_rests_at_its_end() {
        let mut scan = Scan::default();
        assert_eq!(scan.allowance(at(1000)), 40);
        (scan.rounds, scan.seen, scan.cursor) = (38, 19_000, b"77".to_vec());
        assert_eq!(scan.allowance(at(1030)), 2);
        scan.rounds = 40;
        assert_eq!(scan.allowance(at(1059)), 0);
        assert_eq!(scan.allowance(at(1060)), 5);
        (scan.cursor, scan.ended) = (b"0".to_vec(), Some(1061));
        assert_eq!(scan.allowance(at(1070)), 0);
        assert_eq!(scan.allowance(at(1077)), 5);
    }
}
