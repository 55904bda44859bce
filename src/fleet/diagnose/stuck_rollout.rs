//! Stuck rollout: the platform gave up waiting for the newest version.

use crate::fleet::words::moment;
use crate::model::{Finding, HealthState, Rollout};

use super::{Case, Evidence};

pub(super) const NAME: &str = "stuck rollout";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut said = None;
    for part in &case.parts {
        let (Some(workload), Rollout::Stuck { message, since }) = (part.workload, part.rollout()) else { continue };
        let when = since.map(|at| format!(" at {}", moment(at, case.now))).unwrap_or_default();
        evidence.saw(&workload.key, *since, &format!("{} {}: {message}{when}", part.kind, part.name));
        if let (Some(updated), Some(desired)) = (workload.updated, workload.desired) {
            evidence.add(&format!("{updated} of {desired} Instances are of the newest version"));
        }
        said = said.or(Some(message));
    }
    let said = said?;
    let summary = format!("rollout stuck: progress deadline exceeded: {said}");
    let advice = "look at the newest Instances; undo the rollout where the version before serves";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, find};
    use super::*;
    use crate::model::{Text, Workload};

    #[test]
    fn it_is_degraded_although_the_old_version_serves() {
        let message = Text::line("ReplicaSet \"api-2\" has timed out progressing.");
        let stuck = Rollout::Stuck { message, since: Some(at(-60)) };
        let workload = Workload { rollout: stuck, updated: Some(1), ..deployment("api", 2, 2) };
        let found = find(check, &workload, &[]).unwrap();
        assert_eq!((found.severity, found.since), (HealthState::Degraded, Some(at(-60))));
        assert!(found.summary.shown().starts_with("rollout stuck: progress deadline exceeded: ReplicaSet"));
        assert_eq!(found.evidence[1].shown(), "1 of 2 Instances are of the newest version");
        assert_eq!(find(check, &deployment("api", 2, 2), &[]), None);
    }
}
