//! From the file as written to Sources and assignment rules, with everything that is wrong said at its place.

use std::path::Path;

use super::diagnostics::{Document, Problem, Problems};
use super::file::{Environment, File, Limit, Match};
use super::{alarm_rules, checks, shapes, sources};
use crate::fleet::Rules;
use crate::fleet::rules::{AlarmRule, CheckRules, EnvironmentRule, LimitRule, Matcher, QueueRule, SystemRule};
use crate::model::{CheckSpec, SourceSpec};

/// What a file gives by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    pub sources: Vec<SourceSpec>,
    pub checks: Vec<CheckSpec>,
    pub rules: Rules,
    pub warnings: Vec<Problem>,
}

/// What there is without a file.
#[must_use]
pub fn nothing(_defaults: &File) -> Resolved {
    Resolved { rules: Rules { alarms: AlarmRule::defaults(), ..Rules::default() }, ..Resolved::default() }
}

/// Reads a file's text; `folder` is where relative paths in it begin.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(name: &str, text: &str, folder: Option<&Path>) -> Result<(File, Resolved), Problems> {
    let mut document = Document::new(name, text);
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            document.take(&error);
            return Err(Problems(document.problems));
        }
    };
    let specs = sources::resolve(&file, folder, &mut document);
    let checks = checks::resolve(&file, folder, &mut document);
    let rules = Rules {
        systems: systems(&file, &mut document),
        environments: environments(&file, &mut document),
        queues: queues(&file),
        // What may be asked follows from all Sources, found ones too: `layers` fills it in.
        checks: CheckRules::default(),
        alarms: alarm_rules::resolve(&file, &mut document),
    };
    shapes::check(&file, &mut document);
    if document.problems.is_empty() {
        Ok((file, Resolved { sources: specs, checks, rules, warnings: document.warnings }))
    } else {
        Err(Problems(document.problems))
    }
}

fn systems(file: &File, document: &mut Document<'_>) -> Vec<SystemRule> {
    for (index, system) in file.system.iter().enumerate() {
        let at = index.to_string();
        if system.name.trim().is_empty() || system.name.contains('/') {
            document.refuse(&["system", &at, "name"], "a System's name is a word without `/`", "as in name = \"shop\"");
        }
        if file.system[..index].iter().any(|earlier| earlier.name == system.name) {
            let message = format!("the System `{}` is there twice", system.name);
            document.refuse(&["system", &at, "name"], message, "keep one [[system]] with one path");
        }
        let repeated = |(n, step): (usize, &String)| system.path[..n].contains(step);
        if system.path.is_empty() || system.path.iter().enumerate().any(repeated) {
            let help = "name each Environment once, first to last: path = [\"dev\", \"staging\", \"prod\"]";
            document.refuse(&["system", &at, "path"], "a System's path must name its Environments in order", help);
        }
    }
    file.system.iter().map(|s| SystemRule { name: s.name.clone(), path: s.path.clone() }).collect()
}

fn environments(file: &File, document: &mut Document<'_>) -> Vec<EnvironmentRule> {
    let mut rules = Vec::new();
    for (index, environment) in file.environment.iter().enumerate() {
        let at = index.to_string();
        named(file, index, environment, document);
        let matchers = environment.matches.iter().enumerate();
        let matchers =
            matchers.map(|(n, m)| matcher(m, &["environment", &at, "match", &n.to_string()], document)).collect();
        rules.push(EnvironmentRule {
            system: environment.system.clone(),
            name: environment.name.clone(),
            tier: environment.tier,
            url: environment.url.clone(),
            branch: environment.branch.clone(),
            matchers,
            limits: environment.limits.iter().map(|(service, limit)| limit_rule(service, limit)).collect(),
        });
    }
    rules
}

fn limit_rule(service: &str, limit: &Limit) -> LimitRule {
    // A condition that is none is refused with the other shapes.
    let scale_out = limit.scale_out.as_deref().and_then(shapes::condition);
    LimitRule { service: service.to_owned(), min: limit.min, max: limit.max, scale_out }
}

fn queues(file: &File) -> Vec<QueueRule> {
    let rule = |queue: &super::file::Queue| QueueRule {
        source: queue.source.clone(),
        names: [&queue.rabbitmq, &queue.bullmq, &queue.celery, &queue.sqs]
            .into_iter()
            .flatten()
            .flatten()
            .cloned()
            .collect(),
        consumer: queue.consumer.clone(),
        limit: queue.limit,
    };
    file.queue.iter().map(rule).collect()
}

fn named(file: &File, index: usize, environment: &Environment, document: &mut Document<'_>) {
    let at = index.to_string();
    if environment.name.trim().is_empty() || environment.name.contains('/') {
        let help = "the System stands apart: system = \"shop\", name = \"prod\"";
        document.refuse(&["environment", &at, "name"], "an Environment's name is a word without `/`", help);
    }
    let same = |earlier: &Environment| earlier.name == environment.name && earlier.system == environment.system;
    if file.environment[..index].iter().any(same) {
        let message = format!("the Environment `{}` is there twice", environment.name);
        document.refuse(&["environment", &at, "name"], message, "put all that belongs to it into one `match` list");
    }
    let Some(system) = environment.system.as_deref() else { return };
    let path = file.system.iter().find(|known| known.name == system).map(|known| &known.path);
    if let Some(path) = path.filter(|path| !path.contains(&environment.name)) {
        let message = format!("`{}` is not on the path of the System `{system}`", environment.name);
        document.refuse(&["environment", &at, "name"], message, format!("on it: {}", path.join(", ")));
    }
}

fn matcher(m: &Match, path: &[&str], document: &mut Document<'_>) -> Matcher {
    let scopes = [&m.namespace, &m.project, &m.cluster];
    if *m == Match::default() {
        let help = "give at least one of source, namespace, project, cluster, name, label";
        document.refuse(path, "an empty match would take everything", help);
    }
    if scopes.iter().filter(|scope| scope.is_some()).count() > 1 {
        let help = "write one match for each: any of them suffices";
        document.refuse(path, "a thing lies in a namespace, a project or a cluster, never in two of them", help);
    }
    if m.label.as_ref().is_some_and(|label| !label.contains('=')) {
        let at: Vec<&str> = path.iter().copied().chain(["label"]).collect();
        document.refuse(&at, "a label is matched as key=value", "as in label = \"team=payments\"");
    }
    Matcher {
        source: m.source.clone(),
        scope: scopes.into_iter().flatten().next().cloned(),
        name: m.name.clone(),
        label: m.label.clone(),
    }
}
