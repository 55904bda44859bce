//! The Service page: what it is and why it is so, then its Instances, logs, events, Releases and raw description.

pub mod describe;
pub mod events;
pub mod header;
pub mod instance_row;
pub mod instances;
pub mod logs;
pub mod raw;
pub mod releases;
pub mod signals;
pub mod tabs;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::model::{Address, Key};
use crate::tui::keymap::{Action, Context};

use super::reader::Reader;
use super::{Answer, Command, Place, Screen, Subject, Tab, View, cells};
use events::Events;
use instances::Instances;
use logs::Logs;
use raw::Raw;

/// The page of one Service, on one of its tabs.
pub struct ServicePage {
    address: Address,
    tab: Tab,
    instances: Instances,
    logs: Logs,
    events: Events,
    signals: Reader,
    releases: Reader,
    describe: Reader,
    raw: Raw,
    /// Where the tabs and the body of the tab stood at the last draw.
    tabs: Rect,
    body: Rect,
}

impl ServicePage {
    /// The page of the Service at an address.
    #[must_use]
    pub fn new(address: Address, tab: Tab) -> Self {
        let mut page = Self {
            logs: Logs::new(address.clone()),
            raw: Raw::new(address.clone()),
            address,
            tab,
            instances: Instances::default(),
            events: Events::default(),
            signals: Reader::default(),
            releases: Reader::default(),
            describe: Reader::default(),
            tabs: Rect::default(),
            body: Rect::default(),
        };
        page.turn_to(tab);
        page
    }

    fn turn_to(&mut self, tab: Tab) {
        self.tab = match tab {
            Tab::LogsPrevious => {
                self.logs.want_previous(true);
                Tab::Logs
            }
            tab => tab,
        };
    }

    /// The text that the present tab scrolls through, where it is one.
    fn reader(&mut self) -> Option<&mut Reader> {
        match self.tab {
            Tab::Signals => Some(&mut self.signals),
            Tab::Releases => Some(&mut self.releases),
            Tab::Describe => Some(&mut self.describe),
            Tab::Raw => Some(self.raw.reader()),
            _ => None,
        }
    }

    /// Opens what the Instance under the cursor is asked for: its logs, its raw description.
    fn of_instance(&mut self, action: Action) -> Answer {
        let instance = self.instances.on().cloned();
        match action {
            Action::LogsPrevious => {
                self.logs.want_instance(instance);
                self.logs.want_previous(true);
                self.tab = Tab::Logs;
            }
            Action::Raw => {
                self.raw.want(instance);
                self.tab = Tab::Raw;
            }
            _ => {
                self.logs.want_instance(instance);
                self.tab = Tab::Logs;
            }
        }
        Answer::DONE
    }

    fn on_tab(&mut self, action: Action, view: &View<'_>) -> Answer {
        match self.tab {
            Tab::Instances => match action {
                Action::Open | Action::LogsPrevious | Action::Raw => self.of_instance(action),
                _ if self.instances.moves(action) => Answer::DONE,
                _ => Answer::Pass,
            },
            Tab::Logs | Tab::LogsPrevious => self.logs.on(action, view),
            _ => {
                let moves = match self.tab {
                    Tab::Events => self.events.moves(action),
                    _ => self.reader().is_some_and(|reader| reader.moves(action)),
                };
                if moves { Answer::DONE } else { Answer::Pass }
            }
        }
    }
}

impl Screen for ServicePage {
    fn place(&self) -> Place {
        Place::Service(self.address.clone(), self.tab)
    }

    fn contexts(&self) -> &'static [Context] {
        match self.tab {
            Tab::Logs | Tab::LogsPrevious => &[Context::Logs, Context::Tabs, Context::List],
            Tab::Raw | Tab::Describe | Tab::Releases | Tab::Signals => &[Context::Tabs, Context::List, Context::Logs],
            _ => &[Context::Tabs, Context::List],
        }
    }

    fn hints(&self, _view: &View<'_>) -> Vec<Action> {
        use Action as A;
        let mut hints = match self.tab {
            Tab::Instances => vec![A::NextTab, A::Open, A::LogsPrevious, A::Why, A::Raw, A::Actions],
            Tab::Logs | Tab::LogsPrevious => {
                vec![
                    A::Filter,
                    A::NextMatch,
                    A::Follow,
                    A::LogsPrevious,
                    A::Since,
                    A::Only,
                    A::Wrap,
                    A::Fields,
                    A::Save,
                ]
            }
            Tab::Signals => vec![A::NextTab, A::CheckNow, A::Runbook, A::Why, A::Logs, A::Filter],
            Tab::Raw | Tab::Describe | Tab::Releases => vec![A::NextTab, A::Filter, A::NextMatch, A::Why, A::Copy],
            Tab::Events => vec![A::NextTab, A::Why, A::Logs, A::Actions],
        };
        hints.extend([A::Back, A::Help]);
        hints
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        let header = header::height(view, &self.address, area);
        self.tabs = Rect { y: area.y + header, height: 1.min(area.height - header), ..area };
        let used = header + self.tabs.height;
        self.body = Rect { y: area.y + used, height: area.height - used, ..area };
        match self.tab {
            Tab::Instances => self.instances.prepare(view, &self.address, self.body),
            Tab::Logs | Tab::LogsPrevious => self.logs.prepare(view, self.body),
            Tab::Events => self.events.prepare(view, &self.address, self.body),
            Tab::Signals => {
                self.signals.take(signals::lines(view, &self.address, self.body.width), self.body.height);
            }
            Tab::Releases => self.releases.take(releases::lines(view, &self.address), self.body.height),
            Tab::Describe => {
                self.describe.take(describe::lines(view, &self.address, self.body.width), self.body.height);
            }
            Tab::Raw => self.raw.prepare(view, self.body),
        }
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        header::draw(view, &self.address, Rect { height: self.tabs.y.saturating_sub(area.y), ..area }, buf);
        tabs::draw(view, &self.address, self.tab, self.tabs, buf);
        match self.tab {
            Tab::Instances => self.instances.draw(view, &self.address, self.body, buf),
            Tab::Logs | Tab::LogsPrevious => self.logs.draw(view, self.body, buf),
            Tab::Events => self.events.draw(view, self.body, buf),
            Tab::Signals => self.signals.draw(view, self.body, buf),
            Tab::Releases => self.releases.draw(view, self.body, buf),
            Tab::Describe => self.describe.draw(view, self.body, buf),
            Tab::Raw => self.raw.draw(view, self.body, buf),
        }
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        match action {
            Action::NextTab => self.turn_to(tabs::next(view, &self.address, self.tab)),
            Action::PreviousTab => self.turn_to(tabs::before(view, &self.address, self.tab)),
            _ => {
                let answer = self.on_tab(action, view);
                if answer != Answer::Pass {
                    return answer;
                }
                match action {
                    Action::Logs => {
                        self.logs.want_instance(None);
                        self.turn_to(Tab::Logs);
                    }
                    Action::LogsPrevious => self.turn_to(Tab::LogsPrevious),
                    Action::Events => self.turn_to(Tab::Events),
                    Action::Describe => self.turn_to(Tab::Describe),
                    Action::Raw => self.turn_to(Tab::Raw),
                    _ => return Answer::Pass,
                }
            }
        }
        Answer::DONE
    }

    fn click(&mut self, at: Position, _area: Rect, view: &View<'_>) -> Answer {
        if at.y == self.tabs.y {
            if let Some(tab) = tabs::at(view, &self.address, self.tab, self.tabs, at.x) {
                self.turn_to(tab);
            }
            return Answer::DONE;
        }
        let Some(line) = at.y.checked_sub(self.body.y.saturating_add(1)).map(usize::from) else { return Answer::Pass };
        match self.tab {
            Tab::Instances if self.instances.click(line) => self.of_instance(Action::Open),
            Tab::Instances => Answer::DONE,
            Tab::Events => {
                self.events.click(line);
                Answer::DONE
            }
            _ => Answer::Pass,
        }
    }

    fn wishes(&mut self, view: &View<'_>) -> Vec<Command> {
        match self.tab {
            Tab::Logs | Tab::LogsPrevious => self.logs.wishes(view),
            Tab::Raw => self.raw.wishes(view),
            _ => Vec::new(),
        }
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        let instance = self.instances.on().filter(|_| self.tab == Tab::Instances);
        Some(match instance {
            Some(key) => Subject::Instance(self.address.clone(), key.clone()),
            None => Subject::Service(self.address.clone()),
        })
    }

    fn visible_instances(&self, _view: &View<'_>) -> Vec<Key> {
        if self.tab == Tab::Instances { self.instances.shown().to_vec() } else { Vec::new() }
    }

    fn filter(&self) -> Option<&str> {
        match self.tab {
            Tab::Instances | Tab::Events => None,
            Tab::Logs | Tab::LogsPrevious => Some(self.logs.search()),
            Tab::Signals => Some(self.signals.search()),
            Tab::Releases => Some(self.releases.search()),
            Tab::Describe => Some(self.describe.search()),
            Tab::Raw => Some(self.raw.search()),
        }
    }

    fn set_filter(&mut self, text: &str, view: &View<'_>) -> Result<(), String> {
        match self.tab {
            Tab::Logs | Tab::LogsPrevious => self.logs.set_search(text, view),
            _ => {
                if let Some(reader) = self.reader() {
                    reader.set_search(text);
                }
            }
        }
        Ok(())
    }

    fn filter_help(&self) -> &'static str {
        "letters to find in the text"
    }

    fn leave(&mut self, _view: &View<'_>) -> Vec<Command> {
        self.logs.leave()
    }
}

/// A place for an empty tab to say why it is empty.
fn say(view: &View<'_>, words: &str, area: Rect, buf: &mut Buffer) {
    let line =
        Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
    cells::quiet_line(view, words, line, buf);
}
