//! The assignment rules that a configuration gives, as plain values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Labels, SourceName, Text, Tier};

pub use super::alarm_rule::AlarmRule;
use super::shape::short_source;

/// What the configuration says about Systems and Environments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub systems: Vec<SystemRule>,
    pub environments: Vec<EnvironmentRule>,
    pub queues: Vec<QueueRule>,
    #[serde(default)]
    pub checks: CheckRules,
    /// Our own alarms; a tape of an older version has none.
    #[serde(default)]
    pub alarms: Vec<AlarmRule>,
}

/// What may be checked without being written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRules {
    /// Whether front doors that Sources tell of are checked at all.
    pub discover: bool,
    /// Hosts that may be asked beside this machine and the hosts of `reach`; `*` stands for anything.
    pub hosts: Vec<String>,
    /// The host at which each Source is reached from here, by the Source's name.
    pub reach: BTreeMap<String, String>,
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
    /// How far its Services may be scaled, and when they should be.
    pub limits: Vec<LimitRule>,
}

/// One entry of `[environment.limits]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitRule {
    /// The Service's name, `*` standing for any run of characters.
    pub service: String,
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub scale_out: Option<ScaleOut>,
}

/// When a Service should have more Instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleOut {
    /// More than `above` wait in this queue.
    Queue {
        name: String,
        above: u64,
    },
    /// More than so many percent of what it may use.
    Cpu {
        percent: u32,
    },
    Memory {
        percent: u32,
    },
}

/// One `[[queue]]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRule {
    pub source: String,
    /// Names, `*` standing for any run of characters.
    pub names: Vec<String>,
    /// The Service that takes from them, as an address.
    pub consumer: Option<String>,
    /// More than this many waiting is a backlog.
    pub limit: Option<u64>,
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

/// What a matcher looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) source: &'a SourceName,
    pub(super) scope: &'a Text,
    pub(super) name: &'a Text,
    pub(super) labels: Option<&'a Labels>,
}

impl Rules {
    /// The first `[[environment]]` that a thing matches.
    pub(super) fn environment_of(&self, candidate: Candidate<'_>) -> Option<&EnvironmentRule> {
        self.environments.iter().find(|rule| rule.matchers.iter().any(|matcher| matcher.matches(candidate)))
    }

    /// The `[[environment]]` that declares this very Environment.
    pub(super) fn declared(&self, system: Option<&Text>, name: &Text) -> Option<&EnvironmentRule> {
        self.environments.iter().find(|rule| {
            rule.name == name.raw() && rule.system.as_deref().is_none_or(|wanted| system.map(Text::raw) == Some(wanted))
        })
    }

    /// How far along its System's promotion path an Environment stands; `None` where no path names it.
    pub(super) fn step(&self, system: Option<&Text>, name: &Text) -> Option<usize> {
        let system = system?;
        let rule = self.systems.iter().find(|rule| rule.name == system.raw())?;
        rule.path.iter().position(|step| step == name.raw())
    }
}

impl Matcher {
    /// Whether every field that is given matches; a matcher without any field matches nothing.
    fn matches(&self, candidate: Candidate<'_>) -> bool {
        let source = |pattern: &String| {
            is_like(pattern, candidate.source.0.raw()) || is_like(pattern, short_source(candidate.source))
        };
        let label = |pattern: &String| {
            let (key, value) = pattern.split_once('=').unwrap_or((pattern, "*"));
            candidate.labels.and_then(|labels| labels.get(key)).is_some_and(|text| is_like(value, text.raw()))
        };
        let given = self.source.is_some() || self.scope.is_some() || self.name.is_some() || self.label.is_some();
        given
            && self.source.as_ref().is_none_or(source)
            && self.scope.as_ref().is_none_or(|pattern| is_like(pattern, candidate.scope.raw()))
            && self.name.as_ref().is_none_or(|pattern| is_like(pattern, candidate.name.raw()))
            && self.label.as_ref().is_none_or(label)
    }
}

/// Whether `text` has the shape of `pattern`, in which `*` stands for any run of characters. Linear in space, and in time
/// at worst the product of both lengths.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (mut p, mut t) = (pattern, text);
    // Where the last `*` stood, and how much of the text it has taken so far.
    let mut star: Option<(&str, &str)> = None;
    loop {
        match (p.chars().next(), t.chars().next()) {
            (Some('*'), _) => {
                p = &p[1..];
                star = Some((p, t));
            }
            (Some(a), Some(b)) if a == b => (p, t) = (&p[a.len_utf8()..], &t[b.len_utf8()..]),
            (None, None) => return true,
            _ => {
                let Some((after, taken)) = star else { return false };
                let Some(c) = taken.chars().next() else { return false };
                let taken = &taken[c.len_utf8()..];
                star = Some((after, taken));
                (p, t) = (after, taken);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_of_characters() {
        for (pattern, text, like) in [
            ("biz-*", "biz-prod", true),
            ("biz-*", "biz-", true),
            ("biz-*", "abiz-", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*prod*", "eks-prod-1", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*ö", "tö", true),
        ] {
            assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
        }
    }

    #[test]
    fn every_field_that_is_given_must_match_and_an_empty_matcher_matches_nothing() {
        let source = SourceName::new("kubernetes:eks-prod");
        let (scope, name) = (Text::name("biz"), Text::name("api"));
        let labels = Labels::keep([("env", "blue")]);
        let candidate = Candidate { source: &source, scope: &scope, name: &name, labels: Some(&labels) };
        let given = |source: Option<&str>, scope: Option<&str>, label: Option<&str>| Matcher {
            source: source.map(str::to_owned),
            scope: scope.map(str::to_owned),
            name: None,
            label: label.map(str::to_owned),
        };
        assert!(given(Some("eks-prod"), Some("b*"), None).matches(candidate));
        assert!(given(Some("kubernetes:*"), None, Some("env=b*")).matches(candidate));
        assert!(given(None, None, Some("env")).matches(candidate));
        assert!(!given(Some("eks-prod"), Some("shop"), None).matches(candidate));
        assert!(!given(None, None, Some("env=green")).matches(candidate));
        assert!(!Matcher::default().matches(candidate));
    }
}
