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
use crate::action::{Approved, Given, NotApproved, Plan, Wish, approve};
use crate::model::{Alarm, AlarmState, Outcome, Severity, SourceName, Text, Timestamp};

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
        let work = self.executor.run(&self.approved);
        tokio::pin!(work);
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                ended = &mut work => return ended,
                more = console.pump() => {
                    let seen = witness(&console.state, self.approved.get());
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
                    if self.executor.books.abort(&self.id())?.is_some() {
                        self.executor.stop.cancel();
                    }
                }
            }
        }
    }
}

/// What stands against calling the change well. The keeper's console has just begun to look: what it sees first may be
/// older than the change, so an Alarm counts only by its own account of since when, and Checks only where the change
/// promises that the Service answers. During an incident something fails already, and scaling out is no worse for it.
fn witness(state: &State, plan: &Plan) -> Witness {
    let service = &plan.intent.target;
    let checks = state.fleet.checks_of(service);
    let promises =
        matches!(plan.intent.wish, Wish::Promote { .. } | Wish::RollBack { .. } | Wish::Restart | Wish::Undo);
    let failing = checks.iter().filter(|view| promises && view.check.outcome == Outcome::Failing);
    let failing = failing.map(|view| Text::line(&format!("the Check of {} fails", view.check.target)));
    let alarms = state.fleet.alarms_of(service);
    let new = alarms.iter().map(|view| &view.alarm).filter(|alarm| speaks_against(alarm, plan.made_at));
    let new = new.map(|alarm| Text::line(&format!("{} fires since the change", alarm.name)));
    let against = failing.chain(new).collect();
    Witness { against, checked: checks.iter().any(|view| view.check.outcome == Outcome::Passing) }
}

/// Whether an Alarm is critical and began to fire after the Plan was made.
fn speaks_against(alarm: &Alarm, made: Timestamp) -> bool {
    let is_new = alarm.since.is_some_and(|at| at > made);
    alarm.state == AlarmState::Firing && alarm.severity == Severity::Critical && is_new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Key, Kind};

    fn alarm(since: Option<&str>) -> Alarm {
        Alarm {
            key: Key::new(&SourceName::new("am"), Kind::Alarm, "a"),
            scope: Text::empty(),
            name: Text::name("Api5xx"),
            severity: Severity::Critical,
            state: AlarmState::Firing,
            since: since.map(|at| at.parse().unwrap()),
            summary: Text::empty(),
            value: None,
            threshold: None,
            comparison: None,
            runbook: None,
            silenced_until: None,
            suppressed_by: None,
            notifies: None,
            labels: Vec::new(),
            fingerprint: Text::empty(),
        }
    }

    #[test]
    fn g11_an_alarm_from_before_the_change_does_not_speak_against_it() {
        let made: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
        assert!(!speaks_against(&alarm(Some("2026-03-01T02:50:00Z")), made), "the incident that the change is for");
        assert!(speaks_against(&alarm(Some("2026-03-01T03:00:20Z")), made));
        assert!(!speaks_against(&alarm(None), made), "since when it fires is not known");
        let warning = Alarm { severity: Severity::Warning, ..alarm(Some("2026-03-01T03:00:20Z")) };
        assert!(!speaks_against(&warning, made));
    }
}
