//! What the nodes of a broker say of themselves: too little memory or disk (nobody can publish then), nodes that lost sight of
//! each other, nodes that do not run. Each is an Alarm as long as it lasts.

use std::collections::HashMap;

use super::wire::NodeRow;
use crate::model::{Alarm, AlarmState, Key, Kind, Quantity, Severity, SourceName, Text, Timestamp};

/// Since when each alarm fires, by its uid; `None` where it fired already when we first looked.
pub(super) type Since = HashMap<String, Option<Timestamp>>;

/// One alarm before it is a fact.
struct Call {
    what: &'static str,
    name: &'static str,
    node: String,
    summary: String,
    value: Option<f64>,
    threshold: Option<f64>,
    comparison: Option<&'static str>,
}

/// The alarms of all nodes. `since` is brought up to date; where it is `None` this is the first look.
pub(super) fn of_nodes(
    rows: &[NodeRow],
    source: &SourceName,
    cluster: Option<&str>,
    since: &mut Option<Since>,
    now: Timestamp,
) -> Vec<Alarm> {
    let calls: Vec<Call> = rows.iter().flat_map(calls).collect();
    let before = since.take();
    let mut after = Since::new();
    let mut alarms = Vec::new();
    for call in calls {
        let uid = format!("{}/{}", call.what, call.node);
        let began = before.as_ref().and_then(|known| known.get(&uid).copied().unwrap_or(Some(now)));
        alarms.push(alarm(call, &uid, source, cluster, began));
        after.insert(uid, began);
    }
    *since = Some(after);
    alarms
}

/// Why nobody can publish, where that is so: an alarm of one node blocks the publishers of all.
pub(super) fn blocked(rows: &[NodeRow]) -> Option<String> {
    let calls = rows.iter().flat_map(calls).find(|call| matches!(call.what, "memory" | "disk"));
    calls.map(|call| format!("publishers are blocked: {} of {}", call.name, call.node))
}

fn calls(row: &NodeRow) -> Vec<Call> {
    let Some(node) = row.name.clone() else { return Vec::new() };
    let call = |what, name, summary| Call {
        what,
        name,
        node: node.clone(),
        summary,
        value: None,
        threshold: None,
        comparison: None,
    };
    let mut calls = Vec::new();
    if row.running == Some(false) {
        calls.push(call("node", "node not running", format!("{node} is a member of the cluster and does not run")));
    }
    if row.mem_alarm == Some(true) {
        let summary = format!("{node} uses more memory than it may: publishers are blocked");
        let held = call("memory", "memory alarm", summary);
        calls.push(Call { value: row.mem_used, threshold: row.mem_limit, comparison: Some(">"), ..held });
    }
    if row.disk_free_alarm == Some(true) {
        let summary = format!("{node} has less free disk than it needs: publishers are blocked");
        let held = call("disk", "disk alarm", summary);
        calls.push(Call { value: row.disk_free, threshold: row.disk_free_limit, comparison: Some("<"), ..held });
    }
    if let Some(lost) = row.partitions.as_ref().filter(|lost| !lost.is_empty()) {
        let summary = format!("{node} has lost sight of {}: the cluster is split", lost.join(", "));
        calls.push(call("partition", "network partition", summary));
    }
    calls
}

fn alarm(call: Call, uid: &str, source: &SourceName, cluster: Option<&str>, since: Option<Timestamp>) -> Alarm {
    let mut labels = vec![(Text::name("alarm"), Text::name(call.what)), (Text::name("node"), Text::name(&call.node))];
    labels.extend(cluster.map(|cluster| (Text::name("cluster"), Text::name(cluster))));
    Alarm {
        key: Key::new(source, Kind::Alarm, uid),
        scope: Text::empty(),
        name: Text::name(call.name),
        severity: Severity::Critical,
        state: AlarmState::Firing,
        since,
        summary: Text::line(&call.summary),
        value: call.value.and_then(Quantity::new),
        threshold: call.threshold.and_then(Quantity::new),
        comparison: call.comparison.map(Text::name),
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels,
        // Several addresses of one cluster tell the same alarm.
        fingerprint: Text::name(&format!("rabbitmq/{}/{uid}", cluster.unwrap_or_default())),
    }
}
