//! From what was typed to a query, or to the place where it went wrong and what would be right.

use super::fields::{self, FIELDS, Field, FieldKind, Means};
use super::{How, Operand, Operator, Query, QueryError, Term, Test};

/// A piece between spaces, with its place.
#[derive(Clone, Copy)]
struct Piece<'a> {
    start: usize,
    text: &'a str,
}

pub(super) fn parse(typed: &str) -> Result<Query, QueryError> {
    let terms = pieces(typed).into_iter().map(term).collect::<Result<Vec<_>, _>>()?;
    Ok(Query { terms: terms.into_iter().flatten().collect() })
}

/// Cuts at spaces that stand outside of quotes. A quote that is still open ends with the text: it is being typed.
fn pieces(typed: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted) = (None, false);
    for (at, c) in typed.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        match (c.is_whitespace() && !quoted, start) {
            (true, Some(from)) => {
                pieces.push(Piece { start: from, text: &typed[from..at] });
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    pieces.extend(start.map(|from| Piece { start: from, text: &typed[from..] }));
    pieces
}

/// One term; `None` for a piece that says nothing yet (`!`, `""`).
fn term(piece: Piece<'_>) -> Result<Option<Term>, QueryError> {
    let (not, body) = match piece.text.strip_prefix('!') {
        Some(body) => (true, body),
        None => (false, piece.text),
    };
    let start = piece.start + (piece.text.len() - body.len());
    let test = match split(body) {
        Some((name, operator, value)) if !name.is_empty() => {
            let value_at = start + name.len() + operator.len();
            let Some(field) = fields::find(name) else { return Err(no_field(name, start)) };
            let value = unquote(value);
            if value.is_empty() {
                return Err(QueryError {
                    at: (start, value_at),
                    message: format!("`{name}{operator}` lacks a value"),
                    hint: Some(format!("for example {}", field.example)),
                });
            }
            field_test(field, operator, &value, (value_at, start + body.len()), start)?
        }
        _ => {
            let words = unquote(body);
            if words.is_empty() {
                return Ok(None);
            }
            Test::Bare(words)
        }
    };
    Ok(Some(Term { not, test }))
}

const OPERATORS: [&str; 8] = ["<=", ">=", "!=", "<", ">", "=", ":", "~"];

/// Field, operator and value, where there is an operator outside of quotes and something like a field before it.
fn split(body: &str) -> Option<(&str, &str, &str)> {
    let at = body.find(['<', '>', '=', ':', '~', '!', '"'])?;
    let operator = OPERATORS.iter().find(|operator| body[at..].starts_with(**operator))?;
    Some((&body[..at], *operator, &body[at + operator.len()..]))
}

fn unquote(text: &str) -> String {
    text.replace('"', "")
}

fn field_test(
    field: &Field,
    operator: &str,
    value: &str,
    value_at: (usize, usize),
    start: usize,
) -> Result<Test, QueryError> {
    match field.means {
        Means::Word(word) => {
            let how = match operator {
                ":" => How::Is,
                "=" => How::Equals,
                "~" => How::Holds,
                other => {
                    return Err(QueryError {
                        at: (start, value_at.0),
                        message: format!("`{}` holds words: `{other}` does not fit", field.name),
                        hint: Some(format!("for example {}", field.example)),
                    });
                }
            };
            Ok(Test::Word { field: word, how, value: value.to_owned() })
        }
        Means::Number(number) => {
            let operator = match operator {
                ":" | "=" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::More,
                ">=" => Operator::MoreOrEqual,
                _ => {
                    return Err(QueryError {
                        at: (start, value_at.0),
                        message: format!("`{}` is a number: `~` does not fit", field.name),
                        hint: Some(format!("for example {}", field.example)),
                    });
                }
            };
            let value = operand(field, value).ok_or_else(|| no_number(field, value, value_at))?;
            Ok(Test::Number { field: number, operator, value })
        }
    }
}

fn operand(field: &Field, value: &str) -> Option<Operand> {
    if let Some(other) = fields::find(value) {
        let Means::Number(number) = other.means else { return None };
        return (other.kind == field.kind).then_some(Operand::Field(number));
    }
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let number: f64 = value[..digits].parse().ok()?;
    let unit = &value[digits..];
    let factor = match field.kind {
        FieldKind::Number if unit.is_empty() => 1.0,
        FieldKind::Number if unit == "m" => 0.001,
        FieldKind::Share if matches!(unit, "" | "%") => 1.0,
        FieldKind::Size => size(unit)?,
        FieldKind::Age => age(unit)?,
        _ => return None,
    };
    Some(number * factor).filter(|number| number.is_finite()).map(Operand::Value)
}

fn size(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    Some(match unit {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "t" => 1e12,
        "ki" => 1024.0,
        "mi" => 1_048_576.0,
        "gi" => 1_073_741_824.0,
        "ti" => 1_099_511_627_776.0,
        _ => return None,
    })
}

fn age(unit: &str) -> Option<f64> {
    Some(match unit {
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return None,
    })
}

fn no_field(name: &str, start: usize) -> QueryError {
    let lower = name.to_lowercase();
    let near =
        FIELDS.iter().map(|field| field.name).find(|known| known.starts_with(&lower) || lower.starts_with(known));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("fields are {}", FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")),
    };
    QueryError { at: (start, start + name.len()), message: format!("there is no field `{name}`"), hint: Some(hint) }
}

fn no_number(field: &Field, value: &str, at: (usize, usize)) -> QueryError {
    let wanted = match field.kind {
        FieldKind::Size => "a size such as 512Mi",
        FieldKind::Share => "a share such as 80%",
        FieldKind::Age => "a time such as 90s, 10m, 3h or 2d",
        FieldKind::Word | FieldKind::Number => "a number",
    };
    let message = format!("`{}` needs {wanted}, not `{value}`", field.name);
    QueryError { at, message, hint: Some(format!("for example {}", field.example)) }
}

impl Operator {
    /// As it is typed.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::More => ">",
            Self::MoreOrEqual => ">=",
        }
    }
}

/// A term as it can be typed.
pub(super) fn print(term: &Term) -> String {
    let not = if term.not { "!" } else { "" };
    match &term.test {
        Test::Bare(words) => format!("{not}\"{words}\""),
        Test::Word { field, how, value } => {
            let operator = match how {
                How::Is => ":",
                How::Equals => "=",
                How::Holds => "~",
            };
            format!("{not}{}{operator}\"{value}\"", fields::name_of(Means::Word(*field)))
        }
        Test::Number { field, operator, value } => {
            let operator = operator.sign();
            let value = match value {
                Operand::Value(value) => format!("{value}"),
                Operand::Field(other) => fields::name_of(Means::Number(*other)).to_owned(),
            };
            format!("{not}{}{operator}{value}", fields::name_of(Means::Number(*field)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_manual_are_understood() {
        for (typed, printed) in [
            ("env:prod ready<desired image~1.8", "env:\"prod\" ready<desired image~\"1.8\""),
            ("health:degraded !tier:production", "health:\"degraded\" !tier:\"production\""),
            ("restarts>3 name words", "restarts>3 \"name\" \"words\""),
            ("cpu_share>80% mem_share<=12.5", "cpu_share>80 memory_share<=12.5"),
            ("memory>=1.5Gi age<10m", "memory>=1610612736 age<600"),
            ("ENV:prod NS:x", "env:\"prod\" scope:\"x\""),
            ("reason~\"crash loop\"", "reason~\"crash loop\""),
            ("  ", ""),
            ("!", ""),
            ("name:\"api", "name:\"api\""),
        ] {
            let query = Query::parse(typed).unwrap();
            assert_eq!(query.to_string(), printed, "{typed}");
            assert_eq!(Query::parse(printed).unwrap(), query);
        }
    }

    #[test]
    fn errors_say_where_what_and_what_would_be_right() {
        for (typed, at, message, hint) in [
            ("env:prod heal:bad", (9, 13), "there is no field `heal`", "did you mean `health`?"),
            ("weather>500", (0, 7), "there is no field `weather`", "fields are name, env"),
            ("restarts>many", (9, 13), "`restarts` needs a number, not `many`", "for example restarts>3"),
            ("memory>5x", (7, 9), "`memory` needs a size such as 512Mi, not `5x`", "for example memory>512Mi"),
            ("cpu_share>2m", (10, 12), "`cpu_share` needs a share such as 80%, not `2m`", "for example cpu_share>80%"),
            ("!age<soon", (5, 9), "`age` needs a time such as 90s, 10m, 3h or 2d, not `soon`", "age<10m"),
            ("env<3", (0, 4), "`env` holds words: `<` does not fit", "for example env:prod"),
            ("ready~3", (0, 6), "`ready` is a number: `~` does not fit", "ready<desired"),
            ("env:", (0, 4), "`env:` lacks a value", "for example env:prod"),
            ("ready<memory", (6, 12), "`ready` needs a number, not `memory`", "ready<desired"),
        ] {
            let error = Query::parse(typed).unwrap_err();
            assert_eq!((error.at, error.message.as_str()), (at, message), "{typed}");
            assert!(error.hint.as_ref().is_some_and(|h| h.contains(hint)), "{typed}: {:?}", error.hint);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_is_understood_or_refused_with_a_place_in_it(typed in "\\PC*") {
            match Query::parse(&typed) {
                Ok(query) => proptest::prop_assert_eq!(Query::parse(&query.to_string()), Ok(query)),
                Err(error) => {
                    proptest::prop_assert!(error.at.0 <= error.at.1 && error.at.1 <= typed.len());
                    proptest::prop_assert!(typed.is_char_boundary(error.at.0) && typed.is_char_boundary(error.at.1));
                }
            }
        }

        #[test]
        fn what_looks_like_a_query_is_understood_again_as_it_prints(
            typed in "(!?(env|health|ready|restarts|memory|age|image)?[:=~<>]{0,2}[a-z0-9.\" ]{0,6} ?){0,5}"
        ) {
            if let Ok(query) = Query::parse(&typed) {
                proptest::prop_assert_eq!(Query::parse(&query.to_string()), Ok(query));
            }
        }
    }
}
