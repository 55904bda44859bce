//! Job failed: the last run of a Job or CronJob that has ended did not succeed.

use crate::fleet::words::moment;
use crate::model::{Finding, HealthState, JobState, Phase};

use super::not_enough_ready::subject;
use super::{Case, Evidence};

pub(super) const NAME: &str = "job failed";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in case.parts.iter().filter(|part| part.is_job()) {
        let Some(JobState::Failed { message, at }) = part.job() else { continue };
        let when = at.map(|at| format!(" at {}", moment(at, case.now))).unwrap_or_default();
        evidence.saw(&subject(part), *at, &format!("{} {}: {message}{when}", part.kind, part.name));
        let failed = part.instances.iter().filter(|one| one.phase == Phase::Failed);
        let last = failed.max_by_key(|one| one.last_exit.as_ref().and_then(|exit| exit.at));
        let exit = last.and_then(|one| one.last_exit.as_ref());
        if let (Some(one), Some(exit)) = (last, exit) {
            evidence.add(&format!("{}: {}", one.name, super::exited::exit_words(exit, case.now)));
        }
        let code = exit.and_then(|exit| exit.code).map(|code| code.to_string());
        let code = code.filter(|code| !message.shown().contains(code.as_str()));
        let code = code.map(|code| format!("exit {code}: ")).unwrap_or_default();
        words = words.or(Some(format!("job failed: {code}{message}")));
    }
    Some(evidence.finding(NAME, HealthState::Degraded, &words?, "read the logs of the run that failed; run it again"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, exit, find, pod, view};
    use super::*;
    use crate::model::{Freshness, Instance, Text, Workload, WorkloadKind};

    fn job(name: &str, state: JobState) -> Workload {
        Workload { kind: WorkloadKind::Job, job: Some(state), ..deployment(name, 1, 0) }
    }

    fn failed(second: i64) -> JobState {
        JobState::Failed { message: Text::line("BackoffLimitExceeded"), at: Some(at(second)) }
    }

    #[test]
    fn a_failed_job_tells_its_exit_code() {
        let ended = Instance { phase: Phase::Failed, last_exit: exit(3, -4), ..pod("import", 1) };
        let found = find(check, &job("import", failed(-3)), &[ended]).unwrap();
        assert_eq!(found.summary.shown(), "job failed: exit 3: BackoffLimitExceeded");
        assert_eq!(find(check, &job("import", JobState::Running), &[]), None);
    }

    #[test]
    fn of_a_cron_job_the_newest_run_that_ended_counts() {
        let cron = Workload { kind: WorkloadKind::CronJob, ..job("backup", JobState::Waiting) };
        let view = view(Freshness::Fresh);
        let good = JobState::Succeeded { at: Some(at(-9)) };
        for (runs, fails) in [
            (vec![failed(-9)], true),
            (vec![JobState::Running, failed(-9)], true),
            (vec![good.clone(), failed(-99)], false),
            (vec![failed(-9), good], true),
        ] {
            let runs: Vec<Workload> = runs.into_iter().map(|state| job("run", state)).collect();
            let part = super::super::Part {
                source: &view,
                kind: cron.kind,
                scope: &cron.scope,
                name: &cron.name,
                workload: Some(&cron),
                instances: vec![],
                runs: runs.iter().collect(),
                autoscalers: vec![],
                events: vec![],
                complete: true,
                instances_known: true,
                lapse: None,
            };
            assert_eq!(check(&Case::new(at(0), vec![part], 0)).is_some(), fails);
        }
    }
}
