//! Polling one Alertmanager: its alerts every ten seconds, its silences where they may be others than before, itself every two
//! minutes.

use std::collections::BTreeSet;

use super::convert;
use super::wire::{Alert, Silence, Status};
use crate::model::{Text, Timestamp};
use crate::sources::alerts;
use crate::sources::alerts::server::Line;
use crate::sources::alerts::teller::{Teller, Word};
use crate::sources::port::{Failure, FailureKind};

/// It is asked how it is itself each so many polls.
const POLLS_OF_STATUS: u32 = 12;
/// Silences that are known are read again after so many polls: their end can be moved.
const POLLS_OF_SILENCES: u32 = 6;
/// A server that started less than so many seconds ago may not have been told of all alerts yet: a Prometheus tells those
/// that go on once a minute.
const YOUNG_SECONDS: i64 = 75;
/// How the server says how it is; there since API v2 (0.16).
pub(super) const STATUS: &str = "/api/v2/status";
/// All its alerts.
pub(super) const ALERTS: &str = "/api/v2/alerts";

/// Reads and tells until something fails.
///
/// # Errors
/// Why it cannot be read any more.
pub(super) async fn run(line: &Line<'_>) -> Result<(), Failure> {
    let desk = line.desk;
    let mut status: Status = line.first().await?;
    let (mut teller, mut silences, mut polls) = (Teller::default(), Silences::default(), 0_u32);
    loop {
        let listed: Vec<Alert> = line.get(ALERTS).await?;
        let missing = silences.renew(line, &listed).await?;
        let seen = convert::seen(desk.source(), &listed, silences.known(), desk.now());
        let notes = notes(&status, desk.now()).into_iter().chain(seen.skew).collect();
        let version = Some(Text::name(&status.version_info.version));
        let missing = missing.map(|failure| ("silences", failure)).into_iter().collect();
        teller.word(desk, Word { notes, missing, version });
        teller.alarms(seen.alarms);
        teller.synced();
        teller.send(desk).await?;
        if desk.cancelled().run_until_cancelled_owned(line.rest()).await.is_none() {
            return Ok(());
        }
        polls = polls.wrapping_add(1);
        if polls.is_multiple_of(POLLS_OF_STATUS) {
            status = line.get(STATUS).await?;
        }
    }
}

/// What silences the alerts, as far as it is known.
#[derive(Default)]
struct Silences {
    /// Read for these ids, so many polls ago.
    read: Option<(BTreeSet<String>, Vec<Silence>, u32)>,
}

impl Silences {
    /// Reads them again where the alerts name others than before, or after a while. Why they cannot be read comes back.
    async fn renew(&mut self, line: &Line<'_>, listed: &[Alert]) -> Result<Option<Failure>, Failure> {
        let ids: BTreeSet<String> = listed.iter().flat_map(|alert| alert.status.silenced_by.iter().cloned()).collect();
        if let Some((known, _, polls)) = &mut self.read
            && *known == ids
            && *polls < POLLS_OF_SILENCES
        {
            *polls += 1;
            return Ok(None);
        }
        self.read = None;
        if ids.is_empty() {
            return Ok(None);
        }
        match line.get("/api/v2/silences").await {
            Ok(silences) => self.read = Some((ids, silences, 1)),
            // The server itself went away between the two: that is not about silences.
            Err(failure) if failure.kind == FailureKind::Unreachable => return Err(failure),
            Err(failure) => return Ok(Some(failure)),
        }
        Ok(None)
    }

    fn known(&self) -> Option<&[Silence]> {
        self.read.as_ref().map(|(_, silences, _)| silences.as_slice())
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
