//! Polling one Prometheus: its alerting rules every ten seconds, what it measures of Services every half minute, its version and
//! external labels every ten minutes. Queries that are slow delay no alarm.

use std::pin::pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::convert::{self, Seen};
use super::external;
use super::measure::{self, Asker, Measured};
use super::wire::{BuildInfo, Config, Envelope, Rules};
use crate::model::{Queries, Text};
use crate::sources::alerts::Pairs;
use crate::sources::alerts::server::Line;
use crate::sources::alerts::teller::{Teller, Word};
use crate::sources::port::{Failure, FailureKind};

/// It is asked what it is each so many polls.
const POLLS_OF_ABOUT: u32 = 60;
/// The first picture is whole without the queries after so long.
const PATIENCE: Duration = Duration::from_secs(3);
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
pub(super) async fn run(line: &Line<'_>, queries: &Queries) -> Result<(), Failure> {
    let first = match line.first().await {
        Ok(first) => first,
        Err(failure) => return Err(starting(line, failure).await),
    };
    let desk = line.desk;
    let mut watcher = Watcher { line, teller: Teller::default(), word: Word::default(), measured: Measured::default() };
    let mut about = self::about(line).await?;
    watcher.rules(first, &about)?;
    watcher.teller.send(desk).await?;
    let asker = Asker::new(queries);
    let (mut round, mut rest) = (pin!(asker.round(line, Duration::ZERO)), pin!(line.rest()));
    let (mut patience, cancelled) = (pin!(tokio::time::sleep(PATIENCE)), desk.cancelled());
    let mut polls = 0_u32;
    loop {
        tokio::select! {
            () = cancelled.cancelled() => return Ok(()),
            measured = &mut round => {
                round.set(asker.round(line, measure::PERIOD));
                watcher.measured(measured);
            }
            () = &mut patience, if !watcher.teller.is_synced() => watcher.teller.synced(),
            () = &mut rest => {
                rest.set(line.rest());
                polls = polls.wrapping_add(1);
                if polls.is_multiple_of(POLLS_OF_ABOUT) {
                    about = self::about(line).await?;
                }
                match line.get(RULES).await {
                    Ok(answer) => watcher.rules(answer, &about)?,
                    Err(failure) => return Err(starting(line, failure).await),
                }
            }
        }
        watcher.teller.send(desk).await?;
    }
}

/// What is told of one connection.
struct Watcher<'a> {
    line: &'a Line<'a>,
    teller: Teller,
    /// How the Source is by its rules.
    word: Word,
    /// The newest round of queries.
    measured: Measured,
}

impl Watcher<'_> {
    fn rules(&mut self, answer: Envelope<Rules>, about: &About) -> Result<(), Failure> {
        let desk = self.line.desk;
        let (rules, warnings) = opened(answer)?;
        let seen = convert::seen(desk.source(), &rules.groups, &about.external, desk.now());
        let notes = notes(&seen, rules.groups.is_empty(), &warnings);
        let missing =
            (!warnings.is_empty()).then(|| ("some rules", Failure::new(FailureKind::Garbled, warnings.join("; "))));
        self.word = Word { notes, missing: missing.into_iter().collect(), version: about.version.clone() };
        self.say();
        self.teller.alarms(seen.alarms);
        Ok(())
    }

    fn measured(&mut self, mut measured: Measured) {
        self.teller.readings(std::mem::take(&mut measured.readings));
        self.measured = measured;
        self.say();
        self.teller.synced();
    }

    fn say(&mut self) {
        let mut word = self.word.clone();
        word.notes.extend(self.measured.notes.iter().cloned());
        word.missing.extend(self.measured.missing.iter().cloned());
        self.teller.word(self.line.desk, word);
    }
}

/// The data of an answer, with the server's warnings; or what it says went wrong.
pub(super) fn opened<T>(answer: Envelope<T>) -> Result<(T, Vec<String>), Failure> {
    let Envelope { status, data, error, warnings } = answer;
    match data {
        Some(data) if status != "error" => Ok((data, warnings)),
        _ if error.is_empty() => {
            let words = "Prometheus answered neither data nor an error";
            Err(Failure::new(FailureKind::Garbled, words).hint("is it a Prometheus that answers there?"))
        }
        _ => Err(Failure::new(FailureKind::Garbled, format!("Prometheus answered an error: {error}"))),
    }
}

/// What the server is. Not every server tells; only where it went away meanwhile that is a failure.
async fn about(line: &Line<'_>) -> Result<About, Failure> {
    let build: Option<BuildInfo> = optional(line, "/api/v1/status/buildinfo").await?;
    let config: Option<Config> = optional(line, "/api/v1/status/config").await?;
    let named = |build: BuildInfo| match build.application.trim() {
        "" | "Prometheus" | "prometheus" => build.version,
        other => format!("{} ({other})", build.version),
    };
    let version = build.map(named).filter(|version| !version.is_empty()).map(|version| Text::name(&version));
    Ok(About { version, external: config.map(|config| external::labels(&config.yaml)).unwrap_or_default() })
}

async fn optional<T: DeserializeOwned>(line: &Line<'_>, path: &str) -> Result<Option<T>, Failure> {
    match line.get::<Envelope<T>>(path).await {
        Ok(answer) => Ok(answer.data),
        Err(failure) if failure.kind == FailureKind::Unreachable => Err(failure),
        Err(_) => Ok(None),
    }
}

/// A server that reads its log of writes answers 503 to everything, for minutes where there is much of it: that is said.
async fn starting(line: &Line<'_>, failure: Failure) -> Failure {
    if failure.kind != FailureKind::Busy || failure.retry_after.is_some() {
        return failure;
    }
    match line.get::<Value>("/-/ready").await {
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
