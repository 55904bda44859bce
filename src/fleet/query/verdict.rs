//! A query as the condition of a rule: it holds, it does not, or nobody knows; since when, when time alone may change that,
//! and the number that it goes by. Unknown is never taken for an answer.

use crate::fleet::words::after;
use crate::model::{Finding, HealthState, Timestamp};

use super::eval::{Row as _, ServiceRow, compare, holds, operand};
use super::fields::{self, FieldKind, Means, Number, Word};
use super::{Operand, Operator, Query, Term, Test};

/// The number that a condition goes by, held against its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub value: f64,
    pub threshold: f64,
    /// `>`, `<=`, …
    pub sign: &'static str,
    /// What the number is: percent, seconds, bytes.
    pub kind: FieldKind,
    /// The time that it counts: the moment it began at, or ends at.
    pub moment: Option<Timestamp>,
    /// Whether it comes near the limit: at least half of it, or at most twice as far above.
    pub near: bool,
}

/// Since when a term holds.
enum Began {
    /// It speaks of what does not change by itself (a name, a tier).
    Always,
    At(Timestamp),
    /// Facts do not tell.
    Untold,
}

/// How a number moves by time alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Rests,
    Grows,
    Shrinks,
}

impl Number {
    fn flow(self) -> Flow {
        match self {
            Self::Age | Self::Changed | Self::Oldest => Flow::Grows,
            Self::Certificate => Flow::Shrinks,
            _ => Flow::Rests,
        }
    }
}

impl Query {
    /// Whether it holds of a Service; `None`: too little is known to say.
    pub(in crate::fleet) fn verdict(&self, row: &ServiceRow<'_>) -> Option<bool> {
        let mut all = Some(true);
        for term in &self.terms {
            match judge(&term.test, row).map(|holds| holds != term.not) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
        all
    }

    /// Since when it holds, where facts tell that of each of its terms.
    pub(in crate::fleet) fn began(&self, row: &ServiceRow<'_>, findings: &[Finding]) -> Option<Timestamp> {
        let mut last = None;
        for term in &self.terms {
            match began(term, row, findings) {
                Began::Always => {}
                Began::At(at) => last = last.max(Some(at)),
                Began::Untold => return None,
            }
        }
        last
    }

    /// When time alone may change what it says.
    pub(in crate::fleet) fn turns_at(&self, row: &ServiceRow<'_>) -> Option<Timestamp> {
        let times = self.terms.iter().filter_map(|term| {
            let Test::Number { field, value: Operand::Value(limit), .. } = &term.test else { return None };
            let value = row.number(*field)?;
            let left = match field.flow() {
                Flow::Rests => return None,
                Flow::Grows => limit - value,
                Flow::Shrinks => value - limit,
            };
            // A second later it lies on the other side, whichever of `<` and `<=` was asked.
            (left >= 0.0).then(|| after(row.now, seconds(left) + 1))
        });
        times.min()
    }

    /// The first number that it compares, as it is now.
    pub(in crate::fleet) fn reading(&self, row: &ServiceRow<'_>) -> Option<Reading> {
        self.terms.iter().find_map(|term| {
            let Test::Number { field, operator, value } = &term.test else { return None };
            let (value, threshold) = row.number(*field).zip(operand(*value, row))?;
            let moment = match field.flow() {
                Flow::Rests => None,
                Flow::Grows => Some(after(row.now, -seconds(value))),
                Flow::Shrinks => Some(after(row.now, seconds(value))),
            };
            let near = match operator {
                Operator::Less | Operator::LessOrEqual => value <= threshold * 2.0,
                _ => value >= threshold / 2.0,
            };
            let kind = fields::kind_of(Means::Number(*field));
            Some(Reading { value, threshold, sign: operator.sign(), kind, moment, near })
        })
    }

    /// The rules of `why` that speak of the same trouble.
    pub(in crate::fleet) fn told_by(&self) -> Vec<&'static str> {
        let of = |term: &Term| -> &'static [&'static str] {
            match &term.test {
                Test::Word { field: Word::Check, .. } => &["failing check"],
                Test::Word { field: Word::QueueState, .. }
                | Test::Number { field: Number::Backlog | Number::BacklogShare | Number::Oldest, .. } => &["backlog"],
                Test::Word { field: Word::Alarm, .. } => &["alarm"],
                Test::Number { field: Number::RestartsLately | Number::Restarts, .. } => {
                    &["restart burst", "crash loop", "OOM kill"]
                }
                Test::Number { field: Number::Ready | Number::Desired, .. } => &["not enough ready"],
                _ => &[],
            }
        };
        self.terms.iter().flat_map(of).copied().collect()
    }

    /// Whether it asks for the health that `why` has found, or for its reasons: then these say it already.
    pub(in crate::fleet) fn asks_for_reasons(&self) -> bool {
        let asks = |term: &Term| matches!(term.test, Test::Word { field: Word::Reason | Word::Health, .. });
        self.terms.iter().any(asks)
    }
}

fn judge(test: &Test, row: &ServiceRow<'_>) -> Option<bool> {
    match test {
        Test::Bare(_) => Some(holds(test, row)),
        Test::Word { field, .. } => match holds(test, row) {
            true => Some(true),
            false => (!is_unsure(*field, row)).then_some(false),
        },
        Test::Number { field, operator, value } => {
            let (a, b) = row.number(*field).zip(operand(*value, row))?;
            Some(operator.holds(a, b))
        }
    }
}

/// Whether a word may be true although nothing says so now.
fn is_unsure(field: Word, row: &ServiceRow<'_>) -> bool {
    match field {
        Word::Health | Word::Reason => row.service.health.state == HealthState::Unknown,
        field => row.is_unsure_of_signals(field),
    }
}

fn began(term: &Term, row: &ServiceRow<'_>, findings: &[Finding]) -> Began {
    let earliest = |times: &mut dyn Iterator<Item = Option<Timestamp>>| match times.collect::<Option<Vec<_>>>() {
        Some(times) => times.into_iter().min().map_or(Began::Untold, Began::At),
        None => Began::Untold,
    };
    match &term.test {
        Test::Bare(_) => Began::Always,
        Test::Word { field: Word::Health, .. } => row.service.health_since.map_or(Began::Untold, Began::At),
        Test::Word { field: Word::Reason, how, value } if !term.not => {
            let says = |word: &str| compare(Word::Reason, *how, word, value);
            let fitting = findings.iter().filter(|f| says(f.rule.shown()) || says(f.summary.shown()));
            earliest(&mut fitting.map(|finding| finding.since))
        }
        Test::Word { field: field @ (Word::QueueState | Word::Check | Word::Alarm), how, value } if !term.not => {
            earliest(&mut row.signal_times(*field, &|word| compare(*field, *how, word, value)))
        }
        Test::Word { field: Word::Reason | Word::QueueState | Word::Check | Word::Alarm | Word::Phase, .. } => {
            Began::Untold
        }
        Test::Word { .. } => Began::Always,
        Test::Number { field: Number::RestartsLately, .. } => {
            earliest(&mut row.restarts_lately().map(|(at, _)| Some(at)))
        }
        Test::Number { field, operator, value: Operand::Value(limit) } => timed(*field, *operator, *limit, row),
        Test::Number { .. } => Began::Untold,
    }
}

/// Since when a number that moves with time lies on this side of its limit.
fn timed(field: Number, operator: Operator, limit: f64, row: &ServiceRow<'_>) -> Began {
    let Some(value) = row.number(field) else { return Began::Untold };
    let back = match (field.flow(), operator) {
        (Flow::Grows, Operator::More | Operator::MoreOrEqual) => value - limit,
        (Flow::Grows, Operator::Less | Operator::LessOrEqual) => value,
        (Flow::Shrinks, Operator::Less | Operator::LessOrEqual) => limit - value,
        _ => return Began::Untold,
    };
    Began::At(after(row.now, -seconds(back)))
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to a few thousand years")]
fn seconds(n: f64) -> i64 {
    n.clamp(-1e11, 1e11) as i64
}
