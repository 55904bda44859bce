//! Queues read from keys as BullMQ 1 to 6 and Celery leave them, and what becomes of them from poll to poll.

use quarterdeck::model::{Broker, Freshness, HealthState, Kind, LogAsk, Quantity, Text, Timestamp};
use quarterdeck::sources::port::{LogOut, RawAsk};

use crate::keys::{Held, Keys};
use crate::server::Server;
use crate::watched::{Opened, Settings, Watched};

/// A queue in Node's BullMQ 5 and 6, as the lab's Redis held it.
fn crawl(keys: &mut Keys) {
    keys.list("bull:crawl:wait", &["9", "8", "7"])
        .list("bull:crawl:active", &["6", "5"])
        .ranked("bull:crawl:delayed", &["10", "11"])
        .ranked("bull:crawl:prioritized", &["12"])
        .ranked("bull:crawl:failed", &["1"])
        .hash("bull:crawl:meta", &[("opts.maxLenEvents", "10000"), ("version", "bullmq:6.7.0")])
        .word("bull:crawl:id", "12")
        .hash("bull:crawl:7", &[("timestamp", "1700000000000"), ("data", "\u{1b}[2J never read")])
        .hash("bull:crawl:12", &[("timestamp", "1700000001000")])
        .word("bull:crawl:5:lock", "token")
        .word("bull:crawl:6:lock", "token");
}

fn crawled() -> Keys {
    let mut keys = Keys::default();
    crawl(&mut keys);
    keys
}

/// Taken by nobody but by the program that is tested: it must never be asked for.
fn never_asked(server: &Server) {
    for asked in server.asked() {
        let name = asked.split(' ').next().unwrap_or_default();
        let reads = [
            "INFO",
            "CLIENT",
            "AUTH",
            "SELECT",
            "LLEN",
            "ZCARD",
            "HLEN",
            "HGET",
            "HMGET",
            "EXISTS",
            "GETRANGE",
            "LRANGE",
            "ZRANGE",
            "SCAN",
            "SRANDMEMBER",
        ];
        assert!(reads.contains(&name), "{asked}");
        assert!(!asked.ends_with(" data"), "{asked}");
    }
}

#[tokio::test]
async fn a_bullmq_queue_is_counted_with_its_workers_and_its_oldest_job() {
    let server = Server::with(crawled()).await;
    server.clients("id=1 name=bull:Y3Jhd2w= db=0 cmd=bzpopmin\nid=2 name=bull:Y3Jhd2w=:w:two db=0 cmd=bzpopmin\n");
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["crawl"])).await;
    let queue = watched.mirror.queue_of("bullmq/crawl");
    assert_eq!((queue.broker, queue.name.shown(), queue.scope.raw()), (Broker::BullMq, "crawl", ""));
    assert_eq!((queue.ready, queue.unacked, queue.delayed, queue.failed), (Some(4), Some(2), Some(2), Some(1)));
    assert_eq!(queue.oldest_at, Timestamp::from_millisecond(1_700_000_000_000).ok());
    assert_eq!((queue.consumers, queue.paused, queue.trouble.as_ref()), (Some(2), false, None));
    assert_eq!((queue.in_per_second, queue.out_per_second, queue.dead_letters), (None, None, None));
    assert_eq!((watched.mirror.status.state, watched.mirror.detail()), (Freshness::Fresh, ""));
    assert_eq!(watched.mirror.status.version.as_ref().unwrap().shown(), "Redis 7.0.15");
    let store = watched.mirror.store();
    assert_eq!((store.health, store.connections, store.memory_limit_bytes), (HealthState::Healthy, Some(4), None));
    assert_eq!(store.last_backup_at.unwrap().as_second(), 1_699_999_000);
    never_asked(&server);
}

#[tokio::test]
async fn layouts_of_other_versions_are_read_and_what_they_lack_is_no_failure() {
    let mut keys = Keys::default();
    // Version 4: a marker that is no job where the next one is taken; no `version` in its settings.
    keys.list("bull:four:wait", &["8", "7", "0:0"])
        .hash("bull:four:meta", &[("opts.maxLenEvents", "10000")])
        .word("bull:four:id", "8")
        .hash("bull:four:7", &[("timestamp", "1600000000000")])
        // Version 1: no settings, paused jobs in a list of their own, priorities in a set of another name.
        .list("bull:one:paused", &["3", "2", "1"])
        .word("bull:one:id", "3")
        .ranked("bull:one:priority", &["2"])
        .hash("bull:one:1", &[("timestamp", "not a number")])
        // Version 6: paused jobs stay where they are.
        .list("bull:six:wait", &["2", "1"])
        .hash("bull:six:meta", &[("paused", "1"), ("version", "bullmq:6.7.0")])
        // Of another program: the same names, other things in them.
        .word("bull:foreign:wait", "a text")
        .word("bull:foreign:meta", "a text");
    let server = Server::with(keys).await;
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["four", "one", "six", "foreign", "none"])).await;
    let read = |name: &str| {
        let queue = watched.mirror.queue_of(&format!("bullmq/{name}"));
        (queue.ready, queue.paused, queue.consumers, queue.oldest_at.map(Timestamp::as_second))
    };
    assert_eq!(read("four"), (Some(2), false, Some(0), Some(1_600_000_000)));
    assert_eq!(read("one"), (Some(3), false, Some(0), None));
    assert_eq!(read("six"), (Some(2), true, Some(0), None));
    assert_eq!(read("foreign"), (None, false, Some(0), None));
    assert_eq!(read("none"), (None, false, Some(0), None));
    let foreign = watched.mirror.queue_of("bullmq/foreign").trouble.clone().unwrap();
    assert!(foreign.shown().contains("WRONGTYPE"), "{foreign}");
    let none = watched.mirror.queue_of("bullmq/none").trouble.clone().unwrap();
    assert!(none.shown().contains("no key of such a BullMQ queue"), "{none}");
}

#[tokio::test]
async fn rates_come_with_the_second_poll_and_stalled_jobs_are_told_after_two() {
    let server = Server::with(crawled()).await;
    let mut watched = Watched::synced(&Settings::bullmq(&server.url, &["crawl"])).await;
    server.change(|keys| {
        let ids: Vec<String> = (13..43).rev().map(|id| id.to_string()).collect();
        keys.list("bull:crawl:wait", &ids.iter().map(String::as_str).collect::<Vec<_>>()).word("bull:crawl:id", "42");
        keys.0.remove(b"bull:crawl:6:lock".as_slice());
    });
    watched.next_poll().await;
    let queue = watched.mirror.queue_of("bullmq/crawl");
    let (came, went) = (queue.in_per_second.unwrap().get(), queue.out_per_second.unwrap().get());
    // Thirty came, three of those before are gone; the second poll comes after about a second.
    assert!(came > 5.0 && came < 60.0 && (came / went - 10.0).abs() < 0.01, "{came} {went}");
    assert_eq!((queue.ready, queue.trouble.as_ref()), (Some(31), None));
    watched.next_poll().await;
    let queue = watched.mirror.queue_of("bullmq/crawl");
    assert_eq!((queue.in_per_second, queue.out_per_second), (Quantity::new(0.0), Quantity::new(0.0)));
    assert!(queue.trouble.as_ref().unwrap().shown().contains("1 active job is stalled"), "{queue:?}");
}

#[tokio::test]
async fn celery_is_counted_over_its_priorities_and_says_nothing_it_cannot_know() {
    let mut keys = Keys::default();
    keys.list("celery", &["{}", "{}"])
        .list("celery\u{6}\u{16}9", &["{}"])
        .hash("unacked", &[("a", "x"), ("b", "y")])
        .set("_kombu.binding.celery", &["celery\u{6}\u{16}\u{6}\u{16}celery"]);
    let server = Server::with(keys).await;
    server.clients("id=1 name= db=0 cmd=brpop\nid=2 name= db=0 cmd=psubscribe\nid=3 name= db=7 cmd=brpop\n");
    let mut settings = Settings::of(&server.url);
    settings.celery = vec!["celery"];
    let watched = Watched::synced(&settings).await;
    let queue = watched.mirror.queue_of("celery/celery");
    assert_eq!((queue.ready, queue.unacked, queue.consumers), (Some(3), Some(2), Some(1)));
    assert_eq!((queue.delayed, queue.failed, queue.oldest_at, queue.in_per_second), (None, None, None, None));
    settings.celery = vec!["celery", "video"];
    let both = Watched::synced(&settings).await;
    let video = both.mirror.queue_of("celery/video");
    // Celery lives here, so that an empty list is an empty queue; whose the unacked ones are is not known.
    assert_eq!((video.ready, video.unacked, video.consumers), (Some(0), None, None));
    never_asked(&server);
}

#[tokio::test]
async fn without_names_queues_are_looked_for_and_keys_of_other_programs_are_left_alone() {
    let mut keys = crawled();
    keys.list("{shop}:mail:wait", &["1"])
        .hash("{shop}:mail:meta", &[("opts.maxLenEvents", "10")])
        .hash("page:7:meta", &[("title", "not a queue")])
        .word("user:id", "7")
        .word("bull:e\u{1b}[31mvil\u{202e}:id", "1")
        .list("tasks\u{6}\u{16}3", &["{}"])
        .set("_kombu.binding.media", &["v\u{6}\u{16}\u{6}\u{16}tasks", "\u{6}\u{16}\u{6}\u{16}w@h.celery.pidbox"])
        .set("_kombu.binding_permanent.media", &["v\u{6}\u{16}\u{6}\u{16}other"]);
    let server = Server::with(keys).await;
    let mut watched = Watched::synced(&Settings::of(&server.url)).await;
    let uids = |watched: &Watched| watched.mirror.queues().iter().map(|q| q.key.uid.to_string()).collect::<Vec<_>>();
    let evil = "bullmq/e\u{1b}[31mvil\u{202e}";
    assert_eq!(uids(&watched), ["bullmq/crawl", evil, "bullmq/{shop}:mail", "celery/tasks"]);
    assert_eq!(watched.mirror.queue_of("bullmq/{shop}:mail").scope.raw(), "{shop}");
    let shown = watched.mirror.queue_of(evil).name.shown().to_owned();
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    // One that is obliterated goes.
    server.change(|keys| keys.0.retain(|key, _| !key.starts_with(b"bull:crawl:")));
    watched.until("crawl is gone", |mirror| mirror.queues().len() == 3).await;
    never_asked(&server);
}

#[tokio::test]
async fn a_walk_that_does_not_end_within_its_budget_is_partial() {
    let server = Server::with(crawled()).await;
    server.script(|asked| {
        let endless = b"*2\r\n$2\r\n77\r\n*1\r\n$15\r\nbull:crawl:meta\r\n".to_vec();
        asked.starts_with("SCAN").then_some(crate::server::Answer::Bytes(endless))
    });
    let watched = Watched::synced(&Settings::of(&server.url)).await;
    assert_eq!(watched.mirror.queues().len(), 1);
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    assert!(
        watched.mirror.detail().contains("still being looked for (52 of 52 keys seen)"),
        "{}",
        watched.mirror.detail()
    );
    assert_eq!(server.asked().iter().filter(|asked| asked.starts_with("SCAN")).count(), 40);
}

#[tokio::test]
async fn a_configured_prefix_is_understood() {
    let mut keys = Keys::default();
    keys.list("{shop}:mail:wait", &["1"]).hash("{shop}:mail:meta", &[("opts.maxLenEvents", "10")]);
    keys.list("bull:old:style:wait", &["2", "1"]).word("bull:old:style:id", "2");
    let server = Server::with(keys).await;
    let watched = Watched::synced(&Settings::bullmq(&server.url, &["{shop}:mail", "old:style"])).await;
    assert_eq!(watched.mirror.queue_of("bullmq/{shop}:mail").ready, Some(1));
    assert_eq!(watched.mirror.queue_of("bullmq/old:style").ready, Some(2));
}

#[tokio::test]
async fn a_thousand_queues_are_read_in_few_pipelines() {
    let mut keys = Keys::default();
    for n in 0..1000 {
        keys.list(&format!("bull:q{n}:wait"), &["2", "1"])
            .put(&format!("bull:q{n}:id"), Held::Word(b"2".to_vec()))
            .hash(&format!("bull:q{n}:meta"), &[("opts.maxLenEvents", "10")]);
    }
    let server = Server::with(keys).await;
    let watched = Watched::synced(&Settings::of(&server.url)).await;
    assert_eq!(watched.mirror.queues().len(), 1000);
    assert!(watched.mirror.queues().iter().all(|queue| queue.ready == Some(2)));
    assert!(watched.mirror.status.calls < 30, "{}", watched.mirror.status.calls);
}

#[tokio::test]
async fn a_queue_and_the_server_have_a_raw_form_and_no_log() {
    let server = Server::with(crawled()).await;
    let settings = Settings::bullmq(&server.url, &["crawl"]);
    let watched = Watched::synced(&settings).await;
    let source = settings.opened().unwrap();
    let queue = watched.mirror.queue_of("bullmq/crawl");
    let ask = RawAsk { key: queue.key.clone(), kind: None, scope: queue.scope.clone(), name: queue.name.clone() };
    let raw = source.clone().raw(ask.clone()).await.unwrap();
    let text = raw.lines.iter().map(Text::raw).collect::<String>();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((value["counts"]["wait"].as_u64(), value["meta"]["version"].as_str()), (Some(3), Some("bullmq:6.7.0")));
    let mut store = ask.clone();
    store.key.kind = Kind::Store;
    let raw = source.clone().raw(store).await.unwrap();
    assert!(raw.lines.iter().any(|line| line.raw().contains("\"redis_version\": \"7.0.15\"")));
    let (out, _lines) = tokio::sync::mpsc::channel(1);
    let log = LogAsk {
        instance: ask.key,
        scope: ask.scope,
        name: ask.name,
        containers: Vec::new(),
        follow: false,
        tail: Some(10),
        since: None,
        previous: false,
    };
    let failure = source.logs(log, LogOut::new(out)).await.unwrap_err();
    assert!(failure.to_string().contains("keeps no log"), "{failure}");
    never_asked(&server);
}
