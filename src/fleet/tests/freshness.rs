//! Nothing is derived from what is failed, partial, unsynced or silent (SAFETY G8).

use super::*;

#[test]
fn a_silent_source_makes_its_services_unknown_keeps_their_facts_and_says_since_when() {
    let mut lab = Lab::of(facts(vec![deployment("web", 2, 2)], vec![pod("web", 1), pod("web", 2)]));
    lab.fleet.settle(at(10));
    assert_eq!(lab.health("web").0, HealthState::Healthy);
    lab.fleet.settle(at(11));
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.health.state, service.stale_since), (HealthState::Unknown, Some(at(0))));
    assert_eq!((service.desired, service.ready, service.instances.len()), (Some(2), Some(2), 2));
    assert!(lab.health("web").1.contains("kubernetes:lab is stale"), "{}", lab.health("web").1);
    assert_eq!(lab.fleet.environments()[0].health.state, HealthState::Unknown);
    lab.fleet.gauge(&lab.source, 9, Some(1), Some(at(12)));
    lab.fleet.settle(at(12));
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.health.state, service.stale_since), (HealthState::Healthy, None));
    let lines = lab.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("source kubernetes:lab Source fresh → stale"), "{lines:?}");
    assert!(lines[1].starts_with("source kubernetes:lab Source stale → fresh"), "{lines:?}");
}

#[test]
fn before_the_first_list_is_whole_nothing_is_healthy_and_nothing_is_gone() {
    let mut lab = Lab::connecting();
    let table = table(Kind::Workload);
    lab.news(vec![Update::Status(status(Freshness::Fresh)), Update::Begin(table.clone())], 0);
    lab.put(deployment("web", 2, 2), 0);
    assert_eq!(lab.health("web").0, HealthState::Unknown);
    assert_eq!(lab.fleet.sources().next().unwrap().state, Freshness::Connecting);
    lab.news(vec![Update::Commit(table)], 0);
    assert_eq!(lab.health("web").0, HealthState::Healthy, "the Deployments' own list is whole");
    lab.news(vec![Update::Synced], 0);
    assert_eq!(lab.fleet.sources().next().unwrap().state, Freshness::Fresh);
    assert!(lab.lines().is_empty());
}

#[test]
fn a_failure_before_the_first_list_is_whole_makes_what_is_known_unknown() {
    let mut lab = Lab::connecting();
    lab.relist(facts(vec![deployment("web", 2, 2)], vec![]), 0);
    lab.news(vec![Update::Status(status(Freshness::Denied))], 1);
    assert_eq!(lab.health("web").0, HealthState::Unknown);
    assert_eq!(lab.fleet.sources().next().unwrap().state, Freshness::Denied);
}

#[test]
fn of_two_sources_the_live_one_still_tells_that_it_is_broken() {
    let mut lab = Lab::of(facts(vec![deployment("web", 2, 0)], vec![]));
    let docker = SourceName::new("docker:local");
    lab.fleet.know(&docker, SourceKind::Docker, Text::line("test"), true, at(0));
    lab.fleet.apply(&docker, put(compose(&docker, "shop-prod", "web").into()), at(0));
    lab.fleet.apply(&docker, Update::Synced, at(0));
    lab.fleet.apply(&docker, Update::Status(status(Freshness::Unreachable)), at(1));
    lab.fleet.settle(at(1));
    let (state, reasons) = lab.health("web");
    assert_eq!(state, HealthState::Down);
    assert!(reasons.contains("docker:local is stale"), "{reasons}");
}

#[test]
fn news_of_a_source_that_is_not_known_are_ignored_and_a_forgotten_one_leaves_nothing() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1)], vec![pod("web", 1)]));
    lab.fleet.forget(&lab.source.clone(), at(1));
    assert_eq!((lab.fleet.services().count(), lab.fleet.environments().len(), lab.fleet.sources().count()), (0, 0, 0));
    lab.put(deployment("late", 1, 1), 2);
    assert_eq!(lab.fleet.services().count(), 0);
    assert!(lab.lines().is_empty(), "{:?}", lab.lines());
}

#[test]
fn a_list_that_cannot_be_read_any_more_makes_what_is_known_by_it_unknown_with_its_age_and_nothing_else() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1), deployment("api", 1, 1)], vec![pod("web", 1)]));
    let lapse = crate::model::Lapse {
        table: table(Kind::Instance),
        what: Text::name("pods"),
        since: at(3),
        why: Text::line("answered 500"),
    };
    let partial = SourceStatus { lapses: vec![lapse], ..status(Freshness::Partial) };
    lab.news(vec![Update::Status(partial)], 5);
    let (state, reasons) = lab.health("web");
    assert_eq!(state, HealthState::Unknown, "{reasons}");
    assert!(reasons.contains("kubernetes:lab cannot read pods since"), "{reasons}");
    let of = |lab: &Lab, name: &str| lab.fleet.service(&lab.fleet.resolve(name).unwrap()).unwrap().clone();
    assert_eq!((of(&lab, "web").stale_since, of(&lab, "web").instances.len()), (Some(at(3)), 1));
    assert_eq!((lab.health("api").0, of(&lab, "api").stale_since), (HealthState::Healthy, None), "its list is fresh");
    assert_eq!(lab.fleet.stale_since(&pod("web", 1).key), Some(at(3)));
    lab.news(vec![Update::Status(status(Freshness::Fresh))], 6);
    assert_eq!((lab.health("web").0, of(&lab, "web").stale_since), (HealthState::Healthy, None));
}

#[test]
fn objects_are_counted_as_they_come_and_go() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1)], vec![pod("web", 1), pod("web", 2)]));
    let objects = |lab: &Lab| lab.fleet.sources().next().unwrap().objects;
    assert_eq!(objects(&lab), 3);
    lab.news(vec![Update::Drop(pod("web", 2).key), Update::Drop(pod("web", 2).key)], 1);
    lab.put(pod("web", 1), 1);
    assert_eq!(objects(&lab), 2);
}
