//! The play as a Docker engine with Compose tells it.

use super::events;
use super::part::{Part, Scene};
use super::play::{Actor, Play};
use super::stage::{Identity, Stage};
use crate::model::{Drift, Fact, Kind, Route, Text, WorkloadKind};

/// Who a container is.
pub(super) fn identity(stage: &Stage<'_>, scene: &Scene, play: &Play<'_>, actor: &Actor) -> Identity {
    let number = actor.slot + 1;
    Identity {
        uid: actor.dice(play.dice).hex(64),
        name: format!("{}-{}-{number}", scene.name, play.part.name),
        node: stage.node(stage.dice),
        template: play.dice.on("config").nth(actor.version).hex(12),
        number: Some(number),
    }
}

impl Stage<'_> {
    pub(super) fn compose(&self, scene: &Scene, out: &mut Vec<Fact>) {
        out.push(self.scope(scene, &scene.name));
        for part in &scene.parts {
            let play = self.play(scene, part);
            let uid = format!("{}/{}", scene.name, part.name);
            let mut workload = self.workload(scene, &play, &uid);
            workload.drift.extend(part.drift.map(|(what, declared, running)| Drift {
                what: Text::name(what),
                declared: Text::line(declared),
                running: Text::line(running),
            }));
            out.push(Fact::Workload(Box::new(workload)));
            for actor in &play.actors {
                let identity = identity(self, scene, &play, actor);
                out.push(Fact::Instance(Box::new(self.instance(scene, &play, actor, &identity))));
            }
            out.extend(self.published(scene, part));
            out.extend(events::docker(self, scene, &play).into_iter().filter_map(|told| self.event(scene, told)));
        }
    }

    fn published(&self, scene: &Scene, part: &Part) -> Vec<Fact> {
        let route = |(index, door): (usize, &super::part::Door)| {
            Fact::Route(Box::new(Route {
                key: self.key(Kind::Route, &format!("{}/{}/{index}", scene.name, part.name)),
                kind: Text::name(door.kind),
                scope: Text::name(&scene.name),
                name: Text::name(&part.name),
                hosts: door.hosts.iter().map(|host| Text::name(host)).collect(),
                ports: door.ports.to_vec(),
                tls: door.tls,
                backends: Vec::new(),
                selector: Vec::new(),
                workload: Some((WorkloadKind::ComposeService, Text::name(&part.name))),
            }))
        };
        part.doors.iter().enumerate().map(route).collect()
    }
}
