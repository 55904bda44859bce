//! Measurements, for the rows on screen only: one reading per container, ten seconds apart, CPU from our own last one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::models::ContainerStatsResponse;
use futures::StreamExt;

use super::connect::Client;
use crate::model::{Key, Kind, Sample, Timestamp};
use crate::sources::port::Desk;

/// Between two readings of a container.
const APART: Duration = Duration::from_secs(10);
/// Between the first two, so that CPU is there soon.
const SOON: Duration = Duration::from_secs(2);
/// Readings at once, and at most per round.
const AT_ONCE: usize = 4;
const AT_MOST: usize = 100;

/// The counter of a container at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    at: Timestamp,
    cpu_nanoseconds: Option<u64>,
    /// By our own clock, which the engine's may differ from.
    read_at: Timestamp,
    /// None was before it.
    is_first: bool,
}

impl Reading {
    fn apart(&self) -> Duration {
        if self.is_first { SOON } else { APART }
    }
}

/// Reads until the desk is cancelled. A failing read is left out: that the engine is gone shows elsewhere.
pub(super) async fn run(client: Arc<Client>, desk: Desk) {
    let mut visible = desk.visible();
    let mut before: HashMap<Key, Reading> = HashMap::new();
    loop {
        let wanted: Vec<Key> = visible
            .borrow_and_update()
            .iter()
            .filter(|key| key.kind == Kind::Instance && key.source == *desk.source())
            .take(AT_MOST)
            .cloned()
            .collect();
        before.retain(|key, _| wanted.contains(key));
        let now = desk.now();
        let mut due = wanted.clone();
        due.retain(|key| before.get(key).is_none_or(|r| is_due(r, now)));
        let read = futures::stream::iter(due)
            .map(|key| {
                let (client, desk) = (&client, &desk);
                async move {
                    let _permit = desk.permit().await;
                    desk.called(None);
                    let stats = client.stats(&key.uid).await.ok();
                    (key, stats)
                }
            })
            .buffer_unordered(AT_ONCE);
        let mut samples = Vec::new();
        let answers: Vec<_> = read.collect().await;
        for (key, stats) in answers {
            let (reading, sample) = measure(&key, stats.as_ref(), before.get(&key), desk.now());
            before.insert(key, reading);
            samples.extend(sample);
        }
        if !samples.is_empty() {
            desk.sample(samples);
        }
        let idle = wanted.is_empty();
        let pause = before.values().map(Reading::apart).min().unwrap_or(APART);
        tokio::select! {
            changed = visible.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(pause), if !idle => {}
        }
    }
}

fn is_due(last: &Reading, now: Timestamp) -> bool {
    let apart = i64::try_from(last.apart().as_millis()).unwrap_or(i64::MAX);
    now.as_millisecond() - last.read_at.as_millisecond() >= apart - 200
}

/// What an answer says, together with the reading before it.
fn measure(
    key: &Key,
    stats: Option<&ContainerStatsResponse>,
    before: Option<&Reading>,
    now: Timestamp,
) -> (Reading, Option<Sample>) {
    let reading = Reading { at: now, cpu_nanoseconds: None, read_at: now, is_first: before.is_none() };
    let Some(stats) = stats else { return (reading, None) };
    let at =
        stats.read.as_deref().and_then(|t| t.parse().ok()).filter(|t: &Timestamp| t.as_second() > 0).unwrap_or(now);
    let total = stats.cpu_stats.as_ref().and_then(|c| c.cpu_usage.as_ref()).and_then(|u| u.total_usage);
    // A container that does not run answers with zeros.
    let cpu_nanoseconds = total.filter(|total| *total > 0);
    let sample = Sample {
        instance: key.clone(),
        at,
        cpu_cores: before.and_then(|before| cores(*before, at, cpu_nanoseconds?)),
        memory_bytes: memory(stats),
    };
    let told = sample.cpu_cores.is_some() || sample.memory_bytes.is_some();
    (Reading { at, cpu_nanoseconds, ..reading }, told.then_some(sample))
}

fn cores(before: Reading, at: Timestamp, total: u64) -> Option<f64> {
    let elapsed = u64::try_from(at.as_nanosecond() - before.at.as_nanosecond()).ok().filter(|n| *n > 0)?;
    // The counter starts anew with the container.
    let used = total.checked_sub(before.cpu_nanoseconds?)?;
    Some(used as f64 / elapsed as f64)
}

/// The working set: usage without the page cache that can be given back, as `docker stats` counts it (cgroup v1:
/// `total_inactive_file`, v2: `inactive_file`, else `cache`).
fn memory(stats: &ContainerStatsResponse) -> Option<u64> {
    let memory = stats.memory_stats.as_ref()?;
    let usage = memory.usage.filter(|usage| *usage > 0)?;
    let part = |name: &str| memory.stats.as_ref().and_then(|parts| parts.get(name)).copied();
    let cache = part("total_inactive_file").or_else(|| part("inactive_file")).or_else(|| part("cache")).unwrap_or(0);
    Some(if cache < usage { usage - cache } else { usage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;

    fn answer(second: u32, cpu: u64) -> ContainerStatsResponse {
        serde_json::from_value(serde_json::json!({
            "read": format!("2026-11-21T07:09:{second:02}Z"),
            "cpu_stats": { "cpu_usage": { "total_usage": cpu } },
            "memory_stats": { "usage": 1000, "stats": { "inactive_file": 400, "cache": 900 } },
        }))
        .unwrap()
    }

    #[test]
    fn cpu_is_the_difference_to_our_own_last_reading() {
        let key = Key::new(&SourceName::new("docker:local"), Kind::Instance, "a");
        let now = Timestamp::UNIX_EPOCH;
        let (first, sample) = measure(&key, Some(&answer(10, 1_000_000_000)), None, now);
        let sample = sample.unwrap();
        assert_eq!((sample.cpu_cores, sample.memory_bytes), (None, Some(600)));
        let (_, sample) = measure(&key, Some(&answer(20, 6_000_000_000)), Some(&first), now);
        assert_eq!(sample.unwrap().cpu_cores, Some(0.5));
        let (_, restarted) = measure(&key, Some(&answer(20, 5)), Some(&first), now);
        assert_eq!(restarted.unwrap().cpu_cores, None);
    }

    #[test]
    fn the_second_reading_comes_soon_whatever_the_engine_thinks_of_the_time() {
        let key = Key::new(&SourceName::new("docker:local"), Kind::Instance, "a");
        let at = |second| Timestamp::from_second(second).unwrap();
        let (first, _) = measure(&key, Some(&answer(10, 1_000_000_000)), None, at(100));
        assert!(!is_due(&first, at(101)) && is_due(&first, at(102)));
        let (second, _) = measure(&key, Some(&answer(12, 2_000_000_000)), Some(&first), at(102));
        assert!(!is_due(&second, at(104)) && is_due(&second, at(112)));
    }

    #[test]
    fn a_container_that_does_not_run_has_no_sample() {
        let key = Key::new(&SourceName::new("docker:local"), Kind::Instance, "a");
        let stopped = serde_json::from_str(
            r#"{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{}}"#,
        );
        assert_eq!(measure(&key, Some(&stopped.unwrap()), None, Timestamp::UNIX_EPOCH).1, None);
    }
}
