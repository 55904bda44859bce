//! A line of styled words drawn into a place: cut at its end with a mark where it does not fit, never wrapped.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::tui::theme::Glyphs;

/// Draws `line` into the first row of `area`. Where it is too long its last cell says that something was cut.
pub fn draw(line: &Line<'_>, area: Rect, buf: &mut Buffer, glyphs: &Glyphs) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let fits = line.width() <= usize::from(area.width);
    let end = area.right() - u16::from(!fits);
    let mut x = area.x;
    let mut last = line.style;
    'line: for span in &line.spans {
        let style = line.style.patch(span.style);
        for grapheme in span.content.graphemes(true) {
            let width = u16::try_from(grapheme.width()).unwrap_or(u16::MAX);
            if width == 0 {
                continue;
            }
            if x.saturating_add(width) > end {
                break 'line;
            }
            x = put(buf, x, area.y, grapheme, width, style);
            last = style;
        }
    }
    if !fits {
        buf[(x.min(area.right() - 1), area.y)].set_symbol(glyphs.cut).set_style(last);
    }
}

/// Puts one grapheme and blanks the cells that it covers beside its own; returns where the next begins.
fn put(buf: &mut Buffer, x: u16, y: u16, grapheme: &str, width: u16, style: ratatui::style::Style) -> u16 {
    buf[(x, y)].set_symbol(grapheme).set_style(style);
    for covered in x + 1..x + width {
        buf[(covered, y)].reset();
        buf[(covered, y)].set_style(style);
    }
    x + width
}

/// Draws from the right edge: what stands at the end of a line. Returns the place left before it, with a gap.
pub fn draw_right(line: &Line<'_>, area: Rect, buf: &mut Buffer, glyphs: &Glyphs) -> Rect {
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(area.width);
    let x = area.right().saturating_sub(width);
    draw(line, Rect { x, width, ..area }, buf, glyphs);
    Rect { width: area.width.saturating_sub(width + 2), ..area }
}

/// Breaks plain text into lines of at most `width` cells: at blanks, and inside a word only where it is longer than a line.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end().width();
        if taken > 0 && taken + bare > width {
            if let Some(line) = lines.last_mut() {
                line.truncate(line.trim_end().len());
            }
            lines.push(String::new());
            taken = 0;
        }
        for grapheme in word.graphemes(true) {
            let w = grapheme.width();
            if taken + w > width && grapheme != " " {
                lines.push(String::new());
                taken = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
            }
            taken += w;
        }
    }
    if let Some(line) = lines.last_mut() {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, width: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        draw(&Line::from(text.to_owned()), buf.area, &mut buf, &Glyphs::UNICODE);
        buf.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_mark() {
        assert_eq!(drawn("production", 10), "production");
        assert_eq!(drawn("production", 6), "produ…");
        assert_eq!(drawn("x", 0), "");
        assert_eq!(drawn("日本語", 4), "日 … ", "a wide letter takes two cells and is never halved");
    }

    #[test]
    fn long_text_breaks_at_blanks_and_inside_words_only_where_it_must() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("answered 403: no rights", 12), ["answered", "403: no", "rights"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
