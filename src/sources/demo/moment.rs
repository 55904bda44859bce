//! A moment of the story that notices until when nothing changes: whoever asks whether something is past also tells the
//! moment when the answer will be another.

use std::cell::Cell;

/// The script repeats after this many seconds, with new names, so that a demo never comes to its end.
pub(super) const CYCLE: i64 = 90 * 60;
/// A cycle begins this long before its zero: what is under way at story minute 0 began there.
pub(super) const LEAD: i64 = 15 * 60;

/// Story time in whole seconds, and the next moment at which any answer given so far would change.
#[derive(Debug)]
pub(super) struct Moment {
    at: i64,
    until: Cell<i64>,
}

impl Moment {
    /// The story has no time before its start.
    pub(super) fn new(at: i64) -> Self {
        Self { at: at.max(0), until: Cell::new(i64::MAX) }
    }

    /// Seconds since the story's start.
    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// Whether story time `at` has come.
    pub(super) fn past(&self, at: i64) -> bool {
        let past = self.at >= at;
        if !past {
            self.until.set(self.until.get().min(at));
        }
        past
    }

    /// Whether it lies in `from..until`.
    pub(super) fn within(&self, from: i64, until: i64) -> bool {
        self.past(from) && !self.past(until)
    }

    /// The first moment at which an answer given so far changes.
    pub(super) fn until(&self) -> i64 {
        self.until.get()
    }

    /// The number of the cycle that runs, of a script that is shifted by `shift` seconds.
    pub(super) fn cycle(&self, shift: i64) -> i64 {
        let cycle = (self.at - shift + LEAD).div_euclid(CYCLE).max(0);
        self.past((cycle + 1) * CYCLE + shift - LEAD);
        cycle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_knows_until_when_its_answers_hold() {
        let now = Moment::new(100);
        assert!(now.past(100) && !now.past(140) && !now.past(120) && now.within(90, 200));
        assert_eq!((now.until(), now.cycle(0)), (120, 0));
    }

    #[test]
    fn cycles_begin_with_their_lead() {
        assert_eq!([0, CYCLE - LEAD - 1, CYCLE - LEAD].map(|at| Moment::new(at).cycle(0)), [0, 0, 1]);
        assert_eq!(Moment::new(CYCLE - LEAD).cycle(10), 0);
    }
}
