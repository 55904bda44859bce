//! The filter language: `env:prod ready<desired image~1.8 health:degraded !tier:dev words…`.
//!
//! A query is a row of terms with spaces between them; all must hold. A term is `field`, an operator and a value, or bare
//! words that are looked for in the address; `!` before a term turns it round; quotes keep spaces. What is not known never
//! matches, neither a term nor its contrary by comparison: unknown is not zero.

mod eval;
mod fields;
mod parse;
mod signals;
mod verdict;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use eval::{InstanceRow, ServiceRow};
pub use fields::{FIELDS, Field, FieldKind};
pub use verdict::Reading;

use fields::{Number, Word};

/// A query, ready to be asked of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Letters that are looked for in the address.
    Bare(String),
    Word {
        field: Word,
        how: How,
        value: String,
    },
    Number {
        field: Number,
        operator: Operator,
        value: Operand,
    },
}

/// How a word is compared, always without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// `:` the word as a whole or one of its parts (`env:prod` finds `shop/prod`), `*` standing for anything.
    Is,
    /// `=` the whole word and nothing else.
    Equals,
    /// `~` the word holds it.
    Holds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// What a number is compared with: a value, or another number of the same row (`ready<desired`).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operand {
    Value(f64),
    Field(Number),
}

/// Why a query cannot be understood, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct QueryError {
    /// Where the trouble begins and ends, in bytes of what was typed.
    pub at: (usize, usize),
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        f.write_str(&format!("{}{hint}", self.message))
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Where a field or a value is none, with the place and what would be right.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        parse::parse(typed)
    }

    /// Whether it has no terms: everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a Service matches.
    #[must_use]
    pub fn matches(&self, row: &ServiceRow<'_>) -> bool {
        self.terms.iter().all(|term| eval::holds(&term.test, row) != term.not)
    }

    /// Whether one of a Service's Instances matches.
    #[must_use]
    pub fn matches_instance(&self, row: &InstanceRow<'_>) -> bool {
        self.terms.iter().all(|term| eval::holds(&term.test, row) != term.not)
    }
}

/// Prints a query so that it reads as the same one again.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<String> = self.terms.iter().map(parse::print).collect();
        f.write_str(&terms.join(" "))
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
