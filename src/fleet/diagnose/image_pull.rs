//! Image pull failure: the image cannot be had, so that nothing starts.

use crate::fleet::words::instances;
use crate::model::{Finding, HealthState, Instance};

use super::{Case, Evidence};

pub(super) const NAME: &str = "image pull failure";

/// The platforms' words for it.
const REASONS: &[&str] = &[
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
    "CannotPullContainerError",
];

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut image = None;
    for (part, instance) in case.instances().filter(|(_, instance)| is_failing(instance)) {
        let Some(waiting) = &instance.waiting else { continue };
        let declared = part.workload.and_then(|workload| workload.images.first());
        image = image.or(instance.images.first().or(declared));
        let line = format!("{}: {}: {}", instance.name, waiting.reason, waiting.message);
        evidence.saw(&instance.key, instance.created_at, &line);
    }
    if evidence.is_empty() {
        return None;
    }
    let what = image.map_or("its image".to_owned(), |image| image.reference.to_string());
    let summary = format!("image pull failure: {} cannot pull {what}", instances(evidence.len()));
    let advice = "check that the tag exists and that the pull secret of the registry is valid";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

fn is_failing(instance: &Instance) -> bool {
    instance.waiting.as_ref().is_some_and(|waiting| REASONS.contains(&waiting.reason.raw()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find, pod, waiting};
    use super::*;

    #[test]
    fn every_word_of_the_platforms_for_it_is_known() {
        for reason in REASONS {
            let stuck = Instance { waiting: waiting(reason, "not found"), ready: Some(false), ..pod("api", 1) };
            let found = find(check, &deployment("api", 1, 0), &[stuck]).unwrap();
            assert_eq!(
                found.summary.shown(),
                "image pull failure: 1 Instance cannot pull registry.example/shop/api:1.8.2"
            );
            assert!(found.evidence[0].shown().contains(reason));
        }
        let creating = Instance { waiting: waiting("ContainerCreating", ""), ..pod("api", 1) };
        assert_eq!(find(check, &deployment("api", 1, 0), &[creating]), None);
    }
}
