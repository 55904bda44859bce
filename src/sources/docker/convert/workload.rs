//! A Compose service or a lone container as a Workload: what is wanted, what is ready, what is a job, what drifted.

use super::instance::{ending, probation, ready};
use super::{Group, World, image, uid};
use crate::model::{
    CheckState, Image, JobState, Key, Kind, Labels, Platform, Rollout, Text, Timestamp, Workload, WorkloadKind,
};
use crate::sources::docker::container::{Container, Stage};
use crate::sources::docker::project::{Declared, drift};

/// The Workload of a group of containers.
pub(super) fn workload(world: &World<'_>, group: &Group<'_>, now: Timestamp) -> Workload {
    let declared = declared(world, group.scope, group.name).filter(|_| group.kind == WorkloadKind::ComposeService);
    let job = job(world, group);
    // More than the files say were asked for by `--scale`: as long as they are there, they are wanted.
    let exist = count(group.containers.len());
    let wanted = declared.and_then(|d| d.replicas).unwrap_or(exist).max(exist);
    let finished = matches!(job, Some(JobState::Succeeded { .. }));
    // Until they are inspected nobody knows whether they should run or have done their work.
    let undecided = group.containers.iter().all(|c| c.stage.has_ended() && c.detail.is_none());
    let ready = ready_count(group, now);
    let newest = group.containers.iter().max_by_key(|c| c.created_at);
    let same = |c: &&&Container| newest.is_some_and(|n| template(n) == template(c));
    let labels = newest.map(|c| c.marks.labels.clone()).unwrap_or_default();
    let mut workload = Workload {
        labels,
        desired: (!undecided).then_some(if finished { 0 } else { wanted }),
        ready,
        updated: Some(count(group.containers.iter().filter(same).count())),
        available: ready,
        job,
        probed: probed(group),
        images: images(world, group),
        created_at: group.containers.iter().filter_map(|c| c.created_at).min(),
        changed_at: newest.and_then(|c| c.created_at),
        ..bare(world, group.kind, group.scope, group.name)
    };
    workload.drift = declared.map(|d| drift(d, &group.containers, &workload)).unwrap_or_default();
    workload
}

/// Services that a project's files declare, that are meant to run or are scaled to zero, and of which there is no
/// container.
pub(super) fn absent(world: &World<'_>, groups: &[Group<'_>]) -> Vec<Workload> {
    let mut found = Vec::new();
    for (project, declaration) in world.declared {
        let present = |name: &Text| groups.iter().any(|g| g.scope == project && g.name == name);
        if !groups.iter().any(|g| g.scope == project) {
            continue;
        }
        for (name, declared) in &declaration.services {
            let wanted = declared.replicas.unwrap_or(1);
            let told = wanted == 0 || declared.stays_up;
            if told && !present(name) {
                let bare = bare(world, WorkloadKind::ComposeService, project, name);
                let mut workload =
                    Workload { desired: Some(wanted), ready: Some(0), updated: Some(0), available: Some(0), ..bare };
                workload.images = declared.image.iter().map(|i| Image::of_reference(i.raw())).collect();
                workload.drift = drift(declared, &[], &workload);
                found.push(workload);
            }
        }
    }
    found
}

fn bare(world: &World<'_>, kind: WorkloadKind, scope: &Text, name: &Text) -> Workload {
    Workload {
        key: Key::new(world.source, Kind::Workload, &uid(scope, name)),
        platform: Platform::Compose,
        kind,
        scope: scope.clone(),
        name: name.clone(),
        labels: Labels::default(),
        parent: None,
        desired: None,
        ready: None,
        updated: None,
        available: None,
        observed: true,
        rollout: Rollout::Steady,
        job: None,
        probed: None,
        images: Vec::new(),
        owners: Vec::new(),
        drift: Vec::new(),
        revision: None,
        created_at: None,
        changed_at: None,
    }
}

fn declared<'a>(world: &'a World<'_>, scope: &Text, name: &Text) -> Option<&'a Declared> {
    world.declared.get(scope)?.services.get(name)
}

/// Unknown as soon as one of them is unknown: a sum with a gap in it is no number.
fn ready_count(group: &Group<'_>, now: Timestamp) -> Option<u32> {
    let all: Option<Vec<bool>> = group.containers.iter().map(|c| ready(c, probation(c, now).is_some())).collect();
    all.map(|all| count(all.into_iter().filter(|ready| *ready).count()))
}

/// Whether a health check proves that it serves: `None` while nobody knows.
fn probed(group: &Group<'_>) -> Option<bool> {
    let known = |c: &&Container| match (&c.detail, c.check) {
        (Some(detail), _) => Some(detail.has_check),
        (None, CheckState::Unknown) => None,
        (None, check) => Some(check != CheckState::Absent),
    };
    let all: Vec<Option<bool>> = group.containers.iter().map(known).collect();
    if all.contains(&Some(true)) { Some(true) } else { all.into_iter().all(|k| k.is_some()).then_some(false) }
}

/// Whether it is something that runs to an end. Docker has no word for that: it is a job if others wait for its end, or
/// if nothing is meant to serve (no restart policy, no health check, no published port) and it ended by itself.
fn job(world: &World<'_>, group: &Group<'_>) -> Option<JobState> {
    if !group.containers.iter().all(|c| c.stage.has_ended()) {
        let started = group.containers.iter().any(|c| c.stage != Stage::Created);
        return group.awaited.then_some(if started { JobState::Running } else { JobState::Waiting });
    }
    let details: Vec<_> = group.containers.iter().filter_map(|c| Some((*c, c.detail.as_ref()?))).collect();
    if details.len() != group.containers.len() || details.iter().any(|(_, d)| d.kept_up) {
        return None;
    }
    let serves = details.iter().any(|(c, d)| d.has_check || !c.ports.is_empty());
    let stopped = group.containers.iter().any(|c| world.memories.get(&c.id).is_some_and(|m| m.stopped_at.is_some()));
    // What the kernel killed has not ended by itself, and says nothing about what it was for.
    let killed = details.iter().any(|(_, d)| d.out_of_memory);
    if !group.awaited && (serves || stopped || killed) {
        return None;
    }
    let at = details.iter().filter_map(|(_, d)| d.finished_at).max();
    let failed = details.iter().find(|(c, _)| c.exit_code != Some(0));
    Some(match failed {
        None => JobState::Succeeded { at },
        Some((c, d)) => {
            let message = ending(c, d).unwrap_or_else(|| "ended, its exit code is not known".to_owned());
            JobState::Failed { message: Text::line(&message), at: d.finished_at }
        }
    })
}

fn images(world: &World<'_>, group: &Group<'_>) -> Vec<Image> {
    let mut newest_first = group.containers.clone();
    newest_first.sort_by_key(|c| std::cmp::Reverse(c.created_at));
    let mut found = Vec::new();
    for container in newest_first {
        let image = image::of(container, world.digests);
        if !found.contains(&image) {
            found.push(image);
        }
    }
    found
}

fn template(container: &Container) -> (Option<&str>, &str) {
    (container.marks.compose.as_ref().and_then(|m| m.config_hash.as_deref()), &container.image_id)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
