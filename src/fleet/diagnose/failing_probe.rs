//! Failing probe: an Instance runs, but its health check or readiness probe says that it does not serve.

use crate::fleet::words::instances;
use crate::model::{Finding, HealthState};

use super::crash_loop::is_looping;
use super::{Case, Evidence};

pub(super) const NAME: &str = "failing probe";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut said = None;
    for (part, instance) in case.instances().filter(|(part, one)| part.check_fails(case, one) && !is_looping(case, one))
    {
        let event = part.event(&instance.name, "Unhealthy");
        let output = instance.check_output.as_ref().or(event.map(|event| &event.message));
        let words = output.map(|output| format!(": {output}")).unwrap_or_default();
        evidence.saw(
            &instance.key,
            // The platform's own first word of it, else its start: it may never have served.
            event.and_then(|event| event.first_at).or_else(|| case.since_start(instance.started_at)),
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
    use crate::model::{CheckState, Instance, Phase, Text, Workload, WorkloadKind};

    #[test]
    fn a_check_that_fails_is_told_with_what_it_said() {
        let output = Some(Text::line("HTTP 503"));
        let failing =
            Instance { check: CheckState::Failing, ready: Some(false), check_output: output, ..pod("api", 1) };
        let found = find(check, &deployment("api", 1, 0), &[failing]).unwrap();
        assert_eq!(found.summary.shown(), "health check failing (probe) at 1 Instance: HTTP 503");
    }

    #[test]
    fn docker_is_believed_at_once_and_kubernetes_after_a_time_to_start() {
        let failing =
            Instance { check: CheckState::Failing, ready: Some(false), started_at: Some(at(-5)), ..pod("api", 1) };
        assert_eq!(find(check, &deployment("api", 1, 0), std::slice::from_ref(&failing)), None);
        let compose = Workload { kind: WorkloadKind::ComposeService, ..deployment("api", 1, 0) };
        assert!(find(check, &compose, std::slice::from_ref(&failing)).is_some());
        let ended = Instance { phase: Phase::Failed, ..failing };
        assert_eq!(find(check, &compose, &[ended]), None);
    }

    #[test]
    fn a_probed_pod_that_runs_long_and_is_not_ready_fails_its_probe() {
        let unready = |started| Instance {
            ready: Some(false),
            check: CheckState::Unknown,
            started_at: Some(at(started)),
            ..pod("api", 1)
        };
        assert!(find(check, &deployment("api", 1, 0), &[unready(-31)]).is_some());
        assert_eq!(find(check, &deployment("api", 1, 0), &[unready(-29)]), None);
        let unprobed = Workload { probed: Some(false), ..deployment("api", 1, 0) };
        assert_eq!(find(check, &unprobed, &[unready(-31)]), None);
        assert_eq!(find(check, &deployment("api", 1, 1), &[pod("api", 1)]), None);
    }
}
