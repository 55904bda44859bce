//! Restart burst: it restarted often within ten minutes, and may look well in between.

use crate::fleet::words::restarts;
use crate::model::{Finding, HealthState};

use super::crash_loop::is_looping;
use super::{Case, Evidence};

pub(super) const NAME: &str = "restart burst";

/// So many restarts in ten minutes are a burst.
const MANY: u32 = 3;

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    if case.restarts < MANY || case.instances().any(|(_, one)| is_looping(case, one)) {
        return None;
    }
    let mut evidence = Evidence::new();
    for (_, instance) in case.instances().filter(|(_, one)| one.restarts > 0) {
        let line = format!("{}: {} so far", instance.name, restarts(instance.restarts));
        evidence.saw(&instance.key, case.burst_since(instance.started_at), &line);
    }
    let summary = format!("{} in 10m", restarts(case.restarts));
    Some(evidence.finding(
        NAME,
        HealthState::Degraded,
        &summary,
        "read the logs before the last restart (`logs --previous`)",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, pod, with_case};
    use super::*;

    #[test]
    fn three_restarts_seen_in_ten_minutes_are_a_burst_two_are_not() {
        let (workload, pods) = (deployment("api", 1, 1), [pod("api", 1)]);
        assert_eq!(with_case(&workload, &pods, 2, check), None);
        let found = with_case(&workload, &pods, 3, check).unwrap();
        assert_eq!((found.severity, found.summary.shown()), (HealthState::Degraded, "3 restarts in 10m"));
    }
}
