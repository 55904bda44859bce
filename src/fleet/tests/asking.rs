//! The filter language asked of real rows.

use super::*;
use crate::fleet::query::{InstanceRow, Query, ServiceRow};
use crate::model::Sample;

fn lab() -> Lab {
    let looping = Instance {
        waiting: waiting("CrashLoopBackOff", "back-off 5m0s"),
        ready: Some(false),
        restarts: 7,
        last_exit: crate::fleet::diagnose::fixture::exit(137, -5),
        node: Some(Text::name("node-2")),
        ..pod("worker", 1)
    };
    let untold = Workload { desired: None, ..deployment("untold", 1, 1) };
    let workloads = vec![deployment("worker", 2, 0), deployment("web", 1, 1), untold];
    Lab::of(facts(workloads, vec![looping, pod("worker", 2), pod("web", 1)]))
}

fn ask(lab: &Lab, typed: &str) -> Vec<String> {
    let query = Query::parse(typed).unwrap();
    let row = |service| ServiceRow { fleet: &lab.fleet, service, now: at(0) };
    let matching = lab.fleet.services().filter(|service| query.matches(&row(service)));
    matching.map(|service| service.address.service.to_string()).collect()
}

#[test]
fn every_field_can_be_asked_of_services() {
    let lab = lab();
    for (typed, found) in [
        ("", vec!["untold", "web", "worker"]),
        ("ready<desired", vec!["worker"]),
        ("!ready<desired", vec!["untold", "web"]),
        ("desired>=0", vec!["web", "worker"]),
        ("health:bad", vec!["worker"]),
        ("health:down tier:prod", vec!["worker"]),
        ("!health:healthy", vec!["untold", "worker"]),
        ("env:prod", vec!["untold", "web", "worker"]),
        ("env:shop/prod system:shop name:web", vec!["web"]),
        ("env:pro", vec![]),
        ("env~pro name:w*", vec!["web", "worker"]),
        ("reason~\"crash loop\"", vec!["worker"]),
        ("restarts>3", vec!["worker"]),
        ("exit=137 node:node-2", vec!["worker"]),
        ("image~1.8.2 platform:kube kind:deployment ns:shop-*", vec!["untold", "web", "worker"]),
        ("source:lab", vec!["untold", "web", "worker"]),
        ("source:kubernetes:lab", vec!["untold", "web", "worker"]),
        ("cpu>=0", vec![]),
        ("age<2h", vec!["web", "worker"]),
        ("age<10m", vec![]),
        ("prod/we", vec!["web"]),
        ("wrk", vec!["worker"]),
        ("shpweb", vec![]),
        ("!web !untold", vec!["worker"]),
    ] {
        assert_eq!(ask(&lab, typed), found, "{typed}");
    }
}

#[test]
fn instances_answer_for_themselves_and_their_service_for_the_rest() {
    let lab = lab();
    let service = lab.fleet.service(&lab.fleet.resolve("worker").unwrap()).unwrap();
    for (typed, found) in [
        ("ready=0", vec!["worker-1"]),
        ("ready:1", vec!["worker-2"]),
        ("reason~crash", vec!["worker-1"]),
        ("node:node-1", vec!["worker-2"]),
        ("env:prod restarts<7", vec!["worker-2"]),
        ("worker-2", vec!["worker-2"]),
        ("health:down", vec!["worker-1", "worker-2"]),
    ] {
        let query = Query::parse(typed).unwrap();
        let row = ServiceRow { fleet: &lab.fleet, service, now: at(0) };
        let instances = service.instances.iter().map(|key| lab.fleet.instance(key).unwrap());
        let matching = instances.filter(|instance| query.matches_instance(&InstanceRow { service: row, instance }));
        let names: Vec<_> = matching.map(|instance| instance.name.to_string()).collect();
        assert_eq!(names, found, "{typed}");
    }
}

#[test]
fn a_share_is_of_limits_that_are_known_and_of_measurements_that_are_fresh() {
    let limited =
        |number, limit| Instance { cpu_limit_millicores: limit, memory_limit_bytes: Some(1_000), ..pod("web", number) };
    let (first, second) = (limited(1, Some(500)), limited(2, None));
    let keys = [first.key.clone(), second.key.clone()];
    let mut lab = Lab::of(facts(vec![deployment("web", 2, 2)], vec![first, second]));
    let measured = |at_second| {
        let one = |key: &Key| Sample {
            instance: key.clone(),
            at: at(at_second),
            cpu_cores: Some(0.45),
            memory_bytes: Some(900),
        };
        keys.iter().map(|key| Update::Sample(one(key))).collect()
    };
    lab.news(measured(-200), -200);
    assert_eq!(ask(&lab, "cpu_share>=0"), Vec::<String>::new(), "what was measured long ago says nothing");
    lab.news(measured(0), 0);
    for (typed, found) in [("cpu_share>80%", 1), ("cpu_share>95%", 0), ("memory_share>=90", 1), ("mem_share>90%", 0)] {
        assert_eq!(ask(&lab, typed).len(), found, "{typed}");
    }
}
