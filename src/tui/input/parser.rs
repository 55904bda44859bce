//! The state machine over the terminal's bytes. It takes what it knows, and swallows everything else whole: an unknown
//! sequence, a reply to a question nobody asked, a string that never ends.

use super::Input;
use crate::tui::keymap::{Chord, Code};

/// Most bytes kept of one paste; the rest is counted as nothing.
pub const PASTE_LIMIT: usize = 64 * 1024;
/// Longest control sequence; a longer one is no sequence of a terminal.
const SEQUENCE_LIMIT: usize = 64;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// `ESC [`, with its bytes so far.
    Control(Vec<u8>),
    /// `ESC O`.
    Single,
    /// The three bytes of an old mouse report.
    OldMouse(u8),
    /// OSC, DCS, APC, PM, SOS: until BEL or `ESC \`; true after an ESC in it.
    Text {
        escaped: bool,
    },
    /// A character of several bytes.
    Letter(Vec<u8>, usize),
    Paste(Vec<u8>),
    /// A paste ended; bytes that follow at once. Where another end comes among them the first was part of what was pasted
    /// (SAFETY attack 57), and they are no keys.
    AfterPaste(Vec<u8>),
}

/// Parses bytes as they come; [`Parser::pause`] tells it that none came for a moment.
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
}

impl Parser {
    /// Whether a pause would mean something: a lone escape, or a sequence that was cut off.
    #[must_use]
    pub fn waits(&self) -> bool {
        !matches!(self.state, State::Ground | State::Paste(_))
    }

    /// Takes bytes; what they mean goes to `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        for byte in bytes {
            self.step(*byte, out);
        }
    }

    /// Nothing came for a moment: a lone escape is the key, a broken sequence is forgotten, and what followed a paste was
    /// typed.
    pub fn pause(&mut self, out: &mut Vec<Input>) {
        match std::mem::take(&mut self.state) {
            State::Escape => out.push(Input::Key(Chord::plain(Code::Esc))),
            State::AfterPaste(typed) => self.feed(&typed, out),
            State::Paste(bytes) => self.state = State::Paste(bytes),
            _ => {}
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => ground(byte, out),
            State::Escape => escape(byte, out),
            State::Control(bytes) => control(bytes, byte, out),
            State::Single => single(byte, out),
            State::OldMouse(left) => {
                if left > 1 {
                    State::OldMouse(left - 1)
                } else {
                    State::Ground
                }
            }
            State::Text { escaped } => match byte {
                0x07 | 0x18 | 0x1a => State::Ground,
                b'\\' if escaped => State::Ground,
                _ => State::Text { escaped: byte == 0x1b },
            },
            State::Letter(bytes, wanted) => letter(bytes, wanted, byte, out),
            State::Paste(bytes) => paste(bytes, byte, out),
            State::AfterPaste(mut bytes) => {
                bytes.push(byte);
                if bytes == PASTE_BEGIN {
                    State::Paste(Vec::new())
                } else if bytes.ends_with(PASTE_END) || bytes.len() > PASTE_LIMIT {
                    State::AfterPaste(Vec::new())
                } else {
                    State::AfterPaste(bytes)
                }
            }
        };
    }
}

fn key(chord: Chord, out: &mut Vec<Input>) -> State {
    out.push(Input::Key(chord));
    State::Ground
}

fn ground(byte: u8, out: &mut Vec<Input>) -> State {
    match byte {
        0x1b => State::Escape,
        b'\r' => key(Chord::plain(Code::Enter), out),
        b'\t' => key(Chord::plain(Code::Tab), out),
        0x7f | 0x08 => key(Chord::plain(Code::Backspace), out),
        0 => key(Chord::ctrl(' '), out),
        1..=26 => key(Chord::ctrl(char::from(byte - 1 + b'a')), out),
        0x1c..=0x1f => State::Ground,
        0x20..=0x7e => key(Chord::plain(Code::Char(char::from(byte))), out),
        0xc2..=0xdf => State::Letter(vec![byte], 2),
        0xe0..=0xef => State::Letter(vec![byte], 3),
        0xf0..=0xf4 => State::Letter(vec![byte], 4),
        _ => State::Ground,
    }
}

fn letter(mut bytes: Vec<u8>, wanted: usize, byte: u8, out: &mut Vec<Input>) -> State {
    if byte & 0xc0 != 0x80 {
        // Not the rest of a character: what began is dropped, this byte begins anew.
        return ground(byte, out);
    }
    bytes.push(byte);
    if bytes.len() < wanted {
        return State::Letter(bytes, wanted);
    }
    let typed = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
    // C1 controls are what eight-bit terminals answer with, never typed.
    match typed.filter(|c| !c.is_control()) {
        Some(c) => key(Chord::plain(Code::Char(c)), out),
        None => State::Ground,
    }
}

fn escape(byte: u8, out: &mut Vec<Input>) -> State {
    match byte {
        b'[' => State::Control(Vec::new()),
        b'O' => State::Single,
        b']' | b'P' | b'X' | b'^' | b'_' => State::Text { escaped: false },
        0x1b => {
            out.push(Input::Key(Chord::plain(Code::Esc)));
            State::Escape
        }
        _ => {
            let mut inner = Vec::new();
            let state = ground(byte, &mut inner);
            out.extend(inner.into_iter().map(|input| match input {
                Input::Key(chord) => Input::Key(Chord { alt: true, ..chord }),
                other => other,
            }));
            state
        }
    }
}

fn single(byte: u8, out: &mut Vec<Input>) -> State {
    let code = match byte {
        b'P'..=b'S' => Some(Code::F(byte - b'P' + 1)),
        b'M' => Some(Code::Enter),
        _ => arrow(byte),
    };
    code.map_or(State::Ground, |code| key(Chord::plain(code), out))
}

fn arrow(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        _ => return None,
    })
}

fn control(mut bytes: Vec<u8>, byte: u8, out: &mut Vec<Input>) -> State {
    match byte {
        // The final byte; `[` right after `ESC [` begins the Linux console's function keys.
        0x40..=0x7e if !(byte == b'[' && bytes.is_empty()) => finish(&bytes, byte, out),
        0x1b => State::Escape,
        0x18 | 0x1a => State::Ground,
        // Too long: swallowed up to a final byte all the same.
        _ if bytes.len() >= SEQUENCE_LIMIT => State::Control(bytes),
        _ => {
            bytes.push(byte);
            State::Control(bytes)
        }
    }
}

fn finish(bytes: &[u8], last: u8, out: &mut Vec<Input>) -> State {
    if let Some(mouse) = bytes.strip_prefix(b"<") {
        if last == b'M' {
            out.extend(mouse_report(mouse));
        }
        return State::Ground;
    }
    if bytes == b"[" {
        // Linux console: `ESC [ [ A` is F1.
        let code = (b'A'..=b'E').contains(&last).then(|| Code::F(last - b'A' + 1));
        return code.map_or(State::Ground, |code| key(Chord::plain(code), out));
    }
    let Some(numbers) = numbers(bytes) else { return State::Ground };
    let held = numbers.get(1).copied().unwrap_or(1);
    let code = match last {
        b'~' if numbers == [200] => return State::Paste(Vec::new()),
        b'~' => tilde(numbers.first().copied().unwrap_or(0)),
        b'Z' => return key(Chord { shift: true, ..Chord::plain(Code::Tab) }, out),
        b'M' if bytes.is_empty() => return State::OldMouse(3),
        b'u' => numbers.first().copied().and_then(unicode_key),
        // `ESC [ row ; column R` is where the cursor stands, not F3; focus, status and size replies are no keys either.
        _ if numbers.first().is_none_or(|first| *first <= 1) => arrow(last),
        _ => None,
    };
    match code {
        Some(code) => key(with_held(code, held), out),
        None => State::Ground,
    }
}

/// `1;5` as numbers; `None` where a private marker or anything else says that it is no key.
fn numbers(bytes: &[u8]) -> Option<Vec<u16>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.is_empty() {
        return Some(Vec::new());
    }
    // What stands behind a colon is the kind of event or the other layout's key.
    text.split(';').map(|part| part.split(':').next().unwrap_or(part).parse().ok()).collect()
}

fn tilde(number: u16) -> Option<Code> {
    Some(match number {
        1 | 7 => Code::Home,
        2 => Code::Insert,
        3 => Code::Delete,
        4 | 8 => Code::End,
        5 => Code::PageUp,
        6 => Code::PageDown,
        11..=15 => Code::F(u8::try_from(number - 10).ok()?),
        17..=21 => Code::F(u8::try_from(number - 11).ok()?),
        23 | 24 => Code::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

fn unicode_key(number: u16) -> Option<Code> {
    Some(match number {
        13 => Code::Enter,
        27 => Code::Esc,
        9 => Code::Tab,
        127 => Code::Backspace,
        _ => Code::Char(char::from_u32(u32::from(number)).filter(|c| !c.is_control())?),
    })
}

fn with_held(code: Code, held: u16) -> Chord {
    let bits = held.saturating_sub(1);
    let shift = bits & 1 != 0 && !matches!(code, Code::Char(_));
    Chord { code, shift, alt: bits & 2 != 0, ctrl: bits & 4 != 0 }
}

fn mouse_report(bytes: &[u8]) -> Option<Input> {
    let numbers = numbers(bytes)?;
    let [button, x, y] = numbers.as_slice() else { return None };
    let (x, y) = (x.checked_sub(1)?, y.checked_sub(1)?);
    match button & !0b1_1100 {
        0 => Some(Input::Click { x, y }),
        64 => Some(Input::Wheel { down: false }),
        65 => Some(Input::Wheel { down: true }),
        _ => None,
    }
}

fn paste(mut bytes: Vec<u8>, byte: u8, out: &mut Vec<Input>) -> State {
    bytes.push(byte);
    if bytes.ends_with(PASTE_END) {
        bytes.truncate(bytes.len() - PASTE_END.len());
        bytes.truncate(PASTE_LIMIT);
        out.push(Input::Paste(String::from_utf8_lossy(&bytes).into_owned()));
        return State::AfterPaste(Vec::new());
    }
    if bytes.len() > PASTE_LIMIT + PASTE_END.len() {
        // Kept: the beginning, and as much of the end as shows where the paste is over.
        bytes.remove(PASTE_LIMIT);
    }
    State::Paste(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What bytes mean that come at once, followed by a pause.
    fn parse(bytes: &[u8]) -> Vec<Input> {
        let mut out = Vec::new();
        let mut parser = Parser::default();
        parser.feed(bytes, &mut out);
        parser.pause(&mut out);
        out
    }

    fn keys(bytes: &[u8]) -> Vec<String> {
        let words = parse(bytes).into_iter().map(|input| match input {
            Input::Key(chord) => chord.to_string(),
            other => format!("{other:?}"),
        });
        words.collect()
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        assert_eq!(
            keys(b"jG\x1b[A\x1bOB\r\t\x7f\x06"),
            ["j", "G", "up", "down", "enter", "tab", "backspace", "ctrl-f"]
        );
        assert_eq!(keys(b"\x1b[5~\x1b[6~\x1b[Z\x1b[24~\x1bOP"), ["pageup", "pagedown", "shift-tab", "f12", "f1"]);
        assert_eq!(keys(b"\x1b[1;5C\x1bx"), ["ctrl-right", "alt-x"]);
        assert_eq!(keys("é日".as_bytes()), ["é", "日"]);
        assert_eq!(keys(b"\x1b[99;5u"), ["ctrl-c"]);
    }

    #[test]
    fn a_lone_escape_is_the_key_once_nothing_follows() {
        assert_eq!(keys(b"\x1b"), ["esc"]);
        assert_eq!(keys(b"\x1b\x1b"), ["esc", "esc"]);
        assert_eq!(keys(b"\x1b["), Vec::<String>::new(), "a sequence that was cut off is no key");
    }

    #[test]
    fn replies_of_a_terminal_never_become_keys() {
        for reply in [
            &b"\x1b[7;15R"[..],
            b"\x1b[?7;15R",
            b"\x1b[?62;22c",
            b"\x1b[>0;276;0c",
            b"\x1b[0n",
            b"\x1b[8;24;80t",
            b"\x1b[?2026;2$y",
            b"\x1b]11;rgb:1414/1616/1a1a\x1b\\",
            b"\x1b]11;rgb:1414/1616/1a1a\x07",
            b"\x1bP>|term 1.0\x1b\\",
            b"\x1b_Gi=1;OK\x1b\\",
            b"\x1b[I",
            b"\x1b[O",
            b"\x1b[?0u",
            b"\xc2\x9b1;2R",
            b"\x1b[M !!",
        ] {
            let got = parse(reply);
            let typed = got.iter().filter(
                |input| matches!(input, Input::Key(c) if c.code != Code::Char('R') && !"1;2".contains(&c.to_string())),
            );
            assert_eq!(typed.count(), 0, "{:?} gave {got:?}", String::from_utf8_lossy(reply));
        }
    }

    #[test]
    fn mouse_reports_are_clicks_and_wheels() {
        assert_eq!(parse(b"\x1b[<0;5;7M\x1b[<0;5;7m"), [Input::Click { x: 4, y: 6 }]);
        assert_eq!(parse(b"\x1b[<65;5;7M\x1b[<64;1;1M"), [Input::Wheel { down: true }, Input::Wheel { down: false }]);
    }

    #[test]
    fn a_paste_is_text_and_has_an_end() {
        assert_eq!(parse(b"\x1b[200~y\nq\x1b[201~"), [Input::Paste("y\nq".into())]);
        let bomb = [&b"\x1b[200~"[..], &vec![b'x'; 1 << 20], b"\x1b[201~"].concat();
        let [Input::Paste(kept)] = &parse(&bomb)[..] else { panic!() };
        assert_eq!(kept.len(), PASTE_LIMIT);
    }

    #[test]
    fn a_stray_end_inside_a_paste_lets_no_key_through() {
        assert_eq!(parse(b"\x1b[200~a\x1b[201~q\ny\x1b[201~"), [Input::Paste("a".into())]);
        assert_eq!(keys(b"\x1b[200~a\x1b[201~\r"), ["Paste(\"a\")", "enter"], "what is typed right after is typed");
    }

    proptest! {
        #[test]
        fn no_bytes_break_it_and_chunks_make_no_difference(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let cut = cut.min(bytes.len());
            let mut out = Vec::new();
            let mut parser = Parser::default();
            parser.feed(&bytes[..cut], &mut out);
            parser.feed(&bytes[cut..], &mut out);
            parser.pause(&mut out);
            prop_assert_eq!(out, parse(&bytes));
        }
    }
}
