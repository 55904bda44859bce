//! JSON in which every control and format character is written as `\uXXXX`: safe to look at in a terminal, and nothing lost.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::model::{Text, text};

/// Writes one value compactly.
///
/// # Errors
/// Where `out` cannot be written.
pub fn write<T: Serialize>(out: &mut impl Write, value: &T) -> Result<(), serde_json::Error> {
    value.serialize(&mut Serializer::with_formatter(out, Escaping))
}

/// What somebody said, whole: the form for JSON.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a>(pub &'a Text);

impl Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.raw())
    }
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| text::is_hidden(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hidden.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(raw: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, &raw).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn v_control_and_format_characters_are_escaped_and_the_rest_is_whole() {
        assert_eq!(written("a\u{1b}[2J"), r#""a\u001b[2J""#);
        assert_eq!(written("\u{9b}\u{202e}\u{200b}\u{7f}"), r#""\u009b\u202e\u200b\u007f""#);
        assert_eq!(written("\u{e0001}"), r#""\udb40\udc01""#);
        assert_eq!(written("grün 日本 \"q\" \\"), r#""grün 日本 \"q\" \\""#);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_reads_back_the_same_and_hides_nothing(raw in proptest::prelude::any::<String>()) {
            let json = written(&raw);
            proptest::prop_assert!(!json.chars().any(text::is_hidden));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), raw);
        }
    }
}
