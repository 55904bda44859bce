//! Alarms of our own: what the rules of the configuration say of each Service. A condition that holds is pending until it
//! has held for long enough; it never fires from what is not known, and is never over because a Source fell silent.

use crate::fleet::Fleet;
use crate::fleet::history::Values;
use crate::fleet::query::{FieldKind, Reading, ServiceRow};
use crate::fleet::rules::AlarmRule;
use crate::fleet::words::{after, moment, seconds_between};
use crate::model::{
    Address, Alarm, AlarmState, Finding, Key, Kind, Quantity, Service, Severity, SourceName, Text, Timestamp,
};

/// What stands for a Source where an alarm is one of ours.
pub const RULES_SOURCE: &str = "rules";

/// An alarm that fired, and of whose condition nothing was known for so long, is forgotten.
const BLIND_SECONDS: i64 = 900;

/// One of our alarms at one Service.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::fleet) struct Own {
    pub(in crate::fleet) alarm: Alarm,
    /// Since when its condition holds.
    held: Timestamp,
    /// Since when nothing is known of its condition.
    blind: Option<Timestamp>,
    /// Rules of `why` say it already: it adds nothing to the reasons of the Service.
    told: bool,
}

/// What is kept of the rules at one Service.
#[derive(Clone, Debug, Default)]
pub(in crate::fleet) struct Kept {
    pub(in crate::fleet) alarms: Vec<Own>,
    /// The number that a rule goes by, where it is near its limit; by the rule's place.
    values: Vec<(usize, Values)>,
}

/// What came of asking every rule of a Service.
#[derive(Debug, Default)]
pub(in crate::fleet) struct Asked {
    /// Alarms that fire and that no rule of `why` tells already.
    pub(in crate::fleet) news: Vec<Alarm>,
    /// When time alone may change an answer.
    pub(in crate::fleet) wake: Option<Timestamp>,
}

/// One rule's answer.
struct Judged {
    verdict: Option<bool>,
    began: Option<Timestamp>,
    reading: Option<Reading>,
    turns: Option<Timestamp>,
    told: bool,
}

impl Fleet {
    /// Asks every rule of a Service as its facts alone have it: `bare` knows nothing of our alarms, so that none can keep
    /// itself alive.
    pub(in crate::fleet) fn ask_rules(&mut self, bare: &Service, findings: &[Finding], now: Timestamp) -> Asked {
        if self.rules.alarms.is_empty() {
            return Asked::default();
        }
        let row = ServiceRow { fleet: self, service: bare, now };
        let judged: Vec<Judged> = self.rules.alarms.iter().map(|rule| judge(rule, &row, findings)).collect();
        let Some(id) = self.services.id_of(&bare.address) else { return Asked::default() };
        let Some(state) = self.services.get_mut(id) else { return Asked::default() };
        let mut kept = std::mem::take(&mut state.own);
        let mut asked = Asked::default();
        let mut next = Vec::new();
        let mut moved = false;
        for (place, (rule, judged)) in self.rules.alarms.iter().zip(&judged).enumerate() {
            kept.measure(place, judged, now);
            let old = kept.alarms.iter().position(|own| own.alarm.name.raw() == rule.name);
            let old = old.map(|at| kept.alarms.swap_remove(at));
            let own = step(old.as_ref(), rule, judged, &bare.address, now);
            moved |= own != old;
            let wakes = [judged.turns, own.as_ref().and_then(|own| own.wake(rule))];
            asked.wake = asked.wake.into_iter().chain(wakes.into_iter().flatten()).min();
            let (before, is) = (old.as_ref().map(|old| &old.alarm), own.as_ref().map(|own| &own.alarm));
            if let Some(alarm) = is.or(before) {
                self.signals.flaps.compare(&alarm.key, before, is, now);
            }
            let fires = is.is_some_and(|alarm| alarm.state == AlarmState::Firing);
            asked.news.extend(own.iter().filter(|_| fires).filter(|own| !own.told).map(|own| own.alarm.clone()));
            next.extend(own);
        }
        moved |= !kept.alarms.is_empty();
        kept.alarms = next;
        state.own = kept;
        self.signals.stirred |= moved;
        asked
    }

    /// The last steps up to `now` of the number that one of our alarms goes by, oldest first.
    pub(in crate::fleet) fn own_curve(
        &self,
        service: &Address,
        name: &Text,
        (now, count): (Timestamp, usize),
    ) -> Vec<Option<f64>> {
        let place = self.rules.alarms.iter().position(|rule| rule.name == name.raw());
        let kept = self.services.find(service).map(|state| &state.own);
        let values = kept.and_then(|kept| kept.values.iter().find(|(at, _)| Some(*at) == place));
        values.map(|(_, values)| values.line(now, count)).unwrap_or_default()
    }
}

impl Kept {
    /// Keeps the numbers of a rule while it is near its limit, so that its page can draw how it came there.
    fn measure(&mut self, place: usize, judged: &Judged, now: Timestamp) {
        let known = self.values.iter().position(|(at, _)| *at == place);
        let drawn = judged.reading.filter(|reading| reading.moment.is_none());
        match (known, drawn) {
            (Some(at), Some(reading)) if reading.near => self.values[at].1.record(Some(reading.value), now),
            (Some(at), None) => self.values[at].1.record(None, now),
            (None, Some(reading)) if reading.near => {
                let mut values = Values::default();
                values.record(Some(reading.value), now);
                self.values.push((place, values));
            }
            (Some(at), Some(reading)) => {
                self.values[at].1.record(Some(reading.value), now);
                // Long back on the safe side: the way there is no news any more.
                if self.values[at].1.spans_at_least(HOUR, now) {
                    self.values.swap_remove(at);
                }
            }
            (None, _) => {}
        }
    }
}

const HOUR: i64 = 3600;

impl Own {
    /// When time alone changes it.
    fn wake(&self, rule: &AlarmRule) -> Option<Timestamp> {
        match (self.alarm.state, self.blind) {
            (AlarmState::Pending, _) => Some(after(self.held, i64::from(rule.for_seconds))),
            (_, Some(blind)) => Some(after(blind, BLIND_SECONDS)),
            _ => None,
        }
    }
}

fn judge(rule: &AlarmRule, row: &ServiceRow<'_>, findings: &[Finding]) -> Judged {
    let verdict = rule.when.verdict(row);
    let holds = verdict == Some(true);
    let says = |finding: &&Finding| rule.when.told_by().contains(&finding.rule.raw());
    let enough = |finding: &Finding| finding.severity.is_bad() || rule.severity < Severity::Critical;
    Judged {
        verdict,
        began: holds.then(|| rule.when.began(row, findings)).flatten(),
        reading: rule.when.reading(row),
        turns: rule.when.turns_at(row),
        told: holds && (rule.when.asks_for_reasons() || findings.iter().filter(says).any(enough)),
    }
}

/// What becomes of an alarm by the newest answer.
fn step(old: Option<&Own>, rule: &AlarmRule, judged: &Judged, service: &Address, now: Timestamp) -> Option<Own> {
    match judged.verdict {
        Some(false) => None,
        Some(true) => {
            let told = judged.began.map_or(now, |at| at.min(now));
            let held = old.map_or(told, |old| old.held.min(told));
            let fired = old.is_some_and(|old| old.alarm.state != AlarmState::Pending);
            let fires = fired || seconds_between(held, now) >= i64::from(rule.for_seconds);
            let state = if fires { AlarmState::Firing } else { AlarmState::Pending };
            let alarm = alarm(rule, service, state, held, judged.reading);
            Some(Own { alarm, held, blind: None, told: judged.told })
        }
        None => {
            let old = old.filter(|old| old.alarm.state != AlarmState::Pending)?;
            let blind = old.blind.unwrap_or(now);
            let alarm = Alarm { state: AlarmState::NoData, since: Some(blind), value: None, ..old.alarm.clone() };
            (seconds_between(blind, now) < BLIND_SECONDS).then(|| Own { alarm, blind: Some(blind), ..old.clone() })
        }
    }
}

fn alarm(rule: &AlarmRule, service: &Address, state: AlarmState, since: Timestamp, reading: Option<Reading>) -> Alarm {
    // Times and sizes are no plain numbers: the summary says them.
    let plain = reading.filter(|r| matches!(r.kind, FieldKind::Number | FieldKind::Share) && r.moment.is_none());
    let said = rule.summary.clone().unwrap_or_else(|| rule.when.to_string());
    let said = match reading.and_then(|reading| reading.moment) {
        Some(at) if at > since => format!("{said}: until {}", moment(at, since)),
        Some(at) => format!("{said}: since {}", moment(at, since)),
        None => said,
    };
    let uid = format!("{}/{service}", rule.name);
    Alarm {
        key: Key::new(&SourceName::new(RULES_SOURCE), Kind::Alarm, &uid),
        scope: Text::empty(),
        name: Text::name(&rule.name),
        severity: rule.severity,
        state,
        since: Some(since),
        summary: Text::line(&said),
        value: plain.and_then(|reading| Quantity::new(rounded(reading.value))),
        threshold: plain.and_then(|reading| Quantity::new(reading.threshold)),
        comparison: plain.map(|reading| Text::name(reading.sign)),
        runbook: rule.runbook.as_deref().map(Text::line),
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: [("rule", rule.name.clone()), ("condition", rule.when.to_string()), ("service", service.to_string())]
            .map(|(key, value)| (Text::name(key), Text::line(&value)))
            .to_vec(),
        fingerprint: Text::name(&format!("quarterdeck/rule/{uid}")),
    }
}

/// To a tenth: what lies behind it would make an alarm new at each look.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
