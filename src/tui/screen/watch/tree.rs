//! The tree of Environments and Services.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use crate::model::{HealthState, Tier};
use crate::tui::screen::row::{EnvironmentRow, ServiceRow};
use crate::tui::screen::{View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::table::{self, Column, Row, Table};

use super::beside::{Beside, Besides};
use super::index::Index;
use super::place::Places;
use super::rows::TreeRow;

/// From this width on the worst reason stands on the line as well, and takes what room there is.
const ROOM_FOR_WHY: u16 = 160;

/// Columns that are there only where anything of the kind is known.
const BACKLOG: &str = "BACKLOG";
const ALARMS: &str = "ALARMS";

const WIDE: &[Column] = &[
    Column::text("ENVIRONMENT / SERVICE", 44),
    Column::text("PLATFORM", 24),
    Column::text("HEALTH", 14),
    Column::number("READY", 9),
    Column::text("RELEASE", 17),
    Column::number(BACKLOG, 11),
    Column::number(ALARMS, 6),
    Column::number("RESTARTS", 8),
    Column::text("WHY", 20).grows(),
    Column::number("AGE", 4),
];

const COLUMNS: &[Column] = &[
    Column::text("ENVIRONMENT / SERVICE", 24).grows(),
    Column::text("PLATFORM", 23).rank(3),
    Column::text("HEALTH", 14),
    Column::number("READY", 9).rank(1),
    Column::text("RELEASE", 17).rank(2),
    Column::number(BACKLOG, 11).rank(1),
    Column::number(ALARMS, 6).rank(1),
    Column::number("RESTARTS", 8).rank(4),
    Column::text("WHY", 200).rank(5),
    Column::number("AGE", 4).rank(1),
];

/// Draws the part.
pub fn draw(view: &View<'_>, places: &Places, index: &Index, cursor: Option<usize>, buf: &mut Buffer) {
    let at = cursor.and_then(|at| at.checked_sub(index.attention.len()));
    let all = if places.tree.width < ROOM_FOR_WHY { COLUMNS } else { WIDE };
    let kept: Vec<bool> = all.iter().map(|column| is_there(column, &index.besides)).collect();
    let columns: Vec<Column> = all.iter().copied().filter(|column| is_there(column, &index.besides)).collect();
    let fit = |row: Row<'static>| {
        let cells = row.cells.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell);
        Row { cells: cells.collect(), ..row }
    };
    let table = Table { columns: &columns, count: index.tree.len(), top: places.tree_top, at };
    let shown = table::places(&columns, places.tree.width);
    let name_width = usize::from(shown[0].map_or(0, |(_, width)| width));
    table.draw(view, places.tree, buf, |n| match index.tree.get(n) {
        Some(TreeRow::Environment { address, open }) => {
            let found = view.state.fleet.environment(address);
            let Some(environment) = found else { return Row::default() };
            let row = EnvironmentRow::of(&view.state.fleet, environment, index.several_systems, cells::when(view));
            fit(environment_row(view, &row, &index.besides.environment(address), *open, name_width))
        }
        Some(TreeRow::Service(address)) => {
            let Some(service) = view.state.fleet.service(address) else { return Row::default() };
            let row = ServiceRow::of(&view.state.fleet, service, cells::when(view));
            fit(service_row(view, &row, &index.besides.service(address), view.ui.marked.contains(address)))
        }
        None => Row::default(),
    });
}

fn is_there(column: &Column, besides: &Besides) -> bool {
    match column.title {
        BACKLOG => besides.queues,
        ALARMS => besides.alarms,
        _ => true,
    }
}

fn environment_row<'a>(
    view: &View<'_>,
    row: &EnvironmentRow,
    beside: &Beside,
    open: bool,
    name_width: usize,
) -> Row<'a> {
    let fold = if open { view.glyphs.unfolded } else { view.glyphs.folded };
    let stale = row.stale.is_some();
    let quiet = view.style(Role::Quiet);
    let mut name =
        vec![Span::styled(format!("{fold} "), quiet), Span::styled(row.name.clone(), view.style(Role::Strong))];
    let room = name_width.saturating_sub(name.iter().map(Span::width).sum());
    // An Environment that is called after its tier need not say it twice; production always says it.
    if row.tier == Tier::Production || !row.name.ends_with(row.tier.word()) {
        name.push(Span::styled(tier_mark(row.tier, room), view.style(tier_role(row.tier))));
    }
    let note = if row.note.is_empty() { String::new() } else { row.note.clone() };
    let cells = vec![
        Line::from(name),
        Line::styled(row.sources.clone(), quiet),
        cells::health(view, row.health, row.stale.as_deref()),
        cells::ready(view, row.ready.as_deref(), row.short, stale),
        Line::styled(row.release.clone().unwrap_or_default(), quiet),
        beside.backlog(view),
        beside.alarms(view),
        Line::default(),
        Line::styled(note, quiet),
        Line::styled(row.changed.clone().unwrap_or_default(), quiet),
    ];
    let ground = (row.tier == Tier::Production).then_some(Role::Production);
    Row { ground, ..Row::of(cells) }
}

/// What kind of Environment it is, in words that fit: production is never told by its colour alone.
fn tier_mark(tier: Tier, room: usize) -> String {
    let words: &[&str] = match tier {
        Tier::Production => &["  production, locked", "  production", "  prod", " P"],
        Tier::Unknown => &["  unknown tier", "  tier?", ""],
        Tier::Staging => &["  staging", ""],
        Tier::Dev => &["  dev", ""],
    };
    words.iter().find(|word| word.len() <= room).copied().unwrap_or_default().to_owned()
}

fn tier_role(tier: Tier) -> Role {
    match tier {
        Tier::Production => Role::Bad,
        Tier::Unknown => Role::Warn,
        Tier::Staging | Tier::Dev => Role::Quiet,
    }
}

fn service_row<'a>(view: &View<'_>, row: &ServiceRow, beside: &Beside, marked: bool) -> Row<'a> {
    let stale = row.stale.is_some();
    let quiet = view.style(Role::Quiet);
    let mark = if marked { view.glyphs.mark } else { " " };
    let restarts = if row.restarts > 0 { row.restarts.to_string() } else { String::new() };
    let reason =
        if row.health.is_bad() || row.health == HealthState::Unknown { row.reason.clone() } else { String::new() };
    Row::of(vec![
        Line::from(vec![
            Span::styled(format!("{mark}   "), view.style(Role::Accent)),
            Span::styled(row.name.clone(), view.style(if stale { Role::Quiet } else { Role::Text })),
        ]),
        Line::styled(row.platform.clone(), quiet),
        cells::health(view, row.health, row.stale.as_deref()),
        cells::ready(view, row.ready.as_deref(), row.short, stale),
        cells::release(view, &row.release, stale),
        beside.backlog(view),
        beside.alarms(view),
        Line::styled(restarts, view.style(Role::Text)),
        Line::styled(reason, quiet),
        Line::styled(row.changed.clone().unwrap_or_default(), quiet),
    ])
}
