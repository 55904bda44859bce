//! Moments, sizes and numbers in words, and arithmetic on moments that were told; the Fleet never asks for the time itself.

use jiff::SignedDuration;

use crate::model::Timestamp;
pub(super) use crate::model::seconds_between;

/// The moment `seconds` after `at`; the last possible one where there is none.
pub(super) fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// A moment as evidence names it: the time of day, with the date where it is another one. Evidence never says "ago": it is
/// not computed again while nothing but time passes.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let same_day = at.as_second().div_euclid(86_400) == now.as_second().div_euclid(86_400);
    at.strftime(if same_day { "%H:%M:%S UTC" } else { "%F %H:%M UTC" }).to_string()
}

/// A size in the unit that people read: `12.0 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}

/// `1 Instance`, `2 Instances`.
pub(super) fn instances(n: usize) -> String {
    format!("{n} Instance{}", if n == 1 { "" } else { "s" })
}

/// `1 restart`, `2 restarts`.
pub(super) fn restarts(n: u32) -> String {
    format!("{n} restart{}", if n == 1 { "" } else { "s" })
}
