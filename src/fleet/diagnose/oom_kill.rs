//! OOM kill: an Instance went over its memory limit and was killed for it.

use crate::fleet::words::{instances, restarts, size};
use crate::model::{Finding, HealthState, JobState, Phase};

use super::exited::exit_words;
use super::{Case, Evidence, NOTE};

pub(super) const NAME: &str = "OOM kill";

/// A kill is told this long after it, as a note where the Instance serves again.
const REMEMBERED_SECONDS: i64 = 6 * 3600;
/// So long after it the kill still counts against the health.
const FRESH_SECONDS: i64 = 600;

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut severity = NOTE;
    let mut limit = None;
    for (part, instance) in case.instances() {
        let Some(exit) = instance.last_exit.as_ref().filter(|exit| exit.out_of_memory) else { continue };
        // One that has ended and was replaced, or a job's that a later run made good, is only not cleared away yet.
        let over = matches!(instance.phase, Phase::Failed | Phase::Succeeded | Phase::Stopping);
        let missed = if part.is_job() { matches!(part.job(), Some(JobState::Failed { .. })) } else { part.is_short() };
        let down = instance.ready != Some(true) && (!over || missed);
        let fresh = exit.at.is_some_and(|at| case.is_within(at, FRESH_SECONDS));
        if !down && !exit.at.is_some_and(|at| case.is_within(at, REMEMBERED_SECONDS)) {
            continue;
        }
        if down || fresh {
            severity = HealthState::Degraded;
        }
        limit = limit.or(instance.memory_limit_bytes);
        let at_limit = instance.memory_limit_bytes.map(|l| format!(", memory limit {}", size(l))).unwrap_or_default();
        let (ended, again) = (exit_words(exit, case.now), restarts(instance.restarts));
        let line = format!("{}: {ended}{at_limit}, {again}", instance.name);
        evidence.saw(&instance.key, exit.at, &line);
    }
    if evidence.is_empty() {
        return None;
    }
    let of = limit.map(|limit| format!(" of {}", size(limit))).unwrap_or_default();
    let summary = format!("OOM: {} ran out of memory (memory limit{of})", instances(evidence.len()));
    let advice = "look for a leak in its memory over time; raise the limit where the need is real";
    Some(evidence.finding(NAME, severity, &summary, advice))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, find, pod};
    use super::*;
    use crate::model::{Exit, Instance};

    fn killed(second: i64, ready: bool) -> Instance {
        let exit = Exit { code: Some(137), reason: None, out_of_memory: true, at: Some(at(second)) };
        let phase = if ready { Phase::Running } else { Phase::Failed };
        let limit = Some(12 << 20);
        Instance {
            phase,
            ready: Some(ready),
            memory_limit_bytes: limit,
            last_exit: Some(Box::new(exit)),
            ..pod("cache", 1)
        }
    }

    #[test]
    fn it_counts_while_the_instance_is_down_or_the_kill_is_fresh_and_is_a_note_later() {
        for (second, ready, severity) in [
            (-5, false, Some(HealthState::Degraded)),
            (-50_000, false, Some(HealthState::Degraded)),
            (-5, true, Some(HealthState::Degraded)),
            (-3000, true, Some(NOTE)),
            (-50_000, true, None),
        ] {
            let found = find(check, &deployment("cache", 1, u32::from(ready)), &[killed(second, ready)]);
            assert_eq!(found.as_ref().map(|found| found.severity), severity, "{second} {ready}");
            if let Some(found) = found {
                assert_eq!(found.summary.shown(), "OOM: 1 Instance ran out of memory (memory limit of 12.0 MiB)");
            }
        }
    }

    #[test]
    fn a_pod_that_was_replaced_long_ago_is_not_down() {
        assert_eq!(find(check, &deployment("cache", 1, 1), &[killed(-50_000, false), pod("cache", 2)]), None);
    }

    #[test]
    fn another_end_is_none() {
        let ended = Instance { last_exit: super::super::fixture::exit(137, -5), ..pod("cache", 1) };
        assert_eq!(find(check, &deployment("cache", 1, 1), &[ended]), None);
    }
}
