//! Every way in which a broker can fail to answer has words of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quarterdeck::model::{Freshness, SecretPlace};
use quarterdeck::sources::port::{Failure, FailureKind};
use serde_json::json;

use crate::server::{Answer, Broker};
use crate::watched::{Watched, failure, source, source_at};

/// Every path has this answer.
async fn all(answer: Answer) -> Failure {
    let broker = Broker::recorded("3.10.8").await;
    broker.script(move |_| Some(answer.clone()));
    failure(source(&broker.url(), &[], &[])).await
}

/// The lists of queues alone have this answer.
async fn list(answer: Answer) -> Failure {
    let broker = Broker::recorded("3.10.8").await;
    broker.script(move |path| path.starts_with("/api/queues").then(|| answer.clone()));
    failure(source(&broker.url(), &[], &[])).await
}

#[track_caller]
fn says(failure: &Failure, kind: FailureKind, words: &[&str]) {
    assert_eq!(failure.kind, kind, "{failure}");
    for words in words {
        assert!(failure.to_string().contains(words), "{words}: {failure}");
    }
    assert!(!failure.to_string().contains("reader-secret"));
}

fn ok(body: &[u8]) -> Answer {
    Answer::Whole(200, "", body.to_vec())
}

#[tokio::test]
async fn nobody_listens() {
    let failure = failure(source("http://127.0.0.1:9", &[], &[])).await;
    says(&failure, FailureKind::Unreachable, &["refused", "rabbitmq-plugins enable rabbitmq_management"]);
}

#[tokio::test]
async fn refusals_name_the_tag_of_the_user() {
    let tag = "`rabbitmqctl set_user_tags reader monitoring`";
    let login = all(Answer::refusal(401, "Login failed")).await;
    says(&login, FailureKind::Denied, &["Login failed", "user or password is wrong", tag]);
    let untagged = all(Answer::refusal(401, "Not management user")).await;
    says(&untagged, FailureKind::Denied, &["Not management user", tag]);
    let guest = all(Answer::refusal(401, "User can only log in via localhost")).await;
    says(&guest, FailureKind::Denied, &["from the broker's own machine only", tag]);
    let broker = Broker::recorded("3.10.8").await;
    broker.script(|path| {
        path.starts_with("/api/queues/").then(|| Answer::refusal(401, "User not authorised to access virtual host"))
    });
    let nothing = failure(source(&broker.url(), &["a", "b"], &[])).await;
    says(&nothing, FailureKind::Denied, &["nothing may be read", "`a`", "`b`", "vhosts"]);
}

#[tokio::test]
async fn what_is_no_management_api_is_said_to_be_none() {
    let page = b"<html><body>Welcome to nginx!</body></html>";
    let plugin = "rabbitmq-plugins enable rabbitmq_management";
    says(&all(Answer::Whole(404, "", page.to_vec())).await, FailureKind::Absent, &["404", "no management API", plugin]);
    says(&all(ok(page)).await, FailureKind::Garbled, &["a web page", plugin]);
    says(&all(ok(b"{\"status\":\"ok\"}")).await, FailureKind::Garbled, &["names no version of RabbitMQ", plugin]);
    let amqp = all(Answer::Bytes(b"AMQP\x00\x00\x09\x01".to_vec())).await;
    says(&amqp, FailureKind::Unreachable, &["15672"]);
    let elsewhere = Answer::Whole(302, "Location: http://127.0.0.2:9/\r\n", Vec::new());
    says(&all(elsewhere).await, FailureKind::Garbled, &["127.0.0.2", "credentials never follow"]);
}

#[tokio::test]
async fn answers_that_are_no_list_of_queues() {
    for body in [
        &b"{\"items\":[{\"name\":"[..],
        b"[]",
        b"{\"items\":[1]}",
        b"{\"items\":[{\"messages_ready\":NaN}]}",
        b"\xff\xfe",
    ] {
        says(&list(ok(body)).await, FailureKind::Garbled, &["RabbitMQ at 127.0.0.1", "not understood"]);
    }
    let escapes = list(Answer::Whole(500, "", b"\x1b[2J oh no".to_vec())).await;
    says(&escapes, FailureKind::Garbled, &["500", "oh no"]);
    assert!(!escapes.to_string().contains('\u{1b}'));
}

#[tokio::test]
async fn answers_that_are_cut_silent_or_without_end() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"items\":".to_vec();
    says(&list(Answer::Bytes(cut)).await, FailureKind::Garbled, &["RabbitMQ at 127.0.0.1", "end of file"]);
    says(&all(Answer::Bytes(Vec::new())).await, FailureKind::Unreachable, &["RabbitMQ at 127.0.0.1"]);
    says(&all(Answer::Silence).await, FailureKind::Unreachable, &["did not answer in time"]);
    says(&list(Answer::Silence).await, FailureKind::Unreachable, &["did not answer in time"]);
    let endless = all(Answer::Endless(vec![b' '; 1 << 20])).await;
    assert!(matches!(endless.kind, FailureKind::Garbled | FailureKind::Unreachable), "{endless}");
    assert!(endless.to_string().len() < 1000);
}

#[tokio::test]
async fn a_broker_with_too_much_to_do_is_left_alone_as_long_as_it_says() {
    let busy = all(Answer::Whole(429, "Retry-After: 7\r\n", b"slow down".to_vec())).await;
    says(&busy, FailureKind::Busy, &["429", "slow down"]);
    assert_eq!(busy.retry_after.unwrap().as_secs(), 7);
    says(&list(Answer::Whole(503, "", Vec::new())).await, FailureKind::Busy, &["503"]);
}

#[tokio::test]
async fn a_rotated_password_is_read_again_and_no_queue_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "old\n").unwrap();
    let (broker, rotated) = (Broker::recorded("3.10.8").await, Arc::new(AtomicBool::new(false)));
    let is_rotated = rotated.clone();
    broker.judge(move |asked| {
        // `reader:new` and `reader:old`.
        let valid = if is_rotated.load(Ordering::SeqCst) { "cmVhZGVyOm5ldw==" } else { "cmVhZGVyOm9sZA==" };
        (!asked.login.is_some_and(|login| login.ends_with(valid))).then(|| Answer::refusal(401, "Login failed"))
    });
    let place = SecretPlace::File(file.clone());
    let mut watched = Watched::synced(source_at(&broker.url(), ("reader", place), &[], &[])).await;
    std::fs::write(&file, "new\n").unwrap();
    rotated.store(true, Ordering::SeqCst);
    broker.edit(|book| {
        let rows = book["/api/queues?page"]["items"].as_array_mut().unwrap();
        rows.iter_mut().find(|row| row["name"] == "emails").unwrap()["messages_ready"] = json!(10_000);
    });
    watched.until("the next list", |m| m.queue("emails").is_some_and(|q| q.ready == Some(10_000))).await;
    assert_eq!((watched.mirror.synced, watched.mirror.status.state), (1, Freshness::Fresh), "nothing began anew");
}
