//! The simulated signals: queues whose backlog follows from what comes in and from how many workers there are, alarms that
//! speak of them or of the script, Stores, and checks of the front doors.

use super::history::History;
use super::moment::LEAD;
use super::part::{Bell, Bells, Flow, Part, Scene, Vault};
use super::play::{State, dice_of, shift};
use super::stage::Stage;
use crate::model::{
    Alarm, AlarmState, Check, CheckKind, Fact, HealthState, Key, Kind, Outcome, Quantity, Queue, Store, Text, Timestamp,
};

/// Seconds between two looks at a queue: nothing of it changes in between.
const STEP: i64 = 10;
/// Seconds between two runs of a check.
const CHECKED_EVERY: i64 = 60;
/// Jobs that one worker has in its hands.
const AT_HAND: u64 = 4;
/// A certificate that nobody worries about ends so many days after the story's start.
const FAR_DAYS: i64 = 61;

/// A queue at a moment.
struct Level {
    ready: u64,
    unacked: u64,
    into: f64,
    out: f64,
    workers: u32,
    /// Since when more wait than so many, at the last of its looks.
    over_since: Option<i64>,
    at: i64,
}

impl Stage<'_> {
    /// The signals of a scene.
    pub(super) fn signals(&self, scene: &Scene, out: &mut Vec<Fact>) {
        for flow in &scene.flows {
            let level = self.level(scene, flow, flow.limit);
            out.push(self.queue(scene, flow, &level));
        }
        for bell in &scene.bells {
            out.push(self.alarm(scene, bell));
        }
        for vault in &scene.vaults {
            out.push(self.store(scene, vault));
        }
        for part in &scene.parts {
            out.extend(self.front_door(scene, part));
            out.extend(self.reading(scene, part));
        }
    }

    /// How much waits in a queue.
    pub(super) fn backlog(&self, scene: &Scene, queue: &str) -> Option<u64> {
        let flow = scene.flows.iter().find(|flow| flow.name == queue)?;
        Some(self.level(scene, flow, flow.limit).ready)
    }

    /// Follows a queue from the beginning of its cycle to now.
    fn level(&self, scene: &Scene, flow: &Flow, limit: u64) -> Level {
        let consumer = scene.parts.iter().find(|part| *part.name == *flow.consumer);
        let shift = shift(self.dice, scene);
        let history = consumer
            .map(|part| History::of(part, dice_of(self.dice, scene, part), shift, self.done(scene, part), self.now));
        let zero = self.now.cycle(shift) * super::moment::CYCLE + shift;
        let dice = self.dice.on(&scene.name).on(flow.name).nth(zero);
        let workers = |at: i64| {
            let counts = history.iter().flat_map(|history| &history.counts);
            counts.take_while(|(from, _)| *from <= at).last().map_or(0, |(_, count)| *count)
        };
        let mut level = Level { ready: 0, unacked: 0, into: 0.0, out: 0.0, workers: 0, over_since: None, at: zero };
        let mut backlog = 0.0_f64;
        let mut at = zero - LEAD;
        let now = self.now.at();
        while at <= now {
            let surge: f64 = flow.surges.iter().filter(|s| (zero + s.0..zero + s.1).contains(&at)).map(|s| s.2).sum();
            let wobble = 0.85 + 0.3 * dice.nth(at - zero).share();
            (level.into, level.workers, level.at) = ((flow.base + surge) * wobble, workers(at), at);
            let able = f64::from(level.workers) * flow.each;
            level.out = able.min(level.into + backlog / STEP as f64);
            backlog = (backlog + (level.into - level.out) * STEP as f64).max(0.0);
            let over = backlog > limit as f64;
            level.over_since = over.then_some(level.over_since.unwrap_or(at));
            at += STEP;
        }
        self.now.past(at);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a backlog is small and not negative"
        )]
        let whole = |n: f64| n.round() as u64;
        level.ready = whole(backlog);
        level.unacked = whole(level.out).min(u64::from(level.workers) * AT_HAND);
        level
    }

    fn queue(&self, scene: &Scene, flow: &Flow, level: &Level) -> Fact {
        let rate = |n: f64| Quantity::new((n * 10.0).round() / 10.0);
        #[expect(clippy::cast_possible_truncation, reason = "bounded by a day")]
        let waits = (level.ready > 0).then(|| (level.ready as f64 / level.out.max(0.1)).min(86_400.0) as i64);
        Fact::Queue(Box::new(Queue {
            key: self.signal(Kind::Queue, scene, flow.name),
            broker: flow.broker,
            scope: Text::name(&scene.name),
            name: Text::name(flow.name),
            ready: Some(level.ready),
            unacked: Some(level.unacked),
            delayed: Some(0),
            failed: Some(flow.failed),
            dead_letters: None,
            dead_letter_queue: None,
            oldest_at: waits.map(|waits| self.at(level.at - waits)),
            in_per_second: rate(level.into),
            out_per_second: rate(level.out),
            net_per_second: None,
            consumers: Some(level.workers),
            paused: false,
            trouble: None,
            approximate: false,
            at: self.at(level.at),
        }))
    }

    fn alarm(&self, scene: &Scene, bell: &Bell) -> Fact {
        let (state, since, value, threshold) = match &bell.rings {
            Bells::Between(at, until, value, threshold) => {
                let zero = self.now.cycle(shift(self.dice, scene)) * super::moment::CYCLE + shift(self.dice, scene);
                let rings = self.now.within(zero + at, zero + until);
                let (state, since) =
                    if rings { (AlarmState::Firing, zero + at) } else { (AlarmState::Ok, zero - LEAD) };
                (state, since, rings.then_some(*value), *threshold)
            }
            Bells::Backlog(queue, above) => {
                let level =
                    scene.flows.iter().find(|flow| flow.name == *queue).map(|flow| self.level(scene, flow, *above));
                let since = level.as_ref().and_then(|level| level.over_since);
                let state = if since.is_some() { AlarmState::Firing } else { AlarmState::Ok };
                (state, since.unwrap_or(-LEAD), level.map(|level| level.ready as f64), *above as f64)
            }
        };
        let labels = [("namespace", &*scene.name), ("service", bell.service)];
        Fact::Alarm(Box::new(Alarm {
            key: self.signal(Kind::Alarm, scene, bell.name),
            scope: Text::name(&scene.name),
            name: Text::name(bell.name),
            severity: bell.severity,
            state,
            since: Some(self.at(since)),
            summary: Text::line(bell.summary),
            value: value.and_then(Quantity::new),
            threshold: Quantity::new(threshold),
            comparison: Some(Text::name(">")),
            runbook: bell.runbook.map(Text::line),
            silenced_until: None,
            suppressed_by: None,
            notifies: Some(true),
            labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
            fingerprint: Text::name(&format!("{}/{}", scene.name, bell.name)),
        }))
    }

    fn store(&self, scene: &Scene, vault: &Vault) -> Fact {
        let backup = self.each(86_400) - 9_000;
        Fact::Store(Box::new(Store {
            key: self.signal(Kind::Store, scene, vault.name),
            kind: vault.kind,
            scope: Text::name(&scene.name),
            name: Text::name(vault.name),
            version: Some(Text::name(vault.version)),
            health: HealthState::Healthy,
            reasons: Vec::new(),
            connections: Some(vault.connections.0),
            connections_max: Some(vault.connections.1),
            memory_bytes: vault.memory.map(|memory| memory.0),
            memory_limit_bytes: vault.memory.map(|memory| memory.1),
            evicted: vault.memory.map(|_| 0),
            storage_free_bytes: vault.free,
            replication: None,
            last_backup_at: Some(self.at(backup)),
            restorable_at: None,
        }))
    }

    /// A check of each public address of a part: it passes as long as no Instance that serves answers with errors.
    fn front_door(&self, scene: &Scene, part: &Part) -> Vec<Fact> {
        let doors = part.doors.iter().filter(|door| door.tls && !door.hosts.is_empty());
        let Some((system, environment)) = scene.name.rsplit_once('-') else { return Vec::new() };
        let service = format!("{system}/{environment}/{}", part.service);
        let mut facts = Vec::new();
        let checked = self.each(CHECKED_EVERY);
        for host in doors.flat_map(|door| door.hosts) {
            let play = self.play(scene, part);
            let broken = play.actors.iter().any(|actor| matches!(actor.state, State::Failing(_)));
            let serves = play.ready() > 0 && !broken;
            let latency = 18 + u32::try_from(play.dice.on(host).below(60)).unwrap_or(0);
            let since = play.actors.iter().filter_map(|actor| match actor.state {
                State::Failing(since) => Some(since),
                _ => None,
            });
            let (outcome, message) = match (serves, broken) {
                (true, _) => (Outcome::Passing, format!("200 in {latency} ms")),
                (false, true) => (Outcome::Failing, "500 Internal Server Error".to_owned()),
                (false, false) => (Outcome::Failing, "503 Service Unavailable: no target is healthy".to_owned()),
            };
            facts.push(Fact::Check(Box::new(Check {
                key: self.signal(Kind::Check, scene, &format!("{}/{host}", part.name)),
                kind: CheckKind::Http,
                service: Text::name(&service),
                target: Text::line(&format!("https://{host}/")),
                found_by: Text::line("its front door"),
                outcome,
                since: Some(self.at(since.min().unwrap_or(-LEAD))),
                latency_ms: serves.then_some(latency),
                message: Text::line(&message),
                checked_at: Some(self.at(checked)),
                certificate_expires_at: Some(self.certificate_of(scene)),
                connections: None,
            })));
        }
        facts
    }

    pub(super) fn signal(&self, kind: Kind, scene: &Scene, name: &str) -> Key {
        self.key(kind, &self.dice.on(&scene.name).on("signal").on(name).uuid())
    }

    /// The last moment at which something was done that is done every so many seconds.
    pub(super) fn each(&self, seconds: i64) -> i64 {
        let last = self.now.at().div_euclid(seconds) * seconds;
        self.now.past(last + seconds);
        last
    }

    /// The day that a certificate ends: where a notice says so, in six days.
    fn certificate_of(&self, scene: &Scene) -> Timestamp {
        let near = scene.notices.iter().any(|notice| notice.message.contains("{expires}"));
        self.at(if near { 6 * 86_400 } else { FAR_DAYS * 86_400 })
    }
}
