//! Every way in which a Redis can fail to answer has words of its own.

use quarterdeck::model::Freshness;
use quarterdeck::sources::port::{Failure, FailureKind};

use crate::keys::Keys;
use crate::server::{Answer, Server};
use crate::watched::{Settings, Watched, failure};

/// Every command has this answer.
async fn all(answer: Answer) -> Failure {
    at("", answer).await
}

/// Commands that begin so have this answer.
async fn at(begin: &'static str, answer: Answer) -> Failure {
    let server = Server::with(Keys::default()).await;
    server.script(move |asked| asked.starts_with(begin).then(|| answer.clone()));
    failure(&Settings::bullmq(&format!("{}/3", server.url), &["jobs"])).await
}

#[track_caller]
fn says(failure: &Failure, kind: FailureKind, words: &str) {
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.to_string().contains(words), "{failure}");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    says(&all(Answer::error("NOAUTH Authentication required.")).await, FailureKind::Denied, "wants a password");
    says(&all(Answer::error("DENIED Redis is running in protected mode")).await, FailureKind::Denied, "protected mode");
    let loading = at("LLEN", Answer::error("LOADING Redis is loading the dataset in memory")).await;
    says(&loading, FailureKind::Busy, "still loading");
    assert_eq!(loading.retry_after.unwrap().as_secs(), 2);
    says(
        &all(Answer::error("MASTERDOWN Link with MASTER is down")).await,
        FailureKind::Unreachable,
        "lost its primary",
    );
    says(
        &all(Answer::error("CLUSTERDOWN Hash slot not served")).await,
        FailureKind::Unreachable,
        "cluster that is down",
    );
    says(&all(Answer::error("BUSY Redis is busy running a script")).await, FailureKind::Busy, "held up by a script");
    says(&all(Answer::error("ERR max number of clients reached")).await, FailureKind::Busy, "no more clients");
    let nothing = at("SELECT", Answer::error("ERR DB index is out of range")).await;
    says(&nothing, FailureKind::Absent, "does not give database 3");
}

#[tokio::test]
async fn a_wrong_password_is_denied_with_the_rule_that_would_help_and_is_not_shown() {
    let server = Server::with(Keys::default()).await;
    server.script(|asked| {
        asked
            .starts_with("AUTH")
            .then(|| Answer::error("WRONGPASS invalid username-password pair or user is disabled."))
    });
    let mut settings = Settings::of(&server.url);
    settings.password = Some("hunter2");
    let wrong = failure(&settings).await;
    says(&wrong, FailureKind::Denied, "does not take this user and password");
    assert!(wrong.to_string().contains("+llen") && !wrong.to_string().contains("hunter2"), "{wrong}");
}

#[tokio::test]
async fn what_is_no_redis_is_said_to_be_none() {
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    says(&all(Answer::Cut(http)).await, FailureKind::Garbled, "it says `HTTP/1.1 400 Bad Request`");
    says(&all(Answer::Bytes(b"220 mail \x1b[31mESMTP\r\n".to_vec())).await, FailureKind::Garbled, "is not a Redis");
    says(&all(Answer::Bytes(vec![0x15, 3, 3, 0, 2, 2, 80])).await, FailureKind::Garbled, "rediss://");
    let sentinel = b"$41\r\nredis_version:7.0.15\r\nredis_mode:sentinel\r\n".to_vec();
    says(&at("INFO", Answer::Bytes(sentinel)).await, FailureKind::Unsupported, "is a Sentinel");
    says(&at("INFO", Answer::Bytes(b":nonsense\r\n".to_vec())).await, FailureKind::Garbled, "is not understood");
}

#[tokio::test]
async fn answers_that_are_cut_silent_or_without_end() {
    says(&all(Answer::Cut(Vec::new())).await, FailureKind::Unreachable, "closed the connection");
    says(&at("INFO", Answer::Cut(b"$4000\r\nredis".to_vec())).await, FailureKind::Unreachable, "closed the connection");
    says(&all(Answer::Silence).await, FailureKind::Unreachable, "no answer within 2 s");
    says(&at("LLEN", Answer::Bytes(b"$100\r\nhalf".to_vec())).await, FailureKind::Unreachable, "no answer within 2 s");
    let endless = Answer::Endless(b"$999999999\r\n".to_vec(), vec![b'x'; 1 << 16]);
    says(&at("CLIENT", endless).await, FailureKind::Garbled, "without end");
}

#[tokio::test]
async fn lengths_that_cannot_be_do_no_harm() {
    for head in [
        "*99999999999999\r\n",
        "*9223372036854775807\r\n",
        "$9223372036854775807\r\n",
        "*-7\r\n",
        "%-1\r\n",
        "$-99\r\n",
    ] {
        let failure = at("INFO", Answer::Cut(head.as_bytes().to_vec())).await;
        assert!(matches!(failure.kind, FailureKind::Garbled | FailureKind::Unreachable), "{head:?}: {failure}");
    }
    let deep = [b"*1\r\n".repeat(100_000), b":1\r\n".to_vec()].concat();
    let failure = at("INFO", Answer::Cut(deep)).await;
    assert!(matches!(failure.kind, FailureKind::Garbled | FailureKind::Unreachable), "{failure}");
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    says(&failure(&Settings::of("redis://127.0.0.1:9")).await, FailureKind::Unreachable, "connection refused");
    says(&failure(&Settings::of("unix:///nowhere/redis.sock")).await, FailureKind::Unreachable, "there is no socket");
    says(&failure(&Settings::of("redis://h:port")).await, FailureKind::Unsupported, "no address of a Redis");
}

#[tokio::test]
async fn a_server_that_loads_is_a_store_that_is_down_and_comes_back_by_itself() {
    let server = Server::with(Keys::default()).await;
    server.info("loading:1\r\nloading_loaded_perc:42.10\r\n");
    let mut watched = Watched::supervised(&Settings::of(&server.url));
    watched.until("it loads", |mirror| mirror.detail().contains("still loading its data set (42.10 %)")).await;
    assert_eq!(watched.mirror.status.state, Freshness::Unreachable);
    assert_eq!(watched.mirror.store().health, quarterdeck::model::HealthState::Down);
    assert_eq!(watched.mirror.synced, 0);
    server.info("loading:0\r\n");
    watched.until("synced", |mirror| mirror.synced > 0).await;
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
}

#[tokio::test]
async fn a_server_that_goes_leaves_its_facts_and_not_zeros() {
    let mut keys = Keys::default();
    keys.list("bull:jobs:wait", &["1"])
        .word("bull:jobs:id", "1")
        .hash("bull:jobs:meta", &[("version", "bullmq:5.0.0")]);
    let server = Server::with(keys).await;
    let mut watched = Watched::synced(&Settings::bullmq(&server.url, &["jobs"])).await;
    server.cut();
    // A connection that breaks is made again.
    let polls = watched.mirror.polls + 1;
    watched.until("read again", |mirror| mirror.polls > polls && mirror.status.state == Freshness::Fresh).await;
    server.gone();
    watched.until("gone", |mirror| mirror.status.state == Freshness::Unreachable).await;
    watched.until("refused", |mirror| mirror.detail().contains("connection refused")).await;
    assert_eq!(watched.mirror.queue_of("bullmq/jobs").ready, Some(1));
}
