//! What a broker says becomes facts, and how often it is asked.

use std::time::Duration;

use quarterdeck::model::{AlarmState, Denial, Freshness, Quantity, Severity, Table, Text};
use serde_json::{Value, json};

use crate::server::{Answer, Broker, recorded};
use crate::watched::{Watched, source};

/// `count` queues, as the broker gives them page by page.
fn pages(count: usize) -> impl Fn(&str) -> Option<Answer> {
    move |path| {
        let number: usize = path.split("?page=").nth(1)?.split('&').next()?.parse().ok()?;
        let row = |n: usize| {
            json!({ "name": format!("q{n:05}"), "vhost": "/", "state": "running", "messages_ready": n,
                "messages_unacknowledged": 0, "consumers": 1 })
        };
        let items: Vec<Value> = ((number - 1) * 500..(number * 500).min(count)).map(row).collect();
        Some(Answer::json(&json!({ "items": items, "page": number, "page_count": count.div_ceil(500),
            "filtered_count": count, "total_count": count })))
    }
}

#[tokio::test]
async fn a_broker_of_3_10_as_it_was_recorded() {
    let broker = Broker::recorded("3.10.8").await;
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    let mirror = &watched.mirror;
    assert_eq!((mirror.status.state, mirror.detail()), (Freshness::Fresh, ""));
    assert_eq!(mirror.status.version.as_ref().unwrap().shown(), "3.10.8");
    assert_eq!(mirror.queues().len(), 9);
    let emails = mirror.queue("emails").unwrap();
    assert_eq!((emails.ready, emails.unacked, emails.consumers), (Some(50), Some(0), Some(0)));
    assert_eq!((emails.in_per_second.map(Quantity::get), emails.out_per_second), (Some(0.0), None));
    assert_eq!((&*emails.key.uid, emails.dead_letter_queue.as_ref()), ("//emails", None));
    // By arguments, by a policy, and through the bindings of an exchange.
    for (queue, dead, letters) in [("jobs", "emails.dead", 7), ("byp.orders", "parked", 7), ("quorum", "parked", 7)] {
        let queue = mirror.queue(queue).unwrap();
        assert_eq!(queue.dead_letter_queue.as_ref().unwrap().shown(), dead, "{queue:?}");
        assert_eq!(queue.dead_letters, Some(letters), "{queue:?}");
    }
    assert_eq!(mirror.queue("byp.orders").unwrap().oldest_at.unwrap().as_second(), 1_795_000_000);
    assert_eq!((mirror.queue("quorum").unwrap().ready, mirror.queue("stream").unwrap().ready), (Some(7), None));
    assert_eq!(&*mirror.queue("second/crawl").unwrap().key.uid, "second/crawl");
    let hostile = mirror.queues().into_iter().find(|q| q.name.raw().contains('\u{1b}')).unwrap();
    assert!(!hostile.name.shown().contains('\u{1b}'), "{}", hostile.name.shown());
    assert!(mirror.alarms().is_empty() && mirror.committed.contains(&Table::whole("alarms")));
    let asked: Vec<String> =
        broker.asked().iter().map(|(path, _)| path.split('?').next().unwrap().to_owned()).collect();
    let bindings = "/api/exchanges/%2F/dlx/bindings/source";
    assert_eq!(asked, ["/api/overview", "/api/nodes", "/api/queues", bindings]);
}

#[tokio::test]
async fn a_broker_of_4_in_the_shape_of_its_documentation() {
    let broker = Broker::recorded("4.x").await;
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    let mirror = &watched.mirror;
    assert_eq!(mirror.status.version.as_ref().unwrap().shown(), "4.1.4");
    let orders = mirror.queue("shop/orders").unwrap();
    assert_eq!((orders.ready, orders.unacked, orders.consumers), (Some(120), Some(4), Some(2)));
    assert_eq!(
        (orders.in_per_second.map(Quantity::get), orders.out_per_second.map(Quantity::get)),
        (Some(12.4), Some(9.6))
    );
    assert_eq!((orders.dead_letter_queue.as_ref().unwrap().shown(), orders.dead_letters), ("orders.dlq", Some(9)));
    let trouble = orders.trouble.as_ref().unwrap().shown();
    assert_eq!(trouble, "2 of 3 copies online; publishers are blocked: memory alarm of rabbit@a");
    let [memory, down] = mirror.alarms()[..] else { panic!("{:?}", mirror.alarms()) };
    assert_eq!(
        (memory.name.shown(), memory.severity, memory.state),
        ("memory alarm", Severity::Critical, AlarmState::Firing)
    );
    assert_eq!(memory.label("node").unwrap().shown(), "rabbit@a");
    assert_eq!((memory.value.map(Quantity::get), memory.since), (Some(2_147_483_648.0), None));
    assert_eq!((down.name.shown(), &*down.key.uid), ("node not running", "node/rabbit@b"));
}

#[tokio::test]
async fn pages_come_at_once_at_first_and_then_one_request_in_five_seconds() {
    let broker = Broker::recorded("3.10.8").await;
    broker.script(pages(1200));
    let mut watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    assert_eq!(watched.mirror.queues().len(), 1200);
    assert_eq!(watched.mirror.queue("q01199").unwrap().ready, Some(1199));
    let first = broker.asked().len();
    assert_eq!(first, 5, "overview, nodes and three pages");
    // The second page is read in the second turn; what changed on it is told then, what is gone from the list later.
    broker.script(pages(900));
    watched.until("the last page is read again", |mirror| mirror.queues().len() == 900).await;
    let asked = broker.asked();
    let moments: Vec<_> = asked[first - 1..].iter().map(|(_, at)| *at).collect();
    assert!(moments.len() >= 3);
    for pair in moments.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(apart >= Duration::from_millis(4_990), "{apart:?} between two requests");
    }
    assert_eq!(broker.at_once(), 1);
}

#[tokio::test]
async fn a_page_that_went_while_others_were_read_is_no_failure() {
    let broker = Broker::recorded("3.10.8").await;
    let refusal = recorded("3.10.8")["refusals"]["page out of range"]["body"].to_string().into_bytes();
    broker.script(move |path| match path.contains("?page=2") {
        true => Some(Answer::Whole(400, "", refusal.clone())),
        false => pages(600)(path),
    });
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    assert_eq!((watched.mirror.queues().len(), watched.mirror.status.state), (500, Freshness::Fresh));
}

#[tokio::test]
async fn the_next_poll_tells_what_changed_and_what_is_gone() {
    let broker = Broker::recorded("3.10.8").await;
    let mut watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    broker.edit(|book| {
        let page = book["/api/queues?page"].as_object_mut().unwrap();
        let rows = page["items"].as_array_mut().unwrap();
        rows.retain(|row| row["name"] != "parked");
        rows.iter_mut().find(|row| row["name"] == "emails").unwrap()["messages_ready"] = json!(10_000);
        (page["filtered_count"], page["total_count"]) = (json!(8), json!(8));
    });
    watched.until("the depth", |m| m.queue("emails").is_some_and(|q| q.ready == Some(10_000))).await;
    assert!(watched.mirror.queue("parked").is_none());
    let orphan = watched.mirror.queue("byp.orders").unwrap();
    assert_eq!((orphan.dead_letter_queue.as_ref().unwrap().shown(), orphan.dead_letters), ("parked", None));
}

#[tokio::test]
async fn a_large_broker_is_asked_for_totals_and_for_a_page_between_them() {
    let broker = Broker::recorded("3.10.8").await;
    broker.edit(|book| book["/api/overview"]["object_totals"]["queues"] = json!(5_000));
    let mut watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    let emails = watched.mirror.queue("emails").unwrap();
    assert_eq!((emails.ready, emails.consumers, emails.in_per_second), (Some(50), None, None));
    let lists = |path: &str| path.contains("disable_stats=true");
    assert_eq!(broker.asked().iter().filter(|(path, _)| lists(path)).count(), 1);
    watched.until("who takes from it", |m| m.queue("emails").is_some_and(|q| q.consumers == Some(0))).await;
    broker.edit(|book| book["/api/queues?disable_stats"][2]["messages_ready"] = json!(51));
    watched.until("the next totals", |m| m.queue("emails").is_some_and(|q| q.ready == Some(51))).await;
    let emails = watched.mirror.queue("emails").unwrap();
    assert_eq!((emails.consumers, emails.in_per_second.is_some()), (Some(0), true), "details are kept between pages");
}

#[tokio::test]
async fn a_broker_without_statistics_gives_depths_and_says_what_is_missing() {
    let broker = Broker::recorded("3.10.8").await;
    broker.edit(|book| book["/api/overview"]["disable_stats"] = json!(true));
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    let emails = watched.mirror.queue("emails").unwrap();
    assert_eq!((emails.ready, emails.consumers), (Some(50), None));
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    assert_eq!(watched.mirror.detail(), "the broker collects no statistics: rates and consumers are not known");
}

#[tokio::test]
async fn a_virtual_host_that_is_denied_leaves_the_others() {
    let broker = Broker::recorded("3.10.8").await;
    broker.script(|path| {
        path.starts_with("/api/queues/secret?")
            .then(|| Answer::refusal(401, "User not authorised to access virtual host"))
    });
    let vhosts = ["second", "secret", "gone"];
    let watched = Watched::synced(source(&broker.url(), &vhosts, &[])).await;
    assert_eq!(watched.mirror.queues().len(), 1);
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    let said = watched.mirror.detail();
    assert!(
        said.contains("`rabbitmqctl set_permissions -p secret reader '' '' ''`")
            && said.contains("no virtual host `gone`"),
        "{said}"
    );
    let denied =
        |vhost| Denial { verb: Text::name("list"), resource: Text::name("queues"), scope: Some(Text::name(vhost)) };
    assert_eq!(watched.mirror.status.denials, [denied("secret"), denied("gone")]);
}

#[tokio::test]
async fn what_was_read_before_and_is_denied_now_stays_and_is_old() {
    let broker = Broker::recorded("3.10.8").await;
    let secret = |path: &str| path.starts_with("/api/queues/secret?");
    broker.script(move |path| {
        let kept = json!({ "name": "kept", "vhost": "secret", "messages_ready": 4 });
        let page = json!({ "items": [kept], "page": 1, "page_count": 1, "filtered_count": 1, "total_count": 1 });
        secret(path).then(|| Answer::json(&page))
    });
    let mut watched = Watched::synced(source(&broker.url(), &["second", "secret"], &[])).await;
    assert_eq!((watched.mirror.queues().len(), watched.mirror.status.lapses.len()), (2, 0));
    broker.script(move |path| secret(path).then(|| Answer::refusal(401, "User not authorised to access virtual host")));
    watched.until("what is old", |m| !m.status.lapses.is_empty()).await;
    let lapse = &watched.mirror.status.lapses[0];
    assert_eq!((lapse.subject().shown(), watched.mirror.status.state), ("queues in secret", Freshness::Partial));
    assert!(lapse.why.shown().contains("set_permissions -p secret"), "{}", lapse.why);
    assert_eq!(watched.mirror.queue("secret/kept").unwrap().ready, Some(4));
}

#[tokio::test]
async fn a_user_who_may_not_see_nodes_sees_queues() {
    let broker = Broker::recorded("3.10.8").await;
    broker.script(|path| path.starts_with("/api/nodes").then(|| Answer::refusal(401, "Not monitor user")));
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    assert_eq!((watched.mirror.queues().len(), watched.mirror.status.state), (9, Freshness::Partial));
    let said = watched.mirror.detail();
    assert!(said.contains("alarms of nodes are denied: `rabbitmqctl set_user_tags reader monitoring`"), "{said}");
    assert!(!watched.mirror.committed.contains(&Table::whole("alarms")), "not known is not none");
    broker.script(|path| path.starts_with("/api/nodes").then_some(Answer::Silence));
    let watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    assert_eq!(watched.mirror.queues().len(), 9);
    assert!(watched.mirror.detail().contains("alarms of nodes are not known"), "{}", watched.mirror.detail());
}

#[tokio::test]
async fn only_the_queues_of_the_configuration_are_told_with_their_dead_letters() {
    let broker = Broker::recorded("3.10.8").await;
    let watched = Watched::synced(source(&broker.url(), &[], &["jobs", "by*"])).await;
    let mut names: Vec<&str> = watched.mirror.queues().iter().map(|q| q.name.raw()).collect();
    names.sort_unstable();
    assert_eq!(names, ["byp.orders", "jobs"]);
    assert_eq!(watched.mirror.queue("jobs").unwrap().dead_letters, Some(7));
}

#[tokio::test]
async fn a_broker_that_dies_is_unreachable_and_its_facts_stay() {
    let broker = Broker::recorded("3.10.8").await;
    let mut watched = Watched::synced(source(&broker.url(), &[], &[])).await;
    broker.die();
    watched.until("the failure", |mirror| mirror.status.state == Freshness::Unreachable).await;
    assert_eq!(watched.mirror.queue("emails").unwrap().ready, Some(50));
    let said = watched.mirror.detail();
    assert!(said.contains("refused") && said.contains("rabbitmq-plugins enable rabbitmq_management"), "{said}");
}
