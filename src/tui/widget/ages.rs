//! Times as people say them: `4m`, `3h`, `6d`; exact ones for pages.

use crate::model::{Timestamp, seconds_between};

/// How long ago, in the largest unit that says enough; seconds only below a minute, `now` for what lies ahead.
///
/// Give it [`crate::tui::screen::View::minute`] for ages that may tick with the clock, or `now` where the second counts.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    short(seconds_between(then, now))
}

/// A stretch of seconds in one unit.
#[must_use]
pub fn short(seconds: i64) -> String {
    match seconds {
        ..=0 => "now".into(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The clock of the header.
#[must_use]
pub fn clock(now: Timestamp) -> String {
    now.strftime("%H:%M UTC").to_string()
}

/// A moment in full, for pages.
#[must_use]
pub fn exact(then: Timestamp) -> String {
    then.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The beginning of the minute that a moment lies in.
#[must_use]
pub fn minute_of(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_told_in_one_unit() {
        let told: Vec<String> = [-5, 0, 59, 60, 3_599, 3_600, 86_399, 86_400, 864_000].map(short).into();
        assert_eq!(told, ["now", "now", "59s", "1m", "59m", "1h", "23h", "1d", "10d"]);
    }

    #[test]
    fn ages_counted_from_the_minute_hold_still_within_it() {
        let then = Timestamp::from_second(1_000).unwrap();
        let at = |second| ago(then, minute_of(Timestamp::from_second(second).unwrap()));
        assert_eq!(at(1_201), at(1_258));
    }
}
