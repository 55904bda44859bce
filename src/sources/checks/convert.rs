//! From what was seen to the fact, and to the description that a person reads.

use super::seen::Seen;
use crate::model::{Check, CheckSpec, Key, Outcome, Text, Timestamp, redact};

/// The table that all Checks stand in.
pub(super) const TABLE: &str = "checks";

/// A Check that has not been run so far, or is not to be.
pub(super) fn unseen(key: &Key, spec: &CheckSpec) -> Check {
    Check {
        key: key.clone(),
        kind: spec.kind,
        service: spec.service.clone(),
        target: Text::line(&redact::mask(spec.target.raw())),
        found_by: spec.found_by.clone(),
        outcome: Outcome::NotChecked,
        since: None,
        latency_ms: None,
        message: spec.held.clone().unwrap_or_else(|| Text::line("not run so far")),
        checked_at: None,
        certificate_expires_at: None,
        connections: None,
    }
}

/// The fact after a run; `since` goes on where the outcome is what it was.
pub(super) fn fact(key: &Key, spec: &CheckSpec, seen: Seen, before: Option<&Check>, now: Timestamp) -> Check {
    let same = before.filter(|before| before.outcome == seen.outcome);
    Check {
        outcome: seen.outcome,
        since: same.and_then(|before| before.since).or(Some(now)),
        latency_ms: seen.latency_ms,
        message: seen.message,
        checked_at: Some(now),
        certificate_expires_at: seen.certificate_expires_at,
        connections: seen.connections,
        ..unseen(key, spec)
    }
}

/// What is asked, how often, and what came of it last.
pub(super) fn described(spec: &CheckSpec, last: Option<&Check>) -> Vec<Text> {
    let mut lines = vec![
        ("kind", spec.kind.to_string()),
        ("target", redact::mask(spec.target.raw()).into_owned()),
        ("service", spec.service.raw().to_owned()),
        ("found_by", spec.found_by.raw().to_owned()),
        ("every", format!("{} s", spec.every_seconds)),
        ("timeout", format!("{} s", spec.timeout_seconds)),
    ];
    let expect = &spec.expect;
    lines.extend(spec.via.as_ref().map(|via| ("asked at", via.raw().to_owned())));
    lines.extend(spec.user.as_ref().map(|user| ("user", user.raw().to_owned())));
    lines.extend(spec.password.as_ref().map(|place| ("password", format!("from {place:?}"))));
    lines.extend(spec.ca_file.as_ref().map(|path| ("ca_file", path.display().to_string())));
    lines.extend(expect.status.map(|status| ("expects status", status.to_string())));
    lines.extend(expect.within_ms.map(|ms| ("expects within", format!("{ms} ms"))));
    lines.extend(expect.body.as_ref().map(|words| ("expects in the body", words.raw().to_owned())));
    lines.extend(expect.valid_for_seconds.map(|s| ("expects a certificate for", format!("{} days", s / 86_400))));
    if let Some(last) = last {
        lines.push(("state", last.outcome.word().to_owned()));
        lines.extend(last.since.map(|at| ("since", at.to_string())));
        lines.extend(last.checked_at.map(|at| ("checked_at", at.to_string())));
        lines.push(("message", last.message.raw().to_owned()));
    }
    lines.into_iter().map(|(key, value)| Text::line(&format!("{key}: {value}"))).collect()
}
