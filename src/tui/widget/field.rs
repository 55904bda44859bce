//! A line to type into. A printable key only types; editing keys are those of every shell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthStr;

use crate::model::Text;
use crate::tui::keymap::{Chord, Code};
use crate::tui::screen::View;
use crate::tui::theme::Role;

/// Most characters that one line takes.
const LIMIT: usize = 512;

/// The text and its cursor.
#[derive(Clone, Debug, Default)]
pub struct Field {
    input: Input,
}

impl Field {
    /// With text in it already.
    #[must_use]
    pub fn holding(text: &str) -> Self {
        Self { input: Input::new(text.to_owned()) }
    }

    /// What stands in it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a key; false where it is none for a text field.
    pub fn key(&mut self, chord: Chord) -> bool {
        let request = match (chord.types(), chord.code) {
            (Some(c), _) if self.input.value().chars().count() < LIMIT => InputRequest::InsertChar(c),
            (Some(_), _) => return true,
            (None, Code::Char('u')) if chord.ctrl => InputRequest::DeleteLine,
            (None, Code::Char('w')) if chord.ctrl => InputRequest::DeletePrevWord,
            (None, Code::Char('e')) if chord.ctrl => InputRequest::GoToEnd,
            (None, Code::Backspace) => InputRequest::DeletePrevChar,
            (None, Code::Delete) => InputRequest::DeleteNextChar,
            (None, Code::Left) => InputRequest::GoToPrevChar,
            (None, Code::Right) => InputRequest::GoToNextChar,
            (None, Code::Home) => InputRequest::GoToStart,
            (None, Code::End) => InputRequest::GoToEnd,
            _ => return false,
        };
        let _changed = self.input.handle(request);
        true
    }

    /// Takes pasted text: one line of it, made visible, never a key.
    pub fn paste(&mut self, text: &str) {
        let room = LIMIT.saturating_sub(self.input.value().chars().count());
        let line: String = text.lines().next().unwrap_or_default().chars().take(room).collect();
        for c in Text::line(&line).shown().chars().take(room) {
            let _changed = self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// Draws it with its cursor into the first row of `area`; `empty` stands there, dim, while nothing is typed.
    pub fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer, empty: &str) {
        let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let text = self.text();
        if text.is_empty() {
            buf.set_stringn(area.x, area.y, empty, usize::from(area.width), view.style(Role::Quiet));
        }
        let room = usize::from(area.width).saturating_sub(1).max(1);
        let skip = self.input.visual_scroll(room);
        let (mut column, mut x) = (0, area.x);
        let cursor = self.input.visual_cursor();
        for c in text.chars() {
            let mut bytes = [0; 4];
            let letter: &str = c.encode_utf8(&mut bytes);
            let width = letter.width();
            if column >= skip && x < area.right() {
                buf.set_stringn(x, area.y, letter, usize::from(area.right() - x), view.style(Role::Text));
                x = x.saturating_add(u16::try_from(width).unwrap_or(1));
            }
            column += width;
        }
        let at = u16::try_from(cursor.saturating_sub(skip)).unwrap_or(u16::MAX).min(area.width - 1);
        let cell = &mut buf[(area.x + at, area.y)];
        cell.set_style(view.style(Role::Text).add_modifier(Modifier::REVERSED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printable_key_only_types() {
        let mut field = Field::default();
        for c in "q?:".chars() {
            assert!(field.key(Chord::plain(Code::Char(c))));
        }
        assert_eq!(field.text(), "q?:");
        assert!(!field.key(Chord::plain(Code::Enter)));
        assert!(field.key(Chord::ctrl('w')));
    }

    #[test]
    fn a_paste_is_one_line_of_text_and_has_an_end() {
        let mut field = Field::default();
        field.paste(&format!("y\u{1b}[2J{}\ny\ny\n", "x".repeat(10_000)));
        assert!(!field.text().contains('\u{1b}') && !field.text().contains('\n'));
        assert_eq!(field.text().chars().count(), LIMIT);
    }
}
