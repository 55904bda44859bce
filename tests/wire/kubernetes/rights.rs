//! What the server does not allow.

use quarterdeck::model::{Fact, Freshness};

use super::console::{Console, Setup};
use super::server::{Asked, PROTOBUF, Reply, Server, answer, file};

fn forbidden(asked: &Asked) -> Reply {
    Reply::refusal(403, &format!("{} is forbidden: User \"me\" cannot do that", asked.plural()))
}

/// Two namespaces, and nothing else of that kind.
fn namespaces() -> Reply {
    Reply::json(
        r#"{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"wire-rec","uid":"1"}},
            {"metadata":{"name":"shop-prod","uid":"2"}},{"metadata":{"name":"kube-system","uid":"3"}}]}"#,
    )
}

#[tokio::test]
async fn what_is_denied_in_the_cluster_is_read_per_namespace_and_the_missing_grant_is_named() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/api/v1/pods" | "/api/v1/namespaces/shop-prod/pods" => Some(forbidden(asked)),
        "/api/v1/namespaces" if !asked.is_watch() => Some(namespaces()),
        _ => None,
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let status = c.status.last().unwrap();
    assert_eq!(status.state, Freshness::Partial);
    assert!(c.instances().all(|i| i.scope.raw() == "wire-rec") && c.instances().count() > 0);
    assert!(
        c.detail().contains("denied: cannot list pods in shop-prod: needs get, list, watch on pods"),
        "{}",
        c.detail()
    );
    let denial = &status.denials[0];
    assert_eq!((denial.verb.raw(), denial.resource.raw()), ("list", "pods"));
    assert_eq!(denial.scope.as_ref().map(|s| s.raw().to_owned()).as_deref(), Some("shop-prod"));
    assert!(server.asked(|a| a.path.contains("/namespaces/kube-system/")).is_empty());
}

#[tokio::test]
async fn where_namespaces_are_hidden_the_contexts_own_one_is_read() {
    let server = Server::start(|asked| {
        let whole = !asked.path.contains("/namespaces/") && answer(asked.plural(), false).is_some();
        whole.then(|| forbidden(asked))
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    assert_eq!(c.state(), Some(Freshness::Partial));
    assert!(c.detail().contains("cannot list namespaces in the cluster"), "{}", c.detail());
    assert!(c.workload("web").is_some());
    let of_others = |a: &Asked| a.path.contains("/namespaces/") && !a.path.contains("/namespaces/mine/");
    assert!(server.asked(of_others).is_empty());
}

#[tokio::test]
async fn a_user_who_may_read_nothing_is_denied() {
    let server = Server::start(|asked| answer(asked.plural(), false).map(|_| forbidden(asked))).await;
    let c = Console::start(Setup::of(&server)).synced().await;
    assert_eq!((c.state(), c.facts.len()), (Some(Freshness::Denied), 0));
}

#[tokio::test]
async fn what_may_not_be_read_any_more_is_old_and_its_facts_stay() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/api/v1/pods" if asked.is_watch() => Some(Reply::of(200, PROTOBUF, file("expired.watch.pb").unwrap())),
        "/api/v1/pods" if asked.before > 0 => Some(forbidden(asked)),
        "/api/v1/namespaces" if !asked.is_watch() => Some(namespaces()),
        path if path.starts_with("/api/v1/namespaces/") && asked.plural() == "pods" => Some(forbidden(asked)),
        _ => None,
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    let before = c.instances().count();
    c.until("what is old is told", |c| c.status.last().is_some_and(|status| !status.lapses.is_empty())).await;
    let status = c.status.last().unwrap();
    let lapse = &status.lapses[0];
    assert_eq!((status.state, lapse.what.raw(), lapse.table.name.raw()), (Freshness::Partial, "pods", "pods"));
    assert_eq!(lapse.why.shown(), "denied: cannot list pods in the cluster");
    assert!(before > 0 && c.instances().count() == before);
}

#[tokio::test]
async fn a_list_without_a_watch_is_said_and_still_counts() {
    let server = Server::start(|asked| (asked.is_watch() && asked.plural() == "pods").then(|| forbidden(asked))).await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    c.until("the missing watch is named", |c| c.detail().contains("cannot watch pods in the cluster")).await;
    assert!(c.instances().count() > 0);
}

#[tokio::test]
async fn only_namespaces_in_scope_are_read() {
    let server =
        Server::start(|asked| (asked.path == "/api/v1/namespaces" && !asked.is_watch()).then(namespaces)).await;
    let named = Console::start(Setup::of(&server).namespaces(&["wire-rec"])).synced().await;
    assert!(named.workload("web").is_some());
    let wide = |a: &Asked| a.plural() == "pods" && !a.path.contains("/namespaces/wire-rec/");
    assert!(server.asked(wide).is_empty());
    let other = Console::start(Setup::of(&server).namespaces(&["shop-*"])).synced().await;
    assert!(other.workload("web").is_none() && other.instances().count() == 0);
    assert!(other.facts.values().any(|f| matches!(f, Fact::Scope(s) if s.name.raw() == "shop-prod")));
    assert!(!other.facts.values().any(|f| matches!(f, Fact::Scope(s) if s.name.raw() == "wire-rec")));
}

#[tokio::test]
async fn the_systems_namespaces_are_left_out_on_the_servers_side() {
    let server = Server::start(|_| None).await;
    drop(Console::start(Setup::of(&server)).synced().await);
    let pods = server.asked(|a| a.plural() == "pods");
    assert!(pods.iter().all(|a| a.query.contains("fieldSelector=metadata.namespace!%3Dkube-system")));
}

#[tokio::test]
async fn what_is_granted_later_is_read_without_being_asked() {
    let server = Server::start(|asked| {
        let early = asked.path == "/api/v1/pods" && !asked.is_watch() && asked.before == 0;
        early.then(|| forbidden(asked))
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    assert!(c.commits.iter().any(|t| t.name.raw() == "pods" && t.scope.is_some()));
    c.until("the whole table", |c| c.commits.iter().any(|t| t.name.raw() == "pods" && t.scope.is_none())).await;
    assert_eq!((c.state(), c.instances().count()), (Some(Freshness::Fresh), 8));
}
