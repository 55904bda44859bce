//! From Alertmanager's answers to alarms.

use std::collections::HashMap;

use super::wire::{Alert, Silence};
use crate::model::{Alarm, AlarmState, Key, Kind, SourceName, Text, Timestamp};
use crate::sources::alerts::expression;
use crate::sources::alerts::{self, Pairs};

/// Silences or inhibiting alerts that are named; more are counted.
const NAMED: usize = 3;

/// What one look at a server gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) alarms: Vec<Alarm>,
    /// What a person should know of its clock.
    pub(super) skew: Option<String>,
}

/// What is known beside the alert itself.
struct Around<'a> {
    source: &'a SourceName,
    now: Timestamp,
    silences: HashMap<&'a str, &'a Silence>,
    /// By the server's own fingerprint.
    alerts: HashMap<&'a str, &'a Alert>,
}

/// The alarms that these alerts are; `silences` is `None` where they could not be read.
pub(super) fn seen(source: &SourceName, alerts: &[Alert], silences: Option<&[Silence]>, now: Timestamp) -> Seen {
    let around = Around {
        source,
        now,
        silences: silences.unwrap_or_default().iter().map(|silence| (silence.id.as_str(), silence)).collect(),
        alerts: alerts.iter().map(|alert| (alert.fingerprint.as_str(), alert)).collect(),
    };
    let ahead = alerts.iter().map(|alert| alerts::since(&alert.starts_at, now).1).max().unwrap_or(0);
    // A resolved alert is not listed: one that has ended by our clock has not by theirs.
    let ends = alerts.iter().filter_map(|alert| alerts::moment(&alert.ends_at));
    let behind = ends.map(|end| now.as_second() - end.as_second()).max().unwrap_or(0);
    let skew = match (ahead, behind) {
        (1.., _) => {
            Some(format!("its alerts begin up to {ahead} s from now: its clock, or a Prometheus's, is ahead of ours"))
        }
        (_, 60..) => Some(format!("its alerts ended {behind} s ago and are active: its clock is behind ours")),
        _ => None,
    };
    Seen { alarms: alerts.iter().map(|alert| around.alarm(alert)).collect(), skew }
}

impl Around<'_> {
    fn alarm(&self, alert: &Alert) -> Alarm {
        let status = &alert.status;
        let held = !status.silenced_by.is_empty() || !status.inhibited_by.is_empty() || !status.muted_by.is_empty();
        // `unprocessed` is active and not routed yet; a word that we do not know is no all-clear.
        let state = if held || status.state == "suppressed" { AlarmState::Suppressed } else { AlarmState::Firing };
        let (comparison, threshold) = asked(&alert.generator_url);
        Alarm {
            key: Key::new(self.source, Kind::Alarm, &alert.fingerprint),
            scope: alerts::scope(&alert.labels),
            name: alerts::name(&alert.labels),
            severity: alerts::severity(&alert.labels),
            state,
            since: alerts::since(&alert.starts_at, self.now).0,
            summary: alerts::summary(&alert.annotations),
            value: alerts::value(&alert.annotations),
            threshold,
            comparison,
            runbook: alerts::runbook(&alert.annotations),
            silenced_until: self.silenced_until(&status.silenced_by),
            suppressed_by: (state == AlarmState::Suppressed).then(|| self.suppressed_by(alert)),
            notifies: None,
            labels: alerts::labels(&alert.labels),
            fingerprint: alerts::fingerprint(&alert.labels),
        }
    }

    /// The end of the silence that ends last: as long as one holds, it is silenced.
    fn silenced_until(&self, ids: &[String]) -> Option<Timestamp> {
        let known = ids.iter().filter_map(|id| self.silences.get(id.as_str()));
        known.filter_map(|silence| alerts::moment(&silence.ends_at)).max()
    }

    fn suppressed_by(&self, alert: &Alert) -> Text {
        let status = &alert.status;
        let silences = status.silenced_by.iter().map(|id| self.silence(id));
        let inhibiting = status.inhibited_by.iter().map(|id| match self.alerts.get(id.as_str()) {
            Some(other) => format!("inhibited by {}", told(&other.labels, &alert.labels)),
            None => format!("inhibited by the alert {id}"),
        });
        let muted = status.muted_by.iter().map(|interval| format!("muted in the time interval {interval}"));
        let all: Vec<String> = silences.chain(inhibiting).chain(muted).collect();
        let mut words = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        if all.len() > NAMED {
            words = format!("{words}; and {} more", all.len() - NAMED);
        }
        Text::line(if words.is_empty() { "Alertmanager does not say by what" } else { &words })
    }

    fn silence(&self, id: &str) -> String {
        let Some(silence) = self.silences.get(id) else { return format!("silenced (silence {id})") };
        let by = match silence.created_by.trim() {
            "" => "silenced".to_owned(),
            who => format!("silenced by {who}"),
        };
        match alerts::prose(&silence.comment) {
            why if why.is_empty() => by,
            why => format!("{by}: {why}"),
        }
    }
}

/// An alert by its name and by what tells it from the one that it holds back.
fn told(labels: &Pairs, from: &Pairs) -> String {
    let name = alerts::name(labels);
    let unlike = labels.iter().filter(|(key, value)| key.as_str() != "alertname" && from.get(*key) != Some(*value));
    let unlike: Vec<String> = unlike.take(NAMED).map(|(key, value)| format!("{key}={value}")).collect();
    if unlike.is_empty() { name.raw().to_owned() } else { format!("{} ({})", name.raw(), unlike.join(", ")) }
}

/// The comparison of the rule, which stands in the link back to Prometheus (`…/graph?g0.expr=…`).
fn asked(link: &str) -> (Option<Text>, Option<crate::model::Quantity>) {
    let Ok(link) = reqwest::Url::parse(link) else { return (None, None) };
    let asked = link.query_pairs().find(|(key, _)| matches!(key.as_ref(), "g0.expr" | "expr"));
    asked
        .and_then(|(_, rule)| expression::limit(&rule))
        .map_or((None, None), |(sign, at)| (Some(Text::name(sign)), Some(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn alert(id: &str, name: &str, status: serde_json::Value) -> Alert {
        serde_json::from_value(serde_json::json!({
            "fingerprint": id,
            "labels": { "alertname": name, "service": "api", "severity": "critical", "instance": id },
            "annotations": { "summary": "error ratio 6.1 %", "runbook_url": "https://runbooks.example/x", "value": "6.1" },
            "startsAt": "2026-11-21T11:50:00.000Z",
            "endsAt": "2026-11-21T12:04:00.000Z",
            "generatorURL": "http://p:9090/graph?g0.expr=sum%28rate%28x%5B5m%5D%29%29+%3E+5&g0.tab=1",
            "status": status,
        }))
        .unwrap()
    }

    fn all(alerts: &[Alert], silences: &[Silence]) -> Seen {
        seen(&SourceName::new("am"), alerts, Some(silences), now())
    }

    fn active() -> serde_json::Value {
        serde_json::json!({ "state": "active", "silencedBy": [], "inhibitedBy": [] })
    }

    #[test]
    fn an_active_alert_fires_with_everything_that_it_says() {
        let seen = all(&[alert("a1", "Api5xx", active())], &[]);
        let alarm = &seen.alarms[0];
        assert_eq!((alarm.name.raw(), alarm.state, &*alarm.key.uid), ("Api5xx", AlarmState::Firing, "a1"));
        assert_eq!(alarm.since, "2026-11-21T11:50:00Z".parse().ok());
        assert_eq!(alarm.value, crate::model::Quantity::new(6.1));
        assert_eq!((alarm.comparison.as_ref().unwrap().raw(), alarm.threshold.unwrap().get()), (">", 5.0));
        assert_eq!(alarm.runbook.as_ref().unwrap().raw(), "https://runbooks.example/x");
        assert_eq!(alarm.label("service").unwrap().raw(), "api");
        assert_eq!((seen.skew, alarm.suppressed_by.clone(), alarm.silenced_until), (None, None, None));
    }

    #[test]
    fn a_suppressed_alert_says_by_whom_until_when_and_by_which_other_alert() {
        let silence = |id: &str, ends: &str| Silence {
            id: id.to_owned(),
            created_by: "ann".to_owned(),
            comment: " known\nsince noon\n".to_owned(),
            ends_at: ends.to_owned(),
        };
        let silences = [silence("s1", "2026-11-21T14:00:00Z"), silence("s2", "2026-11-21T13:00:00Z")];
        let held =
            serde_json::json!({ "state": "suppressed", "silencedBy": ["s2", "s1", "s9"], "inhibitedBy": ["b2", "b9"] });
        let seen = all(&[alert("a1", "Slow", held), alert("b2", "NodeDown", active())], &silences);
        let alarm = &seen.alarms[0];
        assert_eq!((alarm.state, alarm.silenced_until), (AlarmState::Suppressed, "2026-11-21T14:00:00Z".parse().ok()));
        let words = alarm.suppressed_by.as_ref().unwrap();
        assert_eq!(
            words.raw(),
            "silenced by ann: known since noon; silenced by ann: known since noon; silenced (silence s9); and 2 more"
        );
        let inhibited = serde_json::json!({ "state": "suppressed", "inhibitedBy": ["b2"] });
        let seen = all(&[alert("a1", "Slow", inhibited), alert("b2", "NodeDown", active())], &[]);
        assert_eq!(seen.alarms[0].suppressed_by.as_ref().unwrap().raw(), "inhibited by NodeDown (instance=b2)");
        let muted = serde_json::json!({ "state": "active", "mutedBy": ["nights"] });
        assert_eq!(all(&[alert("a1", "Slow", muted)], &[]).alarms[0].state, AlarmState::Suppressed);
    }

    #[test]
    fn a_state_that_nobody_knows_is_no_all_clear() {
        for state in ["unprocessed", "odd", ""] {
            let seen = all(&[alert("a1", "Slow", serde_json::json!({ "state": state }))], &[]);
            assert_eq!(seen.alarms[0].state, AlarmState::Firing, "{state}");
        }
    }

    #[test]
    fn clocks_that_disagree_are_told_and_no_alert_is_lost_for_it() {
        let mut early = alert("a1", "Slow", active());
        early.starts_at = "2026-11-21T12:03:00Z".to_owned();
        let seen = all(&[early], &[]);
        assert_eq!(seen.alarms[0].since, None);
        assert!(seen.skew.unwrap().contains("begin up to 180 s from now"));
        let mut over = alert("a1", "Slow", active());
        over.ends_at = "2026-11-21T11:55:00Z".to_owned();
        let seen = all(&[over], &[]);
        assert_eq!(seen.alarms[0].state, AlarmState::Firing);
        assert!(seen.skew.unwrap().contains("ended 300 s ago"));
    }
}
