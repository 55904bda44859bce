//! Polling one Alertmanager: its alerts every five seconds, its silences where an alert is silenced, itself once a minute.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::MissedTickBehavior;

use super::PREFIXES;
use super::convert;
use super::wire::{Alert, Silence, Status};
use crate::model::{Text, Timestamp};
use crate::sources::alerts::teller::{Teller, Word};
use crate::sources::alerts::{self, place};
use crate::sources::port::{Desk, Failure, FailureKind};
use crate::sources::web::Web;

/// How often it is asked for alerts.
const PERIOD: Duration = Duration::from_secs(5);
/// It is asked how it is itself each so many polls.
const POLLS_OF_STATUS: u32 = 12;
/// A server that started less than so many seconds ago may not have been told of all alerts yet: a Prometheus tells those
/// that go on once a minute.
const YOUNG_SECONDS: i64 = 75;
/// How the server says how it is; there since API v2 (0.16).
pub(super) const STATUS: &str = "/api/v2/status";

/// Reads and tells until something fails.
///
/// # Errors
/// Why it cannot be read any more.
pub(super) async fn run(web: &Web, desk: &Desk, known: &OnceCell<&'static str>) -> Result<(), Failure> {
    let prefixes = known.get().map_or(PREFIXES, std::slice::from_ref);
    let (prefix, mut status) = place::find::<Status>(web, desk, prefixes, STATUS).await?;
    known.set(prefix).ok();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut teller, mut polls) = (Teller::default(), 0_u32);
    loop {
        if desk.cancelled().run_until_cancelled_owned(ticks.tick()).await.is_none() {
            return Ok(());
        }
        polls = polls.wrapping_add(1);
        if polls.is_multiple_of(POLLS_OF_STATUS) {
            status = web.get(desk, &format!("{prefix}{STATUS}")).await?;
        }
        let listed: Vec<Alert> = web.get(desk, &format!("{prefix}/api/v2/alerts")).await?;
        let (silences, missing) = silences(web, desk, prefix, &listed).await?;
        let seen = convert::seen(desk.source(), &listed, silences.as_deref(), desk.now());
        let notes = notes(&status, desk.now()).into_iter().chain(seen.skew).collect();
        let version = Some(Text::name(&status.version_info.version));
        let missing = missing.map(|failure| ("silences", failure));
        teller.tell(desk, seen.alarms, Word { notes, missing, version }).await?;
    }
}

/// The silences, where any alert is silenced; or why they cannot be read.
async fn silences(
    web: &Web,
    desk: &Desk,
    prefix: &str,
    listed: &[Alert],
) -> Result<(Option<Vec<Silence>>, Option<Failure>), Failure> {
    if !convert::any_silenced(listed) {
        return Ok((None, None));
    }
    match web.get(desk, &format!("{prefix}/api/v2/silences")).await {
        Ok(silences) => Ok((Some(silences), None)),
        // The server itself went away between the two: that is not about silences.
        Err(failure) if failure.kind == FailureKind::Unreachable => Err(failure),
        Err(failure) => Ok((None, Some(failure))),
    }
}

/// What should be known of a server that answers.
fn notes(status: &Status, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    let age = alerts::moment(&status.uptime).map(|at| now.as_second() - at.as_second());
    if age.is_some_and(|age| (0..YOUNG_SECONDS).contains(&age)) {
        notes.push("it has just started: it is told of alerts that go on within a minute".to_owned());
    }
    if status.cluster.status == "settling" {
        notes.push("its cluster settles: silences may be missing".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_just_started_says_so_for_a_while() {
        let status = |up: &str, cluster: &str| {
            let told = serde_json::json!({ "versionInfo": { "version": "0.25.0" }, "uptime": up, "cluster": { "status": cluster } });
            notes(&serde_json::from_value(told).unwrap(), "2026-11-21T12:00:00Z".parse().unwrap())
        };
        assert!(status("2026-11-21T11:59:30Z", "disabled")[0].contains("just started"));
        assert_eq!(status("2026-11-21T11:58:00Z", "ready"), Vec::<String>::new());
        assert_eq!(status("2026-11-21T12:30:00Z", "ready"), Vec::<String>::new());
        assert!(status("", "settling")[0].contains("settles"));
    }
}
