//! The shell around the screens: which one is shown, what lies over it, what a key means now. It knows no terminal, so
//! that whole scenarios run without one.

mod act;
mod draw;
mod errand;
mod stack;
mod subject;
#[cfg(test)]
mod tests;

use ratatui::layout::{Position, Rect, Size};

use super::input::Input;
use super::keymap::{Chord, Code, Context, Keymap};
use super::overlay::{self, Layer, Under};
use super::screen::{Answer, Command, Overlay, View};
use super::state::Ui;
use super::theme::{Depth, Glyphs, Theme};
use super::widget::{ages, field::Field};
use crate::action::verb::{Availability, VERBS, availability};
use crate::engine::{Ask, Console, State};
use crate::fleet::SourceView;
use crate::model::{Freshness, Key, Timestamp};
use crate::tui::keymap::Action;
use stack::Stack;

/// What the shell wants of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Quit,
    Suspend,
    Redraw,
    Mouse(bool),
    Copy(String),
    /// Paint in this theme; the loop knows the files.
    Theme {
        name: String,
        keep: bool,
    },
    Save {
        name: std::path::PathBuf,
        text: String,
    },
}

/// How the screen looks: everything that is not a fact and not a choice of the moment.
#[derive(Clone, Debug)]
pub struct Look {
    pub theme: Theme,
    pub glyphs: Glyphs,
    pub depth: Depth,
    pub keymap: Keymap,
}

/// The shell.
pub struct App {
    pub ui: Ui,
    pub look: Look,
    screens: Stack,
    layers: Vec<Box<dyn Layer>>,
    /// The filter line, while it is open.
    prompt: Option<Prompt>,
    /// The facts as they were when the view was frozen.
    frozen: Option<Box<State>>,
    visible: Vec<Key>,
    wishes: Vec<Wish>,
    /// The Checks that somebody asked for and waits for.
    errand: Option<errand::Errand>,
}

struct Prompt {
    field: Field,
    problem: Option<String>,
}

/// Smallest screen that anything is drawn on.
const LEAST: Size = Size::new(30, 6);

impl App {
    /// Starts on the Watch.
    #[must_use]
    pub fn new(ui: Ui, look: Look) -> Self {
        Self {
            ui,
            look,
            screens: Stack::default(),
            layers: Vec::new(),
            prompt: None,
            frozen: None,
            visible: Vec::new(),
            wishes: Vec::new(),
            errand: None,
        }
    }

    /// What the terminal should do since it was last asked.
    pub fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Takes what came from the terminal.
    pub fn input(&mut self, input: Input, console: &mut Console, now: Timestamp) {
        self.ensure(console, now);
        match input {
            Input::Key(chord) => self.key(chord, console, now),
            Input::Paste(text) => self.paste(&text, console, now),
            Input::Click { x, y } => self.click(Position { x, y }, console, now),
            Input::Wheel { down } => {
                let action = if down { Action::Down } else { Action::Up };
                for _ in 0..3 {
                    self.wheel(action, console, now);
                }
            }
            Input::Gone => self.wishes.push(Wish::Quit),
        }
    }

    /// The terminal has another size.
    pub fn resize(&mut self, size: Size) {
        self.ui.size = size;
    }

    /// Whether the counts of calls are on screen, which change more often than facts.
    #[must_use]
    pub fn shows_gauges(&self) -> bool {
        !self.layers.is_empty() || self.screens.shows_sources()
    }

    /// Whether the picture changes by itself each second: a toast that ends, an age that is told in seconds.
    #[must_use]
    pub fn ticks(&self, state: &State) -> bool {
        let telling = |source: &SourceView| {
            let quiet = matches!(source.state, Freshness::Fresh | Freshness::Partial | Freshness::Idle);
            !quiet && state.now.duration_since(source.since).as_secs() <= 60
        };
        self.ui.toast.is_some() || state.fleet.sources().any(telling)
    }

    fn ensure(&mut self, console: &Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        self.screens.ensure(&view);
    }

    fn contexts(&self) -> Vec<Context> {
        let replay = self.ui.replaying.map(|_| Context::Replay);
        replay.into_iter().chain(self.screens.contexts().iter().copied()).chain([Context::Everywhere]).collect()
    }

    fn key(&mut self, chord: Chord, console: &mut Console, now: Timestamp) {
        if self.prompt.is_some() && self.prompt_key(chord, console, now) {
            return;
        }
        let action = self.look.keymap.action(chord, &self.contexts());
        if let Some(layer) = self.layers.last_mut() {
            let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
            let commands = if chord.code == Code::Esc {
                close(&mut self.layers, &view)
            } else if chord == Chord::ctrl('c') {
                vec![Command::Quit]
            } else {
                layer.key(chord, action, &view)
            };
            self.run(commands, console, now);
            return;
        }
        match action {
            Some(action) => self.act(action, console, now),
            None => self.verb(chord, now),
        }
    }

    /// A key of the table of verbs: says why it is not there.
    fn verb(&mut self, chord: Chord, now: Timestamp) {
        let Some(c) = chord.types() else { return };
        let Some(verb) = VERBS.iter().find(|verb| verb.key == Some(c)) else { return };
        if let Availability::Withheld(why) = availability(verb) {
            self.ui.say(format!("{}: {why}", verb.name), true, now);
        }
    }

    /// Does an action: the screen first, then what the shell always does.
    fn act(&mut self, action: Action, console: &mut Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        let answer =
            if action.row().context == Context::Replay { Answer::Pass } else { self.screens.top().on(action, &view) };
        match answer {
            Answer::Done(commands) => self.run(commands, console, now),
            Answer::Pass => self.always(action, console, now),
        }
    }

    fn wheel(&mut self, action: Action, console: &mut Console, now: Timestamp) {
        if let Some(layer) = self.layers.last_mut() {
            let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
            let code = if action == Action::Down { Code::Down } else { Code::Up };
            let commands = layer.key(Chord::plain(code), Some(action), &view);
            self.run(commands, console, now);
        } else {
            self.act(action, console, now);
        }
    }

    fn paste(&mut self, text: &str, console: &mut Console, now: Timestamp) {
        if let Some(prompt) = &mut self.prompt {
            prompt.field.paste(text);
            self.filtered(console, now);
        } else if let Some(layer) = self.layers.last_mut() {
            let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
            let commands = layer.paste(text, &view);
            self.run(commands, console, now);
        } else {
            self.ui.say("a paste is text, and there is no field open to take it", false, now);
        }
    }

    fn click(&mut self, at: Position, console: &mut Console, now: Timestamp) {
        let screen = Rect::new(0, 0, self.ui.size.width, self.ui.size.height);
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        if let Some(layer) = self.layers.last_mut() {
            let inner = overlay::inner(layer.as_ref(), &view, screen);
            let commands =
                if inner.contains(at) { layer.click(at.x, at.y, inner, &view) } else { close(&mut self.layers, &view) };
            self.run(commands, console, now);
            return;
        }
        let body = draw::body(self.ui.size);
        if body.contains(at)
            && let Answer::Done(commands) = self.screens.top().click(at, body, &view)
        {
            self.run(commands, console, now);
        }
    }

    /// A key while the filter line is open; false where it is one for the list (movement).
    fn prompt_key(&mut self, chord: Chord, console: &mut Console, now: Timestamp) -> bool {
        let Some(prompt) = &mut self.prompt else { return false };
        match chord.code {
            Code::Enter => self.prompt = None,
            Code::Esc => {
                prompt.field = Field::default();
                self.filtered(console, now);
                self.prompt = None;
            }
            Code::Up | Code::Down | Code::PageUp | Code::PageDown => return false,
            _ if chord == Chord::ctrl('c') => self.wishes.push(Wish::Quit),
            _ => {
                if prompt.field.key(chord) {
                    self.filtered(console, now);
                }
            }
        }
        true
    }

    fn filtered(&mut self, console: &Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        if let Some(prompt) = &mut self.prompt {
            prompt.problem = self.screens.top().set_filter(prompt.field.text(), &view).err();
        }
    }

    fn show(&mut self, overlay: &Overlay, console: &Console, now: Timestamp) {
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        let replay = self.ui.replaying.map(|_| Context::Replay);
        let contexts: Vec<Context> = replay.into_iter().chain(self.screens.contexts().iter().copied()).collect();
        self.layers.clear();
        self.layers.push(overlay::open(overlay, Under { contexts: &contexts }, &view));
    }

    /// After a draw: what the screen wants done without a key, and which Instances are on screen, where that has changed.
    pub fn tell(&mut self, console: &mut Console, now: Timestamp) {
        let shown = view(&self.ui, &self.look, facts(self.frozen.as_deref(), &console.state), now);
        let commands = self.screens.top().wishes(&shown);
        self.run(commands, console, now);
        if self.frozen.is_some() {
            return;
        }
        let view = view(&self.ui, &self.look, &console.state, now);
        let visible = self.screens.top().visible_instances(&view);
        if visible != self.visible {
            self.visible.clone_from(&visible);
            console.ask(Ask::Visible(visible));
        }
    }
}

/// The facts to show: those of the moment, or the copy that stands still.
fn facts<'a>(frozen: Option<&'a State>, live: &'a State) -> &'a State {
    frozen.unwrap_or(live)
}

/// Borrows only what it needs, so that the screens can be changed meanwhile.
fn view<'a>(ui: &'a Ui, look: &'a Look, state: &'a State, now: Timestamp) -> View<'a> {
    let now = ui.frozen.unwrap_or(now);
    View {
        state,
        ui,
        theme: &look.theme,
        glyphs: &look.glyphs,
        keymap: &look.keymap,
        now,
        minute: ages::minute_of(now),
    }
}

/// Closes the overlay on top as not used.
fn close(layers: &mut Vec<Box<dyn Layer>>, view: &View<'_>) -> Vec<Command> {
    layers.pop().map(|mut layer| layer.dismissed(view)).unwrap_or_default()
}
