//! What the platform itself told about a Service's things, newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::model::{Address, Event, Key};
use crate::tui::keymap::Action;
use crate::tui::screen::list::List;
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::number("AGE", 4),
    Column::text("REASON", 18),
    Column::number("TIMES", 5).rank(1),
    Column::text("ABOUT", 28).rank(2),
    Column::text("MESSAGE", 30).grows(),
];

/// The tab with its cursor. The rows are kept, since the Fleet has to gather them from all parts of a Service.
#[derive(Default)]
pub struct Events {
    list: List<Key>,
    rows: Vec<Event>,
    made_of: Option<u64>,
}

impl Events {
    /// Brings the list up to date.
    pub fn prepare(&mut self, view: &View<'_>, address: &Address, area: Rect) {
        if self.made_of != Some(view.state.moved) {
            self.rows = view.state.fleet.events(address).into_iter().cloned().collect();
            self.list.take(self.rows.iter().map(|event| event.key.clone()).collect());
            self.made_of = Some(view.state.moved);
        }
        self.list.settle(Table::room(cells::split_whole(area).0));
    }

    /// Draws it.
    pub fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        if self.rows.is_empty() {
            super::say(view, "the platform tells of no event; it forgets them after a while", area, buf);
            return;
        }
        let table = Table { columns: COLUMNS, count: self.rows.len(), top: self.list.top(), at: self.list.at() };
        let (above, below) = cells::split_whole(area);
        if let Some(event) = self.list.at().and_then(|at| self.rows.get(at)) {
            cells::whole(view, &format!("{} {}: {}", event.about_kind, event.about_name, event.message), below, buf);
        }
        table.draw(view, above, buf, |n| self.rows.get(n).map_or_else(Row::default, |event| row(view, event)));
    }

    /// Moves the cursor; false where the action is no movement.
    pub fn moves(&mut self, action: Action) -> bool {
        self.list.moves(action)
    }

    /// A click on a line below the heading.
    pub fn click(&mut self, line: usize) {
        let _again = self.list.click(line);
    }
}

fn row<'a>(view: &View<'_>, event: &Event) -> Row<'a> {
    let quiet = view.style(Role::Quiet);
    let (mark, role) = if event.warning { (view.glyphs.warn, Role::Warn) } else { (" ", Role::Text) };
    let times = if event.count > 1 { figure::count(u64::from(event.count)) } else { String::new() };
    Row::of(vec![
        Line::styled(event.at.map(|at| cells::when(view).age(at)).unwrap_or_default(), quiet),
        Line::styled(format!("{mark} {}", event.reason), view.style(role)),
        Line::styled(times, view.style(Role::Text)),
        Line::styled(format!("{} {}", event.about_kind, event.about_name), quiet),
        Line::styled(event.message.shown().to_owned(), view.style(Role::Text)),
    ])
}
