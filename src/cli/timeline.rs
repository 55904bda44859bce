//! `timeline`: what changed, as far as the platforms tell, and what changes while one looks.

use super::args::{self, Format, Global};
use super::output;
use super::output::items::ChangeItem;
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::engine::State;
use crate::model::{Change, ChangeKind, EnvironmentAddress, SourceName, Text};

/// Prints the changes known so far, oldest first; with `--follow`, new ones as they come.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, args: &args::Timeline, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let wanted = |change: &&Change| belongs(change, narrowed.as_ref());
    let state = &session.console.state;
    let told = told(state);
    let changes: Vec<&Change> = told.iter().filter(wanted).collect();
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

/// What the platforms themselves still know of the past: revisions that began, and how Instances last ended. A command
/// that has only just looked has seen nothing change with its own eyes.
fn told(state: &State) -> Vec<Change> {
    let fleet = &state.fleet;
    let mut changes: Vec<Change> = fleet.timeline().iter().cloned().collect();
    for service in fleet.services() {
        let about = |at, kind, source: &SourceName, text: String, bad| Change {
            at,
            kind,
            source: Some(source.clone()),
            service: Some(service.address.clone()),
            text: Text::line(&text),
            bad,
        };
        for revision in fleet.revisions(&service.address) {
            let Some(at) = revision.created_at else { continue };
            let number = revision.number.map(|n| format!(" {n}")).unwrap_or_default();
            let images: Vec<&str> = revision.images.iter().map(|image| image.reference.shown()).collect();
            let cause = revision.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            let text = format!("revision{number} of {}: {}{cause}", revision.workload.1, images.join(", "));
            changes.push(about(at, ChangeKind::Release, &revision.key.source, text, false));
        }
        for instance in service.instances.iter().filter_map(|key| fleet.instance(key)) {
            let Some((exit, at)) = instance.last_exit.as_ref().and_then(|exit| Some((exit, exit.at?))) else {
                continue;
            };
            let code = exit.code.map(|code| format!(" with {code}")).unwrap_or_default();
            let reason = exit.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let bad = exit.code != Some(0);
            let text = format!("{} ended{code}{reason}", instance.name);
            changes.push(about(at, ChangeKind::Restart, &instance.key.source, text, bad));
        }
    }
    changes.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.service.cmp(&b.service)).then_with(|| a.text.cmp(&b.text)));
    changes
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
