//! Rollout under way: the newest declaration does not run everywhere yet, so that nobody knows how healthy it is.

use crate::model::{Finding, HealthState, Rollout};

use super::{Case, Evidence, Part};

pub(super) const NAME: &str = "rollout under way";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in case.serving().filter(|part| part.is_live()) {
        let (Some(workload), Some(state)) = (part.workload, state(part)) else { continue };
        evidence.saw(&workload.key, workload.changed_at, &format!("{} {}: {state}", part.kind, part.name));
        words = words.or(Some(state));
    }
    let summary = format!("rollout under way: {}", words?);
    Some(evidence.finding(NAME, HealthState::Unknown, &summary, "wait for it, or watch its newest Instances"))
}

fn state(part: &Part<'_>) -> Option<String> {
    let workload = part.workload?;
    let behind = |n: Option<u32>| n.zip(workload.desired).is_some_and(|(n, desired)| n < desired);
    let numbers = match (workload.updated, workload.desired) {
        (Some(updated), Some(desired)) => format!("{updated} of {desired} updated"),
        _ => "in progress".to_owned(),
    };
    match workload.rollout {
        Rollout::Stuck { .. } => None,
        _ if !workload.observed => Some("its controller has not seen the newest declaration yet".to_owned()),
        Rollout::Paused if behind(workload.updated) => Some(format!("paused, {numbers}")),
        _ if behind(workload.updated) => Some(numbers),
        // Ready but not yet for long enough (`minReadySeconds`); that too few are ready is another rule's word.
        _ if behind(workload.available) && !behind(workload.ready) => Some("ready, not yet available".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find};
    use super::*;
    use crate::model::Workload;

    #[test]
    fn until_all_is_updated_observed_and_available_health_is_not_known() {
        let base = || deployment("api", 3, 3);
        for (workload, words) in [
            (Workload { updated: Some(1), ..base() }, "rollout under way: 1 of 3 updated"),
            (
                Workload { updated: Some(1), rollout: Rollout::Paused, ..base() },
                "rollout under way: paused, 1 of 3 updated",
            ),
            (
                Workload { observed: false, ..base() },
                "rollout under way: its controller has not seen the newest declaration yet",
            ),
            (Workload { available: Some(2), ..base() }, "rollout under way: ready, not yet available"),
        ] {
            let found = find(check, &workload, &[]).unwrap();
            assert_eq!((found.severity, found.summary.shown()), (HealthState::Unknown, words));
        }
        assert_eq!(find(check, &base(), &[]), None);
        assert_eq!(find(check, &Workload { updated: None, available: None, ..base() }, &[]), None);
    }
}
