//! `logs`: the logs of a Service, all Instances merged, each line under its Instance's name.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::args::{Format, Global, Logs};
use super::output::items::LogItem;
use super::output::{self, remark};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::engine::{Ask, LogPane, LogsWanted, PaneId, State};
use crate::model::{Address, Instance, Key, LogLine, Stream, Text};

/// The one pane of this command.
const PANE: PaneId = 1;
/// A read to the end that brings nothing for this long is given up: a server that hangs ends no script.
const SILENCE: Duration = Duration::from_secs(30);

/// Prints them.
///
/// # Errors
/// No such Service or Instance, or nothing could be read.
pub async fn run(global: &Global, args: &Logs, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut session = Session::gathered(global, wiring).await?;
    let service = address::required(&session, &args.address)?;
    let state = &session.console.state;
    let instance = args.instance.as_deref().map(|typed| one(state, &service, typed)).transpose()?;
    let since = args.since.and_then(|since| state.now.checked_sub(since.0).ok());
    let wanted = LogsWanted {
        service: service.clone(),
        instance,
        follow: args.follow,
        previous: args.previous,
        since,
        tail: args.tail,
    };
    session.console.ask(Ask::OpenLogs { pane: PANE, wanted });
    if session.console.state.panes.get(&PANE).is_none_or(|pane| pane.open == 0) && !args.follow {
        return Err(Failure::new(Exit::Failed, format!("{service} has no Instance to read from"))
            .hint(format!("`quarterdeck why {service}` says why")));
    }
    let read = if args.follow {
        follow(&mut session, global.output).await?
    } else {
        whole(&mut session, global.output).await?
    };
    if read { Ok(session.exit_for(&service)) } else { Ok(Exit::Failed) }
}

/// The Instance that somebody means: by its whole name, the end of it, or its number.
fn one(state: &State, service: &Address, typed: &str) -> Result<Key, Failure> {
    let keys = state.fleet.service(service).map_or(&[][..], |service| &service.instances);
    let instances: Vec<&Instance> = keys.iter().filter_map(|key| state.fleet.instance(key)).collect();
    let number = typed.parse::<u32>().ok();
    let exact = |i: &&&Instance| i.name.raw() == typed || i.name.shown() == typed;
    let close = |i: &&&Instance| i.name.raw().ends_with(typed) || (number.is_some() && i.number == number);
    let fits: Vec<&&Instance> = match instances.iter().find(exact) {
        Some(exact) => vec![exact],
        None => instances.iter().filter(close).collect(),
    };
    let names = |all: &mut dyn Iterator<Item = &Instance>| {
        all.take(8).map(|i| i.name.to_string()).collect::<Vec<_>>().join(", ")
    };
    match fits[..] {
        [one] => Ok(one.key.clone()),
        [] => Err(Failure::new(Exit::Usage, format!("{service} has no Instance {}", Text::line(typed)))
            .hint(format!("its Instances: {}", names(&mut instances.iter().copied())))),
        _ => Err(Failure::new(Exit::Usage, format!("{} could be several Instances", Text::line(typed)))
            .hint(format!("one of {}", names(&mut fits.iter().map(|i| **i))))),
    }
}

/// Reads to the end, then prints in the order of time. False: nothing could be read.
async fn whole(session: &mut Session, format: Format) -> Result<bool, Failure> {
    let mut timely = true;
    let mut size = 0;
    while timely && pane(session).is_some_and(|pane| pane.open > 0) {
        let before = size;
        let more = async {
            while session.console.pump().await {
                let now = session.console.state.panes.get(&PANE);
                size = now.map_or(0, |pane| pane.lines.len() + usize::try_from(pane.forgotten).unwrap_or(0));
                if size != before || now.is_none_or(|pane| pane.open == 0) {
                    break;
                }
            }
        };
        timely = tokio::time::timeout(SILENCE, more).await.is_ok();
    }
    let state = &session.console.state;
    let Some(pane) = state.panes.get(&PANE) else { return Ok(false) };
    if format == Format::Json {
        let items: Vec<_> =
            pane.lines.iter().map(|line| LogItem::of(line, state.fleet.instance(&line.instance))).collect();
        output::json("LogLine", state, items)?;
    } else {
        let width = widest(state, pane.lines.iter());
        let text: String = pane.lines.iter().map(|line| line_of(state, line, width)).collect();
        output::text(&text)?;
    }
    if !timely {
        remark("no more lines came for 30 s: the rest is left out");
    }
    if pane.forgotten > 0 {
        remark(&format!("{} earlier lines are left out: narrow with --since, --tail or --instance", pane.forgotten));
    }
    Ok(endings(state, pane, 0) || !pane.lines.is_empty())
}

/// Prints lines as they come, until the streams end.
async fn follow(session: &mut Session, format: Format) -> Result<bool, Failure> {
    let (mut told, mut any) = (0, false);
    loop {
        let lines = session.console.state.panes.get_mut(&PANE).map(LogPane::drain).unwrap_or_default();
        let state = &session.console.state;
        any |= !lines.is_empty();
        let mut out = Vec::new();
        let width = widest(state, lines.iter());
        for line in &lines {
            if format == Format::Json {
                output::json::write(&mut out, &LogItem::of(line, state.fleet.instance(&line.instance)))?;
                out.push(b'\n');
            } else {
                out.extend_from_slice(line_of(state, line, width).as_bytes());
            }
        }
        if !out.is_empty() {
            output::bytes(&out)?;
        }
        let Some(pane) = state.panes.get(&PANE) else { return Ok(any) };
        // Streams that are followed again have no ending any more.
        told = told.min(pane.endings.len());
        if pane.endings.len() > told {
            any |= endings(state, pane, told);
            told = pane.endings.len();
        }
        if !session.console.pump().await {
            return Ok(any);
        }
    }
}

fn pane(session: &Session) -> Option<&LogPane> {
    session.console.state.panes.get(&PANE)
}

/// The widest name among the Instances that speak, so that their lines begin in one column.
fn widest<'a>(state: &State, lines: impl Iterator<Item = &'a LogLine>) -> usize {
    let names = lines.map(|line| &line.instance).collect::<std::collections::BTreeSet<_>>();
    names.into_iter().map(|key| name(state, key).width()).max().unwrap_or(0)
}

fn name<'a>(state: &'a State, key: &'a Key) -> &'a str {
    state.fleet.instance(key).map_or(key.uid.as_ref(), |instance| instance.name.shown())
}

fn line_of(state: &State, line: &LogLine, width: usize) -> String {
    let name = Text::name(name(state, &line.instance));
    let fill = " ".repeat(width.saturating_sub(name.shown().width()));
    let container = line.container.as_ref().map(|c| format!(" [{c}]")).unwrap_or_default();
    let note = if line.stream == Stream::Note { "-- " } else { "" };
    format!("{name}{fill}{container} | {note}{}\n", line.text)
}

/// Says why streams ended with an error. True: at least one ended well.
fn endings(state: &State, pane: &LogPane, from: usize) -> bool {
    for (key, failure) in pane.endings.iter().skip(from) {
        if let Some(failure) = failure {
            remark(&format!("{}: {failure}", Text::name(name(state, key))));
        }
    }
    pane.endings.iter().any(|(_, failure)| failure.is_none())
}
