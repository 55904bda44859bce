//! Untrusted text made safe, once, at the edge: the only way in which words from outside reach the rest of the program.
//!
//! A [`Text`] keeps what was said (`raw`, for JSON and identity) and a visible form (`shown`, for every screen and every
//! line of plain output). The visible form holds no control, format, blank-looking or private character: each stands
//! there as a visible escape, so that two different names never look the same (SAFETY section 3, outcomes V, D and C).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Longest name kept whole, in bytes; a longer one is cut and marked with its length and a short digest.
pub const NAME_LIMIT: usize = 512;
/// Longest line of prose kept whole (log lines, messages), in bytes.
pub const LINE_LIMIT: usize = 16 * 1024;
/// Most combining marks shown on one letter; more are written out.
const MARKS_LIMIT: usize = 4;

/// Text from outside, made safe. Equality, order and hash go by what was said, not by how it is shown.
#[derive(Clone)]
pub struct Text {
    shown: Arc<str>,
    raw: Option<Arc<str>>,
}

impl Default for Text {
    fn default() -> Self {
        Self::empty()
    }
}

impl Text {
    /// A name or other identity: at most [`NAME_LIMIT`] bytes, letters of mixed scripts written out.
    #[must_use]
    pub fn name(raw: &str) -> Self {
        Self::clean(raw, NAME_LIMIT, mixes_scripts(raw))
    }

    /// A line of prose: an event's message, a log line, an error body. Line breaks become visible escapes.
    #[must_use]
    pub fn line(raw: &str) -> Self {
        Self::clean(raw, LINE_LIMIT, false)
    }

    /// Bytes that should be text: what is not UTF-8 becomes visible as `⟦xHH⟧`.
    #[must_use]
    pub fn bytes(raw: &[u8]) -> Self {
        match std::str::from_utf8(raw) {
            Ok(text) => Self::line(text),
            Err(_) => Self::line(&decode_lossily(raw)),
        }
    }

    /// The empty text.
    #[must_use]
    pub fn empty() -> Self {
        Self::line("")
    }

    /// The visible form: safe to draw and to print, one line, no invisible character.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What was said, up to the limit: for JSON (escaped there), for requests back to the Source and for comparison.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.shown)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw().is_empty()
    }

    /// Whether another holder shares this very string: a pool of texts drops those that nobody else holds.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.shown) > 1
    }

    fn clean(raw: &str, limit: usize, spell_out_scripts: bool) -> Self {
        let kept = cut(raw, limit);
        let plain = kept.len() == raw.len() && !spell_out_scripts && kept.chars().all(is_plain);
        if plain {
            return Self { shown: Arc::from(kept), raw: None };
        }
        let mut shown = String::with_capacity(kept.len() + 16);
        let mut marks = 0;
        for c in kept.chars() {
            marks = if is_combining(c) { marks + 1 } else { 0 };
            if is_hidden(c) || marks > MARKS_LIMIT || spell_out_scripts && is_foreign_letter(c) {
                escape_into(&mut shown, c);
            } else {
                shown.push(c);
            }
        }
        if kept.len() == raw.len() {
            let same = *shown == *raw;
            return Self { shown: Arc::from(shown), raw: (!same).then(|| Arc::from(raw)) };
        }
        let mark = format!("…⟦{} bytes, sha256 {}⟧", raw.len(), short_digest(raw));
        shown.push_str(&mark);
        Self { shown: Arc::from(shown), raw: Some(Arc::from(format!("{kept}{mark}"))) }
    }
}

/// The longest prefix of at most `limit` bytes that ends between characters.
fn cut(raw: &str, limit: usize) -> &str {
    if raw.len() <= limit {
        return raw;
    }
    let mut end = limit;
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    &raw[..end]
}

fn short_digest(raw: &str) -> String {
    let digest = Sha256::digest(raw.as_bytes());
    digest.iter().take(4).fold(String::new(), |out, b| out + &format!("{b:02x}"))
}

fn decode_lossily(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("⟦x{byte:02X}⟧"));
        }
    }
    out
}

/// The quick test for the common case: printable ASCII, or letters that need no second look.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
        || (c > '\u{ff}' && !is_hidden(c) && !is_combining(c))
        || matches!(c, '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}')
}

/// Characters that a terminal may obey, hide, reorder or draw as a blank: C0, C1, every format character (Unicode
/// category Cf), line and paragraph separators, blank look-alikes, variation selectors, private use and non-characters.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    let o = u32::from(c);
    c.is_control()
        || matches!(o,
            0xA0 | 0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2
            | 0x115F..=0x1160 | 0x1680 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x2000..=0x200F | 0x2028..=0x202F
            | 0x205F..=0x206F | 0x2800 | 0x3000 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x110BD | 0x110CD | 0x13430..=0x1345F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
            | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF | 0xF0000..=0x0010_FFFF)
        || o & 0xFFFE == 0xFFFE
}

fn is_combining(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x610..=0x61A | 0x64B..=0x65F
        | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

fn escape_into(out: &mut String, c: char) {
    match c {
        '\u{1b}' => out.push('␛'),
        '\n' => out.push('␊'),
        '\r' => out.push('␍'),
        '\t' => out.push('␉'),
        '\u{7f}' => out.push('␡'),
        c if u32::from(c) < 0x20 => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('␀')),
        c => out.push_str(&format!("⟦U+{:04X}⟧", u32::from(c))),
    }
}

/// Whether a name mixes Latin letters with Cyrillic, Greek, Armenian or full-width ones, which imitate them (attack 27).
fn mixes_scripts(raw: &str) -> bool {
    raw.chars().any(|c| c.is_ascii_alphabetic()) && raw.chars().any(is_foreign_letter)
}

fn is_foreign_letter(c: char) -> bool {
    matches!(u32::from(c), 0x370..=0x3FF | 0x400..=0x52F | 0x531..=0x58F | 0x13A0..=0x13FF | 0x1F00..=0x1FFF
        | 0x2C80..=0x2CFF | 0xA4D0..=0xA4FF | 0xAB70..=0xABBF | 0xFF21..=0xFF5A | 0x1D400..=0x1D7FF)
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::line(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::line(&raw)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shown, &other.shown) || self.raw() == other.raw()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.raw().cmp(other.raw())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw().hash(state);
    }
}

/// Prints the visible form.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

/// On a tape a text is its raw form; a pair where the visible one differs, so that a replay shows the same.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.raw {
            None => serializer.serialize_str(&self.shown),
            Some(raw) => (raw.as_ref(), self.shown.as_ref()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Plain(String),
            Pair(String, String),
        }
        Ok(match Form::deserialize(deserializer)? {
            // A tape is a file from outside as well: what it says is cleaned again, the visible form included.
            Form::Plain(raw) => Self::line(&raw),
            Form::Pair(raw, shown) => Self { shown: Self::line(&shown).shown, raw: Some(Arc::from(raw)) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_as_they_are_and_cost_one_string() {
        let text = Text::name("api-7d4b9c");
        assert_eq!(text.shown(), "api-7d4b9c");
        assert!(text.raw.is_none());
    }

    #[test]
    fn v_escape_sequences_become_visible() {
        assert_eq!(Text::line("\u{1b}[2J\u{1b}[H").shown(), "␛[2J␛[H");
        assert_eq!(Text::line("\u{9b}31m").shown(), "⟦U+009B⟧31m");
        assert_eq!(Text::bytes(b"\x9b31m").shown(), "⟦x9B⟧31m");
        assert_eq!(Text::line("ok\nFAKE\r").shown(), "ok␊FAKE␍");
    }

    #[test]
    fn d_names_that_look_alike_are_told_apart() {
        for evil in ["web\u{200b}-1", "web\u{feff}-1", "web\u{ad}-1", "web-1\u{3164}", "web-1\u{a0}", "wеb-1"] {
            assert_ne!(Text::name(evil).shown(), "web-1", "{evil:?}");
            assert_ne!(Text::name(evil), Text::name("web-1"));
        }
        assert_eq!(Text::name("prоd").shown(), "pr⟦U+043E⟧d");
        assert_eq!(Text::name("прод").shown(), "прод");
    }

    #[test]
    fn c_long_names_are_cut_with_length_and_digest_so_that_twins_differ() {
        let (a, b) = ("x".repeat(64 * 1024) + "a", "x".repeat(64 * 1024) + "b");
        assert!(Text::name(&a).shown().len() < NAME_LIMIT + 64);
        assert_ne!(Text::name(&a), Text::name(&b));
        assert_ne!(Text::name(&a).shown(), Text::name(&b).shown());
    }

    #[test]
    fn a_text_survives_a_tape() {
        for raw in ["plain", "\u{1b}[2J", "prоd"] {
            let text = Text::name(raw);
            let line = serde_json::to_string(&text).unwrap();
            let back: Text = serde_json::from_str(&line).unwrap();
            assert_eq!((back.raw(), back.shown()), (text.raw(), text.shown()));
        }
    }

    proptest::proptest! {
        #[test]
        fn v_nothing_hidden_is_ever_shown(raw in ".*", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            for text in [Text::line(&raw), Text::name(&raw), Text::bytes(&bytes)] {
                proptest::prop_assert!(!text.shown().chars().any(is_hidden), "{:?}", text.shown());
            }
        }
    }
}
