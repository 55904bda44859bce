//! Lines to read, scrolled with the keys of a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::keymap::Action;
use crate::tui::screen::View;
use crate::tui::widget::words;

/// A scroll position over lines that are made anew at each draw.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    lines: Vec<Line<'static>>,
    top: usize,
    room: usize,
}

impl Reader {
    /// The lines as they are now.
    pub(super) fn settle(&mut self, lines: Vec<Line<'static>>, room: u16) {
        self.room = usize::from(room).max(1);
        self.lines = lines;
        self.top = self.top.min(self.lines.len().saturating_sub(self.room));
    }

    /// Does a movement.
    pub(super) fn moves(&mut self, action: Action) {
        let last = self.lines.len().saturating_sub(self.room);
        self.top = match action {
            Action::Down => self.top + 1,
            Action::Up => self.top.saturating_sub(1),
            Action::PageDown => self.top + self.room,
            Action::PageUp => self.top.saturating_sub(self.room),
            Action::Top => 0,
            Action::Bottom => last,
            _ => self.top,
        }
        .min(last);
    }

    /// Draws what is in view.
    pub(super) fn draw(&self, view: &View<'_>, inner: Rect, buf: &mut Buffer) {
        for (line, y) in self.lines.iter().skip(self.top).zip(inner.top()..inner.bottom()) {
            words::draw(line, Rect { y, height: 1, ..inner }, buf, view.glyphs);
        }
    }
}
