//! What a healthy server says, and the changes that it tells.

use quarterdeck::model::{CheckState, Fact, Freshness, Phase, Rollout, WorkloadKind};

use super::console::{Console, Setup};
use super::server::{Asked, JSON, PROTOBUF, Reply, Server, Then, answer, file};

#[tokio::test]
async fn every_kind_becomes_its_fact() {
    let server = Server::start(|_| None).await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let web = c.workload("web").unwrap();
    assert_eq!(
        (web.kind, web.desired, web.ready, web.probed),
        (WorkloadKind::Deployment, Some(2), Some(1), Some(true))
    );
    assert_eq!((web.observed, &web.rollout), (true, &Rollout::Steady));
    assert!(web.images[0].digest.as_ref().unwrap().raw().starts_with("sha256:aaaa"));
    assert_eq!(web.owners.iter().map(Pair::to_string_pair).collect::<Vec<_>>(), ["Helm shop"]);
    let kinds = [
        ("big", WorkloadKind::Deployment),
        ("db", WorkloadKind::StatefulSet),
        ("agent", WorkloadKind::DaemonSet),
        ("migrate", WorkloadKind::Job),
        ("nightly", WorkloadKind::CronJob),
        ("lone", WorkloadKind::Pod),
    ];
    for (name, kind) in kinds {
        assert_eq!(c.workload(name).map(|w| w.kind), Some(kind), "{name}");
    }
    let count = |wanted: fn(&Fact) -> bool| c.facts.values().filter(|f| wanted(f)).count();
    assert_eq!(count(|f| matches!(f, Fact::Route(_))), 3);
    let ready = c.facts.values().find_map(|f| match f {
        Fact::Route(route) if route.kind.raw() == "readiness" => Some(&**route),
        _ => None,
    });
    let ready = ready.map(|route| (route.name.raw(), route.ports.clone(), route.backends[0].raw()));
    assert_eq!(ready, Some(("web", vec![80], "/health")), "what a readiness probe asks");
    assert_eq!(count(|f| matches!(f, Fact::Autoscaler(a) if a.max == Some(8) && a.triggers[0].raw() == "cpu 70 %")), 1);
    assert_eq!(count(|f| matches!(f, Fact::Budget(_))), 1);
    assert_eq!(count(|f| matches!(f, Fact::Node(n) if n.ready == Some(true))), 1);
    assert_eq!(count(|f| matches!(f, Fact::Scope(s) if s.name.raw() == "wire-rec")), 1);
    assert_eq!(count(|f| matches!(f, Fact::Revision(r) if r.workload.1.raw() == "web" && r.number == Some(1))), 1);
    assert!(c.events().any(|e| e.warning && e.reason.raw() == "FailedScheduling" && e.about_kind.raw() == "Pod"));
    let status = c.status.last().unwrap();
    assert_eq!((status.state, status.version.as_ref().unwrap().raw()), (Freshness::Fresh, "v1.36.3"));
    assert!(c.detail().contains("not encrypted"), "{}", c.detail());
}

#[tokio::test]
async fn a_pod_tells_what_is_wrong_with_it_and_whose_it_is() {
    let server = Server::start(|_| None).await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let broken = c.instances().find(|i| i.restarts == 7).unwrap();
    assert_eq!(broken.workload.as_ref().map(|(k, n)| (*k, n.raw())), Some((WorkloadKind::Deployment, "web")));
    assert_eq!((broken.phase, broken.ready, broken.check), (Phase::Restarting, Some(false), CheckState::Failing));
    assert_eq!(broken.waiting.as_ref().unwrap().reason.raw(), "CrashLoopBackOff");
    let exit = broken.last_exit.as_ref().unwrap();
    assert_eq!((exit.code, exit.out_of_memory), (Some(137), true));
    assert_eq!(broken.images[0].digest.as_ref().unwrap().raw(), "sha256:bbbbbbbbbbbbbbbb");
    assert_eq!((broken.cpu_limit_millicores, broken.memory_limit_bytes), (Some(300), Some(80 << 20)));
    assert_eq!(broken.containers.len(), 2);
    let stuck = c.instances().find(|i| i.unschedulable.is_some()).unwrap();
    assert_eq!((stuck.phase, stuck.ready, stuck.node.is_none()), (Phase::Pending, Some(false), true));
    let mut numbers: Vec<_> = c.instances().filter_map(|i| i.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1]);
    let job = c.instances().find(|i| i.name.raw().starts_with("migrate-")).unwrap();
    assert_eq!(job.workload.as_ref().map(|(k, n)| (*k, n.raw())), Some((WorkloadKind::Job, "migrate")));
}

#[tokio::test]
async fn json_says_the_same_as_protobuf_where_that_is_refused_or_not_known() {
    let server = Server::start(|_| None).await;
    let binary = Console::start(Setup::of(&server)).synced().await;
    assert!(server.asked(|a| a.is_watch() || a.plural() == "pods").iter().all(Asked::wants_protobuf));
    for refuse in [true, false] {
        let server = Server::start(move |asked| {
            let listed = answer(asked.plural(), false)?;
            let acceptable = !asked.wants_protobuf() || !refuse;
            let reply =
                if asked.is_watch() { Reply::of(200, JSON, "").then(Then::Hold) } else { Reply::of(200, JSON, listed) };
            Some(if acceptable { reply } else { Reply::refusal(406, "only the following media types are accepted") })
        })
        .await;
        let text = Console::start(Setup::of(&server)).synced().await;
        assert_eq!(text.facts, binary.facts);
    }
}

#[tokio::test]
async fn changes_come_by_the_watch_in_either_encoding() {
    let server = Server::start(|asked| {
        let wanted = asked.is_watch() && asked.plural() == "deployments" && asked.before == 0;
        wanted.then(|| Reply::of(200, PROTOBUF, file("deployments.watch.pb").unwrap()).then(Then::Hold))
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    c.until("web scaled and big gone", |c| {
        c.workload("web").unwrap().desired == Some(3) && c.workload("big").is_none()
    })
    .await;
    let server = Server::start(|asked| {
        let text = answer(asked.plural(), false)?;
        let empty = br#"{"metadata":{"resourceVersion":"5"},"items":[]}"#.to_vec();
        Some(match (asked.plural(), asked.is_watch()) {
            ("pods", false) => Reply::of(200, JSON, empty),
            ("pods", true) => Reply::of(200, JSON, file("pods.watch.json").unwrap()).then(Then::Hold),
            (_, true) => Reply::of(200, JSON, "").then(Then::Hold),
            (_, false) => Reply::of(200, JSON, text),
        })
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    c.until("pods by JSON events", |c| c.instances().count() == 8).await;
}

#[tokio::test]
async fn pages_are_put_together_and_a_watch_goes_on_where_it_ended() {
    let server = Server::start(|asked| {
        if asked.plural() != "pods" {
            return None;
        }
        if asked.is_watch() {
            let mark = br#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"99"}}}"#;
            return Some(match asked.before {
                0 => Reply::of(200, JSON, [&mark[..], b"\n"].concat()),
                _ => Reply::of(200, JSON, "").then(Then::Hold),
            });
        }
        let mut list: serde_json::Value = serde_json::from_slice(&answer("pods", false)?).ok()?;
        let mut items = list["items"].as_array()?.clone();
        let second = items.split_off(3);
        let first_page = !asked.query.contains("continue=");
        list["items"] = if first_page { items } else { second }.into();
        list["metadata"]["continue"] = if first_page { "a/b=" } else { "" }.into();
        Some(Reply::json(&list.to_string()))
    })
    .await;
    let mut c = Console::start(Setup::of(&server)).synced().await;
    assert_eq!(c.instances().count(), 8);
    assert_eq!(server.asked(|a| a.query.contains("continue=a%2Fb%3D") && a.query.contains("limit=500")).len(), 1);
    c.until("nothing more is needed", |_| {
        !server.asked(|a| a.is_watch() && a.plural() == "pods" && a.query.contains("resourceVersion=99")).is_empty()
    })
    .await;
}

trait Pair {
    fn to_string_pair(&self) -> String;
}

impl Pair for quarterdeck::model::Owner {
    fn to_string_pair(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}
