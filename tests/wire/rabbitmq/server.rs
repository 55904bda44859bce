//! A management API that answers what was recorded of a broker.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

pub(crate) use crate::served::{Answer, Served as Broker};

/// What was recorded of that version.
pub(crate) fn recorded(version: &str) -> Map<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/rabbitmq/recorded");
    serde_json::from_str(&std::fs::read_to_string(folder.join(format!("{version}.json"))).unwrap()).unwrap()
}

impl Broker {
    /// A broker that answers what was recorded of that version.
    pub(crate) async fn recorded(version: &str) -> Self {
        Self::book(recorded(version)).await
    }
}

impl Answer {
    /// A refusal in the broker's own form.
    pub(crate) fn refusal(status: u16, reason: &str) -> Self {
        Self::Whole(status, "", json!({ "error": "not_authorised", "reason": reason }).to_string().into_bytes())
    }
}
