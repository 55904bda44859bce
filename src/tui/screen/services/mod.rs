//! Services: everything in one flat table, sorted and filtered.

pub mod sort;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::model::{Address, EnvironmentAddress, HealthState, Key, Tier};
use crate::tui::keymap::Action;
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row, Table};
use crate::tui::widget::words;

use super::cells;
use super::filter::Filter;
use super::list::List;
use super::row::{self, ServiceRow};
use super::{Answer, Command, Place, Screen, Subject, Tab, View, figure, signals};
use sort::Order;

/// From this width on the worst reason stands on the line as well, and takes what room there is.
const ROOM_FOR_WHY: u16 = 180;

const WIDE: &[Column] = &[
    Column::text("SERVICE", 40),
    Column::text("TIER", 4),
    Column::text("PLATFORM", 24),
    Column::text("HEALTH", 14),
    Column::number("READY", 9),
    Column::text("RELEASE", 17),
    Column::number("RESTARTS", 8),
    Column::number("CPU", 5),
    Column::number("MEMORY", 6),
    Column::text("WHY", 20).grows(),
    Column::number("AGE", 4),
];

const COLUMNS: &[Column] = &[
    Column::text("SERVICE", 20).grows(),
    Column::text("TIER", 4).rank(1),
    Column::text("PLATFORM", 23).rank(5),
    Column::text("HEALTH", 14),
    Column::number("READY", 9).rank(1),
    Column::text("RELEASE", 17).rank(2),
    Column::number("RESTARTS", 8).rank(4),
    Column::number("CPU", 5).rank(3),
    Column::number("MEMORY", 6).rank(3),
    Column::text("WHY", 200).rank(6),
    Column::number("AGE", 4).rank(1),
];

/// Most cells that the column of addresses insists on.
const WIDEST: u16 = 40;

/// Instances on screen that are measured, at most: a page of big Services must not become a storm of questions.
const SAMPLED: usize = 64;

/// The table with its order and its filter.
#[derive(Default)]
pub struct Services {
    list: List<Address>,
    filter: Filter,
    order: Order,
    /// What the list was made of: how often the facts moved, and the narrowing.
    made_of: Option<(u64, Option<EnvironmentAddress>)>,
    several_systems: bool,
    all: usize,
    /// Cells of the longest address: on a narrow screen other columns go before it is cut.
    longest: u16,
}

impl Services {
    fn refresh(&mut self, view: &View<'_>) {
        let made_of = (view.state.moved, view.ui.narrowed.clone());
        if self.made_of.as_ref() == Some(&made_of) {
            return;
        }
        let fleet = &view.state.fleet;
        let shown = fleet.services().filter(|service| view.ui.shows(&service.address.environment));
        let mut all = 0;
        let kept = shown.inspect(|_| all += 1).filter(|service| self.filter.keeps(fleet, service, view.now));
        self.list.take(self.order.sorted(kept));
        self.all = all;
        self.several_systems = row::several_systems(&fleet.environments());
        let rows = self.list.rows().iter().map(|address| cells_of(address, self.several_systems));
        self.longest = rows.max().unwrap_or_default();
        self.made_of = Some(made_of);
    }

    fn heading(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: 1, ..area };
        let quiet = view.style(Role::Quiet);
        let mut right = format!("sorted by {}", self.order.word());
        if !view.ui.marked.is_empty() {
            right = format!("{} marked {} {right}", view.ui.marked.len(), view.glyphs.dot);
        }
        let left = words::draw_right(&Line::styled(right, quiet), inner, buf, view.glyphs);
        let shown = self.list.rows().len();
        let count = if shown == self.all {
            figure::of(shown as u64, "service")
        } else {
            format!("{} of {}", figure::count(shown as u64), figure::of(self.all as u64, "service"))
        };
        let mut line = vec![Span::styled("SERVICES  ", view.style(Role::Strong)), Span::styled(count, quiet)];
        if self.filter.is_on() {
            line.push(Span::styled(format!("  {}", self.filter.text()), view.style(Role::Accent)));
        }
        words::draw(&Line::from(line), left, buf, view.glyphs);
    }

    fn nothing(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let words = if self.filter.is_on() && self.all > 0 {
            "no Service matches the filter; Esc clears it"
        } else {
            "no Service is known yet; 9 shows how the Sources fare"
        };
        cells::quiet_line(view, words, cells::second_line(area), buf);
    }
}

impl Screen for Services {
    fn place(&self) -> Place {
        Place::Services
    }

    fn hints(&self, view: &View<'_>) -> Vec<Action> {
        use Action as A;
        let mut hints =
            vec![A::Open, A::Sort, A::Filter, A::Why, A::Logs, A::Mark, A::Actions, A::Narrow, A::Palette, A::Watch];
        hints.extend(signals::doors(view));
        hints
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        self.refresh(view);
        self.list.settle(Table::room(cells::below(area)));
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.heading(view, area, buf);
        if self.list.rows().is_empty() {
            self.nothing(view, area, buf);
            return;
        }
        let mut columns = if area.width < ROOM_FOR_WHY { COLUMNS } else { WIDE }.to_vec();
        columns[0].width = columns[0].width.max(self.longest.min(WIDEST));
        let table =
            Table { columns: &columns, count: self.list.rows().len(), top: self.list.top(), at: self.list.at() };
        table.draw(view, cells::below(area), buf, |n| {
            let service = self.list.rows().get(n).and_then(|address| view.state.fleet.service(address));
            let Some(service) = service else { return Row::default() };
            let row = ServiceRow::of(&view.state.fleet, service, cells::when(view));
            let name = if self.several_systems { service.address.to_string() } else { service.address.short() };
            service_row(view, &row, name, view.ui.marked.contains(&service.address))
        });
    }

    fn on(&mut self, action: Action, _view: &View<'_>) -> Answer {
        if self.list.moves(action) {
            return Answer::DONE;
        }
        match (action, self.list.on()) {
            (Action::Sort, _) => {
                self.order = self.order.next();
                self.list.from_the_top();
                self.made_of = None;
                Answer::one(Command::say(format!("sorted by {}", self.order.word())))
            }
            (Action::Open, Some(address)) => Answer::one(Command::Go(Place::Service(address.clone(), Tab::Instances))),
            (Action::Mark, Some(address)) => {
                let address = address.clone();
                let _moved = self.list.moves(Action::Down);
                Answer::one(Command::Mark(address))
            }
            _ => Answer::Pass,
        }
    }

    fn click(&mut self, at: Position, area: Rect, view: &View<'_>) -> Answer {
        let Some(line) = at.y.checked_sub(area.y.saturating_add(2)) else { return Answer::Pass };
        if self.list.click(usize::from(line)) { self.on(Action::Open, view) } else { Answer::DONE }
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        self.list.on().cloned().map(Subject::Service)
    }

    fn visible_instances(&self, view: &View<'_>) -> Vec<Key> {
        let shown = self.list.shown().iter().filter_map(|address| view.state.fleet.service(address));
        shown.flat_map(|service| service.instances.iter().cloned()).take(SAMPLED).collect()
    }

    fn filter(&self) -> Option<&str> {
        Some(self.filter.text())
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        self.made_of = None;
        self.filter.set(text)
    }

    fn filter_help(&self) -> &'static str {
        Filter::HELP
    }
}

/// Cells that an address takes, without making its words.
fn cells_of(address: &Address, with_system: bool) -> u16 {
    let system = address.environment.system.as_ref().filter(|_| with_system);
    let parts = [system, Some(&address.environment.environment), Some(&address.service)];
    // Each part but the last has a slash behind it.
    let cells = parts.into_iter().flatten().map(|part| cells::width(part.shown()).saturating_add(1));
    cells.fold(0, u16::saturating_add).saturating_sub(1)
}

fn service_row<'a>(view: &View<'_>, row: &ServiceRow, name: String, marked: bool) -> Row<'a> {
    let stale = row.stale.is_some();
    let quiet = view.style(Role::Quiet);
    let mut words = Vec::new();
    if marked {
        words.push(Span::styled(format!("{} ", view.glyphs.mark), view.style(Role::Accent)));
    }
    words.push(Span::styled(name, view.style(if stale { Role::Quiet } else { Role::Text })));
    let number = |n: Option<&String>| Line::styled(n.cloned().unwrap_or_default(), view.style(Role::Text));
    let restarts = (row.restarts > 0).then(|| figure::count(u64::from(row.restarts)));
    let why = if row.health == HealthState::Healthy { String::new() } else { row.reason.clone() };
    Row::of(vec![
        Line::from(words),
        tier(view, row.tier),
        Line::styled(row.platform.clone(), quiet),
        cells::health(view, row.health, row.stale.as_deref()),
        cells::ready(view, row.ready.as_deref(), row.short, stale),
        cells::release(view, &row.release, stale),
        number(restarts.as_ref()),
        number(row.cpu.as_ref().filter(|_| !stale)),
        number(row.memory.as_ref().filter(|_| !stale)),
        Line::styled(why, quiet),
        Line::styled(row.changed.clone().unwrap_or_default(), quiet),
    ])
}

/// The tier in four letters; production in capitals, so that no colour is needed to see it.
fn tier<'a>(view: &View<'_>, tier: Tier) -> Line<'a> {
    match tier {
        Tier::Production => Line::styled("PROD", view.style(Role::Bad)),
        Tier::Unknown => Line::styled("?", view.style(Role::Warn)),
        Tier::Staging => Line::styled("stag", view.style(Role::Quiet)),
        Tier::Dev => Line::styled("dev", view.style(Role::Quiet)),
    }
}
