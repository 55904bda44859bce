//! Changes of the simulated world: each is kept beside the story as one line, against the world as it was read.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::changes::{Change, NotKept, What};
use super::moment::Moment;
use super::source::DemoSource;
use super::target::version;
use super::world::World;
use crate::action::Order;
use crate::model::{Answer, Contained, Image, Moved, Operation, Platform, Rehearsal, Target, Text, WorkloadKind};
use crate::sources::images;
use crate::sources::port::{Boundary, Failure, FailureKind, Look, Operate};

/// In a story that stands still a change is taken to have been under way for so many seconds: long enough for any rollout.
const HEAD: i64 = 1800;

/// What becomes of an operation.
enum Meant {
    Does(What, String),
    Already,
    Refused(String),
}

use Meant::{Already, Does, Refused};

impl Operate for DemoSource {
    fn look(self: Arc<Self>, look: Look) -> BoxFuture<'static, Result<Target, Failure>> {
        Box::pin(async move { self.find(look.kind, look.scope.raw(), look.name.raw()) })
    }

    fn rehearse(
        self: Arc<Self>,
        target: Target,
        operation: Operation,
    ) -> BoxFuture<'static, Result<Rehearsal, Failure>> {
        Box::pin(async move {
            Ok(match (meaning(&self.world(), &target, &operation, self.story()), target.platform) {
                (Refused(words), _) => Rehearsal::Refused { message: Text::line(&words) },
                (_, Platform::Kubernetes) => Rehearsal::Accepted,
                (_, platform) => {
                    let name = if platform == Platform::Ecs { "ECS" } else { "Compose" };
                    Rehearsal::NotPossible { why: Text::line(&format!("{name} has no dry run")) }
                }
            })
        })
    }

    fn find_image(self: Arc<Self>, _: Target, image: Contained) -> BoxFuture<'static, Result<Option<Image>, Failure>> {
        Box::pin(async move {
            let image = image.image;
            let known = self.world().tag(&image).is_some();
            Ok(known.then(|| match images::by_digest(&image) {
                Some(reference) => Image::of_reference(&reference),
                // Built on this engine: it has no other name.
                None => image,
            }))
        })
    }

    fn perform(self: Arc<Self>, order: Order, boundary: Boundary) -> BoxFuture<'static, Answer> {
        Box::pin(async move { self.carry_out(&order, &boundary).await })
    }
}

impl DemoSource {
    fn find(&self, kind: WorkloadKind, scope: &str, name: &str) -> Result<Target, Failure> {
        let (world, story) = (self.world(), self.story());
        if world.outage(&Moment::new(story)).is_some() {
            return Err(Failure::new(FailureKind::Unreachable, "it gives no answer"));
        }
        let gone =
            || Failure::new(FailureKind::Absent, format!("there is no {kind} {scope}/{name} that can be changed"));
        world.target(kind, scope, name, story).ok_or_else(gone)
    }

    async fn carry_out(&self, order: &Order, boundary: &Boundary) -> Answer {
        let (target, story) = (order.target(), self.story());
        let (scope, name) = (target.scope.raw(), target.name.raw());
        let world = self.world();
        if world.outage(&Moment::new(story)).is_some() {
            return Answer::Refused { message: Text::line("not sent: it gives no answer") };
        }
        let (what, words) = match meaning(&world, target, order.operation(), story) {
            Does(what, words) => (what, words),
            Already => return Answer::Taken { version: target.version.clone() },
            Refused(words) => return Answer::Refused { message: Text::line(&words) },
        };
        if boundary.about_to(format!("{words} (simulated)")).await.is_err() {
            return Answer::Stopped;
        }
        let story = self.story();
        let change = Change {
            at: story,
            head: if self.still.is_some() { HEAD } else { 0 },
            site: world.site.name.to_string(),
            scope: scope.to_owned(),
            name: name.to_owned(),
            by: format!("run {}", order.run()),
            what,
        };
        let kept = self.ledger.add(&change, |changes| {
            let found = World { changes, ..world.clone() }.target(target.kind, scope, name, story);
            still(target, order.operation(), found.as_ref())
        });
        match kept {
            Ok(()) => {
                self.changed.notify_one();
                let now = self.world().target(target.kind, scope, name, story);
                Answer::Taken { version: now.and_then(|target| target.version) }
            }
            Err(NotKept::Stale(moved)) => Answer::Stale { moved },
            Err(NotKept::Broken(error)) => {
                Answer::Refused { message: Text::line(&format!("the change cannot be kept: {error}")) }
            }
        }
    }
}

/// Whether what was read still stands; else what moved.
fn still(target: &Target, operation: &Operation, found: Option<&Target>) -> Result<(), Vec<Moved>> {
    let moved = |what: &str, planned: &str, found: &str| Moved {
        what: Text::name(what),
        planned: Text::line(planned),
        found: Text::line(found),
    };
    let Some(found) = found else { return Err(vec![moved("uid", target.name.raw(), "not there any more")]) };
    let mut all = target.moved(found);
    if matches!(operation, Operation::Limits { .. }) && target.state.scaler != found.state.scaler {
        let words = |target: &Target| {
            target.state.scaler.as_ref().map_or_else(|| "none".to_owned(), |s| format!("{} to {}", s.min, s.max))
        };
        all.push(moved("limits", &words(target), &words(found)));
    }
    if all.is_empty() { Ok(()) } else { Err(all) }
}

/// What an operation does to a Workload of this world.
fn meaning(world: &World, target: &Target, operation: &Operation, story: i64) -> Meant {
    let name = &target.name;
    match operation {
        Operation::Scale { to } if target.desired == Some(*to) => Already,
        Operation::Scale { .. } if target.kind == WorkloadKind::DaemonSet => {
            Refused("a DaemonSet has one Instance on each node".to_owned())
        }
        Operation::Scale { to } => {
            let from = target.desired.unwrap_or_default();
            Does(What::Scale { to: *to }, format!("scale {name} {from} → {to}"))
        }
        Operation::Limits { owner, min, max } => match &target.state.scaler {
            Some(scaler) if scaler.owner != *owner => Refused(format!("{} {} scales it now", owner.kind, owner.name)),
            Some(scaler) if (scaler.min, scaler.max) == (*min, *max) => Already,
            Some(_) => Does(What::Limits { min: *min, max: *max }, format!("limits of {name} → {min} to {max}")),
            None => Refused("nothing scales it by itself".to_owned()),
        },
        Operation::Restart => Does(What::Restart, format!("restart {name}")),
        Operation::Images { containers } => images_of(world, target, containers),
        Operation::Revision { id, .. } => match target.state.revisions.iter().find(|r| r.id == *id) {
            None => Refused(format!("the revision {id} is not kept any more")),
            Some(revision) if revision.current => Already,
            Some(revision) => images_of(world, target, &revision.containers),
        },
        Operation::Pause | Operation::Resume => pause(target, matches!(operation, Operation::Pause)),
        Operation::Delete { instance } => match world.slot(target.scope.raw(), name.raw(), instance.raw(), story) {
            Some(slot) => {
                let known = target.state.running.iter().find(|one| one.id == *instance);
                let gone = known.map_or_else(|| instance.clone(), |one| one.name.clone());
                Does(What::Delete { slot }, format!("delete {gone} of {name}"))
            }
            None => Refused(format!("{instance} is not there any more")),
        },
    }
}

fn images_of(world: &World, target: &Target, wanted: &[Contained]) -> Meant {
    let [one] = wanted else { return Refused(format!("{} has one container", target.name)) };
    let declared = target.containers.first();
    if declared.is_none_or(|own| own.name != one.name) {
        return Refused(format!("it has no container {}", one.name));
    }
    let exact = |image: &Image| image.digest.clone().or_else(|| image.id.clone());
    if declared.is_some_and(|own| exact(&own.image).is_some() && exact(&own.image) == exact(&one.image)) {
        return Already;
    }
    let repository = |image: &Image| images::repository(image.reference.raw()).to_owned();
    if declared.is_some_and(|own| repository(&own.image) != repository(&one.image)) {
        return Refused(format!(
            "it runs {}, of which {} is none",
            target.containers[0].image.reference, one.image.reference
        ));
    }
    let (Some(tag), Some((_, part))) = (world.tag(&one.image), world.part(target.scope.raw(), target.name.raw()))
    else {
        return Refused(format!("{} is not in the registry", one.image.reference));
    };
    let words = format!("image of {} → {}", target.name, one.image.reference);
    Does(What::Image { version: version(part, &tag), tag }, words)
}

fn pause(target: &Target, pause: bool) -> Meant {
    if !matches!(target.kind, WorkloadKind::Deployment | WorkloadKind::Rollout) {
        return Refused(format!("the rollout of a {} cannot be paused", target.kind));
    }
    match (target.paused == pause, pause) {
        (true, _) => Already,
        (false, true) => Does(What::Pause, format!("pause the rollout of {}", target.name)),
        (false, false) => Does(What::Resume, format!("resume the rollout of {}", target.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, Rollout, SourceName, Timestamp};

    fn seen(world: &World, scope: &str, name: &str, story: i64) -> Target {
        let (_, part) = world.part(scope, name).unwrap();
        world.target(part.kind(world.site.platform), scope, name, story).unwrap()
    }

    fn world(site: &str) -> World {
        World::of(&SourceName::new(site), 7, site, Timestamp::UNIX_EPOCH).unwrap()
    }

    /// The world with one more change, made as it would be.
    fn after(world: &World, (scope, name): (&str, &str), operation: &Operation, at: i64) -> World {
        let target = seen(world, scope, name, at);
        let Does(what, _) = meaning(world, &target, operation, at) else { panic!("nothing to do: {operation:?}") };
        let change = Change {
            at,
            head: 0,
            site: world.site.name.to_string(),
            scope: scope.into(),
            name: name.into(),
            by: "run 7f3a".into(),
            what,
        };
        World { changes: world.changes.iter().cloned().chain([change]).collect(), ..world.clone() }
    }

    fn is_whole(target: &Target, count: u32) -> bool {
        let all = Some(count);
        (target.desired, target.ready, target.state.updated) == (all, all, all)
            && target.state.running.len() == count as usize
            && target.state.rollout == Rollout::Steady
    }

    const FRONTEND: (&str, &str) = ("biz-prod", "frontend");

    #[test]
    fn scaled_the_world_has_another_number_and_what_was_there_stays() {
        let before = world("eks:biz");
        let after = after(&before, FRONTEND, &Operation::Scale { to: 4 }, 100);
        let (old, new) = (seen(&before, "biz-prod", "frontend", 99), seen(&after, "biz-prod", "frontend", 160));
        assert!(is_whole(&old, 2) && is_whole(&new, 4), "{new:#?}");
        assert!(old.state.running.iter().all(|one| new.state.running.iter().any(|other| other.id == one.id)));
        assert_ne!(old.generation, new.generation);
        assert_eq!(seen(&after, "biz-prod", "frontend", 99).desired, Some(2), "the past stays as it was");
    }

    #[test]
    fn restarted_every_instance_is_replaced_one_after_the_other_and_some_always_serve() {
        let before = world("eks:biz");
        let after = after(&before, FRONTEND, &Operation::Restart, 100);
        let old = seen(&before, "biz-prod", "frontend", 99);
        let fewest = (100..300).filter_map(|at| seen(&after, "biz-prod", "frontend", at).ready).min();
        assert!(fewest >= Some(1), "{fewest:?}");
        assert_eq!(seen(&after, "biz-prod", "frontend", 104).state.rollout, Rollout::Progressing);
        let new = seen(&after, "biz-prod", "frontend", 300);
        assert!(is_whole(&new, 2), "{new:#?}");
        assert!(new.state.running.iter().all(|one| old.state.running.iter().all(|other| other.id != one.id)));
    }

    #[test]
    fn g12_g13_an_image_that_never_serves_is_stuck_and_taken_back_by_its_revision() {
        // The release that crashes in prod is what staging gets later in the story.
        let world = world("ecs:competitoriq");
        let api = ("competitoriq-prod", "api");
        let story = 1500;
        let before = seen(&world, api.0, api.1, story);
        assert!(is_whole(&before, 4), "{before:#?}");
        let staging = seen(&world, "competitoriq-staging", "api", 3000);
        let wanted = Contained { name: Text::name("api"), image: staging.containers[0].image.clone() };
        let bad = after(&world, api, &Operation::Images { containers: vec![wanted.clone()] }, story);
        let stuck = seen(&bad, api.0, api.1, story + 90);
        assert!(matches!(stuck.state.rollout, Rollout::Stuck { .. }), "{stuck:#?}");
        assert!(stuck.state.running.iter().any(|one| one.trouble.is_some()), "{:#?}", stuck.state.running);
        assert_eq!(stuck.containers, [wanted]);
        let good = stuck.state.revisions.iter().find(|r| r.containers == before.containers).unwrap();
        let back = Operation::Revision { id: good.id.clone(), images: good.containers.clone() };
        let healed = after(&bad, api, &back, story + 90);
        let target = seen(&healed, api.0, api.1, story + 400);
        assert!(is_whole(&target, 4), "{target:#?}");
        assert_eq!(target.containers, before.containers);
        assert!(matches!(meaning(&healed, &target, &back, story + 400), Already | Refused(_)));
    }

    #[test]
    fn a_rollout_that_is_paused_stands_still_until_it_is_resumed() {
        let paused =
            after(&after(&world("eks:biz"), FRONTEND, &Operation::Restart, 100), FRONTEND, &Operation::Pause, 103);
        let early = seen(&paused, "biz-prod", "frontend", 200);
        assert!(early.paused && early.state.rollout == Rollout::Paused && early.state.updated == Some(1), "{early:#?}");
        let resumed = after(&paused, FRONTEND, &Operation::Resume, 400);
        assert!(is_whole(&seen(&resumed, "biz-prod", "frontend", 600), 2));
    }

    #[test]
    fn a_deleted_instance_is_replaced_by_another_and_the_rest_stays() {
        let before = world("eks:biz");
        let old = seen(&before, "biz-prod", "frontend", 99);
        let gone = old.state.running[0].id.clone();
        let after = after(&before, FRONTEND, &Operation::Delete { instance: gone.clone() }, 100);
        let new = seen(&after, "biz-prod", "frontend", 200);
        assert!(is_whole(&new, 2) && new.state.running.iter().all(|one| one.id != gone), "{new:#?}");
        assert!(new.state.running.iter().any(|one| one.id == old.state.running[1].id));
    }

    #[test]
    fn limits_move_the_number_and_a_backlog_drains_faster_with_more_workers() {
        let before = world("ecs:competitoriq");
        let worker = ("competitoriq-prod", "worker");
        let owner = seen(&before, worker.0, worker.1, 300).state.scaler.unwrap().owner;
        let after = after(&before, worker, &Operation::Limits { owner, min: 4, max: 6 }, 300);
        let target = seen(&after, worker.0, worker.1, 400);
        assert_eq!((target.desired, target.state.scaler.map(|s| (s.min, s.max))), (Some(4), Some((4, 6))));
        let waiting = |world: &World, at: i64| {
            world.at(at).0.into_iter().find_map(|fact| match fact {
                Fact::Queue(queue) if queue.name.raw() == "crawl-jobs" && queue.scope.raw() == worker.0 => queue.ready,
                _ => None,
            })
        };
        assert!(waiting(&after, 900) < waiting(&before, 900), "{:?} {:?}", waiting(&after, 900), waiting(&before, 900));
    }

    #[test]
    fn g9_only_what_the_worlds_registry_has_by_digest_can_be_run() {
        let world = world("compose:biz-vm");
        let target = seen(&world, "biz-dev", "frontend", 500);
        let set = |image: Image| {
            let containers = vec![Contained { name: Text::name("frontend"), image }];
            meaning(&world, &target, &Operation::Images { containers }, 500)
        };
        let strange = format!("biz/frontend@sha256:{}", "a".repeat(64));
        assert!(matches!(set(Image::of_reference(&strange)), Refused(words) if words.contains("not in the registry")));
        let other = seen(&world, "biz-dev", "ml-service", 500).containers[0].image.clone();
        assert!(matches!(set(other), Refused(_)));
        let prod = seen(&self::world("eks:biz"), "biz-prod", "frontend", 500).containers[0].image.clone();
        assert!(matches!(set(prod), Does(What::Image { .. }, _)), "what prod runs can be had on the VM too");
    }

    #[test]
    fn facts_tell_what_was_changed_and_hold_as_long_as_they_say() {
        let changed = after(&world("eks:biz"), FRONTEND, &Operation::Restart, 100);
        let changed = after(&changed, FRONTEND, &Operation::Scale { to: 3 }, 130);
        let mut at = 95;
        while at < 400 {
            let (facts, until) = changed.at(at);
            assert_eq!(facts, changed.at(until - 1).0, "from {at} until {until}");
            let keys: std::collections::HashSet<_> = facts.iter().map(Fact::key).collect();
            assert_eq!(keys.len(), facts.len(), "at {at}");
            at = until;
        }
    }
}
