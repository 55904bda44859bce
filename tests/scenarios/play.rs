//! Plays a scenario: the whole console without a terminal, over the demo's world at a moment of its story.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::cli::demo::rules as demo_rules;
use quarterdeck::engine::clock::instant;
use quarterdeck::engine::tape::{Player, Recorder};
use quarterdeck::engine::{Ask, Console};
use quarterdeck::model::{Freshness, SourceSpec, Timestamp};
use quarterdeck::sources::demo;
use quarterdeck::sources::port::Clock;
use quarterdeck::tui::app::{App, Look, Wish};
use quarterdeck::tui::input::Input;
use quarterdeck::tui::keymap::Keymap;
use quarterdeck::tui::state::Ui;
use quarterdeck::tui::theme::{Depth, Glyphs, Role, Theme, shipped};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::ear::Ear;
use crate::frame;

/// The seed of every scenario.
const SEED: u64 = 7;
/// 2026-11-21 03:00:00 UTC: the story's zero.
const START: i64 = 1_795_230_000;
/// How long something may take to come up before the scenario fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// One step of waiting.
const STEP: Duration = Duration::from_millis(200);
/// The clock is never turned further at once, or Sources would seem to have fallen silent.
const PACE: SignedDuration = SignedDuration::from_secs(8);
/// Turns that every task gets when the clock was moved: enough to hear of it and to tell what is new.
const TURNS: usize = 50;

/// How a scenario begins.
#[derive(Clone, Copy)]
pub(crate) struct Begin {
    /// Seconds into the story.
    pub(crate) story: i64,
    pub(crate) size: (u16, u16),
    pub(crate) theme: &'static str,
    /// Whether a tape is written of all that is heard.
    pub(crate) recorded: bool,
}

/// A clock that stands still until the scenario moves it.
struct StoryClock(Mutex<Timestamp>);

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// The console at play.
pub(crate) struct Play {
    app: App,
    console: Console,
    clock: Arc<StoryClock>,
    ear: Arc<Ear>,
    size: (u16, u16),
    /// The frame that is on screen.
    frame: Buffer,
    wishes: Vec<Wish>,
    tapes: TempDir,
    runtime: Runtime,
}

impl Play {
    /// Begins when every Source has been read, or has said why not.
    pub(crate) fn begin(begin: Begin) -> Self {
        let clock = Arc::new(StoryClock(Mutex::new(at(begin.story))));
        let ear = Arc::new(Ear::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tapes = tempfile::tempdir().unwrap();
        let inside = runtime.enter();
        let mut console = live(demo::specs(SEED, at(0)), &ear, &clock);
        drop(inside);
        if begin.recorded {
            console.record(Recorder::create(&tapes.path().join("tape"), &demo_rules(), clock.now()).unwrap());
        }
        let app = app(begin.size, shipped(begin.theme, Depth::True).unwrap());
        let frame = Buffer::empty(Rect::default());
        let wishes = Vec::new();
        let mut play = Self { app, console, clock, ear, size: begin.size, frame, wishes, tapes, runtime };
        play.wait("every Source is read", |play| {
            let mut sources = play.console.state.fleet.sources();
            sources.next().is_some()
                && sources.all(|source| source.synced || !matches!(source.state, Freshness::Connecting))
        });
        play
    }

    /// Ends the recording and plays what was recorded, from its beginning.
    pub(crate) fn play_the_tape(&mut self) {
        let _inside = self.runtime.enter();
        // The console that records ends here, and with it the tape.
        self.console = live(Vec::new(), &self.ear, &self.clock);
        self.console = Console::replay(Player::open(&self.tapes.path().join("tape")).unwrap());
        self.app = app(self.size, self.app.look.theme.clone());
        self.draw();
    }

    /// Moves the story on, a few seconds at a time, and lets every Source tell what is new.
    pub(crate) fn go_on_to(&mut self, seconds: i64) {
        while self.clock.now() < at(seconds) {
            let next = self.clock.now().checked_add(PACE).unwrap().min(at(seconds));
            self.leap(next);
        }
    }

    /// The machine of the console sleeps, and wakes up later.
    pub(crate) fn sleep_until(&mut self, seconds: i64) {
        self.leap(at(seconds));
    }

    fn leap(&mut self, to: Timestamp) {
        *self.clock.0.lock().unwrap() = to;
        let inside = self.runtime.enter();
        self.console.ask(Ask::Visible(self.ear.another()));
        drop(inside);
        self.let_all_speak();
        self.console.tick();
        self.pump(Duration::ZERO);
    }

    /// Every task gets its turns: Sources hear what is wanted, and tell what is new.
    fn let_all_speak(&self) {
        self.runtime.block_on(async {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Takes in what the Sources sent meanwhile; waits for it at most so long.
    fn pump(&mut self, patience: Duration) {
        self.let_all_speak();
        let console = &mut self.console;
        drop(self.runtime.block_on(async { tokio::time::timeout(patience, console.pump()).await }));
        self.draw();
    }

    fn draw(&mut self) {
        self.app.look_at_tape(&mut self.console);
        let now = self.console.state.now;
        let mut frame = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&self.console.state, now, &mut frame);
        let _inside = self.runtime.enter();
        self.app.tell(&mut self.console, now);
        self.frame = frame;
        for wish in self.app.wishes() {
            if let Wish::Theme { name, .. } = &wish {
                self.app.look.theme = shipped(name, Depth::True).unwrap();
            }
            self.wishes.push(wish);
        }
    }

    /// Waits until something holds.
    fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = instant();
        self.draw();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: never so. The screen:\n{}", self.text());
            self.pump(STEP);
        }
    }

    /// The frame that is on screen.
    pub(crate) fn frame(&self) -> &Buffer {
        &self.frame
    }

    /// The frame as text.
    pub(crate) fn text(&self) -> String {
        frame::text(&self.frame)
    }

    pub(crate) fn press(&mut self, key: &str) {
        let chord = key.parse().unwrap_or_else(|problem| panic!("{key}: {problem}"));
        self.input(Input::Key(chord));
    }

    pub(crate) fn input(&mut self, input: Input) {
        let now = self.console.state.now;
        let inside = self.runtime.enter();
        self.app.input(input, &mut self.console, now);
        drop(inside);
        self.draw();
    }

    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.app.resize(Size::new(size.0, size.1));
        self.draw();
    }

    /// Clicks on the first place where a text stands.
    pub(crate) fn click(&mut self, text: &str) {
        self.see(text);
        let (x, y) = frame::place_of(&self.frame, text).unwrap();
        self.input(Input::Click { x, y });
    }

    /// Waits until a text is on screen.
    pub(crate) fn see(&mut self, text: &str) {
        self.wait(&format!("I see {text:?}"), |play| play.text().contains(text));
    }

    /// Waits until a text is not on screen.
    pub(crate) fn see_no(&mut self, text: &str) {
        self.wait(&format!("I do not see {text:?}"), |play| !play.text().contains(text));
    }

    /// Waits until a line holds both texts.
    pub(crate) fn line_says(&mut self, line: &str, text: &str) {
        let says = |play: &Self| frame::lines(&play.frame).iter().any(|l| l.contains(line) && l.contains(text));
        self.wait(&format!("the line of {line:?} says {text:?}"), says);
    }

    /// Waits until one text stands above another.
    pub(crate) fn above(&mut self, upper: &str, lower: &str) {
        let is_above = |play: &Self| {
            let line = |text: &str| frame::place_of(&play.frame, text).map(|(_, y)| y);
            line(upper).zip(line(lower)).is_some_and(|(upper, lower)| upper < lower)
        };
        self.wait(&format!("{upper:?} is above {lower:?}"), is_above);
    }

    /// Waits until a text stands in the colours of a role of the theme.
    pub(crate) fn painted(&mut self, text: &str, role: &str) {
        let known = Role::ALL.iter().find(|(_, name)| *name == role);
        let (role, _) = known.unwrap_or_else(|| panic!("no role {role}"));
        let painted = |play: &Self| frame::is_painted(&play.frame, &play.app.look.theme, text, *role);
        self.wait(&format!("{text:?} is painted as {role:?}"), painted);
    }

    /// Waits until the cursor stands on a line with this text.
    pub(crate) fn cursor_on(&mut self, text: &str) {
        let stands = |play: &Self| play.cursor_line().is_some_and(|(_, line)| line.contains(text));
        self.wait(&format!("the cursor is on {text:?}"), stands);
    }

    /// Moves the cursor down, line by line, until it stands on a text.
    pub(crate) fn go_to(&mut self, text: &str) {
        self.press("g");
        for _ in 0..400 {
            if self.cursor_line().is_some_and(|(_, line)| line.contains(text)) {
                return;
            }
            self.press("j");
        }
        panic!("no line of {text:?} to go to. The screen:\n{}", self.text());
    }

    /// The line of the screen that the cursor stands on, and its text.
    pub(crate) fn cursor_line(&self) -> Option<(usize, String)> {
        frame::cursor_line(&self.frame, &self.app.look.theme)
    }

    /// Waits until the console asked the terminal for something.
    pub(crate) fn wished(&mut self, what: &str, is_it: impl Fn(&Wish) -> bool) {
        self.wait(what, |play| play.wishes.iter().any(&is_it));
    }

    /// Waits until everything stands on the ground of a theme.
    pub(crate) fn colours_of(&mut self, name: &str) {
        let ground = shipped(name, Depth::True).unwrap().style(Role::Background).bg.unwrap();
        self.wait(&format!("the colours are those of {name}"), |play| play.frame[(0, 0)].bg == ground);
    }
}

fn live(specs: Vec<SourceSpec>, ear: &Arc<Ear>, clock: &Arc<StoryClock>) -> Console {
    Console::live(demo_rules(), specs, ear.clone(), clock.clone())
}

fn app(size: (u16, u16), theme: Theme) -> App {
    let look = Look { theme, glyphs: Glyphs::UNICODE, depth: Depth::True, keymap: Keymap::default() };
    App::new(Ui::new(Size::new(size.0, size.1)), look)
}
