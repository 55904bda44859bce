//! Promote: the Release that runs in one Environment is brought to the same Service of another, by digest.

use super::draft::{Cannot, Draft, no, owners};
use crate::action::plan::Step;
use crate::action::release;
use crate::model::{Contained, Operation, Platform, Target, Text, WorkloadKind};

/// What one Workload shall run, and where that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub target: Target,
    /// By digest; in the target's own registry or on its engine.
    pub containers: Vec<Contained>,
}

/// What promoting would do: each Workload that does not run the Release yet gets it, one after the other.
///
/// # Errors
/// Nothing to change, or a Workload whose images cannot be changed.
pub fn draft(service: &Text, from: &str, wanted: &[Wanted]) -> Result<Draft, Cannot> {
    images(service, wanted, &format!("of {from}"))
}

/// The Steps that make Workloads run given images, shared with roll back.
pub(super) fn images(service: &Text, wanted: &[Wanted], origin: &str) -> Result<Draft, Cannot> {
    if wanted.is_empty() {
        return Err(Cannot::Nothing(service.clone()));
    }
    wanted.iter().try_for_each(|w| can(w.target.kind))?;
    let mut steps = Vec::new();
    for Wanted { target, containers } in wanted {
        if containers.is_empty() {
            return Err(Cannot::NoImage {
                name: target.name.clone(),
                why: Text::line("no image of the Release fits it"),
            });
        }
        if !runs_already(target, containers) {
            steps.push(step(target, containers, origin));
        }
    }
    if steps.is_empty() {
        let runs = wanted.iter().map(|w| release::words(&w.containers)).collect::<Vec<_>>().join(", ");
        return Err(Cannot::RunsAlready { name: service.clone(), runs: Text::line(&runs) });
    }
    let words = |of: &dyn Fn(&Step) -> String| Text::line(&steps.iter().map(of).collect::<Vec<_>>().join(", "));
    let before = words(&|step| release::words(&now(&step.target)));
    let after = words(&|step| step.operation.images().map(release::words).unwrap_or_default());
    let mut warnings: Vec<Text> = steps.iter().flat_map(|step| owners(&step.target, "the image")).collect();
    warnings.extend(steps.iter().flat_map(|step| step.target.remarks.clone()));
    Ok(Draft {
        reversal: Text::line(&format!(
            "roll back to {before}: restores the images, not what they did to data; configuration stays as it is"
        )),
        before,
        after,
        steps,
        warnings,
        on_failure: crate::action::plan::OnFailure::TakeBack,
    })
}

/// What runs by digest, else what is declared.
fn now(target: &Target) -> Vec<Contained> {
    release::running(target).unwrap_or_else(|_| target.containers.clone())
}

/// Whether declaration and Instances have these images already: then nothing is touched (SAFETY G13).
fn runs_already(target: &Target, wanted: &[Contained]) -> bool {
    let same = |have: &[Contained], want: &Contained| {
        have.iter().any(|h| h.name == want.name && release::digest(&h.image) == release::digest(&want.image))
    };
    let running = release::running(target);
    wanted.iter().all(|want| running.as_ref().is_ok_and(|running| same(running, want)))
        && (target.platform == Platform::Compose || wanted.iter().all(|want| declares(target, want)))
}

/// A declaration by tag whose Instances run the digest is as good as one by digest: writing it would only roll them.
fn declares(target: &Target, want: &Contained) -> bool {
    let own = target.containers.iter().find(|own| own.name == want.name);
    own.is_some_and(|own| own.image.digest.is_none() || release::digest(&own.image) == release::digest(&want.image))
}

fn step(target: &Target, containers: &[Contained], origin: &str) -> Step {
    let (scope, name) = (&target.scope, &target.name);
    let named: Vec<String> = containers.iter().map(|c| format!("{}={}", c.name, c.image.reference)).collect();
    let runs_as = match target.platform {
        Platform::Compose => {
            format!("docker compose -p {scope} -f … -f OUR-PIN up -d --no-deps --no-build {name}, start-first")
        }
        Platform::Kubernetes => {
            format!("kubectl set image {}/{name} -n {scope} {}", target.kind.word().to_lowercase(), named.join(" "))
        }
        Platform::Ecs => {
            format!("aws ecs register-task-definition with {}, then update-service {name}", named.join(" "))
        }
    };
    let back = now(target);
    let back = containers.iter().filter_map(|c| back.iter().find(|b| b.name == c.name).cloned()).collect();
    Step {
        title: Text::line(&format!("{} {name} runs {} {origin}", target.kind, release::words(containers))),
        target: target.clone(),
        operation: Operation::Images { containers: containers.to_vec() },
        back: Some(Operation::Images { containers: back }),
        runs_as: Text::line(&runs_as),
    }
}

fn can(kind: WorkloadKind) -> Result<(), Cannot> {
    let verb = "given another Release";
    match kind {
        WorkloadKind::ComposeService
        | WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Rollout
        | WorkloadKind::EcsService => Ok(()),
        WorkloadKind::Container => no(kind, verb, "no Compose project declares it"),
        WorkloadKind::ReplicaSet => no(kind, verb, "only what owns it can"),
        WorkloadKind::Job | WorkloadKind::CronJob => {
            no(kind, verb, "it runs to an end: its next run takes what is declared")
        }
        WorkloadKind::Pod => no(kind, verb, "nothing owns it that would make it anew"),
    }
}
