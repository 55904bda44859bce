//! Servers of both kinds, and Sources on them.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::model::{Connection, Endpoint, Queries, SecretPlace, SourceName, SourceSpec, Timestamp};
use quarterdeck::sources::port::{Opener, Watch};
use quarterdeck::sources::registry::Registry;
use serde_json::{Map, Value, json};

use crate::served::Served;

/// Which kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Alertmanager,
    Prometheus,
}

pub(crate) const BOTH: [Server; 2] = [Server::Alertmanager, Server::Prometheus];

impl Server {
    /// What a real one answered, by paths without their queries.
    pub(crate) fn recorded(self) -> Map<String, Value> {
        let file = match self {
            Self::Alertmanager => "alertmanager-0.25.0.json",
            Self::Prometheus => "prometheus-2.42.0.json",
        };
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/alerts/recorded").join(file);
        let book: Map<String, Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let plain = |path: String| path.split('?').next().unwrap_or_default().to_owned();
        book.into_iter().map(|(path, value)| (plain(path), at_present(value))).collect()
    }

    /// A server that answers it.
    pub(crate) async fn served(self) -> Served {
        Served::book(self.recorded()).await
    }

    /// A Source on the server at a URL.
    pub(crate) fn source(self, url: &str) -> Arc<dyn Watch> {
        self.source_with(url, Some(SecretPlace::Command(["printf", "lab-secret"].map(str::to_owned).to_vec())))
    }

    /// The same with a password that lies somewhere else.
    pub(crate) fn source_with(self, url: &str, password: Option<SecretPlace>) -> Arc<dyn Watch> {
        let endpoint = Endpoint { url: url.to_owned(), user: Some("reader".to_owned()), password, ca_file: None };
        open(match self {
            Self::Alertmanager => Connection::Alertmanager { endpoint },
            Self::Prometheus => Connection::Prometheus { endpoint, queries: Queries::default() },
        })
    }
}

/// A Prometheus without a password that is asked these queries.
pub(crate) fn asking(url: &str, queries: Queries) -> Arc<dyn Watch> {
    open(Connection::Prometheus { endpoint: Endpoint { url: url.to_owned(), ..Endpoint::default() }, queries })
}

fn open(connection: Connection) -> Arc<dyn Watch> {
    // Another test may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let spec = SourceSpec {
        name: SourceName::new("alerts"),
        connection,
        connect: true,
        found_by: "test".to_owned(),
        timeout_seconds: Some(2),
    };
    Registry.open(&spec).unwrap()
}

/// Moments as they would stand there now: what began did so ten minutes ago, what ends does so in ten.
fn at_present(mut value: Value) -> Value {
    let now = Timestamp::now();
    let minutes = |n: i64| Timestamp::from_second(now.as_second() + 60 * n).unwrap().to_string();
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = at_present(item.take())),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                *value = match key.as_str() {
                    "startsAt" | "activeAt" | "uptime" => json!(minutes(-10)),
                    "endsAt" => json!(minutes(10)),
                    "lastEvaluation" => json!(minutes(0)),
                    _ => at_present(value.take()),
                };
            }
        }
        _ => {}
    }
    value
}
