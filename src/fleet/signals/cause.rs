//! Alarms of one cause: those that an alarm over alarms is made of, those that speak of one node, those about one trouble of
//! one Service. Five of them are one line, and one speaks for all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::model::{Address, Alarm, Severity, Text};

use super::AlarmView;

/// What several alarms that are active have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Places among [`crate::fleet::Fleet::alarms`]: the one that speaks for all, then the others as they stand there.
    pub alarms: Vec<usize>,
    /// All Services that they speak of, by address.
    pub services: Vec<Address>,
    /// Why they are taken for one.
    pub because: Text,
    /// The worst of them.
    pub severity: Severity,
}

impl Cause {
    /// The place of the alarm that speaks for all.
    #[must_use]
    pub fn head(&self) -> Option<usize> {
        self.alarms.first().copied()
    }

    /// Whether it is about more than one Service, or about none: then it is told beside them.
    #[must_use]
    pub fn is_beside_services(&self) -> bool {
        self.services.len() != 1
    }
}

/// The label in which a composite alarm of CloudWatch carries its rule.
pub(super) const COMPOSED_OF: &str = "AlarmRule";

/// What an alarm is joined by; the first that a group has in common is told as its reason, and speaks first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Bond {
    /// The alarm over alarms at this place.
    Composite(usize),
    Node(Text),
    Trouble(Address, Text),
    /// Of no Service: the same alarm in one Environment.
    Same(Text, Text),
}

/// Finds what belongs together, notes it in the views, and returns it in their order.
pub(super) fn group(views: &mut [AlarmView]) -> Vec<Cause> {
    let active: Vec<usize> = (0..views.len()).filter(|n| views[*n].is_active() && !views[*n].is_silence()).collect();
    let mut sets = Sets::new(views.len());
    let mut first: HashMap<Bond, usize> = HashMap::new();
    let mut bonds: Vec<Vec<Bond>> = vec![Vec::new(); views.len()];
    let nodes: Vec<&Text> = active.iter().filter_map(|n| node_alone(&views[*n])).collect();
    for &n in &active {
        bonds[n] = bonds_of(&views[n], &nodes);
    }
    for (parent, children) in composites(views, &active) {
        for child in children.into_iter().chain([parent]) {
            bonds[child].push(Bond::Composite(parent));
        }
    }
    for &n in &active {
        for bond in &bonds[n] {
            match first.entry(bond.clone()) {
                Entry::Occupied(other) => sets.join(n, *other.get()),
                Entry::Vacant(place) => drop(place.insert(n)),
            }
        }
    }
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for &n in &active {
        members.entry(sets.root(n)).or_default().push(n);
    }
    let mut groups: Vec<Vec<usize>> = members.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    let mut causes = Vec::new();
    for group in groups {
        let cause = cause(views, &bonds, group);
        for place in &cause.alarms {
            views[*place].cause = Some(causes.len());
        }
        causes.push(cause);
    }
    causes
}

fn cause(views: &[AlarmView], bonds: &[Vec<Bond>], mut alarms: Vec<usize>) -> Cause {
    // An alarm over alarms speaks for them, then one about the node; ours only where no other does.
    let strongest = alarms.iter().flat_map(|n| &bonds[*n]).min().cloned();
    let speaks = |n: usize| match &strongest {
        Some(Bond::Composite(parent)) => n != *parent,
        Some(Bond::Node(_)) => node_alone(&views[n]).is_none(),
        _ => false,
    };
    alarms.sort_by_key(|n| (speaks(*n), views[*n].is_ours(), *n));
    let because = match &strongest {
        Some(Bond::Composite(parent)) => format!("{} is made of the others", views[*parent].alarm.name),
        Some(Bond::Node(node)) => format!("they speak of the node {node}"),
        Some(Bond::Trouble(service, trouble)) => format!("they speak of one trouble of {service}: {trouble}"),
        Some(Bond::Same(place, name)) => format!("each is {name} in {place}"),
        None => String::new(),
    };
    let mut services: Vec<Address> = alarms.iter().filter_map(|n| views[*n].service.clone()).collect();
    services.sort();
    services.dedup();
    let severity = alarms.iter().map(|n| views[*n].alarm.severity).max().unwrap_or_default();
    Cause { alarms, services, because: Text::line(&because), severity }
}

fn bonds_of(view: &AlarmView, nodes: &[&Text]) -> Vec<Bond> {
    let alarm = &view.alarm;
    let mut bonds = Vec::new();
    if let Some(node) = node(alarm) {
        // Without an alert about the node itself only the same alarm at several Services points to it.
        let of_node = nodes.contains(&node);
        let name = if of_node { node.clone() } else { Text::name(&format!("{node} ({})", alarm.name)) };
        bonds.push(Bond::Node(name));
    }
    match (&view.service, &view.environment) {
        (Some(service), _) => bonds.push(Bond::Trouble(service.clone(), trouble(alarm))),
        (None, Some(environment)) => {
            bonds.push(Bond::Same(Text::line(&environment.to_string()), alarm.name.clone()));
        }
        (None, None) => {}
    }
    bonds
}

/// The node that an alarm names.
fn node(alarm: &Alarm) -> Option<&Text> {
    ["node", "kubernetes_node", "InstanceId"].iter().find_map(|key| alarm.label(key)).filter(|node| !node.is_empty())
}

/// The node of an alarm that is about the node and nothing else.
fn node_alone(view: &AlarmView) -> Option<&Text> {
    node(&view.alarm).filter(|_| view.service.is_none())
}

/// Alarms over alarms, each with those that its rule names.
fn composites(views: &[AlarmView], active: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let named = |rule: &str, alarm: &Alarm| {
        let names = [alarm.name.raw(), &*alarm.key.uid];
        // Quoted or bare, by name or by ARN.
        rule.split(['(', ')', '"', '\'']).map(str::trim).any(|word| names.contains(&word))
    };
    let parents = active.iter().filter_map(|n| Some((*n, views[*n].alarm.label(COMPOSED_OF)?)));
    let found = parents.map(|(parent, rule)| {
        let of_it = |n: &&usize| {
            **n != parent
                && views[**n].alarm.key.source == views[parent].alarm.key.source
                && named(rule.raw(), &views[**n].alarm)
        };
        (parent, active.iter().filter(of_it).copied().collect())
    });
    found.filter(|(_, children): &(usize, Vec<usize>)| !children.is_empty()).collect()
}

/// Words in the names of alarms, and the trouble that they speak of; the first that is found counts.
const TROUBLES: &[(&str, &[&str])] = &[
    ("certificate", &["cert", "certificate", "certificates", "tls", "ssl"]),
    (BACKLOG, &["backlog", "queue", "queues", "queued", "lag", "messages", "depth", "oldest"]),
    ("errors", &["5xx", "4xx", "error", "errors", "failures"]),
    ("latency", &["latency", "slow", "duration", "p95", "p99"]),
    ("cpu", &["cpu", "throttling", "throttled"]),
    ("memory", &["memory", "mem", "oom", "swap", "heap"]),
    ("disk", &["disk", "storage", "filesystem", "inode", "inodes", "volume"]),
    (
        "it does not serve",
        &[
            "down",
            "unavailable",
            "ready",
            "crash",
            "crashing",
            "loop",
            "looping",
            "restart",
            "restarts",
            "restarting",
            "burst",
            "unhealthy",
            "healthy",
            "check",
            "checks",
            "probe",
            "replicas",
            "mismatch",
            "hosts",
            "absent",
        ],
    ),
];

/// Whether an alarm speaks of work that waits.
pub(in crate::fleet) fn is_about_backlog(alarm: &Alarm) -> bool {
    trouble(alarm).raw() == BACKLOG
}

const BACKLOG: &str = "backlog";

/// What an alarm is about, by the words of its name; else the name itself.
fn trouble(alarm: &Alarm) -> Text {
    let words = words(alarm.name.raw());
    let says = |known: &&(&str, &[&str])| words.iter().any(|word| known.1.contains(&word.as_str()));
    TROUBLES.iter().find(says).map_or_else(|| alarm.name.clone(), |(trouble, _)| Text::line(trouble))
}

/// `ApiHigh5xxRate-prod` as `api`, `high`, `5xx`, `rate`, `prod`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase() || c.is_ascii_digit() && before.is_alphabetic();
        // `p95` and `p99` are one word.
        let centile = c.is_ascii_digit() && words.last().is_some_and(|word| word == "p");
        if !c.is_alphanumeric() || begins && !centile {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Which places belong together.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, n: usize) -> usize {
        let mut at = n;
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::diagnose::fixture::at;
    use crate::model::{AlarmState, EnvironmentAddress, Key, Kind, SourceName, Tier};

    fn view(n: usize, name: &str, service: Option<&str>, labels: &[(&str, &str)]) -> AlarmView {
        let source = SourceName::new("am");
        let environment = EnvironmentAddress { system: None, environment: Text::name("prod") };
        let service = service.map(|name| Address { environment: environment.clone(), service: Text::name(name) });
        let alarm = Alarm {
            key: Key::new(&source, Kind::Alarm, &n.to_string()),
            scope: Text::empty(),
            name: Text::name(name),
            severity: Severity::Warning,
            state: AlarmState::Firing,
            since: Some(at(0)),
            summary: Text::empty(),
            value: None,
            threshold: None,
            comparison: None,
            runbook: None,
            silenced_until: None,
            suppressed_by: None,
            notifies: None,
            labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
            fingerprint: Text::empty(),
        };
        AlarmView {
            keys: vec![alarm.key.clone()],
            alarm,
            environment: Some(environment),
            tier: Tier::Production,
            service,
            because: Text::empty(),
            sources: vec![source],
            cause: None,
            stale_since: None,
        }
    }

    fn groups(views: &mut [AlarmView]) -> Vec<(Vec<usize>, String)> {
        group(views).into_iter().map(|cause| (cause.alarms, cause.because.to_string())).collect()
    }

    #[test]
    fn names_are_read_word_by_word() {
        assert_eq!(words("ApiHigh5xxRate-prod"), ["api", "high", "5xx", "rate", "prod"]);
        assert_eq!(words("p95_latency"), ["p95", "latency"]);
        assert_eq!(words("KubePodCrashLooping"), ["kube", "pod", "crash", "looping"]);
    }

    #[test]
    fn alarms_about_one_trouble_of_one_service_are_one_cause() {
        let mut views = vec![
            view(0, "api-5xx", Some("api"), &[]),
            view(1, "ApiErrorBudget", Some("api"), &[("pod", "a")]),
            view(2, "api-5xx", Some("web"), &[]),
            view(3, "api-cpu", Some("api"), &[]),
            view(4, "HighErrorRate", Some("api"), &[]),
        ];
        assert_eq!(groups(&mut views), [(vec![0, 1, 4], "they speak of one trouble of prod/api: errors".to_owned())]);
        assert_eq!(views.iter().map(|view| view.cause).collect::<Vec<_>>(), [Some(0), Some(0), None, None, Some(0)]);
    }

    #[test]
    fn an_alert_about_a_node_covers_what_runs_there_and_speaks_for_it() {
        let on = [("node", "n1")];
        let mut views = vec![
            view(0, "PodDown", Some("api"), &on),
            view(1, "PodDown", Some("web"), &on),
            view(2, "NodeNotReady", None, &on),
            view(3, "PodDown", Some("db"), &[("node", "n2")]),
        ];
        assert_eq!(groups(&mut views), [(vec![2, 0, 1], "they speak of the node n1".to_owned())]);
        let cause = &group(&mut views)[0];
        assert!(cause.is_beside_services() && cause.services.len() == 2);
    }

    #[test]
    fn the_same_alarm_at_several_services_of_a_node_points_to_the_node() {
        let mut views = vec![
            view(0, "PodDown", Some("api"), &[("node", "n1")]),
            view(1, "PodDown", Some("web"), &[("node", "n1")]),
            view(2, "Slow", Some("db"), &[("node", "n1")]),
        ];
        assert_eq!(groups(&mut views), [(vec![0, 1], "they speak of the node n1 (PodDown)".to_owned())]);
    }

    #[test]
    fn an_alarm_over_alarms_speaks_for_those_that_its_rule_names() {
        let rule = "ALARM(\"cpu\") OR ALARM(slow)";
        let mut views = vec![
            view(0, "cpu", Some("api"), &[]),
            view(1, "site", None, &[("AlarmRule", rule)]),
            view(2, "slow", Some("web"), &[]),
            view(3, "cpu-more", Some("db"), &[]),
        ];
        assert_eq!(groups(&mut views), [(vec![1, 0, 2], "site is made of the others".to_owned())]);
    }

    #[test]
    fn what_does_not_fire_has_no_cause_and_what_stands_alone_neither() {
        let mut views = vec![view(0, "api-5xx", Some("api"), &[]), view(1, "api-errors", Some("api"), &[])];
        views[1].alarm.state = AlarmState::Ok;
        assert_eq!(groups(&mut views), []);
        views[1].alarm.state = AlarmState::Firing;
        views[1].stale_since = Some(at(0));
        assert_eq!(groups(&mut views), []);
    }
}
