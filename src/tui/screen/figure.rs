//! Figures as people read them on a screen: counts, ages, CPU, memory. Short, and never a zero for what is unknown.

use crate::model::Timestamp;
use crate::tui::widget::ages;

/// A count in groups of three, parted by a space: `2 140`. A plain space, since every terminal cell is as wide as the
/// next and a thin one would not survive a search, a copy or a locale without UTF-8.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Two moments for ages: see [`crate::tui::screen::View`].
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// For what must be right to the second.
    pub now: Timestamp,
    /// For ages that tick with the clock of the header.
    pub minute: Timestamp,
}

impl When {
    /// How long ago, ticking with the clock: `now`, `4m`, `3h`.
    #[must_use]
    pub fn age(self, at: Timestamp) -> String {
        // Below a minute it would show a number that stands still.
        if self.minute.duration_since(at).as_secs() < 60 { "now".to_owned() } else { ages::ago(at, self.minute) }
    }

    /// How long something has been so: `for 4m`, `since just now`.
    #[must_use]
    pub fn lasting(self, since: Timestamp) -> String {
        match self.age(since) {
            now if now == "now" => "since just now".to_owned(),
            age => format!("for {age}"),
        }
    }

    /// How long ago, right to the second: for what a person waits on (a stale Source, a connection under way).
    #[must_use]
    pub fn exact_age(self, at: Timestamp) -> String {
        ages::ago(at, self.now)
    }
}

/// The time of day in UTC to the second: `03:12:07`.
#[must_use]
pub fn time_of_day(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// The day alone, for the rules between days on the Timeline: `2026-11-21`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Bytes in binary units with three digits at most: `512M`, `1.2G`, `37K`; the column's head says that they are bytes.
#[must_use]
pub fn memory(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)];
    for (unit, size) in UNITS {
        if bytes >= size {
            // Tenths by integers: 1023.96 M must not become "1024.0M" by rounding up.
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            return if tenths < 100 && size > 1 << 20 {
                format!("{}.{}{unit}", tenths / 10, tenths % 10)
            } else {
                format!("{}{unit}", tenths / 10)
            };
        }
    }
    format!("{bytes}B")
}

/// CPU in cores: two places below ten, one below a hundred.
#[must_use]
pub fn cores(cores: f64) -> String {
    match cores {
        c if c < 9.995 => format!("{:.2}", c.max(0.0)),
        c if c < 99.95 => format!("{c:.1}"),
        c => format!("{c:.0}"),
    }
}

/// Ready against desired: `3/4`; a side that nobody told is `?`, and nothing where both are unknown.
#[must_use]
pub fn ready(ready: Option<u32>, desired: Option<u32>) -> Option<String> {
    let side = |n: Option<u32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    (ready.is_some() || desired.is_some()).then(|| format!("{}/{}", side(ready), side(desired)))
}

/// One word or its plural with the number: `1 Instance`, `3 Instances`.
#[must_use]
pub fn of(n: u64, singular: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {singular}{s}", count(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn counts_are_grouped_by_three() {
        let shown: Vec<_> = [0, 7, 999, 1_000, 2_140, 1_234_567].into_iter().map(count).collect();
        assert_eq!(shown, ["0", "7", "999", "1 000", "2 140", "1 234 567"]);
    }

    #[test]
    fn ages_tick_by_the_minute_unless_somebody_waits() {
        let when = When { now: at(100_045), minute: at(100_020) };
        let ages: Vec<_> = [100_050, 100_000, 99_961, 99_960, 90_000].iter().map(|s| when.age(at(*s))).collect();
        assert_eq!(ages, ["now", "now", "now", "1m", "2h"]);
        assert_eq!(when.exact_age(at(100_005)), "40s");
        assert_eq!(time_of_day(at(100_045)), "03:47:25");
    }

    #[test]
    fn memory_is_short_and_never_rounds_up_to_the_next_unit() {
        let shown: Vec<_> =
            [0, 1_023, 37 << 10, 512 << 20, (1 << 30) - 1, 1_288_490_189, 16 << 30].into_iter().map(memory).collect();
        assert_eq!(shown, ["0B", "1023B", "37K", "512M", "1023M", "1.2G", "16G"]);
    }

    #[test]
    fn cores_keep_their_places() {
        let shown: Vec<_> = [0.0, 0.42, 9.994, 12.34, 250.0].into_iter().map(cores).collect();
        assert_eq!(shown, ["0.00", "0.42", "9.99", "12.3", "250"]);
    }

    #[test]
    fn unknown_is_never_a_zero() {
        assert_eq!(ready(Some(3), Some(4)).as_deref(), Some("3/4"));
        assert_eq!(ready(Some(3), None).as_deref(), Some("3/?"));
        assert_eq!(ready(None, None), None);
    }

    #[test]
    fn plurals() {
        assert_eq!((of(1, "Instance"), of(2_140, "line")), ("1 Instance".into(), "2 140 lines".into()));
    }
}
