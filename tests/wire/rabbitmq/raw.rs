//! The broker's own description of things, and what there is none of.

use quarterdeck::model::{Key, Kind, LogAsk, SourceName, Text};
use quarterdeck::sources::port::{Failure, FailureKind, LogOut, RawAsk, RawDocument};
use serde_json::json;
use tokio::sync::mpsc;

use crate::server::Broker;
use crate::watched::source;

async fn raw(broker: &Broker, kind: Kind, uid: &str, name: &str) -> Result<RawDocument, Failure> {
    let key = Key::new(&SourceName::new("rabbit"), kind, uid);
    let ask = RawAsk { key, kind: None, scope: Text::empty(), name: Text::name(name) };
    source(&broker.url(), &[], &[]).raw(ask).await
}

fn text(document: &RawDocument) -> String {
    document.lines.iter().map(Text::shown).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn m_a_queue_is_described_by_its_own_json_with_secrets_masked() {
    let broker = Broker::recorded("3.10.8").await;
    broker.edit(|book| {
        book["/api/queues/%2F/jobs"]["arguments"]["x-api-token"] = json!("hunter2");
        book.insert("/api/nodes/rabbit@a".to_owned(), json!({ "name": "rabbit@a", "mem_alarm": true }));
    });
    let described = raw(&broker, Kind::Queue, "//jobs", "jobs").await.unwrap();
    let shown = text(&described);
    assert_eq!(described.format.shown(), "json");
    assert!(shown.contains("\"x-dead-letter-routing-key\": \"emails.dead\"") && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn the_node_of_an_alarm_is_described_and_what_is_gone_is_said_to_be() {
    let broker = Broker::recorded("3.10.8").await;
    broker.edit(|book| drop(book.insert("/api/nodes/rabbit%40a".to_owned(), json!({ "mem_alarm": true }))));
    let described = raw(&broker, Kind::Alarm, "memory/rabbit@a", "memory alarm").await.unwrap();
    assert!(text(&described).contains("\"mem_alarm\": true"));
    let gone = raw(&broker, Kind::Queue, "//gone", "gone").await.unwrap_err();
    assert_eq!((gone.kind, gone.to_string().as_str()), (FailureKind::Absent, "gone is not there any more"));
    let other = raw(&broker, Kind::Check, "x", "x").await.unwrap_err();
    assert_eq!(other.kind, FailureKind::Unsupported);
}

#[tokio::test]
async fn a_queue_has_no_logs() {
    let (out, _lines) = mpsc::channel(1);
    let key = Key::new(&SourceName::new("rabbit"), Kind::Queue, "//jobs");
    let ask = LogAsk {
        instance: key,
        scope: Text::empty(),
        name: Text::name("jobs"),
        containers: Vec::new(),
        follow: false,
        previous: false,
        since: None,
        tail: None,
    };
    let refused = source("http://127.0.0.1:9", &[], &[]).logs(ask, LogOut::new(out)).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.to_string().as_str()),
        (FailureKind::Unsupported, "RabbitMQ keeps no logs of its queues")
    );
}
