//! No health check: it runs, but nothing proves that it serves; so it is never called healthy.

use crate::model::{Finding, HealthState, Platform};

use super::not_enough_ready::subject;
use super::{Case, Evidence};

pub(super) const NAME: &str = "no health check";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    if case.signals.is_proven() {
        return None;
    }
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in case.serving().filter(|part| part.probed() != Some(true)) {
        let what = match part.workload.map(|workload| workload.platform) {
            Some(Platform::Kubernetes) => "readiness probe",
            _ => "health check",
        };
        let line = match part.probed() {
            Some(_) => format!("{} {}: no {what} is declared", part.kind, part.name),
            None => format!("{} {}: it is not known whether a {what} is declared", part.kind, part.name),
        };
        evidence.saw(&subject(part), None, &line);
        words = words.or(Some(format!("not checked: no {what}")));
    }
    let summary = words?;
    let advice = "declare a health check or a readiness probe that asks what its users ask";
    Some(evidence.finding(NAME, HealthState::Unchecked, &summary, advice))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find, pod};
    use super::*;
    use crate::model::{CheckState, Instance, Workload};

    #[test]
    fn what_nothing_probes_is_not_checked() {
        let bare = Workload { probed: Some(false), ..deployment("bare", 1, 1) };
        let found = find(check, &bare, &[pod("bare", 1)]).unwrap();
        assert_eq!(
            (found.severity, found.summary.shown()),
            (HealthState::Unchecked, "not checked: no readiness probe")
        );
        assert_eq!(find(check, &deployment("api", 1, 1), &[pod("api", 1)]), None);
        assert_eq!(find(check, &Workload { probed: Some(false), ..deployment("off", 0, 0) }, &[]), None);
    }

    #[test]
    fn where_the_workload_does_not_tell_its_instances_do() {
        let untold = Workload { probed: None, ..deployment("api", 2, 2) };
        assert_eq!(find(check, &untold, &[pod("api", 1), pod("api", 2)]), None);
        let absent = Instance { check: CheckState::Absent, ..pod("api", 2) };
        assert!(find(check, &untold, &[pod("api", 1), absent]).is_some());
        assert!(find(check, &untold, &[]).is_some());
    }
}
