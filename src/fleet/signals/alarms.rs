//! Alarms as faces show them: one line each, however many Sources tell it, ours among them, what fires first. They are made
//! again only where something about them changed, so that a face may ask at each of its frames.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::fleet::derive::care;
use crate::fleet::{Fleet, SourceView};
use crate::model::{
    Address, Alarm, AlarmState, EnvironmentAddress, Fact, Freshness, Key, Kind, Severity, SourceKind, SourceName, Text,
    Tier, Timestamp,
};

use super::cause::{Cause, group};
use super::flaps::FlapCount;
use super::own::{Own, RULES_SOURCE};

/// What the alarm of a silent Source is called there.
const SILENCE: &str = "quarterdeck/source-silent";

/// An alarm: one line, however many Sources tell it.
#[derive(Clone, Debug)]
pub struct AlarmView {
    pub alarm: Alarm,
    pub environment: Option<EnvironmentAddress>,
    pub tier: Tier,
    pub service: Option<Address>,
    pub because: Text,
    /// All Sources that tell it.
    pub sources: Vec<SourceName>,
    /// The facts that it was made of.
    pub keys: Vec<Key>,
    /// The place of its cause among [`Fleet::causes`], where it has one in common with others.
    pub cause: Option<usize>,
    pub stale_since: Option<Timestamp>,
}

impl AlarmView {
    /// Whether it says that a Source of alarms tells nothing, rather than what such a Source told.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        &*self.alarm.key.uid == SILENCE
    }

    /// Whether it is one of ours: a rule of the configuration, or one of the default ones.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.alarm.key.source.0.raw() == RULES_SOURCE
    }

    /// Whether it fires, or waits to, by what is known now.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.alarm.state, AlarmState::Firing | AlarmState::Pending) && self.stale_since.is_none()
    }
}

/// All alarms, and the ways to find them.
#[derive(Clone, Debug, Default)]
pub(in crate::fleet) struct Told {
    views: Vec<AlarmView>,
    by_key: HashMap<Key, usize>,
    of_service: HashMap<Address, Vec<usize>>,
    causes: Vec<Cause>,
}

impl Fleet {
    /// All alarms, one line each, however many Sources tell of it: what fires first, then the worst, then production, then
    /// the oldest. An alarm Source that tells nothing is an alarm itself, and so is each of our rules that holds.
    #[must_use]
    pub fn alarms(&self) -> &[AlarmView] {
        &self.signals.told.views
    }

    /// One alarm, as its own Source tells it.
    #[must_use]
    pub fn alarm(&self, key: &Key) -> Option<&Alarm> {
        match self.store.get(key)? {
            Fact::Alarm(alarm) => Some(alarm),
            _ => None,
        }
    }

    /// The alarm that a fact is told by.
    #[must_use]
    pub fn alarm_told(&self, key: &Key) -> Option<&AlarmView> {
        self.signals.told.views.get(*self.signals.told.by_key.get(key)?)
    }

    /// The alarms of a Service, in the same order.
    #[must_use]
    pub fn alarms_of(&self, service: &Address) -> Vec<&AlarmView> {
        let told = &self.signals.told;
        told.of_service.get(service).into_iter().flatten().filter_map(|place| told.views.get(*place)).collect()
    }

    /// What several alarms have in common as their cause.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.signals.told.causes
    }

    /// The cause that an alarm has in common with others.
    #[must_use]
    pub fn cause_of(&self, view: &AlarmView) -> Option<&Cause> {
        self.causes().get(view.cause?)
    }

    /// How often an alarm began or ended lately, as far as this console has seen.
    #[must_use]
    pub fn flaps(&self, view: &AlarmView, now: Timestamp) -> FlapCount {
        view.keys.iter().map(|key| self.signals.flaps.count(key, now)).max().unwrap_or_default()
    }

    /// The last `count` steps up to `now` of what an alarm measures, oldest first; empty where it carries no number.
    #[must_use]
    pub fn alarm_curve(&self, view: &AlarmView, now: Timestamp, count: usize) -> Vec<Option<f64>> {
        if let (true, Some(service)) = (view.is_ours(), &view.service) {
            return self.own_curve(service, &view.alarm.name, (now, count));
        }
        let kept = view.keys.iter().find_map(|key| self.signals.values.get(key));
        kept.map(|values| values.line(now, count)).unwrap_or_default()
    }

    /// Makes the views again where something about alarms changed.
    pub(in crate::fleet) fn tell_alarms(&mut self) {
        if !std::mem::take(&mut self.signals.stirred) {
            return;
        }
        let mut views = self.merged();
        views.extend(self.services.iter().flat_map(|state| {
            let service = &state.view;
            state.own.alarms.iter().map(|own| ours(own, &service.address, service.tier, service.stale_since))
        }));
        views.extend(self.sources().filter_map(silent));
        views.sort_by(|a, b| {
            let rank = |view: &AlarmView| {
                (Reverse(view.alarm.state), Reverse(view.alarm.severity), Reverse(care(view.tier)), view.alarm.since)
            };
            (rank(a), &a.alarm.name, &a.alarm.key).cmp(&(rank(b), &b.alarm.name, &b.alarm.key))
        });
        let causes = group(&mut views);
        let mut told = Told { causes, ..Told::default() };
        for (place, view) in views.iter().enumerate() {
            told.by_key.extend(view.keys.iter().map(|key| (key.clone(), place)));
            if let Some(service) = &view.service {
                told.of_service.entry(service.clone()).or_default().push(place);
            }
        }
        told.views = views;
        self.signals.told = told;
    }

    /// What Sources tell, each alarm once.
    fn merged(&self) -> Vec<AlarmView> {
        let keys = self.signals.ties.keys().filter(|key| key.kind == Kind::Alarm);
        let facts = keys.filter_map(|key| match self.store.get(key)? {
            Fact::Alarm(alarm) => self.alarm_view(alarm),
            _ => None,
        });
        let mut views: Vec<AlarmView> = facts.collect();
        views.sort_by(|a, b| {
            (&a.alarm.fingerprint, speaks(a), &a.alarm.key).cmp(&(&b.alarm.fingerprint, speaks(b), &b.alarm.key))
        });
        views.dedup_by(|other, kept| {
            let same = other.alarm.fingerprint == kept.alarm.fingerprint && !kept.alarm.fingerprint.is_empty();
            if same {
                merge(kept, other);
            }
            same
        });
        views
    }

    fn alarm_view(&self, alarm: &Alarm) -> Option<AlarmView> {
        let tie = self.signals.ties.get(&alarm.key)?;
        Some(AlarmView {
            alarm: alarm.clone(),
            environment: Some(tie.environment.clone()),
            tier: tie.tier,
            service: tie.service.clone(),
            because: tie.because.clone(),
            sources: vec![alarm.key.source.clone()],
            keys: vec![alarm.key.clone()],
            cause: None,
            stale_since: self.stale_since(&alarm.key),
        })
    }
}

/// Of two Sources that tell one alarm, one that answers speaks; of those the one that knows of silences, then the one that says
/// more. What was silenced when its Source fell silent need not be so now.
fn speaks(view: &AlarmView) -> (bool, bool, Reverse<AlarmState>) {
    let stale = view.stale_since.is_some();
    (stale, view.alarm.state != AlarmState::Suppressed, Reverse(view.alarm.state))
}

/// Takes over what the other Source knows beside.
fn merge(kept: &mut AlarmView, other: &AlarmView) {
    kept.sources.extend(other.sources.iter().cloned());
    kept.sources.sort();
    kept.keys.extend(other.keys.iter().cloned());
    let (alarm, more) = (&mut kept.alarm, &other.alarm);
    alarm.since = alarm.since.into_iter().chain(more.since).min();
    alarm.value = alarm.value.or(more.value);
    alarm.threshold = alarm.threshold.or(more.threshold);
    alarm.comparison = alarm.comparison.take().or_else(|| more.comparison.clone());
    alarm.runbook = alarm.runbook.take().or_else(|| more.runbook.clone());
    if alarm.summary.is_empty() {
        alarm.summary = more.summary.clone();
    }
    if kept.service.is_none() {
        (kept.service, kept.because, kept.environment) =
            (other.service.clone(), other.because.clone(), other.environment.clone());
    }
    // One of them still telling is enough to go by.
    kept.stale_since = kept.stale_since.and(other.stale_since);
}

/// An alarm of ours, at the Service that its rule was asked of.
fn ours(own: &Own, service: &Address, tier: Tier, stale_since: Option<Timestamp>) -> AlarmView {
    AlarmView {
        alarm: own.alarm.clone(),
        environment: Some(service.environment.clone()),
        tier,
        service: Some(service.clone()),
        because: Text::line("its rule, which is asked of each Service"),
        sources: vec![own.alarm.key.source.clone()],
        keys: vec![own.alarm.key.clone()],
        cause: None,
        stale_since,
    }
}

/// A Source of alarms that tells nothing: nobody knows what fires there.
fn silent(source: &SourceView) -> Option<AlarmView> {
    let tells = matches!(source.kind, SourceKind::Alertmanager | SourceKind::Prometheus | SourceKind::Aws);
    if !tells || !matches!(source.state, Freshness::Stale | Freshness::Denied | Freshness::Unreachable) {
        return None;
    }
    let detail = source.status.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let summary = format!("{} is {}: alarms may fire unseen{detail}", source.name, source.state.word());
    let alarm = Alarm {
        key: Key::new(&source.name, Kind::Alarm, SILENCE),
        scope: Text::empty(),
        name: Text::name("AlarmSourceSilent"),
        severity: Severity::Critical,
        state: AlarmState::Firing,
        since: Some(source.since),
        summary: Text::line(&summary),
        value: None,
        threshold: None,
        comparison: None,
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: Vec::new(),
        fingerprint: Text::name(&format!("quarterdeck/silent/{}", source.name)),
    };
    Some(AlarmView {
        keys: vec![alarm.key.clone()],
        alarm,
        environment: None,
        tier: Tier::Unknown,
        service: None,
        because: Text::line("it speaks of a Source"),
        sources: vec![source.name.clone()],
        cause: None,
        stale_since: None,
    })
}
