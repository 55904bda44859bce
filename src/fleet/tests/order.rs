//! Orders that people rely on: Instances, findings, images; and what a Fleet of ten thousand pods costs.

use super::*;

#[test]
fn instances_stand_by_number_then_name() {
    let all = [3, 1, 10, 2].map(|n| pod("web", n)).to_vec();
    let lab = Lab::of(facts(vec![deployment("web", 4, 4)], all));
    let service = lab.fleet.services().next().unwrap();
    let names: Vec<_> = service.instances.iter().map(|key| lab.fleet.instance(key).unwrap().name.to_string()).collect();
    assert_eq!(names, ["web-1", "web-2", "web-3", "web-10"]);
}

#[test]
fn an_update_of_one_service_leaves_all_others_alone() {
    let workloads: Vec<Workload> = (0..50).map(|n| deployment(&format!("svc-{n}"), 1, 1)).collect();
    let mut lab = Lab::of(facts(workloads, vec![]));
    lab.fleet.apply(&lab.source.clone(), put(Fact::from(deployment("svc-7", 2, 1))), at(1));
    assert_eq!(lab.fleet.index.take_touched().len(), 1);
}
