//! A Service's health, counts and images from its case. Health is affirmative: it is healthy only where every part proves
//! it; what no rule speaks of is at best unchecked (SAFETY G8, G18).

use std::cmp::Reverse;

use crate::model::{Finding, Health, HealthState, Image, Instance, JobState, Reason, Rollout, Text, Workload};

use super::diagnose::{Case, Part};

/// Health with its reasons, worst first.
pub(super) fn health(case: &Case<'_>, findings: &[Finding]) -> Health {
    let proven = case.parts.iter().map(|part| prove(part, case.signals.is_proven())).max_by_key(|(state, _)| *state);
    let (proven, words) = proven.unwrap_or((HealthState::Unknown, "nothing is known of it"));
    let found = findings.iter().map(|finding| finding.severity).max().unwrap_or(HealthState::Idle);
    let state = proven.max(found);
    let matters = |severity: HealthState| match state {
        HealthState::Degraded | HealthState::Down => severity >= HealthState::Unknown,
        HealthState::Healthy => false,
        same => severity == same,
    };
    let told = findings.iter().filter(|finding| matters(finding.severity));
    let mut reasons: Vec<Reason> =
        told.map(|finding| Reason { rule: finding.rule.clone(), text: finding.summary.clone() }).collect();
    if reasons.is_empty() && state != HealthState::Healthy {
        reasons.push(Reason { rule: Text::name("roll-up"), text: Text::line(words) });
    }
    Health { state, reasons }
}

/// What a part proves of itself, and why it is no more.
fn prove(part: &Part<'_>, checked: bool) -> (HealthState, &'static str) {
    if !part.is_live() {
        return (HealthState::Unknown, "its Source is not live");
    }
    if part.is_job() {
        return match part.job() {
            Some(JobState::Running) => (HealthState::Unchecked, "a run is under way; its end will tell"),
            Some(JobState::Failed { .. }) => (HealthState::Degraded, "its last run failed"),
            Some(_) => (HealthState::Idle, "it rests"),
            None => (HealthState::Unknown, "nobody tells how its last run ended"),
        };
    }
    match (part.desired(), part.ready()) {
        _ if !part.complete => (HealthState::Unknown, "its lists are not read as a whole yet"),
        (Some(0), _) => (HealthState::Idle, "scaled to zero"),
        (None, _) | (_, None) => (HealthState::Unknown, "the platform does not tell its numbers"),
        (Some(desired), Some(ready)) if ready < desired => (HealthState::Unknown, "fewer are ready than wanted"),
        _ if !part.workload.is_none_or(is_settled) => (HealthState::Unknown, "its rollout is not done"),
        _ if checked || part.probed() == Some(true) => (HealthState::Healthy, ""),
        _ => (HealthState::Unchecked, "nothing proves that it serves"),
    }
}

/// Whether all that is declared is what runs: observed, updated, available.
fn is_settled(workload: &Workload) -> bool {
    let enough = |n: Option<u32>| n.is_none_or(|n| Some(n) >= workload.desired);
    let stuck = matches!(workload.rollout, Rollout::Stuck { .. });
    workload.observed && !stuck && enough(workload.updated) && enough(workload.available)
}

/// Wanted and ready Instances: of what serves all the time where there is any, else of its jobs. `None` as soon as one of
/// the numbers that belong to it is not known.
pub(super) fn counts(case: &Case<'_>) -> (Option<u32>, Option<u32>) {
    let any_serving = case.parts.iter().any(|part| !part.is_job());
    let parts = || case.parts.iter().filter(|part| !(any_serving && part.is_job()));
    let sum = |mut numbers: Box<dyn Iterator<Item = Option<u32>> + '_>| {
        numbers.try_fold(0_u32, |sum, n| Some(sum.saturating_add(n?)))
    };
    if case.parts.is_empty() {
        return (None, None);
    }
    (sum(Box::new(parts().map(Part::desired))), sum(Box::new(parts().map(Part::ready))))
}

/// The images that run, what is declared first (how many of them are declared is told beside), older ones after.
pub(super) fn images(case: &Case<'_>) -> (Vec<Image>, usize) {
    let mut images: Vec<Image> = Vec::new();
    let mut workloads: Vec<&Workload> = case.parts.iter().filter_map(|part| part.workload).collect();
    workloads.sort_by_key(|workload| Reverse(workload.changed_at));
    for image in workloads.iter().flat_map(|workload| &workload.images) {
        if !images.iter().any(|known| known.reference == image.reference) {
            images.push(image.clone());
        }
    }
    let declared = images.len();
    let mut instances: Vec<&Instance> = case.instances().map(|(_, instance)| instance).collect();
    instances.sort_by_key(|instance| Reverse(instance.created_at));
    let mut last: Option<&[Image]> = None;
    for instance in instances {
        // Instances of one declaration run the same images: most are told apart by one glance.
        if last == Some(instance.images.as_slice()) {
            continue;
        }
        last = Some(instance.images.as_slice());
        for image in &instance.images {
            merge(&mut images, image);
        }
    }
    (images, declared)
}

/// Adds an image that runs, or what it tells beyond a declared one: its digest and its id.
fn merge(images: &mut Vec<Image>, image: &Image) {
    let same = |known: &&mut Image| known.reference == image.reference && agrees(known, image);
    if let Some(known) = images.iter_mut().find(same) {
        known.digest = known.digest.take().or_else(|| image.digest.clone());
        known.id = known.id.take().or_else(|| image.id.clone());
    } else {
        images.push(image.clone());
    }
}

/// Whether two sightings of one reference can be the same image: what both tell is equal.
fn agrees(a: &Image, b: &Image) -> bool {
    let same = |a: &Option<Text>, b: &Option<Text>| a.is_none() || b.is_none() || a == b;
    match (&a.digest, &b.digest) {
        (Some(a), Some(b)) => a == b,
        _ => same(&a.id, &b.id),
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::diagnose;
    use super::super::diagnose::fixture::{at, deployment, pod, with_case};
    use super::*;

    fn judge(workload: &Workload, instances: &[Instance]) -> (HealthState, Vec<String>) {
        with_case(workload, instances, 0, |case| {
            let health = health(case, &diagnose(case));
            (health.state, health.reasons.iter().map(|reason| reason.text.to_string()).collect())
        })
    }

    #[test]
    fn healthy_is_only_what_proves_it() {
        let base = || deployment("api", 2, 2);
        for (workload, state) in [
            (base(), HealthState::Healthy),
            (Workload { probed: Some(false), ..base() }, HealthState::Unchecked),
            (Workload { probed: None, ..base() }, HealthState::Unchecked),
            (Workload { observed: false, ..base() }, HealthState::Unknown),
            (Workload { updated: Some(1), ..base() }, HealthState::Unknown),
            (Workload { available: Some(1), ..base() }, HealthState::Unknown),
            (Workload { desired: None, ..base() }, HealthState::Unknown),
            (Workload { ready: None, ..base() }, HealthState::Unknown),
            (Workload { ready: Some(1), ..base() }, HealthState::Degraded),
            (Workload { ready: Some(0), ..base() }, HealthState::Down),
            (Workload { desired: Some(0), ready: Some(0), ..base() }, HealthState::Idle),
        ] {
            let untold = Instance { ready: None, check: crate::model::CheckState::Unknown, ..pod("api", 1) };
            let (got, reasons) = judge(&workload, &[untold]);
            assert_eq!(got, state, "{reasons:?}");
            assert_eq!(reasons.is_empty(), state == HealthState::Healthy, "{reasons:?}");
        }
    }

    #[test]
    fn reasons_stand_worst_first_and_speak_of_the_state_only() {
        let bare = Workload { probed: Some(false), ..deployment("api", 2, 0) };
        let crashed = Instance {
            waiting: super::super::diagnose::fixture::waiting("CrashLoopBackOff", ""),
            ready: Some(false),
            restarts: 5,
            ..pod("api", 1)
        };
        let (state, reasons) = judge(&bare, &[crashed]);
        assert_eq!((state, reasons[0].as_str()), (HealthState::Down, "0 of 2 ready"));
        assert!(reasons[1].starts_with("crash loop"), "{reasons:?}");
        assert_eq!(reasons.len(), 2);
    }

    #[test]
    fn images_take_digests_from_the_newest_instances_and_keep_old_ones_after() {
        let image = |reference: &str, digest: &str| Image {
            digest: Some(Text::name(digest)),
            ..Image::of_reference(reference)
        };
        let declared = "registry.example/shop/api:1.8.2";
        let new = Instance { images: vec![image(declared, "sha256:b")], created_at: Some(at(-5)), ..pod("api", 1) };
        let old = Instance { images: vec![image("shop/api:1.8.1", "sha256:a")], ..pod("api", 2) };
        let moved = Instance { images: vec![image(declared, "sha256:0")], ..pod("api", 3) };
        let (images, declared_count) = with_case(&deployment("api", 3, 3), &[old, new, moved], 0, images);
        assert_eq!(declared_count, 1);
        let told: Vec<_> = images.iter().map(|i| (i.reference.shown(), i.digest.as_ref().unwrap().shown())).collect();
        assert_eq!(told, [(declared, "sha256:b"), ("shop/api:1.8.1", "sha256:a"), (declared, "sha256:0")]);
    }
}
