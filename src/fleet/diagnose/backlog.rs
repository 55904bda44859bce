//! Backlog: work waits in a queue that it takes from, more than is allowed, or nobody takes it.

use crate::fleet::signals::is_about_backlog;
use crate::fleet::words::moment;
use crate::model::{Finding, HealthState, QueueState};

use super::{Case, Evidence, NOTE};

pub(super) const NAME: &str = "backlog";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    // An alarm about the backlog may have watched for longer than this console.
    let about = case.signals.firing().into_iter().filter(|alarm| is_about_backlog(alarm));
    let alarmed = about.filter_map(|alarm| alarm.since).min();
    let mut severity = NOTE;
    let mut words: Vec<String> = Vec::new();
    for sight in &case.signals.queues {
        let queue = sight.queue;
        let Some(ready) = queue.ready else { continue };
        let stuck = sight.state == QueueState::Stuck && !queue.paused;
        let growing = sight.state == QueueState::Growing;
        if !(stuck || growing || sight.is_over()) {
            continue;
        }
        if stuck || sight.is_over() {
            severity = HealthState::Degraded;
        }
        let limit = sight.limit.map(|limit| format!(" > {limit}")).filter(|_| sight.is_over()).unwrap_or_default();
        let how = match (stuck, queue.consumers) {
            (true, Some(0)) => "no consumers".to_owned(),
            (true, _) => "no progress".to_owned(),
            _ => sight.state.to_string(),
        };
        words.push(format!("{}: {ready} waiting{limit}, {how}", queue.name));
        let since = sight.since.map(|at| format!(" since {}", moment(at, case.now))).unwrap_or_default();
        let oldest =
            queue.oldest_at.map(|at| format!(", the oldest since {}", moment(at, case.now))).unwrap_or_default();
        evidence.saw(
            &queue.key,
            sight.since.map(|at| alarmed.map_or(at, |earlier| earlier.min(at))),
            &format!("{} {}: {ready} waiting{limit}, {how}{since}{oldest}", queue.broker, queue.name),
        );
    }
    let first = words.first()?;
    let more = if words.len() > 1 { format!(" and {} more", words.len() - 1) } else { String::new() };
    let summary = format!("backlog {first}{more}");
    Some(evidence.finding(
        NAME,
        severity,
        &summary,
        "see whether its Instances work at all before adding more: one bad job can hold them all",
    ))
}
