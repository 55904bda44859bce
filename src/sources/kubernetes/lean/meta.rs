//! What all objects share: names, owners, labels, times, conditions (`k8s.io/apimachinery/pkg/apis/meta/v1`).

use std::collections::HashMap;

use prost::Message;
use serde::{Deserialize, Deserializer};

use crate::model::Timestamp;

/// `metav1.Time`: seconds and nanoseconds in protobuf, RFC 3339 in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Time {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

impl Time {
    /// The moment, where it is one that a clock can show (a zero time is none).
    #[must_use]
    pub(crate) fn moment(self) -> Option<Timestamp> {
        if self.seconds == 0 { None } else { Timestamp::new(self.seconds, self.nanos).ok() }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        let moment: Option<Timestamp> = text.parse().ok();
        Ok(moment.map(|m| Self { seconds: m.as_second(), nanos: m.subsec_nanosecond() }).unwrap_or_default())
    }
}

/// Prose that may hold anything: protobuf does not promise UTF-8 there, so bytes are taken.
///
/// # Errors
/// Where the value is no string.
pub(crate) fn prose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default().into_bytes())
}

/// `OwnerReference`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OwnerReference {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(bool, tag = "6")]
    pub(crate) controller: bool,
}

/// `ObjectMeta`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Meta {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) namespace: String,
    #[prost(string, tag = "5")]
    pub(crate) uid: String,
    #[prost(string, tag = "6")]
    pub(crate) resource_version: String,
    #[prost(int64, tag = "7")]
    pub(crate) generation: i64,
    #[prost(message, optional, tag = "8")]
    pub(crate) creation_timestamp: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub(crate) deletion_timestamp: Option<Time>,
    #[prost(map = "string, string", tag = "11")]
    pub(crate) labels: HashMap<String, String>,
    #[prost(map = "string, string", tag = "12")]
    pub(crate) annotations: HashMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) owner_references: Vec<OwnerReference>,
}

impl Meta {
    /// When the object was made.
    #[must_use]
    pub(crate) fn created(&self) -> Option<Timestamp> {
        self.creation_timestamp.and_then(Time::moment)
    }

    /// The owner that controls it, else its first owner.
    #[must_use]
    pub(crate) fn owner(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|o| o.controller).or_else(|| self.owner_references.first())
    }
}

/// `ListMeta`.
#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListMeta {
    #[prost(string, tag = "2")]
    pub(crate) resource_version: String,
    /// Where the next page begins; empty on the last one.
    #[prost(string, tag = "3")]
    #[serde(rename = "continue")]
    pub(crate) next: String,
}

/// A condition as nodes, pods, jobs and autoscalers have it (the same field numbers in each).
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Condition {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) status: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) last_transition_time: Option<Time>,
    #[prost(string, tag = "5")]
    pub(crate) reason: String,
    #[prost(bytes = "vec", tag = "6")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
}

/// `metav1.LabelSelector`, as far as facts can say it.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Selector {
    #[prost(map = "string, string", tag = "1")]
    pub(crate) match_labels: HashMap<String, String>,
}

/// `metav1.Status`: what a refusal says.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    #[prost(bytes = "vec", tag = "3")]
    #[serde(deserialize_with = "prose")]
    pub(crate) message: Vec<u8>,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    #[prost(int32, tag = "6")]
    pub(crate) code: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_in_both_encodings() {
        let json: Time = serde_json::from_str("\"2026-01-02T03:04:05.5Z\"").unwrap();
        let binary = Time::decode(&json.encode_to_vec()[..]).unwrap();
        assert_eq!(json, binary);
        assert_eq!(json.moment().unwrap().to_string(), "2026-01-02T03:04:05.5Z");
        assert_eq!(serde_json::from_str::<Time>("null").unwrap().moment(), None);
    }
}
