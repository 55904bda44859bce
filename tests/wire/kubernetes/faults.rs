//! A server that refuses, breaks, stalls and lies: each has its words, and what is healthy goes on.

use quarterdeck::model::Freshness;

use super::console::{Console, Setup};
use super::server::{Asked, JSON, PROTOBUF, Reply, Server, Then, answer, file};

fn is_list(asked: &Asked, plural: &str) -> bool {
    asked.plural() == plural && !asked.is_watch()
}

/// A Source whose pods are answered by `reply`, with an empty word for those that must not come.
async fn with_pods(reply: fn() -> Reply) -> (Server, Console) {
    let server = Server::start(move |asked| is_list(asked, "pods").then(reply)).await;
    let console = Console::start(Setup::of(&server).patience(1));
    (server, console)
}

#[tokio::test]
async fn an_unknown_token_is_denied_and_not_tried_in_haste() {
    let server = Server::start(|_| Some(Reply::refusal(401, "Unauthorized"))).await;
    let mut c = Console::start(Setup::of(&server));
    c.until("denied", |c| c.state() == Some(Freshness::Denied)).await;
    assert!(c.detail().contains("expired or unknown") && c.detail().contains("log in again"), "{}", c.detail());
    assert_eq!(c.synced, 0);
    assert!(server.asked(|a| a.path == "/version").len() <= 2);
}

#[tokio::test]
async fn a_list_that_fails_is_named_while_the_rest_is_read() {
    type Case = (fn() -> Reply, &'static str);
    let cases: [Case; 6] = [
        (|| Reply::refusal(500, "etcd is on fire"), "the server answered 500: etcd is on fire"),
        (|| Reply::of(200, PROTOBUF, "<html>\u{1b}[2J</html>"), "does not begin as Kubernetes protobuf"),
        (|| Reply::of(200, PROTOBUF, answer("pods", true).unwrap()[..9000].to_vec()), "ends in the middle"),
        (|| Reply::of(200, PROTOBUF, answer("pods", true).unwrap()[..9000].to_vec()).then(Then::Break), "pods: "),
        (
            || {
                Reply::of(200, PROTOBUF, &b"k8s\0\x12\xff\xff\xff\xff\x7f\x12\xff\xff\xff\x7f"[..])
                    .then(Then::Repeat(vec![7; 4096]))
            },
            "larger than",
        ),
        (Reply::silence, "no answer within 1 s"),
    ];
    for (reply, words) in cases {
        let (_server, mut c) = with_pods(reply).await;
        c.until(words, |c| c.detail().contains(words) && c.workload("web").is_some()).await;
        assert_eq!((c.state(), c.synced), (Some(Freshness::Partial), 0), "{words}");
        assert!(!c.detail().contains('\u{1b}'));
    }
}

#[tokio::test]
async fn a_list_that_stalls_in_its_middle_is_given_up() {
    let stalled = || Reply::of(200, PROTOBUF, answer("pods", true).unwrap()[..9000].to_vec()).then(Then::Hold);
    let (_server, mut c) = with_pods(stalled).await;
    c.until("given up", |c| c.detail().contains("no answer within 1 s")).await;
}

#[tokio::test]
async fn a_server_with_too_much_to_do_is_left_alone_for_as_long_as_it_says() {
    let server = Server::start(|asked| {
        let busy = is_list(asked, "pods") && asked.before == 0;
        busy.then(|| Reply::refusal(429, "too many requests").header("retry-after", "2"))
    })
    .await;
    let started = std::time::Instant::now();
    let mut c = Console::start(Setup::of(&server));
    c.until("it is said", |c| c.detail().contains("too many requests (429)")).await;
    let c = c.synced().await;
    assert!(started.elapsed().as_secs() >= 2 && c.state() == Some(Freshness::Fresh));
    assert_eq!(server.asked(|a| is_list(a, "pods")).len(), 2);
}

#[tokio::test]
async fn an_expired_watch_is_listed_again_and_nothing_blinks() {
    let server = Server::start(|asked| {
        let pods = asked.plural() == "pods" && asked.is_watch();
        match asked.before {
            0 if pods => Some(Reply::of(200, PROTOBUF, file("expired.watch.pb").unwrap())),
            1 if pods => Some(Reply::refusal(410, "too old resource version")),
            _ => None,
        }
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    let all = c.instances().count();
    c.until("listed three times", |c| c.commits.iter().filter(|t| t.name.raw() == "pods").count() == 3).await;
    assert_eq!((c.instances().count(), c.fewest), (all, all));
    assert_eq!(c.state(), Some(Freshness::Fresh));
}

#[tokio::test]
async fn a_watch_that_is_cut_goes_on_and_one_that_talks_nonsense_is_listed_again() {
    let server = Server::start(|asked| {
        let pods = asked.plural() == "pods" && asked.is_watch();
        match asked.before {
            0 if pods => Some(Reply::of(200, PROTOBUF, "").then(Then::Break)),
            1..=4 if pods => Some(Reply::of(200, PROTOBUF, "\0\0\0\u{2}xx")),
            _ => None,
        }
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    c.until("listed again", |c| c.commits.iter().filter(|t| t.name.raw() == "pods").count() == 2).await;
    let watches = server.asked(|a| a.plural() == "pods" && a.is_watch());
    assert!(watches.iter().take(5).all(|a| a.query.contains("resourceVersion=")), "{watches:?}");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_noticed_within_ten_seconds() {
    let silent = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let shared = silent.clone();
    let server = Server::start(move |_| shared.load(std::sync::atomic::Ordering::SeqCst).then(Reply::silence)).await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    let facts = c.facts.len();
    silent.store(true, std::sync::atomic::Ordering::SeqCst);
    let started = std::time::Instant::now();
    c.until("unreachable", |c| c.state() == Some(Freshness::Unreachable)).await;
    assert!(started.elapsed().as_secs() < 10 && c.facts.len() == facts);
    silent.store(false, std::sync::atomic::Ordering::SeqCst);
    c.until("back", |c| c.state() == Some(Freshness::Fresh)).await;
}

#[tokio::test]
async fn names_full_of_escapes_reach_nobody_raw() {
    let server = Server::start(|asked| {
        let list = serde_json::json!({ "metadata": { "resourceVersion": "1" }, "items": [
            { "metadata": { "name": "\u{1b}[2Jevil\u{202e}", "namespace": "a", "uid": "x", "labels": { "app": "\u{9b}31m" } },
              "status": { "phase": "\u{1b}", "message": "\u{1b}]0;x\u{7}" } } ] });
        is_list(asked, "pods").then(|| Reply::of(200, JSON, list.to_string()))
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let pod = c.instances().next().unwrap();
    assert!(pod.name.shown().contains("␛[2Jevil") && !pod.name.shown().contains(['\u{1b}', '\u{202e}']));
}

#[tokio::test]
async fn a_table_that_fails_for_good_does_not_hold_up_the_others() {
    let server = Server::start(|asked| is_list(asked, "jobs").then(|| Reply::refusal(500, "no"))).await;
    let c = Console::start(Setup::of(&server)).synced().await;
    assert_eq!(c.state(), Some(Freshness::Partial));
    assert!(c.detail().contains("jobs.batch: the server answered 500: no"), "{}", c.detail());
}
