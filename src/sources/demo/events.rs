//! What each platform tells of its objects: the events that follow from a part's history and from its troubles.

use jiff::tz::TimeZone;

use super::history::Generation;
use super::part::{Fault, Ill, Scene};
use super::play::{Actor, Play, State};
use super::stage::{Stage, Told, not_found};
use super::{compose, ecs, kube};

/// Failing checks are counted by the minute, so that they are news only then.
const MINUTE: i64 = 60;

/// Generations that came within the story.
fn releases<'p, 'a>(play: &'p Play<'a>) -> impl Iterator<Item = &'p Generation<'a>> {
    play.history.generations.iter().filter(|g| g.at > -3600)
}

/// How often something that happens every minute since `from` has happened, and when it last did.
fn by_the_minute(stage: &Stage<'_>, from: i64) -> (u32, i64) {
    let minutes = (stage.now.at() - from).div_euclid(MINUTE).max(0);
    stage.now.past(from + (minutes + 1) * MINUTE);
    (u32::try_from(minutes).unwrap_or(u32::MAX).saturating_add(1), from + minutes * MINUTE)
}

fn told(at: i64, reason: &'static str, about: (&'static str, &str), message: String) -> Told {
    Told { at, count: 1, warning: false, reason, message, about: (about.0, about.1.to_owned()) }
}

fn warning(told: Told) -> Told {
    Told { warning: true, ..told }
}

/// Kubernetes: rollouts, scaling, pods.
pub(super) fn kubernetes(stage: &Stage<'_>, _scene: &Scene, play: &Play<'_>) -> Vec<Told> {
    let mut out = Vec::new();
    let part = play.part;
    let deployment = ("Deployment", &*part.name);
    for release in releases(play) {
        let (set, tag) = (kube::template(play, release.version), play.history.tag(part, release.version));
        let words = format!(
            "Scaled up replica set {}-{set} from 0 to {} ({}:{tag}, by {})",
            part.name,
            play.history.count(),
            part.image,
            release.by
        );
        out.push(told(release.at, "ScalingReplicaSet", deployment, words));
    }
    for pair in play.history.counts.windows(2) {
        let (at, before, after) = (pair[1].0, pair[0].1, pair[1].1);
        let Some(scaler) = &part.scaler else {
            out.push(told(at, "ScalingReplicaSet", deployment, format!("Scaled from {before} to {after}")));
            continue;
        };
        let why = scaler.triggers.first().copied().unwrap_or_default();
        let words = match (scaler.kind, before, after) {
            ("ScaledObject", 0, _) => format!("Scaled {} from 0 to {after}: {why}", part.name),
            (_, before, after) if after > before => format!("New size: {after}; reason: {why} above target"),
            _ => format!("New size: {after}; reason: All metrics below target"),
        };
        out.push(told(at, "SuccessfulRescale", (scaler.kind, &part.name), words));
        if after == scaler.max {
            let words = format!("the desired replica count is more than the maximum replica count ({})", scaler.max);
            out.push(warning(told(at + 1, "ScalingLimited", (scaler.kind, &part.name), words)));
        }
    }
    for actor in &play.actors {
        let name = kube::identity(stage, play, actor).name;
        out.extend(pod(stage, play, actor, &name));
    }
    out
}

fn pod(stage: &Stage<'_>, play: &Play<'_>, actor: &Actor, name: &str) -> Vec<Told> {
    let pod = ("Pod", name);
    let image = stage.image(play, actor.version).reference;
    let mut out = Vec::new();
    if let Some(ended) = actor.ended.filter(|ended| ended.out_of_memory) {
        let words = format!("Container {} was OOMKilled and is started again", play.part.name);
        out.push(warning(told(ended.at, "OOMKilling", pod, words)));
    }
    match actor.state {
        State::PullFailing(tries) => {
            let words = format!("Failed to pull image \"{image}\": {}", not_found(image.shown()));
            out.push(Told { count: tries, ..warning(told(actor.started, "Failed", pod, words)) });
        }
        State::Unschedulable => {
            out.push(warning(told(actor.born, "FailedScheduling", pod, stage.no_room().to_owned())));
        }
        State::Failing(since) => {
            let (count, at) = by_the_minute(stage, since);
            let words = super::stage::failing_words(play, actor).unwrap_or("Readiness probe failed").to_owned();
            out.push(Told { count, ..warning(told(at, "Unhealthy", pod, words)) });
        }
        State::Crashing(_) => {
            if let Some(ended) = actor.ended {
                let words = format!("Back-off restarting failed container {} in pod {name}", play.part.name);
                out.push(Told { count: actor.restarts + 1, ..warning(told(ended.at, "BackOff", pod, words)) });
            }
        }
        _ if actor.born > 0 => {
            let words = format!("Started container {} of {image}", play.part.name);
            out.push(told(actor.started, "Started", pod, words));
        }
        _ => {}
    }
    out
}

/// The Docker engine: containers that start, die and run out of memory.
pub(super) fn docker(stage: &Stage<'_>, scene: &Scene, play: &Play<'_>) -> Vec<Told> {
    let mut out = Vec::new();
    for actor in &play.actors {
        let identity = compose::identity(stage, scene, play, actor);
        let about = ("container", identity.name.as_str());
        let image = stage.image(play, actor.version).reference;
        if actor.born > -3600 && actor.state != State::Pending {
            out.push(told(actor.started, "start", about, format!("started from {image}")));
        }
        if let Some(ended) = actor.ended.filter(|e| e.at > -3600) {
            let (reason, words) = if ended.out_of_memory { ("oom", "out of memory") } else { ("die", "exited") };
            out.push(warning(told(ended.at, reason, about, format!("{words}, exit code {}", ended.code))));
        }
    }
    out
}

/// ECS: what it writes into the events of a service.
pub(super) fn ecs(stage: &Stage<'_>, scene: &Scene, play: &Play<'_>) -> Vec<Told> {
    let part = play.part;
    let service = ("service", &*part.name);
    let mut out = Vec::new();
    for release in releases(play) {
        let tag = play.history.tag(part, release.version);
        let verb = if release.back { "rolls back to" } else { "has begun deployment of" };
        let definition = ecs::definition(play, release.version);
        let words = format!("(service {}) {verb} {definition} ({}:{tag}) by {}.", part.name, part.image, release.by);
        out.push(told(release.at, "DEPLOYMENT", service, words));
        let steady = release.at + 2 + i64::from(play.history.count()) * (part.startup + 7);
        if release.bad.is_none() && stage.now.past(steady) {
            out.push(told(
                steady,
                "STEADY_STATE",
                service,
                format!("(service {}) has reached a steady state.", part.name),
            ));
        }
    }
    for (at, until, trouble) in play.troubles().filter(|(_, _, t)| t.ill == Ill::Busy) {
        if stage.now.within(at, until) {
            let words = format!("(service {}) tasks {}: CPU above target", part.name, trouble.slots.len());
            out.push(warning(told(at, "SERVICE_BUSY", service, words)));
        }
    }
    for actor in &play.actors {
        let name = ecs::identity(stage, scene, play, actor).name;
        match actor.state {
            State::Failing(since) => {
                let (count, at) = by_the_minute(stage, since);
                let words = format!(
                    "(service {}) (task {name}) is unhealthy in (target-group {}-{}) due to (reason Health checks failed with these codes: [500])",
                    part.name, scene.name, part.name
                );
                out.push(Told { count, ..warning(told(at, "TARGET_UNHEALTHY", ("task", &name), words)) });
            }
            State::Crashing(_) => out.extend(actor.ended.map(|ended| {
                let words = format!(
                    "(task {name}) essential container {} exited with code {}; restarted",
                    part.name, ended.code
                );
                Told { count: actor.restarts + 1, ..warning(told(ended.at, "TASK_EXITED", ("task", &name), words)) }
            })),
            _ => {}
        }
    }
    out.extend(given_up(play));
    out
}

fn given_up(play: &Play<'_>) -> Option<Told> {
    let super::play::Progress::Stuck(since) = play.progress else { return None };
    let crashes = matches!(play.history.newest().bad.map(|bad| &bad.fault), Some(Fault::Crash { .. }));
    let why = if crashes { "tasks failed to start" } else { "tasks failed container health checks" };
    let words = format!("(service {}) (deployment) deployment failed: {why}.", play.part.name);
    Some(warning(told(since, "SERVICE_DEPLOYMENT_FAILED", ("service", &play.part.name), words)))
}

/// Events of a scene that come again in every cycle.
pub(super) fn notices(stage: &Stage<'_>, scene: &Scene) -> Vec<Told> {
    let zero = stage.now.cycle(0) * super::moment::CYCLE;
    let expires = stage.at(6 * 86_400).to_zoned(TimeZone::UTC).date().to_string();
    let tell = |notice: &super::part::Notice| {
        warning(told(zero + notice.at, notice.reason, notice.about, notice.message.replace("{expires}", &expires)))
    };
    scene.notices.iter().map(tell).collect()
}
