//! The Instances of a Service, one line each, and its curves below where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::{Address, HealthState, Key};
use crate::tui::keymap::Action;
use crate::tui::screen::list::List;
use crate::tui::screen::{View, cells, curves};
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row, Table};

use super::instance_row::{InstanceRow, Usage};

const COLUMNS: &[Column] = &[
    Column::text("INSTANCE", 20).grows(),
    Column::text("STATE", 18),
    Column::text("READY", 5).rank(6),
    Column::number("RESTARTS", 8).rank(1),
    Column::number("AGE", 4).rank(1),
    Column::number("CPU", 9).rank(4),
    Column::number("MEMORY", 16).rank(3),
    Column::text("LAST EXIT", 16).grows().rank(2),
    Column::text("NODE", 16).rank(5),
    Column::text("RELEASE", 14).rank(7),
];

/// Lines of a body from which on the curves are drawn below the list.
const ROOM_FOR_CURVES: u16 = 16;

/// Cells that the longest name gets at most: Instances of one Service differ at their ends.
const WIDEST: u16 = 48;

/// The tab with its cursor.
#[derive(Default)]
pub struct Instances {
    list: List<Key>,
    /// Cells that the longest name takes.
    longest: u16,
    made_of: Option<u64>,
}

impl Instances {
    /// Brings the list up to date.
    pub fn prepare(&mut self, view: &View<'_>, address: &Address, area: Rect) {
        if self.made_of != Some(view.state.moved) {
            let service = view.state.fleet.service(address);
            self.list.take(service.map(|service| service.instances.clone()).unwrap_or_default());
            let instances = self.list.rows().iter().filter_map(|key| view.state.fleet.instance(key));
            self.longest = instances.map(|instance| cells::width(instance.name.shown())).max().unwrap_or_default();
            self.made_of = Some(view.state.moved);
        }
        self.list.settle(Table::room(split(area).0));
    }

    /// Draws it.
    pub fn draw(&self, view: &View<'_>, address: &Address, area: Rect, buf: &mut Buffer) {
        let (above, below) = split(area);
        if self.list.rows().is_empty() {
            super::say(view, "no Instance exists now; Events and Timeline tell what happened to the last", above, buf);
        } else {
            let mut columns = COLUMNS.to_vec();
            columns[0].width = columns[0].width.max(self.longest.min(WIDEST));
            let table =
                Table { columns: &columns, count: self.list.rows().len(), top: self.list.top(), at: self.list.at() };
            table.draw(view, above, buf, |n| self.row(view, n));
        }
        if let Some(service) = view.state.fleet.service(address) {
            curves::draw(view, service, below, buf);
        }
    }

    fn row<'a>(&self, view: &View<'_>, n: usize) -> Row<'a> {
        let instance = self.list.rows().get(n).and_then(|key| view.state.fleet.instance(key));
        let Some(instance) = instance else { return Row::default() };
        let measured = view.state.fleet.measured(&instance.key).map(|measured| measured.newest);
        let measured = measured.map_or((None, None), |newest| (newest.cpu_cores, newest.memory_bytes));
        instance_row(view, &InstanceRow::of(instance, measured, cells::when(view)))
    }

    /// Moves the cursor; false where the action is no movement.
    pub fn moves(&mut self, action: Action) -> bool {
        self.list.moves(action)
    }

    /// A click on a line below the heading; true where it was on the cursor's row.
    pub fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    /// The Instance under the cursor.
    #[must_use]
    pub fn on(&self) -> Option<&Key> {
        self.list.on()
    }

    /// The Instances on screen.
    #[must_use]
    pub fn shown(&self) -> &[Key] {
        self.list.shown()
    }
}

fn split(area: Rect) -> (Rect, Rect) {
    let below = if area.height >= ROOM_FOR_CURVES { curves::HEIGHT } else { 0 };
    let above = area.height - below;
    (Rect { height: above, ..area }, Rect { y: area.y + above, height: below, ..area })
}

fn instance_row<'a>(view: &View<'_>, row: &InstanceRow) -> Row<'a> {
    let (text, quiet) = (view.style(Role::Text), view.style(Role::Quiet));
    let state = format!("{} {}", view.glyphs.health(row.grade), row.state);
    let ready = match row.ready {
        Some(true) => Line::styled(view.glyphs.yes, view.style(Role::Ok)),
        Some(false) => Line::styled(view.glyphs.no, view.style(Role::Bad)),
        None => Line::default(),
    };
    let restarts = if row.restarts > 0 { row.restarts.to_string() } else { String::new() };
    Row::of(vec![
        Line::styled(row.name.clone(), view.style(Role::Strong)),
        Line::styled(state, view.style(Role::health(row.grade))),
        ready,
        Line::styled(restarts, view.style(if row.restarts > 0 { Role::Warn } else { Role::Text })),
        Line::styled(row.age.clone().unwrap_or_default(), quiet),
        usage(view, row.cpu.as_ref(), false),
        usage(view, row.memory.as_ref(), true),
        Line::styled(row.last_exit.clone().unwrap_or_default(), text),
        Line::styled(row.node.clone(), quiet),
        Line::styled(row.release.clone(), quiet),
    ])
}

/// A measurement against its limit; the share as a number too where there is room, louder the nearer it comes.
fn usage<'a>(view: &View<'_>, usage: Option<&Usage>, with_share: bool) -> Line<'a> {
    let Some(usage) = usage else { return Line::default() };
    let role = if usage.grade() == HealthState::Degraded { Role::Warn } else { Role::Text };
    let mut spans = vec![Span::styled(usage.used.clone(), view.style(role))];
    if let Some(limit) = &usage.limit {
        spans.push(Span::styled(format!("/{limit}"), view.style(Role::Quiet)));
    }
    if let (true, Some(percent)) = (with_share, usage.percent) {
        spans.push(Span::styled(format!(" {percent:>3}%"), view.style(role)));
    }
    Line::from(spans)
}
