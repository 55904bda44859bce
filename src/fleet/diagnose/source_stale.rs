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
        let (since, is, why) = match part.lapse.filter(|_| source.state.is_live()) {
            Some(lapse) => (lapse.since, format!("cannot read {}", lapse.subject()), Some(&lapse.why)),
            None => (source.since, format!("is {}", source.state.word()), source.status.detail.as_ref()),
        };
        let line = format!("{} {is} since {}", source.name, moment(since, case.now));
        let why = why.map(|detail| format!(": {detail}")).unwrap_or_default();
        evidence.saw(&subject(part), Some(since), &format!("{line}{why}"));
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
    fn a_list_that_cannot_be_read_any_more_is_named() {
        let (view, workload) = (view(Freshness::Partial), deployment("api", 1, 1));
        let lapse = crate::model::Lapse {
            table: crate::model::Table::whole("deployments"),
            what: crate::model::Text::name("deployments.apps"),
            since: at(-60),
            why: crate::model::Text::line("answered 500"),
        };
        let part = super::super::Part { lapse: Some(&lapse), ..part_of(&workload, &view) };
        let found = check(&Case::new(at(0), vec![part], 0)).unwrap();
        assert!(
            found.summary.shown().starts_with("not known: Source kubernetes:lab cannot read deployments.apps since ")
        );
        assert!(found.evidence[0].shown().ends_with(": answered 500"), "{:?}", found.evidence);
    }

    fn part_of<'a>(workload: &'a crate::model::Workload, view: &'a crate::fleet::SourceView) -> super::super::Part<'a> {
        super::super::Part {
            source: view,
            kind: workload.kind,
            scope: &workload.scope,
            name: &workload.name,
            workload: Some(workload),
            instances: vec![],
            runs: vec![],
            autoscalers: vec![],
            events: vec![],
            complete: true,
            instances_known: true,
            lapse: None,
        }
    }

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
            let part = part_of(&workload, &view);
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
