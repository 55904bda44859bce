//! Crash loop: an Instance starts, ends and is started again, over and over.

use crate::fleet::words::{instances, restarts, seconds_between};
use crate::model::{Finding, HealthState, Instance, Phase, Timestamp};

use super::exited::exit_words;
use super::{Case, Evidence};

pub(super) const NAME: &str = "crash loop";

/// An Instance that restarts often and has been up for less than this may be between two crashes.
const BREATH_SECONDS: i64 = 60;

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let (mut sum, mut last) = (0_u32, None);
    let mut all = 0;
    for (_, instance) in case.instances() {
        all += 1;
        if !is_looping(case, instance) {
            continue;
        }
        sum = sum.saturating_add(instance.restarts);
        let exit = instance.last_exit.as_ref();
        last = last.or(exit);
        let state = instance.waiting.as_ref().map_or(instance.phase.word(), |waiting| waiting.reason.shown());
        let ended = exit.map(|exit| format!(", last {}", exit_words(exit, case.now))).unwrap_or_default();
        let line = format!("{}: {state}, {}{ended}", instance.name, restarts(instance.restarts));
        // When it ended last is not since when. One that restarted that often has done so from its beginning.
        let always = often(instance, case.now).then_some(instance.created_at).flatten();
        evidence.saw(&instance.key, case.since_start(always), &line);
        if let Some(waiting) = instance.waiting.as_ref().filter(|waiting| !waiting.message.is_empty()) {
            evidence.add(&format!("{}: {}", instance.name, waiting.message));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    let code = last.and_then(|exit| exit.code).map(|code| format!(", exit {code}")).unwrap_or_default();
    let summary = format!("crash loop: {} of {}{code}, {}", evidence.len(), instances(all), restarts(sum));
    let advice =
        "read the logs of the container before the last restart (`logs --previous`); compare with the Release before";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

/// Whether it restarted at least each ten minutes since it was made.
fn often(instance: &Instance, now: Timestamp) -> bool {
    let age = instance.created_at.map(|at| seconds_between(at, now));
    age.is_some_and(|age| i64::from(instance.restarts) * 600 >= age)
}

/// Whether an Instance is in a crash loop: the platform says so, or it is being started again and again.
pub(super) fn is_looping(case: &Case<'_>, instance: &Instance) -> bool {
    if instance.waiting.as_ref().is_some_and(|waiting| waiting.reason.raw() == "CrashLoopBackOff") {
        return true;
    }
    let often = instance.created_at.is_none() || often(instance, case.now);
    let failed = instance.last_exit.as_ref().is_some_and(|exit| exit.code != Some(0));
    match instance.phase {
        Phase::Restarting => instance.restarts >= 2,
        Phase::Running => {
            instance.restarts >= 3
                && often
                && failed
                && instance.started_at.is_some_and(|at| case.is_within(at, BREATH_SECONDS))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, exit, find, pod, waiting};
    use super::*;

    #[test]
    fn it_is_seen_by_the_platforms_word_and_by_restarts_that_do_not_end() {
        let by_word = Instance {
            waiting: waiting("CrashLoopBackOff", "back-off 5m0s"),
            restarts: 7,
            ready: Some(false),
            last_exit: exit(1, -30),
            ..pod("api", 1)
        };
        let restarting = Instance { phase: Phase::Restarting, restarts: 2, last_exit: exit(3, -1), ..pod("api", 2) };
        let breathing = Instance {
            restarts: 9,
            created_at: Some(at(-300)),
            started_at: Some(at(-2)),
            last_exit: exit(1, -3),
            ..pod("api", 3)
        };
        for (instance, words) in
            [(&by_word, "exit 1, 7 restarts"), (&restarting, "exit 3, 2 restarts"), (&breathing, "exit 1, 9 restarts")]
        {
            let found = find(check, &deployment("api", 1, 0), std::slice::from_ref(instance)).unwrap();
            assert_eq!(found.severity, HealthState::Degraded);
            assert!(found.summary.shown().starts_with("crash loop: 1 of 1 Instance"), "{}", found.summary);
            assert!(found.summary.shown().ends_with(words), "{}", found.summary);
            assert!(found.evidence[0].shown().contains("restarts"));
        }
    }

    #[test]
    fn one_restart_or_old_ones_are_no_loop() {
        for instance in [
            pod("api", 1),
            Instance { phase: Phase::Restarting, restarts: 1, last_exit: exit(1, -1), ..pod("api", 1) },
            Instance { restarts: 4, started_at: Some(at(-2)), last_exit: exit(1, -3), ..pod("api", 1) },
            Instance { restarts: 9, created_at: Some(at(-300)), started_at: Some(at(-90)), ..pod("api", 1) },
        ] {
            assert_eq!(find(check, &deployment("api", 1, 1), &[instance]), None);
        }
    }
}
