//! The list that Queues, Alarms and Checks share: order, filter, narrowing, the row under the cursor told whole.

use std::cmp::Ordering;
use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::model::{Address, EnvironmentAddress, Key};
use crate::tui::keymap::Action;
use crate::tui::screen::list::List;
use crate::tui::screen::{Answer, Command, Place, Screen, Subject, Tab, View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, GAP, Row, Table};
use crate::tui::widget::{rule, words};

/// An order of rows, and how the heading says it. The first of a list is the Fleet's own.
pub type Order<R> = (&'static str, fn(&R, &R) -> Ordering);

/// What tells one such list from another.
pub trait Signal: 'static {
    /// A row with all that it shows, but for ages.
    type Row;
    const TITLE: &'static str;
    /// One of them, for counts.
    const NOUN: &'static str;
    const HELP: &'static str;
    /// Said where there is none.
    const NOTHING: &'static str;
    const COLUMNS: &'static [Column];
    const ORDERS: &'static [Order<Self::Row>];
    /// Columns that want the room of their longest text, up to so many cells, before columns of a rank get any.
    const WANT: &'static [(usize, u16)] = &[];

    /// Cells of a row's text in one of those columns.
    fn wants(_row: &Self::Row, _column: usize) -> u16 {
        0
    }

    fn place() -> Place;

    /// All rows in the Fleet's order.
    fn gather(view: &View<'_>) -> Vec<Self::Row>;

    fn key(row: &Self::Row) -> &Key;

    /// Where it belongs; `None`: it concerns everything.
    fn environment(row: &Self::Row) -> Option<&EnvironmentAddress>;

    fn service(row: &Self::Row) -> Option<&Address>;

    /// As it is copied: what the command line calls it.
    fn name(row: &Self::Row) -> String;

    /// Lower-case text that filters look into.
    fn words(row: &Self::Row) -> String;

    /// Whether somebody should look at it.
    fn is_bad(row: &Self::Row) -> bool;

    fn line<'a>(view: &View<'_>, row: &Self::Row) -> Row<'a>;

    /// Everything that its line may have cut.
    fn whole(view: &View<'_>, row: &Self::Row) -> String;

    /// Why it belongs to no Service, for who wants to open that.
    fn because(row: &Self::Row) -> String;

    /// Where its runbook lies.
    fn runbook(_row: &Self::Row) -> Option<String> {
        None
    }

    /// The group that it is folded into, where it has one.
    fn group(_row: &Self::Row) -> Option<Group<'_>> {
        None
    }

    /// Its group lies open, or it does not.
    fn opened(_row: &mut Self::Row, _open: bool) {}

    /// The page of its own, where it has one; else its Service is opened.
    fn page(_row: &Self::Row) -> Option<Place> {
        None
    }

    /// Lines that the row under the cursor takes below the list, where there is room.
    const FOOT: u16 = 0;

    /// These lines.
    fn foot(_view: &View<'_>, _row: &Self::Row, _width: u16) -> Vec<Line<'static>> {
        Vec::new()
    }
}

/// A row's place in a group of rows that can be folded into the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The row that stays.
    pub head: &'a Key,
    pub is_head: bool,
}

/// The list of one kind of signals.
pub struct Board<S: Signal> {
    list: List<Key>,
    rows: Vec<S::Row>,
    text: String,
    order: usize,
    made_of: Option<(u64, Option<EnvironmentAddress>)>,
    /// Rows that there are without the filter, how many of those shown somebody should look at, and how many are folded.
    all: usize,
    bad: usize,
    /// What the columns want for the rows there are.
    wanted: Vec<(usize, u16)>,
    folded: usize,
    /// Groups that lie open, by their heads.
    open: HashSet<Key>,
}

impl<S: Signal> Default for Board<S> {
    fn default() -> Self {
        Self {
            list: List::default(),
            rows: Vec::new(),
            text: String::new(),
            order: 0,
            made_of: None,
            all: 0,
            bad: 0,
            wanted: Vec::new(),
            folded: 0,
            open: HashSet::new(),
        }
    }
}

impl<S: Signal> Board<S> {
    fn refresh(&mut self, view: &View<'_>) {
        let made_of = (view.state.moved, view.ui.narrowed.clone());
        if self.made_of.as_ref() == Some(&made_of) {
            return;
        }
        let mut rows = S::gather(view);
        rows.retain(|row| S::environment(row).is_none_or(|environment| view.ui.shows(environment)));
        self.all = rows.len();
        let wanted: Vec<String> = self.text.split_whitespace().map(str::to_lowercase).collect();
        rows.retain(|row| {
            let words = S::words(row);
            wanted.iter().all(|word| words.contains(word.as_str()))
        });
        if let Some((_, order)) = S::ORDERS.get(self.order) {
            rows.sort_by(order);
        }
        self.bad = rows.iter().filter(|row| S::is_bad(row)).count();
        // In another order, or filtered, what belongs together does not stand together.
        let before = rows.len();
        if self.order == 0 && wanted.is_empty() {
            rows.retain(|row| S::group(row).is_none_or(|group| group.is_head || self.open.contains(group.head)));
        }
        self.folded = before - rows.len();
        for row in &mut rows {
            let open = S::group(row).is_some_and(|group| self.open.contains(group.head));
            S::opened(row, open);
        }
        let longest = |column: usize| rows.iter().map(|row| S::wants(row, column)).max().unwrap_or(0);
        self.wanted = S::WANT.iter().map(|(column, most)| (*column, longest(*column).min(*most))).collect();
        self.list.take(rows.iter().map(|row| S::key(row).clone()).collect());
        self.rows = rows;
        self.made_of = Some(made_of);
    }

    /// The columns for so many cells: what they want they get as long as those that always stay have room beside it.
    fn columns(&self, width: u16) -> Vec<Column> {
        let mut columns = S::COLUMNS.to_vec();
        let always: u16 = columns.iter().filter(|column| column.rank == 0).map(|column| column.width + GAP).sum();
        let mut spare = width.saturating_sub(always);
        for (n, wants) in &self.wanted {
            let Some(column) = columns.get_mut(*n) else { continue };
            let more = wants.saturating_sub(column.width).min(spare);
            column.width += more;
            spare -= if column.rank == 0 { more } else { 0 };
        }
        columns
    }

    fn on_row(&self) -> Option<&S::Row> {
        self.rows.get(self.list.at()?)
    }

    fn order_word(&self) -> &'static str {
        S::ORDERS.get(self.order).map_or("", |(word, _)| word)
    }

    fn heading(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: 1, ..area };
        let quiet = view.style(Role::Quiet);
        if self.all == 0 {
            let title = Line::styled(S::TITLE, view.style(Role::Strong));
            return words::draw(&title, inner, buf, view.glyphs);
        }
        let order = Line::styled(self.order_word(), quiet);
        let left = words::draw_right(&order, inner, buf, view.glyphs);
        let shown = self.rows.len();
        let count = if self.folded > 0 {
            let lines = figure::of(shown as u64, "line");
            format!("{} in {lines}", figure::of((shown + self.folded) as u64, S::NOUN))
        } else if shown == self.all {
            figure::of(shown as u64, S::NOUN)
        } else {
            format!("{} of {}", figure::count(shown as u64), figure::of(self.all as u64, S::NOUN))
        };
        let mut line =
            vec![Span::styled(format!("{}  ", S::TITLE), view.style(Role::Strong)), Span::styled(count, quiet)];
        if self.bad > 0 {
            line.push(Span::styled(format!(", {} to look at", figure::count(self.bad as u64)), view.style(Role::Warn)));
        }
        if !self.text.is_empty() {
            line.push(Span::styled(format!("  {}", self.text), view.style(Role::Accent)));
        }
        words::draw(&Line::from(line), left, buf, view.glyphs);
    }

    fn open(&self, view: &View<'_>) -> Answer {
        let Some(row) = self.on_row() else { return Answer::Pass };
        if let Some(page) = S::page(row) {
            return Answer::one(Command::Go(page));
        }
        match S::service(row).filter(|address| view.state.fleet.service(address).is_some()) {
            Some(address) => Answer::one(Command::Go(Place::Service(address.clone(), Tab::Signals))),
            None => Answer::one(Command::refuse(format!("no Service to open: {}", S::because(row)))),
        }
    }
}

/// Lines of a body from which on the row under the cursor has a foot.
const ROOM_FOR_FOOT: u16 = 28;

impl<S: Signal> Board<S> {
    /// Opens or folds the group that the cursor is in; folding from a member goes to the head.
    fn fold(&mut self, open: bool) -> Answer {
        let group = self.on_row().and_then(S::group).map(|group| group.head.clone());
        let Some(head) = group else { return Answer::Pass };
        let changed = if open { self.open.insert(head) } else { self.open.remove(&head) && self.list.find(&head) };
        if changed {
            self.made_of = None;
        }
        Answer::DONE
    }

    /// The list, the foot of the row under the cursor, and the place where that row is told whole.
    fn parts(area: Rect) -> (Rect, Rect, Rect) {
        let (above, below) = cells::split_whole(area);
        // A rule above it.
        let height = if area.height >= ROOM_FOR_FOOT && S::FOOT > 0 { S::FOOT + 1 } else { 0 };
        let list = Rect { height: above.height - height, ..above };
        (list, Rect { y: list.bottom(), height, ..above }, below)
    }

    fn draw_foot(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let Some(row) = self.on_row().filter(|_| area.height > 1) else { return };
        rule::draw(view, Rect { height: 1, ..area }, buf);
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
        for (line, y) in S::foot(view, row, inner.width).iter().zip(inner.top() + 1..inner.bottom()) {
            words::draw(line, Rect { y, height: 1, ..inner }, buf, view.glyphs);
        }
    }
}

impl<S: Signal> Screen for Board<S> {
    fn place(&self) -> Place {
        S::place()
    }

    fn hints(&self, view: &View<'_>) -> Vec<Action> {
        use Action as A;
        if self.all == 0 {
            let mut hints = vec![A::Sources, A::Refresh, A::Palette, A::Watch];
            hints.extend(super::doors(view).into_iter().filter(|door| super::place_of(*door) != Some(S::place())));
            return hints;
        }
        let mut hints = vec![A::Open];
        if S::place() == Place::Checks {
            hints.push(A::CheckNow);
        }
        if let Some(group) = self.on_row().and_then(S::group) {
            hints.push(if self.open.contains(group.head) { A::Fold } else { A::Unfold });
        }
        if self.on_row().and_then(S::runbook).is_some() {
            hints.push(A::Runbook);
        }
        hints.extend([A::Why, A::Sort, A::Filter, A::Narrow, A::Copy, A::Palette, A::Watch]);
        hints.extend(super::doors(view).into_iter().filter(|door| super::place_of(*door) != Some(S::place())));
        hints
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        self.refresh(view);
        self.list.settle(Table::room(cells::below(Self::parts(area).0)));
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.heading(view, area, buf);
        if self.rows.is_empty() {
            if self.all > 0 {
                cells::quiet_line(view, "nothing matches the filter; Esc clears it", cells::second_line(area), buf);
            } else {
                super::empty::draw(view, &S::place(), S::NOTHING, cells::below(cells::below(area)), buf);
            }
            return;
        }
        let columns = self.columns(area.width);
        let table = Table { columns: &columns, count: self.rows.len(), top: self.list.top(), at: self.list.at() };
        let (above, foot, below) = Self::parts(area);
        self.draw_foot(view, foot, buf);
        if let Some(row) = self.on_row() {
            cells::whole(view, &S::whole(view, row), below, buf);
        }
        table.draw(view, cells::below(above), buf, |n| {
            self.rows.get(n).map_or_else(Row::default, |row| S::line(view, row))
        });
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.list.moves(action) {
            return Answer::DONE;
        }
        match (action, self.on_row()) {
            (Action::Sort, _) => {
                self.order = (self.order + 1) % S::ORDERS.len().max(1);
                self.list.from_the_top();
                self.made_of = None;
                Answer::one(Command::say(format!("sorted by {}", self.order_word())))
            }
            (Action::Open, Some(_)) => self.open(view),
            (Action::Unfold, Some(_)) => self.fold(true),
            (Action::Fold, Some(_)) => self.fold(false),
            (Action::Copy, Some(row)) => Answer::one(Command::Copy(S::name(row))),
            (Action::Runbook | Action::Raw, Some(row)) => match S::runbook(row) {
                Some(link) => Answer::one(Command::Copy(link)),
                None if action == Action::Runbook => {
                    Answer::one(Command::refuse(format!("{} names no runbook", S::name(row))))
                }
                None => Answer::Pass,
            },
            _ => Answer::Pass,
        }
    }

    fn click(&mut self, at: Position, area: Rect, view: &View<'_>) -> Answer {
        let Some(line) = at.y.checked_sub(area.y.saturating_add(2)) else { return Answer::Pass };
        if self.list.click(usize::from(line)) { self.open(view) } else { Answer::DONE }
    }

    fn subject(&self, view: &View<'_>) -> Option<Subject> {
        let address = S::service(self.on_row()?)?;
        view.state.fleet.service(address).map(|service| Subject::Service(service.address.clone()))
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        text.clone_into(&mut self.text);
        self.made_of = None;
        Ok(())
    }

    fn filter_help(&self) -> &'static str {
        S::HELP
    }
}
