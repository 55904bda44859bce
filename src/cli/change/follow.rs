//! Follows a Run to its verdict by reading the journal: the same for the one who began it and for everybody else.

use std::io::IsTerminal;
use std::time::Duration;

use crate::action::{Run, RunState, StepState, Verdict};
use crate::cli::args::Format;
use crate::cli::output::{self, remark};
use crate::cli::runs::RunItem;
use crate::cli::{Exit, Failure};
use crate::engine::Books;
use crate::engine::clock::{Clock, SystemClock};
use crate::model::Text;

/// Between two looks at the journal.
const LOOK: Duration = Duration::from_millis(100);

/// Tells what happens in a Run until it has its verdict; its exit.
///
/// # Errors
/// The journal cannot be read, or there is no such Run.
pub async fn follow(books: &Books, id: &Text, format: Format) -> Result<Exit, Failure> {
    let lively = std::io::stderr().is_terminal();
    let (mut told, mut shown) = (Vec::new(), None);
    loop {
        let runs = books.runs().map_err(|error| Failure::new(Exit::Unknown, error.to_string()))?;
        let Some(run) = runs.get(id.raw()) else {
            return Err(Failure::new(Exit::Usage, format!("there is no Run {id}")).hint("`quarterdeck runs list`"));
        };
        for line in lines(run).into_iter().skip(told.len()).collect::<Vec<_>>() {
            if format != Format::Json {
                output::text(&format!("  {line}\n"))?;
            }
            told.push(line);
        }
        if run.state == RunState::Done {
            return end(run, format);
        }
        let live = books.shown(&run.id);
        if lively && live != shown && format != Format::Json {
            if let Some(words) = &live {
                remark(&format!("  … {words}"));
            }
            shown = live;
        }
        if !books.is_held(run) {
            // Its last Record may have come between the two looks.
            let again = books.runs().map_err(|error| Failure::new(Exit::Unknown, error.to_string()))?;
            if again.get(id.raw()).is_some_and(|run| run.state != RunState::Done) {
                return Err(Failure::new(
                    Exit::Unknown,
                    format!("Run {id} was cut off: nobody carries it out any more"),
                )
                .hint(format!("`quarterdeck runs show {id}` tells how far it came, `runs resume {id}` goes on")));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What has happened so far, a line each; it only ever grows.
fn lines(run: &Run) -> Vec<String> {
    let mut lines = vec![format!("run {} began: {}", run.id, run.plan.intent.target)];
    for (nth, step) in run.steps.iter().enumerate() {
        if step.began_at.is_some() {
            lines.push(format!("step {}: {}", nth + 1, step.title));
        }
        lines.extend(step.writes.iter().map(|words| format!("  {words}")));
        let done = !matches!(step.state, StepState::Waiting | StepState::Begun);
        if done {
            let why = step.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            lines.push(format!("step {} {}{why}", nth + 1, step.state.word()));
        }
    }
    lines
}

fn end(run: &Run, format: Format) -> Result<Exit, Failure> {
    let verdict = run.verdict.unwrap_or(Verdict::Unknown);
    if format == Format::Json {
        output::plain_json("Run", SystemClock.now(), [RunItem::of(run, false)])?;
    } else {
        let message = run.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        output::text(&format!("{} {}{message}\n", run.plan.intent.target, verdict.word().replace('_', " ")))?;
        if verdict == Verdict::Kept {
            output::text(&format!("  undo: {}\n", run.plan.reversal))?;
        }
    }
    if verdict == Verdict::Refused {
        let why = run.message.as_ref().map(ToString::to_string).unwrap_or_default();
        remark(&format!("quarterdeck: refused: {why}"));
    }
    Ok(exit_of(verdict))
}

/// The exit for a verdict (DESIGN section 7).
#[must_use]
pub fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Kept => Exit::Done,
        Verdict::Failed | Verdict::Overridden | Verdict::Aborted => Exit::Failed,
        Verdict::RolledBack => Exit::RolledBack,
        Verdict::Stale => Exit::Stale,
        Verdict::Refused => Exit::Refused,
        Verdict::Unknown => Exit::Unknown,
    }
}
