//! Checks: what we asked ourselves, failing first, with what was seen and when certificates end.

use std::cmp::Ordering;

use ratatui::text::Line;

use crate::fleet::CheckView;
use crate::model::{Address, Check, CheckKind, EnvironmentAddress, Key, Outcome};
use crate::tui::screen::{Place, View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::ages;
use crate::tui::widget::table::{Column, Row};

use super::board::{Order, Signal};

/// Certificates that end sooner than this, in days, stand out.
const SOON_DAYS: i64 = 21;

/// The screen.
pub struct Checks;

/// A Check on one line, but for ages.
pub struct CheckRow {
    check: Check,
    environment: EnvironmentAddress,
    service: Option<Address>,
    name: String,
}

impl CheckRow {
    fn of(view: &View<'_>, told: &CheckView<'_>) -> Self {
        let name =
            told.service.as_ref().map_or_else(|| told.check.service.to_string(), |address| view.address(address));
        let (environment, service) = (told.environment.clone(), told.service.clone());
        Self { check: told.check.clone(), environment, service, name }
    }
}

/// Shape and colour of an outcome: what was not run proves nothing.
#[must_use]
pub fn mark(view: &View<'_>, outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Passing => (view.glyphs.ok, Role::Ok),
        Outcome::Failing => (view.glyphs.bad, Role::Bad),
        Outcome::Unknown => (view.glyphs.hollow, Role::Warn),
        Outcome::NotChecked => (view.glyphs.hollow, Role::Quiet),
    }
}

/// The outcome as people say it.
#[must_use]
pub fn word(outcome: Outcome) -> &'static str {
    if outcome == Outcome::NotChecked { "not checked" } else { outcome.word() }
}

/// The target without the scheme that everybody expects: its host is what one looks for.
fn place(check: &Check) -> &str {
    let target = check.target.shown();
    let rest = target.strip_prefix("https://").filter(|_| check.kind == CheckKind::Http);
    rest.map_or(target, |rest| rest.trim_end_matches('/'))
}

impl Signal for Checks {
    type Row = CheckRow;
    const TITLE: &'static str = "CHECKS";
    const NOUN: &'static str = "Check";
    const HELP: &'static str = "words that the line holds: a Service, http, tls, failing, a host";
    const NOTHING: &'static str = "no Check has been found yet; `[[check]]` in the config file names more";
    const COLUMNS: &'static [Column] = &[
        Column::text("STATE", 13),
        Column::text("SERVICE", 14),
        Column::text("KIND", 8).rank(4),
        Column::text("TARGET", 20),
        Column::number("ms", 5).rank(2),
        Column::number("CHECKED", 7).rank(5),
        Column::number("CERT", 5).rank(3),
        Column::text("SEEN", 18).grows(),
    ];
    const WANT: &'static [(usize, u16)] = &[(1, 34), (3, 48)];
    const ORDERS: &'static [Order<CheckRow>] = &[
        ("what fails first", |_, _| Ordering::Equal),
        ("Service", |a, b| a.name.cmp(&b.name)),
        ("certificates by their end", |a, b| {
            let end = |row: &CheckRow| (row.check.certificate_expires_at.is_none(), row.check.certificate_expires_at);
            end(a).cmp(&end(b))
        }),
        ("the slowest", |a, b| b.check.latency_ms.cmp(&a.check.latency_ms)),
    ];

    fn place() -> Place {
        Place::Checks
    }

    fn wants(row: &CheckRow, column: usize) -> u16 {
        cells::width(if column == 1 { &row.name } else { place(&row.check) })
    }

    fn gather(view: &View<'_>) -> Vec<CheckRow> {
        view.state.fleet.checks().iter().map(|told| CheckRow::of(view, told)).collect()
    }

    fn key(row: &CheckRow) -> &Key {
        &row.check.key
    }

    fn environment(row: &CheckRow) -> Option<&EnvironmentAddress> {
        Some(&row.environment)
    }

    fn service(row: &CheckRow) -> Option<&Address> {
        row.service.as_ref()
    }

    fn name(row: &CheckRow) -> String {
        row.check.target.to_string()
    }

    fn words(row: &CheckRow) -> String {
        let check = &row.check;
        format!("{} {} {} {} {}", row.name, check.kind, check.target, word(check.outcome), check.message).to_lowercase()
    }

    fn is_bad(row: &CheckRow) -> bool {
        row.check.outcome == Outcome::Failing
    }

    fn line<'a>(view: &View<'_>, row: &CheckRow) -> Row<'a> {
        let check = &row.check;
        let quiet = view.style(Role::Quiet);
        let (mark, role) = mark(view, check.outcome);
        let days = check.certificate_expires_at.map(|at| at.duration_since(view.minute).as_secs().div_euclid(86_400));
        let ending = if days.is_some_and(|days| days < SOON_DAYS) { Role::Warn } else { Role::Quiet };
        Row::of(vec![
            Line::styled(format!("{mark} {}", word(check.outcome)), view.style(role)),
            Line::styled(row.name.clone(), view.style(Role::Strong)),
            Line::styled(check.kind.word(), quiet),
            Line::styled(place(&row.check).to_owned(), view.style(Role::Text)),
            Line::styled(check.latency_ms.map(|ms| ms.to_string()).unwrap_or_default(), view.style(Role::Text)),
            Line::styled(check.checked_at.map(|at| cells::when(view).age(at)).unwrap_or_default(), quiet),
            Line::styled(days.map(|days| format!("{days}d")).unwrap_or_default(), view.style(ending)),
            Line::styled(check.message.shown().to_owned(), quiet),
        ])
    }

    fn whole(view: &View<'_>, row: &CheckRow) -> String {
        let check = &row.check;
        let mut parts = vec![format!("{} {}: {}", check.kind, check.target, check.message)];
        parts.extend(check.since.map(|at| format!("{} {}", word(check.outcome), cells::when(view).lasting(at))));
        parts.extend(check.certificate_expires_at.map(|at| format!("certificate ends {}", ages::exact(at))));
        parts.extend(check.connections.map(|(used, most)| format!("{used} of {most} connections")));
        parts.push(format!("found by {}", check.found_by));
        parts.join(&format!(" {} ", view.glyphs.dot))
    }

    fn because(row: &CheckRow) -> String {
        format!("no Service has the address {}", row.check.service)
    }
}
