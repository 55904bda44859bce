//! Every way in which a server of alerts can fail to answer has words of its own.

use quarterdeck::sources::port::{Failure, FailureKind};

use crate::opened::{BOTH, Server};
use crate::served::{Answer, Served};
use crate::shared::failure;

/// Every path has this answer.
async fn all(kind: Server, answer: Answer) -> Failure {
    let server = kind.served().await;
    server.script(move |_| Some(answer.clone()));
    failure(kind.source(&server.url())).await
}

#[track_caller]
fn says(failure: &Failure, kind: FailureKind, words: &[&str]) {
    assert_eq!(failure.kind, kind, "{failure}");
    let said = failure.to_string();
    for words in words {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("lab-secret") && !said.contains('\u{1b}') && said.len() < 1000, "{said}");
}

fn whole(status: u16, headers: &'static str, body: &str) -> Answer {
    Answer::Whole(status, headers, body.as_bytes().to_vec())
}

#[tokio::test]
async fn nobody_listens() {
    for kind in BOTH {
        says(&failure(kind.source("http://127.0.0.1:9")).await, FailureKind::Unreachable, &["127.0.0.1:9", "refused"]);
    }
}

#[tokio::test]
async fn refusals_say_what_is_not_accepted() {
    for kind in BOTH {
        let wrong = all(kind, whole(401, "WWW-Authenticate: Basic\r\n", "Unauthorized")).await;
        says(&wrong, FailureKind::Denied, &["401", "the user, the password or the token"]);
        says(
            &all(kind, whole(403, "", "forbidden by policy")).await,
            FailureKind::Denied,
            &["403", "forbidden by policy"],
        );
        let server = kind.served().await;
        server.script(|_| Some(whole(401, "", "")));
        let none = failure(kind.source_with(&server.url(), None)).await;
        says(&none, FailureKind::Denied, &["401"]);
    }
}

#[tokio::test]
async fn one_with_too_much_to_do_is_left_alone_as_long_as_it_says() {
    for kind in BOTH {
        let busy = all(kind, whole(429, "Retry-After: 7\r\n", "slow down")).await;
        says(&busy, FailureKind::Busy, &["429", "slow down"]);
        assert_eq!(busy.retry_after.unwrap().as_secs(), 7);
    }
    let starting = all(Server::Prometheus, whole(503, "", "Service Unavailable")).await;
    says(&starting, FailureKind::Busy, &["503", "it is starting"]);
}

#[tokio::test]
async fn what_is_no_answer_of_such_a_server_is_said_to_be_none() {
    for kind in BOTH {
        says(&all(kind, whole(500, "", "\u{1b}[2J oh no")).await, FailureKind::Garbled, &["500", "oh no"]);
        says(&all(kind, whole(200, "", "<html>Welcome to nginx!</html>")).await, FailureKind::Garbled, &["a web page"]);
        for body in ["", "{", "[1,2", "{\"data\":NaN}", "\u{0}\u{1}"] {
            says(&all(kind, whole(200, "", body)).await, FailureKind::Garbled, &["at 127.0.0.1"]);
        }
        let page = all(kind, whole(404, "", "<html>404</html>")).await;
        says(&page, FailureKind::Absent, &["404", "add the path that the server lives under"]);
    }
    for body in [r#"{"status":"ok"}"#, r#"{"status":"success","data":null}"#] {
        says(&all(Server::Prometheus, whole(200, "", body)).await, FailureKind::Garbled, &["is it a Prometheus"]);
    }
    let said = r#"{"status":"error","errorType":"internal","error":"the store is broken"}"#;
    says(&all(Server::Prometheus, whole(200, "", said)).await, FailureKind::Garbled, &["the store is broken"]);
}

#[tokio::test]
async fn the_wrong_server_behind_a_port_is_told_from_the_right_one() {
    let prometheus = Server::Prometheus.served().await;
    says(
        &failure(Server::Alertmanager.source(&prometheus.url())).await,
        FailureKind::Absent,
        &["404", "/api/v2/status"],
    );
    let alertmanager = Server::Alertmanager.served().await;
    says(
        &failure(Server::Prometheus.source(&alertmanager.url())).await,
        FailureKind::Absent,
        &["404", "/api/v1/rules"],
    );
}

#[tokio::test]
async fn answers_that_are_cut_silent_or_without_end() {
    for kind in BOTH {
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"status\":".to_vec();
        says(&all(kind, Answer::Bytes(cut)).await, FailureKind::Garbled, &["end of file"]);
        says(
            &all(kind, Answer::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await,
            FailureKind::Unreachable,
            &["at 127.0.0.1"],
        );
        says(&all(kind, Answer::Silence).await, FailureKind::Unreachable, &["did not answer in time"]);
        let endless = all(kind, Answer::Endless(vec![b' '; 1 << 20])).await;
        assert!(matches!(endless.kind, FailureKind::Garbled | FailureKind::Unreachable), "{endless}");
    }
}

#[tokio::test]
async fn credentials_never_follow_a_redirect() {
    for kind in BOTH {
        let elsewhere = Served::book(kind.recorded()).await;
        let target = elsewhere.url().replace("127.0.0.1", "localhost");
        let header: &'static str = Box::leak(format!("Location: {target}/login\r\n").into_boxed_str());
        says(&all(kind, whole(302, header, "")).await, FailureKind::Garbled, &["wants to send us to", "never follow"]);
        assert_eq!(elsewhere.asked(), []);
    }
}
