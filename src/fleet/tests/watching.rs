//! The Timeline: what changed while we watched, and nothing else.

use super::*;
use crate::model::Image;

fn lab() -> Lab {
    Lab::of(facts(vec![deployment("web", 2, 2)], vec![pod("web", 1), pod("web", 2)]))
}

#[test]
fn the_first_list_and_a_relist_of_the_same_facts_are_no_change() {
    let mut lab = lab();
    lab.relist(facts(vec![deployment("web", 2, 2)], vec![pod("web", 1), pod("web", 2)]), 5);
    lab.news(vec![Update::Synced], 5);
    assert!(lab.lines().is_empty(), "{:?}", lab.lines());
}

#[test]
fn scale_release_health_restart_and_presence_are_told_once_each() {
    let mut lab = lab();
    lab.put(Workload { desired: Some(3), ready: Some(2), updated: Some(2), ..deployment("web", 2, 2) }, 1);
    lab.put(
        Workload { images: vec![Image::of_reference("registry.example/shop/api:1.8.3")], ..deployment("web", 3, 3) },
        2,
    );
    lab.put(Instance { restarts: 1, ..pod("web", 1) }, 3);
    lab.put(Instance { restarts: 3, ..pod("web", 1) }, 4);
    lab.put(deployment("api", 1, 1), 5);
    lab.news(vec![Update::Drop(deployment("api", 1, 1).key)], 6);
    assert_eq!(
        lab.lines(),
        [
            "scale prod/web replicas 2 → 3",
            "health prod/web healthy → degraded: 2 of 3 ready",
            "release prod/web image api 1.8.2 → 1.8.3",
            "health prod/web degraded → healthy",
            "restart prod/web 3 restarts",
            "health prod/web healthy → degraded: 3 restarts in 10m",
            "presence prod/api appeared",
            "presence prod/api gone",
        ]
    );
    assert_eq!(lab.fleet.service(&lab.fleet.resolve("web").unwrap()).unwrap().last_change_at, Some(at(4)));
    lab.fleet.gauge(&lab.source.clone(), 1, None, Some(at(604)));
    lab.fleet.settle(at(604));
    assert_eq!(lab.health("web").0, HealthState::Healthy, "a burst is over ten minutes after it");
}

#[test]
fn a_rollout_that_goes_well_is_no_change_of_health() {
    let mut lab = lab();
    lab.put(Workload { updated: Some(0), ..deployment("web", 2, 2) }, 1);
    assert_eq!(lab.health("web").0, HealthState::Unknown);
    lab.put(deployment("web", 2, 2), 2);
    assert!(lab.lines().is_empty(), "{:?}", lab.lines());
}

#[test]
fn pods_that_are_replaced_are_told_and_scaling_is_not_mistaken_for_it() {
    let mut lab = lab();
    lab.put(pod("web", 3), 1);
    lab.news(vec![Update::Drop(pod("web", 1).key)], 2);
    lab.put(pod("web", 4), 3);
    lab.news(vec![Update::Drop(pod("web", 2).key)], 4);
    assert_eq!(lab.lines(), ["restart prod/web 2 Instances replaced"]);
    lab.put(deployment("web", 1, 1), 200);
    lab.news(vec![Update::Drop(pod("web", 3).key)], 201);
    assert_eq!(lab.lines().len(), 2, "{:?}", lab.lines());
}

#[test]
fn a_curve_is_kept_of_each_service() {
    let mut lab = lab();
    lab.put(deployment("web", 2, 1), 30);
    let web = lab.fleet.resolve("web").unwrap();
    let curve = lab.fleet.curve(&web, crate::fleet::Curve::Ready, at(40), 5);
    assert_eq!(curve, [Some(2), Some(2), Some(2), Some(1), Some(1)]);
}

#[test]
fn measurements_are_added_up_and_forgotten_when_nobody_measures_any_more() {
    let mut lab = lab();
    let sample = |n: u32, cpu: f64| {
        Update::Sample(crate::model::Sample {
            instance: pod("web", n).key,
            at: at(1),
            cpu_cores: Some(cpu),
            memory_bytes: None,
        })
    };
    lab.news(vec![sample(1, 0.25), sample(2, 0.5), sample(9, 100.0)], 1);
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.cpu_cores, service.memory_bytes), (Some(0.75), None));
    assert_eq!(lab.fleet.measured(&pod("web", 1).key).unwrap().newest.cpu_cores, Some(0.25));
    lab.fleet.settle(at(121));
    assert_eq!(lab.fleet.services().next().unwrap().cpu_cores, None);
}
