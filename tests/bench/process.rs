//! What a process costs, from the kernel's own account.

use std::time::{Duration, Instant};

/// CPU seconds of a process so far (clock ticks of 10 ms).
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(") ").map_or(Vec::new(), |(_, rest)| rest.split(' ').collect());
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Resident memory in MiB.
pub(crate) fn rss_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Percent of a core that `pid` takes during `span`.
pub(crate) fn load(pid: u32, span: Duration) -> f64 {
    let (before, from) = (cpu_seconds(pid), Instant::now());
    std::thread::sleep(span);
    100.0 * (cpu_seconds(pid) - before) / from.elapsed().as_secs_f64()
}

/// Waits until the minute is young, so that no clock on a screen ticks within half a minute.
pub(crate) fn young_minute() {
    let second = jiff::Zoned::now().second();
    if !(2..=25).contains(&second) {
        let wait = (62 - i64::from(second)) % 60;
        std::thread::sleep(Duration::from_secs(wait.unsigned_abs()));
    }
}

/// The value below which the share `q` of the values lies.
pub(crate) fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index between 0 and the last")]
    let index = (q * last as f64).round() as usize;
    sorted.get(index).copied()
}
