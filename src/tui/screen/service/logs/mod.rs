//! The logs of a Service: all its Instances merged by time, each in its colour; followed, searched, saved.

pub mod choice;
pub mod heading;
pub mod line;
pub mod shape;
pub mod window;

use std::collections::HashMap;
use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{Ask, LogPane, PaneId};
use crate::model::redact;
use crate::model::{Address, Key, LogLine};
use crate::tui::keymap::Action;
use crate::tui::screen::{Answer, Command, View};
use crate::tui::widget::{ages, words};

use choice::Choice;
use line::{Looks, Name};
use window::Window;

/// The tab: which logs, how they look, and where one reads.
pub struct Logs {
    address: Address,
    pane: PaneId,
    choice: Choice,
    /// What was asked for last; `None`: nothing is open.
    asked: Option<Choice>,
    looks: Looks,
    search: String,
    /// Only lines that the search finds.
    only: bool,
    window: Window,
    names: HashMap<Key, Name>,
}

impl Logs {
    /// Of a Service; nothing is asked for until the tab is in front.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            pane: pane_of(&address),
            address,
            choice: Choice::default(),
            asked: None,
            looks: Looks::default(),
            search: String::new(),
            only: false,
            window: Window::default(),
            names: HashMap::new(),
        }
    }

    /// Turns to one Instance, or to all.
    pub fn want_instance(&mut self, instance: Option<Key>) {
        self.choice.instance = instance;
        self.choice.previous = false;
    }

    /// Turns to the time before the last restart, or to now.
    pub fn want_previous(&mut self, previous: bool) {
        self.choice.previous = previous;
    }

    /// What is searched for.
    #[must_use]
    pub fn search(&self) -> &str {
        &self.search
    }

    fn pane<'a>(&self, view: &View<'a>) -> Option<&'a LogPane> {
        view.state.panes.get(&self.pane).filter(|pane| pane.wanted.service == self.address)
    }

    /// Opens what is wanted where it is not open.
    pub fn wishes(&mut self, view: &View<'_>) -> Vec<Command> {
        let known = view.state.fleet.service(&self.address).is_some();
        if !known || self.asked.as_ref() == Some(&self.choice) {
            return Vec::new();
        }
        self.asked = Some(self.choice.clone());
        self.window = Window::default();
        vec![Command::Ask(self.choice.ask(&self.address, self.pane, view.now))]
    }

    /// What must be told when the page goes.
    pub fn leave(&mut self) -> Vec<Command> {
        self.asked.take().map(|_| vec![Command::Ask(Ask::CloseLogs(self.pane))]).unwrap_or_default()
    }

    /// Brings the window up to date.
    pub fn prepare(&mut self, view: &View<'_>, area: Rect) {
        self.names = line::names(view, &self.address);
        let Some(pane) = view.state.panes.get(&self.pane) else { return };
        let area = below(area);
        let (looks, names, width) = (self.looks, &self.names, usize::from(area.width.saturating_sub(2)));
        let rows = |line: &LogLine| if looks.wrap { line::rows(view, line, names, looks, width) } else { 1 };
        let wanted = if self.only { self.search.as_str() } else { "" };
        self.window.settle(pane, wanted, usize::from(area.height), rows);
    }

    /// Draws it.
    pub fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let Some(pane) = self.pane(view) else {
            super::say(view, "asking its Source for the logs…", area, buf);
            return;
        };
        heading::draw(view, self, pane, Rect { height: area.height.min(1), ..area }, buf);
        let area = below(area);
        if pane.lines.is_empty() {
            let words = match (pane.open, self.choice.previous) {
                (0, true) => "no Instance has lines from before its last restart",
                (0, false) => "no Instance has written a line",
                _ => "no line yet; new ones appear here",
            };
            super::say(view, words, area, buf);
            return;
        }
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
        let mut y = inner.top();
        for (number, line) in self.window.shown(pane) {
            let found = self.window.found() == Some(number);
            let rows = line::draw(view, line, &self.names, self.looks, &self.search);
            for row in rows.render(usize::from(inner.width), self.looks.wrap) {
                if y >= inner.bottom() {
                    return;
                }
                let place = Rect { y, height: 1, ..inner };
                // The ground first: what was found keeps its own.
                if found {
                    buf.set_style(place.intersection(buf.area), view.style(crate::tui::theme::Role::Selection));
                }
                words::draw(&row, place, buf, view.glyphs);
                y += 1;
            }
        }
    }

    /// A key of the tab.
    pub fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        match action {
            Action::Follow => self.window.follow(!self.window.follows()),
            Action::Since => self.choice.since = self.choice.since.next(),
            Action::Wrap => self.looks.wrap = !self.looks.wrap,
            Action::Fields => self.looks.fields = !self.looks.fields,
            Action::Only => self.only = !self.only && !self.search.is_empty(),
            Action::LogsPrevious => self.choice.previous = !self.choice.previous,
            Action::Logs => {
                self.choice.previous = false;
                self.choice.instance = None;
            }
            Action::NextMatch | Action::PreviousMatch => {
                if self.search.is_empty() {
                    return Answer::one(Command::refuse("nothing is searched for: / begins"));
                }
                if let Some(pane) = self.pane(view) {
                    self.window.seek(pane, &self.search, action == Action::NextMatch);
                }
            }
            Action::Save => return self.save(view),
            _ => return if self.window.moves(action) { Answer::DONE } else { Answer::Pass },
        }
        Answer::DONE
    }

    /// Searches for other letters: from the end backwards, since the newest match is the one that is wanted.
    pub fn set_search(&mut self, text: &str, view: &View<'_>) {
        self.search = text.to_lowercase();
        self.only &= !self.search.is_empty();
        if self.search.is_empty() {
            self.window.forget_found();
        } else if let Some(pane) = self.pane(view) {
            self.window.seek_newest(pane, &self.search);
        }
    }

    fn save(&self, view: &View<'_>) -> Answer {
        let Some(pane) = self.pane(view) else { return Answer::one(Command::refuse("there is nothing to save yet")) };
        let mut text = String::new();
        for line in &pane.lines {
            let at = line.at.map(ages::exact).unwrap_or_default();
            let name = self.names.get(&line.instance).map_or("", |name| name.whole.as_str());
            text.push_str(&format!("{at} {name} {}\n", redact::mask(line.text.shown())));
        }
        let moment = view.now.strftime("%Y%m%dT%H%M%SZ");
        let address = self.address.to_string();
        let safe: String =
            address.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        let name = PathBuf::from(format!("quarterdeck-{safe}-{moment}.log"));
        Answer::one(Command::Save { name, text })
    }
}

/// Panes are numbered by whose logs they show: one page of a Service is open at a time.
fn pane_of(address: &Address) -> PaneId {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    PaneId::from_le_bytes([a, b, c, d])
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area }
}
