//! A text to scroll through: pages that are words rather than rows, with a search that marks what it finds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::keymap::Action;
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::View;

/// The lines, how far they are scrolled, and what is searched for.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Vec<Line<'static>>,
    top: usize,
    room: usize,
    search: String,
    /// The line that the search went to last.
    found: Option<usize>,
}

impl Reader {
    /// Takes the lines as they are now, to be shown in `height` lines of the screen.
    pub fn take(&mut self, lines: Vec<Line<'static>>, height: u16) {
        self.lines = lines;
        self.room = usize::from(height).max(1);
        self.top = self.top.min(self.last_top());
    }

    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.room)
    }

    /// Scrolls, or goes to the next match; false where the action is none of that.
    pub fn moves(&mut self, action: Action) -> bool {
        let page = self.room.saturating_sub(1).max(1);
        let to = match action {
            Action::Down => self.top + 1,
            Action::Up => self.top.saturating_sub(1),
            Action::PageDown => self.top + page,
            Action::PageUp => self.top.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            Action::NextMatch => return self.seek(true),
            Action::PreviousMatch => return self.seek(false),
            _ => return false,
        };
        self.top = to.min(self.last_top());
        true
    }

    /// What is searched for.
    #[must_use]
    pub fn search(&self) -> &str {
        &self.search
    }

    /// Searches for other letters, from the line at the top on.
    pub fn set_search(&mut self, text: &str) {
        self.search = text.to_lowercase();
        self.found = None;
        if !self.search.is_empty() {
            let hit = (self.top..self.lines.len()).chain(0..self.top).find(|n| self.matches(*n));
            self.show(hit);
        }
    }

    /// How many lines hold what is searched for.
    #[must_use]
    pub fn matches_count(&self) -> usize {
        if self.search.is_empty() { 0 } else { (0..self.lines.len()).filter(|n| self.matches(*n)).count() }
    }

    fn matches(&self, n: usize) -> bool {
        self.lines.get(n).is_some_and(|line| plain(line).to_lowercase().contains(&self.search))
    }

    fn seek(&mut self, forward: bool) -> bool {
        if self.search.is_empty() {
            return true;
        }
        let count = self.lines.len();
        let from = self.found.unwrap_or(self.top);
        let hit = if forward {
            (from + 1..count).chain(0..=from.min(count.saturating_sub(1))).find(|n| self.matches(*n))
        } else {
            (0..from).rev().chain((from..count).rev()).find(|n| self.matches(*n))
        };
        self.show(hit);
        true
    }

    fn show(&mut self, line: Option<usize>) {
        let Some(line) = line else { return };
        self.found = Some(line);
        if line < self.top || line >= self.top + self.room {
            self.top = line.saturating_sub(self.room / 2).min(self.last_top());
        }
    }

    /// Draws what is on screen.
    pub fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
        for (n, y) in (self.top..self.lines.len()).zip(inner.top()..inner.bottom()) {
            let place = Rect { y, height: 1, ..inner };
            let line = &self.lines[n];
            if self.search.is_empty() || !self.matches(n) {
                words::draw(line, place, buf, view.glyphs);
            } else {
                // The ground first: what was found keeps its own.
                if self.found == Some(n) {
                    buf.set_style(place.intersection(buf.area), view.style(Role::Selection));
                }
                words::draw(&marked(view, line, &self.search), place, buf, view.glyphs);
            }
        }
    }
}

fn plain(line: &Line<'_>) -> String {
    line.spans.iter().map(|span| span.content.as_ref()).collect()
}

/// The line with every match in the style of matches. `wanted` is in lower case; where lowering a letter changes its
/// length the line stays as it is, since a wrong mark is worse than none.
#[must_use]
pub fn marked(view: &View<'_>, line: &Line<'_>, wanted: &str) -> Line<'static> {
    let mut out = Vec::new();
    for span in &line.spans {
        let content = span.content.as_ref();
        let lower = content.to_lowercase();
        if wanted.is_empty() || lower.len() != content.len() {
            out.push(Span::styled(content.to_owned(), span.style));
            continue;
        }
        let mut at = 0;
        for (from, hit) in lower.match_indices(wanted) {
            let to = from + hit.len();
            if content.is_char_boundary(from) && content.is_char_boundary(to) {
                out.push(Span::styled(content[at..from].to_owned(), span.style));
                out.push(Span::styled(content[from..to].to_owned(), span.style.patch(view.style(Role::Match))));
                at = to;
            }
        }
        out.push(Span::styled(content[at..].to_owned(), span.style));
    }
    Line::from(out).style(line.style)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(lines: usize) -> Reader {
        let mut reader = Reader::default();
        reader.take((0..lines).map(|n| Line::from(format!("line {n}"))).collect(), 10);
        reader
    }

    #[test]
    fn it_scrolls_to_its_end_and_no_further() {
        let mut reader = reader(25);
        assert!(reader.moves(Action::Bottom));
        assert_eq!(reader.top, 15);
        assert!(reader.moves(Action::PageUp));
        assert_eq!(reader.top, 6);
        assert!(!reader.moves(Action::Open));
    }

    #[test]
    fn a_search_goes_from_match_to_match_and_round() {
        let mut reader = reader(30);
        reader.set_search("LINE 2");
        assert_eq!((reader.found, reader.matches_count()), (Some(2), 11));
        assert!(reader.moves(Action::NextMatch));
        assert_eq!(reader.found, Some(20));
        assert!(reader.top <= 20 && 20 < reader.top + 10, "scrolled into sight");
        assert!(reader.moves(Action::PreviousMatch) && reader.moves(Action::PreviousMatch));
        assert_eq!(reader.found, Some(29), "round the end");
    }
}
