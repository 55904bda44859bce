//! `[[rule]]` entries: alarms of our own, laid over the default ones.

use super::diagnostics::Document;
use super::file::{File, Rule};
use super::wording::nearest;
use crate::fleet::rules::AlarmRule;

/// Longest time that a condition may have to hold, in seconds.
const LONGEST: u64 = 7 * 86_400;

/// The default rules as the file changes them, then the file's own in their order.
pub fn resolve(file: &File, document: &mut Document<'_>) -> Vec<AlarmRule> {
    let mut rules = AlarmRule::defaults();
    for (index, rule) in file.rule.iter().enumerate() {
        let at = index.to_string();
        named(file, index, document);
        let place = rules.iter().position(|known| known.name == rule.name);
        if rule.enabled == Some(false) {
            match place {
                Some(place) => drop(rules.remove(place)),
                None if rule.when.is_none() => without_condition(rule, &rules, &at, document),
                None => {}
            }
            continue;
        }
        let known = place.map(|place| rules[place].clone());
        let Some(begun) = condition(rule, known, &rules, &at, document) else { continue };
        let made = filled(rule, begun, &at, document);
        match place {
            Some(place) => rules[place] = made,
            None => rules.push(made),
        }
    }
    rules
}

fn named(file: &File, index: usize, document: &mut Document<'_>) {
    let (name, at) = (&file.rule[index].name, index.to_string());
    if name.trim().is_empty() {
        document.refuse(&["rule", &at, "name"], "a rule needs a name", "as in name = \"api-not-ready\"");
    }
    if file.rule[..index].iter().any(|earlier| earlier.name == *name) {
        let message = format!("two rules are called `{name}`");
        document.refuse(&["rule", &at, "name"], message, "give each rule a name of its own");
    }
}

/// The rule with its condition: the file's, else that of the default rule of this name.
fn condition(
    rule: &Rule,
    known: Option<AlarmRule>,
    rules: &[AlarmRule],
    at: &str,
    document: &mut Document<'_>,
) -> Option<AlarmRule> {
    match (&rule.when, known) {
        (Some(when), known) => match AlarmRule::new(&rule.name, when) {
            // A condition of its own does not keep the words that were said of another.
            Ok(made) => Some(AlarmRule { summary: None, ..with(made, known) }),
            Err(wrong) => {
                let help = wrong.hint.unwrap_or_else(|| "write it as in the filter of the screen".to_owned());
                document.refuse(&["rule", at, "when"], wrong.message, help);
                None
            }
        },
        (None, Some(known)) => Some(known),
        (None, None) => {
            without_condition(rule, rules, at, document);
            None
        }
    }
}

/// The condition of `made`, everything else of the rule whose name it takes.
fn with(made: AlarmRule, known: Option<AlarmRule>) -> AlarmRule {
    match known {
        Some(known) => AlarmRule { when: made.when, ..known },
        None => made,
    }
}

fn without_condition(rule: &Rule, rules: &[AlarmRule], at: &str, document: &mut Document<'_>) {
    let known: Vec<&str> = rules.iter().map(|known| known.name.as_str()).collect();
    let help = match nearest(&rule.name, known.iter().copied()) {
        Some(near) => format!("did you mean the default rule `{near}`? Else add when = \"env:prod ready<desired\""),
        None => format!("add when = \"env:prod ready<desired\"; default rules are {}", known.join(", ")),
    };
    document.refuse(&["rule", at], format!("the rule `{}` has no condition", rule.name), help);
}

fn filled(rule: &Rule, mut made: AlarmRule, at: &str, document: &mut Document<'_>) -> AlarmRule {
    if let Some(holds) = rule.holds {
        if holds.0.as_secs() > LONGEST {
            let message = format!("a condition that must hold for {} days cannot be meant", holds.0.as_secs() / 86_400);
            document.refuse(&["rule", at, "for"], message, "up to 7d; 5m is usual");
        }
        made.for_seconds = u32::try_from(holds.0.as_secs()).unwrap_or(u32::MAX);
    }
    made.severity = rule.severity.unwrap_or(made.severity);
    made.summary = rule.summary.clone().or(made.summary);
    made.runbook = rule.runbook.clone().or(made.runbook);
    made
}
