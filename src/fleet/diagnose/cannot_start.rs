//! Cannot start: the platform has the image, but cannot make or start the container.

use crate::fleet::words::instances;
use crate::model::{Finding, HealthState};

use super::{Case, Evidence};

pub(super) const NAME: &str = "cannot start";

/// The platforms' words for it.
const REASONS: &[&str] = &[
    "CreateContainerConfigError",
    "CreateContainerError",
    "CreatePodSandboxError",
    "RunContainerError",
    "PostStartHookError",
    "StartError",
];

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut said = None;
    for (_, instance) in case.instances() {
        let Some(waiting) = instance.waiting.as_ref().filter(|w| REASONS.contains(&w.reason.raw())) else { continue };
        let line = format!("{}: {}: {}", instance.name, waiting.reason, waiting.message);
        evidence.saw(&instance.key, instance.created_at, &line);
        said = said.or(Some(waiting));
    }
    let said = said?;
    let words = if said.message.is_empty() { &said.reason } else { &said.message };
    let summary = format!("{} cannot start: {words}", instances(evidence.len()));
    let advice = "look at its command, its mounts, its ports, and the Secrets and ConfigMaps that it names";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find, pod, waiting};
    use super::*;
    use crate::model::Instance;

    #[test]
    fn what_the_platform_says_is_told() {
        for reason in REASONS {
            let stuck = Instance { waiting: waiting(reason, "secret \"db\" not found"), ..pod("api", 1) };
            let found = find(check, &deployment("api", 1, 0), &[stuck]).unwrap();
            assert_eq!(found.summary.shown(), "1 Instance cannot start: secret \"db\" not found");
        }
        assert_eq!(find(check, &deployment("api", 1, 1), &[pod("api", 1)]), None);
    }
}
