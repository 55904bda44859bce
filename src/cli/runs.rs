//! `runs`: what is being changed and what was; follow one, end it, or settle one that was cut off.

use serde::Serialize;

use super::args::{Format, Global, RunsCommand};
use super::change::{books_alone, follow};
use super::output::json::Raw;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::{Exit, Failure, Wiring};
use crate::action::{Run, RunState};
use crate::engine::Books;
use crate::engine::clock::{Clock, SystemClock};
use crate::journal::runs::Abort;
use crate::journal::{Entry, Event, Runs};
use crate::model::{Text, Timestamp};

/// A Run in JSON.
#[derive(Serialize)]
pub struct RunItem<'a> {
    id: Raw<'a>,
    verb: &'static str,
    target: String,
    state: &'static str,
    verdict: Option<&'static str>,
    message: Option<Raw<'a>>,
    steps: Vec<StepItem<'a>>,
    actor: Raw<'a>,
    reason: Option<Raw<'a>>,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// Nobody carries it out any more, and it has no end.
    cut_off: bool,
}

#[derive(Serialize)]
struct StepItem<'a> {
    title: Raw<'a>,
    state: &'static str,
    writes: Vec<Raw<'a>>,
    message: Option<Raw<'a>>,
    began_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl<'a> RunItem<'a> {
    /// The Run's form in JSON.
    #[must_use]
    pub fn of(run: &'a Run, cut_off: bool) -> Self {
        let step = |step: &'a crate::action::RunStep| StepItem {
            title: Raw(&step.title),
            state: step.state.word(),
            writes: step.writes.iter().map(Raw).collect(),
            message: step.message.as_ref().map(Raw),
            began_at: step.began_at,
            ended_at: step.ended_at,
        };
        Self {
            id: Raw(&run.id),
            verb: run.plan.intent.wish.verb(),
            target: run.plan.intent.target.whole(),
            state: run.state.word(),
            verdict: run.verdict.map(crate::action::Verdict::word),
            message: run.message.as_ref().map(Raw),
            steps: run.steps.iter().map(step).collect(),
            actor: Raw(&run.actor),
            reason: run.plan.intent.reason.as_ref().map(Raw),
            started_at: run.started_at,
            ended_at: run.ended_at,
            cut_off,
        }
    }
}

/// Lists, shows, follows, ends or settles Runs.
///
/// # Errors
/// No such Run, or the journal cannot be read or written.
pub async fn run(global: &Global, command: &RunsCommand, wiring: &Wiring) -> Result<Exit, Failure> {
    let books = books_alone(global)?;
    let runs = books.runs().map_err(unread)?;
    match command {
        RunsCommand::List => list(&books, &runs, global.output),
        RunsCommand::Show(args) => show(&books, known(&runs, &args.id)?, global.output),
        RunsCommand::Attach(args) => {
            let id = known(&runs, &args.id)?.id.clone();
            follow(&books, &id, global.output).await
        }
        RunsCommand::Abort(args) => {
            let run = known(&runs, &args.id)?;
            abort(&books, run, Abort { undo: args.undo })?;
            let id = run.id.clone();
            follow(&books, &id, global.output).await
        }
        RunsCommand::Mark(args) => {
            let run = cut_off(&books, &runs, &args.id)?;
            mark(&books, run, &Text::line(&args.reason), SystemClock.now())?;
            output::text(&format!("Run {} is called over\n", run.id))?;
            Ok(Exit::Done)
        }
        RunsCommand::Resume(args) => super::change::resume(global, args, wiring).await,
    }
}

fn list(books: &Books, runs: &Runs, format: Format) -> Result<Exit, Failure> {
    let now = SystemClock.now();
    let is_cut = |run: &Run| run.state != RunState::Done && !books.is_held(run);
    if format == Format::Json {
        let items: Vec<_> = runs.iter().map(|run| RunItem::of(run, is_cut(run))).collect();
        output::plain_json("Run", now, items)?;
        return Ok(Exit::Done);
    }
    let head = [
        ("RUN", Side::Left),
        ("VERB", Side::Left),
        ("TARGET", Side::Left),
        ("STATE", Side::Left),
        ("WHO", Side::Left),
        ("BEGAN", Side::Right),
    ];
    let mut table = Table::new(&head);
    for run in runs.iter() {
        let state = match run.verdict {
            Some(verdict) => verdict.word().replace('_', " "),
            None if is_cut(run) => "cut off".to_owned(),
            None => run.state.word().to_owned(),
        };
        let began = format!("{} ago", words::ago(now, run.started_at));
        let verb = run.plan.intent.wish.verb().to_owned();
        table.row([run.id.to_string(), verb, run.plan.intent.target.to_string(), state, run.actor.to_string(), began]);
    }
    output::text(&if table.is_empty() { "nothing was changed from here so far\n".to_owned() } else { table.text() })?;
    Ok(Exit::Done)
}

fn show(books: &Books, run: &Run, format: Format) -> Result<Exit, Failure> {
    let cut = run.state != RunState::Done && !books.is_held(run);
    if format == Format::Json {
        output::plain_json("Run", SystemClock.now(), [RunItem::of(run, cut)])?;
        return Ok(Exit::Done);
    }
    let mut text = super::change::plan_text(&run.plan);
    text.push_str(&format!("  {:<10} {} at {:.0}\n", "began", run.actor, run.started_at));
    for (nth, step) in run.steps.iter().enumerate() {
        let why = step.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        text.push_str(&format!("  {:<10} {} {}{why}\n", format!("step {}", nth + 1), step.state.word(), step.title));
        text.extend(step.writes.iter().map(|words| format!("             {words}\n")));
    }
    match (&run.message, cut) {
        (_, true) => {
            let id = &run.id;
            text.push_str(&format!(
                "  cut off    nobody carries it out: `quarterdeck runs resume {id}`, or `runs mark {id}`\n"
            ));
        }
        (Some(message), _) => {
            text.push_str(&format!(
                "  verdict    {}: {message}\n",
                run.verdict.map_or("", crate::action::Verdict::word)
            ));
        }
        (None, _) => text.push_str(&format!("  state      {}\n", run.state.word())),
    }
    output::text(&text)?;
    Ok(Exit::Done)
}

fn abort(books: &Books, run: &Run, how: Abort) -> Result<(), Failure> {
    if run.state == RunState::Done {
        return Err(Failure::new(Exit::Refused, format!("Run {} has its end already", run.id)));
    }
    let entry = Entry::new(Event::AbortAsked).run(&run.id).target(run.plan.intent.target.whole()).detail(&how);
    books.write(SystemClock.now(), vec![entry]).map_err(unread)
}

/// Calls a Run over.
///
/// # Errors
/// The journal cannot be written.
pub fn mark(books: &Books, run: &Run, why: &Text, now: Timestamp) -> Result<(), Failure> {
    let entry = Entry::new(Event::Marked).run(&run.id).target(run.plan.intent.target.whole()).reason(Some(why));
    books.write(now, vec![entry]).map_err(unread)
}

fn known<'a>(runs: &'a Runs, id: &str) -> Result<&'a Run, Failure> {
    runs.get(id).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("there is no Run {id}, or several begin so")).hint("`quarterdeck runs list`")
    })
}

/// The Run, where it has no end and nobody carries it out.
///
/// # Errors
/// It has its end, or somebody does.
pub fn cut_off<'a>(books: &Books, runs: &'a Runs, id: &str) -> Result<&'a Run, Failure> {
    let run = known(runs, id)?;
    if run.state == RunState::Done {
        return Err(Failure::new(Exit::Refused, format!("Run {} has its end already", run.id)));
    }
    if books.is_held(run) {
        let words = format!("Run {} is being carried out: `quarterdeck runs attach {}` follows it", run.id, run.id);
        return Err(Failure::new(Exit::Refused, words));
    }
    Ok(run)
}

fn unread(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Refused, error.to_string())
}
