//! The approval: a person's yes to one Plan, word by word. [`Approved`] is the only key to what can change anything, and
//! nothing outside of this module can make one.

use super::plan::{Confirm, Plan, Step};
use crate::model::{Moved, Operation, Target, Text, Timestamp};

/// What a person gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The id of the Plan that was shown.
    pub plan: Text,
    /// Go ahead was pressed, or `--yes` given.
    pub pressed: bool,
    /// What was typed as the target's address, or given by `--confirm`.
    pub typed: Option<String>,
}

/// Why a yes is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    #[error("{rule}: {detail}")]
    Refused { rule: Text, detail: Text },
    #[error("the Plan expired at {0:.0}: it is made anew, and shown again")]
    Expired(Timestamp),
    #[error("what was confirmed is not the Plan that was shown")]
    AnotherPlan,
    #[error("the Plan was changed after it was made")]
    Edited,
    #[error("not confirmed: it asks to press go ahead, or for --yes")]
    NotPressed,
    #[error("not confirmed: it asks for the address {0} to be typed, or for --confirm {0}")]
    NotTyped(Text),
    #[error("a reason is asked for: type it, or give --reason")]
    NoReason,
}

/// A Plan that policy allows and a person has confirmed.
#[derive(Debug, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// One Step of an approved Plan on the Target as it was read just now: all that `operate` takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    run: Text,
    target: Target,
    operation: Operation,
}

impl Order {
    /// The Run that it belongs to: its name in what the platform keeps of the change.
    #[must_use]
    pub fn run(&self) -> &Text {
        &self.run
    }

    /// What it is aimed at, with the version that the write must name.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What is to be done.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }
}

impl Approved<Plan> {
    /// The order for `step`, on the Target as an authoritative read has just found it.
    ///
    /// # Errors
    /// What moved since the Plan was made (SAFETY G2): then nothing is ordered.
    pub fn order(&self, step: &Step, found: Target) -> Result<Order, Vec<Moved>> {
        let moved = step.target.moved(&found);
        if !moved.is_empty() {
            return Err(moved);
        }
        Ok(Order { run: self.0.id.clone(), target: found, operation: step.operation.clone() })
    }

    /// The order that takes `step` back, on the Target as it is now; it was approved with the Plan, which says so.
    /// `None`: nothing takes it back, or what stands there is another thing under the same name.
    #[must_use]
    pub fn way_back(&self, step: &Step, found: Target) -> Option<Order> {
        let operation = step.back.clone()?;
        (step.target.uid == found.uid).then(|| Order { run: self.0.id.clone(), target: found, operation })
    }
}

/// Approves a Plan by what a person gave.
///
/// # Errors
/// The first thing that stands against it: edited, expired, refused by a rule, another Plan, not confirmed as asked, no
/// reason.
pub fn approve(plan: Plan, given: &Given, now: Timestamp) -> Result<Approved<Plan>, NotApproved> {
    if !plan.is_whole() {
        return Err(NotApproved::Edited);
    }
    if plan.is_expired(now) {
        return Err(NotApproved::Expired(plan.expires_at));
    }
    if let Some(guard) = plan.refusals().next() {
        return Err(NotApproved::Refused { rule: guard.name.clone(), detail: guard.detail.clone() });
    }
    if given.plan != plan.id {
        return Err(NotApproved::AnotherPlan);
    }
    let address = Text::name(&plan.intent.target.to_string());
    match plan.approval.confirm {
        Confirm::None => {}
        Confirm::Press if given.pressed || given.typed.as_deref() == Some(address.raw()) => {}
        Confirm::Press => return Err(NotApproved::NotPressed),
        Confirm::Type if given.typed.as_deref() == Some(address.raw()) => {}
        Confirm::Type => return Err(NotApproved::NotTyped(address)),
    }
    if plan.approval.reason && plan.intent.reason.as_ref().is_none_or(|reason| reason.raw().trim().is_empty()) {
        return Err(NotApproved::NoReason);
    }
    Ok(Approved(plan))
}
