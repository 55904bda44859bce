//! `timeline`: what changed, as far as the platforms tell.

use super::args::{self, Format, Global};
use super::output;
use super::output::items::ChangeItem;
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::model::{Change, EnvironmentAddress};

/// Prints the changes known so far, oldest first; with `--follow`, new ones as they come.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, args: &args::Timeline, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let wanted = |change: &&Change| belongs(change, narrowed.as_ref());
    let state = &session.console.state;
    let changes: Vec<&Change> = state.fleet.timeline().iter().filter(wanted).collect();
    if global.output == Format::Json && !args.follow {
        let items: Vec<_> = changes.iter().map(|change| ChangeItem::of(change)).collect();
        output::json("Change", state, items)?;
        return Ok(session.exit());
    }
    if changes.is_empty() && !args.follow {
        output::text("no changes seen\n")?;
    }
    for change in &changes {
        print(change, global.output)?;
    }
    if !args.follow {
        session.remark_silent();
        return Ok(session.exit());
    }
    // The ring forgets its oldest lines: the newest one printed is found again by itself, not by its number.
    let mut last = state.fleet.timeline().back().cloned();
    while session.console.pump().await {
        let timeline = session.console.state.fleet.timeline();
        let new = timeline.iter().rev().take_while(|change| Some(*change) != last.as_ref()).count();
        for change in timeline.iter().skip(timeline.len() - new).filter(wanted) {
            print(change, global.output)?;
        }
        last = timeline.back().cloned();
    }
    Ok(Exit::Done)
}

fn belongs(change: &Change, narrowed: Option<&EnvironmentAddress>) -> bool {
    narrowed.is_none_or(|n| change.service.as_ref().is_some_and(|service| service.environment == *n))
}

fn print(change: &Change, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        let mut line = Vec::new();
        output::json::write(&mut line, &ChangeItem::of(change))?;
        line.push(b'\n');
        return output::bytes(&line);
    }
    let about = match (&change.service, &change.source) {
        (Some(service), _) => service.to_string(),
        (None, Some(source)) => source.to_string(),
        (None, None) => "-".to_owned(),
    };
    let at = change.at.strftime("%Y-%m-%dT%H:%M:%SZ");
    output::text(&format!("{at}  {:<8}  {about}  {}\n", change.kind.word(), change.text))
}
