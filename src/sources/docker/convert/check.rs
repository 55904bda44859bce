//! The health checks that an engine runs in its containers, told as one Check of their Service.

use super::{Group, uid};
use crate::model::{Check, CheckKind, CheckState, Key, Kind, Outcome, SourceName, Text};
use crate::sources::docker::container::Container;

/// The health check of a Service's containers; `None`: it has none, or nothing of it runs.
pub(super) fn check(source: &SourceName, group: &Group<'_>) -> Option<Check> {
    let with_one = |container: &&&Container| {
        let has_one = container.detail.as_ref().is_none_or(|detail| detail.has_check);
        has_one && container.check != CheckState::Absent && !container.stage.has_ended()
    };
    let all: Vec<&Container> = group.containers.iter().filter(with_one).copied().collect();
    let count = |state: CheckState| all.iter().filter(|container| container.check == state).count();
    let (passing, failing, starting) =
        (count(CheckState::Passing), count(CheckState::Failing), count(CheckState::Starting));
    let (outcome, words) = match all.len() {
        0 => return None,
        _ if failing > 0 => (Outcome::Failing, format!("{failing} of {} unhealthy{}", all.len(), said(&all))),
        n if passing == n => (Outcome::Passing, format!("{n} of {n} healthy")),
        n if starting > 0 => (Outcome::NotChecked, format!("{starting} of {n} starting")),
        _ => (Outcome::Unknown, "the engine does not tell".to_owned()),
    };
    let place = uid(group.scope, group.name);
    Some(Check {
        key: Key::new(source, Kind::Check, &format!("health {place}")),
        kind: CheckKind::Health,
        service: Text::line(&format!("{}/{}", group.scope.raw(), group.name.raw())),
        target: Text::line(&format!("{}/{}", group.scope.raw(), group.name.raw())),
        found_by: Text::line("docker health check"),
        outcome,
        since: None,
        latency_ms: None,
        message: Text::line(&words),
        checked_at: None,
        certificate_expires_at: None,
        connections: None,
    })
}

/// What the first check that fails said last.
fn said(all: &[&Container]) -> String {
    let mut ill = all.iter().filter(|container| container.check == CheckState::Failing);
    let output = ill.find_map(|container| container.detail.as_ref()?.check_output.as_ref());
    output.map(|output| format!(": {}", output.raw())).unwrap_or_default()
}
