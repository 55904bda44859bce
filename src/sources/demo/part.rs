//! The parts of the play as data: what a simulated Workload is, and what its script does to it in every cycle.

use std::sync::Arc;

use crate::model::{Broker, Platform, Severity, StoreKind, WorkloadKind};

use super::voice::Voice;

/// Cycles in which something happens: blue and green take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Every,
    Even,
    Odd,
}

impl Turn {
    pub(super) fn has(self, cycle: i64) -> bool {
        match self {
            Self::Every => true,
            Self::Even => cycle.rem_euclid(2) == 0,
            Self::Odd => cycle.rem_euclid(2) == 1,
        }
    }
}

/// Another wanted number, from `at` on (seconds in the cycle).
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(super) at: i64,
    pub(super) count: u32,
    pub(super) turn: Turn,
}

/// What is wrong with a release.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It exits a few seconds after each start.
    Crash { code: i32, says: &'static str },
    /// Its image is not there.
    Pull,
    /// It serves for `after` seconds, then its health check fails.
    Failing { after: i64, says: &'static str },
}

/// How far a bad release gets.
#[derive(Clone, Debug)]
pub(crate) struct Bad {
    pub(super) fault: Fault,
    /// Slots that get it before the rollout comes to a halt.
    pub(super) reach: u32,
    /// The Instances it should replace stay until it is ready, which it never is.
    pub(super) keeps_old: bool,
}

/// What a release turns out to be.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Good,
    Bad(Bad),
    /// The one before the last, again.
    Back,
}

/// Another image, from `at` on (seconds in the cycle).
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(super) at: i64,
    pub(super) turn: Turn,
    pub(super) by: &'static str,
    pub(super) outcome: Outcome,
}

/// Something that befalls single Instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ill {
    /// Killed at `at` for going over the memory limit, and started again.
    OutOfMemory,
    /// No node has room for it between `at` and `until`.
    Unschedulable,
    /// More work than it can do: CPU at its limit, log lines that say so.
    Busy,
}

/// An [`Ill`], of whom, and when (seconds in the cycle).
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(super) ill: Ill,
    pub(super) slots: std::ops::Range<u32>,
    pub(super) at: i64,
    pub(super) until: i64,
}

/// Who scales it, and between which limits.
#[derive(Clone, Debug)]
pub(crate) struct Scaler {
    pub(super) kind: &'static str,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) triggers: &'static [&'static str],
}

/// How traffic reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// `traefik`, `port`, `Ingress`, `Service`, `target group`.
    pub(super) kind: &'static str,
    pub(super) hosts: &'static [&'static str],
    pub(super) ports: &'static [u16],
    pub(super) tls: bool,
}

/// Runs by the clock: every `every` seconds, each for `takes` seconds.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(super) every: i64,
    pub(super) takes: i64,
    /// What its last words are where it fails.
    pub(super) fails: Option<&'static str>,
}

/// One simulated Workload.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(super) name: Arc<str>,
    /// The Service it belongs to where that has another name (`backend` for `backend-blue`).
    pub(super) service: Arc<str>,
    pub(super) kind: Option<WorkloadKind>,
    pub(super) image: &'static str,
    /// The tag before the story; a release counts its last number up, or gives another commit to `develop-`.
    pub(super) tag: &'static str,
    /// Releases of a cycle, as far as the tag counts them.
    pub(super) stride: i64,
    pub(super) count: u32,
    pub(super) steps: Vec<Step>,
    pub(super) releases: Vec<Release>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) probed: bool,
    /// Seconds from its start until it serves.
    pub(super) startup: i64,
    /// Thousandths of a core, and bytes; zero: no limit.
    pub(super) cpu: u32,
    pub(super) memory: u64,
    /// Cores and bytes that it takes on an ordinary day.
    pub(super) load: f64,
    pub(super) resident: u64,
    pub(super) voice: Voice,
    pub(super) scaler: Option<Scaler>,
    pub(super) doors: Vec<Door>,
    /// What differs between its file and what runs: what, declared, running.
    pub(super) drift: Option<(&'static str, &'static str, &'static str)>,
    pub(super) schedule: Option<Schedule>,
}

/// Bytes of a mebibyte: limits are written in these.
pub(crate) const MIB: u64 = 1 << 20;

impl Part {
    /// One Instance of `image:tag` that nothing happens to.
    pub(crate) fn new(name: &str, image: &'static str, tag: &'static str, voice: Voice) -> Self {
        Self {
            name: name.into(),
            service: name.into(),
            kind: None,
            image,
            tag,
            stride: 0,
            count: 1,
            steps: Vec::new(),
            releases: Vec::new(),
            troubles: Vec::new(),
            probed: true,
            startup: 8,
            cpu: 0,
            memory: 0,
            load: 0.05,
            resident: 160 * MIB,
            voice,
            scaler: None,
            doors: Vec::new(),
            drift: None,
            schedule: None,
        }
    }

    /// The Workload's kind on `platform`.
    pub(super) fn kind(&self, platform: Platform) -> WorkloadKind {
        self.kind.unwrap_or(match platform {
            Platform::Compose => WorkloadKind::ComposeService,
            Platform::Kubernetes => WorkloadKind::Deployment,
            Platform::Ecs => WorkloadKind::EcsService,
        })
    }

    pub(crate) fn of_kind(mut self, kind: WorkloadKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// It is part of a Service of another name.
    pub(crate) fn of_service(mut self, service: &str) -> Self {
        self.service = service.into();
        self
    }

    pub(crate) fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Nothing proves that it serves.
    pub(crate) fn unchecked(mut self) -> Self {
        self.probed = false;
        self
    }

    /// Limits: thousandths of a core (zero: none) and mebibytes (zero: none).
    pub(crate) fn limits(mut self, cpu: u32, memory_mib: u64) -> Self {
        self.cpu = cpu;
        self.memory = memory_mib * MIB;
        self
    }

    /// What it takes on an ordinary day: cores and mebibytes.
    pub(crate) fn takes(mut self, cores: f64, memory_mib: u64) -> Self {
        self.load = cores;
        self.resident = memory_mib * MIB;
        self
    }

    /// Seconds until it serves.
    pub(crate) fn starts_in(mut self, seconds: i64) -> Self {
        self.startup = seconds;
        self
    }

    pub(crate) fn scaled_by(mut self, kind: &'static str, limits: (u32, u32), by: &'static [&'static str]) -> Self {
        self.scaler = Some(Scaler { kind, min: limits.0, max: limits.1, triggers: by });
        self
    }

    pub(crate) fn behind(
        mut self,
        kind: &'static str,
        hosts: &'static [&'static str],
        ports: &'static [u16],
        tls: bool,
    ) -> Self {
        self.doors.push(Door { kind, hosts, ports, tls });
        self
    }

    /// From second `at` of every cycle on it shall have `count` Instances.
    pub(crate) fn step(self, at: i64, count: u32) -> Self {
        self.step_on(Turn::Every, at, count)
    }

    pub(crate) fn step_on(mut self, turn: Turn, at: i64, count: u32) -> Self {
        self.steps.push(Step { at, count, turn });
        self
    }

    /// At second `at` of every cycle somebody releases a new version.
    pub(crate) fn release(self, at: i64, by: &'static str) -> Self {
        self.release_on(Turn::Every, at, by)
    }

    pub(crate) fn release_on(mut self, turn: Turn, at: i64, by: &'static str) -> Self {
        self.stride += i64::from(turn == Turn::Every);
        self.releases.push(Release { at, turn, by, outcome: Outcome::Good });
        self
    }

    /// A release that goes wrong at second `at`, for the first `reach` slots.
    pub(crate) fn bad_release(mut self, at: i64, by: &'static str, fault: Fault, reach: u32) -> Self {
        let keeps_old = matches!(fault, Fault::Pull);
        self.stride += 1;
        let outcome = Outcome::Bad(Bad { fault, reach, keeps_old });
        self.releases.push(Release { at, turn: Turn::Every, by, outcome });
        self
    }

    /// Somebody goes back to the version before at second `at`.
    pub(crate) fn back(mut self, at: i64, by: &'static str) -> Self {
        self.releases.push(Release { at, turn: Turn::Every, by, outcome: Outcome::Back });
        self
    }

    pub(crate) fn trouble(mut self, ill: Ill, slots: std::ops::Range<u32>, at: i64, until: i64) -> Self {
        self.troubles.push(Trouble { ill, slots, at, until });
        self
    }

    pub(crate) fn drifted(mut self, what: &'static str, declared: &'static str, running: &'static str) -> Self {
        self.drift = Some((what, declared, running));
        self
    }

    /// A CronJob: every so many seconds, each run taking so many; `fails`: with which last words.
    pub(crate) fn every(mut self, every: i64, takes: i64, fails: Option<&'static str>) -> Self {
        self.kind = Some(WorkloadKind::CronJob);
        self.schedule = Some(Schedule { every, takes, fails });
        self.probed = false;
        self
    }

    /// The tag of the `version`th release (zero: before the story; negative: longer ago).
    pub(super) fn tag(&self, version: i64) -> String {
        if let Some(branch) = self.tag.strip_suffix('-') {
            let commit = super::dice::Dice::of(0x006c_6f67).on(self.image).nth(version).hex(7);
            return format!("{branch}-{commit}");
        }
        match self.tag.rsplit_once('.').and_then(|(head, last)| Some((head, last.parse::<i64>().ok()?))) {
            Some((head, last)) if version != 0 => format!("{head}.{}", (last + version).max(0)),
            _ => self.tag.to_owned(),
        }
    }

    /// Whether it ever gets another image.
    pub(super) fn is_released(&self) -> bool {
        !self.releases.is_empty()
    }
}

/// An event that the platform repeats in every cycle.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(super) at: i64,
    pub(super) reason: &'static str,
    /// `{expires}` stands for the day six days after the story's start.
    pub(super) message: &'static str,
    pub(super) about: (&'static str, &'static str),
}

/// A queue, who takes from it, and what its script does to it. Rates are jobs per second.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(super) name: &'static str,
    pub(super) broker: Broker,
    /// The part whose Instances take from it.
    pub(super) consumer: &'static str,
    /// What comes in on an ordinary day.
    pub(super) base: f64,
    /// What one Instance gets done.
    pub(super) each: f64,
    /// More comes in from second to second of a cycle.
    pub(super) surges: Vec<(i64, i64, f64)>,
    /// Jobs that the broker keeps as failed.
    pub(super) failed: u64,
    /// More than this many waiting is a backlog.
    pub(super) limit: u64,
}

impl Flow {
    pub(crate) fn new(name: &'static str, broker: Broker, consumer: &'static str, rates: (f64, f64)) -> Self {
        let (base, each) = rates;
        Self { name, broker, consumer, base, each, surges: Vec::new(), failed: 0, limit: 500 }
    }

    /// From second `at` to `until` of every cycle so much more comes in.
    pub(crate) fn surge(mut self, at: i64, until: i64, more: f64) -> Self {
        self.surges.push((at, until, more));
        self
    }

    pub(crate) fn failed(mut self, failed: u64) -> Self {
        self.failed = failed;
        self
    }
}

/// When an alarm fires.
#[derive(Clone, Debug)]
pub(crate) enum Bells {
    /// From second to second of a cycle; with the value then, and the threshold.
    Between(i64, i64, f64, f64),
    /// While more than so many wait in a queue of its scene.
    Backlog(&'static str, u64),
}

/// An alarm about a Service of its scene.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    pub(super) name: &'static str,
    pub(super) service: &'static str,
    pub(super) severity: Severity,
    pub(super) rings: Bells,
    pub(super) summary: &'static str,
    pub(super) runbook: Option<&'static str>,
}

/// A managed Store.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(super) name: &'static str,
    pub(super) kind: StoreKind,
    pub(super) version: &'static str,
    /// In use, and at most.
    pub(super) connections: (u64, u64),
    /// Bytes in use, and at most.
    pub(super) memory: Option<(u64, u64)>,
    /// Bytes of storage that are free.
    pub(super) free: Option<u64>,
}

/// A namespace, a Compose project or an ECS cluster.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(super) name: Arc<str>,
    pub(super) note: Option<&'static str>,
    pub(super) labels: &'static [(&'static str, &'static str)],
    /// Who installs it, where not the platform's own client: kind and name.
    pub(super) owner: Option<(&'static str, &'static str)>,
    pub(super) parts: Vec<Part>,
    pub(super) notices: Vec<Notice>,
    pub(super) flows: Vec<Flow>,
    pub(super) bells: Vec<Bell>,
    pub(super) vaults: Vec<Vault>,
}

impl Scene {
    pub(crate) fn new(name: &str, parts: Vec<Part>) -> Self {
        Self {
            name: name.into(),
            note: None,
            labels: &[],
            owner: None,
            parts,
            notices: Vec::new(),
            flows: Vec::new(),
            bells: Vec::new(),
            vaults: Vec::new(),
        }
    }

    pub(crate) fn noted(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// It has these queues.
    pub(crate) fn queues(mut self, flows: Vec<Flow>) -> Self {
        self.flows = flows;
        self
    }

    /// An alarm about one of its Services.
    pub(crate) fn alarm(mut self, bell: Bell) -> Self {
        self.bells.push(bell);
        self
    }

    pub(crate) fn store(mut self, vault: Vault) -> Self {
        self.vaults.push(vault);
        self
    }

    /// Labels that every Workload in it carries.
    pub(crate) fn labelled(mut self, labels: &'static [(&'static str, &'static str)]) -> Self {
        self.labels = labels;
        self
    }

    pub(crate) fn owned_by(mut self, kind: &'static str, name: &'static str) -> Self {
        self.owner = Some((kind, name));
        self
    }

    pub(crate) fn notice(
        mut self,
        at: i64,
        reason: &'static str,
        message: &'static str,
        about: (&'static str, &'static str),
    ) -> Self {
        self.notices.push(Notice { at, reason, message, about });
        self
    }
}

/// How a Source is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// It says nothing: neither news nor an error.
    Silent,
    /// Every try ends with these words.
    Refused(&'static str),
}

/// One simulated Source.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(super) name: Arc<str>,
    pub(super) platform: Platform,
    pub(super) version: &'static str,
    pub(super) nodes: &'static [&'static str],
    pub(super) scenes: Vec<Scene>,
    /// Seconds of a cycle in which it cannot be reached.
    pub(super) outages: Vec<(i64, i64, Outage)>,
}

impl Site {
    pub(crate) fn new(
        name: &str,
        platform: Platform,
        version: &'static str,
        nodes: &'static [&'static str],
        scenes: Vec<Scene>,
    ) -> Self {
        Self { name: name.into(), platform, version, nodes, scenes, outages: Vec::new() }
    }

    pub(crate) fn outage(mut self, at: i64, until: i64, how: Outage) -> Self {
        self.outages.push((at, until, how));
        self
    }
}
