//! Not enough ready: fewer Instances serve than are wanted.

use crate::fleet::words::instances;
use crate::model::{Finding, HealthState, Instance, Key, Kind, Phase};

use super::{Case, Evidence, Part, is_wanted};

pub(super) const NAME: &str = "not enough ready";

/// An Instance that is younger than this and in no trouble is starting; that alone makes nothing degraded.
const START_SECONDS: i64 = 30;

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let (mut wanted, mut ready, mut excused) = (0_u32, 0_u32, true);
    for part in case.serving().filter(|part| part.is_live() && part.complete) {
        let (Some(desired), Some(serving)) = (part.desired(), part.ready()) else { continue };
        wanted = wanted.saturating_add(desired);
        ready = ready.saturating_add(serving.min(desired));
        if serving >= desired {
            continue;
        }
        excused &= is_starting(case, part, desired - serving);
        let line = format!("{} {}: {serving} of {} ready", part.kind, part.name, instances(desired as usize));
        // Of what never was there nobody tells since when; an Instance that is not ready may be so since its start.
        let unready = part.instances.iter().filter(|one| is_wanted(one) && one.ready == Some(false));
        let since = unready.filter_map(|one| case.since_start(one.started_at.or(one.created_at))).min();
        evidence.saw(&subject(part), since, &line);
        for one in part.instances.iter().filter(|one| is_wanted(one) && one.ready != Some(true)).take(3) {
            evidence.add(&format!("{}: {}", one.name, one.phase.word()));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    let (severity, what) = match (ready, excused) {
        (0, true) => (HealthState::Degraded, ", starting"),
        (0, false) => (HealthState::Down, ""),
        (_, true) => (HealthState::Unknown, ", the others are starting"),
        (_, false) => (HealthState::Degraded, ""),
    };
    let summary = format!("{ready} of {wanted} ready{what}");
    Some(evidence.finding(NAME, severity, &summary, "look at the Instances that are not ready and at their Events"))
}

/// Whether all that is missing has only just begun: as many young Instances without trouble as are wanted.
fn is_starting(case: &Case<'_>, part: &Part<'_>, missing: u32) -> bool {
    let young = |one: &&&Instance| {
        one.ready != Some(true)
            && matches!(one.phase, Phase::Pending | Phase::Running)
            && one.restarts == 0
            && one.unschedulable.is_none()
            && one.waiting.as_ref().is_none_or(|w| matches!(w.reason.raw(), "ContainerCreating" | "PodInitializing"))
            && one.started_at.max(one.created_at).is_some_and(|at| case.is_within(at, START_SECONDS))
            && !part.check_fails(case, one)
    };
    part.instances.iter().filter(young).count() >= missing as usize
}

/// The Workload, or something that stands for it where it is not known.
pub(super) fn subject(part: &Part<'_>) -> Key {
    let known = part.workload.map(|workload| &workload.key).or(part.instances.first().map(|one| &one.key));
    known.cloned().unwrap_or_else(|| {
        Key::new(&part.source.name, Kind::Workload, &format!("{}/{}", part.scope.raw(), part.name.raw()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, find, pod};
    use super::*;

    #[test]
    fn none_ready_is_down_and_some_are_degraded() {
        for (desired, ready, severity, words) in [
            (1, 0, Some(HealthState::Down), "0 of 1 ready"),
            (4, 3, Some(HealthState::Degraded), "3 of 4 ready"),
            (3, 3, None, ""),
            (2, 3, None, ""),
            (0, 0, None, ""),
        ] {
            let found = find(check, &deployment("api", desired, ready), &[]);
            assert_eq!(found.as_ref().map(|found| found.severity), severity);
            assert!(found.is_none_or(|found| found.summary.shown() == words));
        }
    }

    #[test]
    fn a_young_instance_in_no_trouble_is_starting() {
        let young =
            Instance { ready: Some(false), created_at: Some(at(-5)), started_at: Some(at(-3)), ..pod("api", 2) };
        let found = find(check, &deployment("api", 2, 1), &[pod("api", 1), young.clone()]).unwrap();
        assert_eq!(found.severity, HealthState::Unknown);
        let found = find(check, &deployment("api", 1, 0), std::slice::from_ref(&young)).unwrap();
        assert_eq!(found.severity, HealthState::Degraded);
        let crashed = Instance { restarts: 1, ..young };
        let found = find(check, &deployment("api", 2, 1), &[pod("api", 1), crashed]).unwrap();
        assert_eq!(found.severity, HealthState::Degraded);
    }
}
