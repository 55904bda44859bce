//! Alarms: what fires first, worst first, one line however many Sources tell of it.

use std::cmp::{Ordering, Reverse};

use ratatui::text::{Line, Span};

use crate::fleet::{AlarmView, FlapCount, Fleet};
use crate::model::{Address, AlarmState, EnvironmentAddress, Key, Severity, Text};
use crate::tui::screen::{Place, View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::ages;
use crate::tui::widget::table::{Column, Row};

use super::board::{Group, Order, Signal};

/// The screen.
pub struct Alarms;

/// An alarm on one line, but for ages.
pub struct AlarmRow {
    told: AlarmView,
    /// Its Service, or its Environment in brackets where no Service is known.
    belongs: String,
    flaps: FlapCount,
    cause: Option<Together>,
}

/// What it has in common with others.
struct Together {
    head: Key,
    is_head: bool,
    /// How many others there are.
    more: usize,
    because: String,
    open: bool,
}

impl AlarmRow {
    fn of(view: &View<'_>, told: &AlarmView) -> Self {
        let fleet = &view.state.fleet;
        let belongs = match (&told.service, &told.environment) {
            (Some(service), _) => view.address(service),
            (None, Some(environment)) => format!("({})", view.environment(environment)),
            (None, None) => String::new(),
        };
        let cause = fleet.cause_of(told).and_then(|cause| {
            let head = fleet.alarms().get(cause.head()?)?.alarm.key.clone();
            let (is_head, more) = (head == told.alarm.key, cause.alarms.len() - 1);
            Some(Together { head, is_head, more, because: cause.because.to_string(), open: false })
        });
        Self { told: told.clone(), belongs, flaps: fleet.flaps(told, view.now), cause }
    }
}

/// How often it began or ended lately, where that is worth a word: `4 changes in 1h, 9 in 24h`.
#[must_use]
pub fn flaps(count: FlapCount) -> Option<String> {
    let changes = if count.last_hour == 1 { "change" } else { "changes" };
    match (count.last_hour, count.last_day) {
        (0, 0) => None,
        (0, day) => Some(format!("{day} {} in 24h", if day == 1 { "change" } else { "changes" })),
        (hour, day) if hour == day => Some(format!("{hour} {changes} in 1h")),
        (hour, day) => Some(format!("{hour} {changes} in 1h, {day} in 24h")),
    }
}

/// All alarms in the Fleet's order, those of one cause behind the one that speaks for them.
fn together(fleet: &Fleet) -> Vec<&AlarmView> {
    let alarms = fleet.alarms();
    let mut rows = Vec::with_capacity(alarms.len());
    let mut told = vec![false; fleet.causes().len()];
    for view in alarms {
        match (view.cause, fleet.cause_of(view)) {
            // Where the first of them stands the whole group does.
            (Some(place), Some(cause)) => {
                if !std::mem::replace(&mut told[place], true) {
                    rows.extend(cause.alarms.iter().filter_map(|n| alarms.get(*n)));
                }
            }
            _ => rows.push(view),
        }
    }
    rows
}

/// Shape and colour of an alarm: only what fires is loud.
#[must_use]
pub fn mark(view: &View<'_>, severity: Severity, state: AlarmState) -> (&'static str, Role) {
    match (state, severity) {
        (AlarmState::Firing, Severity::Critical) => (view.glyphs.bad, Role::Bad),
        (AlarmState::Firing, Severity::Warning) | (AlarmState::Pending, Severity::Critical) => {
            (view.glyphs.warn, Role::Warn)
        }
        (AlarmState::NoData, _) => (view.glyphs.hollow, Role::Warn),
        (AlarmState::Ok, _) => (view.glyphs.ok, Role::Ok),
        _ => (view.glyphs.hollow, Role::Quiet),
    }
}

/// The state as a word of its own.
#[must_use]
pub fn word(state: AlarmState) -> &'static str {
    if state == AlarmState::NoData { "no data" } else { state.word() }
}

impl Signal for Alarms {
    type Row = AlarmRow;
    const TITLE: &'static str = "ALARMS";
    const NOUN: &'static str = "alarm";
    const HELP: &'static str = "words that the line holds: an alarm, a Service, critical, firing, a Source";
    const NOTHING: &'static str = "no alarm: nothing fires, and nothing waits to";
    const COLUMNS: &'static [Column] = &[
        Column::text("SEVERITY", 10),
        Column::text("STATE", 10),
        Column::number("SINCE", 5),
        Column::text("ALARM", 22),
        Column::text("SERVICE", 22),
        Column::text("VALUE", 14).rank(1),
        Column::text("SUMMARY", 20).rank(2).grows(),
    ];
    const WANT: &'static [(usize, u16)] = &[(3, 36), (4, 34)];
    const ORDERS: &'static [Order<AlarmRow>] = &[
        ("what fires first, worst first", |_, _| Ordering::Equal),
        ("severity", |a, b| b.told.alarm.severity.cmp(&a.told.alarm.severity)),
        ("newest", |a, b| Reverse(a.told.alarm.since).cmp(&Reverse(b.told.alarm.since))),
        ("name", |a, b| a.told.alarm.name.cmp(&b.told.alarm.name)),
        ("Service", |a, b| a.belongs.cmp(&b.belongs)),
    ];

    fn wants(row: &AlarmRow, column: usize) -> u16 {
        // A name stands behind the mark of its group, or a step further in.
        match column {
            3 => cells::width(row.told.alarm.name.shown()) + if row.cause.is_some() { 6 } else { 0 },
            _ => cells::width(&row.belongs),
        }
    }

    fn place() -> Place {
        Place::Alarms
    }

    fn gather(view: &View<'_>) -> Vec<AlarmRow> {
        together(&view.state.fleet).into_iter().map(|told| AlarmRow::of(view, told)).collect()
    }

    fn key(row: &AlarmRow) -> &Key {
        &row.told.alarm.key
    }

    fn environment(row: &AlarmRow) -> Option<&EnvironmentAddress> {
        row.told.environment.as_ref()
    }

    fn service(row: &AlarmRow) -> Option<&Address> {
        row.told.service.as_ref()
    }

    fn name(row: &AlarmRow) -> String {
        row.told.alarm.name.to_string()
    }

    fn words(row: &AlarmRow) -> String {
        let alarm = &row.told.alarm;
        let sources: Vec<String> = row.told.sources.iter().map(ToString::to_string).collect();
        let (severity, state) = (alarm.severity, word(alarm.state));
        let parts = [alarm.name.shown(), &row.belongs, alarm.summary.shown(), &sources.join(" ")];
        format!("{severity} {state} {}", parts.join(" ")).to_lowercase()
    }

    fn is_bad(row: &AlarmRow) -> bool {
        row.told.alarm.state == AlarmState::Firing && row.told.alarm.severity > Severity::Info
    }

    fn line<'a>(view: &View<'_>, row: &AlarmRow) -> Row<'a> {
        let alarm = &row.told.alarm;
        let stale = row.told.stale_since;
        let quiet = view.style(Role::Quiet);
        let (mark, loud) = mark(view, alarm.severity, alarm.state);
        let (mark, loud) = if stale.is_some() { (view.glyphs.hollow, Role::Quiet) } else { (mark, loud) };
        let calm = stale.is_some() || !matches!(alarm.state, AlarmState::Firing | AlarmState::Pending);
        let text = view.style(if calm { Role::Quiet } else { Role::Text });
        let state = match stale {
            Some(since) => format!("stale {}", cells::when(view).exact_age(since)),
            None => word(alarm.state).to_owned(),
        };
        Row::of(vec![
            Line::styled(format!("{mark} {}", alarm.severity), view.style(loud)),
            Line::styled(state, if stale.is_some() { quiet } else { view.style(loud) }),
            Line::styled(alarm.since.map(|at| cells::when(view).age(at)).unwrap_or_default(), quiet),
            name(view, row, if calm { Role::Quiet } else { Role::Strong }),
            Line::styled(row.belongs.clone(), text),
            Line::styled(alarm.measure(), text),
            Line::styled(alarm.summary.shown().to_owned(), quiet),
        ])
    }

    fn whole(view: &View<'_>, row: &AlarmRow) -> String {
        let alarm = &row.told.alarm;
        let mut parts = vec![format!("{}: {}", alarm.name, alarm.summary)];
        let measure = alarm.measure();
        parts.extend(Some(measure).filter(|measure| !measure.is_empty()));
        parts.extend(flaps(row.flaps));
        if let Some(together) = &row.cause {
            parts.push(format!("one of {}: {}", together.more + 1, together.because));
        }
        parts.extend(row.told.stale_since.map(|_| format!("{} when it was told last", word(alarm.state))));
        let until = alarm.silenced_until.map(|at| format!("silenced until {}", ages::exact(at)));
        parts.extend(until);
        parts.extend(alarm.suppressed_by.as_ref().map(Text::to_string));
        if alarm.notifies == Some(false) {
            parts.push("nobody is told: its actions are off".to_owned());
        }
        let sources: Vec<String> = row.told.sources.iter().map(ToString::to_string).collect();
        parts.push(format!("told by {}", sources.join(" and ")));
        parts.extend(alarm.runbook.as_ref().map(|link| format!("runbook {link}")));
        parts.join(&format!(" {} ", view.glyphs.dot))
    }

    fn because(row: &AlarmRow) -> String {
        row.told.because.to_string()
    }

    fn runbook(row: &AlarmRow) -> Option<String> {
        row.told.alarm.runbook.as_ref().map(Text::to_string)
    }

    fn group(row: &AlarmRow) -> Option<Group<'_>> {
        row.cause.as_ref().map(|together| Group { head: &together.head, is_head: together.is_head })
    }

    fn opened(row: &mut AlarmRow, open: bool) {
        if let Some(together) = &mut row.cause {
            together.open = open;
        }
    }

    fn page(row: &AlarmRow) -> Option<Place> {
        Some(Place::Alarm(row.told.alarm.key.clone()))
    }
}

/// Its name; of those that speak for others with how many, the others below it a step further in.
fn name<'a>(view: &View<'_>, row: &AlarmRow, role: Role) -> Line<'a> {
    let name = Span::styled(row.told.alarm.name.to_string(), view.style(role));
    let Some(together) = &row.cause else { return Line::from(name) };
    if !together.is_head {
        let step = if together.open { "    " } else { "" };
        return Line::from(vec![Span::raw(step), name]);
    }
    let fold = if together.open { view.glyphs.unfolded } else { view.glyphs.folded };
    let more = Span::styled(format!("+{} ", together.more), view.style(Role::Accent));
    Line::from(vec![Span::styled(format!("{fold} "), view.style(Role::Quiet)), more, name])
}
