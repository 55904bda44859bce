//! *Needs attention*: what somebody should look at, worst first, in an order that does not jump.

use crate::model::{Address, Freshness, HealthState, Service, SourceName, Text, Tier, Timestamp};

use super::diagnose::NOTE;
use super::service::State;
use super::{Fleet, SourceView};

/// One line of *needs attention*: something bad, ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub service: Option<Address>,
    pub source: Option<SourceName>,
    /// A Service's health where it is bad; `unknown` for a Source that tells nothing, `unchecked` for what is worth a look
    /// although nothing is broken (drift, an autoscaler that does not work, a Source that tells a part).
    pub severity: HealthState,
    pub text: Text,
    pub since: Option<Timestamp>,
}

/// The reasons of a Service that one line has room for.
const REASONS: usize = 2;

impl Fleet {
    /// What needs attention, worst first, one line each: by severity, then by tier (production and unknown first), then the
    /// oldest, so that a new line pushes none of its rank away from under the cursor.
    #[must_use]
    pub fn attention(&self) -> Vec<Attention> {
        let services = self.services.iter().filter_map(|state| Some((care(state.view.tier), of_service(state)?)));
        let sources = self.sources().filter_map(|source| Some((0, of_source(source)?)));
        let mut lines: Vec<(u8, Attention)> = services.chain(sources).collect();
        lines.sort_by(|(a_tier, a), (b_tier, b)| {
            let age = |line: &Attention| line.since.unwrap_or(Timestamp::MAX);
            (b.severity, a_tier, age(a), &a.service, &a.source).cmp(&(
                a.severity,
                b_tier,
                age(b),
                &b.service,
                &b.source,
            ))
        });
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

fn of_service(state: &State) -> Option<Attention> {
    let Service { address, health, health_since, .. } = &state.view;
    let line = |severity, text: &str, since| Attention {
        service: Some(address.clone()),
        source: None,
        severity,
        text: Text::line(text),
        since,
    };
    if health.state.is_bad() {
        let words: Vec<&str> = health.reasons.iter().take(REASONS).map(|reason| reason.text.shown()).collect();
        let found = state.findings.iter().filter(|finding| finding.severity.is_bad());
        let since = found.filter_map(|finding| finding.since).min();
        return Some(line(health.state, &words.join("; "), since.or(*health_since)));
    }
    // While its Source is silent the Source's own line says what there is to say.
    if state.view.stale_since.is_some() {
        return None;
    }
    let note = state.findings.iter().find(|finding| finding.severity == NOTE)?;
    Some(line(HealthState::Unchecked, note.summary.shown(), note.since.or(*health_since)))
}

fn of_source(source: &SourceView) -> Option<Attention> {
    let severity = match source.state {
        Freshness::Stale | Freshness::Denied | Freshness::Unreachable => HealthState::Unknown,
        Freshness::Partial => HealthState::Unchecked,
        Freshness::Fresh | Freshness::Connecting | Freshness::Idle => return None,
    };
    let detail = source.status.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    Some(Attention {
        service: None,
        source: Some(source.name.clone()),
        severity,
        text: Text::line(&format!("Source {}{detail}", source.state.word())),
        since: Some(source.since),
    })
}

fn care(tier: Tier) -> u8 {
    match tier {
        Tier::Production | Tier::Unknown => 0,
        Tier::Staging => 1,
        Tier::Dev => 2,
    }
}
