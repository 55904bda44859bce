//! Ages, counts and sizes as people read them.

use crate::model::Timestamp;

/// How long ago, in the largest unit that fits: `4m`, `3h`, `2d`.
#[must_use]
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    length((now.as_second() - then.as_second()).max(0))
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
