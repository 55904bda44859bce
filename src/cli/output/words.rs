//! Ages, counts and sizes as people read them.

use crate::model::{Timestamp, seconds_between};

/// How long ago, in the largest unit that fits: `4m`, `3h`, `2d`.
#[must_use]
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    length(whole_seconds(then, now))
}

/// Whole seconds that have passed; what lies ahead by another machine's clock has just happened.
#[must_use]
pub fn whole_seconds(then: Timestamp, now: Timestamp) -> i64 {
    seconds_between(then, now).max(0)
}

/// The same for a moment that may not be known.
#[must_use]
pub fn maybe_ago(now: Timestamp, then: Option<Timestamp>) -> String {
    then.map(|then| ago(now, then)).unwrap_or_default()
}

/// Seconds in the largest unit that fits.
#[must_use]
pub fn length(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `3/4`; what is not known is `?`, never zero.
#[must_use]
pub fn ready(ready: Option<u32>, desired: Option<u32>) -> String {
    let known = |n: Option<u32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    if ready.is_none() && desired.is_none() { String::new() } else { format!("{}/{}", known(ready), known(desired)) }
}

/// `1 service`, `2 services`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    let many = if one.ends_with('s') { "es" } else { "s" };
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}{many}") }
}

/// Mebibytes, for a column that says so.
#[must_use]
pub fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map(|bytes| format!("{:.0}", bytes as f64 / 1_048_576.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_ahead_has_just_happened() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let age = |then, now| whole_seconds(at(then), at(now));
        assert_eq!(age("2026-03-01T03:00:00.900Z", "2026-03-01T03:00:03.899Z"), 2);
        assert_eq!(age("2026-03-01T03:00:05Z", "2026-03-01T03:00:03Z"), 0);
    }
}
