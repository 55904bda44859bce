//! From containers to facts: Compose services and lone containers as Workloads, with their Instances, front doors and
//! scopes. Pure: everything that it needs is handed in.

mod check;
mod event;
pub(super) mod image;
mod instance;
mod route;
#[cfg(test)]
mod tests;
mod workload;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::container::Container;
use super::project::Declaration;
use crate::model::{Exit, Fact, Key, Kind, Labels, Platform, Scope, SourceName, Text, Timestamp, WorkloadKind};

pub(super) use event::{event, seen};
pub(super) use instance::{ending, probation, ready};

/// What the engine forgets about a container, and we remember from its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) last_exit: Option<Exit>,
    pub(super) out_of_memory_at: Option<Timestamp>,
    /// When somebody stopped or killed it.
    pub(super) stopped_at: Option<Timestamp>,
}

/// Everything that facts are made of.
pub(super) struct World<'a> {
    pub(super) source: &'a SourceName,
    /// The scope of containers that no project owns.
    pub(super) alone: &'a Text,
    pub(super) host: Option<&'a Text>,
    pub(super) containers: &'a BTreeMap<String, Container>,
    pub(super) memories: &'a HashMap<String, Memory>,
    /// Repository digests by image id.
    pub(super) digests: &'a HashMap<String, Vec<String>>,
    pub(super) declared: &'a BTreeMap<Text, Declaration>,
}

/// The containers of one Service, in the order of their numbers.
struct Group<'a> {
    kind: WorkloadKind,
    scope: &'a Text,
    name: &'a Text,
    containers: Vec<&'a Container>,
    /// Others wait until it has ended well: it is a job.
    awaited: bool,
}

/// All facts of an engine but its events, and the moment at which they would be others although nothing happens.
pub(super) fn facts(world: &World<'_>, now: Timestamp) -> (Vec<Fact>, Option<Timestamp>) {
    let groups = groups(world);
    let scopes: BTreeSet<&Text> = groups.iter().map(|g| g.scope).collect();
    let mut facts: Vec<Fact> = scopes.into_iter().map(|name| Fact::Scope(Box::new(scope(world, name)))).collect();
    for group in &groups {
        let memory = Memory::default();
        for container in &group.containers {
            let memory = world.memories.get(&container.id).unwrap_or(&memory);
            let image = image::of(container, world.digests);
            let place = instance::Place {
                source: world.source,
                scope: group.scope,
                workload: (group.kind, group.name),
                host: world.host,
            };
            facts.push(Fact::Instance(Box::new(instance::instance(&place, container, memory, image, now))));
        }
        facts.push(Fact::Workload(Box::new(workload::workload(world, group, now))));
        facts.extend(route::routes(world.source, group).into_iter().map(|r| Fact::Route(Box::new(r))));
        facts.extend(check::check(world.source, group).map(|check| Fact::Check(Box::new(check))));
    }
    facts.extend(workload::absent(world, &groups).into_iter().map(|w| Fact::Workload(Box::new(w))));
    let settles = world.containers.values().filter_map(|c| probation(c, now)).min();
    (facts, settles)
}

fn groups<'a>(world: &World<'a>) -> Vec<Group<'a>> {
    let mut services: BTreeMap<(&Text, &Text), Vec<&Container>> = BTreeMap::new();
    let mut alone = Vec::new();
    let mut awaited = BTreeSet::new();
    for container in world.containers.values() {
        match &container.marks.compose {
            None => alone.push(container),
            Some(marks) if marks.aside => {}
            Some(marks) => {
                awaited.extend(marks.awaits_end_of.iter().map(|service| (marks.project.raw(), service.as_str())));
                services.entry((&marks.project, &marks.service)).or_default().push(container);
            }
        }
    }
    let mut groups: Vec<Group<'a>> = services
        .into_iter()
        .map(|((scope, name), mut containers)| {
            containers.sort_by_key(|c| (c.marks.compose.as_ref().and_then(|m| m.number), c.created_at));
            let awaited = awaited.contains(&(scope.raw(), name.raw()));
            Group { kind: WorkloadKind::ComposeService, scope, name, containers, awaited }
        })
        .collect();
    groups.extend(alone.into_iter().map(|container| Group {
        kind: WorkloadKind::Container,
        scope: world.alone,
        name: &container.name,
        containers: vec![container],
        awaited: false,
    }));
    groups
}

fn scope(world: &World<'_>, name: &Text) -> Scope {
    let note = world.declared.get(name).and_then(|d| d.note.clone());
    Scope {
        key: Key::new(world.source, Kind::Scope, name.raw()),
        platform: Platform::Compose,
        name: name.clone(),
        labels: Labels::default(),
        note,
    }
}

/// The identity of a Workload, and of what hangs on it.
fn uid(scope: &Text, name: &Text) -> String {
    format!("{}/{}", scope.raw(), name.raw())
}
