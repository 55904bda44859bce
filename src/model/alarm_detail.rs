//! More of one alarm than its fact tells, fetched when somebody looks at it: what it went through, the curve that it is
//! held against, the alarms that it is made of.

use serde::{Deserialize, Serialize};

use super::{AlarmState, Key, Quantity, Text, Timestamp};

/// Of which alarm more is wanted, and how far back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmAsk {
    pub key: Key,
    /// As the alarm's own fact has them.
    pub scope: Text,
    pub name: Text,
    /// Turns of its state since this moment.
    pub history_since: Timestamp,
    /// Points of its curves since this moment.
    pub curves_since: Timestamp,
    pub until: Timestamp,
}

/// One change that an alarm went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmTurn {
    pub at: Timestamp,
    /// What it became; `None`: it stayed what it was, and was edited, or somebody was told.
    pub state: Option<AlarmState>,
    /// Why, or what happened, in the words of its Source.
    pub words: Text,
}

/// A measured curve that an alarm is held against, or a part of the sum that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCurve {
    /// What it shows: a metric with its statistic, or the series' own labels.
    pub name: Text,
    /// Oldest first. A gap is a gap: no point stands for what was not measured.
    pub points: Vec<(Timestamp, Quantity)>,
    /// What one point sums up.
    pub period_seconds: u32,
}

/// Another alarm that this one is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmPart {
    pub name: Text,
    /// `None`: the Source knows no alarm of this name.
    pub state: Option<AlarmState>,
    pub since: Option<Timestamp>,
}

/// What a Source knows of one alarm beside its fact. What it cannot tell is empty, and `notes` say why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmDetail {
    /// What it is made of, in its own language: an expression, a composite rule, the metric with its dimensions.
    pub rule: Option<Text>,
    /// Newest first.
    pub history: Vec<AlarmTurn>,
    /// The curve that is judged comes first.
    pub curves: Vec<AlarmCurve>,
    pub threshold: Option<Quantity>,
    /// `>`, `<=`, …: how a point is held against the threshold.
    pub comparison: Option<Text>,
    /// How many points of how many must be on the wrong side (CloudWatch: `datapoints to alarm` of `evaluation periods`).
    pub points_to_fire: Option<(u32, u32)>,
    pub parts: Vec<AlarmPart>,
    /// Who is told when it fires, as the Source names them.
    pub receivers: Vec<Text>,
    /// What could not be had, and what would help.
    pub notes: Vec<Text>,
}

impl AlarmDetail {
    /// How often it began to fire within its history.
    #[must_use]
    pub fn fired(&self) -> usize {
        self.history.iter().filter(|turn| turn.state == Some(AlarmState::Firing)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_turns_to_firing_count_as_fired() {
        let turn =
            |second: i64, state| AlarmTurn { at: Timestamp::from_second(second).unwrap(), state, words: Text::empty() };
        let history = vec![
            turn(4, None),
            turn(3, Some(AlarmState::Firing)),
            turn(2, Some(AlarmState::Ok)),
            turn(1, Some(AlarmState::Firing)),
        ];
        assert_eq!(AlarmDetail { history, ..AlarmDetail::default() }.fired(), 2);
    }
}
