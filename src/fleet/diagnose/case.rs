//! What the rules of `why` look at: one Service's facts at a moment, and how far they can be counted on.

use std::cell::Cell;

use crate::fleet::SourceView;
use crate::fleet::service::BURST_SECONDS;
use crate::fleet::signals::Sights;
use crate::fleet::words::{after, seconds_between};
use crate::model::{
    Autoscaler, CheckState, Event, Finding, HealthState, Instance, JobState, Key, Lapse, Phase, Rollout, Text,
    Timestamp, Workload, WorkloadKind,
};

/// One Workload of a Service, with everything that speaks of it.
#[derive(Debug)]
pub struct Part<'a> {
    pub source: &'a SourceView,
    pub kind: WorkloadKind,
    pub scope: &'a Text,
    pub name: &'a Text,
    /// `None` where only its Instances are known.
    pub workload: Option<&'a Workload>,
    pub instances: Vec<&'a Instance>,
    /// Jobs that it made, newest first.
    pub runs: Vec<&'a Workload>,
    pub autoscalers: Vec<&'a Autoscaler>,
    /// Events about it and about those of its Instances that are not well.
    pub events: Vec<&'a Event>,
    /// Whether the lists that it is known from have been read as a whole.
    pub complete: bool,
    /// Whether the absence of an Instance means that there is none.
    pub instances_known: bool,
    /// What of it was read before and cannot be read now.
    pub lapse: Option<&'a Lapse>,
}

/// A Service's facts at a moment.
#[derive(Debug)]
pub struct Case<'a> {
    pub now: Timestamp,
    pub parts: Vec<Part<'a>>,
    /// Restarts that the watch saw in the last ten minutes.
    pub restarts: u32,
    /// Queues, alarms and checks that are tied to it.
    pub signals: Sights<'a>,
    /// When it was last seen to be in no trouble; `None`: never so far.
    well_at: Option<Timestamp>,
    /// What a rule found may end by time alone: then the Service must be looked at again.
    wake: Cell<Option<Timestamp>>,
}

impl<'a> Case<'a> {
    /// A case at `now`.
    #[must_use]
    pub fn new(now: Timestamp, parts: Vec<Part<'a>>, restarts: u32) -> Self {
        Self { now, parts, restarts, signals: Sights::default(), well_at: None, wake: Cell::new(None) }
    }

    /// The same with what its signals say.
    #[must_use]
    pub fn with(self, signals: Sights<'a>) -> Self {
        Self { signals, ..self }
    }

    /// The same, last seen to be in no trouble then.
    #[must_use]
    pub fn well_at(self, well_at: Option<Timestamp>) -> Self {
        Self { well_at, ..self }
    }

    /// The start of something as the begin of its trouble: not where it was seen to be well after it.
    #[must_use]
    pub fn since_start(&self, start: Option<Timestamp>) -> Option<Timestamp> {
        start.filter(|at| self.well_at.is_none_or(|well| *at >= well)).map(|at| at.min(self.now))
    }

    /// A start as a part of the burst of restarts that is under way; an older one is none.
    #[must_use]
    pub fn burst_since(&self, start: Option<Timestamp>) -> Option<Timestamp> {
        start.filter(|at| seconds_between(*at, self.now) < BURST_SECONDS)
    }

    /// Whether `at` lies less than `seconds` back; if so, the case is looked at again when it does not any more.
    #[must_use]
    pub fn is_within(&self, at: Timestamp, seconds: i64) -> bool {
        let within = seconds_between(at, self.now) < seconds;
        if within {
            let until = after(at.min(self.now), seconds);
            self.wake.set(Some(self.wake.get().map_or(until, |wake| wake.min(until))));
        }
        within
    }

    /// When time alone may change what the rules say.
    #[must_use]
    pub fn wake(&self) -> Option<Timestamp> {
        self.wake.get()
    }

    /// The parts that serve all the time: no Jobs, not scaled to zero.
    pub fn serving(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(|part| !part.is_job() && part.desired() != Some(0))
    }

    /// All Instances with their parts.
    pub fn instances(&self) -> impl Iterator<Item = (&Part<'a>, &'a Instance)> {
        self.parts.iter().flat_map(|part| part.instances.iter().map(move |instance| (part, *instance)))
    }
}

impl Part<'_> {
    /// Whether it runs to an end.
    #[must_use]
    pub fn is_job(&self) -> bool {
        self.kind.is_job() || self.workload.is_some_and(|workload| workload.job.is_some())
    }

    /// Whether its facts may be counted on now.
    #[must_use]
    pub fn is_live(&self) -> bool {
        use crate::model::Freshness::{Connecting, Fresh, Partial};
        let live =
            matches!(self.source.state, Fresh | Partial) || self.source.state == Connecting && !self.source.synced;
        live && self.lapse.is_none()
    }

    /// Since when its facts are old.
    #[must_use]
    pub fn old_since(&self) -> Option<Timestamp> {
        let silent = !self.source.state.is_live() && self.source.synced;
        if silent { Some(self.source.since) } else { self.lapse.map(|lapse| lapse.since) }
    }

    /// How many Instances it should have; `None`: nobody says.
    #[must_use]
    pub fn desired(&self) -> Option<u32> {
        match self.workload {
            Some(workload) => workload.desired.or_else(|| self.wanted_by_runs()),
            // A pod or container that nothing owns is wanted as long as it exists.
            None if matches!(self.kind, WorkloadKind::Pod | WorkloadKind::Container) => count(self.instances.len()),
            None => None,
        }
    }

    /// What the runs of a CronJob want that are under way; nothing while it rests.
    fn wanted_by_runs(&self) -> Option<u32> {
        let running = |run: &&&Workload| run.job == Some(JobState::Running);
        match self.job()? {
            JobState::Running if self.runs.is_empty() => None,
            _ => self.runs.iter().filter(running).map(|run| run.desired).try_fold(0_u32, |sum, n| sum.checked_add(n?)),
        }
    }

    /// How many Instances serve: by its Workload, else by its Instances where all of them are known.
    #[must_use]
    pub fn ready(&self) -> Option<u32> {
        if let Some(ready) = self.workload.and_then(|workload| workload.ready) {
            return Some(ready);
        }
        if self.is_job() && self.desired() == Some(0) {
            return Some(0);
        }
        let told = self.instances.iter().all(|instance| instance.ready.is_some());
        let ready = self.instances.iter().filter(|instance| instance.ready == Some(true)).count();
        (self.instances_known && told).then(|| count(ready)).flatten()
    }

    /// Whether something proves that it serves; `None`: not known.
    #[must_use]
    pub fn probed(&self) -> Option<bool> {
        if let Some(probed) = self.workload.and_then(|workload| workload.probed) {
            return Some(probed);
        }
        let mut all = None;
        for instance in &self.instances {
            match instance.check {
                CheckState::Absent => return Some(false),
                CheckState::Unknown => return None,
                CheckState::Starting | CheckState::Passing | CheckState::Failing => all = Some(true),
            }
        }
        all
    }

    /// Whether fewer are ready than wanted, as far as is known.
    #[must_use]
    pub fn is_short(&self) -> bool {
        match (self.desired(), self.ready()) {
            (Some(desired), Some(ready)) => ready < desired,
            _ => true,
        }
    }

    /// Whether one of its Instances runs, but its health check fails. Kubernetes calls a pod unready from its first moment
    /// on; there it is given time to start. Docker itself waits (start period, retries) before it says so.
    #[must_use]
    pub fn check_fails(&self, case: &Case<'_>, instance: &Instance) -> bool {
        const START_SECONDS: i64 = 30;
        if instance.phase != Phase::Running {
            return false;
        }
        let docker = matches!(self.kind, WorkloadKind::ComposeService | WorkloadKind::Container);
        let unready = match instance.check {
            CheckState::Failing => true,
            // A platform that tells of its probe only that the Instance is not ready.
            CheckState::Unknown | CheckState::Passing => {
                !docker && instance.ready == Some(false) && self.probed() == Some(true) && instance.waiting.is_none()
            }
            CheckState::Absent | CheckState::Starting => false,
        };
        let started = instance.started_at.or(instance.created_at);
        unready && (docker || !started.is_some_and(|at| case.is_within(at, START_SECONDS)))
    }

    /// How far its rollout is.
    #[must_use]
    pub fn rollout(&self) -> &Rollout {
        self.workload.map_or(&Rollout::Steady, |workload| &workload.rollout)
    }

    /// How its newest run that has ended did, or what it says itself.
    #[must_use]
    pub fn job(&self) -> Option<&JobState> {
        let ended = |job: &&JobState| matches!(job, JobState::Succeeded { .. } | JobState::Failed { .. });
        let own = self.workload.and_then(|workload| workload.job.as_ref());
        let runs = || self.runs.iter().filter_map(|run| run.job.as_ref());
        match own {
            Some(JobState::Suspended) => own,
            _ => runs().find(ended).or(own).or_else(|| runs().next()),
        }
    }

    /// The newest word about a thing of this name that is a warning, or has this reason.
    #[must_use]
    pub fn event(&self, name: &Text, reason: &str) -> Option<&Event> {
        let about = |event: &&&Event| event.about_name == *name && event.reason.raw() == reason;
        self.events.iter().filter(about).max_by_key(|event| event.at).copied()
    }
}

/// Whether an Instance should be serving: it has not ended, and is not on its way out.
#[must_use]
pub fn is_wanted(instance: &Instance) -> bool {
    !matches!(instance.phase, Phase::Stopping | Phase::Succeeded)
}

/// The same as a count, if it can be one.
#[must_use]
pub fn count(n: usize) -> Option<u32> {
    u32::try_from(n).ok()
}

/// Collects what a rule saw into a finding.
#[derive(Debug)]
pub struct Evidence {
    lines: Vec<Text>,
    about: Vec<Key>,
    since: Option<Timestamp>,
}

/// Most lines of evidence that one finding shows; of a thousand pods with one trouble the first tell enough.
const LINES: usize = 8;

impl Default for Evidence {
    fn default() -> Self {
        Self::new()
    }
}

impl Evidence {
    /// Nothing seen so far.
    #[must_use]
    pub fn new() -> Self {
        Self { lines: Vec::new(), about: Vec::new(), since: None }
    }

    /// Something was seen at a thing.
    pub fn saw(&mut self, about: &Key, since: Option<Timestamp>, line: &str) {
        self.about.push(about.clone());
        self.since = match (self.since, since) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if self.about.len() <= LINES {
            self.lines.push(Text::line(line));
        }
    }

    /// Something more about what was seen last.
    pub fn add(&mut self, line: &str) {
        if self.about.len() <= LINES {
            self.lines.push(Text::line(line));
        }
    }

    /// How many things it was seen at.
    #[must_use]
    pub fn len(&self) -> usize {
        self.about.len()
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.about.is_empty()
    }

    /// The finding.
    #[must_use]
    pub fn finding(mut self, rule: &str, severity: HealthState, summary: &str, advice: &str) -> Finding {
        let more = self.about.len().saturating_sub(LINES);
        if more > 0 {
            self.lines.push(Text::line(&format!("and {more} more")));
        }
        Finding {
            rule: Text::name(rule),
            severity,
            summary: Text::line(summary),
            evidence: self.lines,
            advice: Text::line(advice),
            about: self.about,
            since: self.since,
        }
    }
}
