//! What is kept of the management API's answers. A field of another form than expected counts as not said: between versions and
//! states of a queue the broker leaves fields out, or gives `null`, `""` or `[]` in their place.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// `/api/overview`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Overview {
    #[serde(deserialize_with = "loose")]
    pub(super) rabbitmq_version: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) cluster_name: Option<String>,
    /// The broker collects no statistics for the management API.
    #[serde(deserialize_with = "loose")]
    pub(super) disable_stats: Option<bool>,
    /// `basic`, `detailed` or `none`.
    #[serde(deserialize_with = "loose")]
    pub(super) rates_mode: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) object_totals: Option<ObjectTotals>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ObjectTotals {
    #[serde(deserialize_with = "loose")]
    pub(super) queues: Option<u64>,
}

/// One page of `/api/queues`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Page {
    pub(super) items: Vec<QueueRow>,
    #[serde(default, deserialize_with = "loose")]
    pub(super) page_count: Option<u32>,
    #[serde(default, deserialize_with = "loose")]
    pub(super) filtered_count: Option<u64>,
}

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct QueueRow {
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) vhost: Option<String>,
    /// `classic`, `quorum`, `stream`.
    #[serde(rename = "type", deserialize_with = "loose")]
    pub(super) form: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) state: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) messages_ready: Option<u64>,
    /// How many that were lately.
    #[serde(deserialize_with = "loose")]
    pub(super) messages_ready_details: Option<Lengths>,
    #[serde(deserialize_with = "loose")]
    pub(super) messages_unacknowledged: Option<u64>,
    #[serde(deserialize_with = "loose")]
    pub(super) consumers: Option<u32>,
    /// Unix seconds that the publisher wrote on the oldest message.
    #[serde(deserialize_with = "loose")]
    pub(super) head_message_timestamp: Option<i64>,
    #[serde(deserialize_with = "loose")]
    pub(super) message_stats: Option<MessageStats>,
    #[serde(deserialize_with = "loose")]
    pub(super) arguments: Option<Arguments>,
    #[serde(deserialize_with = "loose")]
    pub(super) effective_policy_definition: Option<Policy>,
    /// Nodes that hold a copy, and those of them that run (quorum queues and streams).
    #[serde(deserialize_with = "loose")]
    pub(super) members: Option<Vec<String>>,
    #[serde(deserialize_with = "loose")]
    pub(super) online: Option<Vec<String>>,
}

/// What was counted of a queue's messages, per second; what never happened is left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct MessageStats {
    #[serde(deserialize_with = "loose")]
    pub(super) publish_details: Option<Rate>,
    #[serde(deserialize_with = "loose")]
    pub(super) ack_details: Option<Rate>,
    /// Handed out to consumers and to `basic.get` that acknowledge nothing.
    #[serde(deserialize_with = "loose")]
    pub(super) deliver_no_ack_details: Option<Rate>,
    #[serde(deserialize_with = "loose")]
    pub(super) get_no_ack_details: Option<Rate>,
}

/// A queue's length at some moments.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Lengths {
    /// Newest first.
    #[serde(deserialize_with = "loose")]
    pub(super) samples: Option<Vec<Length>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Length {
    pub(super) sample: u64,
    /// Unix milliseconds.
    pub(super) timestamp: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Rate {
    #[serde(deserialize_with = "loose")]
    pub(super) rate: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Arguments {
    #[serde(rename = "x-dead-letter-exchange", deserialize_with = "loose")]
    pub(super) exchange: Option<String>,
    #[serde(rename = "x-dead-letter-routing-key", deserialize_with = "loose")]
    pub(super) routing_key: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    #[serde(rename = "dead-letter-exchange", deserialize_with = "loose")]
    pub(super) exchange: Option<String>,
    #[serde(rename = "dead-letter-routing-key", deserialize_with = "loose")]
    pub(super) routing_key: Option<String>,
}

/// A node of `/api/nodes`; one that is down has its name, its type and `running` alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct NodeRow {
    #[serde(deserialize_with = "loose")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) running: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) mem_alarm: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) mem_used: Option<f64>,
    #[serde(deserialize_with = "loose")]
    pub(super) mem_limit: Option<f64>,
    #[serde(deserialize_with = "loose")]
    pub(super) disk_free_alarm: Option<bool>,
    #[serde(deserialize_with = "loose")]
    pub(super) disk_free: Option<f64>,
    #[serde(deserialize_with = "loose")]
    pub(super) disk_free_limit: Option<f64>,
    /// Nodes that it has lost sight of while they ran.
    #[serde(deserialize_with = "loose")]
    pub(super) partitions: Option<Vec<String>>,
}

/// A binding whose source is a dead-letter exchange.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct BindingRow {
    #[serde(deserialize_with = "loose")]
    pub(super) destination: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) destination_type: Option<String>,
    #[serde(deserialize_with = "loose")]
    pub(super) routing_key: Option<String>,
}

/// The field where it has the form it should have; anything else is as if it were not there.
fn loose<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose<T> {
        Known(T),
        Other(IgnoredAny),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Known(value) => Some(value),
        Loose::Other(_) => None,
    })
}
