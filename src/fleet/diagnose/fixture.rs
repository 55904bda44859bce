//! Small facts for tests of rules and of the Fleet.

use crate::fleet::SourceView;
use crate::model::{
    CheckState, Exit, Freshness, Image, Instance, Key, Kind, Labels, Phase, Platform, Rollout, SourceKind, SourceName,
    SourceStatus, Text, Timestamp, Waiting, Workload, WorkloadKind,
};

use super::{Case, Part};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn source() -> SourceName {
    SourceName::new("kubernetes:lab")
}

pub(crate) fn view(state: Freshness) -> SourceView {
    SourceView {
        name: source(),
        kind: SourceKind::Kubernetes,
        found_by: Text::line("test"),
        state,
        since: at(-60),
        status: SourceStatus { state, ..SourceStatus::default() },
        synced: true,
        objects: 0,
    }
}

/// A Deployment in `shop-prod` with these numbers, probed, its rollout done an hour ago.
pub(crate) fn deployment(name: &str, desired: u32, ready: u32) -> Workload {
    Workload {
        key: Key::new(&source(), Kind::Workload, &format!("uid-{name}")),
        platform: Platform::Kubernetes,
        kind: WorkloadKind::Deployment,
        scope: Text::name("shop-prod"),
        name: Text::name(name),
        labels: Labels::default(),
        parent: None,
        desired: Some(desired),
        ready: Some(ready),
        updated: Some(desired),
        available: Some(ready),
        observed: true,
        rollout: Rollout::Steady,
        job: None,
        probed: Some(true),
        images: vec![Image::of_reference("registry.example/shop/api:1.8.2")],
        owners: vec![],
        drift: vec![],
        revision: None,
        created_at: Some(at(-3600)),
        changed_at: Some(at(-3600)),
    }
}

/// A pod of the Deployment `of`: running and ready for an hour.
pub(crate) fn pod(of: &str, n: u32) -> Instance {
    Instance {
        key: Key::new(&source(), Kind::Instance, &format!("uid-{of}-{n}")),
        scope: Text::name("shop-prod"),
        name: Text::name(&format!("{of}-{n}")),
        workload: Some((WorkloadKind::Deployment, Text::name(of))),
        phase: Phase::Running,
        ready: Some(true),
        check: CheckState::Passing,
        check_output: None,
        waiting: None,
        unschedulable: None,
        restarts: 0,
        last_exit: None,
        created_at: Some(at(-3600)),
        started_at: Some(at(-3600)),
        node: Some(Text::name("node-1")),
        images: vec![],
        containers: vec![],
        cpu_limit_millicores: None,
        memory_limit_bytes: None,
        number: Some(n),
        template: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the field has it")]
pub(crate) fn waiting(reason: &str, message: &str) -> Option<Box<Waiting>> {
    Some(Box::new(Waiting { reason: Text::name(reason), message: Text::line(message) }))
}

#[expect(clippy::unnecessary_wraps, reason = "as the field has it")]
pub(crate) fn exit(code: i32, second: i64) -> Option<Box<Exit>> {
    Some(Box::new(Exit { code: Some(code), reason: None, out_of_memory: false, at: Some(at(second)) }))
}

/// Runs a rule on one Workload and its Instances at second 0.
pub(crate) fn find(
    check: fn(&Case<'_>) -> Option<crate::model::Finding>,
    workload: &Workload,
    instances: &[Instance],
) -> Option<crate::model::Finding> {
    with_case(workload, instances, 0, check)
}

/// Makes a case of one Workload of a fresh Source at second 0.
pub(crate) fn with_case<T>(
    workload: &Workload,
    instances: &[Instance],
    restarts: u32,
    look: impl FnOnce(&Case<'_>) -> T,
) -> T {
    let view = view(Freshness::Fresh);
    let part = Part {
        source: &view,
        kind: workload.kind,
        scope: &workload.scope,
        name: &workload.name,
        workload: Some(workload),
        instances: instances.iter().collect(),
        runs: vec![],
        autoscalers: vec![],
        events: vec![],
        complete: true,
        instances_known: true,
        lapse: None,
    };
    look(&Case::new(at(0), vec![part], restarts))
}
