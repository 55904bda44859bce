//! HorizontalPodAutoscalers (`k8s.io/api/autoscaling/v2`).

use prost::Message;
use serde::Deserialize;

use super::meta::{Meta, Time, prose};
use super::template::Quantity;

/// `CrossVersionObjectReference`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Target {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
}

/// `MetricTarget`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Aim {
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<Quantity>,
    #[prost(message, optional, tag = "3")]
    pub(crate) average_value: Option<Quantity>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) average_utilization: Option<i32>,
}

/// `ResourceMetricSource` (and the container's, which has the same numbers).
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ResourceMetric {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) target: Option<Aim>,
}

/// `MetricIdentifier`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Identifier {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// `ExternalMetricSource` and `PodsMetricSource` (the same numbers).
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct NamedMetric {
    #[prost(message, optional, tag = "1")]
    pub(crate) metric: Option<Identifier>,
    #[prost(message, optional, tag = "2")]
    pub(crate) target: Option<Aim>,
}

/// `ObjectMetricSource`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ObjectMetric {
    #[prost(message, optional, tag = "2")]
    pub(crate) target: Option<Aim>,
    #[prost(message, optional, tag = "3")]
    pub(crate) metric: Option<Identifier>,
}

/// `MetricSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metric {
    #[prost(message, optional, tag = "2")]
    pub(crate) object: Option<ObjectMetric>,
    #[prost(message, optional, tag = "3")]
    pub(crate) pods: Option<NamedMetric>,
    #[prost(message, optional, tag = "4")]
    pub(crate) resource: Option<ResourceMetric>,
    #[prost(message, optional, tag = "5")]
    pub(crate) external: Option<NamedMetric>,
    #[prost(message, optional, tag = "7")]
    pub(crate) container_resource: Option<ResourceMetric>,
}

/// `HorizontalPodAutoscalerSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AutoscalerSpec {
    #[prost(message, optional, tag = "1")]
    pub(crate) scale_target_ref: Option<Target>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) min_replicas: Option<i32>,
    #[prost(int32, tag = "3")]
    pub(crate) max_replicas: i32,
    #[prost(message, repeated, tag = "4")]
    pub(crate) metrics: Vec<Metric>,
}

/// `HorizontalPodAutoscalerCondition`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct AutoscalerCondition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(bytes = "vec", tag = "5")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
}

/// `HorizontalPodAutoscalerStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AutoscalerStatus {
    #[prost(message, optional, tag = "2")]
    pub(crate) last_scale_time: Option<Time>,
    #[prost(int32, tag = "3")]
    pub(crate) current_replicas: i32,
    #[prost(int32, tag = "4")]
    pub(crate) desired_replicas: i32,
    #[prost(message, repeated, tag = "6")]
    pub(crate) conditions: Vec<AutoscalerCondition>,
}

/// `HorizontalPodAutoscaler`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Autoscaler {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<AutoscalerSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<AutoscalerStatus>,
}
