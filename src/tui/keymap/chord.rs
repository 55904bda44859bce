//! One press of a key, as the terminal's bytes and the keymap file both spell it.

use std::fmt;
use std::str::FromStr;

/// The key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A key with what is held beside it. Shift is kept only where it is not in the character already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

impl Chord {
    /// The bare key.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// The key with Control.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// The character that it types into a text field, if it types one.
    #[must_use]
    pub fn types(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMES: &[(Code, &str, &str)] = &[
    (Code::Enter, "enter", "Enter"),
    (Code::Esc, "esc", "Esc"),
    (Code::Tab, "tab", "Tab"),
    (Code::Backspace, "backspace", "Backspace"),
    (Code::Delete, "delete", "Del"),
    (Code::Insert, "insert", "Ins"),
    (Code::Up, "up", "↑"),
    (Code::Down, "down", "↓"),
    (Code::Left, "left", "←"),
    (Code::Right, "right", "→"),
    (Code::Home, "home", "Home"),
    (Code::End, "end", "End"),
    (Code::PageUp, "pageup", "PgUp"),
    (Code::PageDown, "pagedown", "PgDn"),
    (Code::Char(' '), "space", "Space"),
];

/// As the keymap file writes it: `ctrl-r`, `shift-tab`, `f12`, `?`.
impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for (held, word) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                out.push_str(word);
            }
        }
        match (NAMES.iter().find(|(code, _, _)| *code == self.code), self.code) {
            (Some((_, word, _)), _) => out.push_str(word),
            (None, Code::Char(c)) => out.push(c),
            (None, Code::F(n)) => out.push_str(&format!("f{n}")),
            (None, other) => out.push_str(&format!("{other:?}")),
        }
        f.pad(&out)
    }
}

impl Chord {
    /// As footer and help show it: `^r`, `Enter`, `↓`. With `ascii` the arrows are words.
    #[must_use]
    pub fn shown(self, ascii: bool) -> String {
        let name = NAMES.iter().find(|(code, _, _)| *code == self.code);
        let word = match (name, self.code) {
            (Some((_, plain, shown)), _) if ascii && !shown.is_ascii() => (*plain).to_owned(),
            (Some((_, _, shown)), _) => (*shown).to_owned(),
            (None, Code::F(n)) => format!("F{n}"),
            (None, Code::Char(c)) => c.to_string(),
            (None, other) => format!("{other:?}"),
        };
        let held = [(self.ctrl, "^"), (self.alt, "Alt-"), (self.shift, "Shift-")];
        held.iter().filter(|(held, _)| *held).map(|(_, mark)| *mark).collect::<String>() + &word
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let mut rest = written;
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        while let Some((word, more)) = rest.split_once('-').filter(|(word, more)| !word.is_empty() && !more.is_empty())
        {
            match word {
                "ctrl" => ctrl = true,
                "alt" => alt = true,
                "shift" => shift = true,
                _ => return Err(format!("`{word}` is not held beside a key: use ctrl, alt or shift")),
            }
            rest = more;
        }
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(c), None) => Code::Char(c),
            _ => named(rest).ok_or_else(|| format!("there is no key `{rest}`"))?,
        };
        if shift && let Code::Char(c) = code {
            return Err(format!("write the character itself instead of shift-{c}"));
        }
        Ok(Self { code, ctrl, alt, shift })
    }
}

fn named(word: &str) -> Option<Code> {
    if let Some(n) = word.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=12).contains(&n).then_some(Code::F(n));
    }
    NAMES.iter().find(|(_, name, _)| *name == word).map(|(code, _, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_reads_back_as_it_is_written() {
        for word in ["j", "?", "ctrl-r", "shift-tab", "f12", "space", "pagedown", "-", "ctrl--", "alt-x", "G"] {
            let chord: Chord = word.parse().unwrap();
            assert_eq!(chord.to_string(), word);
        }
    }

    #[test]
    fn a_key_that_does_not_exist_is_refused_in_words() {
        for word in ["hyper-x", "f13", "shift-j", "pagedwn", ""] {
            assert!(word.parse::<Chord>().is_err(), "{word}");
        }
    }
}
