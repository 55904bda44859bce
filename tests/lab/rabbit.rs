//! Source `rabbitmq` on a real broker: ten thousand messages, consumers that come and go, users who may not, alarms, a broker
//! that is killed, a thousand queues.
use std::sync::Arc;
use std::time::{Duration, Instant};

use quarterdeck::model::{Freshness, Queue};
use quarterdeck::sources::port::{FailureKind, Watch};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::broker::{Host, api, control, undisturbed};
use crate::fixtures::part::{RABBIT, part, server};
use crate::watched::{Mirror, Watched, failure, source, source_as};

fn reader(vhosts: &[&str]) -> Arc<dyn Watch> {
    source(part(&RABBIT).get("API"), vhosts, &[])
}

fn other(user: &str, password: &str, vhosts: &[&str]) -> Arc<dyn Watch> {
    source_as(part(&RABBIT).get("API"), (user, password), vhosts, &[])
}

#[test]
fn ten_thousand_messages_are_seen_within_two_polls_and_no_consumers_after_the_last_one_left() {
    undisturbed(async {
        let host = Host::new("lab-depth").await;
        host.queue("parked", json!({})).await;
        let dead = json!({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "parked" });
        host.queue("crawl", dead).await;
        host.publish("parked", 7);
        let mut watched = Watched::synced(reader(&[host.0])).await;
        let at = |queue: &str| format!("{}/{queue}", host.0);
        // Of a queue that was declared just now the broker knows nothing yet.
        let is_empty = |q: &Queue| (q.ready, q.consumers) == (Some(0), Some(0));
        watched.until("the empty queue", |m| m.queue(&at("crawl")).is_some_and(is_empty)).await;
        host.publish("crawl", 10_000);
        let published = Instant::now();
        watched.until("the depth", |m| m.queue(&at("crawl")).is_some_and(|q| q.ready == Some(10_000))).await;
        let took = published.elapsed();
        println!("10,000 messages were seen after {:.1} s", took.as_secs_f64());
        assert!(took <= Duration::from_secs(12), "{took:?}");
        let crawl = watched.mirror.queue(&at("crawl")).unwrap();
        assert_eq!(crawl.dead_letter_queue.as_ref().unwrap().shown(), "parked");
        assert_eq!(crawl.dead_letters, Some(7));
        let consumer = host.consume("crawl", "0.5");
        let busy = |q: &Queue| {
            (q.consumers, q.unacked) == (Some(1), Some(3)) && q.out_per_second.is_some_and(|rate| rate.get() > 0.5)
        };
        watched.until("the consumer, what it holds and its rate", |m| m.queue(&at("crawl")).is_some_and(busy)).await;
        drop(consumer);
        watched.until("no consumers", |m| m.queue(&at("crawl")).is_some_and(|q| q.consumers == Some(0))).await;
        assert!(watched.mirror.queue(&at("crawl")).unwrap().ready.is_some_and(|ready| ready > 9_900));
        host.gone().await;
    });
}

#[test]
fn what_a_user_may_not_is_named_with_the_grant() {
    undisturbed(async {
        let wrong = failure(other("reader", "wrong", &[])).await;
        assert_eq!(wrong.kind, FailureKind::Denied, "{wrong}");
        assert!(wrong.to_string().contains("`rabbitmqctl set_user_tags reader monitoring`"), "{wrong}");
        let untagged = failure(other("app", "app-secret", &[])).await;
        assert_eq!(untagged.kind, FailureKind::Denied, "{untagged}");
        assert!(untagged.to_string().contains("`rabbitmqctl set_user_tags app monitoring`"), "{untagged}");
        let narrow = Watched::synced(other("narrow", "narrow-secret", &["/", "second"])).await;
        assert_eq!(narrow.mirror.status.state, Freshness::Partial);
        let said = narrow.mirror.detail();
        assert!(
            said.contains("set_permissions -p second narrow '' '' ''") && said.contains("alarms of nodes are denied"),
            "{said}"
        );
        let amqp = failure(source(&format!("http://{}", part(&RABBIT).get("AMQP")), &[], &[])).await;
        assert!(amqp.to_string().contains("15672"), "{amqp}");
    });
}

#[test]
fn the_memory_alarm_of_a_node_is_an_alarm_and_blocks_its_queues() {
    undisturbed(async {
        let host = Host::new("lab-alarm").await;
        host.queue("orders", json!({})).await;
        let mut watched = Watched::synced(reader(&[host.0])).await;
        assert!(watched.mirror.alarms().is_empty(), "{:?}", watched.mirror.alarms());
        let roomy = Roomy;
        control(&["set_vm_memory_high_watermark", "0.00001"]);
        let fires = |m: &Mirror| m.alarms().iter().any(|alarm| alarm.name.shown() == "memory alarm");
        watched.until_within(Duration::from_secs(60), "the alarm", fires).await;
        assert!(watched.mirror.alarms()[0].since.is_some(), "it began while we looked");
        let words = "publishers are blocked: memory alarm of qdlab@localhost";
        let is_blocked = |q: &Queue| q.trouble.as_ref().is_some_and(|trouble| trouble.shown().contains(words));
        watched.until("the blocked queue", |m| m.queue("lab-alarm/orders").is_some_and(is_blocked)).await;
        drop(roomy);
        watched.until_within(Duration::from_secs(60), "the end of the alarm", |m| m.alarms().is_empty()).await;
        host.gone().await;
    });
}

/// Gives the broker its memory back whatever becomes of the test that took it away.
struct Roomy;

impl Drop for Roomy {
    fn drop(&mut self) {
        control(&["set_vm_memory_high_watermark", "0.4"]);
    }
}

/// Brings the broker back whatever becomes of the test that took it away.
struct Back;

impl Drop for Back {
    fn drop(&mut self) {
        server("start", part(&RABBIT).get("SERVER"));
    }
}

#[test]
fn a_broker_that_is_killed_is_unreachable_within_ten_seconds_and_read_again_when_it_is_back() {
    undisturbed(async {
        let host = Host::new("lab-kill").await;
        host.queue("kept", json!({})).await;
        host.publish("kept", 12);
        let kept = |m: &Mirror| m.queue("lab-kill/kept").and_then(|q| q.ready) == Some(12);
        let mut watched = Watched::synced(reader(&[host.0])).await;
        watched.until("the depth", kept).await;
        let back = Back;
        server("kill", part(&RABBIT).get("SERVER"));
        let killed = Instant::now();
        watched.until("the failure", |m| m.status.state == Freshness::Unreachable).await;
        let took = killed.elapsed();
        println!("a killed broker was told after {:.1} s: {}", took.as_secs_f64(), watched.mirror.detail());
        assert!(took <= Duration::from_secs(10), "{took:?}");
        assert!(watched.mirror.detail().contains("refused"), "{}", watched.mirror.detail());
        assert!(kept(&watched.mirror), "stale, not zero");
        drop(back);
        watched.until_within(Duration::from_secs(120), "it is back", |m| m.synced == 2 && kept(m)).await;
        assert_eq!(watched.mirror.status.state, Freshness::Fresh);
        host.gone().await;
    });
}

#[test]
fn a_thousand_queues_are_whole_within_300_ms_beyond_the_brokers_own_time() {
    undisturbed(async {
        let host = Host::new("lab-thousand").await;
        for first in (0..1000).step_by(8) {
            futures::future::join_all((first..first + 8).map(|n| {
                let name = format!("q{n:04}");
                let host = &host;
                async move { host.queue(&name, json!({})).await }
            }))
            .await;
        }
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            let columns = "name,vhost,type,state,messages_ready,messages_unacknowledged,consumers,arguments";
            for path in [
                "overview".to_owned(),
                "nodes".to_owned(),
                format!("queues/{}?page=1&page_size=500&columns={columns}", host.0),
                format!("queues/{}?page=2&page_size=500&columns={columns}", host.0),
            ] {
                assert_ne!(api(Method::GET, &path, &Value::Null).await, Value::Null);
            }
            let own = begun.elapsed();
            let begun = Instant::now();
            let watched = Watched::synced(reader(&[host.0])).await;
            let took = begun.elapsed();
            assert_eq!(watched.mirror.queues().len(), 1000);
            println!("a thousand queues: {} ms, the same requests alone {} ms", took.as_millis(), own.as_millis());
            best = best.min(took.saturating_sub(own));
        }
        assert!(best <= Duration::from_millis(300), "{best:?} beyond the broker's own time");
        host.gone().await;
    });
}
