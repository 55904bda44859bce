//! Work that runs to an end: CronJobs with their last runs, and single Jobs.

use super::dice::Dice;
use super::part::{Part, Scene};
use super::play::{Play, dice_of};
use super::stage::Stage;
use crate::model::{CheckState, Exit, Fact, Instance, JobState, Kind, Phase, Rollout, Text, Workload, WorkloadKind};

/// Runs that are kept, as `successfulJobsHistoryLimit` has it.
const KEPT: i64 = 3;

/// One run, from beginning to end in story time.
pub(super) struct Run {
    pub(super) name: String,
    pub(super) began: i64,
    pub(super) until: i64,
    pub(super) dice: Dice,
}

impl Stage<'_> {
    /// The runs that are kept of a part that runs to its end, oldest first; none for any other part.
    pub(super) fn job_runs(&self, scene: &Scene, part: &Part) -> Vec<Run> {
        let dice = dice_of(self.dice, scene, part);
        let run = |name: String, began: i64, takes: i64| Run {
            dice: dice.on(&name).nth(began),
            name,
            began,
            until: began + takes,
        };
        if part.kind == Some(WorkloadKind::Job) {
            return vec![run(part.name.to_string(), -3 * 3600 + dice.on("began").seconds(1800), 42)];
        }
        let Some(schedule) = &part.schedule else { return Vec::new() };
        let shift = dice.on("minute").seconds(schedule.every / 2);
        let last = (self.now.at() - shift).div_euclid(schedule.every);
        self.now.past((last + 1) * schedule.every + shift);
        let named = |began: i64| format!("{}-{}", part.name, 29_000_000 + began.div_euclid(60));
        let began = ((last - KEPT + 1)..=last).map(|run| run * schedule.every + shift);
        began.map(|began| run(named(began), began, schedule.takes)).collect()
    }

    /// A CronJob, the Jobs of its last runs and their pods.
    pub(super) fn cron(&self, scene: &Scene, part: &Part, out: &mut Vec<Fact>) {
        let dice = dice_of(self.dice, scene, part);
        let (mut newest, mut last) = (JobState::Waiting, None);
        for run in self.job_runs(scene, part) {
            let state = self.run_state(part, &run);
            newest = state.clone();
            last = Some(self.at(if state == JobState::Running { run.began } else { run.until }));
            let mut job = self.ended(scene, part, &run.name, dice.nth(run.began).uuid());
            job.parent = Some((WorkloadKind::CronJob, Text::name(&part.name)));
            job.created_at = Some(self.at(run.began));
            job.changed_at = Some(self.at(run.began));
            (job.desired, job.ready) = numbers(&state);
            job.job = Some(state);
            out.push(Fact::Workload(Box::new(job)));
            out.push(Fact::Instance(Box::new(self.worker(scene, part, &run))));
        }
        let mut cron = self.ended(scene, part, &part.name, dice.uuid());
        cron.kind = WorkloadKind::CronJob;
        cron.job = Some(newest);
        cron.created_at = Some(self.at(-34 * 86_400));
        cron.changed_at = last;
        out.push(Fact::Workload(Box::new(cron)));
    }

    /// A Job that ended before the story began.
    pub(super) fn job(&self, scene: &Scene, play: &Play<'_>, mut workload: Workload, out: &mut Vec<Fact>) {
        for run in self.job_runs(scene, play.part) {
            workload.job = Some(self.run_state(play.part, &run));
            workload.created_at = Some(self.at(run.began));
            workload.changed_at = Some(self.at(run.until));
            out.push(Fact::Instance(Box::new(self.worker(scene, play.part, &run))));
        }
        (workload.desired, workload.ready) = workload.job.as_ref().map_or((None, None), numbers);
        (workload.updated, workload.available) = (None, None);
        workload.probed = Some(false);
        out.push(Fact::Workload(Box::new(workload)));
    }

    fn run_state(&self, part: &Part, run: &Run) -> JobState {
        if !self.now.past(run.until) {
            return JobState::Running;
        }
        let at = Some(self.at(run.until));
        match part.schedule.as_ref().and_then(|s| s.fails) {
            Some(_) => JobState::Failed { message: Text::line("Job has reached the specified backoff limit"), at },
            None => JobState::Succeeded { at },
        }
    }

    fn ended(&self, scene: &Scene, part: &Part, name: &str, uid: String) -> Workload {
        Workload {
            key: self.key(Kind::Workload, &uid),
            platform: self.site.platform,
            kind: WorkloadKind::Job,
            scope: Text::name(&scene.name),
            name: Text::name(name),
            labels: self.labels(scene, part),
            parent: None,
            desired: None,
            ready: None,
            updated: None,
            available: None,
            observed: true,
            rollout: Rollout::Steady,
            job: None,
            probed: Some(false),
            images: vec![super::stage::image(self.dice, part, &part.tag(0))],
            owners: Vec::new(),
            drift: Vec::new(),
            revision: None,
            created_at: None,
            changed_at: None,
        }
    }

    /// The pod of a run.
    fn worker(&self, scene: &Scene, part: &Part, run: &Run) -> Instance {
        let dice = run.dice;
        let (phase, exit) = match self.run_state(part, run) {
            JobState::Failed { at, .. } => (Phase::Failed, Some((1, "Error", at))),
            JobState::Succeeded { at } => (Phase::Succeeded, Some((0, "Completed", at))),
            _ => (Phase::Running, None),
        };
        Instance {
            key: self.key(Kind::Instance, &dice.uuid()),
            scope: Text::name(&scene.name),
            name: Text::name(&format!("{}-{}", run.name, dice.tail(5))),
            workload: Some((WorkloadKind::Job, Text::name(&run.name))),
            phase,
            ready: Some(false),
            check: CheckState::Absent,
            check_output: None,
            waiting: None,
            unschedulable: None,
            restarts: 0,
            last_exit: exit.map(|(code, reason, at)| {
                Box::new(Exit { code: Some(code), reason: Some(Text::name(reason)), out_of_memory: false, at })
            }),
            created_at: Some(self.at(run.began)),
            started_at: Some(self.at(run.began + 2)),
            node: Some(Text::name(&self.node(dice))),
            images: vec![super::stage::image(self.dice, part, &part.tag(0))],
            containers: Vec::new(),
            cpu_limit_millicores: None,
            memory_limit_bytes: None,
            number: None,
            template: None,
        }
    }
}

/// What is wanted and ready of a run: nothing any more when it is over.
fn numbers(state: &JobState) -> (Option<u32>, Option<u32>) {
    (Some(u32::from(*state == JobState::Running)), Some(0))
}
