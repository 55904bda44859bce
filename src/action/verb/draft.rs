//! What a verb makes of an Intent before any rule has judged it, and why it sometimes makes nothing.

use crate::action::plan::Step;
use crate::model::target::Target;
use crate::model::{Text, WorkloadKind};

/// The part of a Plan that the verb decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub before: Text,
    pub after: Text,
    pub steps: Vec<Step>,
    pub reversal: Text,
    pub warnings: Vec<Text>,
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
