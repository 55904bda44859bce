//! A log line taken apart: JSON into level, message and fields; anything else stays as it is.

use serde_json::Value;

/// How loud a line is, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
    Other,
}

impl Level {
    /// Of a word such as `error`, `WARN`, `50` (pino counts 50 and above as errors).
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "error" | "err" | "fatal" | "critical" | "panic" | "50" | "60" => Self::Error,
            "warn" | "warning" | "40" => Self::Warn,
            _ => Self::Other,
        }
    }
}

/// A line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub level: Level,
    pub message: String,
    /// `key=value` of the rest, in the order of the line.
    pub fields: String,
}

const LEVELS: &[&str] = &["level", "severity", "lvl", "levelname"];
const MESSAGES: &[&str] = &["message", "msg", "event"];
/// The line's own time is shown already.
const TIMES: &[&str] = &["time", "timestamp", "ts", "@timestamp"];
/// A longer line is shown as it is: taking it apart would cost more than it tells.
const LONGEST: usize = 8 * 1024;

/// Takes a line apart; with `fields` false it stays as it is, but its level is found all the same.
#[must_use]
pub fn shape(line: &str, fields: bool) -> Shape {
    let plain = || Shape { level: guess(line), message: line.to_owned(), fields: String::new() };
    if !line.starts_with('{') || line.len() > LONGEST {
        return plain();
    }
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else { return plain() };
    let word = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).map(text);
    let level = word(LEVELS).map_or(Level::Other, |word| Level::of(&word));
    if !fields {
        return Shape { level, message: line.to_owned(), fields: String::new() };
    }
    let known = |name: &str| [LEVELS, MESSAGES, TIMES].iter().any(|names| names.contains(&name));
    let rest: Vec<String> =
        object.iter().filter(|(name, _)| !known(name)).map(|(name, value)| field(name, value)).collect();
    let level_word = word(LEVELS).map(|word| format!("{word} ")).unwrap_or_default();
    let message = word(MESSAGES).unwrap_or_default();
    Shape { level, message: format!("{level_word}{message}"), fields: rest.join(" ") }
}

fn field(name: &str, value: &Value) -> String {
    format!("{}={}", crate::model::Text::line(name), text(value))
}

/// Text inside JSON was decoded just now: what its escapes stood for is made visible again.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => crate::model::Text::line(text).shown().to_owned(),
        other => crate::model::Text::line(&other.to_string()).shown().to_owned(),
    }
}

/// The level of a plain line by a word among its first: `2026-11-21 03:12:07 ERROR …`.
fn guess(line: &str) -> Level {
    let head: String = line.chars().take(64).collect();
    let mut words = head.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 2).take(6);
    words
        .find_map(|word| match word {
            "ERROR" | "error" | "FATAL" | "fatal" | "CRITICAL" | "PANIC" | "panic" | "Error" => Some(Level::Error),
            "WARN" | "warn" | "WARNING" | "warning" | "Warning" => Some(Level::Warn),
            "INFO" | "info" | "DEBUG" | "debug" => Some(Level::Other),
            _ => None,
        })
        .unwrap_or(Level::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_as_level_message_and_fields() {
        let line = r#"{"time":"x","level":"error","msg":"boom","job":17,"queue":"crawl-jobs"}"#;
        let shown = shape(line, true);
        assert_eq!((shown.level, shown.message.as_str()), (Level::Error, "error boom"));
        assert_eq!(shown.fields, "job=17 queue=crawl-jobs");
        assert_eq!(shape(line, false).message, line);
    }

    #[test]
    fn what_is_no_json_object_stays_as_it_is() {
        for line in ["{broken", "plain words", "[1]", "{}x"] {
            assert_eq!(shape(line, true).message, line);
        }
    }

    #[test]
    fn escapes_hidden_in_json_are_made_visible() {
        let shown = shape(r#"{"msg":"a\u001b[2Jb","\u202ekey":"v"}"#, true);
        let whole = format!("{}{}", shown.message, shown.fields);
        assert!(!whole.chars().any(|c| c == '\u{1b}' || c == '\u{202e}'), "{whole:?}");
    }

    #[test]
    fn a_plain_line_has_its_level_by_its_first_words() {
        assert_eq!(shape("2026-11-21 03:12:07 ERROR it broke", true).level, Level::Error);
        assert_eq!(shape("[warn] slow", true).level, Level::Warn);
        assert_eq!(shape("INFO no error here", true).level, Level::Other);
        assert_eq!(shape("terror in the aisle", true).level, Level::Other);
    }
}
