//! Watch, the home: what needs attention, then every Environment with its Services.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Answer, Command, Place, Screen, Subject, Tab, View};
use crate::model::Address;
use crate::tui::keymap::Action;
use crate::tui::theme::Role;
use crate::tui::widget::cursor::Cursor;
use crate::tui::widget::table::{Column, Row, Table};

const COLUMNS: &[Column] =
    &[Column::text("SERVICE", 24).grows(), Column::text("HEALTH", 14).rank(1), Column::number("READY", 7).rank(2)];

/// The Watch with its cursor.
#[derive(Default)]
pub(super) struct Watch {
    rows: Vec<Address>,
    cursor: Cursor<Address>,
}

impl Screen for Watch {
    fn place(&self) -> Place {
        Place::Watch
    }

    fn hints(&self, _view: &View<'_>) -> Vec<Action> {
        vec![Action::Open, Action::Why, Action::Logs, Action::Actions, Action::Narrow, Action::Palette]
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        let services = view.state.fleet.services().map(|service| &service.address);
        self.rows = services.filter(|address| view.ui.shows(&address.environment)).cloned().collect();
        self.cursor.settle(&self.rows, Table::room(area));
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let table = Table { columns: COLUMNS, count: self.rows.len(), top: self.cursor.top(), at: self.cursor.index() };
        table.draw(view, area, buf, |n| {
            let Some(service) = self.rows.get(n).and_then(|address| view.state.fleet.service(address)) else {
                return Row::default();
            };
            let state = service.health.state;
            let health = format!("{} {}", view.glyphs.health(state), state.shown());
            let ready = service.ready.zip(service.desired).map(|(ready, desired)| format!("{ready}/{desired}"));
            Row::of(vec![
                Line::styled(view.address(&service.address), view.style(Role::Strong)),
                Line::from(Span::styled(health, view.style(Role::health(state)))),
                Line::styled(ready.unwrap_or_default(), view.style(Role::Text)),
            ])
        });
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.cursor.moves(action, &self.rows) {
            return Answer::DONE;
        }
        match (action, self.subject(view)) {
            (Action::Open, Some(Subject::Service(address))) => {
                Answer::one(Command::Go(Place::Service(address, Tab::Instances)))
            }
            _ => Answer::Pass,
        }
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        self.cursor.on().cloned().map(Subject::Service)
    }
}
