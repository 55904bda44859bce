//! Turns the play into facts: what all platforms have in common. Each platform's own form stands in its file.

use jiff::SignedDuration;

use super::changes::Change;
use super::dice::Dice;
use super::moment::Moment;
use super::part::{Part, Scene, Site};
use super::play::{Actor, Play, Progress, State, failure_words};
use crate::model::{
    Broker, CheckState, Event, Exit, Fact, Image, Instance, Key, Kind, Labels, Owner, Phase, Platform, Revision,
    Rollout, Scope, SourceName, Text, Timestamp, Waiting, Workload, WorkloadKind,
};

/// Events are forgotten after this many seconds, as Kubernetes does it.
pub(super) const EVENTS_LIVE: i64 = 3600;

/// A site at a moment, while its facts are being made.
pub(super) struct Stage<'a> {
    pub(super) source: &'a SourceName,
    pub(super) start: Timestamp,
    pub(super) site: &'a Site,
    pub(super) dice: Dice,
    pub(super) changes: &'a [Change],
    pub(super) now: &'a Moment,
}

/// Platform identifiers of one Instance.
pub(super) struct Identity {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) node: String,
    pub(super) template: String,
    pub(super) number: Option<u32>,
}

/// One event before it becomes a fact.
pub(super) struct Told {
    pub(super) at: i64,
    pub(super) count: u32,
    pub(super) warning: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) about: (&'static str, String),
}

/// A moment of the story on the clock.
pub(super) fn moment_on_clock(start: Timestamp, at: i64) -> Timestamp {
    start.checked_add(SignedDuration::from_secs(at)).unwrap_or(start)
}

impl<'a> Stage<'a> {
    /// Every fact of a scene, in the order of its parts.
    pub(super) fn facts(&self, scene: &Scene, out: &mut Vec<Fact>) {
        match self.site.platform {
            Platform::Compose => self.compose(scene, out),
            Platform::Kubernetes => self.kubernetes(scene, out),
            Platform::Ecs => self.ecs(scene, out),
        }
    }

    /// A moment of the story on the clock.
    pub(super) fn at(&self, at: i64) -> Timestamp {
        moment_on_clock(self.start, at)
    }

    pub(super) fn key(&self, kind: Kind, uid: &str) -> Key {
        Key::new(self.source, kind, uid)
    }

    /// Plays a part as this platform does.
    pub(super) fn play<'p>(&self, scene: &Scene, part: &'p Part) -> Play<'p>
    where
        'a: 'p,
    {
        let surge = !matches!(part.kind(self.site.platform), WorkloadKind::ComposeService | WorkloadKind::StatefulSet);
        Play::of(self.dice, scene, (part, self.done(scene, part)), surge, self.now)
    }

    /// What people did to a part.
    pub(super) fn done(&self, scene: &Scene, part: &Part) -> Vec<&'a Change> {
        self.changes.iter().filter(|change| *change.scope == *scene.name && *change.name == *part.name).collect()
    }

    pub(super) fn scope(&self, scene: &Scene, uid: &str) -> Fact {
        Fact::Scope(Box::new(Scope {
            key: self.key(Kind::Scope, uid),
            platform: self.site.platform,
            name: Text::name(&scene.name),
            labels: Labels::keep(scene.labels.iter().copied()),
            note: scene.note.map(Text::line),
        }))
    }

    pub(super) fn image(&self, play: &Play<'_>, version: i64) -> Image {
        image(self.dice, play.part, &play.history.tag(play.part, version))
    }

    /// The name of a node, always the same for one point of chance.
    pub(super) fn node(&self, dice: Dice) -> String {
        dice.on("node").pick(self.site.nodes).unwrap_or(&self.site.name).to_owned()
    }

    /// What all platforms say of a Workload that runs all the time.
    pub(super) fn workload(&self, scene: &Scene, play: &Play<'_>, uid: &str) -> Workload {
        let (part, newest) = (play.part, play.history.newest());
        let ready = play.ready();
        Workload {
            key: self.key(Kind::Workload, uid),
            platform: self.site.platform,
            kind: part.kind(self.site.platform),
            scope: Text::name(&scene.name),
            name: Text::name(&part.name),
            labels: Labels::keep(takes(scene, part).iter().map(|queues| ("quarterdeck.queues", queues.as_str()))),
            parent: None,
            desired: Some(play.history.count()),
            ready: Some(ready),
            updated: Some(play.updated()),
            available: Some(ready),
            observed: true,
            rollout: rollout(self, part, play),
            job: None,
            probed: Some(part.probed),
            images: vec![self.image(play, newest.version)],
            owners: self.owners(scene, part),
            drift: Vec::new(),
            revision: None,
            created_at: Some(self.at(-34 * 86_400 + play.dice.on("created").seconds(86_400))),
            changed_at: Some(self.at(play.history.changed_at())),
        }
    }

    fn owners(&self, scene: &Scene, part: &Part) -> Vec<Owner> {
        let scaler = part.scaler.as_ref().map(|s| Owner { kind: Text::name(s.kind), name: Text::name(&part.name) });
        let owner = scene.owner.map(|(kind, name)| Owner { kind: Text::name(kind), name: Text::name(name) });
        scaler.into_iter().chain(owner).collect()
    }

    /// What all platforms say of an Instance.
    pub(super) fn instance(&self, scene: &Scene, play: &Play<'_>, actor: &Actor, identity: &Identity) -> Instance {
        let part = play.part;
        let (phase, ready, check) = condition(actor.state, part.probed);
        let runs = !matches!(phase, Phase::Pending);
        Instance {
            key: self.key(Kind::Instance, &identity.uid),
            scope: Text::name(&scene.name),
            name: Text::name(&identity.name),
            workload: Some((part.kind(self.site.platform), Text::name(&part.name))),
            phase,
            ready: Some(ready),
            check,
            check_output: failing_words(play, actor).map(Text::line),
            waiting: self.waiting(play, actor),
            unschedulable: (actor.state == State::Unschedulable).then(|| Text::line(self.no_room())),
            restarts: actor.restarts,
            last_exit: actor.ended.map(|ended| {
                Box::new(Exit {
                    code: Some(ended.code),
                    reason: Some(Text::name(if ended.out_of_memory { "OOMKilled" } else { "Error" })),
                    out_of_memory: ended.out_of_memory,
                    at: Some(self.at(ended.at)),
                })
            }),
            created_at: Some(self.at(actor.born)),
            started_at: runs.then(|| self.at(actor.started)),
            node: (actor.state != State::Unschedulable).then(|| Text::name(&identity.node)),
            images: vec![self.image(play, actor.version)],
            containers: Vec::new(),
            cpu_limit_millicores: (part.cpu > 0).then_some(part.cpu),
            memory_limit_bytes: (part.memory > 0).then_some(part.memory),
            number: identity.number,
            template: Some(Text::name(&identity.template)),
        }
    }

    /// The scheduler's words where it found no node.
    pub(super) fn no_room(&self) -> &'static str {
        "0/6 nodes are available: 2 Insufficient nvidia.com/gpu, 4 node(s) didn't match Pod's node affinity/selector. \
         preemption: 0/6 nodes are available: 6 No preemption victims found for incoming pod."
    }

    fn waiting(&self, play: &Play<'_>, actor: &Actor) -> Option<Box<Waiting>> {
        let image = || self.image(play, actor.version).reference;
        let (reason, message) = match actor.state {
            State::PullFailing(1) => ("ErrImagePull", not_found(image().shown())),
            State::PullFailing(_) => {
                ("ImagePullBackOff", format!("Back-off pulling image \"{}\": {}", image(), not_found(image().shown())))
            }
            State::Pending if self.site.platform == Platform::Kubernetes => ("ContainerCreating", String::new()),
            State::Crashing(true) if self.site.platform == Platform::Kubernetes => {
                ("CrashLoopBackOff", format!("back-off restarting failed container={}", play.part.name))
            }
            _ => return None,
        };
        Some(Box::new(Waiting { reason: Text::name(reason), message: Text::line(&message) }))
    }

    /// The revisions of a part that the platform still keeps, newest last.
    pub(super) fn revisions(&self, scene: &Scene, play: &Play<'_>, uid: impl Fn(u64) -> (String, String)) -> Vec<Fact> {
        let history = &play.history;
        let oldest = &history.generations[0];
        let ago = play.dice.on("earlier");
        let before = (1..=2).rev().map(|n: i64| {
            (
                oldest.number - n.unsigned_abs(),
                oldest.version - n,
                oldest.at - n * 5 * 86_400 - ago.nth(n).seconds(86_400),
                "ci",
            )
        });
        let kept = history.generations.iter().map(|g| (g.number, g.version, g.at, g.by));
        let newest = history.newest().number;
        before
            .chain(kept)
            .map(|(number, version, at, by)| {
                let (uid, name) = uid(number);
                let serving = |a: &&Actor| a.version == version && a.state == State::Serving;
                let ready = if number == newest { play.actors.iter().filter(serving).count() } else { 0 };
                Fact::Revision(Box::new(Revision {
                    key: self.key(Kind::Revision, &uid),
                    scope: Text::name(&scene.name),
                    name: Text::name(&name),
                    workload: (play.part.kind(self.site.platform), Text::name(&play.part.name)),
                    number: Some(number),
                    images: vec![self.image(play, version)],
                    created_at: Some(self.at(at)),
                    desired: Some(if number == newest { history.count() } else { 0 }),
                    ready: Some(u32::try_from(ready).unwrap_or(u32::MAX)),
                    cause: Some(Text::line(by)),
                }))
            })
            .collect()
    }

    /// An event as a fact, while it is remembered.
    pub(super) fn event(&self, scene: &Scene, told: Told) -> Option<Fact> {
        if !self.now.within(told.at, told.at + EVENTS_LIVE) {
            return None;
        }
        let uid = format!("{}/{}/{}/{}", scene.name, told.about.1, told.reason, told.at);
        Some(Fact::Event(Box::new(Event {
            key: self.key(Kind::Event, &self.dice.on(&uid).uuid()),
            at: Some(self.at(told.at)),
            first_at: Some(self.at(told.at)),
            count: told.count,
            warning: told.warning,
            reason: Text::name(told.reason),
            message: Text::line(&told.message),
            about_kind: Text::name(told.about.0),
            scope: Text::name(&scene.name),
            about_name: Text::name(&told.about.1),
        })))
    }
}

/// The image of a part under a tag, with the digest that it has in this world. A part that was built on its machine has
/// no repository digest.
pub(super) fn image(dice: Dice, part: &Part, tag: &str) -> Image {
    let reference = format!("{}:{tag}", part.image);
    let hex = dice.on("image").on(&reference).hex(64);
    let local = part.image.starts_with("local/");
    Image {
        reference: Text::name(&reference),
        digest: (!local).then(|| Text::name(&format!("sha256:{hex}"))),
        id: Some(Text::name(&format!("sha256:{}", dice.on("id").on(&reference).hex(64)))),
    }
}

/// What the registry says to a tag that is not there.
pub(super) fn not_found(reference: &str) -> String {
    format!("failed to resolve reference \"{reference}\": {reference}: not found")
}

/// The queues of a scene that a part says it takes from: what BullMQ itself does not tell.
pub(super) fn takes(scene: &Scene, part: &Part) -> Option<String> {
    let own = |flow: &&super::part::Flow| *flow.consumer == *part.name && flow.broker == Broker::BullMq;
    let names: Vec<&str> = scene.flows.iter().filter(own).map(|flow| flow.name).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn condition(state: State, probed: bool) -> (Phase, bool, CheckState) {
    let check = |state| if probed { state } else { CheckState::Absent };
    match state {
        State::Pending | State::Unschedulable | State::PullFailing(_) => {
            (Phase::Pending, false, check(CheckState::Starting))
        }
        State::Starting | State::Crashing(false) => (Phase::Running, false, check(CheckState::Starting)),
        State::Serving => (Phase::Running, true, check(CheckState::Passing)),
        State::Failing(_) => (Phase::Running, false, check(CheckState::Failing)),
        State::Crashing(true) => (Phase::Restarting, false, check(CheckState::Failing)),
        State::Stopping => (Phase::Stopping, false, check(CheckState::Unknown)),
    }
}

/// What the health check of an Instance said last.
pub(super) fn failing_words(play: &Play<'_>, actor: &Actor) -> Option<&'static str> {
    failure_words(play, actor).filter(|_| matches!(actor.state, State::Failing(_)))
}

fn rollout(stage: &Stage<'_>, part: &Part, play: &Play<'_>) -> Rollout {
    match play.progress {
        _ if play.history.is_paused() => Rollout::Paused,
        Progress::Steady => Rollout::Steady,
        Progress::Rolling => Rollout::Progressing,
        Progress::Stuck(since) => {
            let message = match stage.site.platform {
                Platform::Ecs => format!("deployment circuit breaker: tasks failed to start ({})", part.name),
                _ => format!("ReplicaSet \"{}\" has timed out progressing.", part.name),
            };
            Rollout::Stuck { message: Text::line(&message), since: Some(stage.at(since)) }
        }
    }
}
