//! Drift: what runs differs from what its files or its owner declare.

use crate::model::Finding;

use super::{Case, Evidence, NOTE};

pub(super) const NAME: &str = "drift";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let (mut words, mut numbers): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for workload in case.parts.iter().filter_map(|part| part.workload) {
        for drift in &workload.drift {
            let line = format!("{}: declared {}, running {}", drift.what, drift.declared, drift.running);
            evidence.saw(&workload.key, workload.changed_at, &line);
            let counts = [&drift.declared, &drift.running].map(|count| count.raw().parse::<u32>().ok());
            if let [Some(declared), Some(running)] = counts {
                numbers.push(format!("{}: {declared} declared, {running} running", drift.what));
                continue;
            }
            let what = drift.what.to_string();
            if !words.contains(&what) {
                words.push(what);
            }
        }
    }
    if !words.is_empty() {
        let differ = if words.len() == 1 { "differs" } else { "differ" };
        numbers.insert(0, format!("{} {differ} from what is declared", words.join(", ")));
    }
    if numbers.is_empty() {
        return None;
    }
    let summary = format!("{} (drift)", numbers.join("; "));
    Some(evidence.finding(NAME, NOTE, &summary, "bring the declaration into force again, or change it to what runs"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, find};
    use super::*;
    use crate::model::{Drift, Text, Workload};

    #[test]
    fn counts_are_told_as_they_are() {
        let drift = |what, declared, running| Drift {
            what: Text::line(what),
            declared: Text::line(declared),
            running: Text::line(running),
        };
        let said = |drift| {
            let found = find(check, &Workload { drift, ..deployment("web", 1, 1) }, &[]).unwrap();
            found.summary.shown().to_owned()
        };
        assert_eq!(said(vec![drift("replicas", "2", "3")]), "replicas: 2 declared, 3 running (drift)");
        let both = said(vec![drift("replicas", "2", "3"), drift("image", "web:2", "web:1")]);
        assert_eq!(both, "image differs from what is declared; replicas: 2 declared, 3 running (drift)");
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let drift = Drift { what: Text::line("image"), declared: Text::line("web:2"), running: Text::line("web:1") };
        let found = find(check, &Workload { drift: vec![drift], ..deployment("web", 1, 1) }, &[]).unwrap();
        assert_eq!(found.summary.shown(), "image differs from what is declared (drift)");
        assert_eq!(found.evidence[0].shown(), "image: declared web:2, running web:1");
        assert_eq!(found.severity, NOTE);
        assert_eq!(find(check, &deployment("web", 1, 1), &[]), None);
    }
}
