//! From an Intent to a Plan: the verb drafts, the policy judges, and the whole gets its id.

use jiff::ToSpan;

use super::intent::{Intent, Wish};
use super::plan::{EXPIRES_SECONDS, Plan};
use super::policy::{Circumstances, judge};
use super::verb::{Cannot, Draft, restart, scale};
use crate::model::target::Target;
use crate::model::{Text, Tier};

/// Makes the Plan. `targets` were read for it just now; `around` are warnings that the Fleet gives (alarms that fire, a
/// backlog, other operators), shown beside those of the verb.
///
/// # Errors
/// Where the verb can do nothing with these Targets. What a rule says against it stands in the Plan, so that it is seen.
pub fn make(
    intent: Intent,
    tier: Tier,
    targets: &[Target],
    around: Vec<Text>,
    by: &Circumstances,
) -> Result<Plan, Cannot> {
    let service = &intent.target.service;
    let Draft { before, after, steps, reversal, mut warnings } = match intent.wish {
        Wish::Scale { to } => scale::draft(service, to, targets)?,
        Wish::Restart => restart::draft(service, targets)?,
    };
    warnings.extend(around);
    let (guards, approval) = judge(&steps, by);
    let expires_at = by.now.checked_add(EXPIRES_SECONDS.seconds()).unwrap_or(by.now);
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
    };
    Ok(plan.sealed())
}
