//! A strict reader of terminal output: what may be written, and which modes are left changed.

use std::collections::BTreeMap;

/// One piece of output.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a [u8]),
    Control(u8),
    /// `ESC [` parameters, final byte.
    Csi(&'a [u8], u8),
    /// `ESC ]` body.
    Osc(&'a [u8]),
    Other(&'a [u8]),
}

fn pieces(raw: &[u8]) -> Vec<Piece<'_>> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < raw.len() {
        let rest = &raw[at..];
        let (piece, length) = match rest {
            [0x1b, b'[', ..] => match rest[2..].iter().position(|b| (0x40..=0x7e).contains(b)) {
                Some(end) => (Piece::Csi(&rest[2..2 + end], rest[2 + end]), end + 3),
                None => break,
            },
            [0x1b, b']', ..] => match rest.iter().position(|b| *b == 0x07) {
                Some(end) => (Piece::Osc(&rest[2..end]), end + 1),
                None => break,
            },
            [0x1b, ..] => (Piece::Other(&rest[..rest.len().min(2)]), 2),
            [byte @ (0..=0x1f | 0x7f), ..] => (Piece::Control(*byte), 1),
            _ => {
                let end = rest.iter().position(|b| *b < 0x20 || *b == 0x7f).unwrap_or(rest.len());
                (Piece::Text(&rest[..end]), end)
            }
        };
        out.push(piece);
        at += length;
    }
    out
}

/// Modes that a full-screen program may set.
const MODES: [u32; 7] = [25, 1000, 1006, 1049, 2004, 2026, 7];

/// Everything in the output that a terminal might obey and that we never write.
pub(crate) fn forbidden(raw: &[u8], copied: bool) -> Vec<String> {
    let mut out = Vec::new();
    for piece in pieces(raw) {
        let fine = match &piece {
            Piece::Text(text) => text_is_fine(text),
            Piece::Control(_) | Piece::Other(_) => false,
            Piece::Csi(parameters, last) => csi_is_fine(parameters, *last),
            Piece::Osc(body) => *body == b"2;Quarterdeck" || copied && body.starts_with(b"52;c;"),
        };
        if !fine {
            out.push(format!("{piece:?}"));
        }
    }
    out
}

fn text_is_fine(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        let hidden = |c: char| {
            matches!(c, '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{3164}')
        };
        !text.chars().any(hidden)
    })
}

fn csi_is_fine(parameters: &[u8], last: u8) -> bool {
    let text = String::from_utf8_lossy(parameters).into_owned();
    if let Some(modes) = text.strip_prefix('?') {
        return b"hl".contains(&last) && modes.split(';').all(|m| m.parse().is_ok_and(|m| MODES.contains(&m)));
    }
    match last {
        b'm' => style_is_fine(&text),
        b't' => ["22;2", "23;2"].contains(&text.as_str()),
        b'H' | b'C' | b'J' | b'L' | b'M' | b'r' => text.bytes().all(|b| b.is_ascii_digit() || b == b';'),
        _ => false,
    }
}

fn style_is_fine(text: &str) -> bool {
    let mut numbers = text.split(';').map(|n| n.parse::<u32>().unwrap_or(u32::MAX));
    while let Some(number) = numbers.next() {
        let fine = match number {
            38 | 48 => match numbers.next() {
                Some(2) => (0..3).all(|_| numbers.next().is_some_and(|n| n < 256)),
                Some(5) => numbers.next().is_some_and(|n| n < 256),
                _ => false,
            },
            0..=4 | 7 | 9 | 39 | 49 => true,
            _ => false,
        };
        if !fine {
            return false;
        }
    }
    true
}

/// Modes that are not as they were before.
pub(crate) fn left_changed(raw: &[u8]) -> Vec<String> {
    let mut now: BTreeMap<String, bool> = BTreeMap::new();
    let mut titles = 0;
    for piece in pieces(raw) {
        let Piece::Csi(parameters, last) = piece else { continue };
        match (parameters, last) {
            (b"22;2", b't') => titles += 1,
            (b"23;2", b't') => titles -= 1,
            ([b'?', mode @ ..], b'h' | b'l') => {
                now.insert(String::from_utf8_lossy(mode).into_owned(), last == b'h');
            }
            _ => {}
        }
    }
    let usual = |mode: &str| mode == "25" || mode == "7";
    let mut out: Vec<String> =
        now.iter().filter(|(mode, on)| usual(mode) != **on).map(|(mode, _)| mode.clone()).collect();
    if titles != 0 {
        out.push(format!("title kept {titles} times more than given back"));
    }
    out
}

#[test]
fn the_reader_itself_finds_what_is_wrong() {
    assert_eq!(forbidden(b"\x1b[1;2H\x1b[0;38;2;1;2;3mok\x1b[?25l", false), Vec::<String>::new());
    for bad in [&b"\x1b[8m"[..], b"\x1b]52;c;eA==\x07", b"\n", b"\x1bc", b"\x1b[?9h", b"\x1b[6n", "\u{202e}".as_bytes()]
    {
        assert_eq!(forbidden(bad, false).len(), 1, "{bad:?}");
    }
    assert_eq!(left_changed(b"\x1b[?1049h\x1b[?25l\x1b[?1049l"), ["25"]);
}
