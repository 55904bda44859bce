//! The door to time: the only place where the system's clock is read.

use std::time::Instant;

use crate::model::Timestamp;
pub use crate::sources::port::Clock;

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the door to the time of day")]
        Timestamp::now()
    }
}

/// A clock that stands still: for tests and for a fixed story time.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The monotonic moment, for deadlines and for measuring how long something took.
#[must_use]
pub fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this is the door to the monotonic clock")]
    Instant::now()
}
