//! Changing commands: a wish becomes a Plan, the Plan is shown and confirmed, a keeper carries it out, and its Run is
//! followed to the verdict. Every attempt is in the journal, refused ones too.

mod confirm;
mod face;
mod follow;
pub mod keeper;
mod wish;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use face::{PlanItem, plan_text};
pub use follow::{exit_of, follow};

use super::args::{self, Approval, Global};
use super::output;
use super::session::Session;
use super::{Exit, Failure, Wiring, address, dispatch};
use crate::action::{Intent, Plan, Wish};
use crate::config::{Machine, Settings};
use crate::engine::Books;
use crate::engine::clock::{Clock, SystemClock};
use crate::engine::keeper::{self as engine_keeper, Errand, FirstWords};
use crate::engine::planner::{self, NoPlan, Vouched};
use crate::model::{SourceName, Text};

/// What somebody typed as a change.
pub enum Typed<'a> {
    Scale(&'a args::Scale),
    Restart(&'a args::Service),
    Promote(&'a args::Promote),
    RollBack(&'a args::RollBack),
    Pause(&'a args::Service),
    Resume(&'a args::Service),
    Undo(&'a args::Service),
    Delete(&'a args::Delete),
}

/// Plans, confirms and carries out what was typed.
///
/// # Errors
/// Whatever stands against it; it is in the journal as refused.
pub async fn run(global: &Global, typed: &Typed<'_>, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut last = Exit::Done;
    for address in typed.addresses() {
        last = one(global, typed, address, wiring).await?;
        // Services that travel together stop at the first that does not arrive (SAFETY G22).
        if last != Exit::Done {
            break;
        }
    }
    Ok(last)
}

async fn one(global: &Global, typed: &Typed<'_>, address: &str, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let books = Arc::new(books(global, &session.settings)?);
    let approval = typed.approval();
    let attempt = async {
        let intent = typed.intent(&session, address)?;
        let plan = planned(&session, &books, intent, &typed.vouched()).await?;
        Ok::<Plan, Failure>(plan)
    };
    let plan = match attempt.await {
        Ok(plan) => plan,
        // What was wanted is so already: nothing is left to do.
        Err(failure) if failure.exit == Exit::Done => {
            output::text(&format!("{}\n", failure.message))?;
            return Ok(Exit::Done);
        }
        Err(failure) => return Err(refused(&books, address, approval, failure)),
    };
    if approval.plan {
        books.keep(&plan).map_err(unwritten)?;
        face::print(&session, &plan, global.output)?;
        return Ok(Exit::Done);
    }
    approve_and_run(global, &session, &books, &plan, approval).await
}

/// Carries out a Plan that was kept.
///
/// # Errors
/// It is not there, expired, or not confirmed.
pub async fn apply(global: &Global, args: &args::Apply, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let books = Arc::new(books(global, &session.settings)?);
    let plan = match books.plan(&Text::name(&args.id)) {
        Ok(plan) => plan,
        Err(error) => {
            let burned = books.runs().is_ok_and(|runs| runs.is_burned(&Text::name(&args.id)));
            let failure = if burned {
                Failure::new(
                    Exit::Refused,
                    format!("the Plan {} was carried out before: a Plan is good for once", args.id),
                )
            } else {
                Failure::new(Exit::Usage, error.to_string()).hint("`--plan` makes one, and prints its id")
            };
            return Err(refused(&books, &args.id, &args.approval, failure));
        }
    };
    let mut approval = args.approval.clone();
    approval.reason = approval.reason.or_else(|| plan.intent.reason.as_ref().map(ToString::to_string));
    approve_and_run(global, &session, &books, &plan, &approval).await
}

/// Goes on with a Run that was cut off: the same wish is planned anew on what is there now.
///
/// # Errors
/// No such Run, it is being carried out or has its end, or whatever stands against the new Plan.
pub async fn resume(global: &Global, args: &args::ResumeRun, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let books = Arc::new(books(global, &session.settings)?);
    let runs = books.runs().map_err(unwritten)?;
    let run = super::runs::cut_off(&books, &runs, &args.id)?;
    let now = SystemClock.now();
    let why = Text::line("resumed: what was done is read back, the rest is planned anew");
    let intent = Intent { reason: run.plan.intent.reason.clone(), ..run.plan.intent.clone() };
    super::runs::mark(&books, run, &why, now)?;
    let plan = match planned(&session, &books, intent, &Vouched::default()).await {
        Ok(plan) => plan,
        Err(failure) if failure.exit == Exit::Done => {
            output::text(&format!("{}\n", failure.message))?;
            return Ok(Exit::Done);
        }
        Err(failure) => return Err(refused(&books, &args.id, &args.approval, failure)),
    };
    approve_and_run(global, &session, &books, &plan, &args.approval).await
}

async fn approve_and_run(
    global: &Global,
    session: &Session,
    books: &Arc<Books>,
    plan: &Plan,
    approval: &Approval,
) -> Result<Exit, Failure> {
    let errand = match confirm::confirm(session, plan, approval, global.output) {
        Ok(errand) => errand,
        Err(failure) => return Err(refused(books, &plan.intent.target.whole(), approval, failure)),
    };
    books.keep(plan).map_err(unwritten)?;
    let begun = engine_keeper::start(keeper::arguments(global), &errand).await;
    match begun {
        Ok(FirstWords::Begun { run }) if approval.detach => {
            output::text(&format!("{run}\n"))?;
            Ok(Exit::Done)
        }
        Ok(FirstWords::Begun { run }) => follow(books, &run, global.output).await,
        Ok(FirstWords::NotBegun { why, stale }) => {
            let exit = if stale { Exit::Stale } else { Exit::Refused };
            Err(refused(books, &plan.intent.target.whole(), approval, Failure::new(exit, why)))
        }
        Err(error) => Err(Failure::new(Exit::Unknown, "whether it was begun is not known")
            .cause(error)
            .hint("`quarterdeck runs list` tells what the journal knows")),
    }
}

/// The Plan for an Intent.
async fn planned(session: &Session, books: &Books, intent: Intent, vouched: &Vouched) -> Result<Plan, Failure> {
    let state = &session.console.state;
    let prepared = planner::prepare(intent, state, &session.settings.rulebook, books, vouched).map_err(no_plan)?;
    let all: BTreeSet<SourceName> = state.fleet.sources().map(|source| source.name.clone()).collect();
    planner::complete(prepared, &session.console.operators(&all)).await.map_err(no_plan)
}

fn no_plan(error: NoPlan) -> Failure {
    let exit = match &error {
        NoPlan::Cannot(cannot) if cannot.is_so_already() => Exit::Done,
        NoPlan::Cannot(_) | NoPlan::NoService(_) | NoPlan::NoRelease(_) => Exit::Usage,
        NoPlan::ReadOnly(_) | NoPlan::Books(_) => Exit::Refused,
        NoPlan::NotRead { .. } => Exit::NotFresh,
    };
    Failure::new(exit, error.to_string())
}

/// Notes a refusal; what was refused stays refused where that cannot be written.
fn refused(books: &Books, target: &str, approval: &Approval, failure: Failure) -> Failure {
    let reason = approval.reason.as_deref().map(Text::line);
    match books.refuse(SystemClock.now(), target, reason.as_ref(), &failure.message) {
        Ok(()) => failure,
        Err(error) => failure.hint(format!("and that could not be recorded: {error}")),
    }
}

fn unwritten(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Refused, "nothing is changed while the journal cannot be written").cause(error)
}

/// The books of this user, or of the simulated world.
///
/// # Errors
/// They cannot be opened: then nothing may be changed.
pub fn books(global: &Global, settings: &Settings) -> Result<Books, Failure> {
    let story = global.demo.then(|| format!("seed-{}", global.seed));
    Books::open(settings.paths.as_ref(), &Machine::here(), story.as_deref()).map_err(unwritten)
}

/// The books without a console, for what reads or writes them only.
///
/// # Errors
/// As [`books`], and a bad configuration.
pub fn books_alone(global: &Global) -> Result<Books, Failure> {
    books(global, &dispatch::settings(global, &Machine::here())?)
}

impl Typed<'_> {
    fn addresses(&self) -> Vec<&str> {
        match self {
            Self::Scale(args) => vec![&args.address],
            Self::Promote(args) => args.address.iter().map(String::as_str).collect(),
            Self::RollBack(args) => vec![&args.address],
            Self::Delete(args) => vec![&args.instance],
            Self::Restart(args) | Self::Pause(args) | Self::Resume(args) | Self::Undo(args) => vec![&args.address],
        }
    }

    fn approval(&self) -> &Approval {
        match self {
            Self::Scale(args) => &args.approval,
            Self::Promote(args) => &args.approval,
            Self::RollBack(args) => &args.approval,
            Self::Delete(args) => &args.approval,
            Self::Restart(args) | Self::Pause(args) | Self::Resume(args) | Self::Undo(args) => &args.approval,
        }
    }

    fn vouched(&self) -> Vouched {
        match self {
            Self::Promote(args) => Vouched { by: args.vouch.as_deref().map(Text::line), ticks: args.tick.clone() },
            _ => Vouched::default(),
        }
    }

    fn intent(&self, session: &Session, typed: &str) -> Result<Intent, Failure> {
        let reason = self.approval().reason.as_deref().map(Text::line);
        if let Self::Delete(_) = self {
            let (target, instance) = wish::instance(session, typed)?;
            return Ok(Intent { wish: Wish::Delete { instance }, target, reason });
        }
        let mut target = address::required(session, typed)?;
        let wish = match self {
            Self::Scale(args) => wish::scale(args)?,
            Self::Restart(_) => Wish::Restart,
            Self::Promote(args) => {
                let from = target.environment.clone();
                target.environment = wish::destination(session, &from, &args.to)?;
                Wish::Promote { from, release: args.release.as_deref().map(Text::name) }
            }
            Self::RollBack(args) => Wish::RollBack { to: args.to.as_deref().map(Text::name) },
            Self::Pause(_) => Wish::Pause,
            Self::Resume(_) => Wish::Resume,
            Self::Undo(_) => Wish::Undo,
            Self::Delete(args) => Wish::Delete { instance: Text::name(&args.instance) },
        };
        Ok(Intent { wish, target, reason })
    }
}

/// What goes to the keeper.
fn errand(plan: &Plan, pressed: bool, typed: Option<String>) -> Errand {
    Errand { plan: plan.id.clone(), pressed, typed }
}
