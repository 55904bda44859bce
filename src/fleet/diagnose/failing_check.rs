//! Failing check: a Check that we run ourselves does not pass.

use crate::fleet::words::moment;
use crate::model::{CheckKind, Finding, HealthState, Outcome};

use super::{Case, Evidence};

pub(super) const NAME: &str = "failing check";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut first = None;
    // What the platform says of its own check is told of the Instances that fail it.
    let ours = case.signals.checks.iter().filter(|check| check.kind != CheckKind::Health);
    let failing = ours.filter(|check| check.outcome == Outcome::Failing);
    for check in failing {
        let since = check.since.map(|at| format!(" since {}", moment(at, case.now))).unwrap_or_default();
        evidence.saw(&check.key, check.since, &format!("{} {}{since}: {}", check.kind, check.target, check.message));
        first = first.or(Some(format!("{} {}: {}", check.kind, check.target, check.message)));
    }
    let more = if evidence.len() > 1 { format!(" and {} more", evidence.len() - 1) } else { String::new() };
    let summary = format!("check fails: {}{more}", first?);
    Some(evidence.finding(
        NAME,
        HealthState::Degraded,
        &summary,
        "ask the same from here by hand; then look at its logs",
    ))
}
