//! Who can be heard and measured at a moment: the Instances of a site with what their logs and samples need.

use super::dice::Dice;
use super::moment::Moment;
use super::part::{Ill, Part, Scene};
use super::play::{Actor, Play, State, failure_words};
use super::stage::Stage;
use super::voice::{Mood, Voice};
use super::world::World;
use super::{compose, ecs, kube};
use crate::model::{Key, Kind, Platform};

/// One Instance that has a process.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) key: Key,
    pub(super) dice: Dice,
    pub(super) voice: Voice,
    pub(super) actor: Actor,
    pub(super) busy: bool,
    /// It runs against its memory limit.
    pub(super) swelling: bool,
    /// Why it answers with errors or dies.
    pub(super) says: Option<&'static str>,
    pub(super) cpu: u32,
    pub(super) memory: u64,
    pub(super) load: f64,
    pub(super) resident: u64,
    /// When its work ended, for what runs to an end.
    pub(super) over: Option<i64>,
}

impl Player {
    /// How it feels; `None`: no process runs.
    pub(super) fn mood(&self) -> Option<Mood> {
        match self.actor.state {
            State::Starting | State::Crashing(false) => Some(Mood::Starting),
            State::Failing(_) => Some(Mood::Broken(self.says.unwrap_or("internal error"))),
            State::Serving if self.busy => Some(Mood::Busy),
            State::Serving | State::Stopping => Some(Mood::Fine),
            State::Pending | State::Unschedulable | State::PullFailing(_) | State::Crashing(true) => None,
        }
    }
}

impl World {
    /// All players of the site at a story time, and until when they are these.
    pub(super) fn players(&self, story: i64) -> (Vec<Player>, i64) {
        let now = Moment::new(story);
        let stage = self.stage(&now);
        let mut out = Vec::new();
        for scene in &self.site.scenes {
            for part in &scene.parts {
                stage.listen(scene, part, &mut out);
            }
        }
        (out, now.until())
    }
}

impl Stage<'_> {
    pub(super) fn listen(&self, scene: &Scene, part: &Part, out: &mut Vec<Player>) {
        let runs = self.runs(scene, part);
        if !runs.is_empty() {
            out.extend(runs);
            return;
        }
        let play = self.play(scene, part);
        for actor in &play.actors {
            let uid = match self.site.platform {
                Platform::Compose => compose::identity(self, scene, &play, actor).uid,
                Platform::Kubernetes => kube::identity(self, &play, actor).uid,
                Platform::Ecs => ecs::identity(self, scene, &play, actor).uid,
            };
            out.push(self.player(&play, actor, &uid));
        }
    }

    fn player(&self, play: &Play<'_>, actor: &Actor, uid: &str) -> Player {
        let part = play.part;
        let busy = play.is_busy(actor.slot, self.now);
        Player {
            key: self.key(Kind::Instance, uid),
            dice: actor.dice(play.dice),
            voice: part.voice,
            actor: actor.clone(),
            busy,
            swelling: busy && part.troubles.iter().any(|t| t.ill == Ill::OutOfMemory),
            says: failure_words(play, actor),
            cpu: part.cpu,
            memory: part.memory,
            load: part.load,
            resident: part.resident,
            over: None,
        }
    }

    /// The pods of a part that runs to its end.
    fn runs(&self, scene: &Scene, part: &Part) -> Vec<Player> {
        self.job_runs(scene, part)
            .into_iter()
            .map(|run| {
                let ended = self.now.past(run.until);
                let actor = Actor {
                    slot: 0,
                    version: 0,
                    born: run.began,
                    started: run.began + 2,
                    state: if ended { State::Pending } else { State::Serving },
                    restarts: 0,
                    ended: None,
                };
                Player {
                    key: self.key(Kind::Instance, &run.dice.uuid()),
                    dice: run.dice,
                    voice: part.voice,
                    actor,
                    busy: false,
                    swelling: false,
                    says: part.schedule.as_ref().and_then(|s| s.fails),
                    cpu: part.cpu,
                    memory: part.memory,
                    load: part.load,
                    resident: part.resident,
                    over: ended.then_some(run.until),
                }
            })
            .collect()
    }
}
