//! From an Intent to a Plan: the verb drafts, the platform may rehearse the draft's Steps, the policy judges, and the
//! whole gets its id.

use jiff::ToSpan;

use super::intent::{Intent, Wish};
use super::plan::{EXPIRES_SECONDS, Plan};
use super::policy::{Circumstances, judge};
use super::verb::promote::{self, Wanted};
use super::verb::{Cannot, Draft, restart, rollback, rollout, scale};
use crate::model::{Operation, Target, Text, Tier};

/// What was read for a Plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Material {
    /// The Service's Workloads, each by an authoritative read.
    pub targets: Vec<Target>,
    /// Promote, and roll back by the ledger: what each Workload shall run.
    pub wanted: Vec<Wanted>,
    /// Promote: where the Release comes from, in words.
    pub from: String,
}

/// What the verb would do.
///
/// # Errors
/// Where it can do nothing with this material.
pub fn draft(intent: &Intent, material: &Material) -> Result<Draft, Cannot> {
    let (service, targets) = (&intent.target.service, &material.targets[..]);
    match &intent.wish {
        Wish::Scale { to } => scale::draft(service, *to, targets),
        Wish::Limits { min, max } => rollout::limits(service, (*min, *max), targets),
        Wish::Restart => restart::draft(service, targets),
        Wish::Promote { .. } => promote::draft(service, &material.from, &material.wanted),
        Wish::RollBack { .. } if !material.wanted.is_empty() => rollback::to_images(service, &material.wanted),
        Wish::RollBack { to } => match targets {
            [] => Err(Cannot::Nothing(service.clone())),
            [one] => rollback::to_revision(one, to.as_ref()),
            several => {
                let workloads = several.iter().map(|t| format!("{} {}", t.kind, t.name)).collect();
                Err(Cannot::Several { service: service.clone(), workloads })
            }
        },
        Wish::Pause => rollout::pause(service, true, targets),
        Wish::Resume => rollout::pause(service, false, targets),
        Wish::Undo => rollout::undo(service, targets),
        Wish::Delete { instance } => rollout::delete(service, instance, targets),
    }
}

/// The Plan of a draft. `around` are warnings that the Fleet gives (alarms that fire, a backlog, other operators), shown
/// beside those of the verb. What a rule says against it stands in the Plan, so that it is seen.
#[must_use]
pub fn seal(intent: Intent, tier: Tier, draft: Draft, around: Vec<Text>, by: &Circumstances) -> Plan {
    let Draft { before, after, steps, reversal, mut warnings, on_failure } = draft;
    warnings.extend(around);
    warnings.dedup();
    let (guards, approval) = judge(&steps, by);
    let expires_at = by.now.checked_add(EXPIRES_SECONDS.seconds()).unwrap_or(by.now);
    let within_seconds = steps.iter().map(|step| within(&step.operation)).max().unwrap_or_default();
    let plan = Plan {
        id: Text::empty(),
        intent,
        tier,
        before,
        after,
        steps,
        guards,
        approval,
        made_at: by.now,
        expires_at,
        reversal,
        warnings,
        on_failure,
        bake_seconds: by.policy.bake_seconds,
        within_seconds,
    };
    plan.sealed()
}

/// How long one Step may take, seconds: `kubectl rollout status` and Deployments give up after ten minutes.
fn within(operation: &Operation) -> u32 {
    match operation {
        Operation::Images { .. } | Operation::Revision { .. } | Operation::Restart => 600,
        Operation::Scale { .. } | Operation::Delete { .. } => 300,
        Operation::Limits { .. } | Operation::Pause | Operation::Resume => 30,
    }
}

/// Both at once, where nothing is rehearsed.
///
/// # Errors
/// As [`draft`].
pub fn make(
    intent: Intent,
    tier: Tier,
    targets: &[Target],
    around: Vec<Text>,
    by: &Circumstances,
) -> Result<Plan, Cannot> {
    let drafted = draft(&intent, &Material { targets: targets.to_vec(), ..Material::default() })?;
    Ok(seal(intent, tier, drafted, around, by))
}
