//! Users who may do less: what they may not see is unknown and named with its grant, the rest is there.

use quarterdeck::model::{Freshness, HealthState};
use quarterdeck::sources::port::FailureKind;

use crate::keys::Keys;
use crate::server::{Answer, Server};
use crate::watched::{Settings, Watched, failure};

fn keys() -> Keys {
    let mut keys = Keys::default();
    keys.list("bull:jobs:wait", &["1"])
        .word("bull:jobs:id", "1")
        .hash("bull:jobs:meta", &[("version", "bullmq:5.0.0")]);
    keys
}

fn denies(server: &Server, names: &'static [&'static str]) {
    server.script(|asked| {
        let name = asked.split(' ').next().unwrap_or_default();
        let words = format!("NOPERM User watch has no permissions to run the '{}' command", name.to_lowercase());
        names.contains(&name).then(|| Answer::error(&words))
    });
}

#[tokio::test]
async fn without_client_list_and_info_the_workers_and_the_store_are_unknown() {
    let server = Server::with(keys()).await;
    denies(&server, &["CLIENT", "INFO"]);
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["jobs"])).await;
    let queue = watched.mirror.queue_of("bullmq/jobs");
    assert_eq!((queue.ready, queue.consumers), (Some(1), None));
    assert_eq!((watched.mirror.store().health, watched.mirror.store().memory_bytes), (HealthState::Unknown, None));
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    assert!(watched.mirror.detail().contains("not allowed: client|list, info"), "{}", watched.mirror.detail());
    let denials: Vec<&str> = watched.mirror.status.denials.iter().map(|denial| denial.verb.raw()).collect();
    assert_eq!(denials, ["+client|list", "+info"]);
}

#[tokio::test]
async fn a_count_that_is_denied_is_unknown_and_not_zero() {
    let server = Server::with(keys()).await;
    denies(&server, &["ZCARD"]);
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["jobs"])).await;
    let queue = watched.mirror.queue_of("bullmq/jobs");
    assert_eq!((queue.ready, queue.delayed, queue.failed, queue.unacked), (None, None, None, Some(0)));
    assert!(queue.trouble.as_ref().unwrap().shown().contains("not all of it can be read"), "{queue:?}");
    assert!(watched.mirror.detail().contains("+zcard"), "{}", watched.mirror.detail());
}

#[tokio::test]
async fn keys_that_are_denied_are_named() {
    let server = Server::with(keys()).await;
    server.script(|asked| asked.contains("bull:jobs").then(|| Answer::error("NOPERM No permissions to access a key")));
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["jobs"])).await;
    let queue = watched.mirror.queue_of("bullmq/jobs");
    assert_eq!((queue.ready, queue.unacked, queue.oldest_at), (None, None, None));
    assert!(queue.trouble.as_ref().unwrap().shown().contains("No permissions to access a key"));
    assert!(watched.mirror.status.denials.iter().all(|denial| denial.resource.raw() == "keys"));
}

#[tokio::test]
async fn a_user_who_may_do_nothing_is_denied_with_the_rule_that_would_help() {
    let server = Server::with(keys()).await;
    server.script(|asked| {
        (!asked.starts_with("AUTH")).then(|| Answer::error("NOPERM this user has no permissions to run the command"))
    });
    let mut settings = Settings::bullmq(&server.url, &["jobs"]);
    (settings.user, settings.password) = (Some("watch"), Some("hunter2"));
    let failure = failure(&settings).await;
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.to_string().contains("+info +client|list"), "{failure}");
    assert!(!failure.to_string().contains("hunter2") && server.asked()[0] == "AUTH watch hunter2");
}

#[tokio::test]
async fn queues_on_another_node_of_a_cluster_say_where_they_are() {
    let server = Server::with(keys()).await;
    server.script(|asked| asked.contains("bull:far").then(|| Answer::error("MOVED 7365 10.0.0.2:6379")));
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["jobs", "far"])).await;
    let far = watched.mirror.queue_of("bullmq/far");
    assert_eq!((far.ready, far.failed), (None, None));
    assert_eq!(far.trouble.as_ref().unwrap().shown(), "it lies on another node of the cluster, 10.0.0.2:6379");
    assert_eq!(watched.mirror.queue_of("bullmq/jobs").ready, Some(1));
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    assert!(watched.mirror.detail().contains("one node of a cluster"), "{}", watched.mirror.detail());
}

#[tokio::test]
async fn a_server_that_asks_for_no_password_is_read_with_a_word_of_it() {
    let server = Server::with(keys()).await;
    server.script(|asked| {
        let words = "ERR AUTH <password> called without any password configured for the default user. Are you sure?";
        asked.starts_with("AUTH").then(|| Answer::error(words))
    });
    let mut settings = Settings::bullmq(&server.url, &["jobs"]);
    settings.password = Some("hunter2");
    let watched = Watched::synced(&settings).await;
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    assert!(watched.mirror.detail().contains("asks nobody for a password"), "{}", watched.mirror.detail());
}
