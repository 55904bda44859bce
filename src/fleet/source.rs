//! How far a Source can be trusted now: what it says of itself, whether it was read as a whole, and its silence.

use std::collections::BTreeMap;

use crate::model::{Freshness, Lapse, SourceKind, SourceName, SourceStatus, Text, Timestamp};

use super::words::seconds_between;

/// A Source that was read once and has been silent for longer than this is stale.
const SILENCE_SECONDS: i64 = 10;

/// A Source as the Fleet sees it: what it says of itself, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    pub name: SourceName,
    pub kind: SourceKind,
    pub found_by: Text,
    /// The state to show: its own, or `stale` where it fell silent.
    pub state: Freshness,
    /// Since when it is in that state; of a stale one, when it was heard last.
    pub since: Timestamp,
    /// What it says of itself; `detail` is the one to show with `state`.
    pub status: SourceStatus,
    /// Whether every table has been read once.
    pub synced: bool,
    /// Facts that it holds now.
    pub objects: u64,
}

/// A Source, and what the Fleet remembers of it beside its view.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) view: SourceView,
    /// Its own last word, before the Fleet turns it into the state to show.
    said: SourceStatus,
    /// When anything but a failure came from it last.
    heard_at: Option<Timestamp>,
    /// It failed after it was read once, and has not been read anew since.
    lapsed: bool,
    /// It was read as a whole before the news now being applied: from then on what changes is a change.
    pub(super) settled: bool,
}

impl Known {
    pub(super) fn new(name: &SourceName, kind: SourceKind, found_by: Text, connect: bool, now: Timestamp) -> Self {
        let state = if connect { Freshness::Connecting } else { Freshness::Idle };
        let said = SourceStatus { state, ..SourceStatus::default() };
        let view = SourceView {
            name: name.clone(),
            kind,
            found_by,
            state,
            since: now,
            status: said.clone(),
            synced: false,
            objects: 0,
        };
        Self { view, said, heard_at: None, lapsed: false, settled: false }
    }

    /// Anything but a word about itself came from it.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.heard_at = self.heard_at.max(Some(now));
    }

    /// Every table has been read.
    pub(super) fn synced(&mut self, now: Timestamp) {
        self.view.synced = true;
        self.lapsed = false;
        if matches!(self.said.state, Freshness::Connecting | Freshness::Idle) {
            self.said.state = Freshness::Fresh;
        }
        self.heard(now);
    }

    /// It says how it is. Counts and version that a failure does not tell stay as they were.
    pub(super) fn says(&mut self, status: SourceStatus, now: Timestamp) {
        let before = std::mem::replace(&mut self.said, status);
        self.said.version = self.said.version.take().or(before.version);
        self.said.answered_at = self.said.answered_at.max(before.answered_at);
        self.said.latency_ms = self.said.latency_ms.or(before.latency_ms);
        self.said.calls = self.said.calls.max(before.calls);
        match self.said.state {
            state if state.is_live() => self.heard(now),
            // A relist without a failure before it (somebody asked for it) is no reason to doubt what is known.
            Freshness::Idle | Freshness::Connecting => {}
            _ => self.lapsed = self.view.synced,
        }
    }

    /// What was asked of it so far.
    pub(super) fn gauge(&mut self, calls: u64, latency_ms: Option<u32>, answered_at: Option<Timestamp>) {
        self.said.calls = calls;
        self.said.latency_ms = latency_ms.or(self.said.latency_ms);
        self.said.answered_at = answered_at.max(self.said.answered_at);
        (self.view.status.calls, self.view.status.latency_ms) = (self.said.calls, self.said.latency_ms);
        self.view.status.answered_at = self.said.answered_at;
    }

    /// Decides the state to show; true where it differs from the one shown so far. `relisting`: some table is being read
    /// again, so that what is known may be old yet.
    pub(super) fn judge(&mut self, relisting: bool, now: Timestamp) -> bool {
        let again = self.said.state == Freshness::Connecting && self.view.synced;
        let live = self.said.state.is_live() || again;
        if live && !relisting && !again {
            self.lapsed = false;
        }
        let last = self.said.answered_at.max(self.heard_at);
        let silent = live && self.view.synced && last.is_some_and(|at| seconds_between(at, now) > SILENCE_SECONDS);
        let state = match self.said.state {
            Freshness::Idle => Freshness::Idle,
            _ if !self.view.synced && live => Freshness::Connecting,
            _ if self.lapsed || silent => Freshness::Stale,
            Freshness::Connecting if again => self.view.state,
            said => said,
        };
        let detail = match state {
            Freshness::Stale if live => Some(self.silence(last)),
            _ => with_lapses(self.said.detail.as_ref(), &self.said.lapses),
        };
        let changed = state != self.view.state;
        if changed {
            self.view.state = state;
            self.view.since = if state == Freshness::Stale { last.unwrap_or(now) } else { now };
        }
        let same = |shown: &SourceStatus| shown.denials == self.said.denials && shown.lapses == self.said.lapses;
        let told = changed || self.view.status.detail != detail || !same(&self.view.status);
        if told || self.view.status != self.said {
            self.view.status = SourceStatus { state, detail, ..self.said.clone() };
        }
        told
    }

    fn silence(&self, last: Option<Timestamp>) -> Text {
        let since = last.map(|at| format!(" since {}", at.strftime("%H:%M:%S UTC"))).unwrap_or_default();
        let before = self.said.detail.as_ref().map(|d| format!("; before that: {d}")).unwrap_or_default();
        let why = if self.lapsed { "it is being read anew" } else { "nothing was heard from it" };
        Text::line(&format!("{why}{since}{before}"))
    }
}

/// What a Source says of itself, and what of it is old since when.
fn with_lapses(detail: Option<&Text>, lapses: &[Lapse]) -> Option<Text> {
    if lapses.is_empty() {
        return detail.cloned();
    }
    let mut since: BTreeMap<Timestamp, Vec<String>> = BTreeMap::new();
    for lapse in lapses {
        let (subjects, subject) = (since.entry(lapse.since).or_default(), lapse.subject().raw().to_owned());
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    let old = since.iter().map(|(at, what)| format!("{} old since {}", what.join(", "), at.strftime("%H:%M:%S UTC")));
    let words: Vec<String> = detail.iter().map(|detail| detail.raw().to_owned()).chain(old).collect();
    Some(Text::line(&words.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn known() -> Known {
        Known::new(&SourceName::new("docker:local"), SourceKind::Docker, Text::line("test"), true, at(0))
    }

    fn status(state: Freshness, detail: &str) -> SourceStatus {
        SourceStatus { state, detail: (!detail.is_empty()).then(|| Text::line(detail)), ..SourceStatus::default() }
    }

    #[test]
    fn it_is_connecting_until_it_was_read_as_a_whole() {
        let mut known = known();
        known.says(status(Freshness::Fresh, ""), at(1));
        known.judge(true, at(1));
        assert_eq!(known.view.state, Freshness::Connecting);
        known.synced(at(2));
        assert!(known.judge(false, at(2)));
        assert_eq!((known.view.state, known.view.since), (Freshness::Fresh, at(2)));
    }

    #[test]
    fn silence_makes_it_stale_since_it_was_heard_last_and_a_word_makes_it_fresh() {
        let mut known = known();
        known.synced(at(2));
        known.judge(false, at(12));
        assert_eq!(known.view.state, Freshness::Fresh);
        known.judge(false, at(13));
        assert_eq!((known.view.state, known.view.since), (Freshness::Stale, at(2)));
        known.gauge(3, None, Some(at(14)));
        known.judge(false, at(15));
        assert_eq!(known.view.state, Freshness::Fresh);
    }

    #[test]
    fn a_failure_is_stale_with_its_cause_where_facts_are_known_and_itself_where_none_are() {
        let mut fresh = known();
        fresh.synced(at(2));
        fresh.judge(false, at(2));
        for (state, detail) in [(Freshness::Unreachable, "refused"), (Freshness::Denied, "401")] {
            fresh.says(status(state, detail), at(5));
            fresh.judge(false, at(5));
            assert_eq!((fresh.view.state, fresh.view.since), (Freshness::Stale, at(2)));
            assert_eq!(fresh.view.status.detail, Some(Text::line(detail)));
        }
        let mut never = known();
        never.says(status(Freshness::Denied, "401"), at(5));
        never.judge(false, at(5));
        assert_eq!(never.view.state, Freshness::Denied);
    }

    #[test]
    fn a_relist_that_somebody_asked_for_leaves_it_fresh_unless_it_falls_silent() {
        let mut known = known();
        known.synced(at(2));
        known.judge(false, at(2));
        known.says(status(Freshness::Connecting, ""), at(3));
        assert!(!known.judge(true, at(3)));
        assert_eq!(known.view.state, Freshness::Fresh);
        known.judge(true, at(13));
        assert_eq!(known.view.state, Freshness::Stale);
        known.says(status(Freshness::Fresh, ""), at(14));
        known.judge(false, at(14));
        assert_eq!(known.view.state, Freshness::Fresh);
    }

    #[test]
    fn what_of_it_is_old_is_told_with_its_moment() {
        let lapse = |what: &str, scope: Option<&str>, second| Lapse {
            table: crate::model::Table { name: Text::name(what), scope: scope.map(Text::name) },
            what: Text::name(what),
            since: at(second),
            why: Text::line("500"),
        };
        let mut known = known();
        known.synced(at(2));
        let lapses = vec![lapse("pods", Some("shop"), 3), lapse("jobs", None, 3), lapse("nodes", None, 4)];
        known.says(SourceStatus { lapses, ..status(Freshness::Partial, "pods of shop: 500") }, at(5));
        assert!(known.judge(false, at(5)));
        let words = "pods of shop: 500; pods in shop, jobs old since 13:46:43 UTC; nodes old since 13:46:44 UTC";
        assert_eq!(known.view.status.detail.as_ref().unwrap().shown(), words);
        known.says(status(Freshness::Fresh, ""), at(6));
        assert!(known.judge(false, at(6)));
        assert_eq!((known.view.status.detail.as_ref(), known.view.status.lapses.len()), (None, 0));
    }

    #[test]
    fn after_a_failure_it_stays_stale_until_the_relist_is_whole() {
        let mut known = known();
        known.synced(at(2));
        known.says(status(Freshness::Unreachable, "refused"), at(5));
        known.says(status(Freshness::Fresh, ""), at(6));
        known.judge(true, at(6));
        assert_eq!(known.view.state, Freshness::Stale);
        known.synced(at(7));
        known.judge(false, at(7));
        assert_eq!(known.view.state, Freshness::Fresh);
    }
}
