//! Events (`k8s.io/api/core/v1`).

use prost::Message;
use serde::Deserialize;

use super::meta::{Meta, Time, prose};

/// `ObjectReference`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ObjectReference {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) namespace: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
}

/// `EventSeries`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EventSeries {
    #[prost(int32, tag = "1")]
    pub(crate) count: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) last_observed_time: Option<Time>,
}

/// `Event`.
#[expect(clippy::struct_field_names, reason = "the names are the API's own")]
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Event {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) involved_object: Option<ObjectReference>,
    #[prost(string, tag = "3")]
    pub(crate) reason: String,
    #[prost(bytes = "vec", tag = "4")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    pub(crate) first_timestamp: Option<Time>,
    #[prost(message, optional, tag = "7")]
    pub(crate) last_timestamp: Option<Time>,
    #[prost(int32, tag = "8")]
    pub(crate) count: i32,
    #[prost(string, tag = "9")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(message, optional, tag = "10")]
    pub(crate) event_time: Option<Time>,
    #[prost(message, optional, tag = "11")]
    pub(crate) series: Option<EventSeries>,
}
