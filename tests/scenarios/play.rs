//! Plays a scenario: the whole console without a terminal, over the demo world at a fixed moment of its story.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::engine::Console;
use quarterdeck::engine::clock::instant;
use quarterdeck::fleet::Rules;
use quarterdeck::model::{Freshness, Timestamp};
use quarterdeck::sources::demo;
use quarterdeck::sources::port::Clock;
use quarterdeck::sources::registry::Registry;
use quarterdeck::tui::app::{App, Look, Wish};
use quarterdeck::tui::input::Input;
use quarterdeck::tui::keymap::Keymap;
use quarterdeck::tui::state::Ui;
use quarterdeck::tui::theme::{Depth, Glyphs, Role, shipped};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use tokio::runtime::Runtime;

/// The seed of every scenario.
const SEED: u64 = 7;
/// 2026-11-21 03:00:00 UTC: the story's zero.
const START: i64 = 1_795_230_000;
/// How long something may take to come up before the scenario fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// One step of waiting.
const STEP: Duration = Duration::from_millis(200);

/// A clock that stands still until the scenario moves it.
pub(crate) struct StoryClock(Mutex<Timestamp>);

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The console at play.
pub(crate) struct Play {
    app: App,
    console: Console,
    clock: Arc<StoryClock>,
    size: (u16, u16),
    /// The frame that is on screen.
    frame: Buffer,
    wishes: Vec<Wish>,
    runtime: Runtime,
}

impl Play {
    /// Begins `seconds` into the story, when every Source has been read (or has said why not).
    pub(crate) fn begin(seconds: i64, size: (u16, u16)) -> Self {
        let start = Timestamp::from_second(START).unwrap();
        let clock = Arc::new(StoryClock(Mutex::new(Timestamp::from_second(START + seconds).unwrap())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let console = Console::live(Rules::default(), demo::specs(SEED, start), Arc::new(Registry), clock.clone());
        drop(inside);
        let theme = shipped("dark", Depth::True).unwrap();
        let look = Look { theme, glyphs: Glyphs::UNICODE, depth: Depth::True, keymap: Keymap::default() };
        let app = App::new(Ui::new(Size::new(size.0, size.1)), look);
        let frame = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        let mut play = Self { app, console, clock, size, frame, wishes: Vec::new(), runtime };
        play.wait("every Source is read", |play| {
            let mut sources = play.console.state.fleet.sources();
            sources.next().is_some()
                && sources.all(|source| source.synced || !matches!(source.state, Freshness::Connecting))
        });
        play
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the story on; the Sources notice by themselves.
    pub(crate) fn go_on_to(&mut self, seconds: i64) {
        *self.clock.0.lock().unwrap() = Timestamp::from_second(START + seconds).unwrap();
        self.pump();
    }

    /// Takes in what the Sources sent meanwhile.
    fn pump(&mut self) {
        let console = &mut self.console;
        drop(self.runtime.block_on(async { tokio::time::timeout(STEP, console.pump()).await }));
        self.draw();
    }

    fn draw(&mut self) {
        let now = self.now();
        let mut frame = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&self.console.state, now, &mut frame);
        let _inside = self.runtime.enter();
        self.app.tell(&mut self.console, now);
        self.wishes.extend(self.app.wishes());
        self.frame = frame;
    }

    /// Waits until something holds.
    fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = instant();
        self.draw();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: never so. The screen:\n{}", self.text());
            self.pump();
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        let chord = key.parse().unwrap_or_else(|problem| panic!("{key}: {problem}"));
        self.input(Input::Key(chord));
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        let inside = self.runtime.enter();
        self.app.input(input, &mut self.console, now);
        drop(inside);
        self.draw();
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.input(Input::Paste(text.to_owned()));
    }

    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.app.resize(Size::new(size.0, size.1));
        self.draw();
    }

    /// Clicks on the first place where a text stands.
    pub(crate) fn click(&mut self, text: &str) {
        self.see(text);
        let (x, y) = self.place_of(text).unwrap();
        self.input(Input::Click { x, y });
    }

    fn lines(&self) -> Vec<String> {
        let cells = self.frame.content.chunks(usize::from(self.frame.area.width));
        cells.map(|line| line.iter().map(Cell::symbol).collect()).collect()
    }

    fn text(&self) -> String {
        self.lines().iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }

    fn place_of(&self, text: &str) -> Option<(u16, u16)> {
        let lines = self.lines();
        let (y, line) = lines.iter().enumerate().find(|(_, line)| line.contains(text))?;
        let x = line.split(text).next().unwrap_or_default().chars().count();
        Some((u16::try_from(x).unwrap(), u16::try_from(y).unwrap()))
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
        let says = |play: &Self| play.lines().iter().any(|l| l.contains(line) && l.contains(text));
        self.wait(&format!("the line of {line:?} says {text:?}"), says);
    }

    /// Waits until one text stands above another.
    pub(crate) fn above(&mut self, upper: &str, lower: &str) {
        let is_above = |play: &Self| {
            let lines = play.lines();
            let line = |text: &str| lines.iter().position(|line| line.contains(text));
            line(upper).zip(line(lower)).is_some_and(|(upper, lower)| upper < lower)
        };
        self.wait(&format!("{upper:?} is above {lower:?}"), is_above);
    }

    /// The line under the cursor: the one on the ground of the selection.
    fn cursor_line(&self) -> Option<(usize, String)> {
        let ground = self.app.look.theme.style(Role::Selection).bg;
        let y = (0..self.size.1).find(|y| ground.is_some() && self.frame[(1, *y)].style().bg == ground)?;
        Some((usize::from(y), self.lines()[usize::from(y)].clone()))
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

    /// The line of the screen that the cursor stands on.
    pub(crate) fn cursor_y(&self) -> Option<usize> {
        self.cursor_line().map(|(y, _)| y)
    }

    /// Waits until the console asked the terminal for something.
    pub(crate) fn wished(&mut self, what: &str, is_it: impl Fn(&Wish) -> bool) {
        self.wait(what, |play| play.wishes.iter().any(&is_it));
    }
}
