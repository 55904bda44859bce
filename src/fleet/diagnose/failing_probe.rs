//! Failing probe: an Instance runs, but its health check or readiness probe says that it does not serve.

use crate::fleet::words::instances;
use crate::model::{CheckState, Finding, HealthState, Instance, Phase};

use super::crash_loop::is_looping;
use super::{Case, Evidence, Part};

pub(super) const NAME: &str = "failing probe";

/// So long after its start an Instance that is not ready is still starting, unless its check says that it fails.
const START_SECONDS: i64 = 60;

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut said = None;
    for (part, instance) in case.instances().filter(|(part, one)| is_failing(case, part, one)) {
        let event = part.event(&instance.name, "Unhealthy");
        let output = instance.check_output.as_ref().or(event.map(|event| &event.message));
        let words = output.map(|output| format!(": {output}")).unwrap_or_default();
        evidence.saw(
            &instance.key,
            instance.started_at,
            &format!("{}: runs, but its health check fails{words}", instance.name),
        );
        said = said.or(output);
    }
    if evidence.is_empty() {
        return None;
    }
    let said =
        said.filter(|said| !said.is_empty()).map(|said| format!(": {}", short(said.shown()))).unwrap_or_default();
    let summary = format!("health check failing (probe) at {}{said}", instances(evidence.len()));
    let advice = "call what the check calls and read the answer; look at what it depends on";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

fn is_failing(case: &Case<'_>, part: &Part<'_>, instance: &Instance) -> bool {
    if instance.check == CheckState::Failing {
        return true;
    }
    // Kubernetes tells of a readiness probe only that the pod is not ready.
    let silent = instance.phase == Phase::Running
        && instance.ready == Some(false)
        && instance.waiting.is_none()
        && instance.check != CheckState::Starting
        && part.probed() == Some(true);
    let started = instance.started_at.or(instance.created_at);
    silent && !is_looping(case, instance) && !started.is_some_and(|at| case.is_within(at, START_SECONDS))
}

/// The beginning of what a check said: a whole error page has no room in a line of reasons.
fn short(said: &str) -> String {
    match said.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, find, pod};
    use super::*;
    use crate::model::Text;

    #[test]
    fn a_check_that_fails_is_told_with_what_it_said() {
        let output = Some(Text::line("HTTP 503"));
        let failing =
            Instance { check: CheckState::Failing, ready: Some(false), check_output: output, ..pod("api", 1) };
        let found = find(check, &deployment("api", 1, 0), &[failing]).unwrap();
        assert_eq!(found.summary.shown(), "health check failing (probe) at 1 Instance: HTTP 503");
    }

    #[test]
    fn a_probed_pod_that_runs_long_and_is_not_ready_fails_its_probe() {
        let unready = |started| Instance {
            ready: Some(false),
            check: CheckState::Unknown,
            started_at: Some(at(started)),
            ..pod("api", 1)
        };
        assert!(find(check, &deployment("api", 1, 0), &[unready(-61)]).is_some());
        assert_eq!(find(check, &deployment("api", 1, 0), &[unready(-30)]), None);
        let unprobed = crate::model::Workload { probed: Some(false), ..deployment("api", 1, 0) };
        assert_eq!(find(check, &unprobed, &[unready(-61)]), None);
        assert_eq!(find(check, &deployment("api", 1, 1), &[pod("api", 1)]), None);
    }
}
