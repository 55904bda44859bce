//! The assignment rules that a configuration gives, as plain values.

use serde::{Deserialize, Serialize};

use crate::model::Tier;

/// What the configuration says about Systems and Environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub systems: Vec<SystemRule>,
    pub environments: Vec<EnvironmentRule>,
}

/// The order in which a System's Environments promote into each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemRule {
    pub name: String,
    pub path: Vec<String>,
}

/// One `[[environment]]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentRule {
    pub system: Option<String>,
    pub name: String,
    /// `None`: by its name, else unknown.
    pub tier: Option<Tier>,
    pub url: Option<String>,
    pub branch: Option<String>,
    /// What belongs to it; any of them suffices.
    pub matchers: Vec<Matcher>,
}

/// What a thing must be to match: every field that is given, `*` standing for any run of characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    pub source: Option<String>,
    /// Namespace, Compose project or ECS cluster.
    pub scope: Option<String>,
    /// The Workload's name.
    pub name: Option<String>,
    /// `key=value` of a kept label.
    pub label: Option<String>,
}
