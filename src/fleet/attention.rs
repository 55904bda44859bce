//! *Needs attention*: what somebody should look at, worst first, in an order that does not jump.

use crate::model::{
    Address, AlarmState, EnvironmentAddress, Freshness, HealthState, Key, Service, Severity, SourceName, Text, Tier,
    Timestamp,
};

use super::diagnose::NOTE;
use super::service::State;
use super::{AlarmView, Fleet, QueueView, SourceView};

/// One line of *needs attention*: something bad, ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub service: Option<Address>,
    pub source: Option<SourceName>,
    /// What belongs to no Service: a queue that nobody takes from, an alarm that names none.
    pub signal: Option<Stray>,
    /// A Service's health where it is bad; `unknown` for a Source that tells nothing, `unchecked` for what is worth a look
    /// although nothing is broken (drift, an autoscaler that does not work, a Source that tells a part).
    pub severity: HealthState,
    pub text: Text,
    pub since: Option<Timestamp>,
}

/// A signal that belongs to no Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    pub key: Key,
    pub environment: EnvironmentAddress,
    pub name: Text,
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
        let mut lines: Vec<(u8, Attention)> = services.chain(sources).chain(self.strays()).collect();
        lines.sort_by(|(a_tier, a), (b_tier, b)| {
            let age = |line: &Attention| line.since.unwrap_or(Timestamp::MAX);
            let name = |line: &Attention| line.signal.as_ref().map(|stray| stray.key.clone());
            (b.severity, a_tier, age(a), &a.service, &a.source, name(a)).cmp(&(
                a.severity,
                b_tier,
                age(b),
                &b.service,
                &b.source,
                name(b),
            ))
        });
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Queues and alarms that no Service's line speaks of.
    fn strays(&self) -> Vec<(u8, Attention)> {
        let queues = self.queues().into_iter().filter_map(|view| Some((care(view.tier), of_queue(&view)?)));
        let alarms = self.alarms().into_iter().filter_map(|view| Some((care(view.tier), of_alarm(&view)?)));
        queues.chain(alarms).collect()
    }
}

fn of_service(state: &State) -> Option<Attention> {
    let Service { address, health, health_since, .. } = &state.view;
    let line = |severity, text: &str, since| Attention {
        service: Some(address.clone()),
        source: None,
        signal: None,
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

fn of_queue(view: &QueueView<'_>) -> Option<Attention> {
    if view.consumer.is_some() || view.stale_since.is_some() || !view.is_bad() {
        return None;
    }
    let waiting = view.queue.ready.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let limit = view.limit.map(|limit| format!(" > {limit}")).unwrap_or_default();
    let note = view.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
    let text = format!("backlog {waiting}{limit} waiting in {}, {}{note}", view.queue.broker, view.state);
    let stray =
        Stray { key: view.queue.key.clone(), environment: view.environment.clone(), name: view.queue.name.clone() };
    Some(of_stray(stray, HealthState::Degraded, &text, view.since))
}

/// What is only worth a look does not outrank what is broken; a silent Source has its own line.
fn of_alarm(view: &AlarmView) -> Option<Attention> {
    let alarm = &view.alarm;
    let silent = view.stale_since.is_some() || view.is_silence();
    if alarm.state != AlarmState::Firing || view.service.is_some() || silent {
        return None;
    }
    let severity = match alarm.severity {
        Severity::Critical => HealthState::Degraded,
        Severity::Warning => NOTE,
        Severity::Info => return None,
    };
    let measure = Some(alarm.measure()).filter(|measure| !measure.is_empty());
    let measure = measure.map(|measure| format!(" ({measure})")).unwrap_or_default();
    let text = format!("alarm {} fires{measure}: {}", alarm.name, alarm.summary);
    let stray = Stray { key: alarm.key.clone(), environment: view.environment.clone()?, name: alarm.name.clone() };
    Some(of_stray(stray, severity, &text, alarm.since))
}

fn of_stray(stray: Stray, severity: HealthState, text: &str, since: Option<Timestamp>) -> Attention {
    Attention { service: None, source: None, signal: Some(stray), severity, text: Text::line(text), since }
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
        signal: None,
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
