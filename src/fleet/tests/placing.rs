//! Where things belong: two platforms in one Service, two projects that do not collide, charts, labels, other rules.

use super::*;
use crate::fleet::rules::{EnvironmentRule, Matcher, SystemRule};
use crate::model::{AddressError, Scope, Tier};

fn docker() -> SourceName {
    SourceName::new("docker:local")
}

fn with_docker(mut lab: Lab, workloads: Vec<Workload>) -> Lab {
    lab.fleet.know(&docker(), SourceKind::Docker, Text::line("test"), true, at(0));
    for workload in workloads {
        lab.fleet.apply(&docker(), put(workload.into()), at(0));
    }
    lab.fleet.apply(&docker(), Update::Status(status(Freshness::Fresh)), at(0));
    lab.fleet.apply(&docker(), Update::Synced, at(0));
    lab.fleet.settle(at(0));
    lab
}

#[test]
fn a_service_on_two_platforms_is_one_row_with_two_workloads() {
    let lab = Lab::of(facts(vec![deployment("web", 2, 2)], vec![]));
    let lab = with_docker(lab, vec![compose(&docker(), "shop-prod", "web")]);
    assert_eq!(lab.addresses(), ["shop/prod/web"]);
    let service = lab.fleet.services().next().unwrap();
    let platforms: Vec<_> = service.workloads.iter().map(|key| lab.fleet.workload(key).unwrap().platform).collect();
    assert_eq!(platforms, [Platform::Compose, Platform::Kubernetes]);
    assert_eq!((service.desired, service.ready), (Some(3), Some(3)));
    assert_eq!(lab.fleet.explain(&service.address).len(), 2);
}

#[test]
fn two_projects_with_the_same_service_names_do_not_collide() {
    let services = vec![compose(&docker(), "a", "web"), compose(&docker(), "b", "web")];
    let lab = with_docker(Lab::of([]), services);
    assert_eq!(lab.addresses(), ["a/local/web", "b/local/web"]);
}

#[test]
fn a_charts_name_is_taken_only_where_nothing_else_claims_it() {
    let of_chart = |name: &str, chart: &str| Workload {
        labels: Labels::keep([("app.kubernetes.io/name", chart)]),
        ..deployment(name, 1, 1)
    };
    let mut lab = Lab::of(facts(vec![of_chart("rel-web", "web")], vec![pod("rel-web", 1)]));
    assert_eq!(lab.addresses(), ["shop/prod/web"]);
    lab.put(of_chart("rel-scheduler", "web"), 1);
    assert_eq!(lab.addresses(), ["shop/prod/rel-scheduler", "shop/prod/rel-web"]);
    lab.news(vec![Update::Drop(of_chart("rel-scheduler", "web").key)], 2);
    assert_eq!(lab.addresses(), ["shop/prod/web"]);
    lab.put(deployment("web", 1, 1), 3);
    assert_eq!(lab.addresses(), ["shop/prod/rel-web", "shop/prod/web"]);
    let job = Workload { kind: WorkloadKind::Job, ..of_chart("migrate", "web") };
    let lab = Lab::of(facts(vec![of_chart("rel-web", "web"), job], vec![]));
    assert_eq!(lab.addresses(), ["shop/prod/migrate", "shop/prod/web"]);
}

#[test]
fn labels_of_a_namespace_speak_for_what_is_in_it_and_may_come_later() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1)], vec![]));
    let scope = |labels: &[(&str, &str)]| {
        Fact::Scope(Box::new(Scope {
            key: Key::new(&super::super::diagnose::fixture::source(), Kind::Scope, "shop-prod"),
            platform: Platform::Kubernetes,
            name: Text::name("shop-prod"),
            labels: Labels::keep(labels.iter().copied()),
            note: None,
        }))
    };
    lab.news(vec![put(scope(&[("quarterdeck.system", "market")]))], 1);
    assert_eq!(lab.addresses(), ["market/prod/web"]);
    lab.news(vec![put(scope(&[]))], 2);
    assert_eq!(lab.addresses(), ["shop/prod/web"]);
}

#[test]
fn other_rules_assign_everything_anew_and_are_no_news_of_the_world() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1), deployment("api", 1, 1)], vec![]));
    let matcher = Matcher { scope: Some("shop-*".into()), ..Matcher::default() };
    let rule = EnvironmentRule {
        system: Some("market".into()),
        name: "live".into(),
        tier: Some(Tier::Staging),
        matchers: vec![matcher],
        ..EnvironmentRule::default()
    };
    lab.fleet.set_rules(Rules { environments: vec![rule], ..Rules::default() }, at(1));
    assert_eq!(lab.addresses(), ["market/live/api", "market/live/web"]);
    let environments = lab.fleet.environments();
    assert_eq!(
        environments.iter().map(|e| (e.address.to_string(), e.tier)).collect::<Vec<_>>(),
        [("market/live".to_owned(), Tier::Staging)]
    );
    assert!(lab.lines().is_empty(), "{:?}", lab.lines());
    lab.fleet.set_rules(Rules::default(), at(2));
    assert_eq!(lab.addresses(), ["shop/prod/api", "shop/prod/web"]);
}

#[test]
fn environments_stand_by_system_and_promotion_path_else_by_tier() {
    let of = |scope: &str| Workload {
        key: Key::new(&super::super::diagnose::fixture::source(), Kind::Workload, scope),
        scope: Text::name(scope),
        ..deployment("web", 1, 1)
    };
    let scopes = ["biz-dev", "biz-staging", "biz-prod", "app-dev", "app-prod", "app", "prod"];
    let mut lab = Lab::of(facts(scopes.map(of).to_vec(), vec![]));
    let order = |lab: &Lab| lab.fleet.environments().iter().map(|e| e.address.to_string()).collect::<Vec<_>>();
    let by_tier = ["prod", "app/prod", "app/dev", "app/lab", "biz/prod", "biz/staging", "biz/dev"];
    assert_eq!(order(&lab), by_tier);
    let path = ["dev", "prod", "staging"].map(str::to_owned).to_vec();
    lab.fleet.set_rules(Rules { systems: vec![SystemRule { name: "biz".into(), path }], ..Rules::default() }, at(1));
    assert_eq!(order(&lab)[4..], ["biz/staging", "biz/prod", "biz/dev"]);
}

#[test]
fn typed_addresses_are_unique_suffixes_or_refused_with_candidates_or_neighbours() {
    let of = |scope: &str, name: &str| Workload {
        key: Key::new(&super::super::diagnose::fixture::source(), Kind::Workload, &format!("{scope}/{name}")),
        scope: Text::name(scope),
        ..deployment(name, 1, 1)
    };
    let all = vec![of("biz-prod", "api"), of("biz-dev", "api"), of("biz-prod", "worker"), of("prod", "api")];
    let lab = Lab::of(facts(all, vec![]));
    let resolve = |typed: &str| lab.fleet.resolve(typed).map(|address| address.to_string());
    assert_eq!(resolve("worker").unwrap(), "biz/prod/worker");
    assert_eq!(resolve("dev/api").unwrap(), "biz/dev/api");
    assert_eq!(resolve("prod/api").unwrap(), "prod/api", "a whole address names itself");
    let Err(AddressError::Ambiguous { candidates, .. }) = resolve("api") else { panic!("not ambiguous") };
    assert_eq!(candidates, ["prod/api", "biz/dev/api", "biz/prod/api"]);
    let Err(AddressError::Unknown { near, .. }) = resolve("prod/wroker") else { panic!("not unknown") };
    assert_eq!(near, ["biz/prod/worker"]);
    assert!(matches!(resolve(""), Err(AddressError::Unknown { near, .. }) if near.is_empty()));
    assert_eq!(lab.fleet.resolve_environment("dev").unwrap().to_string(), "biz/dev");
    assert!(lab.fleet.resolve_environment("prd").is_err());
}
