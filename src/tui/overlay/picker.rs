//! A list that is searched by typing: help, palette, themes, narrowing and the action menu are made of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Layer, fuzzy};
use crate::tui::keymap::{Action, Chord, Code};
use crate::tui::screen::{Command, View};
use crate::tui::theme::Role;
use crate::tui::widget::cursor::Cursor;
use crate::tui::widget::field::Field;
use crate::tui::widget::words;

/// One line.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) name: String,
    /// What stands behind it, quieter.
    pub(super) about: String,
    /// At the right edge: a key.
    pub(super) key: String,
    /// What Enter does; none: the line only tells.
    pub(super) does: Vec<Command>,
    /// What standing on it does.
    pub(super) looks: Vec<Command>,
    /// It cannot be used now; `about` says why.
    pub(super) withheld: bool,
}

/// The list with its search line.
pub(super) struct Picker {
    title: &'static str,
    hint: &'static str,
    entries: Vec<Entry>,
    found: Vec<usize>,
    field: Field,
    cursor: Cursor<usize>,
    undo: Vec<Command>,
    width: u16,
}

impl Picker {
    pub(super) fn new(title: &'static str, hint: &'static str, entries: Vec<Entry>) -> Self {
        let found = (0..entries.len()).collect();
        let widest =
            entries.iter().map(|e| e.name.chars().count() + e.about.chars().count() + e.key.chars().count()).max();
        let width = u16::try_from(widest.unwrap_or(0) + 6).unwrap_or(u16::MAX).clamp(40, 96);
        Self {
            title,
            hint,
            entries,
            found,
            field: Field::default(),
            cursor: Cursor::default(),
            undo: Vec::new(),
            width,
        }
    }

    /// What closing it without a choice undoes.
    pub(super) fn undoing(self, undo: Vec<Command>) -> Self {
        Self { undo, ..self }
    }

    /// Starts on the line that this is true of.
    pub(super) fn on(mut self, wanted: impl Fn(&Entry) -> bool) -> Self {
        if let Some(at) = self.entries.iter().position(wanted) {
            self.cursor.place(&self.found, at);
        }
        self
    }

    fn at(&self) -> Option<&Entry> {
        self.cursor.on().and_then(|n| self.entries.get(*n))
    }

    fn searched(&mut self) -> Vec<Command> {
        let words = self.entries.iter().map(|entry| (entry.name.as_str(), format!("{} {}", entry.about, entry.key)));
        self.found = fuzzy::search(self.field.text(), words);
        self.cursor = Cursor::default();
        self.cursor.place(&self.found, 0);
        self.looks()
    }

    fn looks(&self) -> Vec<Command> {
        self.at().map(|entry| entry.looks.clone()).unwrap_or_default()
    }

    fn choose(&self) -> Vec<Command> {
        match self.at() {
            Some(entry) if entry.withheld => vec![Command::refuse(format!("{}: {}", entry.name, entry.about))],
            Some(entry) if !entry.does.is_empty() => {
                let mut commands = vec![Command::Close];
                commands.extend(entry.does.iter().cloned());
                commands
            }
            _ => Vec::new(),
        }
    }

    fn list(inner: Rect) -> Rect {
        Rect { y: inner.y.saturating_add(2), height: inner.height.saturating_sub(2), ..inner }
    }

    fn line(&self, view: &View<'_>, n: usize, place: Rect, buf: &mut Buffer) {
        let Some(entry) = self.found.get(n).and_then(|at| self.entries.get(*at)) else { return };
        let role = if entry.withheld { Role::Quiet } else { Role::Text };
        let key = Line::styled(entry.key.clone(), view.style(Role::Accent));
        let place = if entry.key.is_empty() { place } else { words::draw_right(&key, place, buf, view.glyphs) };
        let line = Line::from(vec![
            Span::styled(entry.name.clone(), view.style(role)),
            Span::styled(format!("  {}", entry.about), view.style(Role::Quiet)),
        ]);
        words::draw(&line, place, buf, view.glyphs);
    }
}

impl Layer for Picker {
    fn title(&self, _view: &View<'_>) -> String {
        self.title.to_owned()
    }

    fn wants(&self, _view: &View<'_>) -> (u16, u16) {
        (self.width, u16::try_from(self.entries.len() + 2).unwrap_or(u16::MAX).min(24))
    }

    fn prepare(&mut self, _view: &View<'_>, inner: Rect) {
        self.cursor.settle(&self.found, usize::from(Self::list(inner).height));
    }

    fn draw(&self, view: &View<'_>, inner: Rect, buf: &mut Buffer) {
        self.field.draw(view, inner, buf, self.hint);
        let list = Self::list(inner);
        if self.found.is_empty() {
            let nothing = Line::styled("nothing has these letters", view.style(Role::Quiet));
            words::draw(&nothing, list, buf, view.glyphs);
        }
        for line in 0..list.height {
            let n = self.cursor.top() + usize::from(line);
            let place = Rect { y: list.y + line, height: 1, ..list };
            self.line(view, n, place, buf);
            if self.cursor.index() == Some(n) && n < self.found.len() {
                buf.set_style(place, view.style(Role::Selection));
            }
        }
    }

    fn key(&mut self, chord: Chord, _action: Option<Action>, _view: &View<'_>) -> Vec<Command> {
        let movement = match chord.code {
            Code::Enter => return self.choose(),
            Code::Down | Code::Tab if !chord.shift => Action::Down,
            Code::Up | Code::Tab => Action::Up,
            Code::PageDown => Action::PageDown,
            Code::PageUp => Action::PageUp,
            Code::Char('n') if chord.ctrl => Action::Down,
            Code::Char('p') if chord.ctrl => Action::Up,
            _ if self.field.key(chord) => return self.searched(),
            _ => return Vec::new(),
        };
        let found = self.found.clone();
        self.cursor.moves(movement, &found);
        self.looks()
    }

    fn paste(&mut self, text: &str, _view: &View<'_>) -> Vec<Command> {
        self.field.paste(text);
        self.searched()
    }

    fn click(&mut self, _x: u16, y: u16, inner: Rect, _view: &View<'_>) -> Vec<Command> {
        let Some(line) = y.checked_sub(Self::list(inner).y) else { return Vec::new() };
        let n = self.cursor.top() + usize::from(line);
        if n >= self.found.len() {
            return Vec::new();
        }
        if self.cursor.index() == Some(n) {
            return self.choose();
        }
        let found = self.found.clone();
        self.cursor.place(&found, n);
        self.looks()
    }

    fn types(&self) -> bool {
        true
    }

    fn dismissed(&mut self, _view: &View<'_>) -> Vec<Command> {
        self.undo.clone()
    }
}
