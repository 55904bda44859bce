//! What a verb makes of an Intent before any rule has judged it, and why it sometimes makes nothing.

use crate::action::plan::{OnFailure, Step};
use crate::model::{Target, Text, WorkloadKind};

/// The part of a Plan that the verb decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub before: Text,
    pub after: Text,
    pub steps: Vec<Step>,
    pub reversal: Text,
    pub warnings: Vec<Text>,
    pub on_failure: OnFailure,
}

/// Why there is nothing to plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    #[error("{0} has no Workload that could be changed")]
    Nothing(Text),
    #[error("{service} is made of {}: change each by itself where it runs", .workloads.join(" and "))]
    Several { service: Text, workloads: Vec<String> },
    #[error("a {kind} cannot be {verb}: {why}")]
    Kind { kind: WorkloadKind, verb: &'static str, why: &'static str },
    #[error("how many Instances of {0} are wanted is not known")]
    Unknown(Text),
    #[error("{0}")]
    Number(#[from] crate::action::intent::NoNumber),
    #[error("{name} has {count} already: nothing would change")]
    Already { name: Text, count: u32 },
    #[error("{name} runs {runs} already: nothing would change")]
    RunsAlready { name: Text, runs: Text },
    #[error("{name} is {what}")]
    IsSo { name: Text, what: Text },
    #[error("{name} cannot be given the Release: {why}")]
    NoImage { name: Text, why: Text },
    #[error("{name} has nothing to return to: {why}")]
    NoRelease { name: Text, why: Text },
    #[error("{service} has no Instance {instance}")]
    NoInstance { service: Text, instance: Text },
}

impl Cannot {
    /// Whether what was wanted holds already: then a command has done its work.
    #[must_use]
    pub fn is_so_already(&self) -> bool {
        matches!(self, Self::Already { .. } | Self::RunsAlready { .. })
    }
}

/// That a kind of Workload cannot be treated so, and why.
pub(super) fn no<T>(kind: WorkloadKind, verb: &'static str, why: &'static str) -> Result<T, Cannot> {
    Err(Cannot::Kind { kind, verb, why })
}

/// The Workload that a Service is made of; a verb that moves counts cannot divide them over several.
pub(super) fn only<'a>(service: &Text, targets: &'a [Target]) -> Result<&'a Target, Cannot> {
    match targets {
        [] => Err(Cannot::Nothing(service.clone())),
        [one] => Ok(one),
        several => {
            let workloads = several.iter().map(|t| format!("{} {} ({})", t.kind, t.name, t.key.source)).collect();
            Err(Cannot::Several { service: service.clone(), workloads })
        }
    }
}

/// `1 Instance`, `3 Instances`.
pub(super) fn instances(count: u32) -> Text {
    Text::line(&format!("{count} Instance{}", if count == 1 { "" } else { "s" }))
}

/// Who else decides about the Workload, as a sentence each (SAFETY G14).
pub(super) fn owners(target: &Target, what: &str) -> Vec<Text> {
    let words =
        |owner: &crate::model::Owner| Text::line(&format!("{} {} may take {what} back", owner.kind, owner.name));
    target.owners.iter().map(words).collect()
}
