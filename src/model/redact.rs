//! Secrets masked in text that leaves its place: log lines on screen, raw descriptions, tapes (SAFETY attack 51).

use std::borrow::Cow;

/// What stands where a secret stood.
pub const MASK: &str = "••••••";

/// Words in a key's name that say its value is a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "private_key",
    "credential",
];

/// Whether a setting of that name holds a secret: `DB_PASSWORD`, `api-key`, `AWS_SECRET_ACCESS_KEY`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| lower.contains(word))
}

/// Masks what looks like a secret in a line: values of secret names (`DB_PASSWORD=…`, `"token": "…"`), bearer tokens,
/// passwords in URLs (`amqp://u:p@h`), AWS access key ids. Borrows where there is nothing to mask.
#[must_use]
pub fn mask(line: &str) -> Cow<'_, str> {
    let mut spans = Vec::new();
    assignments(line, &mut spans);
    bearers(line, &mut spans);
    url_passwords(line, &mut spans);
    access_keys(line, &mut spans);
    if spans.is_empty() {
        return Cow::Borrowed(line);
    }
    spans.sort_unstable();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    for (start, end) in spans {
        if start >= at && end > start {
            out.push_str(&line[at..start]);
            out.push_str(MASK);
            at = end;
        }
    }
    out.push_str(&line[at..]);
    Cow::Owned(out)
}

type Spans = Vec<(usize, usize)>;

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

fn ends_value(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b',' | b';' | b'&' | b')' | b'}' | b']')
}

/// Where the value that begins at `from` ends; the backslash of an escaped quote belongs to the quote.
fn value_end(line: &str, from: usize) -> usize {
    let end = line.as_bytes()[from..].iter().position(|b| ends_value(*b)).map_or(line.len(), |n| from + n);
    let quoted = line.as_bytes().get(end).is_some_and(|b| matches!(b, b'"' | b'\''));
    if quoted && end > from && line.as_bytes()[end - 1] == b'\\' { end - 1 } else { end }
}

/// Masks every string in a JSON value; a string under a secret name is masked whole.
pub fn mask_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            if let Cow::Owned(masked) = mask(text) {
                *text = masked;
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask_json),
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    serde_json::Value::String(text) if is_secret_name(name) => MASK.clone_into(text),
                    other => mask_json(other),
                }
            }
        }
        _ => {}
    }
}

/// `NAME=value`, `NAME: value`, `"name":"value"`, with quotes (also escaped ones) around either.
fn assignments(line: &str, spans: &mut Spans) {
    let bytes = line.as_bytes();
    for (at, sign) in bytes.iter().enumerate() {
        if !matches!(sign, b'=' | b':') {
            continue;
        }
        let name_end = line[..at].trim_end_matches(['"', '\'', '\\', ' ']).len();
        let name_start = bytes[..name_end].iter().rposition(|b| !is_word(*b)).map_or(0, |n| n + 1);
        if !is_secret_name(&line[name_start..name_end]) {
            continue;
        }
        let start = at + 1 + line[at + 1..].len() - line[at + 1..].trim_start_matches(['"', '\'', '\\', ' ']).len();
        let end = value_end(line, start);
        let value = &line[start..end];
        if !value.is_empty() && !value.starts_with(['[', '{']) && !matches!(value, "null" | "true" | "false") {
            spans.push((start, end));
        }
    }
}

fn bearers(line: &str, spans: &mut Spans) {
    let lower = line.to_ascii_lowercase();
    for word in ["bearer ", "basic "] {
        for (at, _) in lower.match_indices(word) {
            let start = at + word.len();
            let end = value_end(line, start);
            if end - start >= 12 {
                spans.push((start, end));
            }
        }
    }
}

/// `scheme://user:password@host`.
fn url_passwords(line: &str, spans: &mut Spans) {
    for (at, _) in line.match_indices("://") {
        let start = at + 3;
        let end = line.as_bytes()[start..]
            .iter()
            .position(|b| ends_value(*b) || matches!(b, b'/' | b'?' | b'#'))
            .map_or(line.len(), |n| start + n);
        let authority = &line[start..end];
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some(colon) = user.find(':')
        {
            spans.push((start + colon + 1, start + user.len()));
        }
    }
}

/// `AKIA…` and `ASIA…`: twenty capitals and digits.
fn access_keys(line: &str, spans: &mut Spans) {
    for prefix in ["AKIA", "ASIA"] {
        for (at, _) in line.match_indices(prefix) {
            let run = line.as_bytes()[at..].iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
            if run == 20 {
                spans.push((at + 4, at + run));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_secrets_are_masked_wherever_they_stand() {
        for (line, hidden) in [
            ("DB_PASSWORD=hunter2 next", "hunter2"),
            (r#"{"api_key":"abc123","n":1}"#, "abc123"),
            (r#"{\"token\": \"abc123\"}"#, "abc123"),
            ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.x.y", "eyJhbGci"),
            ("amqp://user:p4ss@rabbit:5672/", "p4ss"),
            ("key AKIAABCDEFGHIJKLMNOP used", "ABCDEFGHIJKLMNOP"),
            ("password: correct-horse", "correct-horse"),
        ] {
            let masked = mask(line);
            assert!(!masked.contains(hidden) && masked.contains(MASK), "{masked}");
        }
    }

    #[test]
    fn ordinary_lines_are_left_alone() {
        for line in ["level=info msg=\"request 12 done\"", "http://app:3000/health", "tokens: [", "GET /secret/ 200"] {
            assert_eq!(mask(line), line);
        }
    }

    #[test]
    fn m_strings_in_json_are_masked_by_name_and_by_content() {
        let mut value = serde_json::json!({ "password": "a\"b", "lines": ["x", "API_TOKEN=abc"], "n": 1 });
        mask_json(&mut value);
        assert_eq!(value, serde_json::json!({ "password": MASK, "lines": ["x", format!("API_TOKEN={MASK}")], "n": 1 }));
    }

    proptest::proptest! {
        #[test]
        fn masking_leaves_no_value_of_a_secret_name(value in "[a-zA-Z0-9/+=!$%^*_-]{1,40}", quote in "[\"' ]?") {
            let masked = mask(&format!("X_PASSWORD={quote}{value}{quote} end")).into_owned();
            proptest::prop_assert_eq!(masked, format!("X_PASSWORD={quote}{MASK}{quote} end"));
        }
    }
}
