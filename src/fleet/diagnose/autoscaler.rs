//! Autoscaler: what should scale a Service does not work, or is paused.

use crate::model::Finding;

use super::{Case, Evidence, NOTE};

pub(super) const NAME: &str = "autoscaler";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut words = None;
    for autoscaler in case.parts.iter().flat_map(|part| &part.autoscalers) {
        let state = match (&autoscaler.problem, autoscaler.paused) {
            (Some(problem), _) => format!("does not work: {problem}"),
            (None, true) => "is paused".to_owned(),
            (None, false) => continue,
        };
        let line = format!("{} {} {state}", autoscaler.kind, autoscaler.name);
        evidence.saw(&autoscaler.key, autoscaler.last_scaled_at, &line);
        words = words.or(Some(line));
    }
    Some(evidence.finding(
        NAME,
        NOTE,
        &words?,
        "see whether its metrics can be read; nothing scales this Service until then",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{at, deployment, source, view};
    use super::*;
    use crate::model::{Autoscaler, Freshness, Key, Kind, Text, WorkloadKind};

    #[test]
    fn a_problem_and_a_pause_are_told() {
        for (problem, paused, words) in [
            (
                Some("FailedGetResourceMetric"),
                false,
                Some("HorizontalPodAutoscaler api does not work: FailedGetResourceMetric"),
            ),
            (None, true, Some("HorizontalPodAutoscaler api is paused")),
            (None, false, None),
        ] {
            let autoscaler = Autoscaler {
                key: Key::new(&source(), Kind::Autoscaler, "hpa"),
                kind: Text::name("HorizontalPodAutoscaler"),
                scope: Text::name("shop-prod"),
                name: Text::name("api"),
                target: (WorkloadKind::Deployment, Text::name("api")),
                min: Some(2),
                max: Some(8),
                current: None,
                wanted: None,
                triggers: vec![],
                paused,
                last_scaled_at: None,
                problem: problem.map(Text::line),
            };
            let (view, workload) = (view(Freshness::Fresh), deployment("api", 2, 2));
            let part = super::super::Part {
                source: &view,
                kind: workload.kind,
                scope: &workload.scope,
                name: &workload.name,
                workload: Some(&workload),
                instances: vec![],
                runs: vec![],
                autoscalers: vec![&autoscaler],
                events: vec![],
                complete: true,
                instances_known: true,
                lapse: None,
            };
            let found = check(&Case::new(at(0), vec![part], 0));
            assert_eq!(found.as_ref().map(|found| found.summary.shown()), words);
        }
    }
}
