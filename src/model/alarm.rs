//! Something calls for attention: a CloudWatch alarm, an alert of Alertmanager or Prometheus, a broker's own alarm, or one
//! of our rules.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Key, Quantity, Text, Timestamp};

/// How bad it is, worst last, so that the greatest is the worst.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    #[default]
    Warning,
    Critical,
}

impl Severity {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// By the words people put into a `severity` (or `priority`) label; what is not one of them is a warning.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" | "crit" | "page" | "emergency" | "fatal" | "error" | "high" | "p1" | "sev1" => Self::Critical,
            "info" | "information" | "informational" | "none" | "low" | "notice" | "debug" => Self::Info,
            _ => Self::Warning,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What an alarm says now; the order is the one people look in, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    Ok,
    /// Silenced or inhibited: it would fire.
    Suppressed,
    /// There is nothing to judge it by; that is not *ok*.
    NoData,
    /// It waits for its `for` to pass.
    Pending,
    Firing,
}

impl AlarmState {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Suppressed => "suppressed",
            Self::NoData => "no_data",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A fact: an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub key: Key,
    /// The namespace, account and region, or whatever scope it speaks of; empty where it has none.
    pub scope: Text,
    pub name: Text,
    pub severity: Severity,
    pub state: AlarmState,
    /// Since when its state is what it is.
    pub since: Option<Timestamp>,
    pub summary: Text,
    pub value: Option<Quantity>,
    pub threshold: Option<Quantity>,
    /// `>`, `<=`, …: how the value is held against the threshold.
    pub comparison: Option<Text>,
    /// Where its runbook lies.
    pub runbook: Option<Text>,
    /// Until when it is silenced, and why it is suppressed, in words.
    pub silenced_until: Option<Timestamp>,
    pub suppressed_by: Option<Text>,
    /// Whether anybody is told when it fires (CloudWatch's *actions enabled*).
    pub notifies: Option<bool>,
    /// What it says of itself: labels or dimensions that [`crate::fleet`] ties it to a Service by. All of them: `namespace`,
    /// `deployment`, `service`, `job`, `container`, `ClusterName`, `QueueName`, …
    pub labels: Vec<(Text, Text)>,
    /// The same alarm of several Sources (two Alertmanagers, a Prometheus rule and its alert) has one fingerprint: name and
    /// labels, as Alertmanager counts them.
    pub fingerprint: Text,
}

impl Alarm {
    /// The value of a label or dimension.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&Text> {
        self.labels.iter().find(|(k, _)| k.raw() == key).map(|(_, v)| v)
    }

    /// What was measured, held against its threshold as far as both are known: `6.1 > 5`, `6.1`; empty: neither is.
    #[must_use]
    pub fn measure(&self) -> String {
        let sign = self.comparison.as_ref().map_or("against", Text::shown);
        match (self.value, self.threshold) {
            (Some(value), Some(threshold)) => format!("{value} {sign} {threshold}"),
            (Some(value), None) => value.to_string(),
            (None, Some(threshold)) => format!("? {sign} {threshold}"),
            (None, None) => String::new(),
        }
    }
}
