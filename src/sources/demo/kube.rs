//! The play as a Kubernetes cluster tells it.

use super::events;
use super::part::{Door, Part, Scene};
use super::play::{Actor, Play};
use super::stage::{Identity, Stage};
use crate::model::{Autoscaler, Budget, Fact, Kind, Labels, Node, Route, Text, WorkloadKind};

/// The hash of a template, as Deployments put it into names.
pub(super) fn template(play: &Play<'_>, version: i64) -> String {
    play.dice.on("template").nth(version).tail(9)
}

/// Who a pod is.
pub(super) fn identity(stage: &Stage<'_>, play: &Play<'_>, actor: &Actor) -> Identity {
    let dice = actor.dice(play.dice);
    let template = template(play, actor.version);
    let ordinal = play.part.kind == Some(WorkloadKind::StatefulSet);
    let name = if ordinal {
        format!("{}-{}", play.part.name, actor.slot)
    } else {
        format!("{}-{template}-{}", play.part.name, dice.tail(5))
    };
    let node = stage.node(dice);
    Identity { uid: dice.uuid(), name, node, template, number: ordinal.then_some(actor.slot) }
}

impl Stage<'_> {
    /// The cluster's machines.
    pub(super) fn nodes(&self, out: &mut Vec<Fact>) {
        out.extend(self.site.nodes.iter().map(|node| {
            Fact::Node(Box::new(Node {
                key: self.key(Kind::Node, &self.dice.on(&self.site.name).on(node).uuid()),
                name: Text::name(node),
                ready: Some(true),
                cordoned: false,
                pressures: Vec::new(),
                version: Some(Text::name(self.site.version)),
            }))
        }));
    }

    pub(super) fn kubernetes(&self, scene: &Scene, out: &mut Vec<Fact>) {
        out.push(self.scope(scene, &self.dice.on(&scene.name).uuid()));
        for part in &scene.parts {
            if part.schedule.is_some() {
                self.cron(scene, part, out);
            } else {
                self.deployment(scene, part, out);
            }
        }
        for notice in events::notices(self, scene) {
            out.extend(self.event(scene, notice));
        }
    }

    fn deployment(&self, scene: &Scene, part: &Part, out: &mut Vec<Fact>) {
        let play = self.play(scene, part);
        let mut workload = self.workload(scene, &play, &play.dice.uuid());
        workload.labels = self.labels(scene, part);
        workload.revision = Some(Text::name(&play.history.newest().number.to_string()));
        if part.kind == Some(WorkloadKind::Job) {
            return self.job(scene, &play, workload, out);
        }
        out.push(Fact::Workload(Box::new(workload)));
        for actor in &play.actors {
            let identity = identity(self, &play, actor);
            out.push(Fact::Instance(Box::new(self.instance(scene, &play, actor, &identity))));
        }
        if part.kind.is_none() {
            out.extend(self.revisions(scene, &play, |number| {
                let version = play.history.generations.iter().find(|g| g.number == number).map_or(-7, |g| g.version);
                let dice = play.dice.on("replicaset").nth(number.cast_signed());
                (dice.uuid(), format!("{}-{}", part.name, template(&play, version)))
            }));
        }
        out.extend(self.autoscaler(scene, &play));
        out.extend(self.budget(scene, &play));
        for door in &part.doors {
            out.push(self.route(scene, &play, door));
        }
        out.extend(events::kubernetes(self, scene, &play).into_iter().filter_map(|told| self.event(scene, told)));
    }

    /// Labels of a Workload: its scene's, and its name.
    pub(super) fn labels(&self, scene: &Scene, part: &Part) -> Labels {
        // A blue and a green half are one Service only where a label says so: a chart's parts share their chart's name.
        let name = match (part.service == part.name, scene.owner.is_some()) {
            (false, _) => "quarterdeck.service",
            (true, true) => "app.kubernetes.io/name",
            (true, false) => "app",
        };
        Labels::keep(scene.labels.iter().copied().chain([(name, &*part.service)]))
    }

    fn autoscaler(&self, scene: &Scene, play: &Play<'_>) -> Option<Fact> {
        let scaler = play.part.scaler.as_ref()?;
        let (min, max) = play.history.limits.unwrap_or((scaler.min, scaler.max));
        Some(Fact::Autoscaler(Box::new(Autoscaler {
            key: self.key(Kind::Autoscaler, &play.dice.on("autoscaler").uuid()),
            kind: Text::name(scaler.kind),
            scope: Text::name(&scene.name),
            name: Text::name(&play.part.name),
            target: (play.part.kind(self.site.platform), Text::name(&play.part.name)),
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

    /// Production keeps half of what serves through a node's drain.
    fn budget(&self, scene: &Scene, play: &Play<'_>) -> Option<Fact> {
        let (part, wanted) = (play.part, play.history.count().div_ceil(2));
        let guarded = scene.name.ends_with("-prod") && part.count >= 3 && !part.doors.is_empty();
        guarded.then(|| {
            Fact::Budget(Box::new(Budget {
                key: self.key(Kind::Budget, &play.dice.on("budget").uuid()),
                scope: Text::name(&scene.name),
                name: Text::name(&part.name),
                selector: vec![(Text::name("app"), Text::name(&part.service))],
                allowed: Some(play.ready().saturating_sub(wanted)),
                wanted_healthy: Some(wanted),
                healthy: Some(play.ready()),
            }))
        })
    }

    fn route(&self, scene: &Scene, play: &Play<'_>, door: &Door) -> Fact {
        let part = play.part;
        let ingress = door.kind == "Ingress";
        Fact::Route(Box::new(Route {
            key: self.key(Kind::Route, &play.dice.on("door").on(door.kind).uuid()),
            kind: Text::name(door.kind),
            scope: Text::name(&scene.name),
            name: Text::name(&part.service),
            hosts: door.hosts.iter().map(|host| Text::name(host)).collect(),
            ports: door.ports.to_vec(),
            tls: door.tls,
            backends: if ingress { vec![Text::name(&part.service)] } else { Vec::new() },
            selector: if ingress { Vec::new() } else { vec![(Text::name("app"), Text::name(&part.service))] },
            workload: None,
        }))
    }
}
