//! The limit in a rule of Prometheus: `… > N`, where the rule is that simple and nothing more.

use crate::model::Quantity;

/// Comparisons of PromQL, longer ones first, with what they are when their sides are swapped.
const SIGNS: [(&str, &str); 6] = [("==", "=="), ("!=", "!="), (">=", "<="), ("<=", ">="), (">", "<"), ("<", ">")];
/// Operators that join several conditions: then there is no one limit.
const JOINS: [&str; 3] = ["and", "or", "unless"];

/// A rule that is one comparison with a number.
pub(in crate::sources) struct Judged<'e> {
    /// What is held against the number.
    pub(in crate::sources) measured: &'e str,
    pub(in crate::sources) sign: &'static str,
    pub(in crate::sources) limit: Quantity,
}

/// How the value is held against what, if the expression is one comparison with a number.
pub(in crate::sources) fn limit(expression: &str) -> Option<(&'static str, Quantity)> {
    judged(expression).map(|judged| (judged.sign, judged.limit))
}

/// The same with what is measured.
pub(in crate::sources) fn judged(expression: &str) -> Option<Judged<'_>> {
    let expression = bare(expression);
    let mut found = None;
    for (at, word) in words(expression) {
        if JOINS.iter().any(|join| word.eq_ignore_ascii_case(join)) {
            return None;
        }
        if let Some((sign, turned)) = SIGNS.iter().find(|(sign, _)| *sign == word) {
            let before = found.replace((at, *sign, *turned));
            if before.is_some() {
                return None;
            }
        }
    }
    let (at, sign, turned) = found?;
    let (left, right) = (&expression[..at], &expression[at + sign.len()..]);
    let right = right.trim().strip_prefix("bool").filter(|rest| rest.starts_with([' ', '('])).unwrap_or(right);
    match (number(left), number(right)) {
        (None, Some(limit)) => Some(Judged { measured: bare(left), sign, limit }),
        (Some(limit), None) => Some(Judged { measured: bare(right), sign: turned, limit }),
        _ => None,
    }
}

fn number(side: &str) -> Option<Quantity> {
    bare(side).parse().ok().and_then(Quantity::new)
}

/// Without blanks and parentheses around the whole.
fn bare(mut text: &str) -> &str {
    loop {
        text = text.trim();
        let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        match inner {
            Some(inner) if closes_last(text) => text = inner,
            _ => return text,
        }
    }
}

/// Whether the parenthesis that opens the text is closed by its last one.
fn closes_last(text: &str) -> bool {
    let mut depth = 0_usize;
    for (at, c) in outside_quotes(text) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// Words and comparison signs that stand outside of parentheses, selectors, ranges, quotes and comments, with their places.
fn words(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    let mut end_of_last = 0;
    for (at, c) in outside_quotes(text) {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 || at < end_of_last => {}
            '=' | '!' | '<' | '>' => {
                if let Some((sign, _)) = SIGNS.iter().find(|(sign, _)| text[at..].starts_with(sign)) {
                    found.push((at, &text[at..at + sign.len()]));
                    end_of_last = at + sign.len();
                }
            }
            c if is_letter(c) => {
                let length = text[at..].find(|c| !is_letter(c)).unwrap_or(text.len() - at);
                found.push((at, &text[at..at + length]));
                end_of_last = at + length;
            }
            _ => {}
        }
    }
    found
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':')
}

/// The characters that stand neither in quotes nor in a comment.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped, mut comment) = (None, false, false);
    text.char_indices().filter(move |(_, c)| {
        if comment {
            comment = *c != '\n';
            return false;
        }
        match quote {
            Some(_) if escaped => escaped = false,
            Some(open) => {
                escaped = *c == '\\' && open != '`';
                if *c == open {
                    quote = None;
                }
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(*c),
            None if *c == '#' => comment = true,
            None => return true,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simple_comparison_has_a_limit() {
        for (expression, sign, at) in [
            ("vector(6.1) > 5", ">", 5.0),
            ("up == 0", "==", 0.0),
            ("up{job=\"a == 1\"}!=1", "!=", 1.0),
            ("sum(rate(x{code=~\"5..\"}[5m])) / sum(rate(x[5m])) >= 0.05", ">=", 0.05),
            ("(\n  (a and b) > 1\n)", ">", 1.0),
            ("100 * a < bool (20)", "<", 20.0),
            ("80 < a", ">", 80.0),
            ("a > -1e3 # the limit", ">", -1000.0),
            ("'or' > 2", ">", 2.0),
            ("operator_up > 2", ">", 2.0),
        ] {
            let expression = expression.trim_end_matches("# the limit");
            let found = limit(expression).unwrap_or_else(|| panic!("{expression}"));
            assert_eq!((found.0, found.1.get()), (sign, at), "{expression}");
        }
        assert_eq!(judged("80 < (sum(x))").unwrap().measured, "sum(x)");
        assert_eq!(judged("sum(a) / sum(b) > 5").unwrap().measured, "sum(a) / sum(b)");
    }

    #[test]
    fn anything_less_simple_has_none() {
        for expression in [
            "",
            "up",
            "absent(up)",
            "a > 5 and b > 6",
            "a > 5 unless on(x) b",
            "a > b",
            "1 > 2",
            "a > 5 * 60",
            "a > NaN",
            "a > +Inf",
            "(a > 1) or (b > 2)",
            "1 < a < 5",
            "\"a > 5",
            "a > 5)",
            "((((",
            "ä > 🦀",
        ] {
            assert_eq!(limit(expression), None, "{expression}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_harm(text in "\\PC*", shaped in "[a-z(){}\\[\\]<>=!\"'` 0-9#\\\\]{0,40}") {
            for expression in [text, shaped] {
                // A limit that is read is one of the signs of the language; what it is held against may stand on either side.
                let read = limit(&expression).is_none_or(|(sign, _)| ["<", "<=", ">", ">=", "==", "!="].contains(&sign));
                proptest::prop_assert!(read, "{expression}");
            }
        }
    }
}
