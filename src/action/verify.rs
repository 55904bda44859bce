//! Whether a Step has come to what it promised: a look at the Target against the Step, without a clock and without hope.

use super::plan::Step;
use super::release;
use crate::model::{Contained, Operation, Rollout, Target, Text, Timestamp};

/// What a look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// On its way, with the evidence: `2 of 3 ready`.
    NotYet(Text),
    Holds(Text),
    /// It will not come to it by itself.
    Broken(Text),
    /// Somebody else set another value meanwhile (SAFETY G19).
    Overridden(Text),
}

/// Judges `found`, the Target read again after `step` was taken at `began`.
#[must_use]
pub fn verify(step: &Step, operation: &Operation, began: Timestamp, found: &Target) -> Seen {
    if step.target.uid != found.uid {
        return Seen::Overridden(line("another one stands under the same name"));
    }
    if let Some(other) = overridden(operation, found) {
        return Seen::Overridden(Text::line(&format!("{other}{}", by_whom(found))));
    }
    match operation {
        Operation::Pause | Operation::Resume => Seen::Holds(line(if found.paused { "paused" } else { "goes on" })),
        Operation::Limits { min, max, .. } => Seen::Holds(Text::line(&format!("{min} to {max}"))),
        Operation::Delete { instance } if found.state.running.iter().any(|r| r.id == *instance) => {
            Seen::NotYet(line("it still stands there"))
        }
        _ => served(operation, began, found),
    }
}

/// What somebody else set, where it is not what the operation set.
fn overridden(operation: &Operation, found: &Target) -> Option<String> {
    match operation {
        Operation::Scale { to } => match found.desired {
            Some(desired) if desired != *to => Some(format!("{desired} are wanted now, not {to}")),
            _ => None,
        },
        Operation::Images { containers } | Operation::Revision { images: containers, .. } => {
            let other = containers.iter().find_map(|want| {
                let own = found.containers.iter().find(|own| own.name == want.name)?;
                let declared = release::digest(&own.image)?;
                (Some(declared) != release::digest(&want.image)).then_some(own)
            });
            other.map(|own| format!("{} is declared now", release::words(std::slice::from_ref(own))))
        }
        Operation::Limits { min, max, .. } => match &found.state.scaler {
            Some(scaler) if (scaler.min, scaler.max) != (*min, *max) => {
                Some(format!("the limits are {} to {} now", scaler.min, scaler.max))
            }
            _ => None,
        },
        Operation::Pause if !found.paused => Some("the rollout goes on".to_owned()),
        Operation::Resume if found.paused => Some("the rollout is paused".to_owned()),
        _ => None,
    }
}

fn by_whom(found: &Target) -> String {
    match &found.owners[..] {
        [] => String::new(),
        owners => {
            let names = owners.iter().map(|o| format!("{} {}", o.kind, o.name)).collect::<Vec<_>>().join(" or ");
            format!("; probably by {names}")
        }
    }
}

/// Whether every Instance is of the newest declaration, ready, and what the operation wanted (SAFETY G9, G18).
fn served(operation: &Operation, began: Timestamp, found: &Target) -> Seen {
    if let Rollout::Stuck { message, .. } = &found.state.rollout {
        return Seen::Broken(Text::line(&format!("the platform gave up waiting: {message}")));
    }
    if !found.state.observed {
        return Seen::NotYet(line("the controller has not seen it yet"));
    }
    let (Some(desired), Some(ready)) = (found.desired, found.ready) else {
        return Seen::NotYet(line("how many are ready is not known"));
    };
    let trouble = found.state.running.iter().find_map(|r| Some((&r.name, r.trouble.as_ref()?)));
    let trouble = trouble.map(|(name, trouble)| format!("; {name}: {trouble}")).unwrap_or_default();
    let evidence = Text::line(&format!("{ready} of {desired} ready{trouble}"));
    let wanted = usize::try_from(desired).unwrap_or(usize::MAX);
    let counts = ready == desired
        && found.state.updated.is_none_or(|updated| updated == desired)
        && found.state.available.is_none_or(|available| available >= desired)
        && found.state.running.len() == wanted;
    if !counts {
        return Seen::NotYet(evidence);
    }
    let old =
        found.state.running.iter().filter(|r| !is_as_wanted(operation, began, &r.containers, r.started_at)).count();
    if old > 0 {
        return Seen::NotYet(Text::line(&format!("{} of {desired} are new", wanted - old)));
    }
    Seen::Holds(evidence)
}

fn is_as_wanted(operation: &Operation, began: Timestamp, runs: &[Contained], started: Option<Timestamp>) -> bool {
    match operation {
        // Platforms tell the start by whole seconds.
        Operation::Restart => started.is_some_and(|at| at.as_second() >= began.as_second()),
        Operation::Images { containers } | Operation::Revision { images: containers, .. } => {
            containers.iter().all(|want| {
                let own = runs.iter().find(|own| own.name == want.name);
                match (own.and_then(|own| release::digest(&own.image)), release::digest(&want.image)) {
                    (Some(runs), Some(wanted)) => runs == wanted,
                    // A revision by tag says nothing of digests; the platform's own count of new Instances must do.
                    (_, None) => true,
                    (None, Some(_)) => false,
                }
            })
        }
        _ => true,
    }
}

fn line(words: &str) -> Text {
    Text::line(words)
}
