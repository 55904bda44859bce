//! Watch, the home: what needs attention, then every Environment with its Services, then the curves of the one selected.

pub mod attention;
pub mod beside;
pub mod empty;
pub mod index;
pub mod place;
pub mod rows;
pub mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::{Freshness, Key, Kind};
use crate::tui::keymap::Action;
use crate::tui::screen::filter::Filter;
use crate::tui::screen::{Answer, Command, Place, Screen, Subject, Tab, View, curves, signals};
use crate::tui::widget::cursor::Cursor;
use index::Index;
use place::Places;
use rows::{About, Folds, RowId};

/// Instances of the selected Service that are measured for its curves, at most.
const SAMPLED: usize = 32;

/// The Watch with its cursor, its folds and its filter.
#[derive(Default)]
pub struct Watch {
    folds: Folds,
    filter: Filter,
    index: Index,
    cursor: Cursor<RowId>,
    places: Places,
    /// The person moved the cursor since the last draw: then the list may scroll under it.
    moved: bool,
    /// Somebody pressed a key already; until then the cursor waits on the first line while Sources connect.
    touched: bool,
}

impl Watch {
    /// Finds the cursor's thing again. Where its attention line is gone it goes on to the thing itself, where its row
    /// was folded away to the Environment.
    fn rebind(&mut self, view: &View<'_>) {
        let ids = &self.index.ids;
        if !self.touched && view.state.fleet.sources().any(|source| source.state == Freshness::Connecting) {
            self.cursor.place(ids, 0);
            return;
        }
        let stands = self.cursor.index().is_some_and(|at| ids.get(at) == self.cursor.on());
        if stands {
            return;
        }
        let Some(on) = self.cursor.on().filter(|on| !ids.contains(on)).cloned() else { return };
        let service = on.service().map(|address| RowId::Service(address.clone()));
        let environment = on.environment().map(|environment| RowId::Environment(environment.clone()));
        let _found = [service, environment].iter().flatten().any(|heir| self.cursor.find(ids, heir));
    }

    /// Whether there is nothing to list, so that the screen says why.
    fn is_empty(&self, view: &View<'_>) -> bool {
        self.index.tree.is_empty() && view.ui.narrowed.is_none() && !self.filter.is_on()
    }

    fn on_row(&self) -> Option<&RowId> {
        self.cursor.on()
    }

    fn open(&mut self, view: &View<'_>) -> Answer {
        match self.on_row() {
            Some(RowId::Environment(_)) => {
                let open = self.is_open();
                self.fold(!open, view)
            }
            Some(RowId::Attention(About::Source(source))) => Answer::one(Command::Go(Place::Source(source.clone()))),
            Some(RowId::Attention(About::Signal(key))) => Answer::one(Command::Go(match key.kind {
                Kind::Queue => Place::Queues,
                _ => Place::Alarm(key.clone()),
            })),
            Some(row) => match row.service() {
                Some(address) => Answer::one(Command::Go(Place::Service(address.clone(), Tab::Instances))),
                None => Answer::Pass,
            },
            None => Answer::one(Command::Go(Place::Sources)),
        }
    }

    /// Whether the Environment that the cursor is in lies open.
    fn is_open(&self) -> bool {
        self.on_row().and_then(RowId::environment).is_some_and(|environment| self.index.is_open(environment))
    }

    /// Opens or folds the Environment that the cursor is in; folding from a Service goes up to its Environment.
    fn fold(&mut self, open: bool, _view: &View<'_>) -> Answer {
        let Some(environment) = self.on_row().and_then(RowId::environment).cloned() else { return Answer::DONE };
        let stands_on_it = matches!(self.on_row(), Some(RowId::Environment(_)));
        if stands_on_it || open {
            self.folds.set(&environment, open);
            self.index.forget();
        } else {
            let _found = self.cursor.find(&self.index.ids, &RowId::Environment(environment));
        }
        Answer::DONE
    }
}

impl Screen for Watch {
    fn place(&self) -> Place {
        Place::Watch
    }

    fn hints(&self, view: &View<'_>) -> Vec<Action> {
        if self.is_empty(view) {
            return vec![Action::Sources, Action::Refresh, Action::Palette, Action::Help, Action::Quit];
        }
        let mut hints = match self.subject(view) {
            Some(Subject::Service(_)) => {
                vec![Action::Open, Action::Why, Action::Logs, Action::Events, Action::CheckNow, Action::Actions]
            }
            Some(_) => vec![Action::Open, Action::CheckNow],
            None => vec![Action::Sources],
        };
        hints.extend([Action::Filter, Action::Narrow, Action::Palette, Action::Services]);
        hints.extend(signals::doors(view));
        hints.extend([Action::Timeline, Action::Quit]);
        hints
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        if self.index.refresh(view, &self.folds, &self.filter) {
            self.rebind(view);
        }
        let held = !self.moved && self.touched;
        let told = attention::heights(view, &self.index, area.width);
        self.places.arrange(area, &told, !self.index.tree.is_empty(), held);
        self.cursor.settle(&self.index.ids, self.places.tree_room());
        self.places.scroll(&self.index, self.cursor.index(), held);
        self.moved = false;
        // Where the cursor stands nothing folds by itself, whatever the default becomes when other Environments turn up.
        if let (true, Some(RowId::Service(address))) = (self.touched, self.cursor.on()) {
            self.folds.keep(&address.environment, true);
        }
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        if self.is_empty(view) {
            empty::draw(view, area, buf);
            return;
        }
        attention::draw(view, &self.places, &self.index, self.cursor.index(), buf);
        tree::draw(view, &self.places, &self.index, self.cursor.index(), buf);
        let selected = self.on_row().and_then(RowId::service);
        if let Some(service) = selected.and_then(|address| view.state.fleet.service(address)) {
            curves::draw(view, service, self.places.foot, buf);
        }
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        self.touched = true;
        if self.cursor.moves(action, &self.index.ids) {
            self.moved = true;
            return Answer::DONE;
        }
        match action {
            Action::Open => self.open(view),
            Action::Unfold => self.fold(true, view),
            Action::Fold => self.fold(false, view),
            Action::Mark => match self.on_row().and_then(RowId::service) {
                Some(address) => Answer::one(Command::Mark(address.clone())),
                None => Answer::DONE,
            },
            _ => Answer::Pass,
        }
    }

    fn click(&mut self, at: Position, _area: Rect, view: &View<'_>) -> Answer {
        let Some(row) = self.places.row_at(at.y, &self.index) else { return Answer::Pass };
        self.touched = true;
        if self.cursor.index() == Some(row) {
            return self.open(view);
        }
        self.cursor.place(&self.index.ids, row);
        self.moved = true;
        Answer::DONE
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        match self.on_row()? {
            RowId::Attention(About::Source(source)) => Some(Subject::Source(source.clone())),
            RowId::Environment(environment) => Some(Subject::Environment(environment.clone())),
            row => row.service().cloned().map(Subject::Service),
        }
    }

    fn visible_instances(&self, view: &View<'_>) -> Vec<Key> {
        let service = self.on_row().and_then(RowId::service).and_then(|address| view.state.fleet.service(address));
        let shown = service.filter(|_| self.places.foot.height > 0);
        shown.map(|service| service.instances.iter().take(SAMPLED).cloned().collect()).unwrap_or_default()
    }

    fn filter(&self) -> Option<&str> {
        Some(self.filter.text())
    }

    fn set_filter(&mut self, text: &str, _view: &View<'_>) -> Result<(), String> {
        self.touched = true;
        self.index.forget();
        self.filter.set(text)
    }

    fn filter_help(&self) -> &'static str {
        Filter::HELP
    }
}
