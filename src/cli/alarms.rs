//! `alarms`: every alarm, what fires first, with its Service and since when.

use super::args::{Format, Global};
use super::output::signals::AlarmItem;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::fleet::{AlarmView, Fleet};
use crate::model::{SourceKind, Text, Timestamp};

/// The kinds of Sources that tell alarms.
const TELLERS: &[SourceKind] =
    &[SourceKind::Alertmanager, SourceKind::Prometheus, SourceKind::Aws, SourceKind::RabbitMq, SourceKind::Redis];

/// Prints them.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let state = &session.console.state;
    // What belongs to no Environment (a Source of alarms that is silent) concerns each of them.
    let concerns = |view: &AlarmView| {
        narrowed.as_ref().is_none_or(|only| view.environment.as_ref().is_none_or(|environment| environment == only))
    };
    let alarms: Vec<&AlarmView> = state.fleet.alarms().iter().filter(|view| concerns(view)).collect();
    if global.output == Format::Json {
        let items: Vec<_> = alarms.iter().map(|view| AlarmItem::of(view, &state.fleet, state.now)).collect();
        output::json("Alarm", state, items)?;
    } else {
        output::text(&table(&state.fleet, &alarms, state.now, global.output == Format::Wide))?;
        session.remark_silent();
    }
    Ok(session.exit_needing(TELLERS))
}

fn table(fleet: &Fleet, alarms: &[&AlarmView], now: Timestamp, wide: bool) -> String {
    if alarms.is_empty() {
        let told = fleet.sources().any(|source| TELLERS.contains(&source.kind));
        let why = if told {
            ""
        } else {
            ": no Source here tells any (`alertmanager`, `prometheus` or `aws` in the config file)"
        };
        return format!("no alarms{why}\n");
    }
    let mut head = vec![
        ("SEVERITY", Side::Left),
        ("STATE", Side::Left),
        ("FOR", Side::Right),
        ("ALARM", Side::Left),
        ("SERVICE", Side::Left),
        ("VALUE", Side::Left),
    ];
    if wide {
        head.extend([
            ("FLAPS 24h", Side::Right),
            ("ENVIRONMENT", Side::Left),
            ("SOURCES", Side::Left),
            ("SILENCED UNTIL", Side::Left),
            ("SERVICE BY", Side::Left),
            ("RUNBOOK", Side::Left),
        ]);
    }
    head.push(("SUMMARY", Side::Left));
    let mut table = Table::new(&head);
    for view in alarms {
        let alarm = &view.alarm;
        let mut cells = vec![
            alarm.severity.to_string(),
            state(view, now),
            words::maybe_ago(now, alarm.since),
            alarm.name.to_string(),
            view.service.as_ref().map(ToString::to_string).unwrap_or_default(),
            alarm.measure(),
        ];
        if wide {
            let sources: Vec<String> = view.sources.iter().map(ToString::to_string).collect();
            let until = alarm.silenced_until.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            cells.extend([
                fleet.flaps(view, now).last_day.to_string(),
                view.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
                sources.join(","),
                until.unwrap_or_default(),
                view.because.to_string(),
                alarm.runbook.as_ref().map(Text::to_string).unwrap_or_default(),
            ]);
        }
        cells.push(summary(view));
        table.row(cells);
    }
    table.text()
}

/// What it said last, and how long its Source has said nothing.
fn state(view: &AlarmView, now: Timestamp) -> String {
    let stale = view.stale_since.map(|since| format!(" (stale {})", words::ago(now, since)));
    format!("{}{}", view.alarm.state, stale.unwrap_or_default())
}

fn summary(view: &AlarmView) -> String {
    let by = view.alarm.suppressed_by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
    let mute = if view.alarm.notifies == Some(false) { " (nobody is told: its actions are off)" } else { "" };
    format!("{}{by}{mute}", view.alarm.summary)
}
