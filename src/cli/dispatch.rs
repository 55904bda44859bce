//! From the arguments to the command: configuration first, then what was asked for.

use std::io::Write;
use std::sync::Arc;

use super::args::{Cli, Command, Demo, DemoCommand, Global, JournalCommand, RunsCommand};
use super::change::{self, Typed};
use super::{
    Exit, Failure, checks, completions, demo, doctor, explain, init, keys, logs, man, schema, services, sources, status,
};
use super::{alarms, journal, policy, queues, releases, runs, stores, themes, timeline, unlock, watch, why};
use crate::config::{Flags, Machine, Settings};
use crate::engine::Opener;
use crate::model::{Policy, SourceSpec, Timestamp};

/// What `main.rs` hands in, since neither face knows a Source.
pub struct Wiring {
    /// Opens real Sources.
    pub opener: Arc<dyn Opener>,
    /// The Sources of the simulated world of a seed whose story began at that moment.
    pub demo: fn(u64, Timestamp) -> Vec<SourceSpec>,
    /// What the platforms have to allow.
    pub policies: fn() -> Vec<Policy>,
}

/// Runs what was asked for and gives the exit code; the message of a failure is written to standard error.
pub async fn run(cli: Cli, wiring: &Wiring) -> u8 {
    match dispatch(cli, wiring).await {
        Ok(code) => code,
        Err(failure) => report(&failure).code(),
    }
}

async fn dispatch(cli: Cli, wiring: &Wiring) -> Result<u8, Failure> {
    let Cli { global, command } = cli;
    let Some(command) = command else { return watch::run(&global, wiring).await };
    let exit = match command {
        Command::Demo(Demo { command: None }) => return watch::run(&Global { demo: true, ..global }, wiring).await,
        Command::Replay(args) => return watch::replay(&global, &args).await,
        Command::Status(args) => status::run(&global, &args, wiring).await,
        Command::Services => services::run(&global, wiring).await,
        Command::Queues => queues::run(&global, wiring).await,
        Command::Alarms => alarms::run(&global, wiring).await,
        Command::Stores => stores::run(&global, wiring).await,
        Command::Checks => checks::list(&global, wiring).await,
        Command::Check(args) => checks::run(&global, &args, wiring).await,
        Command::Sources => sources::run(&global, wiring).await,
        Command::Explain(target) => explain::run(&global, &target, wiring).await,
        Command::Why(target) => why::run(&global, &target, wiring).await,
        Command::Logs(args) => logs::run(&global, &args, wiring).await,
        Command::Scale(args) => change::run(&global, &Typed::Scale(&args), wiring).await,
        Command::Restart(args) => change::run(&global, &Typed::Restart(&args), wiring).await,
        Command::Promote(args) => change::run(&global, &Typed::Promote(&args), wiring).await,
        Command::Rollback(args) => change::run(&global, &Typed::RollBack(&args), wiring).await,
        Command::Pause(args) => change::run(&global, &Typed::Pause(&args), wiring).await,
        Command::Resume(args) => change::run(&global, &Typed::Resume(&args), wiring).await,
        Command::Undo(args) => change::run(&global, &Typed::Undo(&args), wiring).await,
        Command::Delete(args) => change::run(&global, &Typed::Delete(&args), wiring).await,
        Command::Apply(args) => change::apply(&global, &args, wiring).await,
        Command::Unlock(args) => unlock::unlock(&global, &args, wiring).await,
        Command::Lock(args) => unlock::lock(&global, &args, wiring).await,
        Command::Runs(args) => runs::run(&global, &args.command.unwrap_or(RunsCommand::List), wiring).await,
        Command::Journal(args) => journal::run(&global, &args.command.unwrap_or(JournalCommand::List)),
        Command::Releases => releases::run(&global, wiring).await,
        Command::Keeper => change::keeper::run(&global, wiring).await,
        Command::Timeline(args) => timeline::run(&global, &args, wiring).await,
        Command::Doctor(args) => match &args.print_policy {
            Some(which) => policy::run(&global, which, wiring),
            None => doctor::run(&global, wiring).await,
        },
        Command::Init(args) => init::run(&global, &args),
        Command::Demo(Demo { command: Some(DemoCommand::Reset) }) => demo::reset(&global),
        Command::Keys(args) => keys::run(&global, &args),
        Command::Themes => themes::run(&global),
        Command::Schema => schema::run(),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    };
    exit.map(Exit::code)
}

/// Says a failure on standard error; its exit.
pub fn report(failure: &Failure) -> Exit {
    if failure.quiet {
        return Exit::Done;
    }
    // Where standard error is gone too there is nobody left to tell.
    drop(write!(std::io::stderr().lock(), "{failure}"));
    failure.exit
}

/// Reads the configuration; a bad one ends the command with exit 2.
///
/// # Errors
/// Everything that is wrong with it.
pub fn settings(global: &Global, machine: &Machine) -> Result<Settings, Failure> {
    crate::config::load(machine, &flags(global)).map_err(|problems| Failure::new(Exit::Usage, problems.to_string()))
}

/// The configuration's part of the arguments.
#[must_use]
pub fn flags(global: &Global) -> Flags {
    let absolute = |path: &std::path::PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    Flags { config: global.config.as_ref().map(absolute), theme: global.theme.clone() }
}
