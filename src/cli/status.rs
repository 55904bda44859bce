//! `status`: every Environment with its health, and what needs attention; once, or on every change.

use std::collections::BTreeMap;

use super::args::{self, Format, Global};
use super::output::items::EnvironmentItem;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::{Session, on_terminal};
use super::{Exit, Failure, Wiring, address};
use crate::engine::State;
use crate::fleet::Attention;
use crate::model::{Environment, EnvironmentAddress, Freshness, HealthState, Timestamp};

/// Lines of attention that are printed; `--output json` has all.
const SHOWN: usize = 20;

/// Prints it.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, args: &args::Status, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    if args.watch {
        return follow(&mut session, narrowed.as_ref(), global.output).await;
    }
    print(&session.console.state, narrowed.as_ref(), global.output)?;
    if args.exit_code && unhealthy(&session.console.state, narrowed.as_ref()) {
        return Ok(Exit::Unhealthy);
    }
    Ok(session.exit())
}

fn unhealthy(state: &State, narrowed: Option<&EnvironmentAddress>) -> bool {
    let wanted = |e: &EnvironmentAddress| narrowed.is_none_or(|n| n == e);
    state.fleet.services().any(|s| wanted(&s.address.environment) && s.health.state.is_bad())
}

fn print(state: &State, narrowed: Option<&EnvironmentAddress>, format: Format) -> Result<(), Failure> {
    if format != Format::Json {
        return output::text(&text(state, narrowed, format == Format::Wide));
    }
    let attention = state.fleet.attention();
    let environments = chosen(state, narrowed);
    let items: Vec<_> = environments.iter().map(|e| EnvironmentItem::of(e, &attention)).collect();
    output::json("Environment", state, items)
}

fn chosen<'a>(state: &'a State, narrowed: Option<&EnvironmentAddress>) -> Vec<&'a Environment> {
    state.fleet.environments().into_iter().filter(|e| narrowed.is_none_or(|n| e.address == *n)).collect()
}

fn text(state: &State, narrowed: Option<&EnvironmentAddress>, wide: bool) -> String {
    let mut table = Table::new(&[
        ("ENVIRONMENT", Side::Left),
        ("TIER", Side::Left),
        ("HEALTH", Side::Left),
        ("READY", Side::Right),
        ("SERVICES", Side::Right),
        ("BAD", Side::Right),
        ("NOT CHECKED", Side::Right),
        ("CHANGED", Side::Right),
    ]);
    for environment in chosen(state, narrowed) {
        table.row([
            environment.address.to_string(),
            environment.tier.to_string(),
            environment.health.state.to_string(),
            words::ready(environment.ready, environment.desired),
            environment.services.len().to_string(),
            environment.bad.to_string(),
            environment.unchecked.to_string(),
            words::maybe_ago(state.now, environment.last_change_at),
        ]);
    }
    let mut out = if table.is_empty() { "no environments\n".to_owned() } else { table.text() };
    let place = |a: &Attention| {
        let signal = a.signal.as_ref().map(|signal| signal.environment.clone());
        a.service.as_ref().map(|service| service.environment.clone()).or(signal)
    };
    let wanted = |a: &Attention| narrowed.is_none_or(|n| place(a).as_ref() == Some(n));
    let attention: Vec<Attention> = state.fleet.attention().into_iter().filter(wanted).collect();
    if !attention.is_empty() {
        out.push_str(&format!("\nNEEDS ATTENTION\n{}", attention_lines(&attention, state.now, wide)));
    }
    out.push_str(&format!("\n{}\n", source_line(state)));
    for source in state.fleet.sources().filter(|s| !matches!(s.state, Freshness::Fresh | Freshness::Idle)) {
        let detail = source.status.detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default();
        out.push_str(&format!("  {} is {}{detail}\n", source.name, source.state.word()));
    }
    out
}

fn attention_lines(attention: &[Attention], now: Timestamp, wide: bool) -> String {
    let mut table =
        Table::new(&[("  WHAT", Side::Left), ("STATE", Side::Left), ("FOR", Side::Right), ("WHY", Side::Left)]);
    let shown = if wide { attention.len() } else { SHOWN };
    for line in attention.iter().take(shown) {
        let what = match (&line.service, &line.source) {
            (Some(service), _) => service.to_string(),
            (None, Some(source)) => source.to_string(),
            (None, None) => line.signal.as_ref().map(|s| format!("{}/{}", s.environment, s.name)).unwrap_or_default(),
        };
        let since = words::maybe_ago(now, line.since);
        table.row([format!("  {what}"), state(line.severity).to_owned(), since, line.text.to_string()]);
    }
    let mut out = table.text();
    if attention.len() > shown {
        out.push_str(&format!("  and {} more: -o wide shows all\n", attention.len() - shown));
    }
    out
}

/// The word for how bad it is; what is only worth a look (a drift, a warning) is no missing check.
fn state(severity: HealthState) -> &'static str {
    if severity == HealthState::Unchecked { "note" } else { severity.word() }
}

/// `2 sources fresh, 1 stale`.
fn source_line(state: &State) -> String {
    let mut counts: BTreeMap<Freshness, usize> = BTreeMap::new();
    for source in state.fleet.sources() {
        *counts.entry(source.state).or_default() += 1;
    }
    let parts: Vec<String> = counts.into_iter().map(|(state, n)| format!("{n} {}", state.word())).collect();
    format!("sources: {}", parts.join(", "))
}

/// Stays and shows changes: on a terminal the whole table again, at most once a second; else one line for each.
async fn follow(session: &mut Session, narrowed: Option<&EnvironmentAddress>, format: Format) -> Result<Exit, Failure> {
    let (table, clear) = (format != Format::Json && on_terminal(), can_clear());
    let mut seen = Seen::of(&session.console.state, narrowed);
    let mut shown = String::new();
    if !table {
        output::text(&seen.opening(session.console.state.now, format))?;
    }
    loop {
        let state = &session.console.state;
        if table {
            let now = text(state, narrowed, format == Format::Wide);
            if now != shown {
                let before = if clear { "\u{1b}[H\u{1b}[2J" } else { "\n" };
                output::text(&format!("{before}{}\n{now}", state.now.strftime("%Y-%m-%d %H:%M:%S UTC")))?;
                shown = now;
            }
        } else {
            let now = Seen::of(state, narrowed);
            match format {
                Format::Json if now != seen => print(state, narrowed, format)?,
                Format::Json => {}
                _ => output::text(&now.changes(&seen, state.now))?,
            }
            seen = now;
        }
        let second = session.console.state.now.as_second();
        while session.console.state.now.as_second() == second {
            if !session.console.pump().await {
                return Ok(Exit::Done);
            }
        }
    }
}

/// Whether the terminal understands "clear": the simplest ones do not say so.
fn can_clear() -> bool {
    std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb")
}

/// What is compared from one look to the next: states in words, by what they are of.
#[derive(PartialEq, Eq)]
struct Seen(BTreeMap<String, String>);

impl Seen {
    fn of(state: &State, narrowed: Option<&EnvironmentAddress>) -> Self {
        let wanted = |e: &EnvironmentAddress| narrowed.is_none_or(|n| n == e);
        let services = state.fleet.services().filter(|s| wanted(&s.address.environment)).map(|s| {
            let why = s.health.reasons.first().map(|r| format!(" ({})", r.text)).unwrap_or_default();
            let ready = words::ready(s.ready, s.desired);
            (s.address.to_string(), format!("{} {ready}{why}", s.health.state))
        });
        let sources = state.fleet.sources().map(|s| (format!("source {}", s.name), s.state.word().to_owned()));
        Self(services.chain(sources).collect())
    }

    fn opening(&self, now: Timestamp, format: Format) -> String {
        if format == Format::Json {
            return String::new();
        }
        let lines = self.0.iter().map(|(what, is)| format!("{} {what}: {is}\n", stamp(now)));
        lines.collect()
    }

    fn changes(&self, before: &Self, now: Timestamp) -> String {
        let mut out = String::new();
        for (what, is) in &self.0 {
            match before.0.get(what) {
                Some(was) if was == is => {}
                Some(was) => out.push_str(&format!("{} {what}: {was} -> {is}\n", stamp(now))),
                None => out.push_str(&format!("{} {what}: new, {is}\n", stamp(now))),
            }
        }
        for what in before.0.keys().filter(|what| !self.0.contains_key(*what)) {
            out.push_str(&format!("{} {what}: gone\n", stamp(now)));
        }
        out
    }
}

fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
