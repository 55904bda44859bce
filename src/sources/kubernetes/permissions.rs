//! What RBAC has to allow: for reading, exactly what the watch, the logs and the raw view ask for, from the table that they
//! ask by; for changing, what the verbs write.

use std::collections::BTreeMap;

use super::resource::{COMMON, CUSTOM, EVENTS, NAMESPACES};

/// One rule of a ClusterRole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Empty for the core group.
    pub group: &'static str,
    pub resources: Vec<&'static str>,
    pub verbs: &'static [&'static str],
}

const fn rule(group: &'static str, resources: Vec<&'static str>, verbs: &'static [&'static str]) -> Rule {
    Rule { group, resources, verbs }
}

/// What reading asks for.
#[must_use]
pub fn reading() -> Vec<Rule> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in [&NAMESPACES, &EVENTS].into_iter().chain(&COMMON).chain(&CUSTOM) {
        groups.entry(resource.group).or_default().push(resource.plural);
    }
    let watched = groups.into_iter().map(|(group, mut resources)| {
        resources.sort_unstable();
        rule(group, resources, &["get", "list", "watch"])
    });
    let logs = rule("", vec!["pods/log"], &["get"]);
    let metrics = rule("metrics.k8s.io", vec!["pods"], &["list"]);
    watched.chain([logs, metrics]).collect()
}

/// What the verbs write: scale (or other limits of what scales), restart, promote, roll back, pause; delete an Instance; a
/// shell in it; the Lease that operators share; and what a StatefulSet could return to.
#[must_use]
pub fn changing() -> Vec<Rule> {
    vec![
        rule("apps", vec!["daemonsets", "deployments", "statefulsets"], &["patch"]),
        rule("apps", vec!["deployments/scale", "replicasets/scale", "statefulsets/scale"], &["get", "patch", "update"]),
        rule("apps", vec!["controllerrevisions"], &["list"]),
        rule("argoproj.io", vec!["rollouts"], &["patch"]),
        rule("argoproj.io", vec!["rollouts/scale"], &["get", "patch"]),
        rule("autoscaling", vec!["horizontalpodautoscalers"], &["patch"]),
        rule("keda.sh", vec!["scaledobjects"], &["patch"]),
        rule("batch", vec!["cronjobs"], &["patch"]),
        rule("", vec!["pods"], &["delete"]),
        rule("", vec!["pods/exec"], &["create"]),
        rule("coordination.k8s.io", vec!["leases"], &["create", "get", "update"]),
    ]
}

/// The rules as a ClusterRole of that name, in YAML.
#[must_use]
pub fn cluster_role(name: &str, rules: &[Rule]) -> String {
    let list = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let mut out =
        format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\nrules:\n");
    for rule in rules {
        let (resources, verbs) = (list(&rule.resources), list(rule.verbs));
        out.push_str(&format!(
            "  - apiGroups: [\"{}\"]\n    resources: [{resources}]\n    verbs: [{verbs}]\n",
            rule.group
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_allows_what_the_watch_asks_for_and_nothing_else() {
        let rules = reading();
        let allowed: Vec<(&str, &str)> = rules
            .iter()
            .filter(|r| r.verbs.contains(&"watch"))
            .flat_map(|r| r.resources.iter().map(|p| (r.group, *p)))
            .collect();
        let mut asked: Vec<(&str, &str)> =
            [&NAMESPACES, &EVENTS].into_iter().chain(&COMMON).chain(&CUSTOM).map(|r| (r.group, r.plural)).collect();
        asked.sort_unstable();
        assert_eq!(allowed, asked);
        let words = cluster_role("quarterdeck-read", &rules);
        for never in ["secrets", "configmaps", "*", "create", "delete", "patch", "update"] {
            assert!(!words.contains(never), "{never}");
        }
    }
}
