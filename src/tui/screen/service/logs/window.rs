//! Which lines of a log pane are on screen: the newest while it follows, else those that one reads, whatever comes.

use crate::engine::LogPane;
use crate::model::LogLine;
use crate::tui::keymap::Action;

/// The place in the pane. Lines are numbered from the first that ever came, so that a number stays right when old lines
/// fall out.
#[derive(Debug)]
pub struct Window {
    /// The number of the first line on screen.
    top: u64,
    follows: bool,
    found: Option<u64>,
    room: usize,
    /// Steps that the person wants to go, done at the next settling: positive is down.
    steps: i64,
    /// Where only matching lines are shown: their numbers.
    kept: Option<Vec<u64>>,
    /// What `kept` was made of.
    made_of: (String, u64, usize),
    /// Lines on screen.
    fit: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            top: 0,
            follows: true,
            found: None,
            room: 1,
            steps: 0,
            kept: None,
            made_of: (String::new(), 0, 0),
            fit: 0,
        }
    }
}

impl Window {
    /// Whether it stays with the newest line.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Follows, or stands still.
    pub fn follow(&mut self, follows: bool) {
        self.follows = follows;
    }

    /// The number of the line that the search went to.
    #[must_use]
    pub fn found(&self) -> Option<u64> {
        self.found
    }

    /// Nothing is searched for any more.
    pub fn forget_found(&mut self) {
        self.found = None;
    }

    /// Lines that match, where only those are shown.
    #[must_use]
    pub fn kept(&self) -> Option<usize> {
        self.kept.as_ref().map(Vec::len)
    }

    fn count(&self, pane: &LogPane) -> usize {
        self.kept.as_ref().map_or(pane.lines.len(), Vec::len)
    }

    fn number(&self, pane: &LogPane, index: usize) -> u64 {
        self.kept.as_ref().map_or(pane.forgotten + index as u64, |kept| kept.get(index).copied().unwrap_or(u64::MAX))
    }

    fn line<'a>(&self, pane: &'a LogPane, index: usize) -> Option<&'a LogLine> {
        pane.lines.get(usize::try_from(self.number(pane, index).checked_sub(pane.forgotten)?).ok()?)
    }

    fn index_of(&self, pane: &LogPane, number: u64) -> usize {
        match &self.kept {
            Some(kept) => kept.partition_point(|kept| *kept < number),
            None => usize::try_from(number.saturating_sub(pane.forgotten)).unwrap_or(usize::MAX),
        }
    }

    /// Takes in what came, scrolls as wanted; `rows` tells how many rows of the screen a line takes.
    pub fn settle(&mut self, pane: &LogPane, only: &str, room: usize, rows: impl Fn(&LogLine) -> usize) {
        self.keep(pane, only);
        self.room = room.max(1);
        let count = self.count(pane);
        let last_top = self.last_top(pane, count, &rows);
        let wanted = self.index_of(pane, self.top).min(last_top);
        let here = if self.follows && self.steps >= 0 { last_top } else { wanted };
        let steps = usize::try_from(self.steps.unsigned_abs()).unwrap_or(usize::MAX);
        let to = if self.steps < 0 { here.saturating_sub(steps) } else { here.saturating_add(steps).min(last_top) };
        if self.steps != 0 {
            self.follows = to == last_top && self.steps > 0;
        }
        self.steps = 0;
        self.top = self.number(pane, to.min(count.saturating_sub(1)));
        let mut taken = 0;
        self.fit = (to..count)
            .take_while(|index| {
                let fits = taken < self.room;
                taken += self.line(pane, *index).map_or(1, &rows);
                fits
            })
            .count();
    }

    /// The first line at which the last one is on screen whole.
    fn last_top(&self, pane: &LogPane, count: usize, rows: &impl Fn(&LogLine) -> usize) -> usize {
        let mut taken = 0;
        let mut top = count;
        while top > 0 {
            taken += self.line(pane, top - 1).map_or(1, rows);
            if taken > self.room {
                break;
            }
            top -= 1;
        }
        top.min(count.saturating_sub(1))
    }

    /// Finds the matching lines again where anything came, or another search is wanted.
    fn keep(&mut self, pane: &LogPane, only: &str) {
        if only.is_empty() {
            self.kept = None;
            return;
        }
        let made_of = (only, pane.forgotten, pane.lines.len());
        if self.kept.is_some() && (self.made_of.0.as_str(), self.made_of.1, self.made_of.2) == made_of {
            return;
        }
        let lines = pane.lines.iter().enumerate().filter(|(_, line)| matches(line, only));
        self.kept = Some(lines.map(|(n, _)| pane.forgotten + n as u64).collect());
        self.made_of = (only.to_owned(), pane.forgotten, pane.lines.len());
    }

    /// The lines on screen with their numbers.
    pub fn shown<'a>(&'a self, pane: &'a LogPane) -> impl Iterator<Item = (u64, &'a LogLine)> {
        let from = self.index_of(pane, self.top);
        (from..from + self.fit).filter_map(move |index| Some((self.number(pane, index), self.line(pane, index)?)))
    }

    /// Scrolls; false where the action is no movement.
    pub fn moves(&mut self, action: Action) -> bool {
        let page = i64::try_from(self.room.saturating_sub(1).max(1)).unwrap_or(1);
        match action {
            Action::Down => self.steps += 1,
            Action::Up => self.steps -= 1,
            Action::PageDown => self.steps += page,
            Action::PageUp => self.steps -= page,
            Action::Top => {
                self.follows = false;
                self.top = 0;
                self.steps = 0;
            }
            Action::Bottom => self.follows = true,
            _ => return false,
        }
        true
    }

    /// Goes to the newest line that matches.
    pub fn seek_newest(&mut self, pane: &LogPane, wanted: &str) {
        self.show(newest(pane, wanted, pane.lines.len()).map(|n| pane.forgotten + n as u64));
    }

    /// Goes to the next line that matches, or to the one before; at the end round to the beginning.
    pub fn seek(&mut self, pane: &LogPane, wanted: &str, forward: bool) {
        let count = pane.lines.len();
        let here = self.found.unwrap_or(self.top).saturating_sub(pane.forgotten);
        let here = usize::try_from(here).unwrap_or(count).min(count.saturating_sub(1));
        let hit = if forward {
            let after = pane.lines.iter().enumerate().skip(here + 1);
            let mut round = after.chain(pane.lines.iter().enumerate().take(here + 1));
            round.find(|(_, line)| matches(line, wanted)).map(|(n, _)| n)
        } else {
            newest(pane, wanted, here).or_else(|| newest(pane, wanted, count))
        };
        self.show(hit.map(|n| pane.forgotten + n as u64));
    }

    fn show(&mut self, number: Option<u64>) {
        self.found = number;
        let Some(number) = number else { return };
        self.follows = false;
        self.top = number.saturating_sub(self.room as u64 / 2);
    }
}

fn newest(pane: &LogPane, wanted: &str, end: usize) -> Option<usize> {
    (0..end).rev().find(|n| pane.lines.get(*n).is_some_and(|line| matches(line, wanted)))
}

/// Whether a line holds the letters, whatever their case. `wanted` is in lower case.
#[must_use]
pub fn matches(line: &LogLine, wanted: &str) -> bool {
    let text = line.text.shown();
    if wanted.is_ascii() {
        let wanted = wanted.as_bytes();
        return wanted.is_empty()
            || text.as_bytes().windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted));
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LogsWanted;
    use crate::model::{Address, EnvironmentAddress, Key, Kind, SourceName, Stream, Text};

    fn pane(lines: std::ops::Range<u64>, forgotten: u64) -> LogPane {
        let environment = EnvironmentAddress { system: None, environment: Text::name("prod") };
        let service = Address { environment, service: Text::name("api") };
        let wanted = LogsWanted { service, instance: None, follow: true, previous: false, since: None, tail: None };
        let mut pane = LogPane::new(wanted);
        pane.lines = lines.map(line).collect();
        pane.forgotten = forgotten;
        pane
    }

    fn line(n: u64) -> LogLine {
        let instance = Key::new(&SourceName::new("s"), Kind::Instance, "i");
        let text = if n.is_multiple_of(10) { format!("ERROR {n}") } else { format!("line {n}") };
        LogLine { instance, at: None, stream: Stream::Out, container: None, text: Text::line(&text) }
    }

    fn numbers(window: &Window, pane: &LogPane) -> Vec<u64> {
        window.shown(pane).map(|(number, _)| number).collect()
    }

    #[test]
    fn it_stays_with_the_newest_until_somebody_scrolls_and_again_at_the_end() {
        let mut window = Window::default();
        window.settle(&pane(0..100, 0), "", 5, |_| 1);
        assert_eq!(numbers(&window, &pane(0..100, 0)), [95, 96, 97, 98, 99]);
        assert!(window.moves(Action::Up));
        window.settle(&pane(0..100, 0), "", 5, |_| 1);
        window.settle(&pane(0..120, 0), "", 5, |_| 1);
        assert_eq!(numbers(&window, &pane(0..120, 0))[0], 94, "new lines do not move what one reads");
        assert!(window.moves(Action::Bottom) && window.follows());
        window.settle(&pane(0..120, 0), "", 5, |_| 1);
        assert_eq!(numbers(&window, &pane(0..120, 0))[4], 119);
    }

    #[test]
    fn what_one_reads_stays_when_old_lines_fall_out() {
        let mut window = Window::default();
        window.settle(&pane(0..100, 0), "", 5, |_| 1);
        window.moves(Action::PageUp);
        window.settle(&pane(0..100, 0), "", 5, |_| 1);
        let before = numbers(&window, &pane(0..100, 0));
        window.settle(&pane(50..150, 50), "", 5, |_| 1);
        assert_eq!(numbers(&window, &pane(50..150, 50)), before);
    }

    #[test]
    fn a_search_begins_at_the_newest_and_goes_both_ways() {
        let pane = pane(0..100, 0);
        let mut window = Window::default();
        window.settle(&pane, "", 5, |_| 1);
        window.seek_newest(&pane, "error");
        assert_eq!(window.found(), Some(90));
        window.seek(&pane, "error", false);
        assert_eq!(window.found(), Some(80));
        window.seek(&pane, "error", true);
        window.seek(&pane, "error", true);
        assert_eq!(window.found(), Some(0), "round the end");
        window.settle(&pane, "", 5, |_| 1);
        assert!(numbers(&window, &pane).contains(&0));
    }

    #[test]
    fn only_matching_lines_can_be_shown() {
        let pane = pane(0..100, 0);
        let mut window = Window::default();
        window.settle(&pane, "error", 5, |_| 1);
        assert_eq!(window.kept(), Some(10));
        assert_eq!(numbers(&window, &pane), [50, 60, 70, 80, 90]);
        window.settle(&pane, "", 5, |_| 1);
        assert_eq!((window.kept(), numbers(&window, &pane).len()), (None, 5));
    }

    #[test]
    fn broken_lines_take_their_room() {
        let pane = pane(0..100, 0);
        let mut window = Window::default();
        window.settle(&pane, "", 7, |_| 3);
        assert_eq!(numbers(&window, &pane), [98, 99]);
    }
}
