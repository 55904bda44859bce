//! What rows mean, case by case.

use serde_json::json;

use super::*;

fn seen(row: serde_json::Value, others: &[serde_json::Value]) -> Queue {
    let rows: Rows = others
        .iter()
        .chain([&row])
        .map(|row| serde_json::from_value::<QueueRow>(row.clone()).unwrap())
        .map(|row| ((row.vhost.clone().unwrap(), row.name.clone().unwrap()), row))
        .collect();
    let binding = json!({ "destination": "parked", "destination_type": "queue", "routing_key": "dead" });
    let bound = ("/".to_owned(), "dlx".to_owned());
    let bindings = Bindings::from([(bound, vec![serde_json::from_value(binding).unwrap()])]);
    let source = SourceName::new("rabbit");
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let view = View { source: &source, at, blocked: None, bindings: &bindings, rows: &rows };
    queue(&serde_json::from_value(row).unwrap(), &view).unwrap()
}

#[test]
fn what_the_broker_does_not_say_is_not_known() {
    let queue = seen(json!({ "name": "a", "vhost": "/", "state": "down" }), &[]);
    assert_eq!((queue.ready, queue.unacked, queue.consumers), (None, None, None));
    assert_eq!((queue.in_per_second, queue.out_per_second, queue.oldest_at), (None, None, None));
    assert!(queue.trouble.unwrap().shown().starts_with("down: "));
}

#[test]
fn numbers_that_are_none_are_not_known() {
    let row = json!({ "name": "a", "vhost": "/", "messages_ready": -3, "messages_unacknowledged": 1e30, "consumers": "NaN",
        "head_message_timestamp": "", "message_stats": { "publish_details": { "rate": -1.5 }, "ack_details": { "rate": "NaN" } } });
    let queue = seen(row, &[]);
    assert_eq!((queue.ready, queue.unacked, queue.consumers), (None, None, None));
    assert_eq!((queue.in_per_second, queue.out_per_second), (None, None));
    let empty = seen(
        json!({ "name": "a", "vhost": "/", "message_stats": [], "arguments": [], "effective_policy_definition": "" }),
        &[],
    );
    assert_eq!((empty.in_per_second, empty.dead_letter_queue), (None, None));
}

#[test]
fn what_is_done_with_is_acknowledged_or_needs_no_acknowledgement() {
    let stats = json!({ "publish_details": { "rate": 4.0 }, "ack_details": { "rate": 2.5 }, "redeliver_details": { "rate": 9.0 },
        "deliver_no_ack_details": { "rate": 1.0 }, "get_no_ack_details": { "rate": 0.0 }, "deliver_get_details": { "rate": 12.0 } });
    let queue = seen(json!({ "name": "a", "vhost": "/", "message_stats": stats }), &[]);
    assert_eq!((queue.in_per_second, queue.out_per_second), (Quantity::new(4.0), Quantity::new(3.5)));
}

#[test]
fn how_a_length_changes_is_seen_back_to_where_it_turned_and_says_nothing_of_a_stream() {
    let row = |form, lengths: &[u64]| {
        let sample = |(n, length)| json!({ "sample": length, "timestamp": 1_795_000_000_000_i64 - 5000 * i64::try_from(n).unwrap() });
        let samples: Vec<_> = lengths.iter().enumerate().map(sample).collect();
        json!({ "name": "a", "vhost": "/", "type": form, "messages_ready": 9, "messages_ready_details": { "samples": samples } })
    };
    let net = |lengths: &[u64]| seen(row("classic", lengths), &[]).net_per_second.map(Quantity::get);
    // A burst of 600 that is worked off at five per second, as 3.10.8 told it.
    assert_eq!(net(&[587, 0, 0, 0]), Some(587.0 / 15.0));
    assert_eq!(net(&[562, 587, 0, 0]), Some(-5.0));
    assert_eq!(net(&[562, 562, 587, 0]), Some(-5.0), "the newest is told twice until the queue is looked at again");
    assert_eq!(net(&[537, 562, 587, 0]), Some(-5.0));
    assert_eq!((net(&[7, 7, 7, 7]), net(&[7, 7]), net(&[])), (Some(0.0), None, None));
    assert_eq!(seen(row("stream", &[562, 587]), &[]).net_per_second, None);
}

#[test]
fn dead_letters_are_found_through_arguments_policies_and_bindings() {
    let parked = json!({ "name": "parked", "vhost": "/", "messages_ready": 7, "messages_unacknowledged": 1 });
    let dead = |row| {
        let queue = seen(row, std::slice::from_ref(&parked));
        (queue.dead_letter_queue.map(|name| name.shown().to_owned()), queue.dead_letters)
    };
    let found = (Some("parked".to_owned()), Some(8));
    let arguments =
        |exchange: &str, key: &str| json!({ "x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": key });
    assert_eq!(dead(json!({ "name": "a", "vhost": "/", "arguments": arguments("", "parked") })), found);
    assert_eq!(dead(json!({ "name": "a", "vhost": "/", "arguments": arguments("dlx", "dead") })), found);
    let policy = json!({ "dead-letter-exchange": "", "dead-letter-routing-key": "parked" });
    assert_eq!(dead(json!({ "name": "a", "vhost": "/", "effective_policy_definition": policy })), found);
    let gone = (Some("gone".to_owned()), None);
    assert_eq!(dead(json!({ "name": "a", "vhost": "/", "arguments": arguments("", "gone") })), gone);
    for row in [
        json!({ "name": "a", "vhost": "/", "arguments": arguments("dlx", "other") }),
        json!({ "name": "a", "vhost": "/", "arguments": arguments("unknown", "dead") }),
        json!({ "name": "a", "vhost": "/", "arguments": { "x-dead-letter-exchange": "" } }),
        json!({ "name": "parked", "vhost": "/", "arguments": arguments("", "parked") }),
    ] {
        assert_eq!(dead(row), (None, None));
    }
}

#[test]
fn the_oldest_message_is_as_old_as_its_publisher_says() {
    let oldest = |written: i64, ready: u64| {
        let row = json!({ "name": "a", "vhost": "/", "messages_ready": ready, "head_message_timestamp": written });
        seen(row, &[]).oldest_at.map(Timestamp::as_second)
    };
    assert_eq!(oldest(1_794_999_000, 1), Some(1_794_999_000));
    assert_eq!(oldest(1_794_999_000_123, 1), Some(1_794_999_000));
    // A clock that is a little ahead is not held against it; one that is wrong is.
    assert_eq!(oldest(1_795_000_030, 1), Some(1_795_000_000));
    assert_eq!([oldest(1_795_009_000, 1), oldest(i64::MAX, 1), oldest(-5, 1), oldest(1_794_999_000, 0)], [None; 4]);
}

#[test]
fn what_lies_in_a_stream_does_not_wait() {
    let stream = seen(json!({ "name": "a", "vhost": "/", "type": "stream", "messages_ready": 1_000_000 }), &[]);
    assert_eq!(stream.ready, None);
    let quorum = json!({ "name": "a", "vhost": "/", "type": "quorum", "messages_ready": 3, "members": ["x", "y", "z"], "online": ["x"] });
    let quorum = seen(quorum, &[]);
    assert_eq!((quorum.ready, quorum.trouble.unwrap().shown()), (Some(3), "1 of 3 copies online"));
}

#[test]
fn names_are_safe_and_no_two_queues_are_one() {
    let queue = seen(json!({ "name": "\u{1b}[2Jx", "vhost": "/" }), &[]);
    assert!(!queue.name.shown().contains('\u{1b}') && queue.scope.is_empty());
    assert_eq!(&*queue.key.uid, "//\u{1b}[2Jx");
    assert_ne!(uid("a", "b/c"), uid("a/b", "c"));
    assert_ne!(uid("/", "a/b"), uid("/a", "b"));
}

#[test]
fn the_alarms_of_nodes_block_every_queue_and_say_since_when() {
    use super::super::alarms::{blocked, of_nodes};
    use super::super::wire::NodeRow;
    let rows = |alarm: bool| -> Vec<NodeRow> {
        serde_json::from_value(json!([
            { "name": "r@a", "running": true, "mem_alarm": alarm, "mem_used": 9.0, "mem_limit": 4, "disk_free_alarm": false, "partitions": [] },
            { "name": "r@b", "running": false },
            { "name": "r@c", "running": true, "partitions": ["r@a"], "disk_free_alarm": "unknown" },
        ]))
        .unwrap()
    };
    let (source, mut since) = (SourceName::new("rabbit"), None);
    let mut look = |alarm, second| {
        let now = Timestamp::from_second(second).unwrap();
        let alarms = of_nodes(&rows(alarm), &source, Some("c"), &mut since, now);
        alarms.into_iter().map(|a| (a.key.uid.to_string(), a.since.map(Timestamp::as_second))).collect::<Vec<_>>()
    };
    let known = |uid: &str, since| (uid.to_owned(), since);
    assert_eq!(look(false, 10), [known("node/r@b", None), known("partition/r@c", None)]);
    assert_eq!(look(true, 20)[0], known("memory/r@a", Some(20)));
    assert_eq!(look(true, 30)[0], known("memory/r@a", Some(20)));
    assert_eq!(blocked(&rows(true)).unwrap(), "publishers are blocked: memory alarm of r@a");
    assert_eq!(blocked(&rows(false)), None);
}
