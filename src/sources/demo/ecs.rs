//! The play as ECS on Fargate tells it.

use super::events;
use super::part::{Part, Scene};
use super::play::{Actor, Play};
use super::stage::{Identity, Stage, takes};
use crate::model::{Autoscaler, Fact, Kind, Labels, Route, Text, WorkloadKind};

/// The account and region that stand in AWS's own examples.
const PLACE: &str = "arn:aws:ecs:eu-central-1:111122223333";

/// The ARN of a service.
pub(super) fn service(scene: &Scene, part: &Part) -> String {
    format!("{PLACE}:service/{}/{}", scene.name, part.name)
}

/// The ARN of a task definition.
pub(super) fn task_definition(scene: &Scene, name: &str) -> String {
    format!("{PLACE}:task-definition/{}-{name}", scene.name)
}

/// Who a task is.
pub(super) fn identity(stage: &Stage<'_>, scene: &Scene, play: &Play<'_>, actor: &Actor) -> Identity {
    let id = actor.dice(play.dice).hex(32);
    Identity {
        uid: format!("{PLACE}:task/{}/{id}", scene.name),
        name: format!("{}-{}", play.part.name, &id[..8]),
        node: stage.node(actor.dice(play.dice)),
        template: definition(play, actor.version),
        number: None,
    }
}

/// `family:revision`, the newest declaration of a version.
pub(super) fn definition(play: &Play<'_>, version: i64) -> String {
    let generations = &play.history.generations;
    let number = generations.iter().find(|g| g.version == version).map_or(generations[0].number, |g| g.number);
    format!("{}:{number}", play.part.name)
}

impl Stage<'_> {
    pub(super) fn ecs(&self, scene: &Scene, out: &mut Vec<Fact>) {
        out.push(self.scope(scene, &format!("{PLACE}:cluster/{}", scene.name)));
        for part in &scene.parts {
            let play = self.play(scene, part);
            let mut workload = self.workload(scene, &play, &service(scene, part));
            let takes = takes(scene, part);
            let own = takes.iter().map(|queues| ("quarterdeck.queues", queues.as_str()));
            workload.labels = Labels::keep(scene.labels.iter().copied().chain(own));
            workload.revision = Some(Text::name(&definition(&play, play.history.newest().version)));
            out.push(Fact::Workload(Box::new(workload)));
            for actor in &play.actors {
                let identity = identity(self, scene, &play, actor);
                out.push(Fact::Instance(Box::new(self.instance(scene, &play, actor, &identity))));
            }
            out.extend(self.revisions(scene, &play, |number| {
                let name = format!("{}:{number}", part.name);
                (task_definition(scene, &name), name)
            }));
            out.extend(self.scalable_target(scene, &play));
            out.extend(self.target_groups(scene, part));
            out.extend(events::ecs(self, scene, &play).into_iter().filter_map(|told| self.event(scene, told)));
        }
    }

    fn scalable_target(&self, scene: &Scene, play: &Play<'_>) -> Option<Fact> {
        let scaler = play.part.scaler.as_ref()?;
        let (min, max) = play.history.limits.unwrap_or((scaler.min, scaler.max));
        let name = format!("service/{}/{}", scene.name, play.part.name);
        Some(Fact::Autoscaler(Box::new(Autoscaler {
            key: self.key(Kind::Autoscaler, &name),
            kind: Text::name(scaler.kind),
            scope: Text::name(&scene.name),
            name: Text::name(&name),
            target: (WorkloadKind::EcsService, Text::name(&play.part.name)),
            min: Some(min),
            max: Some(max),
            current: Some(play.history.count()),
            wanted: Some(play.history.count()),
            triggers: scaler.triggers.iter().map(|words| Text::line(words)).collect(),
            paused: false,
            last_scaled_at: play.history.counts.iter().skip(1).next_back().map(|(at, _)| self.at(*at)),
            problem: None,
        })))
    }

    fn target_groups(&self, scene: &Scene, part: &Part) -> Vec<Fact> {
        let route = |door: &super::part::Door| {
            Fact::Route(Box::new(Route {
                key: self.key(Kind::Route, &format!("targetgroup/{}-{}", scene.name, part.name)),
                kind: Text::name(door.kind),
                scope: Text::name(&scene.name),
                name: Text::name(&format!("{}-{}", scene.name, part.name)),
                hosts: door.hosts.iter().map(|host| Text::name(host)).collect(),
                ports: door.ports.to_vec(),
                tls: door.tls,
                backends: Vec::new(),
                selector: Vec::new(),
                workload: Some((WorkloadKind::EcsService, Text::name(&part.name))),
            }))
        };
        part.doors.iter().map(route).collect()
    }
}
