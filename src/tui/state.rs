//! What the person at the screen has chosen, apart from the facts: shared by all screens, moved by pure functions only.

use std::collections::BTreeSet;

use ratatui::layout::Size;

use super::log::Ring;
use crate::model::{Address, EnvironmentAddress, Text, Timestamp};

/// Choices that hold across screens. What belongs to one screen (its cursor, folds, sort, filter) lives in that screen.
#[derive(Clone, Debug)]
pub struct Ui {
    pub size: Size,
    /// Everything is narrowed to this Environment.
    pub narrowed: Option<EnvironmentAddress>,
    /// Services marked with space.
    pub marked: BTreeSet<Address>,
    /// Since when the view stands still.
    pub frozen: Option<Timestamp>,
    pub mouse: bool,
    pub reduced_motion: bool,
    /// Names of the themes that can be chosen.
    pub themes: Vec<String>,
    pub toast: Option<Toast>,
    /// What discovery tried and what came of it: for the screen of somebody who has nothing connected.
    pub tried: Vec<Text>,
    /// The tape being played, if this is a replay.
    pub replaying: Option<Replaying>,
    pub stats: Stats,
}

/// Where a tape stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replaying {
    /// Times as fast as it happened; zero: it stands still.
    pub speed: f64,
    /// Messages played, and messages there are.
    pub progress: (usize, usize),
}

/// What the console did so far, for the debug panel.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    pub frames: u64,
    pub last_us: u64,
    pub slowest_us: u64,
    pub bytes: u64,
    pub log: Ring,
}

/// One line that goes away by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub text: String,
    pub bad: bool,
    pub until: Timestamp,
}

/// How long a toast stands.
const TOAST_SECONDS: i64 = 6;

impl Ui {
    /// Nothing chosen yet.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self {
            size,
            narrowed: None,
            marked: BTreeSet::new(),
            frozen: None,
            mouse: true,
            reduced_motion: false,
            themes: Vec::new(),
            toast: None,
            tried: Vec::new(),
            replaying: None,
            stats: Stats::default(),
        }
    }

    /// Whether a Service is to be shown under the present narrowing.
    #[must_use]
    pub fn shows(&self, environment: &EnvironmentAddress) -> bool {
        self.narrowed.as_ref().is_none_or(|only| only == environment)
    }

    /// Marks a Service, or takes its mark away.
    pub fn mark(&mut self, address: &Address) {
        if !self.marked.remove(address) {
            self.marked.insert(address.clone());
        }
    }

    /// Says something in the footer for a while.
    pub fn say(&mut self, text: impl Into<String>, bad: bool, now: Timestamp) {
        let until = now.checked_add(jiff::SignedDuration::from_secs(TOAST_SECONDS)).unwrap_or(now);
        self.toast = Some(Toast { text: text.into(), bad, until });
    }

    /// Takes a toast away whose time is over; true if one went.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let over = self.toast.as_ref().is_some_and(|toast| now >= toast.until);
        if over {
            self.toast = None;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toast_goes_when_its_time_is_over() {
        let start = Timestamp::UNIX_EPOCH;
        let mut ui = Ui::new(Size::new(80, 24));
        ui.say("copied", false, start);
        assert!(!ui.expire(start));
        assert!(ui.expire(Timestamp::from_second(6).unwrap()));
        assert_eq!(ui.toast, None);
    }
}
