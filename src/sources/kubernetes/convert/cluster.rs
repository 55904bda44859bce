//! Namespaces to Scopes, nodes to Nodes, PodDisruptionBudgets to Budgets.

use crate::model::{Budget, Fact, Kind, Labels, Node, Platform, Scope, Text};

use super::super::lean::cluster;
use super::workload::row;
use super::{Converter, Row, count};

impl Converter {
    /// A namespace.
    pub(crate) fn namespace(&mut self, object: &cluster::Namespace) -> Row {
        let meta = object.metadata.clone().unwrap_or_default();
        let scope = Scope {
            key: self.key_of(Kind::Scope, &meta),
            platform: Platform::Kubernetes,
            name: self.words.name(&meta.name),
            labels: Labels::keep(meta.labels.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
            note: meta.deletion_timestamp.map(|_| Text::line("being deleted")),
        };
        row(meta, Fact::Scope(Box::new(scope)))
    }

    /// A node.
    pub(crate) fn node(&mut self, object: &cluster::Node) -> Row {
        let meta = object.metadata.clone().unwrap_or_default();
        let status = object.status.clone().unwrap_or_default();
        let ready = status.conditions.iter().find(|c| c.kind == "Ready");
        let trouble = status.conditions.iter().filter(|c| c.kind != "Ready" && c.status == "True");
        let version = status.node_info.as_ref().map(|i| i.kubelet_version.as_str()).filter(|v| !v.is_empty());
        let node = Node {
            key: self.key_of(Kind::Node, &meta),
            name: self.words.name(&meta.name),
            // `Unknown` is what the controller writes when the kubelet has gone silent.
            ready: ready.filter(|c| c.status != "Unknown").map(|c| c.status == "True"),
            cordoned: object.spec.unwrap_or_default().unschedulable,
            pressures: trouble.map(|c| self.words.name(&c.kind)).collect(),
            version: version.map(Text::name),
        };
        row(meta, Fact::Node(Box::new(node)))
    }

    /// A PodDisruptionBudget.
    pub(crate) fn budget(&mut self, object: &cluster::Budget) -> Row {
        let meta = object.metadata.clone().unwrap_or_default();
        let status = object.status.filter(|s| s.observed_generation > 0);
        let selector = object.spec.clone().unwrap_or_default().selector.unwrap_or_default();
        let budget = Budget {
            key: self.key_of(Kind::Budget, &meta),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            selector: super::route::pairs(&selector.match_labels),
            allowed: status.map(|s| count(s.disruptions_allowed)),
            wanted_healthy: status.map(|s| count(s.desired_healthy)),
            healthy: status.map(|s| count(s.current_healthy)),
        };
        row(meta, Fact::Budget(Box::new(budget)))
    }
}
