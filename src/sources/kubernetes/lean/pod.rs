//! Pods (`k8s.io/api/core/v1`). Annotations and managed fields, the bulk of their bytes, are never read.

use std::collections::HashMap;

use prost::Message;
use serde::Deserialize;

use super::meta::{Condition, OwnerReference, Time, prose};
use super::template::PodSpec;

/// `ObjectMeta` without annotations.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodMeta {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) namespace: String,
    #[prost(string, tag = "5")]
    pub(crate) uid: String,
    #[prost(string, tag = "6")]
    pub(crate) resource_version: String,
    #[prost(message, optional, tag = "8")]
    pub(crate) creation_timestamp: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub(crate) deletion_timestamp: Option<Time>,
    #[prost(map = "string, string", tag = "11")]
    pub(crate) labels: HashMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) owner_references: Vec<OwnerReference>,
}

/// `ContainerStateWaiting`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Waiting {
    #[prost(string, tag = "1")]
    pub(crate) reason: String,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
}

/// `ContainerStateRunning`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Running {
    #[prost(message, optional, tag = "1")]
    pub(crate) started_at: Option<Time>,
}

/// `ContainerStateTerminated`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Terminated {
    #[prost(int32, tag = "1")]
    pub(crate) exit_code: i32,
    #[prost(string, tag = "3")]
    pub(crate) reason: String,
    #[prost(message, optional, tag = "6")]
    pub(crate) finished_at: Option<Time>,
}

/// `ContainerState`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    #[prost(message, optional, tag = "1")]
    pub(crate) waiting: Option<Waiting>,
    #[prost(message, optional, tag = "2")]
    pub(crate) running: Option<Running>,
    #[prost(message, optional, tag = "3")]
    pub(crate) terminated: Option<Terminated>,
}

/// `ContainerStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerStatus {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) state: Option<State>,
    #[prost(message, optional, tag = "3")]
    pub(crate) last_state: Option<State>,
    #[prost(bool, tag = "4")]
    pub(crate) ready: bool,
    #[prost(int32, tag = "5")]
    pub(crate) restart_count: i32,
    #[prost(string, tag = "7")]
    #[serde(rename = "imageID")]
    pub(crate) image_id: String,
    #[prost(bool, optional, tag = "9")]
    pub(crate) started: Option<bool>,
}

/// `PodCondition`.
pub(crate) type PodCondition = Condition;

/// `PodStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodStatus {
    #[prost(string, tag = "1")]
    pub(crate) phase: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) conditions: Vec<PodCondition>,
    #[prost(bytes = "vec", tag = "3")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) start_time: Option<Time>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) container_statuses: Vec<ContainerStatus>,
    #[prost(message, repeated, tag = "10")]
    pub(crate) init_container_statuses: Vec<ContainerStatus>,
}

/// `Pod`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Pod {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<PodMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<PodStatus>,
}
