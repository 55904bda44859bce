//! Namespaces, nodes and disruption budgets (`k8s.io/api/core/v1`, `k8s.io/api/policy/v1`).

use prost::Message;
use serde::Deserialize;

use super::meta::{Meta, Selector, Time, prose};

/// `Namespace`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Namespace {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
}

/// `NodeSpec`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSpec {
    #[prost(bool, tag = "4")]
    pub(crate) unschedulable: bool,
}

/// `NodeCondition`, whose heartbeat is not read.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeCondition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_transition_time: Option<Time>,
    #[prost(bytes = "vec", tag = "6")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
}

/// `NodeSystemInfo`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeInfo {
    #[prost(string, tag = "7")]
    pub(crate) kubelet_version: String,
}

/// `NodeStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeStatus {
    #[prost(message, repeated, tag = "4")]
    pub(crate) conditions: Vec<NodeCondition>,
    #[prost(message, optional, tag = "7")]
    pub(crate) node_info: Option<NodeInfo>,
}

/// `Node`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<NodeSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<NodeStatus>,
}

/// `PodDisruptionBudgetSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct BudgetSpec {
    #[prost(message, optional, tag = "2")]
    pub(crate) selector: Option<Selector>,
}

/// `PodDisruptionBudgetStatus`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BudgetStatus {
    #[prost(int64, tag = "1")]
    pub(crate) observed_generation: i64,
    #[prost(int32, tag = "3")]
    pub(crate) disruptions_allowed: i32,
    #[prost(int32, tag = "4")]
    pub(crate) current_healthy: i32,
    #[prost(int32, tag = "5")]
    pub(crate) desired_healthy: i32,
}

/// `PodDisruptionBudget`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Budget {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<BudgetSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<BudgetStatus>,
}

#[cfg(test)]
mod tests {
    use super::super::meta::Condition;
    use super::*;

    #[test]
    fn conditions_of_nodes_and_pods_have_the_same_numbers() {
        let pod = Condition { kind: "Ready".into(), status: "True".into(), ..Condition::default() };
        let node = NodeCondition::decode(&pod.encode_to_vec()[..]).unwrap();
        assert_eq!((node.kind.as_str(), node.status.as_str()), ("Ready", "True"));
    }
}
