//! The keeper: carries out one Run in a process and session of its own, so that it goes on when the terminal closes, the
//! SSH link drops or the console ends. It takes a kept Plan and what a person gave for it, and approves it itself.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::books::{Books, BooksError};
use super::clock::Clock;
use super::console::Console;
use super::execute::{Executor, Witness};
use super::state::State;
use crate::action::run::Ended;
use crate::action::{Approved, Given, NotApproved, Plan, approve};
use crate::model::{Address, AlarmState, Key, Outcome, Severity, SourceName, Text};

/// How often it is looked whether somebody wants the Run to end.
const LOOK: Duration = Duration::from_millis(250);

/// What the keeper is given on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Errand {
    pub plan: Text,
    pub pressed: bool,
    pub typed: Option<String>,
}

/// The keeper's first words: whether it has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstWords {
    Begun {
        run: Text,
    },
    /// Nothing was changed; why.
    NotBegun {
        why: String,
        stale: bool,
    },
}

/// Starts a keeper: this program again with `arguments`, which end in the keeper's own command. It leaves our session by
/// itself, so that nothing that ends us ends it.
///
/// # Errors
/// It cannot be started, or ended before it said anything: then nothing was begun, or the journal tells.
pub async fn start(arguments: Vec<OsString>, errand: &Errand) -> io::Result<FirstWords> {
    let program = std::env::current_exe()?;
    let mut child = crate::sources::process::ourselves(program).args(arguments).spawn()?;
    let mut text = serde_json::to_vec(errand)?;
    text.push(b'\n');
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&text).await?;
        input.shutdown().await?;
    }
    let silent = || io::Error::new(io::ErrorKind::UnexpectedEof, "the keeper ended without a word");
    let output = child.stdout.take().ok_or_else(silent)?;
    let line = BufReader::new(output).lines().next_line().await?.ok_or_else(silent)?;
    Ok(serde_json::from_str(&line)?)
}

/// Leaves the session of whoever started us: the end of their terminal is not ours.
pub fn leave_session() {
    // Where we lead a group already there is nothing to leave.
    rustix::process::setsid().ok();
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    #[error(transparent)]
    NotApproved(#[from] NotApproved),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error("another process carries this Run out")]
    Held,
}

/// A Plan whose id is burned: what is left is to carry it out.
pub struct Begun {
    approved: Approved<Plan>,
    executor: Executor,
    witness: watch::Sender<Witness>,
    _hold: super::books::Hold,
}

/// Takes a kept Plan and begins it.
///
/// # Errors
/// It is not approved by what was given, expired, was carried out before, or the journal takes nothing.
pub fn begin(books: Arc<Books>, clock: Arc<dyn Clock>, errand: Errand, console: &Console) -> Result<Begun, NotBegun> {
    let plan = books.plan(&errand.plan)?;
    let given = Given { plan: errand.plan, pressed: errand.pressed, typed: errand.typed };
    let sources: BTreeSet<SourceName> = plan.steps.iter().map(|step| step.target.key.source.clone()).collect();
    let approved = approve(plan, &given, clock.now())?;
    let hold = books.hold(&approved.get().id)?.ok_or(NotBegun::Held)?;
    let (witness, seen) = watch::channel(Witness::default());
    let executor = Executor {
        books: books.clone(),
        clock,
        operators: console.operators(&sources),
        witness: seen,
        stop: CancellationToken::new(),
    };
    executor.begin(&approved)?;
    // A burned Plan is of no use; that its file stays changes nothing.
    drop(books.forget(&approved.get().id));
    Ok(Begun { approved, executor, witness, _hold: hold })
}

impl Begun {
    /// The Run's id.
    #[must_use]
    pub fn id(&self) -> Text {
        self.approved.get().id.clone()
    }

    /// Carries it out, while the console goes on watching what the verdict needs.
    ///
    /// # Errors
    /// The journal takes no more.
    pub async fn carry_out(&self, console: &mut Console) -> Result<Ended, BooksError> {
        let service = self.approved.get().intent.target.clone();
        let before = alarms(&console.state, &service);
        let work = self.executor.run(&self.approved);
        tokio::pin!(work);
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                ended = &mut work => return ended,
                more = console.pump() => {
                    let seen = witness(&console.state, &service, &before);
                    self.witness.send_if_modified(|known| {
                        let moved = *known != seen;
                        *known = seen;
                        moved
                    });
                    if !more {
                        return work.await;
                    }
                }
                _ = looks.tick() => {
                    if self.executor.books.runs()?.abort(&self.id()).is_some() {
                        self.executor.stop.cancel();
                    }
                }
            }
        }
    }
}

/// Critical Alarms of the Service that fire.
fn alarms(state: &State, service: &Address) -> BTreeSet<Key> {
    let firing = state
        .fleet
        .alarms_of(service)
        .into_iter()
        .filter(|view| view.alarm.state == AlarmState::Firing && view.alarm.severity == Severity::Critical);
    firing.map(|view| view.alarm.key.clone()).collect()
}

fn witness(state: &State, service: &Address, before: &BTreeSet<Key>) -> Witness {
    let checks = state.fleet.checks_of(service);
    let failing = checks.iter().filter(|view| view.check.outcome == Outcome::Failing);
    let failing = failing.map(|view| Text::line(&format!("the Check of {} fails", view.check.target)));
    let mut against: Vec<Text> = failing.collect();
    for key in alarms(state, service).difference(before) {
        let name = state.fleet.alarm(key).map_or_else(|| "an Alarm".to_owned(), |alarm| alarm.name.to_string());
        against.push(Text::line(&format!("{name} fires since")));
    }
    Witness { against, checked: checks.iter().any(|view| view.check.outcome == Outcome::Passing) }
}
