//! Source stale: the Source that a Service is known from tells nothing now, so that its state is what it last was.

use crate::fleet::words::moment;
use crate::model::{Finding, HealthState};

use super::not_enough_ready::subject;
use super::{Case, Evidence};

pub(super) const NAME: &str = "source stale";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for part in case.parts.iter().filter(|part| !part.is_live()) {
        let source = part.source;
        let line = format!("{} is {} since {}", source.name, source.state.word(), moment(source.since, case.now));
        let why = source.status.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        evidence.saw(&subject(part), Some(source.since), &format!("{line}{why}"));
        words = words.or(Some(line));
    }
    let summary = format!("not known: Source {}", words?);
    Some(evidence.finding(
        NAME,
        HealthState::Unknown,
        &summary,
        "see the Sources screen: what failed, and what would help",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, view};
    use super::*;
    use crate::model::Freshness;

    #[test]
    fn only_a_source_that_is_live_can_be_counted_on() {
        for (state, silent) in [
            (Freshness::Fresh, false),
            (Freshness::Partial, false),
            (Freshness::Stale, true),
            (Freshness::Denied, true),
            (Freshness::Unreachable, true),
            (Freshness::Connecting, true),
        ] {
            let (view, workload) = (view(state), deployment("api", 1, 1));
            let part = super::super::Part {
                source: &view,
                kind: workload.kind,
                scope: &workload.scope,
                name: &workload.name,
                workload: Some(&workload),
                instances: vec![],
                runs: vec![],
                autoscalers: vec![],
                events: vec![],
                complete: true,
                instances_known: true,
            };
            let found = check(&Case::new(at(0), vec![part], 0));
            assert_eq!(found.is_some(), silent, "{state:?}");
            if let Some(found) = found {
                let words = format!("not known: Source kubernetes:lab is {} since ", state.word());
                assert!(found.summary.shown().starts_with(&words), "{}", found.summary);
                assert_eq!(found.severity, HealthState::Unknown);
            }
        }
    }
}
