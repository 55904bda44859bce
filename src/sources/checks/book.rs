//! Which Check is due when: pure, so that it can be tested without waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CheckSpec, Key, SourceName, Text, Timestamp};

/// How long an answer is one of just now.
const JUST_MS: i64 = 2_000;

/// One Check, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) spec: Arc<CheckSpec>,
    pub(super) key: Key,
    /// Unix milliseconds.
    due: i64,
    running: bool,
    /// When it ended last, in Unix milliseconds.
    ended: Option<i64>,
    /// Somebody asked for it while it was under way.
    again: bool,
    round: u32,
}

/// All Checks.
#[derive(Clone, Debug)]
pub(super) struct Book {
    source: SourceName,
    entries: BTreeMap<Arc<str>, Entry>,
}

impl Book {
    /// The configured ones; all are due.
    pub(super) fn new(source: SourceName, configured: &[CheckSpec], now: Timestamp) -> Self {
        let mut book = Self { source, entries: BTreeMap::new() };
        for spec in configured {
            book.add(spec, now);
        }
        book
    }

    fn add(&mut self, spec: &CheckSpec, now: Timestamp) -> Key {
        let key = spec.key(&self.source);
        let entry = Entry {
            spec: Arc::new(spec.clone()),
            key: key.clone(),
            due: now.as_millisecond(),
            running: false,
            ended: None,
            again: false,
            round: 0,
        };
        self.entries.insert(key.uid.clone(), entry);
        key
    }

    /// These were found, and no others: what is new, and the keys of what is gone.
    pub(super) fn found(&mut self, found: &[CheckSpec], now: Timestamp) -> (Vec<Entry>, Vec<Key>) {
        let written: Vec<Arc<CheckSpec>> = self.configured().collect();
        let twice = |spec: &CheckSpec| {
            written.iter().any(|w| w.kind == spec.kind && w.target == spec.target && w.concerns(spec.service.raw()))
        };
        let wanted: BTreeMap<Arc<str>, &CheckSpec> =
            found.iter().filter(|spec| !twice(spec)).map(|spec| (spec.key(&self.source).uid, spec)).collect();
        let stays = |entry: &Entry| {
            entry.spec.is_configured() || wanted.get(&entry.key.uid).is_some_and(|spec| **spec == *entry.spec)
        };
        let gone: Vec<Key> =
            self.entries.values().filter(|entry| !stays(entry)).map(|entry| entry.key.clone()).collect();
        self.entries.retain(|_, entry| stays(entry));
        let mut new = Vec::new();
        for (uid, spec) in wanted {
            if !self.entries.contains_key(&uid) {
                self.add(spec, now);
                new.extend(self.entries.get(&uid).cloned());
            }
        }
        // What only changed is told anew under its old key.
        let gone = gone.into_iter().filter(|key| !self.entries.contains_key(&key.uid)).collect();
        (new, gone)
    }

    fn configured(&self) -> impl Iterator<Item = Arc<CheckSpec>> {
        self.entries.values().map(|entry| entry.spec.clone()).filter(|spec| spec.is_configured())
    }

    /// Every Check.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Those of these Services are due now, all where none is named; but what has only just ended is an answer already.
    pub(super) fn hurry(&mut self, services: &[Text], now: Timestamp) {
        let wanted = |spec: &CheckSpec| services.is_empty() || services.iter().any(|s| spec.concerns(s.raw()));
        let just = |e: &Entry| e.ended.is_some_and(|at| now.as_millisecond() - at < JUST_MS);
        for entry in self.entries.values_mut().filter(|entry| wanted(&entry.spec) && !just(entry)) {
            entry.due = now.as_millisecond();
            entry.again = entry.running;
        }
    }

    /// Takes out what is to be started now.
    pub(super) fn start(&mut self, now: Timestamp) -> Vec<Entry> {
        let due = |e: &Entry| !e.running && e.spec.held.is_none() && e.due <= now.as_millisecond();
        let mut started = Vec::new();
        for entry in self.entries.values_mut().filter(|entry| due(entry)) {
            entry.running = true;
            started.push(entry.clone());
        }
        started
    }

    /// One has ended; false: nobody wants to know any more.
    pub(super) fn ended(&mut self, entry: &Entry, now: Timestamp) -> bool {
        let Some(known) = self.entries.get_mut(&entry.key.uid).filter(|known| known.spec == entry.spec) else {
            return false;
        };
        known.running = false;
        known.ended = Some(now.as_millisecond());
        known.round = known.round.wrapping_add(1);
        let pause = pause(&known.key.uid, known.round, known.spec.every_seconds);
        known.due = if std::mem::take(&mut known.again) { now.as_millisecond() } else { now.as_millisecond() + pause };
        true
    }

    /// Milliseconds until something is due; `None`: nothing will be.
    pub(super) fn until_due(&self, now: Timestamp) -> Option<u64> {
        let waiting = self.entries.values().filter(|entry| !entry.running && entry.spec.held.is_none());
        waiting.map(|entry| u64::try_from(entry.due - now.as_millisecond()).unwrap_or(0)).min()
    }

    /// Whether every configured Check has been run.
    pub(super) fn all_ran(&self) -> bool {
        self.entries.values().all(|entry| entry.ended.is_some() || !entry.spec.is_configured())
    }
}

/// A tenth shorter or longer, by the Check and the round: what began together does not stay together.
fn pause(uid: &str, round: u32, every_seconds: u32) -> i64 {
    let mix =
        uid.bytes().fold(round.wrapping_mul(0x9E37_79B9), |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    let every = i64::from(every_seconds.max(1)) * 1000;
    every - every / 10 + (i64::from(mix % 1000) * every / 5) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckKind;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + ms).unwrap()
    }

    fn spec(target: &str) -> CheckSpec {
        CheckSpec::configured(CheckKind::Tcp, Text::line(target), Text::line("prod/api"))
    }

    fn found(target: &str) -> CheckSpec {
        CheckSpec::new(CheckKind::Tcp, Text::line(target), Text::line("shop/prod/api"), "published port")
    }

    fn book(specs: &[CheckSpec]) -> Book {
        Book::new(SourceName::new("checks"), specs, at(0))
    }

    #[test]
    fn every_check_is_due_at_first_and_again_after_its_pause_give_or_take_a_tenth() {
        let mut book = book(&[spec("a:1"), spec("b:1")]);
        let started = book.start(at(0));
        assert_eq!((started.len(), book.start(at(1)).len(), book.all_ran()), (2, 0, false));
        assert!(started.iter().all(|entry| book.ended(entry, at(100))));
        assert!(book.all_ran() && book.start(at(26_000)).is_empty());
        assert_eq!(book.start(at(33_200)).len(), 2);
        for round in 0..100 {
            assert!((27_000..=33_000).contains(&pause("x", round, 30)));
        }
    }

    #[test]
    fn what_is_asked_for_while_it_is_under_way_runs_once_more() {
        let mut book = book(&[spec("a:1")]);
        let started = book.start(at(0));
        book.hurry(&[Text::line("shop/prod/api")], at(5));
        assert!(book.start(at(6)).is_empty());
        book.ended(&started[0], at(10));
        assert_eq!(book.start(at(10)).len(), 1);
        book.ended(&started[0], at(20));
        book.hurry(&[Text::line("shop/prod/api")], at(30));
        book.hurry(&[Text::line("shop/staging/api")], at(9_000));
        assert!(book.start(at(9_000)).is_empty());
        book.hurry(&[], at(9_000));
        assert_eq!(book.start(at(9_000)).len(), 1);
        assert_eq!(book.until_due(at(20)), None);
    }

    #[test]
    fn found_checks_come_and_go_and_never_double_what_is_written_down() {
        let mut book = book(&[spec("a:1")]);
        let (new, gone) = book.found(&[found("a:1"), found("b:1")], at(0));
        assert_eq!((new.len(), gone.len(), book.entries().count()), (1, 0, 2));
        let held = CheckSpec { held: Some(Text::line("no")), ..found("b:1") };
        let (new, gone) = book.found(&[held], at(1));
        assert_eq!((new.len(), gone.len()), (1, 0));
        assert_eq!(book.start(at(1)).len(), 1);
        let (new, gone) = book.found(&[], at(2));
        assert_eq!((new.len(), gone.len(), book.entries().count()), (0, 1, 1));
    }
}
