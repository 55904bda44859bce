//! Draws whole frames through the shell, without a terminal; and turns them into text, with or without their styles.

use std::sync::Arc;

use quarterdeck::engine::Console;
use quarterdeck::engine::clock::FixedClock;
use quarterdeck::fleet::Rules;
use quarterdeck::model::SourceSpec;
use quarterdeck::sources::port::{Failure, FailureKind, Opener, Watch};
use quarterdeck::tui::app::{App, Look};
use quarterdeck::tui::input::Input;
use quarterdeck::tui::keymap::Keymap;
use quarterdeck::tui::state::Ui;
use quarterdeck::tui::theme::{Depth, Glyphs, shipped};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};
use tokio::runtime::Runtime;

use crate::world::{World, now};

/// The sizes that every screen is looked at in.
pub(crate) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The shell over a world.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) console: Console,
    size: (u16, u16),
    _runtime: Runtime,
}

struct Nobody;

impl Opener for Nobody {
    fn open(&self, _spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
        Err(Failure::new(FailureKind::Unsupported, "there is no Source here"))
    }
}

impl Stage {
    pub(crate) fn new(world: World, size: (u16, u16)) -> Self {
        Self::in_theme(world, size, "dark", &Glyphs::UNICODE)
    }

    pub(crate) fn in_theme(world: World, size: (u16, u16), theme: &str, glyphs: &Glyphs) -> Self {
        let depth = if theme == "mono" { Depth::Mono } else { Depth::True };
        let theme = shipped(theme, depth).unwrap();
        let look = Look { theme, glyphs: *glyphs, depth, keymap: Keymap::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let inside = runtime.enter();
        let mut console = Console::live(Rules::default(), Vec::new(), Arc::new(Nobody), Arc::new(FixedClock(now())));
        drop(inside);
        console.state = world.state;
        let mut stage =
            Self { app: App::new(Ui::new(Size::new(size.0, size.1)), look), console, size, _runtime: runtime };
        drop(stage.draw());
        stage
    }

    /// Presses keys, written as the keymap file writes them; the picture is drawn after each.
    pub(crate) fn press(mut self, keys: &[&str]) -> Self {
        for key in keys {
            let inside = self._runtime.enter();
            self.app.input(Input::Key(key.parse().unwrap()), &mut self.console, now());
            drop(inside);
            drop(self.draw());
        }
        self
    }

    /// Types letters into the field that is open.
    pub(crate) fn types(self, text: &str) -> Self {
        let keys: Vec<String> =
            text.chars().map(|c| if c == ' ' { "space".to_owned() } else { c.to_string() }).collect();
        self.press(&keys.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// One frame.
    pub(crate) fn draw(&mut self) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        self.app.draw(&self.console.state, now(), &mut buf);
        let inside = self._runtime.enter();
        self.app.tell(&mut self.console, now());
        drop(inside);
        buf
    }
}

/// The characters, line by line, without the blanks at the ends.
pub(crate) fn text(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width);
    let lines = buf.content.chunks(width).map(|line| {
        let line: String = line.iter().map(Cell::symbol).collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The characters, and under each line the runs of one style: `from-to colours`.
pub(crate) fn styled(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width);
    let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
    let mut out = String::new();
    for (line, cells) in text(buf).lines().zip(buf.content.chunks(width)) {
        out.push_str(line);
        out.push('\n');
        let mut from = 0;
        for at in 1..=cells.len() {
            if at < cells.len() && look(&cells[at]) == look(&cells[from]) {
                continue;
            }
            let blank = cells[from..at].iter().all(|cell| cell.symbol() == " ");
            let (fg, bg, modifier) = look(&cells[from]);
            let ground = if bg == Color::Reset { String::new() } else { format!(" on {bg}") };
            let marks = if modifier == Modifier::empty() { String::new() } else { format!(" {modifier:?}") };
            if !blank || !marks.is_empty() || bg != cells[0].bg {
                out.push_str(&format!("    {from}-{} {fg}{ground}{marks}\n", at - 1));
            }
            from = at;
        }
    }
    out
}
