//! The one door: a pure function that says whether a Plan may be carried out, what a person must give for it, and which
//! rule stands against it. Screens and commands ask it; nothing goes round it (SAFETY G15, G17).

use serde::{Deserialize, Serialize};

use super::plan::{Asked, Confirm, Guard, Outcome, Step};
use crate::model::target::Operation;
use crate::model::{Text, Tier, Timestamp};

/// Facts older than this are no ground to act on, seconds (SAFETY G8).
const FRESH_SECONDS: i64 = 10;

/// What is asked of changes in an Environment of one tier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub confirm: Confirm,
    pub reason: bool,
    /// Read-only until unlocked for a time.
    pub unlock: bool,
    /// Instances that must stay at least.
    pub floor: u32,
    /// The largest share of the ready Instances that one Step may take away, percent.
    pub max_step_percent: u32,
}

impl Policy {
    /// The defaults of DESIGN section 5. A tier that nobody knows is guarded as production.
    #[must_use]
    pub fn of(tier: Tier) -> Self {
        match tier {
            Tier::Dev => {
                Self { confirm: Confirm::Press, reason: false, unlock: false, floor: 0, max_step_percent: 100 }
            }
            Tier::Staging => {
                Self { confirm: Confirm::Press, reason: false, unlock: false, floor: 0, max_step_percent: 100 }
            }
            Tier::Production | Tier::Unknown => {
                Self { confirm: Confirm::Type, reason: true, unlock: true, floor: 1, max_step_percent: 50 }
            }
        }
    }
}

/// What a Plan is judged by beside itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    pub now: Timestamp,
    pub policy: Policy,
    /// Until when the Environment is unlocked for this person; `None`: it is locked.
    pub unlocked_until: Option<Timestamp>,
    /// The name of the freeze window that holds now, and until when.
    pub frozen: Option<(Text, Timestamp)>,
    /// Seconds since the Source last showed a sign of life; `None`: it is not fresh.
    pub fact_age_seconds: Option<i64>,
    /// The fewest and the most Instances that the configuration allows for the Service.
    pub limits: Option<(u32, u32)>,
    /// A Run on the same Service that has no end yet.
    pub unfinished: Option<Text>,
}

/// What every rule says of `steps`, in the order of the dialog, and what a person must give.
#[must_use]
pub fn judge(steps: &[Step], by: &Circumstances) -> (Vec<Guard>, Asked) {
    let guards =
        vec![fresh(by), unfinished(by), unlocked(by), freeze(by), floor(steps, by), step(steps, by), limits(steps, by)];
    (guards, Asked { confirm: by.policy.confirm, reason: by.policy.reason })
}

fn guard(name: &str, outcome: Outcome, detail: &str) -> Guard {
    Guard { name: Text::name(name), outcome, detail: Text::line(detail) }
}

fn fresh(by: &Circumstances) -> Guard {
    match by.fact_age_seconds {
        Some(age) if age <= FRESH_SECONDS => guard("fresh", Outcome::Passed, &format!("{age}s")),
        Some(age) => {
            guard("fresh", Outcome::Refused, &format!("what is known of it is {age}s old, more than {FRESH_SECONDS}s"))
        }
        None => {
            guard("fresh", Outcome::Refused, "its Source does not answer: what is known of it is no ground to act on")
        }
    }
}

fn unfinished(by: &Circumstances) -> Guard {
    match &by.unfinished {
        None => guard("alone", Outcome::Passed, "no other Run on this Service"),
        Some(run) => {
            let help = format!("Run {run} on this Service has no end: attach, resume, abort or mark it first");
            guard("alone", Outcome::Refused, &help)
        }
    }
}

fn unlocked(by: &Circumstances) -> Guard {
    if !by.policy.unlock {
        return guard("unlocked", Outcome::Passed, "not locked in this tier");
    }
    match by.unlocked_until {
        Some(until) if until > by.now => guard("unlocked", Outcome::Passed, &format!("until {until:.0}")),
        Some(until) => guard(
            "unlocked",
            Outcome::Refused,
            &format!("the unlock ended at {until:.0}: `quarterdeck unlock ENV`, or U"),
        ),
        None => guard("unlocked", Outcome::Refused, "locked: `quarterdeck unlock ENV`, or U on the screen"),
    }
}

fn freeze(by: &Circumstances) -> Guard {
    match &by.frozen {
        None => guard("freeze", Outcome::Passed, "no freeze window"),
        Some((why, until)) => guard("freeze", Outcome::Refused, &format!("frozen until {until:.0}: {why}")),
    }
}

/// How many Instances of a Step's Workload serve before and, at the worst moment, while it is carried out.
fn worst(step: &Step) -> Option<(u32, u32)> {
    let before = step.target.ready.or(step.target.desired)?;
    match step.operation {
        Operation::Scale { to } => Some((before, to.min(before))),
        // One by one: at the worst moment one is away. With a single Instance that is all of them.
        Operation::Restart => Some((before, before.saturating_sub(1))),
    }
}

fn floor(steps: &[Step], by: &Circumstances) -> Guard {
    let least = by.policy.floor;
    for step in steps {
        match worst(step) {
            None => {
                let detail = format!("how many Instances {} has is not known", step.target.name);
                return guard("floor", Outcome::Refused, &detail);
            }
            Some((before, left)) if left < least && left < before => {
                let detail = format!("{left} of {} would be left, at least {least} must be", step.target.name);
                return guard("floor", Outcome::Refused, &detail);
            }
            Some(_) => {}
        }
    }
    guard("floor", Outcome::Passed, &format!("at least {least}"))
}

fn step(steps: &[Step], by: &Circumstances) -> Guard {
    let most = by.policy.max_step_percent;
    for step in steps {
        let Some((before, left)) = worst(step) else { continue };
        let taken = before - left;
        if before > 0 && u64::from(taken) * 100 > u64::from(before) * u64::from(most) {
            let detail = format!("takes away {taken} of {before} Instances at once, at most {most} % may be");
            return guard("step", Outcome::Refused, &detail);
        }
    }
    guard("step", Outcome::Passed, &format!("at most {most} % at once"))
}

fn limits(steps: &[Step], by: &Circumstances) -> Guard {
    let Some((min, max)) = by.limits else { return guard("limits", Outcome::Passed, "none configured") };
    for step in steps {
        if let Operation::Scale { to } = step.operation
            && !(min..=max).contains(&to)
        {
            return guard(
                "limits",
                Outcome::Refused,
                &format!("{to} is outside of {min} to {max}, the limits of this Service"),
            );
        }
    }
    guard("limits", Outcome::Passed, &format!("{min} to {max}"))
}
