//! The filter language asked of real rows.

use super::*;
use crate::fleet::query::{InstanceRow, Query, ServiceRow};

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
