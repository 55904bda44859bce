//! A part at a moment: which Instances stand on the stage, what each runs and how it is. Every platform reads from this.

use super::changes::Change;
use super::dice::Dice;
use super::history::{Generation, History, long_ago};
use super::moment::{CYCLE, Moment};
use super::part::{Bad, Fault, Ill, Part, Scene, Trouble};

/// Seconds that a new Instance is pending (scheduled, pulled) before its process starts.
const PENDING: i64 = 3;
/// Seconds that a crashing process lives.
const CRASH_LIFE: i64 = 7;
/// Seconds that an Instance needs to end.
const STOPPING: i64 = 5;
/// A rollout that made no progress for so many seconds is given up by its platform.
const DEADLINE: i64 = 600;
/// One that somebody began here is given up sooner: he waits for it.
const OUR_DEADLINE: i64 = 60;

/// How an Instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Unschedulable,
    /// Its image cannot be pulled, tried so many times.
    PullFailing(u32),
    Starting,
    Serving,
    /// Its health check fails since then.
    Failing(i64),
    /// It crashes again and again; whether it waits for its next start now.
    Crashing(bool),
    Stopping,
}

/// How a process last ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) at: i64,
    pub(super) code: i32,
    pub(super) out_of_memory: bool,
}

/// One Instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) slot: u32,
    pub(super) version: i64,
    pub(super) born: i64,
    pub(super) started: i64,
    pub(super) state: State,
    pub(super) restarts: u32,
    pub(super) ended: Option<Ended>,
}

impl Actor {
    /// Its point in the tree of chance: names and ids come from there.
    pub(super) fn dice(&self, part: Dice) -> Dice {
        part.on("instance").nth(i64::from(self.slot)).nth(self.born)
    }
}

/// How far the newest release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Steady,
    Rolling,
    /// Given up since then.
    Stuck(i64),
}

/// A part at a moment.
#[derive(Clone, Debug)]
pub(super) struct Play<'a> {
    pub(super) part: &'a Part,
    pub(super) dice: Dice,
    pub(super) history: History<'a>,
    pub(super) actors: Vec<Actor>,
    pub(super) progress: Progress,
}

/// By how many seconds the script of a scene is shifted: every seed tells the story with its own pauses.
pub(super) fn shift(dice: Dice, scene: &Scene) -> i64 {
    dice.on(&scene.name).on("shift").seconds(12)
}

/// The point in the tree of chance of a part.
pub(super) fn dice_of(dice: Dice, scene: &Scene, part: &Part) -> Dice {
    dice.on(&scene.name).on(&part.name)
}

impl<'a> Play<'a> {
    /// Plays `part` of `scene`, to which people did `done`. `surge`: the platform starts the new Instance before it ends
    /// the old one.
    pub(super) fn of(
        dice: Dice,
        scene: &Scene,
        (part, done): (&'a Part, Vec<&'a Change>),
        surge: bool,
        now: &Moment,
    ) -> Self {
        let here = dice_of(dice, scene, part);
        let history = History::of(part, here, shift(dice, scene), done, now);
        let mut actors = Vec::new();
        for slot in 0..history.count() {
            Slot { part, dice: here, history: &history, slot, surge, now }.fill(&mut actors);
        }
        let progress = progress(&history, &actors, now);
        Self { part, dice: here, history, actors, progress }
    }

    /// Instances that serve, at most as many as are wanted.
    pub(super) fn ready(&self) -> u32 {
        let serving = self.actors.iter().filter(|a| a.state == State::Serving).count();
        u32::try_from(serving).unwrap_or(u32::MAX).min(self.history.count())
    }

    /// Instances of the newest declaration.
    pub(super) fn updated(&self) -> u32 {
        let newest = self.history.newest();
        let updated = self.actors.iter().filter(|a| !is_outdated(newest, a) && a.state != State::Stopping).count();
        u32::try_from(updated).unwrap_or(u32::MAX)
    }

    /// Troubles of this cycle with their absolute times.
    pub(super) fn troubles(&self) -> impl Iterator<Item = (i64, i64, &'a Trouble)> + '_ {
        let zero = self.history.zero;
        self.part.troubles.iter().map(move |t| (zero + t.at, zero + t.until, t))
    }

    /// Whether a slot has more work than it can do.
    pub(super) fn is_busy(&self, slot: u32, now: &Moment) -> bool {
        self.troubles().any(|(at, until, t)| t.ill == Ill::Busy && t.slots.contains(&slot) && now.within(at, until))
    }
}

fn progress(history: &History<'_>, actors: &[Actor], now: &Moment) -> Progress {
    let newest = history.newest();
    let begun = newest.at - newest.head;
    if newest.bad.is_some() {
        let given_up = begun + if newest.ours { OUR_DEADLINE } else { DEADLINE };
        return if now.past(given_up) { Progress::Stuck(given_up) } else { Progress::Rolling };
    }
    let outdated = |a: &Actor| is_outdated(newest, a);
    let moving = |a: &Actor| outdated(a) || a.state == State::Starting && a.born < begun + DEADLINE;
    let rolls = history.generations.len() > 1 && !now.past(begun + DEADLINE);
    if rolls && actors.iter().any(|a| moving(a) && a.born >= begun || outdated(a)) {
        Progress::Rolling
    } else {
        Progress::Steady
    }
}

/// Whether an Instance is not of the newest declaration.
fn is_outdated(newest: &Generation<'_>, actor: &Actor) -> bool {
    actor.version != newest.version || newest.restart && actor.born < newest.at - newest.head
}

/// One slot of a part, while its Instances are being found.
struct Slot<'a, 'b> {
    part: &'a Part,
    dice: Dice,
    history: &'b History<'a>,
    slot: u32,
    surge: bool,
    now: &'b Moment,
}

impl<'a> Slot<'a, '_> {
    /// Follows the releases that reached this slot and puts on the stage what is there now.
    fn fill(&self, actors: &mut Vec<Actor>) {
        let generations = &self.history.generations;
        let since = self.history.filled(self.slot).unwrap_or(i64::MIN);
        let begin = generations.iter().rev().find(|g| g.at <= since && self.is_reached(g)).unwrap_or(&generations[0]);
        let long_ago = begin.at.max(long_ago(self.dice)) + i64::from(self.slot) * self.pace();
        let mut held = (if since == i64::MIN { long_ago } else { since }, begin);
        let (mut before, mut extra) = (None, None);
        for generation in generations.iter().filter(|g| self.is_reached(g)) {
            let at = generation.at + 2 + i64::from(self.slot) * self.pace();
            let Some(at) = self.history.delayed(generation, at) else { continue };
            let at = if generation.head > 0 { (at - generation.head).max(held.0 + 1) } else { at };
            if at <= held.0 || !self.now.past(at) {
                continue;
            }
            extra = None;
            if generation.version == held.1.version && !generation.restart {
                continue;
            }
            if generation.bad.is_some_and(|bad| bad.keeps_old) {
                extra = Some((at, generation));
            } else {
                before = Some(held);
                held = (at, generation);
            }
        }
        let mut deleted = false;
        for (at, head) in self.history.deleted(self.slot) {
            if at > held.0 && self.now.past(at) {
                (before, deleted) = (Some(held), true);
                held = ((at - head).max(held.0 + 1), held.1);
            }
        }
        actors.push(self.actor(held));
        if let Some(old) = before {
            actors.extend(self.leaving(old, held.0, deleted));
        }
        actors.extend(extra.map(|extra| self.actor(extra)));
    }

    fn is_reached(&self, generation: &Generation<'_>) -> bool {
        generation.bad.is_none_or(|bad| self.slot < bad.reach)
    }

    /// Seconds between two slots of a rollout.
    fn pace(&self) -> i64 {
        if self.surge { self.part.startup + PENDING + 4 } else { self.part.startup + 2 }
    }

    /// The Instance that was replaced at `at`, while it is still there.
    fn leaving(&self, old: (i64, &Generation<'a>), at: i64, deleted: bool) -> Option<Actor> {
        let ends = match (deleted, self.surge) {
            (true, _) => at,
            (false, true) => at + PENDING + self.part.startup,
            (false, false) => at - STOPPING,
        };
        if self.now.past(ends + STOPPING) {
            return None;
        }
        let mut actor = self.actor(old);
        if self.now.past(ends) {
            actor.state = State::Stopping;
        }
        Some(actor)
    }

    fn actor(&self, (born, generation): (i64, &Generation<'a>)) -> Actor {
        let born = self.room(born).unwrap_or(born);
        let started = born + PENDING;
        let mut actor = Actor {
            slot: self.slot,
            version: generation.version,
            born,
            started,
            state: State::Serving,
            restarts: 0,
            ended: None,
        };
        if self.has_no_room() {
            actor.state = State::Unschedulable;
        } else if !self.now.past(started) {
            actor.state = State::Pending;
        } else if let Some(bad) = generation.bad {
            self.suffer(&mut actor, bad);
        } else if !self.now.past(started + self.part.startup) {
            actor.state = State::Starting;
        } else {
            self.remember(&mut actor);
        }
        if generation.head > 0 && born < generation.at {
            // In a story that stands still it has just been done, however far it is.
            actor.started = generation.at;
        }
        actor
    }

    /// Troubles of one kind that this slot has in this cycle.
    fn ills(&self, ill: Ill) -> impl Iterator<Item = &'a Trouble> {
        self.part.troubles.iter().filter(move |t| t.ill == ill && t.slots.contains(&self.slot))
    }

    fn has_no_room(&self) -> bool {
        let zero = self.history.zero;
        self.ills(Ill::Unschedulable).any(|t| self.now.within(zero + t.at, zero + t.until))
    }

    /// When a slot that had to wait for room got it: its Instance starts then.
    fn room(&self, born: i64) -> Option<i64> {
        let zero = self.history.zero;
        self.ills(Ill::Unschedulable)
            .map(|t| (zero + t.at, zero + t.until))
            .find(|(at, until)| (*at..*until).contains(&born) && self.now.past(*until))
            .map(|(_, until)| until)
    }

    fn suffer(&self, actor: &mut Actor, bad: &Bad) {
        let serves = actor.started + self.part.startup;
        match &bad.fault {
            Fault::Pull => actor.state = State::PullFailing(tries(actor.born, self.now)),
            Fault::Crash { code, .. } => crash(actor, *code, self.now),
            Fault::Failing { .. } if !self.now.past(serves) => actor.state = State::Starting,
            Fault::Failing { after, .. } => {
                let fails = serves + after;
                actor.state = if self.now.past(fails) { State::Failing(fails) } else { State::Serving };
            }
        }
    }

    /// What the Instance has behind it: an old restart now and then, and kills for memory.
    fn remember(&self, actor: &mut Actor) {
        let dice = actor.dice(self.dice).on("past");
        if actor.born < -86_400 && dice.below(9) == 0 {
            let at = actor.born + 3600 + dice.seconds(80_000);
            actor.restarts = 1;
            actor.started = at + 2;
            actor.ended = Some(Ended { at, code: 1, out_of_memory: false });
        }
        for cycle in 0..=self.history.cycle {
            for ill in self.ills(Ill::OutOfMemory) {
                let at = self.history.zero + (cycle - self.history.cycle) * CYCLE + ill.at;
                if at <= actor.born + PENDING || !self.now.past(at) {
                    continue;
                }
                actor.restarts += 1;
                actor.started = at + 2;
                actor.ended = Some(Ended { at, code: 137, out_of_memory: true });
                if !self.now.past(at + 2 + self.part.startup) {
                    actor.state = State::Starting;
                }
            }
        }
    }
}

/// Seconds that the `n`th wait lasts, as kubelet and the Docker engine double it.
fn pause(n: u32) -> i64 {
    (10_i64 << n.min(5)).min(300)
}

fn tries(born: i64, now: &Moment) -> u32 {
    let mut at = born + PENDING;
    let mut tries = 0;
    while now.past(at) {
        at += pause(tries);
        tries += 1;
    }
    tries
}

fn crash(actor: &mut Actor, code: i32, now: &Moment) {
    let mut start = actor.started;
    let mut starts = 0;
    while now.past(start) {
        actor.started = start;
        actor.restarts = starts;
        let end = start + CRASH_LIFE;
        let waits = now.past(end);
        actor.state = State::Crashing(waits);
        if waits {
            actor.ended = Some(Ended { at: end, code, out_of_memory: false });
        }
        start = end + pause(starts);
        starts += 1;
    }
}

/// Why an Instance of a bad release dies or answers with errors, in its own words.
pub(super) fn failure_words(play: &Play<'_>, actor: &Actor) -> Option<&'static str> {
    let generation = play.history.generations.iter().rev().find(|g| g.version == actor.version)?;
    match &generation.bad?.fault {
        Fault::Failing { says, .. } | Fault::Crash { says, .. } => Some(says),
        Fault::Pull => None,
    }
}
