//! Alarm: something that watches it from outside says that it fires.

use crate::fleet::words::moment;
use crate::model::{Finding, HealthState, Severity};

use super::{Case, Evidence, NOTE};

pub(super) const NAME: &str = "alarm";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let firing = case.signals.firing();
    let worst = firing.first()?;
    let mut evidence = Evidence::new();
    for alarm in &firing {
        let since = alarm.since.map(|at| format!(" since {}", moment(at, case.now))).unwrap_or_default();
        let line = format!("{} fires ({}){since}: {}", alarm.name, alarm.severity, alarm.summary);
        evidence.saw(&alarm.key, alarm.since, &line);
        if let Some(runbook) = &alarm.runbook {
            evidence.add(&format!("its runbook: {runbook}"));
        }
    }
    let held = match (alarm_value(worst), worst.threshold) {
        (Some(value), Some(limit)) => {
            format!(": {value} {} {limit}", worst.comparison.as_ref().map_or(">", |c| c.shown()))
        }
        (Some(value), None) => format!(": {value}"),
        _ if worst.summary.is_empty() => String::new(),
        _ => format!(": {}", worst.summary),
    };
    let more = if firing.len() > 1 { format!(" and {} more", firing.len() - 1) } else { String::new() };
    let summary = format!("alarm {} fires{held}{more}", worst.name);
    // A warning is worth a look; what is critical says that it does not serve as it should.
    let severity = if worst.severity == Severity::Critical { HealthState::Degraded } else { NOTE };
    Some(evidence.finding(
        NAME,
        severity,
        &summary,
        "follow its runbook where it names one, else look at what changed before it",
    ))
}

fn alarm_value(alarm: &crate::model::Alarm) -> Option<String> {
    alarm.value.map(|value| value.to_string())
}
