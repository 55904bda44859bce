//! Polling one Prometheus: its alerting rules every five seconds, its version and external labels every five minutes.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::MissedTickBehavior;

use super::PREFIXES;
use super::convert::{self, Seen};
use super::external;
use super::wire::{BuildInfo, Config, Envelope, Rules};
use crate::model::Text;
use crate::sources::alerts::teller::{Teller, Word};
use crate::sources::alerts::{Pairs, place};
use crate::sources::port::{Desk, Failure, FailureKind};
use crate::sources::web::Web;

/// How often it is asked for its rules.
const PERIOD: Duration = Duration::from_secs(5);
/// It is asked what it is each so many polls.
const POLLS_OF_ABOUT: u32 = 60;
/// The alerting rules with their alerts.
pub(super) const RULES: &str = "/api/v1/rules?type=alert";

/// What a server is, as far as it tells.
#[derive(Default)]
struct About {
    version: Option<Text>,
    external: Pairs,
}

/// Reads and tells until something fails.
///
/// # Errors
/// Why it cannot be read any more.
pub(super) async fn run(web: &Web, desk: &Desk, known: &OnceCell<&'static str>) -> Result<(), Failure> {
    let prefixes = known.get().map_or(PREFIXES, std::slice::from_ref);
    let found = place::find::<Envelope<Rules>>(web, desk, prefixes, RULES).await;
    let (prefix, first) = match found {
        Ok(found) => found,
        Err(failure) => return Err(starting(web, desk, failure).await),
    };
    known.set(prefix).ok();
    let mut first = Some(first);
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut teller, mut polls, mut about) = (Teller::default(), 0_u32, About::default());
    loop {
        if desk.cancelled().run_until_cancelled_owned(ticks.tick()).await.is_none() {
            return Ok(());
        }
        if polls.is_multiple_of(POLLS_OF_ABOUT) {
            about = self::about(web, desk, prefix).await?;
        }
        polls = polls.wrapping_add(1);
        let answer = match first.take() {
            Some(answer) => answer,
            None => match web.get(desk, &format!("{prefix}{RULES}")).await {
                Ok(answer) => answer,
                Err(failure) => return Err(starting(web, desk, failure).await),
            },
        };
        let (rules, warnings) = opened(answer)?;
        let seen = convert::seen(desk.source(), &rules.groups, &about.external, desk.now());
        let notes = notes(&seen, rules.groups.is_empty(), &warnings);
        let missing =
            (!warnings.is_empty()).then(|| ("some rules", Failure::new(FailureKind::Garbled, warnings.join("; "))));
        teller.tell(desk, seen.alarms, Word { notes, missing, version: about.version.clone() }).await?;
    }
}

/// The data of an answer, with the server's warnings; or what it says went wrong.
fn opened<T>(answer: Envelope<T>) -> Result<(T, Vec<String>), Failure> {
    let Envelope { status, data, error, warnings } = answer;
    match data {
        Some(data) if status != "error" => Ok((data, warnings)),
        _ => Err(Failure::new(FailureKind::Garbled, format!("Prometheus answered an error: {error}"))),
    }
}

/// What the server is. Not every server tells; only where it went away meanwhile that is a failure.
async fn about(web: &Web, desk: &Desk, prefix: &str) -> Result<About, Failure> {
    let build: Option<BuildInfo> = optional(web, desk, &format!("{prefix}/api/v1/status/buildinfo")).await?;
    let config: Option<Config> = optional(web, desk, &format!("{prefix}/api/v1/status/config")).await?;
    let named = |build: BuildInfo| match build.application.trim() {
        "" | "Prometheus" | "prometheus" => build.version,
        other => format!("{} ({other})", build.version),
    };
    let version = build.map(named).filter(|version| !version.is_empty()).map(|version| Text::name(&version));
    Ok(About { version, external: config.map(|config| external::labels(&config.yaml)).unwrap_or_default() })
}

async fn optional<T: DeserializeOwned>(web: &Web, desk: &Desk, path: &str) -> Result<Option<T>, Failure> {
    match web.get::<Envelope<T>>(desk, path).await {
        Ok(answer) => Ok(answer.data),
        Err(failure) if failure.kind == FailureKind::Unreachable => Err(failure),
        Err(_) => Ok(None),
    }
}

/// A server that reads its log of writes answers 503 to everything, for minutes where there is much of it: that is said.
async fn starting(web: &Web, desk: &Desk, failure: Failure) -> Failure {
    if failure.kind != FailureKind::Busy || failure.retry_after.is_some() {
        return failure;
    }
    match web.get::<Value>(desk, "/-/ready").await {
        Err(not) if not.kind == FailureKind::Busy => {
            failure.hint("it is starting: it reads what it kept on disk and answers when that is done")
        }
        _ => failure,
    }
}

/// What should be known of a server that answers.
fn notes(seen: &Seen, empty: bool, warnings: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    if empty && warnings.is_empty() {
        notes.push("it has no alerting rules: nothing will ever fire here".to_owned());
    }
    match seen.unevaluated {
        0 => {}
        1 => notes.push("1 rule has not been evaluated so far".to_owned()),
        count => notes.push(format!("{count} rules have not been evaluated so far")),
    }
    if seen.ahead > 0 {
        notes.push(format!("its alerts begin up to {} s from now: its clock is ahead of ours", seen.ahead));
    }
    notes
}
