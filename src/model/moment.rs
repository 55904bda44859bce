//! Arithmetic on moments that were told: one way of counting the seconds between two of them.

use super::Timestamp;

/// Whole seconds that passed from `earlier` to `later`; negative where the order is the other way round. The seconds of both
/// moments taken from each other would make a tenth of a second a whole one.
#[must_use]
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.duration_since(earlier).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_seconds_that_have_passed_whole_are_counted() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let between = |then, now| seconds_between(at(then), at(now));
        assert_eq!(between("2026-03-01T03:00:00.900Z", "2026-03-01T03:00:01.100Z"), 0);
        assert_eq!(between("2026-03-01T03:00:00.900Z", "2026-03-01T03:00:03.899Z"), 2);
        assert_eq!(between("2026-03-01T03:00:05Z", "2026-03-01T03:00:03Z"), -2);
        assert_eq!(between("2026-03-01T03:00:01.100Z", "2026-03-01T03:00:00.900Z"), 0);
    }
}
