//! Sources: what is read, how fresh it is, what it cost, and what is denied.

pub mod page;
pub mod source_row;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::engine::Ask;
use crate::model::{Freshness, SourceName};
use crate::tui::keymap::{Action, Context};
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row, Table};
use crate::tui::widget::words;

use super::list::List;
use super::{Answer, Command, Place, Screen, Subject, View, cells, figure};
use source_row::SourceRow;

const COLUMNS: &[Column] = &[
    Column::text("SOURCE", 22),
    Column::text("STATE", 13),
    Column::number("SINCE", 5).rank(1),
    Column::number("ANSWERED", 8).rank(3),
    Column::number("LATENCY", 7).rank(2),
    Column::number("CALLS", 7).rank(4),
    Column::number("OBJECTS", 7).rank(1),
    Column::text("VERSION", 14).rank(5),
    Column::text("DETAIL", 16).grows(),
];

/// The table of Sources.
#[derive(Default)]
pub struct Sources {
    list: List<SourceName>,
    words: String,
}

impl Sources {
    fn heading(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: 1, ..area };
        let count = |wanted: fn(Freshness) -> bool| view.state.fleet.sources().filter(|s| wanted(s.state)).count();
        let live = count(Freshness::is_live);
        let idle = count(|state| state == Freshness::Idle);
        let trouble = count(|state| !state.is_live() && state != Freshness::Idle && state != Freshness::Connecting);
        let mut line = vec![
            Span::styled("SOURCES  ", view.style(Role::Strong)),
            Span::styled(figure::of(self.list.rows().len() as u64, "source"), view.style(Role::Quiet)),
            Span::styled(format!(", {live} fresh"), view.style(Role::Quiet)),
        ];
        if trouble > 0 {
            line.push(Span::styled(format!(", {trouble} not"), view.style(Role::Warn)));
        }
        if idle > 0 {
            line.push(Span::styled(format!(", {idle} not connected"), view.style(Role::Quiet)));
        }
        words::draw(&Line::from(line), inner, buf, view.glyphs);
    }

    fn state(&self, view: &View<'_>) -> Option<Freshness> {
        Some(view.state.fleet.source(self.list.on()?)?.state)
    }
}

impl Screen for Sources {
    fn place(&self) -> Place {
        Place::Sources
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Sources, Context::List]
    }

    fn hints(&self, _view: &View<'_>) -> Vec<Action> {
        use Action as A;
        vec![A::Open, A::Connect, A::Refresh, A::Filter, A::Copy, A::Palette, A::Watch, A::Services, A::Timeline]
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        let names = view.state.fleet.sources().map(|source| &source.name);
        let kept = names.filter(|name| self.words.is_empty() || name.0.shown().to_lowercase().contains(&self.words));
        self.list.take(kept.cloned().collect());
        self.list.settle(Table::room(cells::below(cells::split_whole(area).0)));
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.heading(view, area, buf);
        if self.list.rows().is_empty() {
            let words = if self.words.is_empty() {
                "no Source was found; `quarterdeck doctor` says what was tried, `quarterdeck demo` shows a simulated fleet"
            } else {
                "no Source matches the filter; Esc clears it"
            };
            cells::quiet_line(view, words, cells::second_line(area), buf);
            return;
        }
        let table = Table { columns: COLUMNS, count: self.list.rows().len(), top: self.list.top(), at: self.list.at() };
        let (above, below) = cells::split_whole(area);
        if let Some(source) = self.list.on().and_then(|name| view.state.fleet.source(name)) {
            cells::whole(view, &SourceRow::of(source, cells::when(view)).detail, below, buf);
        }
        table.draw(view, cells::below(above), buf, |n| {
            let source = self.list.rows().get(n).and_then(|name| view.state.fleet.source(name));
            source.map_or_else(Row::default, |source| source_row(view, &SourceRow::of(source, cells::when(view))))
        });
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.list.moves(action) {
            return Answer::DONE;
        }
        let Some(name) = self.list.on().cloned() else { return Answer::Pass };
        let idle = self.state(view) == Some(Freshness::Idle);
        match action {
            Action::Open if idle => connect(name),
            Action::Open => Answer::one(Command::Go(Place::Source(name))),
            Action::Connect if idle => connect(name),
            Action::Connect => disconnect(name),
            _ => Answer::Pass,
        }
    }

    fn click(&mut self, at: Position, area: Rect, view: &View<'_>) -> Answer {
        let Some(line) = at.y.checked_sub(area.y.saturating_add(2)) else { return Answer::Pass };
        if self.list.click(usize::from(line)) { self.on(Action::Open, view) } else { Answer::DONE }
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        self.list.on().cloned().map(Subject::Source)
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.words)
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        self.words = text.to_lowercase();
        Ok(())
    }

    fn filter_help(&self) -> &'static str {
        "letters of a Source's name"
    }
}

/// Connects a Source and says so.
fn connect(name: SourceName) -> Answer {
    let said = Command::say(format!("connecting {name}"));
    Answer::Done(vec![Command::Ask(Ask::Connect(name)), said])
}

/// Disconnects a Source and says how to come back.
fn disconnect(name: SourceName) -> Answer {
    let said = Command::say(format!("disconnected {name}; its facts are gone until it is connected again"));
    Answer::Done(vec![Command::Ask(Ask::Disconnect(name)), said])
}

fn source_row<'a>(view: &View<'_>, row: &SourceRow) -> Row<'a> {
    let quiet = view.style(Role::Quiet);
    let state = format!("{} {}", view.glyphs.health(row.grade), row.state.word());
    let told = if row.state.is_live() || row.state == Freshness::Idle { Role::Quiet } else { Role::Text };
    Row::of(vec![
        Line::styled(
            row.name.clone(),
            view.style(if row.state == Freshness::Idle { Role::Quiet } else { Role::Strong }),
        ),
        Line::styled(state, view.style(Role::health(row.grade))),
        Line::styled(row.since.clone(), quiet),
        Line::styled(row.answered.clone().unwrap_or_default(), quiet),
        Line::styled(row.latency.clone().unwrap_or_default(), view.style(Role::Text)),
        Line::styled(row.calls.clone(), quiet),
        Line::styled(row.objects.clone(), view.style(Role::Text)),
        Line::styled(row.version.clone(), quiet),
        Line::styled(row.detail.clone(), view.style(told)),
    ])
}
