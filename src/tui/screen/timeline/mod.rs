//! Timeline: what changed, newest first, one line each.

pub mod change_row;

use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::fleet::Fleet;
use crate::model::{Change, EnvironmentAddress};
use crate::tui::keymap::Action;
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row, Table};
use crate::tui::widget::{ages, words};

use super::list::List;
use super::{Answer, Command, Place, Screen, Subject, Tab, View, cells, figure, row};
use change_row::ChangeRow;

const COLUMNS: &[Column] = &[
    Column::number("AGE", 4),
    Column::text("TIME", 8).rank(2),
    Column::text("KIND", 8).rank(1),
    Column::text("WHO", 22),
    Column::text("WHAT", 30).grows(),
];
/// The column of names, and most cells that it insists on.
const WHO: usize = 3;
const WIDEST: u16 = 36;

/// The Timeline with its cursor.
#[derive(Default)]
pub struct Timeline {
    /// A change is known by what it says: the ring that holds it forgets its oldest and has no numbers.
    list: List<u64>,
    /// Where each row stands in the ring, as of the index.
    places: Vec<usize>,
    words: Vec<String>,
    text: String,
    made_of: Option<(u64, Option<EnvironmentAddress>)>,
    /// Changes that were known when the index was made.
    total: usize,
    several_systems: bool,
    /// Cells of the longest name among the rows: it is cut only where the screen is very narrow.
    longest: u16,
    touched: bool,
}

impl Timeline {
    fn refresh(&mut self, view: &View<'_>) {
        let made_of = (view.state.moved, view.ui.narrowed.clone());
        if self.made_of.as_ref() == Some(&made_of) {
            return;
        }
        let timeline = view.state.fleet.timeline();
        let kept = timeline.iter().enumerate().rev().filter(|(_, change)| self.keeps(view, change));
        let (places, rows): (Vec<usize>, Vec<u64>) = kept.map(|(n, change)| (n, identity(change))).unzip();
        self.places = places;
        self.list.take(rows);
        self.total = timeline.len();
        self.several_systems = row::several_systems(&view.state.fleet.environments());
        let subjects = self.places.iter().filter_map(|place| timeline.get(*place));
        let subjects = subjects.map(|change| change_row::subject(change, self.several_systems));
        self.longest = subjects.map(|subject| cells::width(&subject)).max().unwrap_or_default();
        self.made_of = Some(made_of);
        if !self.touched {
            // Nobody reads further down yet: the newest line is what one came for.
            let _moved = self.list.moves(Action::Top);
        }
    }

    fn keeps(&self, view: &View<'_>, change: &Change) -> bool {
        let environment = change.service.as_ref().map(|service| &service.environment);
        let shown = match environment {
            Some(environment) => view.ui.shows(environment),
            None => view.ui.narrowed.is_none(),
        };
        shown
            && (self.words.is_empty() || {
                let service = change.service.as_ref().map(ToString::to_string).unwrap_or_default();
                let source = change.source.as_ref().map(ToString::to_string).unwrap_or_default();
                let whole = format!("{} {service} {source} {}", change.kind.word(), change.text).to_lowercase();
                self.words.iter().all(|word| whole.contains(word))
            })
    }

    fn change<'a>(&self, fleet: &'a Fleet, row: usize) -> Option<&'a Change> {
        fleet.timeline().get(*self.places.get(row)?)
    }

    fn heading(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: 1, ..area };
        let shown = self.list.rows().len();
        let count = if shown == self.total {
            figure::of(shown as u64, "change")
        } else {
            format!("{} of {}", figure::count(shown as u64), figure::of(self.total as u64, "change"))
        };
        let mut line = vec![
            Span::styled("TIMELINE  ", view.style(Role::Strong)),
            Span::styled(format!("{count}, newest first, times in UTC"), view.style(Role::Quiet)),
        ];
        if !self.text.is_empty() {
            line.push(Span::styled(format!("  {}", self.text), view.style(Role::Accent)));
        }
        words::draw(&Line::from(line), inner, buf, view.glyphs);
    }
}

fn identity(change: &Change) -> u64 {
    let mut hasher = DefaultHasher::new();
    (change.at, change.kind, &change.service, &change.source, &change.text).hash(&mut hasher);
    hasher.finish()
}

impl Screen for Timeline {
    fn place(&self) -> Place {
        Place::Timeline
    }

    fn hints(&self, _view: &View<'_>) -> Vec<Action> {
        use Action as A;
        vec![A::Open, A::Filter, A::Narrow, A::Freeze, A::Copy, A::Palette, A::Watch, A::Services, A::Sources]
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        self.refresh(view);
        self.list.settle(Table::room(cells::below(cells::split_whole(area).0)));
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.heading(view, area, buf);
        if self.list.rows().is_empty() {
            let words = if self.total > 0 {
                "no change matches the filter; Esc clears it"
            } else {
                "nothing has changed since this console began to watch"
            };
            cells::quiet_line(view, words, cells::second_line(area), buf);
            return;
        }
        let mut columns = COLUMNS.to_vec();
        columns[WHO].width = columns[WHO].width.max(self.longest.min(WIDEST));
        let table =
            Table { columns: &columns, count: self.list.rows().len(), top: self.list.top(), at: self.list.at() };
        let (above, below) = cells::split_whole(area);
        if let Some(change) = self.list.at().and_then(|at| self.change(&view.state.fleet, at)) {
            cells::whole(view, &format!("{}  {}", ages::exact(change.at), change.text), below, buf);
        }
        table.draw(view, cells::below(above), buf, |n| {
            let Some(change) = self.change(&view.state.fleet, n) else { return Row::default() };
            let above = n.checked_sub(1).and_then(|above| self.change(&view.state.fleet, above));
            change_row(view, &ChangeRow::of(change, above, self.several_systems, cells::when(view)))
        });
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.list.moves(action) {
            self.touched = self.list.at() != Some(0);
            return Answer::DONE;
        }
        match (action, self.subject(view)) {
            (Action::Open, Some(Subject::Service(address))) => {
                Answer::one(Command::Go(Place::Service(address, Tab::Instances)))
            }
            (Action::Open, Some(Subject::Source(source))) => Answer::one(Command::Go(Place::Source(source))),
            _ => Answer::Pass,
        }
    }

    fn click(&mut self, at: Position, area: Rect, view: &View<'_>) -> Answer {
        let Some(line) = at.y.checked_sub(area.y.saturating_add(2)) else { return Answer::Pass };
        self.touched = true;
        if self.list.click(usize::from(line)) { self.on(Action::Open, view) } else { Answer::DONE }
    }

    fn subject(&self, view: &View<'_>) -> Option<Subject> {
        let change = self.change(&view.state.fleet, self.list.at()?)?;
        let service = change.service.clone().filter(|address| view.state.fleet.service(address).is_some());
        service.map(Subject::Service).or_else(|| change.source.clone().map(Subject::Source))
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        text.clone_into(&mut self.text);
        self.words = text.split_whitespace().map(str::to_lowercase).collect();
        self.made_of = None;
        Ok(())
    }

    fn filter_help(&self) -> &'static str {
        "words that the line holds: a service, a source, release, scale, restart, health"
    }
}

fn change_row<'a>(view: &View<'_>, row: &ChangeRow) -> Row<'a> {
    let quiet = view.style(Role::Quiet);
    let (mark, role) = if row.bad { (view.glyphs.bad, Role::Bad) } else { (" ", Role::Text) };
    let mut what = vec![
        Span::styled(format!("{mark} "), view.style(role)),
        Span::styled(row.text.clone(), view.style(Role::Text)),
    ];
    if let Some(day) = &row.day {
        what.push(Span::styled(format!("  {day}"), view.style(Role::Quiet)));
    }
    Row::of(vec![
        Line::styled(row.age.clone(), quiet),
        Line::styled(row.time.clone(), quiet),
        Line::styled(row.kind, quiet),
        Line::styled(row.subject.clone(), view.style(Role::Strong)),
        Line::from(what),
    ])
}
