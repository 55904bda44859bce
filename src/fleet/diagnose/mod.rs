//! `why`: small rules, one per file, each with its evidence. A Service's health and its reasons come from what they find.

mod alarm;
mod autoscaler;
mod backlog;
mod cannot_start;
mod case;
mod crash_loop;
mod drift;
mod exited;
mod failing_check;
mod failing_probe;
mod image_pull;
mod job_failed;
mod no_health_check;
mod not_enough_ready;
mod not_known;
mod oom_kill;
mod restart_burst;
mod rollout_under_way;
mod scaled_to_zero;
mod source_stale;
mod stuck_rollout;
mod unschedulable;

#[cfg(test)]
pub(super) mod fixture;

use crate::model::{Finding, HealthState};

pub use case::{Case, Evidence, Part, count, is_wanted};

/// A rule of `why`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub name: &'static str,
    /// What it looks for, for help and documentation.
    pub about: &'static str,
    check: fn(&Case<'_>) -> Option<Finding>,
}

/// All rules. Of two findings of one severity, the one of the earlier rule is told first: causes stand before effects.
pub const RULES: &[Rule] = &[
    Rule { name: oom_kill::NAME, about: "killed at the memory limit", check: oom_kill::check },
    Rule { name: image_pull::NAME, about: "the image cannot be pulled", check: image_pull::check },
    Rule { name: crash_loop::NAME, about: "starts, ends and is started again", check: crash_loop::check },
    Rule { name: cannot_start::NAME, about: "its container cannot be made or started", check: cannot_start::check },
    Rule { name: unschedulable::NAME, about: "no machine has room for it", check: unschedulable::check },
    Rule { name: exited::NAME, about: "ended although it should run", check: exited::check },
    Rule { name: job_failed::NAME, about: "a job's last run failed", check: job_failed::check },
    Rule { name: failing_probe::NAME, about: "its health check or probe fails", check: failing_probe::check },
    Rule { name: failing_check::NAME, about: "a Check of ours does not pass", check: failing_check::check },
    Rule { name: backlog::NAME, about: "work waits that nobody takes, or too much of it", check: backlog::check },
    Rule { name: stuck_rollout::NAME, about: "the platform gave up waiting for it", check: stuck_rollout::check },
    Rule { name: not_enough_ready::NAME, about: "fewer ready than wanted", check: not_enough_ready::check },
    Rule { name: restart_burst::NAME, about: "restarted often in ten minutes", check: restart_burst::check },
    Rule { name: alarm::NAME, about: "an alarm about it fires", check: alarm::check },
    Rule { name: source_stale::NAME, about: "its Source tells nothing now", check: source_stale::check },
    Rule { name: not_known::NAME, about: "the platform did not tell enough", check: not_known::check },
    Rule {
        name: rollout_under_way::NAME,
        about: "the newest version does not run everywhere",
        check: rollout_under_way::check,
    },
    Rule { name: no_health_check::NAME, about: "nothing proves that it serves", check: no_health_check::check },
    Rule { name: scaled_to_zero::NAME, about: "nothing of it should run", check: scaled_to_zero::check },
    Rule { name: drift::NAME, about: "what runs differs from what is declared", check: drift::check },
    Rule { name: autoscaler::NAME, about: "its autoscaler does not work", check: autoscaler::check },
];

/// What the rules find in a case, worst first.
#[must_use]
pub fn diagnose(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().filter_map(|rule| (rule.check)(case)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The rule that tells of alarms.
pub(super) const ALARM: &str = alarm::NAME;

/// A severity of findings that tell something worth knowing but say nothing against the health.
pub const NOTE: HealthState = HealthState::Healthy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }
}
