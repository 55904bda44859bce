//! From two pictures to the fewest bytes that turn one into the other. Pure; nothing changed means no bytes at all.

mod scroll;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// Begin and end of a frame that the terminal shows at once (mode 2026).
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// The bytes that turn `old` into `new`; both have one size. With `ascii` whatever is no ASCII becomes `?`.
#[must_use]
pub(super) fn difference(old: &Buffer, new: &Buffer, ascii: bool) -> Vec<u8> {
    let mut pen = Pen { out: Vec::new(), at: None, style: None, ascii };
    let shift = scroll::find(old, new);
    let moved = shift.map(|shift| {
        pen.out.extend_from_slice(BEGIN);
        pen.out.extend_from_slice(&shift.bytes());
        shift.applied(old)
    });
    for (x, y, cell) in moved.as_ref().unwrap_or(old).diff_iter(new) {
        pen.put(x, y, cell);
    }
    pen.close()
}

/// The bytes of a whole picture on a screen of unknown content.
#[must_use]
pub(super) fn whole(new: &Buffer, ascii: bool) -> Vec<u8> {
    let mut pen = Pen { out: Vec::new(), at: None, style: None, ascii };
    pen.out.extend_from_slice(BEGIN);
    pen.out.extend_from_slice(b"\x1b[0m\x1b[2J");
    let blank = Buffer::empty(new.area);
    // The ground is not the terminal's own: every cell is written that is not the terminal's blank.
    for (x, y, cell) in blank.diff_iter(new) {
        pen.put(x, y, cell);
    }
    pen.close()
}

struct Pen {
    out: Vec<u8>,
    /// Where the terminal's cursor surely stands.
    at: Option<(u16, u16)>,
    style: Option<Style>,
    ascii: bool,
}

impl Pen {
    fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        if self.out.is_empty() {
            self.out.extend_from_slice(BEGIN);
        }
        if self.at != Some((x, y)) {
            self.go(x, y);
        }
        let style = Style { add_modifier: shown(cell.modifier), ..Style::new().fg(cell.fg).bg(cell.bg) };
        if self.style != Some(style) {
            self.dress(style);
            self.style = Some(style);
        }
        let symbol = cell.symbol();
        let plain = symbol.len() == 1 && symbol.is_ascii();
        if plain {
            // A control byte can only come from a fault of ours; it must not reach the terminal all the same.
            let byte = symbol.as_bytes()[0];
            self.out.push(if byte.is_ascii_control() { b'?' } else { byte });
            self.at = Some((x + 1, y));
        } else if self.ascii {
            let width = symbol.width().max(1);
            self.out.extend(std::iter::repeat_n(b'?', width));
            self.at = None;
        } else if symbol.chars().any(char::is_control) || symbol.is_empty() {
            self.out.push(if symbol.is_empty() { b' ' } else { b'?' });
            self.at = Some((x + 1, y));
        } else {
            self.out.extend_from_slice(symbol.as_bytes());
            // Terminals do not agree on the width of everything; after a narrow sign of one code point they do.
            let sure = symbol.width() == 1 && symbol.chars().count() == 1;
            self.at = sure.then_some((x + 1, y));
        }
    }

    fn go(&mut self, x: u16, y: u16) {
        match self.at {
            Some((from, line)) if line == y && x > from => {
                let by = x - from;
                let forward = if by == 1 { "\x1b[C".to_owned() } else { format!("\x1b[{by}C") };
                self.out.extend_from_slice(forward.as_bytes());
            }
            _ => self.out.extend_from_slice(format!("\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1).as_bytes()),
        }
    }

    fn dress(&mut self, style: Style) {
        let before = self.style.unwrap_or_default();
        let first = self.style.is_none();
        let mut codes: Vec<String> = Vec::new();
        let fresh = first || before.add_modifier != style.add_modifier;
        if fresh {
            codes.push("0".into());
            codes.extend(
                MODIFIERS.iter().filter(|(m, _)| style.add_modifier.contains(*m)).map(|(_, c)| (*c).to_owned()),
            );
        }
        // After a reset both colours are the terminal's own.
        let (had_fg, had_bg) = if fresh { (Some(Color::Reset), Some(Color::Reset)) } else { (before.fg, before.bg) };
        if had_fg != style.fg {
            codes.push(colour(style.fg.unwrap_or(Color::Reset), 30));
        }
        if had_bg != style.bg {
            codes.push(colour(style.bg.unwrap_or(Color::Reset), 40));
        }
        self.out.extend_from_slice(format!("\x1b[{}m", codes.join(";")).as_bytes());
    }

    fn close(mut self) -> Vec<u8> {
        if !self.out.is_empty() {
            self.out.extend_from_slice(b"\x1b[0m");
            self.out.extend_from_slice(END);
        }
        self.out
    }
}

const MODIFIERS: &[(Modifier, &str)] = &[
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
    (Modifier::CROSSED_OUT, "9"),
];

/// Blinking and concealed text are never shown.
fn shown(modifier: Modifier) -> Modifier {
    MODIFIERS.iter().fold(Modifier::empty(), |all, (one, _)| all | (modifier & *one))
}

/// A colour as parameters of SGR; `base` is 30 for the letter and 40 for the ground. Themes give RGB or the palette.
fn colour(colour: Color, base: u8) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        _ => format!("{}", base + 9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    fn picture(lines: &[&str]) -> Buffer {
        Buffer::with_lines(lines.iter().copied())
    }

    /// What a terminal shows after these bytes.
    fn shown_by(width: u16, height: u16, frames: &[Vec<u8>]) -> Vec<String> {
        let mut terminal = vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        for frame in frames {
            terminal.process(frame);
        }
        // A cell that was erased and one that holds a blank look the same.
        terminal.screen().rows(0, width).map(|row| row.trim_end().to_owned()).collect()
    }

    #[test]
    fn nothing_changed_means_no_bytes() {
        let old = picture(&["same", "here"]);
        assert_eq!(difference(&old, &old.clone(), false), b"");
    }

    #[test]
    fn a_changed_letter_costs_a_few_bytes() {
        let bytes = difference(&picture(&["4m ago"]), &picture(&["5m ago"]), false);
        assert!(bytes.len() < 40, "{:?}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn wide_letters_and_marks_stand_where_they_should() {
        let old = Buffer::empty(Rect::new(0, 0, 8, 1));
        let mut new = old.clone();
        new.set_string(0, 0, "a日é▲b", Style::new());
        assert_eq!(shown_by(8, 1, &[whole(&old, false), difference(&old, &new, false)]), ["a日é▲b"]);
        let ascii = difference(&old, &new, true);
        assert!(ascii.is_ascii(), "{ascii:?}");
    }

    #[test]
    fn control_bytes_never_pass_even_by_a_fault_of_ours() {
        let old = Buffer::empty(Rect::new(0, 0, 4, 1));
        let mut new = old.clone();
        new[(0, 0)].set_symbol("\x1b]52;c;x\x07");
        new[(1, 0)].set_symbol("\u{9b}");
        new[(2, 0)].set_symbol("\n");
        let bytes = difference(&old, &new, false);
        assert!(!bytes.windows(4).any(|w| w == b"]52;") && !bytes.contains(&b'\n') && !bytes.contains(&0x9b));
    }

    #[test]
    fn a_page_that_moves_by_a_line_costs_little_more_than_the_line() {
        let page = |from: usize| {
            let lines: Vec<String> =
                (from..from + 40).map(|n| format!("{n:06} {}", "words of a log ".repeat(8))).collect();
            Buffer::with_lines(lines)
        };
        let (old, new) = (page(1), page(2));
        let bytes = difference(&old, &new, false);
        assert!(bytes.len() < 250, "{}", bytes.len());
        let width = old.area.width;
        let whole_page = whole(&new, false);
        assert_eq!(shown_by(width, 40, &[whole(&old, false), bytes]), shown_by(width, 40, &[whole_page]));
    }

    proptest! {
        #[test]
        fn a_page_that_moved_and_changed_is_shown_right(lines in proptest::collection::vec("[abc]{0,3}", 30), by in 0usize..8, other in 0usize..12) {
            let page = |from: usize| {
                let mut buf = Buffer::empty(Rect::new(0, 0, 6, 12));
                for (y, line) in lines.iter().skip(from).take(12).enumerate() {
                    buf.set_string(0, u16::try_from(y).unwrap(), line, Style::new());
                }
                buf
            };
            let (a, mut b) = (page(8), page(8 + by));
            b.set_string(0, u16::try_from(other).unwrap(), "zz", Style::new().bg(Color::Indexed(20)));
            for (old, new) in [(&a, &b), (&b, &a)] {
                let frames = [whole(old, false), difference(old, new, false)];
                let told = |frames: &[Vec<u8>]| {
                    let mut terminal = vt100::Parser::new(std::num::NonZero::new(12).unwrap(), std::num::NonZero::new(6).unwrap(), 0);
                    for frame in frames {
                        terminal.process(frame);
                    }
                    let cells = (0..12).flat_map(|y| (0..6).map(move |x| (y, x)));
                    let cell = |(y, x)| terminal.screen().cell(y, x).map(|c| (c.contents().trim().to_owned(), c.bgcolor()));
                    cells.map(cell).collect::<Vec<_>>()
                };
                prop_assert_eq!(told(&frames), told(&[whole(new, false)]));
            }
        }

        #[test]
        fn the_terminal_shows_the_new_picture(a in "[ab▲日 ]{0,24}", b in "[ab▲日 ]{0,24}") {
            let place = Rect::new(0, 0, 12, 2);
            let paint = |text: &str| {
                let mut buf = Buffer::empty(place);
                for (y, line) in text.chars().collect::<Vec<_>>().chunks(6).take(2).enumerate() {
                    let line: String = line.iter().collect();
                    buf.set_string(0, u16::try_from(y).unwrap(), line, Style::new());
                }
                buf
            };
            let (old, new) = (paint(&a), paint(&b));
            let frames = [whole(&old, false), difference(&old, &new, false)];
            // A blank that was written and one that never was look the same.
            let trimmed = |lines: Vec<String>| lines.iter().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(trimmed(shown_by(12, 2, &frames)), trimmed(shown_by(12, 2, &[whole(&new, false)])));
        }
    }
}
