//! Every way in which an engine can fail to answer has words of its own.

use quarterdeck::sources::port::FailureKind;

use crate::server::{Answer, Engine};
use crate::watched::failure;

/// Every path has this answer.
async fn all(answer: Answer) -> quarterdeck::sources::port::Failure {
    let engine = Engine::recorded("1.41");
    engine.script(move |_| Some(answer.clone()));
    failure(&engine.url(), 2).await
}

/// The list alone has this answer.
async fn list(answer: Answer) -> quarterdeck::sources::port::Failure {
    let engine = Engine::recorded("1.41");
    engine.script(move |path| path.starts_with("/containers/json").then(|| answer.clone()));
    failure(&engine.url(), 2).await
}

#[track_caller]
fn says(failure: &quarterdeck::sources::port::Failure, kind: FailureKind, words: &str) {
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.to_string().contains(words), "{failure}");
}

#[tokio::test]
async fn a_socket_that_is_not_there_or_is_none_or_has_no_listener() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let url = format!("unix://{}", path.display());
    says(&failure(&url, 2).await, FailureKind::Unreachable, "there is no socket");
    std::fs::write(&path, "").unwrap();
    says(&failure(&url, 2).await, FailureKind::Unreachable, "is not a socket");
    std::fs::remove_file(&path).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    says(&failure(&url, 2).await, FailureKind::Unreachable, "nobody listens");
    says(&failure("tcp://127.0.0.1:9", 2).await, FailureKind::Unreachable, "nobody listens on 127.0.0.1:9");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    says(&list(Answer::refusal(401, "who are you")).await, FailureKind::Denied, "401): who are you");
    says(&list(Answer::refusal(403, "not for you")).await, FailureKind::Denied, "403): not for you");
    says(&list(Answer::refusal(500, "sorry")).await, FailureKind::Garbled, "500): sorry");
    let busy = Answer::Whole(429, "Retry-After: 7\r\n".into(), Vec::new());
    let failure = list(busy).await;
    says(&failure, FailureKind::Busy, "429");
    assert_eq!(failure.retry_after.unwrap().as_secs(), 7);
    says(&all(Answer::refusal(401, "login")).await, FailureKind::Denied, "401");
}

#[tokio::test]
async fn what_is_no_engine_is_said_to_be_none() {
    says(
        &all(Answer::Bytes(b"220 mail.example ESMTP\r\n".to_vec())).await,
        FailureKind::Garbled,
        "not a Docker engine",
    );
    let html = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhome".to_vec();
    says(&all(Answer::Bytes(html)).await, FailureKind::Garbled, "not a Docker engine");
    says(&list(Answer::Whole(200, String::new(), b"[{\"Id\":".to_vec())).await, FailureKind::Garbled, "cannot be read");
    says(&list(Answer::Whole(200, String::new(), b"<html>".to_vec())).await, FailureKind::Garbled, "cannot be read");
}

#[tokio::test]
async fn answers_that_are_cut_silent_or_without_end() {
    let cut = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 4000\r\n\r\n[".to_vec();
    says(&list(Answer::Bytes(cut)).await, FailureKind::Garbled, "closed the connection in mid-answer");
    says(&all(Answer::Bytes(Vec::new())).await, FailureKind::Garbled, "closed the connection");
    says(&all(Answer::Silence).await, FailureKind::Unreachable, "no answer within 2 s");
    says(&list(Answer::Silence).await, FailureKind::Unreachable, "no answer within 2 s");
    let slow = list(Answer::Stream(b"[".to_vec())).await;
    says(&slow, FailureKind::Unreachable, "no answer within 2 s");
    says(&all(Answer::Endless(vec![b'x'; 1 << 16])).await, FailureKind::Garbled, "without end");
}

#[tokio::test]
async fn an_error_body_without_end_and_with_escapes_is_cut_and_cleaned() {
    let mut bytes = b"HTTP/1.1 500 Oh\r\nApi-Version: 1.41\r\nConnection: close\r\n\r\n\x1b[2J".to_vec();
    bytes.resize(1 << 20, b'x');
    let failure = all(Answer::Bytes(bytes)).await;
    says(&failure, FailureKind::Garbled, "500): ␛[2J");
    assert!(failure.to_string().len() < 1000);
}

#[tokio::test]
async fn r_addresses_that_would_be_options_are_refused_before_anything_runs() {
    for url in ["ssh://-oProxyCommand=touch", "ftp://x", "unix://relative"] {
        says(&failure(url, 2).await, FailureKind::Unsupported, "no address");
    }
}
