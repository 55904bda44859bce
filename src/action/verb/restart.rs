//! Restart: every Instance is replaced by one of the same declaration, never all at once.

use super::draft::{Cannot, Draft, no, owners};
use crate::action::plan::{OnFailure, Step};
use crate::model::{Operation, Target};
use crate::model::{Platform, Text, WorkloadKind};

/// What restarting `service` would do: its Workloads one after the other.
///
/// # Errors
/// Where it has none, or one that cannot be restarted.
pub fn draft(service: &Text, targets: &[Target]) -> Result<Draft, Cannot> {
    if targets.is_empty() {
        return Err(Cannot::Nothing(service.clone()));
    }
    targets.iter().try_for_each(|target| can(target.kind))?;
    let steps = targets.iter().map(step).collect();
    let mut warnings: Vec<Text> =
        targets.iter().flat_map(|target| owners(target, "the mark on its template")).collect();
    warnings.extend(targets.iter().flat_map(|target| target.remarks.clone()));
    for target in targets {
        match target.desired {
            Some(0) => {
                warnings.push(Text::line(&format!("{} is scaled to zero: there is nothing to restart", target.name)));
            }
            Some(1) if target.platform == Platform::Compose => {
                warnings
                    .push(Text::line(&format!("{} has one Instance: it is away while it starts anew", target.name)));
            }
            _ => {}
        }
    }
    let running: u32 = targets.iter().filter_map(|target| target.ready).sum();
    Ok(Draft {
        before: Text::line(&format!("{running} ready")),
        after: Text::line("the same, all started anew"),
        steps,
        reversal: Text::line("none is needed: the declaration stays; what the Instances held in memory is gone"),
        warnings,
        on_failure: OnFailure::Keep,
    })
}

fn step(target: &Target) -> Step {
    let (scope, name) = (&target.scope, &target.name);
    let runs_as = match target.platform {
        Platform::Compose => {
            format!("docker restart of each container of {name} in project {scope}, one after the other")
        }
        Platform::Kubernetes => {
            format!("kubectl rollout restart {}/{name} -n {scope}", target.kind.word().to_lowercase())
        }
        Platform::Ecs => format!("aws ecs update-service --cluster {scope} --service {name} --force-new-deployment"),
    };
    Step {
        title: Text::line(&format!("restart {} {name}, one Instance after the other", target.kind)),
        target: target.clone(),
        operation: Operation::Restart,
        back: None,
        runs_as: Text::line(&runs_as),
    }
}

fn can(kind: WorkloadKind) -> Result<(), Cannot> {
    let no = |why| no(kind, "restarted", why);
    match kind {
        WorkloadKind::ComposeService
        | WorkloadKind::Container
        | WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Rollout
        | WorkloadKind::EcsService => Ok(()),
        WorkloadKind::ReplicaSet => no("only what owns it can replace its Instances"),
        WorkloadKind::Job | WorkloadKind::CronJob => no("it runs to an end"),
        WorkloadKind::Pod => no("nothing owns it that would make it anew"),
    }
}
