//! Unschedulable: the platform finds no machine for an Instance.

use crate::fleet::words::instances;
use crate::model::{Finding, HealthState};

use super::{Case, Evidence};

pub(super) const NAME: &str = "unschedulable";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut said = None;
    for (_, instance) in case.instances() {
        let Some(words) = &instance.unschedulable else { continue };
        said = said.or(Some(words));
        evidence.saw(&instance.key, instance.created_at, &format!("{}: {words}", instance.name));
    }
    let said = said?;
    let summary = format!("unschedulable: {} find no node: {said}", instances(evidence.len()));
    let advice = "add a machine, free room on one, or lower what it asks for; check node selectors, taints and volumes";
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, advice))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find, pod};
    use super::*;
    use crate::model::{Instance, Phase, Text};

    #[test]
    fn the_schedulers_words_are_told() {
        let words = Some(Text::line("0/3 nodes are available: 3 Insufficient cpu."));
        let waiting = Instance { phase: Phase::Pending, ready: Some(false), unschedulable: words, ..pod("big", 1) };
        let found = find(check, &deployment("big", 1, 0), &[waiting]).unwrap();
        assert!(found.summary.shown().starts_with("unschedulable: 1 Instance"), "{}", found.summary);
        assert!(found.summary.shown().contains("Insufficient cpu"));
        assert_eq!(find(check, &deployment("big", 1, 1), &[pod("big", 1)]), None);
    }
}
