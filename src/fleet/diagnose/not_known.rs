//! Not known: the platform did not tell the numbers that health is made of. Missing is never zero, unknown never healthy.

use crate::model::{Finding, HealthState};

use super::not_enough_ready::subject;
use super::{Case, Evidence};

pub(super) const NAME: &str = "not known";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in case.parts.iter().filter(|part| part.is_live() && !part.is_job()) {
        let missing = match (part.complete, part.desired(), part.ready()) {
            (false, _, _) => "its lists are not read as a whole yet",
            (_, None, _) => "nobody tells how many should run",
            (_, Some(1..), None) => "nobody tells how many are ready",
            _ => continue,
        };
        evidence.saw(&subject(part), None, &format!("{} {}: {missing}", part.kind, part.name));
        words = words.or(Some(missing));
    }
    let denied = case.parts.iter().flat_map(|part| &part.source.status.denials);
    for denial in denied.take(3) {
        let place = denial.scope.as_ref().map(|scope| format!(" in {scope}")).unwrap_or_default();
        evidence.add(&format!("denied: {} {}{place}", denial.verb, denial.resource));
    }
    let summary = format!("not known: {}", words?);
    Some(evidence.finding(NAME, HealthState::Unknown, &summary, "grant what the Sources screen names as denied"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find, pod};
    use super::*;
    use crate::model::Workload;

    #[test]
    fn missing_numbers_are_unknown_and_never_zero() {
        let base = || deployment("api", 1, 1);
        for (workload, words) in [
            (Workload { desired: None, ..base() }, "not known: nobody tells how many should run"),
            (Workload { ready: None, ..base() }, "not known: nobody tells how many are ready"),
        ] {
            let untold = crate::model::Instance { ready: None, ..pod("api", 1) };
            let found = find(check, &workload, &[untold]).unwrap();
            assert_eq!((found.severity, found.summary.shown()), (HealthState::Unknown, words));
        }
        assert_eq!(find(check, &base(), &[]), None);
        assert_eq!(find(check, &Workload { ready: None, ..base() }, &[pod("api", 1)]), None);
    }
}
