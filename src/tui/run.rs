//! The loop: what the terminal sends, what the engine tells, files that change, signals; and one frame after each where
//! something shown has changed.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use super::app::{App, Look, Wish};
use super::canvas::Canvas;
use super::files::{Changes, Files};
use super::input::{Input, reader};
use super::keymap::Problem;
use super::log::Log;
use super::state::Ui;
use super::terminal::{Refused, Signal, Signals, Terminal};
use super::theme::{Depth, Glyphs, depth};
use crate::engine::Console;
use crate::engine::clock::instant;
use crate::fleet::Rules;
use crate::model::{SourceSpec, Text, Timestamp};

/// Inputs that may wait; a faster hand, or a paste of keys, waits in the kernel.
const ROOM: usize = 1024;

/// What the caller decides.
#[derive(Default)]
pub struct Options {
    /// A theme's name; empty or `auto`: the default.
    pub theme: String,
    /// The folder of the configuration: its `keymap.toml` and `themes/` are read.
    pub folder: Option<PathBuf>,
    pub mouse: bool,
    pub reduced_motion: bool,
    /// Plain characters only; `None`: as the locale says.
    pub ascii: Option<bool>,
    /// What discovery tried and what came of it, a line each.
    pub tried: Vec<String>,
    pub log: Option<Log>,
    /// The configuration as it is read again.
    pub reloads: Option<BoxStream<'static, Reload>>,
}

/// A configuration that was read again.
pub enum Reload {
    Taken {
        rules: Rules,
        sources: Vec<SourceSpec>,
    },
    /// It is bad, and the one before stays in force.
    Refused(String),
}

/// Why the screen did not open.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Terminal(#[from] Refused),
    #[error("{0}")]
    Keymap(#[from] Problem),
    #[error("{0}")]
    Theme(String),
    #[error("the terminal cannot be watched: {0}")]
    Watch(#[from] std::io::Error),
}

/// Opens the screen and stays until somebody quits; the exit code is 0, or 128 and the number of the signal that ended it.
///
/// # Errors
/// The screen did not open: no terminal (standard input and output must be one), a bad keymap or theme.
pub async fn run(console: Console, options: Options) -> Result<u8, Error> {
    let mut session = Session::open(console, options)?;
    let code = session.stay().await;
    session.terminal.leave();
    Ok(code)
}

struct Session {
    terminal: Terminal,
    app: App,
    console: Console,
    canvas: Canvas,
    files: Files,
    inputs: mpsc::Receiver<Input>,
    signals: Signals,
    reloads: Option<BoxStream<'static, Reload>>,
    /// Held so that the log is written to its end.
    _log: Option<Log>,
    /// What the last frame showed; another mark means another picture.
    mark: Option<Mark>,
    /// A key was pressed: its frame does not wait.
    urgent: bool,
    /// Our own Ctrl-Z comes back to us as a signal.
    stopped_ourselves: bool,
}

/// Everything that a picture follows from, beside keys.
type Mark = (u64, u64, i64);

impl Session {
    fn open(console: Console, options: Options) -> Result<Self, Error> {
        let environment = |name: &str| std::env::var(name).ok();
        let depth = Depth::of(environment);
        let ascii = options.ascii.unwrap_or(!depth::speaks_utf8(environment));
        let files = Files::new(options.folder, depth);
        let look = Look {
            theme: files.theme(&options.theme).map_err(Error::Theme)?,
            glyphs: if ascii { Glyphs::ASCII } else { Glyphs::UNICODE },
            depth,
            keymap: files.keymap()?,
        };
        let errors = options.log.as_ref().and_then(|log| log.errors.as_ref()?.try_clone().ok());
        let terminal = Terminal::take(options.mouse, errors)?;
        let size = Terminal::size();
        let mut ui = Ui::new(size);
        ui.mouse = options.mouse;
        ui.reduced_motion = options.reduced_motion;
        ui.tried = options.tried.iter().map(|line| Text::line(line)).collect();
        ui.stats.log = options.log.as_ref().map(|log| log.ring.clone()).unwrap_or_default();
        let (to, inputs) = mpsc::channel(ROOM);
        let mut session = Self {
            terminal,
            app: App::new(ui, look),
            console,
            canvas: Canvas::new(size, ascii),
            files,
            inputs,
            signals: Signals::install()?,
            reloads: options.reloads,
            _log: options.log,
            mark: None,
            urgent: true,
            stopped_ourselves: false,
        };
        session.paint();
        reader::start(to)?;
        session.terminal.watch_for_hangup()?;
        session.app.ui.themes = session.files.themes();
        Ok(session)
    }

    async fn stay(&mut self) -> u8 {
        let mut changes = self.files.watch();
        let mut changed = wait_for(changes);
        let writer = self.terminal.writer();
        let mut ended = false;
        loop {
            let wait = self.settle();
            if writer.is_gone() {
                return 129;
            }
            tokio::select! {
                biased;
                signal = self.signals.next() => if let Some(code) = self.signal(signal) { return code },
                input = self.inputs.recv() => if let Some(code) = self.input(input) { return code },
                () = writer.freed(), if !writer.is_idle() => {}
                () = pause(wait), if wait.is_some() => {}
                back = &mut changed => {
                    changes = back;
                    changed = wait_for(changes);
                    self.reread();
                }
                reload = next(&mut self.reloads) => self.reload(reload),
                going = self.console.pump(), if !ended => ended = !going,
            }
        }
    }

    /// Paints where something changed and may be painted now; else how long to wait for that.
    fn settle(&mut self) -> Option<Duration> {
        let mark = self.mark();
        if !self.urgent && self.mark == Some(mark) {
            return None;
        }
        if !self.terminal.writer().is_idle() {
            // The newest picture is made when the terminal has taken the one before.
            return None;
        }
        let wait = self.canvas.wait(instant());
        if !self.urgent && !wait.is_zero() {
            return Some(wait);
        }
        self.paint();
        None
    }

    fn mark(&self) -> Mark {
        let state = &self.console.state;
        let gauged = if self.app.shows_gauges() { state.gauged } else { 0 };
        let now = state.now.as_second();
        let clock = if self.app.ticks(state) { now } else { now.div_euclid(60) };
        (state.moved, gauged, clock)
    }

    fn paint(&mut self) {
        let start = instant();
        self.app.look_at_tape(&mut self.console);
        self.app.ui.stats.bytes = self.terminal.writer().bytes();
        let now = self.now();
        let (app, console) = (&mut self.app, &self.console);
        let bytes = self.canvas.frame(start, |buf| app.draw(&console.state, now, buf));
        if !bytes.is_empty() && !self.terminal.writer().send(bytes) {
            self.canvas.spoil();
        }
        self.app.tell(&mut self.console, now);
        self.mark = Some(self.mark());
        self.urgent = false;
        let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let stats = &mut self.app.ui.stats;
        stats.frames += 1;
        stats.last_us = took;
        stats.slowest_us = stats.slowest_us.max(took);
    }

    /// The moment that the screen shows: the engine's, which is the story's on a tape.
    fn now(&self) -> Timestamp {
        self.console.state.now
    }

    /// Takes what was typed, and whatever else is there already.
    fn input(&mut self, first: Option<Input>) -> Option<u8> {
        let mut next = first;
        for _ in 0..ROOM {
            match next {
                None | Some(Input::Gone) => return Some(129),
                Some(input) => {
                    #[cfg(debug_assertions)]
                    super::fault::on_input();
                    let now = self.now();
                    self.app.input(input, &mut self.console, now);
                    self.urgent = true;
                }
            }
            if let Some(code) = self.wishes() {
                return Some(code);
            }
            match self.inputs.try_recv() {
                Ok(input) => next = Some(input),
                Err(_) => break,
            }
        }
        None
    }

    fn wishes(&mut self) -> Option<u8> {
        let now = self.now();
        for wish in self.app.wishes() {
            match wish {
                Wish::Quit => return Some(0),
                Wish::Suspend => {
                    self.stopped_ourselves = true;
                    if self.terminal.suspend().is_err() {
                        return Some(129);
                    }
                    self.anew();
                }
                Wish::Redraw => self.anew(),
                Wish::Mouse(on) => self.terminal.mouse(on),
                Wish::Copy(text) => match self.terminal.copy(&text) {
                    Ok(()) => self.app.ui.say(format!("copied: {}", Text::line(&text).shown()), false, now),
                    Err(bytes) => self.app.ui.say(format!("not copied: {bytes} bytes are too many"), true, now),
                },
                Wish::Theme { name, keep } => self.theme(&name, keep),
                Wish::Save { name, text } => self.save(&name, &text),
            }
        }
        None
    }

    fn theme(&mut self, name: &str, keep: bool) {
        let now = self.now();
        match self.files.theme(name) {
            Ok(theme) => {
                if keep && theme.name != name {
                    self.app.ui.say("this terminal has too few colours for it", true, now);
                }
                self.app.look.theme = theme;
            }
            Err(problem) => self.app.ui.say(problem, true, now),
        }
    }

    fn save(&mut self, name: &std::path::Path, text: &str) {
        let now = self.now();
        let mut options = std::fs::File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(name).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        match written {
            Ok(()) => self.app.ui.say(format!("saved to {}", name.display()), false, now),
            Err(error) => self.app.ui.say(format!("{} is not written: {error}", name.display()), true, now),
        }
    }

    fn signal(&mut self, signal: Signal) -> Option<u8> {
        match signal {
            Signal::End(code) => return Some(code),
            Signal::Resized => self.anew(),
            Signal::Stop if std::mem::take(&mut self.stopped_ourselves) => {}
            Signal::Stop => {
                if self.terminal.stop().is_err() {
                    return Some(129);
                }
                self.anew();
            }
            Signal::Continued => {
                if self.terminal.again().is_err() {
                    return Some(129);
                }
                self.anew();
            }
        }
        None
    }

    /// All is drawn anew, in the size that the terminal has now.
    fn anew(&mut self) {
        let size = Terminal::size();
        self.app.resize(size);
        self.canvas.resize(size);
        self.urgent = true;
    }

    /// Theme or keymap files changed.
    fn reread(&mut self) {
        let now = self.now();
        self.app.ui.themes = self.files.themes();
        match self.files.keymap() {
            Ok(keymap) => self.app.look.keymap = keymap,
            Err(problem) => self.app.ui.say(problem.to_string(), true, now),
        }
        let name = self.app.look.theme.name.clone();
        self.theme(&name, false);
        self.urgent = true;
    }

    fn reload(&mut self, reload: Reload) {
        let now = self.now();
        match reload {
            Reload::Taken { rules, sources } => {
                self.console.reconfigure(rules, sources);
                self.app.ui.say("the configuration was read again", false, now);
            }
            Reload::Refused(problem) => {
                let first = Text::line(problem.lines().next().unwrap_or_default());
                self.app.ui.say(format!("the configuration is not taken: {first}"), true, now);
            }
        }
        self.urgent = true;
    }
}

/// Waits for a change without losing one when something else comes first.
fn wait_for(mut changes: Changes) -> Pin<Box<dyn Future<Output = Changes> + Send>> {
    Box::pin(async move {
        changes.next().await;
        changes
    })
}

async fn pause(wait: Option<Duration>) {
    tokio::time::sleep(wait.unwrap_or_default()).await;
}

async fn next(reloads: &mut Option<BoxStream<'static, Reload>>) -> Reload {
    let told = match reloads {
        Some(stream) => stream.next().await,
        None => None,
    };
    match told {
        Some(reload) => reload,
        None => std::future::pending().await,
    }
}
