//! The pod template and its containers, as Workloads declare and pods carry them (`k8s.io/api/core/v1`).

use std::collections::HashMap;

use prost::Message;
use serde::{Deserialize, Deserializer};

/// `resource.Quantity`: text in protobuf, text or a number in JSON.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Quantity {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Self { text },
            other => Self { text: other.to_string() },
        })
    }
}

/// A probe: only that it is there counts.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Probe {}

/// `ResourceRequirements`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resources {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) limits: HashMap<String, Quantity>,
}

/// `Container`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) image: String,
    #[prost(message, optional, tag = "8")]
    pub(crate) resources: Option<Resources>,
    #[prost(message, optional, tag = "11")]
    pub(crate) readiness_probe: Option<Probe>,
}

/// `PodSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodSpec {
    #[prost(message, repeated, tag = "2")]
    pub(crate) containers: Vec<Container>,
    #[prost(string, tag = "3")]
    pub(crate) restart_policy: String,
    #[prost(string, tag = "10")]
    pub(crate) node_name: String,
}

impl PodSpec {
    /// Whether a readiness probe of any container can tell that it serves.
    #[must_use]
    pub(crate) fn probed(&self) -> bool {
        self.containers.iter().any(|c| c.readiness_probe.is_some())
    }
}

/// `PodTemplateSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Template {
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodSpec>,
}
