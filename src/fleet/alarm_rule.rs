//! Our own alarms: a condition in the filter language that is asked of every Service, and what is raised where it holds
//! long enough.

use serde::{Deserialize, Serialize};

use super::query::{Query, QueryError};
use crate::model::Severity;

/// One `[[rule]]` of the configuration, or one of [`AlarmRule::defaults`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmRule {
    pub name: String,
    /// Asked of every Service.
    pub when: Query,
    /// So many seconds it must hold until the alarm fires; until then it is pending.
    pub for_seconds: u32,
    pub severity: Severity,
    /// What to say of it; `None`: the condition itself.
    pub summary: Option<String>,
    /// Where its runbook lies.
    pub runbook: Option<String>,
}

/// A default rule as it is written: name, condition, seconds, severity, summary.
type Written = (&'static str, &'static str, u32, Severity, &'static str);

/// The rules that hold without any configuration. They are warnings: what is critical says the health of the Service
/// itself, which most of these conditions are taken from. Each condition that speaks of what nobody measures says nothing.
const DEFAULTS: &[Written] = &[
    ("restart-burst", "restarts_10m>=3", 0, Severity::Warning, "it restarts again and again"),
    ("failing-check", "check:failing", 60, Severity::Warning, "a Check of it fails"),
    ("failing-probe", "reason:\"failing probe\"", 60, Severity::Warning, "its own health check fails"),
    ("backlog", "backlog_share>100%", 60, Severity::Warning, "more waits in a queue than its limit, in percent of it"),
    ("cpu-high", "cpu_share>80%", 300, Severity::Warning, "it uses more than 80 % of its CPU limit"),
    ("error-ratio", "error_ratio>5%", 120, Severity::Warning, "more than 5 % of its requests fail"),
    ("certificate", "certificate<21d", 0, Severity::Warning, "a certificate ends in less than 21 days"),
];

impl AlarmRule {
    /// A rule of this name and condition that fires at once, as a warning.
    ///
    /// # Errors
    /// Where the condition is no query, or an empty one (which would always hold).
    pub fn new(name: &str, when: &str) -> Result<Self, QueryError> {
        let query = Query::parse(when)?;
        if query.is_empty() {
            return Err(QueryError {
                at: (0, when.len()),
                message: "a rule without a condition would always hold".to_owned(),
                hint: Some("write one as in the filter: when = \"env:prod ready<desired\"".to_owned()),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            when: query,
            for_seconds: 0,
            severity: Severity::Warning,
            summary: None,
            runbook: None,
        })
    }

    /// The rules that hold without any configuration.
    #[must_use]
    pub fn defaults() -> Vec<Self> {
        let read = |(name, when, for_seconds, severity, summary): &Written| {
            let summary = Some((*summary).to_owned());
            Some(Self { for_seconds: *for_seconds, severity: *severity, summary, ..Self::new(name, when).ok()? })
        };
        DEFAULTS.iter().filter_map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_read_and_has_a_name_of_its_own() {
        let rules = AlarmRule::defaults();
        assert_eq!(rules.len(), DEFAULTS.len());
        for (n, rule) in rules.iter().enumerate() {
            assert!(rules[..n].iter().all(|earlier| earlier.name != rule.name));
            assert!(rule.summary.is_some() && !rule.when.is_empty());
        }
    }

    #[test]
    fn a_condition_that_says_nothing_is_refused() {
        for when in ["", "  ", "!", "\"\""] {
            assert!(AlarmRule::new("all", when).unwrap_err().message.contains("always hold"), "{when}");
        }
        assert!(AlarmRule::new("odd", "weather>5").is_err());
    }

    #[test]
    fn a_rule_is_kept_on_a_tape_and_read_back() {
        let rule = AlarmRule::new("slow", "env:prod ready<desired reason~\"crash loop\"").unwrap();
        let kept = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<AlarmRule>(&kept).unwrap(), rule);
        assert!(serde_json::from_str::<AlarmRule>(&kept.replace("ready<", "redy<")).is_err());
    }
}
