//! Scale: another number of Instances of a Service that is one Workload.

use super::draft::{Cannot, Draft, instances, no, only, owners};
use crate::action::intent::Count;
use crate::action::plan::{OnFailure, Step};
use crate::model::{Operation, Target};
use crate::model::{Platform, Text, WorkloadKind};

/// What scaling `service` to `to` would do.
///
/// # Errors
/// Where the Service is no single Workload, cannot be scaled, or already has that number.
pub fn draft(service: &Text, to: Count, targets: &[Target]) -> Result<Draft, Cannot> {
    let target = only(service, targets)?;
    can(target.kind)?;
    let from = target.desired.ok_or_else(|| Cannot::Unknown(target.name.clone()))?;
    let to = to.of(from)?;
    if to == from {
        return Err(Cannot::Already { name: target.name.clone(), count: from });
    }
    let step = Step {
        title: Text::line(&format!("scale {} {} {from} → {to}", target.kind, target.name)),
        target: target.clone(),
        operation: Operation::Scale { to },
        back: Some(Operation::Scale { to: from }),
        runs_as: runs_as(target, to),
    };
    let lost =
        if to < from { "not the work that was under way in those taken away" } else { "not jobs taken meanwhile" };
    let mut warnings = owners(target, "the number");
    if let Some(scaler) = &target.state.scaler {
        warnings.push(Text::line(&format!(
            "{} {} moves the number by itself between {} and {}: `--limits MIN:MAX` changes those instead",
            scaler.owner.kind, scaler.owner.name, scaler.min, scaler.max
        )));
    }
    warnings.extend(target.remarks.clone());
    if to == 0 {
        warnings.push(Text::line("nothing of it will run"));
    }
    Ok(Draft {
        before: instances(from),
        after: instances(to),
        steps: vec![step],
        reversal: Text::line(&format!("scale back to {from}: restores the number, {lost}")),
        warnings,
        on_failure: OnFailure::Keep,
    })
}

fn can(kind: WorkloadKind) -> Result<(), Cannot> {
    let no = |why| no(kind, "scaled", why);
    match kind {
        WorkloadKind::ComposeService
        | WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::ReplicaSet
        | WorkloadKind::Rollout
        | WorkloadKind::EcsService => Ok(()),
        WorkloadKind::DaemonSet => no("it has one Instance on each node"),
        WorkloadKind::Job | WorkloadKind::CronJob => no("it runs to an end"),
        WorkloadKind::Pod | WorkloadKind::Container => no("nothing owns it that could make another"),
    }
}

/// The same as the platform's own tool would do it.
fn runs_as(target: &Target, to: u32) -> Text {
    let (scope, name) = (&target.scope, &target.name);
    let words = match target.platform {
        Platform::Compose => {
            format!(
                "docker compose -p {scope} up -d --no-deps --no-recreate --no-build --pull never --scale {name}={to} {name}"
            )
        }
        Platform::Kubernetes => {
            let version = target.version.as_ref().map(|v| format!(" --resource-version={v}")).unwrap_or_default();
            let kind = target.kind.word().to_lowercase();
            format!("kubectl scale {kind}/{name} -n {scope} --replicas={to}{version}")
        }
        Platform::Ecs => format!("aws ecs update-service --cluster {scope} --service {name} --desired-count {to}"),
    };
    Text::line(&words)
}
