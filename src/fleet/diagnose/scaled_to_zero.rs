//! Scaled to zero: nothing of it should run, or it is a job that waits or has finished.

use crate::model::{Finding, HealthState, JobState};

use super::not_enough_ready::subject;
use super::{Case, Evidence, Part};

pub(super) const NAME: &str = "scaled to zero";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in &case.parts {
        let Some(state) = rest(part) else { continue };
        evidence.saw(&subject(part), None, &format!("{} {}: {state}", part.kind, part.name));
        for autoscaler in &part.autoscalers {
            evidence.add(&format!("{} {} scales it", autoscaler.kind, autoscaler.name));
        }
        words = words.or(Some(state));
    }
    Some(evidence.finding(NAME, HealthState::Idle, words?, "nothing to do, unless it should run"))
}

/// Why a part rests, if it does.
fn rest(part: &Part<'_>) -> Option<&'static str> {
    if !part.is_job() {
        return (part.desired() == Some(0)).then_some("scaled to zero: it wants no Instance");
    }
    match part.job() {
        Some(JobState::Succeeded { .. }) => Some("finished: its last run succeeded"),
        Some(JobState::Waiting) => Some("waits for its next run"),
        Some(JobState::Suspended) => Some("suspended"),
        Some(JobState::Running | JobState::Failed { .. }) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find};
    use super::*;
    use crate::model::{Workload, WorkloadKind};

    #[test]
    fn what_wants_no_instance_and_jobs_at_rest_are_idle() {
        let job = |state| Workload { kind: WorkloadKind::Job, job: Some(state), ..deployment("migrate", 1, 0) };
        for (workload, words) in [
            (deployment("off", 0, 0), Some("scaled to zero: it wants no Instance")),
            (job(JobState::Succeeded { at: None }), Some("finished: its last run succeeded")),
            (job(JobState::Suspended), Some("suspended")),
            (job(JobState::Running), None),
            (deployment("api", 1, 0), None),
        ] {
            let found = find(check, &workload, &[]);
            assert_eq!(found.as_ref().map(|found| found.summary.shown()), words);
            assert!(found.is_none_or(|found| found.severity == HealthState::Idle));
        }
    }
}
