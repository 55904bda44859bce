//! What a rule of `why` found: what is wrong, the evidence, and what would help.

use serde::{Deserialize, Serialize};

use super::{HealthState, Key, Text, Timestamp};

/// One finding about a Service. Findings are ordered by severity, then by the order of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name: `crash loop`.
    pub rule: Text,
    /// The health that it implies at least.
    pub severity: HealthState,
    /// One line: `1 of 4 Instances crash-loops, exit 1, 7 restarts`.
    pub summary: Text,
    /// What was seen, line by line, with the object and the time.
    pub evidence: Vec<Text>,
    /// What a person would do next.
    pub advice: Text,
    /// The Instances or Workloads it speaks of.
    pub about: Vec<Key>,
    pub since: Option<Timestamp>,
}
