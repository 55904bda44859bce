//! The screens that are open: the root screens, each kept once seen, and the pages on top of the present one.

use std::collections::BTreeMap;

use crate::tui::keymap::Context;
use crate::tui::screen::{self, Command, Place, Screen, View};

/// Most pages on top of each other; the oldest are forgotten.
const DEPTH: usize = 32;

/// The open screens.
pub(super) struct Stack {
    root: Root,
    roots: BTreeMap<Root, Box<dyn Screen>>,
    pages: Vec<Box<dyn Screen>>,
    /// Stands in before the first [`Stack::ensure`]; nothing is ever drawn of it.
    empty: Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    Watch,
    Services,
    Queues,
    Alarms,
    Checks,
    Timeline,
    Sources,
}

impl Root {
    fn of(place: &Place) -> Option<Self> {
        Some(match place {
            Place::Watch => Self::Watch,
            Place::Services => Self::Services,
            Place::Queues => Self::Queues,
            Place::Alarms => Self::Alarms,
            Place::Checks => Self::Checks,
            Place::Timeline => Self::Timeline,
            Place::Sources => Self::Sources,
            Place::Service(..) | Place::Alarm(_) | Place::Source(_) => return None,
        })
    }

    fn place(self) -> Place {
        match self {
            Self::Watch => Place::Watch,
            Self::Services => Place::Services,
            Self::Queues => Place::Queues,
            Self::Alarms => Place::Alarms,
            Self::Checks => Place::Checks,
            Self::Timeline => Place::Timeline,
            Self::Sources => Place::Sources,
        }
    }
}

impl Default for Stack {
    fn default() -> Self {
        Self { root: Root::Watch, roots: BTreeMap::new(), pages: Vec::new(), empty: Nothing }
    }
}

impl Stack {
    /// Makes the root screen in force if it was never seen.
    pub(super) fn ensure(&mut self, view: &View<'_>) {
        self.roots.entry(self.root).or_insert_with(|| screen::open(&self.root.place(), view));
    }

    pub(super) fn top(&mut self) -> &mut dyn Screen {
        if let Some(page) = self.pages.last_mut() {
            return page.as_mut();
        }
        match self.roots.get_mut(&self.root) {
            Some(root) => root.as_mut(),
            None => &mut self.empty,
        }
    }

    pub(super) fn shown(&self) -> &dyn Screen {
        let page = self.pages.last().map(AsRef::as_ref);
        page.or_else(|| self.roots.get(&self.root).map(AsRef::as_ref)).unwrap_or(&self.empty)
    }

    pub(super) fn contexts(&self) -> &'static [Context] {
        self.shown().contexts()
    }

    /// Whether the screen in force shows what was asked of Sources.
    pub(super) fn shows_sources(&self) -> bool {
        matches!(self.shown().place(), Place::Sources | Place::Source(_))
    }

    /// Goes somewhere; what pages that close want told is returned.
    pub(super) fn go(&mut self, place: &Place, view: &View<'_>) -> Vec<Command> {
        let mut commands = Vec::new();
        if let Some(root) = Root::of(place) {
            while let Some(mut page) = self.pages.pop() {
                commands.extend(page.leave(view));
            }
            self.root = root;
            self.ensure(view);
            return commands;
        }
        // Another tab of the same page takes its place, so that going back does not walk through tabs.
        if self.pages.last().is_some_and(|page| same_page(&page.place(), place))
            && let Some(mut page) = self.pages.pop()
        {
            commands.extend(page.leave(view));
        }
        if self.pages.len() == DEPTH {
            commands.extend(self.pages.remove(0).leave(view));
        }
        self.pages.push(screen::open(place, view));
        commands
    }

    /// One page back; `None` on a root screen.
    pub(super) fn back(&mut self, view: &View<'_>) -> Option<Vec<Command>> {
        self.pages.pop().map(|mut page| page.leave(view))
    }
}

fn same_page(a: &Place, b: &Place) -> bool {
    match (a, b) {
        (Place::Service(a, _), Place::Service(b, _)) => a == b,
        _ => a == b,
    }
}

struct Nothing;

impl Screen for Nothing {
    fn place(&self) -> Place {
        Place::Watch
    }

    fn hints(&self, _view: &View<'_>) -> Vec<crate::tui::keymap::Action> {
        Vec::new()
    }

    fn prepare(&mut self, _view: &View<'_>, _area: ratatui::layout::Rect) {}

    fn draw(&self, _view: &View<'_>, _area: ratatui::layout::Rect, _buf: &mut ratatui::buffer::Buffer) {}

    fn on(&mut self, _action: crate::tui::keymap::Action, _view: &View<'_>) -> screen::Answer {
        screen::Answer::Pass
    }
}
