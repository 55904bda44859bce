//! A simulated Workload as an authoritative read finds it: what a Plan pins, in the words of its platform.

use super::history::Generation;
use super::part::{Part, Scene};
use super::play::{Actor, Play, State};
use super::stage::{Identity, Stage};
use super::world::World;
use super::{cast, compose, ecs, kube, stage};
use crate::model::{
    Contained, Image, Instance, Owner, Platform, Running, Scaler, Target, TargetRevision, TargetState, Text,
    WorkloadKind,
};

/// Versions among which the registry of this world is searched: a few before the story, and those of a week of it.
const VERSIONS: std::ops::RangeInclusive<i64> = -12..=240;

impl World {
    /// The Workload called `name` in `scope` at a story time; `None`: there is no such thing that can be changed.
    pub(super) fn target(&self, kind: WorkloadKind, scope: &str, name: &str, story: i64) -> Option<Target> {
        let now = super::moment::Moment::new(story);
        let stage = self.stage(&now);
        let (scene, part) = self.part(scope, name)?;
        let runs = part.schedule.is_none() && part.kind != Some(WorkloadKind::Job);
        (runs && part.kind(self.site.platform) == kind).then(|| stage.target(scene, part))
    }

    /// A part by its names.
    pub(super) fn part(&self, scope: &str, name: &str) -> Option<(&Scene, &Part)> {
        let scene = self.site.scenes.iter().find(|scene| *scene.name == *scope)?;
        Some((scene, scene.parts.iter().find(|part| *part.name == *name)?))
    }

    /// The slot of an Instance.
    pub(super) fn slot(&self, scope: &str, name: &str, instance: &str, story: i64) -> Option<u32> {
        let now = super::moment::Moment::new(story);
        let stage = self.stage(&now);
        let (scene, part) = self.part(scope, name)?;
        let play = stage.play(scene, part);
        let found = play.actors.iter().find(|actor| stage.identity(scene, &play, actor).uid == instance);
        found.map(|actor| actor.slot)
    }

    /// The tag under which the registry of this world, or this site's own engine, has an image.
    pub(super) fn tag(&self, image: &Image) -> Option<String> {
        let written = image.reference.raw();
        let repository = crate::sources::images::repository(written);
        let digest = image.digest.as_ref().or(image.id.as_ref());
        let everywhere = cast::sites();
        let sites: Vec<&super::part::Site> =
            if image.digest.is_some() { everywhere.iter().collect() } else { vec![&*self.site] };
        let parts = sites.into_iter().flat_map(|site| &site.scenes).flat_map(|scene| &scene.parts);
        let mut named = parts.filter(|part| part.image == repository);
        named.find_map(|part| {
            VERSIONS.map(|version| part.tag(version)).find(|tag| {
                let known = stage::image(self.dice(), part, tag);
                digest.is_some() && (known.digest.as_ref() == digest || known.id.as_ref() == digest)
            })
        })
    }
}

/// Which version of a part has a tag.
pub(super) fn version(part: &Part, tag: &str) -> Option<i64> {
    VERSIONS.into_iter().find(|version| part.tag(*version) == tag)
}

impl Stage<'_> {
    /// Who an Instance is on this platform.
    fn identity(&self, scene: &Scene, play: &Play<'_>, actor: &Actor) -> Identity {
        match self.site.platform {
            Platform::Compose => compose::identity(self, scene, play, actor),
            Platform::Kubernetes => kube::identity(self, play, actor),
            Platform::Ecs => ecs::identity(self, scene, play, actor),
        }
    }

    fn target(&self, scene: &Scene, part: &Part) -> Target {
        let (platform, play) = (self.site.platform, self.play(scene, part));
        let uid = match platform {
            Platform::Compose => format!("{}/{}", scene.name, part.name),
            Platform::Kubernetes => play.dice.uuid(),
            Platform::Ecs => ecs::service(scene, part),
        };
        let workload = self.workload(scene, &play, &uid);
        let declared = platform != Platform::Compose;
        let mark = play.history.mark();
        let running = self.running(scene, &play);
        let mut instances: Vec<Text> = running.iter().map(|one| one.id.clone()).collect();
        instances.sort();
        Target {
            key: workload.key,
            platform,
            kind: workload.kind,
            scope: workload.scope,
            name: workload.name,
            uid: declared.then(|| Text::name(&uid)),
            version: declared.then(|| Text::name(&mark.to_string())),
            generation: (platform == Platform::Kubernetes).then_some(mark),
            desired: workload.desired,
            ready: workload.ready,
            containers: contained(part, workload.images),
            instances: if declared { Vec::new() } else { instances },
            owners: workload.owners,
            paused: play.history.is_paused(),
            state: TargetState {
                observed: true,
                updated: workload.updated,
                available: workload.available,
                rollout: workload.rollout,
                probed: workload.probed,
                running,
                revisions: if declared { self.kept(scene, &play) } else { Vec::new() },
                scaler: scaler(&play),
            },
            means: (!declared).then(|| Text::line(&format!("docker compose, with the files in /srv/{}", scene.name))),
            remarks: Vec::new(),
        }
    }

    fn running(&self, scene: &Scene, play: &Play<'_>) -> Vec<Running> {
        let there = play.actors.iter().filter(|actor| actor.state != State::Stopping);
        there
            .map(|actor| {
                let identity = self.identity(scene, play, actor);
                let instance = self.instance(scene, play, actor, &identity);
                Running {
                    id: Text::name(&identity.uid),
                    name: instance.name.clone(),
                    ready: instance.ready,
                    started_at: instance.started_at,
                    trouble: trouble(&instance),
                    containers: contained(play.part, instance.images),
                }
            })
            .collect()
    }

    /// The declarations that are kept, each content once: what is returned to has a new number and its old age.
    fn kept(&self, scene: &Scene, play: &Play<'_>) -> Vec<TargetRevision> {
        let ecs = self.site.platform == Platform::Ecs;
        // A forced deployment of ECS has the same task definition; a restart on Kubernetes has a template of its own.
        let content = |g: &Generation<'_>| (g.version, if g.restart && !ecs { Some(g.at) } else { None });
        let oldest = &play.history.generations[0];
        let ago = play.dice.on("earlier");
        let mut kept: Vec<((i64, Option<i64>), u64, i64)> = (1..=2)
            .rev()
            .map(|n: i64| {
                let at = oldest.at - n * 5 * 86_400 - ago.nth(n).seconds(86_400);
                ((oldest.version - n, None), oldest.number - n.unsigned_abs(), at)
            })
            .collect();
        for generation in &play.history.generations {
            match kept.iter_mut().find(|(same, ..)| *same == content(generation)) {
                Some((_, number, _)) => *number = if ecs { *number } else { generation.number },
                None => kept.push((content(generation), generation.number, generation.at)),
            }
        }
        let newest = content(play.history.newest());
        kept.sort_by_key(|(_, number, _)| std::cmp::Reverse(*number));
        let one = |((version, restart), number, at): ((i64, Option<i64>), u64, i64)| {
            let name = if ecs { format!("{}:{number}", play.part.name) } else { number.to_string() };
            let dice = play.dice.on("kept").nth(version).nth(restart.unwrap_or(0));
            let id = if ecs { ecs::task_definition(scene, &name) } else { dice.uuid() };
            TargetRevision {
                id: Text::name(&id),
                name: Text::name(&name),
                containers: contained(play.part, vec![self.image(play, version)]),
                made_at: Some(self.at(at)),
                current: (version, restart) == newest,
            }
        };
        kept.into_iter().map(one).take(10).collect()
    }
}

fn contained(part: &Part, images: Vec<Image>) -> Vec<Contained> {
    images.into_iter().map(|image| Contained { name: Text::name(&part.name), image }).collect()
}

fn scaler(play: &Play<'_>) -> Option<Scaler> {
    let scaler = play.part.scaler.as_ref()?;
    let (min, max) = play.history.limits.unwrap_or((scaler.min, scaler.max));
    let owner = Owner { kind: Text::name(scaler.kind), name: Text::name(&play.part.name) };
    Some(Scaler { owner, version: Some(Text::name(&format!("{min}-{max}"))), min, max })
}

fn trouble(instance: &Instance) -> Option<Text> {
    let waits = instance.waiting.as_ref().filter(|w| w.reason.raw() != "ContainerCreating").map(|w| w.reason.clone());
    let exit = instance.last_exit.as_ref().filter(|_| instance.ready == Some(false));
    let ended = || exit.and_then(|exit| Some(Text::line(&format!("exited {}", exit.code?))));
    waits.or_else(|| instance.unschedulable.clone()).or_else(|| instance.check_output.clone()).or_else(ended)
}
