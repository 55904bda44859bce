//! The path of a readiness probe, asked of each pod through the API server.

use std::sync::Arc;

use quarterdeck::model::{Check, CheckKind, CheckSpec, Fact, Outcome, PodDoor, SourceName, Text};
use quarterdeck::sources::port::CheckOrder;

use super::console::{Console, Setup};
use super::server::{Reply, Server};

fn spec(pods: &[&str]) -> CheckSpec {
    let door = PodDoor {
        source: SourceName::new("kubernetes:lab"),
        scope: Text::name("shop-prod"),
        pods: pods.iter().map(|pod| Text::name(pod)).collect(),
        port: 8080,
        path: Text::line("/health?deep=1"),
        tls: false,
    };
    let target = Text::line("http://each-pod:8080/health?deep=1");
    let found = CheckSpec::new(CheckKind::Http, target, Text::line("shop/prod/web"), CheckSpec::OF_READINESS);
    CheckSpec { pods: Some(door), ..found }
}

fn check(c: &Console) -> Option<&Check> {
    c.facts.values().find_map(|fact| if let Fact::Check(check) = fact { Some(&**check) } else { None })
}

async fn asked(pods: &[&str], answer: fn(&str) -> Option<Reply>) -> (Check, Server) {
    let server = Server::start(move |asked| {
        let rest = asked.path.strip_prefix("/api/v1/namespaces/shop-prod/pods/http:")?;
        let (pod, path) = rest.split_once(":8080/proxy")?;
        assert_eq!(path, "/health", "{asked:?}");
        answer(pod)
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    let other = CheckSpec { pods: None, ..spec(&[]) };
    c.source.order(CheckOrder::Found(Arc::from([spec(pods), other])));
    c.until("the Check is known", |c| check(c).is_some_and(|check| check.outcome == Outcome::NotChecked)).await;
    assert!(check(&c).unwrap().message.shown().contains("the kubelet asks it"));
    assert!(server.asked(|a| a.path.contains("/proxy")).is_empty(), "nobody wanted to know");
    c.source.order(CheckOrder::Now(Arc::from([Text::line("shop/prod/web")])));
    c.until("it was run", |c| check(c).is_some_and(|check| !check.message.shown().contains("kubelet"))).await;
    let seen = check(&c).unwrap().clone();
    (seen, server)
}

#[tokio::test]
async fn each_pod_is_asked_only_when_somebody_wants_to_know() {
    let (seen, server) = asked(&["web-1", "web-2"], |_| Some(Reply::of(200, "text/plain", "ok"))).await;
    assert_eq!(seen.outcome, Outcome::Passing, "{seen:?}");
    assert!(seen.message.shown().starts_with("2 of 2 pods answer"), "{}", seen.message);
    let asked = server.asked(|a| a.path.contains("/proxy"));
    assert!(asked.len() == 2 && asked.iter().all(|a| a.query == "deep=1"), "{asked:?}");
}

#[tokio::test]
async fn a_pod_that_fails_is_named_and_one_that_may_not_be_asked_names_the_grant() {
    let (seen, _) = asked(&["web-1", "web-2"], |pod| match pod {
        "web-1" => Some(Reply::of(200, "text/plain", "ok")),
        _ => Some(Reply::of(500, "text/plain", "\u{1b}[2Jno database")),
    })
    .await;
    assert_eq!((seen.outcome, seen.message.shown()), (Outcome::Failing, "1 of 2 pods answer; web-2 answered 500"));
    let denied = |_: &str| {
        let words = "pods \"web-1\" is forbidden: User \"me\" cannot get resource \"pods/proxy\" in API group \"\"";
        Some(Reply::refusal(403, words))
    };
    let (seen, _) = asked(&["web-1"], denied).await;
    let words = "not asked: needs get on pods/proxy in shop-prod";
    assert_eq!((seen.outcome, seen.message.shown()), (Outcome::NotChecked, words));
}
