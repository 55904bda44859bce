//! The contract between the shell of the program (loop, header, footer, overlays) and the screens.
//!
//! Data flows one way: the shell hands a [`View`] to a screen, the screen answers keys with [`Command`]s, the shell does
//! them. A screen learns something only in [`Screen::prepare`] (and from keys); drawing takes `&self`.

pub mod alarm;
pub mod cells;
pub mod curves;
pub mod figure;
pub mod filter;
pub mod list;
pub mod reader;
pub mod row;
pub mod service;
pub mod services;
pub mod signals;
pub mod sources;
pub mod timeline;
pub mod watch;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::engine::{Ask, State};
use crate::model::{Address, EnvironmentAddress, Key, SourceName, Timestamp};
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::state::Ui;
use crate::tui::theme::{Glyphs, Role, Theme};

/// Everything that drawing and deciding may look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The facts: the engine's, or the copy that stands still while the view is frozen.
    pub state: &'a State,
    pub ui: &'a Ui,
    pub theme: &'a Theme,
    pub glyphs: &'a Glyphs,
    pub keymap: &'a Keymap,
    /// The present moment, for what must be right to the second (how long a Source is silent).
    pub now: Timestamp,
    /// The present moment cut to the whole minute. Ages are counted from here, so that an idle screen changes at most
    /// once a minute (PERFORMANCE T7) and all ages tick together with the clock.
    pub minute: Timestamp,
}

impl View<'_> {
    /// Short for the theme's style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> ratatui::style::Style {
        self.theme.style(role)
    }

    /// An address as this console shows it: with one System its name is left out.
    #[must_use]
    pub fn address(&self, address: &Address) -> String {
        if self.one_system() { address.short() } else { address.to_string() }
    }

    /// An Environment's address, in the same way.
    #[must_use]
    pub fn environment(&self, address: &EnvironmentAddress) -> String {
        if self.one_system() { address.environment.to_string() } else { address.to_string() }
    }

    /// Whether all Environments belong to one System.
    #[must_use]
    pub fn one_system(&self) -> bool {
        let environments = self.state.fleet.environments();
        environments.windows(2).all(|pair| pair[0].address.system == pair[1].address.system)
    }
}

/// Somewhere to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Watch,
    Services,
    Queues,
    Alarms,
    Checks,
    Timeline,
    Sources,
    /// A Service's page, on one of its tabs.
    Service(Address, Tab),
    /// An alarm's page: what it says and measures, what changed before it.
    Alarm(Key),
    /// A Source's page: what it says of itself, what is denied, what would help.
    Source(SourceName),
}

/// The tabs of a Service's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tab {
    Instances,
    Logs,
    LogsPrevious,
    Events,
    /// Its queues, alarms and Checks.
    Signals,
    Releases,
    Describe,
    Raw,
}

/// The thing under the cursor: what `x`, `w`, `l`, `c` and the like act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Service(Address),
    /// One Instance of a Service.
    Instance(Address, Key),
    Environment(EnvironmentAddress),
    Source(SourceName),
}

impl Subject {
    /// The Service it is, or belongs to.
    #[must_use]
    pub fn service(&self) -> Option<&Address> {
        match self {
            Self::Service(address) | Self::Instance(address, _) => Some(address),
            Self::Environment(_) | Self::Source(_) => None,
        }
    }
}

/// What a screen or an overlay wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Ask the engine.
    Ask(Ask),
    /// Go somewhere: a root screen is turned to, a page is put on top.
    Go(Place),
    /// One page back; on a root screen nothing.
    Back,
    /// Do what a key with this action would do.
    Act(Action),
    Show(Overlay),
    /// Close the overlay on top.
    Close,
    Narrow(Option<EnvironmentAddress>),
    Mark(Address),
    /// To the clipboard of the person's terminal; only ever on a key of theirs.
    Copy(String),
    /// Say something in the footer; `bad` where it did not work.
    Say {
        text: String,
        bad: bool,
    },
    /// Write a text file that the person asked for; a file that exists is never overwritten.
    Save {
        name: PathBuf,
        text: String,
    },
    /// Take a theme; `keep` false while it is only looked at.
    Theme {
        name: String,
        keep: bool,
    },
    Quit,
}

impl Command {
    /// Says something that worked.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say { text: text.into(), bad: false }
    }

    /// Says why something did not.
    #[must_use]
    pub fn refuse(text: impl Into<String>) -> Self {
        Self::Say { text: text.into(), bad: true }
    }
}

/// What can lie over a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    Help,
    Palette,
    Themes,
    Narrow,
    Debug,
    Actions(Subject),
    Why(Address),
}

/// What a screen did with a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Not mine: the shell does what it always does.
    Pass,
    Done(Vec<Command>),
}

impl Answer {
    /// Done, and nothing more is wanted.
    pub const DONE: Self = Self::Done(Vec::new());

    /// Done, with one wish.
    #[must_use]
    pub fn one(command: Command) -> Self {
        Self::Done(vec![command])
    }
}

/// A screen or a page.
pub trait Screen {
    /// Where this is, for history and for `Go` to the same place.
    fn place(&self) -> Place;

    /// The contexts of the keymap that are in force here, most special first; the shell adds `Everywhere`.
    fn contexts(&self) -> &'static [Context] {
        &[Context::List]
    }

    /// The actions whose keys stand in the footer, most useful first; those that do not fit are left out.
    fn hints(&self, view: &View<'_>) -> Vec<Action>;

    /// Called before every draw with the area that will be drawn: the place to bring an index up to date (compare
    /// `view.state.moved`), to bind the cursor to identity again and to scroll.
    fn prepare(&mut self, view: &View<'_>, area: Rect);

    /// Draws the body; header and footer are the shell's. Must not fail at any size.
    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer);

    /// A key that the keymap knows.
    fn on(&mut self, action: Action, view: &View<'_>) -> Answer;

    /// A click; `area` is the body's. A second click on the selected line counts as `Open`.
    fn click(&mut self, _at: Position, _area: Rect, _view: &View<'_>) -> Answer {
        Answer::Pass
    }

    /// What is under the cursor.
    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        None
    }

    /// Instances on screen, of which measurements are wanted.
    fn visible_instances(&self, _view: &View<'_>) -> Vec<Key> {
        Vec::new()
    }

    /// The filter (or search) in force; `None` where there is no such thing here.
    fn filter(&self) -> Option<&str> {
        None
    }

    /// Takes a filter, at each letter typed.
    ///
    /// # Errors
    /// What is wrong with it, in words, with the last good one staying in force.
    fn set_filter(&mut self, _text: &str, _view: &View<'_>) -> Result<(), String> {
        Ok(())
    }

    /// What filters look like here, for the empty filter line.
    fn filter_help(&self) -> &'static str {
        "letters to find"
    }

    /// What it wants done without a key, asked after each draw: to open the logs of the tab that has come to
    /// the front. It must want each thing once.
    fn wishes(&mut self, _view: &View<'_>) -> Vec<Command> {
        Vec::new()
    }

    /// The screen goes away for good: what must be told to the engine (close a log pane).
    fn leave(&mut self, _view: &View<'_>) -> Vec<Command> {
        Vec::new()
    }
}

/// The screen at a place.
#[must_use]
pub fn open(place: &Place, _view: &View<'_>) -> Box<dyn Screen> {
    match place {
        Place::Watch => Box::new(watch::Watch::default()),
        Place::Services => Box::new(services::Services::default()),
        Place::Queues => Box::new(signals::Board::<signals::queues::Queues>::default()),
        Place::Alarms => Box::new(signals::Board::<signals::alarms::Alarms>::default()),
        Place::Checks => Box::new(signals::Board::<signals::checks::Checks>::default()),
        Place::Timeline => Box::new(timeline::Timeline::default()),
        Place::Sources => Box::new(sources::Sources::default()),
        Place::Service(address, tab) => Box::new(service::ServicePage::new(address.clone(), *tab)),
        Place::Alarm(key) => Box::new(alarm::AlarmPage::new(key.clone())),
        Place::Source(name) => Box::new(sources::page::SourcePage::new(name.clone())),
    }
}
