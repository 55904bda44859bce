//! *Needs attention*: what somebody should look at, worst first, in an order that does not jump.

use std::cmp::Ordering;

use crate::model::{
    Address, AlarmState, EnvironmentAddress, Finding, Freshness, HealthState, Key, QueueState, Service, Severity,
    SourceName, Text, Tier, Timestamp,
};

use super::diagnose::{ALARM, NOTE};
use super::service::State;
use super::{AlarmView, Cause, Fleet, QueueView, SourceView};

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

/// A line with what it is ranked by.
struct Ranked {
    tier: u8,
    /// It becomes worse.
    grows: bool,
    line: Attention,
}

impl Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rank = other.line.severity.cmp(&self.line.severity).then(self.tier.cmp(&other.tier));
        let age = |line: &Attention| line.since.unwrap_or(Timestamp::MAX);
        let by_age = || other.grows.cmp(&self.grows).then_with(|| age(&self.line).cmp(&age(&other.line)));
        let by_name = || {
            let (a, b) = (&self.line, &other.line);
            let signals = || a.signal.as_ref().map(|stray| &stray.key).cmp(&b.signal.as_ref().map(|stray| &stray.key));
            a.service.cmp(&b.service).then_with(|| a.source.cmp(&b.source)).then_with(signals)
        };
        by_rank.then_with(by_age).then_with(by_name)
    }
}

impl Fleet {
    /// What needs attention, worst first, one line for each trouble: by severity, then by tier (production and unknown
    /// first), then what becomes worse, then the oldest, so that a new line pushes none of its rank away from under the
    /// cursor.
    #[must_use]
    pub fn attention(&self) -> Vec<Attention> {
        let services = self.services.iter().filter_map(|state| {
            let line = of_service(state, || self.are_alarms_told(&state.view.address))?;
            Some(Ranked { tier: care(state.view.tier), grows: self.grows(&state.view.address), line })
        });
        let sources =
            self.sources().filter_map(|source| Some(Ranked { tier: 0, grows: false, line: of_source(source)? }));
        let queues = self.signals.strays.iter().filter_map(|key| self.queue(key)).filter_map(|view| {
            let grows = view.state == QueueState::Growing;
            Some(Ranked { tier: care(view.tier), grows, line: of_queue(&view)? })
        });
        let alarms = self.alarms().iter().enumerate().filter_map(|(place, view)| {
            Some(Ranked { tier: care(view.tier), grows: false, line: self.of_alarm(place, view)? })
        });
        let mut lines: Vec<Ranked> = services.chain(sources).chain(queues).chain(alarms).collect();
        lines.sort_by(Ranked::cmp);
        lines.into_iter().map(|ranked| ranked.line).collect()
    }

    /// Whether more and more waits for a Service.
    fn grows(&self, service: &Address) -> bool {
        self.queues_of(service).iter().any(|view| view.state == QueueState::Growing)
    }

    /// Whether the alarms that fire about a Service are told once for several.
    fn are_alarms_told(&self, service: &Address) -> bool {
        let told = |view: &&AlarmView| self.cause_of(view).is_some_and(Cause::is_beside_services);
        let mut firing = self.alarms_of(service).into_iter().filter(|view| view.alarm.state == AlarmState::Firing);
        !self.causes().is_empty() && firing.all(|view| told(&view))
    }

    /// The line of an alarm that no Service's line tells: it names none, or it speaks for the alarms of several. What is
    /// only worth a look does not outrank what is broken; a silent Source has its own line.
    fn of_alarm(&self, place: usize, view: &AlarmView) -> Option<Attention> {
        let alarm = &view.alarm;
        if alarm.state != AlarmState::Firing || view.stale_since.is_some() || view.is_silence() {
            return None;
        }
        let cause = self.cause_of(view);
        let (severity, more) = match cause {
            Some(cause) if cause.head() != Some(place) || !cause.is_beside_services() => return None,
            Some(cause) => (cause.severity, others(cause)),
            None if view.service.is_some() => return None,
            None => (alarm.severity, String::new()),
        };
        let severity = match severity {
            Severity::Critical => HealthState::Degraded,
            Severity::Warning => NOTE,
            Severity::Info => return None,
        };
        let measure = Some(alarm.measure()).filter(|measure| !measure.is_empty());
        let measure = measure.map(|measure| format!(" ({measure})")).unwrap_or_default();
        let text = format!("alarm {} fires{measure}{more}: {}", alarm.name, alarm.summary);
        let stray = Stray { key: alarm.key.clone(), environment: view.environment.clone()?, name: alarm.name.clone() };
        Some(of_stray(stray, severity, &text, alarm.since))
    }
}

/// How many more an alarm speaks for, and about which Services: ` and 4 more about api, web and 3 others`.
fn others(cause: &Cause) -> String {
    let more = cause.alarms.len() - 1;
    let names: Vec<&str> = cause.services.iter().take(NAMED).map(|address| address.service.shown()).collect();
    let left = cause.services.len() - names.len();
    let rest = if left > 0 { format!(" and {left} others") } else { String::new() };
    let about = if names.is_empty() { String::new() } else { format!(" about {}{rest}", names.join(", ")) };
    format!(" and {more} more{about}")
}

/// Services that such a line names.
const NAMED: usize = 3;

/// `told`: the alarms about it have a line of their own.
fn of_service(state: &State, told: impl Fn() -> bool) -> Option<Attention> {
    let Service { address, health, health_since, .. } = &state.view;
    let line = |severity, text: &str, since| Attention {
        service: Some(address.clone()),
        source: None,
        signal: None,
        severity,
        text: Text::line(text),
        since,
    };
    let of_alarms = |finding: &&Finding| finding.rule.raw() == ALARM;
    if health.state.is_bad() {
        let mut bad = state.findings.iter().filter(|finding| finding.severity.is_bad()).peekable();
        if bad.peek().is_some() && bad.all(|finding| of_alarms(&finding)) && told() {
            return None;
        }
        let words: Vec<&str> = health.reasons.iter().take(REASONS).map(|reason| reason.text.shown()).collect();
        return Some(line(health.state, &words.join("; "), *health_since));
    }
    // While its Source is silent the Source's own line says what there is to say.
    if state.view.stale_since.is_some() {
        return None;
    }
    let notes = state.findings.iter().filter(|finding| finding.severity == NOTE);
    let note = notes.into_iter().find(|finding| !of_alarms(finding) || !told())?;
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
