//! The keeper's own process: reads its errand, says whether it has begun, and carries the Run out to its verdict.

use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::sync::Arc;

use super::books;
use crate::action::NotApproved;
use crate::cli::args::Global;
use crate::cli::session::Session;
use crate::cli::{Exit, Failure, Wiring};
use crate::engine::clock::{Clock, SystemClock};
use crate::engine::keeper::{self, Errand, FirstWords, NotBegun, leave_session};

/// What a keeper is started with, so that it sees the same Sources and the same configuration.
#[must_use]
pub fn arguments(global: &Global) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    if let Some(config) = &global.config {
        option("--config", std::path::absolute(config).unwrap_or_else(|_| config.clone()).into());
    }
    if let Some(context) = &global.context {
        option("--context", context.into());
    }
    for source in &global.source {
        option("--source", source.into());
    }
    option("--seed", global.seed.to_string().into());
    if global.demo {
        arguments.push("--demo".into());
    }
    arguments.push("keeper".into());
    arguments
}

/// Carries out the Run of the errand on standard input.
///
/// # Errors
/// It was not begun, or the journal took no more.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    leave_session();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let errand: Errand = serde_json::from_str(&line)
        .map_err(|error| Failure::new(Exit::Usage, "the keeper is started by changing commands alone").cause(error))?;
    let mut session = Session::open(global, wiring)?;
    let books = Arc::new(books(global, &session.settings)?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let begun = match keeper::begin(books, clock, errand, &session.console) {
        Ok(begun) => begun,
        Err(error) => {
            let stale = matches!(error, NotBegun::NotApproved(NotApproved::Expired(_)));
            say(&FirstWords::NotBegun { why: error.to_string(), stale })?;
            return Ok(Exit::Refused);
        }
    };
    say(&FirstWords::Begun { run: begun.id() })?;
    let ended = begun.carry_out(&mut session.console).await;
    let ended = ended.map_err(|error| Failure::new(Exit::Unknown, error.to_string()))?;
    Ok(super::exit_of(ended.verdict))
}

/// One line to whoever started us. That they are gone already is no reason not to go on.
fn say(words: &FirstWords) -> Result<(), Failure> {
    let line = serde_json::to_string(words)?;
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
    Ok(())
}
