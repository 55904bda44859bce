//! The shape of freeze windows, queues, checklists and policy, checked while the file and the line are known.

use super::diagnostics::Document;
use super::file::{File, Limit, Policy};
use super::values::Moment;
use super::wording::nearest;
use crate::fleet::rules::ScaleOut;

/// Checks everything that gives neither a Source nor an assignment rule.
pub fn check(file: &File, document: &mut Document<'_>) {
    for (index, environment) in file.environment.iter().enumerate() {
        for (service, limit) in &environment.limits {
            limits(limit, &["environment", &index.to_string(), "limits", service], document);
        }
    }
    freezes(file, document);
    queues(file, document);
    checklist(file, document);
    for (tier, policy) in [("production", &file.policy.production), ("staging", &file.policy.staging)] {
        policy_of(tier, policy, document);
    }
}

fn limits(limit: &Limit, path: &[&str], document: &mut Document<'_>) {
    if let (Some(min), Some(max)) = (limit.min, limit.max)
        && min > max
    {
        document.refuse(path, format!("min {min} is more than max {max}"), format!("min = {max}, max = {min}?"));
    }
    let Some(condition) = &limit.scale_out else { return };
    if self::condition(condition).is_none() {
        let at: Vec<&str> = path.iter().copied().chain(["scale_out"]).collect();
        let help = "`queue NAME > NUMBER`, `cpu > 70%` or `memory > 80%`";
        document.refuse(&at, format!("`{condition}` is no condition"), help);
    }
}

/// `queue NAME > NUMBER`, `cpu > 70%`, `memory > 80 %`.
pub(super) fn condition(text: &str) -> Option<ScaleOut> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let percent = |text: &str| text.trim_end_matches('%').parse::<u32>().ok();
    let of = |what: &str, percent| match what {
        "cpu" => Some(ScaleOut::Cpu { percent }),
        "memory" => Some(ScaleOut::Memory { percent }),
        _ => None,
    };
    match words[..] {
        ["queue", name, ">", above] => Some(ScaleOut::Queue { name: name.to_owned(), above: above.parse().ok()? }),
        [what, ">", number] | [what, ">", number, "%"] => of(what, percent(number)?),
        _ => None,
    }
}

fn freezes(file: &File, document: &mut Document<'_>) {
    for (index, freeze) in file.freeze.iter().enumerate() {
        let at = index.to_string();
        if freeze.environments.is_empty() {
            let help = "environments = [\"*/prod\"]";
            document.refuse(&["freeze", &at, "environments"], "this freeze is for no Environment", help);
        }
        let mut moment = |key: &str, text: &str| match text.parse::<Moment>() {
            Ok(moment) => Some(moment),
            Err(wrong) => {
                document.refuse(&["freeze", &at, key], wrong, "`Fri 16:00`, or `2026-12-24T12:00:00+01:00`");
                None
            }
        };
        let (from, until) = (moment("from", &freeze.from), moment("until", &freeze.until));
        match (from, until) {
            (Some(Moment::At(from)), Some(Moment::At(until))) if until <= from => {
                document.refuse(
                    &["freeze", &at, "until"],
                    "the freeze ends before it begins",
                    "put the later time here",
                );
            }
            (Some(Moment::Weekly(a)), Some(Moment::Weekly(b))) if a == b => {
                let help = "for always, write Mon 00:00 to Sun 23:59";
                document.refuse(&["freeze", &at, "until"], "the freeze ends when it begins", help);
            }
            (Some(Moment::At(_)), Some(Moment::Weekly(_))) | (Some(Moment::Weekly(_)), Some(Moment::At(_))) => {
                let message = "a freeze is weekly or once, not half of each";
                document.refuse(&["freeze", &at, "until"], message, "write both ends in the same way");
            }
            _ => {}
        }
        if let Some(zone) = freeze.zone.as_ref().filter(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
            let message = format!("the time zone `{zone}` is not known here");
            document.refuse(&["freeze", &at, "zone"], message, "as in `Europe/Berlin` or `UTC`");
        }
    }
}

fn queues(file: &File, document: &mut Document<'_>) {
    for (index, queue) in file.queue.iter().enumerate() {
        let at = index.to_string();
        let kinds =
            [("rabbitmq", &queue.rabbitmq), ("bullmq", &queue.bullmq), ("celery", &queue.celery), ("sqs", &queue.sqs)];
        let given: Vec<&str> = kinds.iter().filter(|(_, names)| names.is_some()).map(|(kind, _)| *kind).collect();
        if given.len() != 1 {
            let help = "give exactly one of rabbitmq, bullmq, celery, sqs: a list of names";
            document.refuse(&["queue", &at], "of which kind these queues are is not clear", help);
        }
        if !file.source.iter().any(|source| source.name == queue.source) {
            let near = nearest(&queue.source, file.source.iter().map(|s| s.name.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a [[source]] with this name".to_owned(),
            };
            document.refuse(&["queue", &at, "source"], format!("no Source is called `{}`", queue.source), help);
        }
    }
}

fn checklist(file: &File, document: &mut Document<'_>) {
    for (index, item) in file.checklist.iter().enumerate() {
        let at = index.to_string();
        if item.check.is_some() == item.tick.is_some() {
            let help = "check = \"ENV/SERVICE\", or tick = true for a person to say so";
            document.refuse(&["checklist", &at], "an item is proved by a check or ticked, one of the two", help);
        }
    }
}

fn policy_of(tier: &str, policy: &Policy, document: &mut Document<'_>) {
    if policy.confirm == Some(super::file::Confirm::None) {
        let message = format!("in {tier}, changes would run without being confirmed");
        document.warn(&["policy", tier, "confirm"], message, "\"press\" or \"type\" is safer");
    }
}
