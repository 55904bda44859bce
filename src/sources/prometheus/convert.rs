//! From the rules of a Prometheus to alarms: what fires, what waits to, and which rules cannot tell.

use serde_json::Value;

use super::wire::{Alert, Group, Groups, Rule};
use crate::model::{Alarm, AlarmState, Key, Kind, SourceName, Text, Timestamp};
use crate::sources::alerts::{self, Pairs, expression};

/// A rule that lags this many intervals behind the others is not evaluated any more.
const INTERVALS: f64 = 10.0;
/// And at least so many seconds: rules are evaluated one after the other.
const LAG_SECONDS: f64 = 300.0;

/// What one look at a server gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) alarms: Vec<Alarm>,
    /// Rules that have not been evaluated so far.
    pub(super) unevaluated: usize,
    /// By how many seconds an alert begins in our future, at most.
    pub(super) ahead: i64,
}

struct Around<'a> {
    source: &'a SourceName,
    now: Timestamp,
    /// Labels that the server adds when it tells others.
    external: &'a Pairs,
    /// The newest evaluation, by the server's own clock.
    newest: Option<Timestamp>,
}

/// The alarms of these rules.
pub(super) fn seen(source: &SourceName, groups: &[Group], external: &Pairs, now: Timestamp) -> Seen {
    let rules =
        || groups.iter().flat_map(|group| group.rules.iter().filter(|rule| is_alerting(rule)).map(move |r| (group, r)));
    let newest = rules().filter_map(|(_, rule)| alerts::moment(&rule.last_evaluation)).max();
    let around = Around { source, now, external, newest };
    let mut seen = Seen::default();
    for (group, rule) in rules() {
        let evaluated = alerts::moment(&rule.last_evaluation);
        if rule.health == "unknown" || rule.health.is_empty() && evaluated.is_none() {
            seen.unevaluated += 1;
        }
        seen.alarms.extend(around.untold(group, rule));
        let told = rule.alerts.iter().filter_map(|alert| around.alarm(group, rule, alert));
        seen.alarms.extend(told);
        let ahead = rule.alerts.iter().map(|alert| alerts::since(&alert.active_at, now).1);
        seen.ahead = ahead.max().unwrap_or(0).max(seen.ahead);
    }
    seen
}

fn is_alerting(rule: &Rule) -> bool {
    rule.kind == "alerting" || rule.kind.is_empty() && !rule.alerts.is_empty()
}

/// The identity of an alarm: which rule, and which labels; empty for the rule itself.
fn uid(file: &str, group: &str, rule: &str, labels: &Pairs) -> String {
    let words = labels.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    format!("{:016x}", alerts::hash([file, group, rule].into_iter().chain(words)))
}

impl Around<'_> {
    fn alarm(&self, group: &Group, rule: &Rule, alert: &Alert) -> Option<Alarm> {
        let state = match alert.state.as_str() {
            "inactive" => return None,
            "pending" => AlarmState::Pending,
            // A word that we do not know is no all-clear.
            _ => AlarmState::Firing,
        };
        let labels = self.labels(&alert.labels, &rule.name);
        let annotations = if alert.annotations.is_empty() { &rule.annotations } else { &alert.annotations };
        let key = uid(&group.file, &group.name, &rule.name, &alert.labels);
        Some(Alarm {
            since: alerts::since(&alert.active_at, self.now).0,
            value: alerts::number(&alert.value),
            ..self.plain(&key, state, rule, &labels, annotations)
        })
    }

    /// A rule that cannot tell whether it is so: that is not *ok*.
    fn untold(&self, group: &Group, rule: &Rule) -> Option<Alarm> {
        let why = self.trouble(group, rule)?;
        let labels = self.labels(&rule.labels, &rule.name);
        let key = uid(&group.file, &group.name, &rule.name, &Pairs::new());
        let summary = Text::line(&why);
        Some(Alarm { summary, ..self.plain(&key, AlarmState::NoData, rule, &labels, &rule.annotations) })
    }

    fn trouble(&self, group: &Group, rule: &Rule) -> Option<String> {
        if rule.health == "err" || !rule.last_error.is_empty() {
            let why = if rule.last_error.is_empty() { "Prometheus does not say why" } else { rule.last_error.trim() };
            return Some(format!("the rule cannot be evaluated: {why}"));
        }
        let last = alerts::moment(&rule.last_evaluation)?;
        let lag = (self.newest?.as_second() - last.as_second()) as f64;
        let behind = lag > LAG_SECONDS.max(group.interval * INTERVALS);
        behind.then(|| format!("the rule was last evaluated {lag:.0} s before the newest of the others"))
    }

    fn plain(&self, key: &str, state: AlarmState, rule: &Rule, labels: &Pairs, annotations: &Pairs) -> Alarm {
        let limit = expression::limit(&rule.query);
        Alarm {
            key: Key::new(self.source, Kind::Alarm, key),
            scope: alerts::scope(labels),
            name: alerts::name(labels),
            severity: alerts::severity(labels),
            state,
            since: None,
            summary: alerts::summary(annotations),
            value: None,
            threshold: limit.map(|(_, at)| at),
            comparison: limit.map(|(sign, _)| Text::name(sign)),
            runbook: alerts::runbook(annotations),
            silenced_until: None,
            suppressed_by: None,
            notifies: None,
            labels: alerts::labels(labels),
            fingerprint: alerts::fingerprint(labels),
        }
    }

    /// As an Alertmanager has them: with the server's own labels where the alert has none of that name.
    fn labels(&self, own: &Pairs, name: &str) -> Pairs {
        let mut labels = self.external.clone();
        labels.insert("alertname".to_owned(), name.to_owned());
        labels.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
        labels
    }
}

/// The rule of an alarm, with its alert where it has one.
pub(super) fn find<'g>(groups: &'g [Group], wanted: &str) -> Option<(&'g Rule, Option<&'g Alert>)> {
    groups.iter().find_map(|group| {
        group.rules.iter().filter(|rule| is_alerting(rule)).find_map(|rule| {
            let of = |labels: &Pairs| uid(&group.file, &group.name, &rule.name, labels) == wanted;
            let alert = rule.alerts.iter().find(|alert| of(&alert.labels));
            (alert.is_some() || of(&Pairs::new())).then_some((rule, alert))
        })
    })
}

/// The rule of an alarm as the server describes it, without alerts that are not this one.
pub(super) fn described(all: Groups, wanted: &str) -> Option<Value> {
    for mut group in all.groups {
        let said = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let (file, name) = (said(&group, "file"), said(&group, "name"));
        for rule in group["rules"].as_array_mut()? {
            let rule_name = said(rule, "name");
            let of = |labels: &Pairs| uid(&file, &name, &rule_name, labels) == wanted;
            let is_it = |alert: &Value| serde_json::from_value(alert["labels"].clone()).is_ok_and(|labels| of(&labels));
            let found = rule["alerts"].as_array().is_some_and(|alerts| alerts.iter().any(is_it));
            if found || of(&Pairs::new()) {
                if let Some(alerts) = rule["alerts"].as_array_mut().filter(|_| found) {
                    alerts.retain(is_it);
                }
                return Some(rule.take());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn groups(rules: &Value) -> Value {
        json!([{ "name": "g", "file": "/r.yml", "interval": 15, "rules": rules }])
    }

    fn of(rules: &Value, external: &Pairs) -> Seen {
        let groups: Vec<Group> = serde_json::from_value(groups(rules)).unwrap();
        seen(&SourceName::new("prom"), &groups, external, now())
    }

    fn rule(state: &str, value: &str, at: &str) -> Value {
        json!({
            "type": "alerting", "name": "Api5xx", "query": "sum(x) > 5", "duration": 0, "health": "ok",
            "labels": { "severity": "critical" }, "annotations": { "summary": "{{ $value }}" },
            "lastEvaluation": "2026-11-21T11:59:58Z",
            "alerts": [{
                "labels": { "alertname": "Api5xx", "severity": "critical", "namespace": "shop-prod", "service": "api" },
                "annotations": { "summary": "error ratio 6.1 %", "runbook_url": "https://r" },
                "state": state, "activeAt": at, "value": value,
            }],
        })
    }

    #[test]
    fn alerts_that_fire_and_wait_are_alarms_with_value_and_limit() {
        let seen = of(&json!([rule("firing", "6.1e+00", "2026-11-21T11:50:00Z")]), &Pairs::new());
        let alarm = &seen.alarms[0];
        assert_eq!((alarm.name.raw(), alarm.state, alarm.scope.raw()), ("Api5xx", AlarmState::Firing, "shop-prod"));
        assert_eq!((alarm.value.unwrap().get(), alarm.threshold.unwrap().get()), (6.1, 5.0));
        assert_eq!((alarm.comparison.as_ref().unwrap().raw(), alarm.summary.raw()), (">", "error ratio 6.1 %"));
        assert_eq!(alarm.since, "2026-11-21T11:50:00Z".parse().ok());
        let waiting = of(&json!([rule("pending", "NaN", "2026-11-21T12:05:00Z")]), &Pairs::new());
        let alarm = &waiting.alarms[0];
        assert_eq!((alarm.state, alarm.value, alarm.since, waiting.ahead), (AlarmState::Pending, None, None, 300));
        assert_eq!(of(&json!([rule("inactive", "1", "")]), &Pairs::new()).alarms, []);
        assert_eq!(of(&json!([rule("odd", "1", "")]), &Pairs::new()).alarms[0].state, AlarmState::Firing);
    }

    #[test]
    fn an_alert_is_the_same_one_here_and_at_the_alertmanager() {
        let external: Pairs =
            [("cluster", "eu"), ("replica", "a"), ("service", "other")].map(|(k, v)| (k.into(), v.into())).into();
        let here = of(&json!([rule("firing", "1", "")]), &external);
        let there: Pairs = [
            ("alertname", "Api5xx"),
            ("severity", "critical"),
            ("namespace", "shop-prod"),
            ("service", "api"),
            ("cluster", "eu"),
            ("replica", "b"),
        ]
        .map(|(k, v)| (k.into(), v.into()))
        .into();
        assert_eq!(here.alarms[0].fingerprint, alerts::fingerprint(&there));
        assert_eq!(here.alarms[0].label("cluster").unwrap().raw(), "eu");
    }

    #[test]
    fn a_rule_that_cannot_be_evaluated_is_told_beside_what_it_said_before() {
        let mut broken = rule("firing", "1", "2026-11-21T11:50:00Z");
        broken["health"] = json!("err");
        broken["lastError"] = json!("found duplicate series\u{1b}[2J");
        let seen = of(&json!([broken]), &Pairs::new());
        assert_eq!(seen.alarms.len(), 2);
        let untold = &seen.alarms[0];
        assert_eq!((untold.state, untold.severity), (AlarmState::NoData, crate::model::Severity::Critical));
        assert!(untold.summary.shown().starts_with("the rule cannot be evaluated: found duplicate series"));
        assert!(!untold.summary.shown().contains('\u{1b}'));
        assert_ne!(seen.alarms[0].key, seen.alarms[1].key);
    }

    #[test]
    fn a_rule_that_lags_behind_the_others_has_no_data_and_one_never_evaluated_is_counted() {
        let mut late = rule("inactive", "", "");
        late["lastEvaluation"] = json!("2026-11-21T11:40:00Z");
        let mut never = rule("inactive", "", "");
        (never["health"], never["lastEvaluation"]) = (json!("unknown"), json!("0001-01-01T00:00:00Z"));
        let seen =
            of(&json!([rule("inactive", "", ""), late, never, { "type": "recording", "name": "r" }]), &Pairs::new());
        assert_eq!((seen.alarms.len(), seen.unevaluated), (1, 1));
        assert!(seen.alarms[0].summary.raw().contains("last evaluated 1198 s before"), "{}", seen.alarms[0].summary);
    }

    #[test]
    fn the_rule_behind_an_alarm_is_described_with_that_alert_alone() {
        let mut both = rule("firing", "1", "");
        let mut second = both["alerts"][0].clone();
        second["labels"]["service"] = json!("web");
        both["alerts"].as_array_mut().unwrap().push(second);
        let rules = json!([both]);
        let seen = of(&rules, &Pairs::new());
        let all = || serde_json::from_value(json!({ "groups": groups(&rules) })).unwrap();
        let found = described(all(), &seen.alarms[1].key.uid).unwrap();
        assert_eq!(found["alerts"].as_array().unwrap().len(), 1);
        assert_eq!(found["alerts"][0]["labels"]["service"], "web");
        assert_eq!(described(all(), "none"), None);
    }
}
