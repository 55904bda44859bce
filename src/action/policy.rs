//! The one door: a pure function that says whether a Plan may be carried out, what a person must give for it, and which
//! rule stands against it. Screens and commands ask it; nothing goes round it (SAFETY G15, G17).

use serde::{Deserialize, Serialize};

use super::freeze::Freeze;
use super::plan::{Asked, Confirm, Guard, Outcome, Step};
use crate::model::Operation;
use crate::model::{Rehearsal, Text, Tier, Timestamp};

/// Facts older than this are no ground to act on, seconds (SAFETY G8).
const FRESH_SECONDS: i64 = 10;

/// A count of Instances, or a share of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    Count(u32),
    Percent(u32),
}

impl Share {
    /// Whether `part` of `all` is not more than that.
    fn allows(self, part: u32, all: u32) -> bool {
        match self {
            Self::Count(count) => part <= count,
            Self::Percent(percent) => u64::from(part) * 100 <= u64::from(all) * u64::from(percent),
        }
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent} %"),
        }
    }
}

/// What is asked of changes in an Environment of one tier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub confirm: Confirm,
    pub reason: bool,
    /// Read-only until unlocked for a time.
    pub unlock: bool,
    /// Instances that must stay at least.
    pub floor: u32,
    /// What one Step may take away of the ready Instances at most.
    pub max_step: Share,
    /// How long a change must hold until it counts as kept, seconds.
    pub bake_seconds: u32,
    /// How long a Release must be healthy before it may be promoted, seconds.
    pub soak_seconds: u32,
    /// Whether only Releases that were verified in the Environment before may be promoted.
    pub require_verified: bool,
}

/// Most Instances of a Service for which the configuration gives no limits: a slip of the finger must not cost a fleet.
const CEILING: u32 = 100;

impl Policy {
    /// The defaults of DESIGN section 5. A tier that nobody knows is guarded as production.
    #[must_use]
    pub fn of(tier: Tier) -> Self {
        let open = Self {
            confirm: Confirm::Press,
            reason: false,
            unlock: false,
            floor: 0,
            max_step: Share::Percent(100),
            bake_seconds: 10,
            soak_seconds: 0,
            require_verified: false,
        };
        match tier {
            Tier::Dev => open,
            Tier::Staging => Self { bake_seconds: 30, ..open },
            Tier::Production | Tier::Unknown => Self {
                confirm: Confirm::Type,
                reason: true,
                unlock: true,
                floor: 1,
                max_step: Share::Percent(50),
                bake_seconds: 60,
                soak_seconds: 600,
                require_verified: true,
            },
        }
    }
}

/// Everything that the configuration says about changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rulebook {
    pub production: Policy,
    pub staging: Policy,
    pub dev: Policy,
    pub freezes: Vec<Freeze>,
    pub checklist: Vec<ChecklistRule>,
}

impl Default for Rulebook {
    fn default() -> Self {
        Self {
            production: Policy::of(Tier::Production),
            staging: Policy::of(Tier::Staging),
            dev: Policy::of(Tier::Dev),
            freezes: Vec::new(),
            checklist: Vec::new(),
        }
    }
}

impl Rulebook {
    /// The policy of a tier; one that nobody knows is guarded as production.
    #[must_use]
    pub fn policy(&self, tier: Tier) -> &Policy {
        match tier {
            Tier::Dev => &self.dev,
            Tier::Staging => &self.staging,
            Tier::Production | Tier::Unknown => &self.production,
        }
    }
}

/// One item that must be done before a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistRule {
    /// `SYSTEM/ENV` or `ENV`, `*` stands for any run of characters.
    pub environments: Vec<String>,
    pub item: Text,
    /// The Checks of this Service prove it; `None`: a person ticks it.
    pub check: Option<String>,
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
    /// What the platform says to each Step without doing it, in the Steps' order.
    pub rehearsals: Vec<Rehearsal>,
    /// Of a promotion: since how many seconds the Release is verified where it comes from. Outer `None`: it is none.
    pub upstream: Option<Upstream>,
    /// Of a promotion: what must be done before it, and whether it is.
    pub checklist: Vec<Item>,
    /// Of a rollback: whether what it returns to was verified; `None`: it is no rollback.
    pub returns_to_verified: Option<bool>,
}

/// What is known of a Release where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    pub environment: Text,
    /// Seconds since it was verified there; `None`: it was not.
    pub verified_seconds: Option<i64>,
    /// Who stands for it all the same, with a reason.
    pub vouched_by: Option<Text>,
}

/// One item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub item: Text,
    /// Proved by a Check, or ticked by a name; `Err`: why not.
    pub done: Result<Text, Text>,
}

/// What every rule says of `steps`, in the order of the dialog, and what a person must give.
#[must_use]
pub fn judge(steps: &[Step], by: &Circumstances) -> (Vec<Guard>, Asked) {
    let mut guards = vec![
        fresh(by),
        unfinished(by),
        unlocked(by),
        freeze(by),
        floor(steps, by),
        step(steps, by),
        limits(steps, by),
        rehearsed(by),
    ];
    guards.extend(by.upstream.as_ref().map(|upstream| verified(upstream, &by.policy)));
    guards.extend(by.checklist.iter().map(ticked));
    guards.extend(by.returns_to_verified.map(returning));
    let harder = by.returns_to_verified == Some(false);
    let confirm = if harder && by.policy.confirm != Confirm::None { Confirm::Type } else { by.policy.confirm };
    (guards, Asked { confirm, reason: by.policy.reason })
}

/// What the platform itself says (SAFETY G23): rights, quotas and webhooks are found before anything is changed.
fn rehearsed(by: &Circumstances) -> Guard {
    let refused = by.rehearsals.iter().find_map(|r| match r {
        Rehearsal::Refused { message } => Some(message),
        _ => None,
    });
    let blind = by.rehearsals.iter().find_map(|r| match r {
        Rehearsal::NotPossible { why } => Some(why),
        _ => None,
    });
    match (refused, blind) {
        (Some(message), _) => guard("dry-run", Outcome::Refused, &message.to_string()),
        (None, Some(why)) => guard("dry-run", Outcome::Warned, &format!("not dry-run: {why}")),
        (None, None) if by.rehearsals.is_empty() => guard("dry-run", Outcome::Warned, "not dry-run"),
        (None, None) => guard("dry-run", Outcome::Passed, "the platform would take it"),
    }
}

/// A Release goes on only when it was seen to work (SAFETY G10).
fn verified(upstream: &Upstream, policy: &Policy) -> Guard {
    let Upstream { environment, verified_seconds, vouched_by } = upstream;
    if let Some(name) = vouched_by {
        return guard("verified", Outcome::Warned, &format!("{name} stands for it"));
    }
    let outcome = if policy.require_verified { Outcome::Refused } else { Outcome::Warned };
    match verified_seconds {
        Some(seconds) if *seconds >= i64::from(policy.soak_seconds) => {
            guard("verified", Outcome::Passed, &format!("in {environment}, since {seconds}s"))
        }
        Some(seconds) => guard(
            "verified",
            outcome,
            &format!("verified in {environment} for {seconds}s, {}s are asked for", policy.soak_seconds),
        ),
        None => guard(
            "verified",
            outcome,
            &format!("no Run of ours has verified it in {environment}: --vouch NAME stands for it, with a reason"),
        ),
    }
}

fn ticked(item: &Item) -> Guard {
    match &item.done {
        Ok(how) => guard("checklist", Outcome::Passed, &format!("{}: {how}", item.item)),
        Err(why) => guard("checklist", Outcome::Refused, &format!("{}: {why}", item.item)),
    }
}

fn returning(verified: bool) -> Guard {
    match verified {
        true => guard("verified", Outcome::Passed, "it ran well here before"),
        false => guard("verified", Outcome::Warned, "nothing says that it ran well: it is the one before"),
    }
}

fn guard(name: &str, outcome: Outcome, detail: &str) -> Guard {
    Guard { name: Text::name(name), outcome, detail: Text::line(detail) }
}

fn fresh(by: &Circumstances) -> Guard {
    match by.fact_age_seconds {
        Some(0) => guard("fresh", Outcome::Passed, "read just now"),
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
        Operation::Restart | Operation::Delete { .. } => Some((before, before.saturating_sub(1))),
        // New Instances come before old ones go; where that cannot be, the Plan says so in words.
        Operation::Images { .. } | Operation::Revision { .. } => Some((before, before)),
        Operation::Limits { .. } | Operation::Pause | Operation::Resume => Some((before, before)),
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
    let most = by.policy.max_step;
    for step in steps {
        let Some((before, left)) = worst(step) else { continue };
        let taken = before - left;
        if before > 0 && !most.allows(taken, before) {
            let detail = format!("takes away {taken} of {before} Instances at once, at most {most} may be");
            return guard("step", Outcome::Refused, &detail);
        }
    }
    guard("step", Outcome::Passed, &format!("at most {most} at once"))
}

fn limits(steps: &[Step], by: &Circumstances) -> Guard {
    let (min, max, whose) = match by.limits {
        Some((min, max)) => (min, max, "the limits of this Service"),
        None => (0, CEILING, "the most without limits of its own in the configuration"),
    };
    for step in steps {
        let wanted = match step.operation {
            Operation::Scale { to } => (to, to),
            Operation::Limits { min, max, .. } => (min, max),
            _ => continue,
        };
        // A number that is already beyond a limit may come nearer to it.
        let now = step.target.desired.unwrap_or(wanted.1);
        if wanted.0 < min.min(now) || wanted.1 > max.max(now) || (wanted.1 > max && wanted.1 > now) {
            let detail =
                format!("{} is outside of {min} to {max}, {whose}", if wanted.0 < min { wanted.0 } else { wanted.1 });
            return guard("limits", Outcome::Refused, &detail);
        }
    }
    match by.limits {
        Some(_) => guard("limits", Outcome::Passed, &format!("{min} to {max}")),
        None => guard("limits", Outcome::Passed, &format!("none configured; at most {max}")),
    }
}
