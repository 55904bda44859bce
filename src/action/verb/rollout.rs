//! Pause, resume and undo of a rollout that is under way; the limits of an autoscaler; one Instance to be replaced.

use super::draft::{Cannot, Draft, no, only};
use super::rollback;
use crate::action::plan::{OnFailure, Step};
use crate::model::{Operation, Platform, Rollout, Running, Target, Text, WorkloadKind};

/// Pause (`true`) or resume.
///
/// # Errors
/// The platform has no such thing, or it is so already.
pub fn pause(service: &Text, pause: bool, targets: &[Target]) -> Result<Draft, Cannot> {
    let target = only(service, targets)?;
    let (verb, state) = if pause { ("paused", "a paused rollout") } else { ("resumed", "a rollout that goes on") };
    if !matches!(target.kind, WorkloadKind::Deployment | WorkloadKind::Rollout) {
        return no(target.kind, verb, "its platform cannot hold a rollout");
    }
    if target.paused == pause {
        return Err(Cannot::IsSo { name: target.name.clone(), what: Text::line(&format!("{verb} already")) });
    }
    let word = if pause { "pause" } else { "resume" };
    let step = Step {
        title: Text::line(&format!("{word} the rollout of {} {}", target.kind, target.name)),
        target: target.clone(),
        operation: if pause { Operation::Pause } else { Operation::Resume },
        back: Some(if pause { Operation::Resume } else { Operation::Pause }),
        runs_as: kubectl(target, &format!("rollout {word}")),
    };
    let other = if pause { "a rollout that goes on" } else { "a paused rollout" };
    Ok(Draft {
        before: Text::line(other),
        after: Text::line(state),
        steps: vec![step],
        reversal: Text::line(if pause { "resume" } else { "pause" }),
        warnings: if pause {
            vec![Text::line("old and new Instances serve side by side until it is resumed")]
        } else {
            Vec::new()
        },
        on_failure: OnFailure::Keep,
    })
}

/// Undo: back to what ran before the rollout that is under way.
///
/// # Errors
/// None is under way, or nothing is known to go back to.
pub fn undo(service: &Text, targets: &[Target]) -> Result<Draft, Cannot> {
    let target = only(service, targets)?;
    if target.state.rollout == Rollout::Steady && !target.paused {
        let what = Text::line("not being rolled out: `rollback` returns to an earlier Release");
        return Err(Cannot::IsSo { name: target.name.clone(), what });
    }
    rollback::to_revision(target, None)
}

/// Other limits of the autoscaler that owns the number.
///
/// # Errors
/// There is none, or the limits are none.
pub fn limits(service: &Text, (min, max): (u32, u32), targets: &[Target]) -> Result<Draft, Cannot> {
    let target = only(service, targets)?;
    let Some(scaler) = &target.state.scaler else {
        let what = Text::line("scaled by nobody but people: `scale` sets its number");
        return Err(Cannot::IsSo { name: target.name.clone(), what });
    };
    if min > max || max == 0 {
        return Err(Cannot::IsSo {
            name: target.name.clone(),
            what: Text::line("not scaled between such limits: the least is above the most"),
        });
    }
    if (scaler.min, scaler.max) == (min, max) {
        return Err(Cannot::IsSo {
            name: target.name.clone(),
            what: Text::line(&format!("scaled between {min} and {max} already")),
        });
    }
    let owner = scaler.owner.clone();
    let step = Step {
        title: Text::line(&format!("{} {} scales between {min} and {max}", owner.kind, owner.name)),
        target: target.clone(),
        operation: Operation::Limits { owner: owner.clone(), min, max },
        back: Some(Operation::Limits { owner: owner.clone(), min: scaler.min, max: scaler.max }),
        runs_as: match target.platform {
            Platform::Kubernetes => Text::line(&format!(
                "kubectl patch {} {} -n {} with {min} and {max}",
                owner.kind.to_string().to_lowercase(),
                owner.name,
                target.scope
            )),
            _ => Text::line(&format!(
                "aws application-autoscaling register-scalable-target --min-capacity {min} --max-capacity {max}"
            )),
        },
    };
    Ok(Draft {
        before: Text::line(&format!("{} to {}", scaler.min, scaler.max)),
        after: Text::line(&format!("{min} to {max}")),
        steps: vec![step],
        reversal: Text::line(&format!("the limits {} to {} again", scaler.min, scaler.max)),
        warnings: Vec::new(),
        on_failure: OnFailure::Keep,
    })
}

/// Delete one Instance and let it be replaced.
///
/// # Errors
/// None of that name, or nothing would make another.
pub fn delete(service: &Text, instance: &Text, targets: &[Target]) -> Result<Draft, Cannot> {
    if targets.is_empty() {
        return Err(Cannot::Nothing(service.clone()));
    }
    let is = |running: &&Running| running.id == *instance || running.name == *instance;
    let found = targets.iter().find_map(|target| Some((target, target.state.running.iter().find(is)?)));
    let Some((target, running)) = found else {
        return Err(Cannot::NoInstance { service: service.clone(), instance: instance.clone() });
    };
    if matches!(target.kind, WorkloadKind::Pod | WorkloadKind::Container | WorkloadKind::Job | WorkloadKind::CronJob) {
        return no(target.kind, "deleted", "nothing owns it that would put another in its place");
    }
    let step = Step {
        title: Text::line(&format!(
            "delete {} of {} {}; another takes its place",
            running.name, target.kind, target.name
        )),
        target: target.clone(),
        operation: Operation::Delete { instance: running.id.clone() },
        back: None,
        runs_as: match target.platform {
            Platform::Kubernetes => Text::line(&format!("kubectl delete pod {} -n {}", running.name, target.scope)),
            Platform::Compose => {
                Text::line(&format!("docker rm -f {}, then docker compose up -d --no-recreate", running.name))
            }
            Platform::Ecs => {
                Text::line(&format!("aws ecs stop-task --cluster {} --task {}", target.scope, running.name))
            }
        },
    };
    let mut warnings = Vec::new();
    if target.desired == Some(1) {
        warnings.push(Text::line(&format!("{} has one Instance: it is away until another is ready", target.name)));
    }
    Ok(Draft {
        before: Text::line(&running.name.to_string()),
        after: Text::line("another Instance in its place"),
        steps: vec![step],
        reversal: Text::line("none: what it held in memory and on its own disk is gone"),
        warnings,
        on_failure: OnFailure::Keep,
    })
}

fn kubectl(target: &Target, words: &str) -> Text {
    let kind = target.kind.word().to_lowercase();
    Text::line(&format!("kubectl {words} {kind}/{} -n {}", target.name, target.scope))
}
