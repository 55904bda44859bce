//! One Source on one line of the Sources screen, and what would help where something is denied.

use std::collections::BTreeMap;

use crate::fleet::SourceView;
use crate::model::{Denial, Freshness, HealthState, SourceKind};
use crate::tui::screen::figure::{self, When};

/// A Source on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    pub name: String,
    pub kind: &'static str,
    pub state: Freshness,
    pub grade: HealthState,
    /// How long it has been in that state.
    pub since: String,
    /// How old its last answer is; nothing where it never answered.
    pub answered: Option<String>,
    pub latency: Option<String>,
    pub calls: String,
    pub objects: String,
    pub version: String,
    /// What is wrong, or how it was found where all is well.
    pub detail: String,
}

impl SourceRow {
    /// The row of a Source at a moment.
    #[must_use]
    pub fn of(view: &SourceView, when: When) -> Self {
        let waits = !matches!(view.state, Freshness::Fresh | Freshness::Partial | Freshness::Idle);
        let since = if waits { when.exact_age(view.since) } else { when.age(view.since) };
        Self {
            name: view.name.0.shown().to_owned(),
            kind: view.kind.word(),
            state: view.state,
            grade: grade(view.state),
            since,
            answered: view.status.answered_at.map(|at| if waits { when.exact_age(at) } else { when.age(at) }),
            latency: view.status.latency_ms.map(|ms| format!("{ms} ms")),
            calls: figure::count(view.status.calls),
            objects: figure::count(view.objects),
            version: view.status.version.as_ref().map(|v| v.shown().to_owned()).unwrap_or_default(),
            detail: detail(view),
        }
    }
}

fn detail(view: &SourceView) -> String {
    if let Some(detail) = &view.status.detail {
        return detail.shown().to_owned();
    }
    match view.state {
        Freshness::Idle => format!("found by {}, Enter connects it", view.found_by),
        Freshness::Connecting => format!("found by {}, connecting", view.found_by),
        _ => format!("found by {}", view.found_by),
    }
}

/// What the state of a Source means for those who read its facts.
#[must_use]
pub fn grade(state: Freshness) -> HealthState {
    match state {
        Freshness::Fresh => HealthState::Healthy,
        Freshness::Partial | Freshness::Stale => HealthState::Degraded,
        Freshness::Denied | Freshness::Unreachable => HealthState::Down,
        Freshness::Connecting => HealthState::Unknown,
        Freshness::Idle => HealthState::Idle,
    }
}

/// The commands that would grant what is missing, one role per namespace (or one for the whole cluster), with the verbs
/// and resources that were refused and no others.
#[must_use]
pub fn grants(kind: SourceKind, denials: &[Denial]) -> Vec<String> {
    if kind != SourceKind::Kubernetes {
        return denials.iter().map(|d| format!("needs {} on {}", d.verb, d.resource)).collect();
    }
    let mut scopes: BTreeMap<Option<&str>, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for denial in denials {
        let (verbs, resources) = scopes.entry(denial.scope.as_ref().map(crate::model::text::Text::shown)).or_default();
        for (list, word) in [(verbs, denial.verb.shown()), (resources, denial.resource.shown())] {
            if !list.contains(&word) {
                list.push(word);
            }
        }
    }
    let mut lines = Vec::new();
    for (scope, (verbs, resources)) in scopes {
        let (role, place) =
            scope.map_or(("clusterrole", String::new()), |namespace| ("role", format!(" -n {namespace}")));
        let (verbs, resources) = (verbs.join(","), resources.join(","));
        lines.push(format!("kubectl create {role} quarterdeck-watch{place} --verb={verbs} --resource={resources}"));
        lines.push(format!(
            "kubectl create {role}binding quarterdeck-watch{place} --{role}=quarterdeck-watch --user=YOUR-USER"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceName, SourceStatus, Text, Timestamp};

    fn view(state: Freshness) -> SourceView {
        SourceView {
            name: SourceName::new("kubernetes:eks-prod"),
            kind: SourceKind::Kubernetes,
            found_by: Text::name("kubeconfig"),
            state,
            since: at(0),
            status: SourceStatus { state, calls: 2_140, latency_ms: Some(12), ..SourceStatus::default() },
            synced: true,
            objects: 12_345,
        }
    }

    fn when(seconds: i64) -> When {
        When { now: at(seconds), minute: at(0) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_row_has_its_numbers_grouped_and_its_ages_as_fine_as_they_matter() {
        let fresh = SourceRow::of(&view(Freshness::Fresh), when(40));
        assert_eq!((fresh.calls.as_str(), fresh.objects.as_str(), fresh.since.as_str()), ("2 140", "12 345", "now"));
        assert_eq!(SourceRow::of(&view(Freshness::Stale), when(40)).since, "40s");
    }

    #[test]
    fn an_idle_source_says_how_to_connect_it() {
        let row = SourceRow::of(&view(Freshness::Idle), when(40));
        assert_eq!(row.detail, "found by kubeconfig, Enter connects it");
    }

    #[test]
    fn a_denial_comes_with_the_exact_grant() {
        let denial = |verb: &str, resource: &str, scope: Option<&str>| Denial {
            verb: Text::name(verb),
            resource: Text::name(resource),
            scope: scope.map(Text::name),
        };
        let denials =
            [denial("list", "nodes", None), denial("list", "pods", Some("biz")), denial("watch", "pods", Some("biz"))];
        let lines = grants(SourceKind::Kubernetes, &denials);
        assert_eq!(
            lines,
            [
                "kubectl create clusterrole quarterdeck-watch --verb=list --resource=nodes",
                "kubectl create clusterrolebinding quarterdeck-watch --clusterrole=quarterdeck-watch --user=YOUR-USER",
                "kubectl create role quarterdeck-watch -n biz --verb=list,watch --resource=pods",
                "kubectl create rolebinding quarterdeck-watch -n biz --role=quarterdeck-watch --user=YOUR-USER",
            ]
        );
    }
}
