//! What CloudWatch says of its alarms, as Alarms in the words of all Sources.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{ComparisonOperator, CompositeAlarm, Dimension, MetricAlarm, StateValue};

use super::shared::Place;
use super::{moment, name};
use crate::model::{Alarm, AlarmState, Key, Kind, Quantity, Severity, SourceName, Text};

/// What ties alarms to the rest.
pub(super) struct Placing<'a> {
    pub(super) source: &'a SourceName,
    pub(super) region: &'a str,
    /// Services behind target groups, by the group's ARN.
    pub(super) groups: &'a BTreeMap<String, Place>,
    /// Services behind each balancer, by its name in dimensions.
    pub(super) balancers: &'a BTreeMap<String, BTreeSet<Place>>,
}

/// An alarm on a metric, or on an expression over metrics.
pub(super) fn metric(placing: &Placing<'_>, alarm: &MetricAlarm) -> Alarm {
    // Autoscaling makes alarms of its own, and one of each pair fires whenever there is little to do.
    let of_scaling = alarm.alarm_name().is_some_and(|name| name.starts_with("TargetTracking-"));
    let said = alarm.alarm_description().filter(|_| !of_scaling).unwrap_or_default();
    let state = state(alarm.state_value());
    let reason = alarm.state_reason().unwrap_or_default();
    let comparison = alarm.comparison_operator().and_then(sign);
    let data = alarm.state_reason_data().and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok());
    let points = data.as_ref().and_then(|data| data.get("recentDatapoints")?.as_array());
    let threshold = alarm.threshold().and_then(Quantity::new);
    Alarm {
        key: Key::new(placing.source, Kind::Alarm, alarm.alarm_arn().or(alarm.alarm_name()).unwrap_or_default()),
        scope: Text::name(placing.region),
        name: name(alarm.alarm_name()),
        severity: if of_scaling { Severity::Info } else { severity(alarm.alarm_name().unwrap_or_default(), said) },
        state,
        since: moment(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
        summary: summary(said, state, reason, || {
            let metric = alarm.metric_name().unwrap_or("expression");
            let limit = threshold.map(|limit| limit.to_string()).unwrap_or_default();
            format!("{metric} {} {limit}", comparison.unwrap_or_default()).trim().to_owned()
        }),
        value: points
            .and_then(|points| points.iter().rev().find_map(serde_json::Value::as_f64))
            .and_then(Quantity::new),
        threshold,
        comparison: comparison.map(Text::name),
        runbook: link(said),
        silenced_until: None,
        suppressed_by: None,
        notifies: alarm.actions_enabled().map(|enabled| enabled && !alarm.alarm_actions().is_empty()),
        labels: labels(placing, alarm),
        fingerprint: Text::name(alarm.alarm_arn().or(alarm.alarm_name()).unwrap_or_default()),
    }
}

/// An alarm over alarms: it speaks of what all of those it names speak of.
pub(super) fn composite(placing: &Placing<'_>, alarm: &CompositeAlarm, metric: &[Alarm]) -> Alarm {
    let said = alarm.alarm_description().unwrap_or_default();
    let rule = alarm.alarm_rule().unwrap_or_default();
    let held = alarm.actions_suppressed_by().is_some();
    let state = match state(alarm.state_value()) {
        AlarmState::Firing if held => AlarmState::Suppressed,
        other => other,
    };
    let held_by = alarm.actions_suppressor().unwrap_or("its suppressor");
    Alarm {
        key: Key::new(placing.source, Kind::Alarm, alarm.alarm_arn().or(alarm.alarm_name()).unwrap_or_default()),
        scope: Text::name(placing.region),
        name: name(alarm.alarm_name()),
        severity: severity(alarm.alarm_name().unwrap_or_default(), said),
        state,
        since: moment(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
        summary: summary(said, state, alarm.state_reason().unwrap_or_default(), || rule.to_owned()),
        value: None,
        threshold: None,
        comparison: None,
        runbook: link(said),
        silenced_until: None,
        suppressed_by: held.then(|| {
            let why = alarm.actions_suppressed_reason().unwrap_or_default();
            Text::line(format!("{held_by}: {why}").trim_end_matches(": "))
        }),
        notifies: alarm.actions_enabled().map(|enabled| enabled && !alarm.alarm_actions().is_empty()),
        // With the rule itself, so that it can be told which alarms it speaks for.
        labels: [common(rule, metric), vec![(Text::name("AlarmRule"), Text::line(rule))]].concat(),
        fingerprint: Text::name(alarm.alarm_arn().or(alarm.alarm_name()).unwrap_or_default()),
    }
}

/// Every alarm's state word as that of all Sources.
pub(super) fn state(value: Option<&StateValue>) -> AlarmState {
    match value {
        Some(StateValue::Alarm) => AlarmState::Firing,
        Some(StateValue::Ok) => AlarmState::Ok,
        // What is not said is never taken for ok.
        _ => AlarmState::NoData,
    }
}

/// How a value is held against the threshold.
pub(super) fn sign(operator: &ComparisonOperator) -> Option<&'static str> {
    match operator {
        ComparisonOperator::GreaterThanThreshold | ComparisonOperator::GreaterThanUpperThreshold => Some(">"),
        ComparisonOperator::GreaterThanOrEqualToThreshold => Some(">="),
        ComparisonOperator::LessThanThreshold | ComparisonOperator::LessThanLowerThreshold => Some("<"),
        ComparisonOperator::LessThanOrEqualToThreshold => Some("<="),
        ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => Some("outside"),
        _ => None,
    }
}

/// What somebody wrote about the alarm, else why it fires, else what it watches.
fn summary(said: &str, state: AlarmState, reason: &str, rule: impl Fn() -> String) -> Text {
    let first = said.lines().map(str::trim).find(|line| !line.is_empty());
    match first {
        Some(line) => Text::line(line),
        None if state == AlarmState::Firing && !reason.is_empty() => Text::line(reason),
        None => Text::line(&rule()),
    }
}

/// By words of the name, or by `severity: …` in the description. CloudWatch itself knows no severity. `high` and `error` are
/// not among the words: half of all names hold them (`api-high-cpu`).
fn severity(name: &str, said: &str) -> Severity {
    let lower = said.to_ascii_lowercase();
    let named = lower.split_once("severity").map(|(_, rest)| rest.trim_start_matches([':', '=', ' ', '"']));
    let named = named.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
    if let Some(word) = named.filter(|word| !word.is_empty()) {
        return Severity::of_word(word);
    }
    let words = || name.split(|c: char| !c.is_alphanumeric()).map(str::to_ascii_lowercase);
    let any = |list: &[&str]| words().any(|word| list.contains(&word.as_str()));
    if any(&["critical", "crit", "page", "emergency", "fatal", "p0", "p1", "sev0", "sev1"]) {
        Severity::Critical
    } else if any(&["info", "informational", "notice"]) {
        Severity::Info
    } else {
        Severity::Warning
    }
}

/// The first link in a description.
fn link(said: &str) -> Option<Text> {
    let at = said.find("https://").or_else(|| said.find("http://"))?;
    let end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']' | ',' | ';');
    let url = said[at..].split(end).next().unwrap_or_default();
    Some(Text::line(url.trim_end_matches(['.', '!', '?'])))
}

/// Dimensions as labels. Where one is a target group whose service is known, the service stands beside it.
fn labels<'p>(placing: &Placing<'p>, alarm: &MetricAlarm) -> Vec<(Text, Text)> {
    let of_metrics = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let all =
        alarm.dimensions().iter().chain(of_metrics.clone().flat_map(aws_sdk_cloudwatch::types::Metric::dimensions));
    let mut found: BTreeMap<&str, &str> =
        all.filter_map(|d: &Dimension| Some((d.name()?, d.value()?))).filter(|(_, value)| !value.is_empty()).collect();
    let group =
        found.get("TargetGroup").and_then(|suffix| placing.groups.iter().find(|(arn, _)| arn.ends_with(suffix)));
    // An alarm on a whole balancer speaks of a service where only one stands behind it.
    let only = |places: &'p BTreeSet<Place>| places.first().filter(|_| places.len() == 1);
    let alone = found.get("LoadBalancer").and_then(|name| placing.balancers.get(*name)).and_then(only);
    if let Some((cluster, service)) = group.map(|(_, place)| place).or(alone) {
        found.entry("ClusterName").or_insert(cluster);
        found.entry("ServiceName").or_insert(service);
    }
    // Not `namespace`: that is Kubernetes' word.
    let metric = alarm.metric_name().or_else(|| of_metrics.clone().next()?.metric_name());
    let namespace = alarm.namespace().or_else(|| of_metrics.clone().next()?.namespace());
    found.extend(metric.map(|metric| ("MetricName", metric)));
    found.extend(namespace.map(|namespace| ("MetricNamespace", namespace)));
    found.into_iter().map(|(name, value)| (Text::name(name), Text::name(value))).collect()
}

/// The names in a composite rule: `ALARM("a") OR NOT OK(arn:…:alarm:b)`. Each once, in the order of the rule.
pub(super) fn children(rule: &str) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::BTreeSet::new();
    let words = ["ALARM", "OK", "INSUFFICIENT_DATA"];
    let calls = rule.match_indices('(').filter_map(move |(at, _)| {
        let word = rule[..at].trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        let inner = rule[at + 1..].trim_start();
        // A name in quotes may hold brackets.
        let name = match inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => inner[1..].split(quote).next(),
            None => inner.split(')').next().map(str::trim),
        };
        name.filter(|name| word.is_some_and(|word| words.contains(&word)) && !name.is_empty())
    });
    let own = calls.map(|name| name.rsplit_once(":alarm:").map_or(name, |(_, own)| own));
    own.filter(move |name| seen.insert(*name))
}

/// The labels on which all alarms that a rule names agree.
fn common(rule: &str, metric: &[Alarm]) -> Vec<(Text, Text)> {
    let mut named = children(rule).filter_map(|name| metric.iter().find(|alarm| alarm.name.raw() == name));
    let Some(first) = named.next() else { return Vec::new() };
    let mut labels = first.labels.clone();
    for other in named {
        labels.retain(|label| other.labels.contains(label));
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placing_of<T>(work: impl FnOnce(&Placing<'_>) -> T) -> T {
        let place = ("shop-prod".to_owned(), "api".to_owned());
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/api/6d0";
        let groups = BTreeMap::from([(arn.to_owned(), place)]);
        let lone = BTreeSet::from([("shop-prod".to_owned(), "worker".to_owned())]);
        let balancers = BTreeMap::from([("app/shop/50dc".to_owned(), lone)]);
        let source = SourceName::new("aws");
        work(&Placing { source: &source, region: "eu-central-1", groups: &groups, balancers: &balancers })
    }

    fn alarm(name: &str) -> aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder {
        MetricAlarm::builder().alarm_name(name).metric_name("CPUUtilization").namespace("AWS/ECS")
    }

    fn dimension(name: &str, value: &str) -> Dimension {
        Dimension::builder().name(name).value(value).build()
    }

    #[test]
    fn a_firing_alarm_has_its_value_threshold_runbook_and_dimensions() {
        let raw = alarm("shop-prod-api-cpu-critical")
            .alarm_description("CPU of the api.\nSee https://wiki.example/cpu, please.")
            .state_value(StateValue::Alarm)
            .state_reason_data(r#"{"recentDatapoints":[81.0,null,93.5],"threshold":80.0}"#)
            .threshold(80.0)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .actions_enabled(false)
            .dimensions(dimension("ClusterName", "shop-prod"))
            .dimensions(dimension("ServiceName", "api"))
            .build();
        let fact = placing_of(|placing| metric(placing, &raw));
        assert_eq!((fact.state, fact.severity, fact.notifies), (AlarmState::Firing, Severity::Critical, Some(false)));
        assert_eq!((fact.value, fact.threshold), (Quantity::new(93.5), Quantity::new(80.0)));
        assert_eq!((fact.summary.raw(), fact.comparison.as_ref().unwrap().raw()), ("CPU of the api.", ">"));
        assert_eq!(fact.runbook.as_ref().unwrap().raw(), "https://wiki.example/cpu");
        assert_eq!(fact.label("ServiceName").unwrap().raw(), "api");
        assert!(fact.label("namespace").is_none());
    }

    #[test]
    fn an_alarm_on_a_target_group_speaks_of_the_service_behind_it() {
        let raw = alarm("5xx").dimensions(dimension("TargetGroup", "targetgroup/api/6d0")).build();
        let fact = placing_of(|placing| metric(placing, &raw));
        assert_eq!(fact.label("ServiceName").unwrap().raw(), "api");
        assert_eq!(fact.state, AlarmState::NoData);
        let raw = alarm("5xx").dimensions(dimension("LoadBalancer", "app/shop/50dc")).build();
        let fact = placing_of(|placing| metric(placing, &raw));
        assert_eq!(fact.label("ServiceName").unwrap().raw(), "worker");
    }

    #[test]
    fn what_autoscaling_goes_by_is_for_information() {
        let raw = alarm("TargetTracking-service/shop-prod/api-AlarmLow-1").alarm_description("DO NOT EDIT OR DELETE.");
        let raw = raw.comparison_operator(ComparisonOperator::LessThanThreshold).threshold(63.0).build();
        let fact = placing_of(|placing| metric(placing, &raw));
        assert_eq!((fact.severity, fact.summary.raw()), (Severity::Info, "CPUUtilization < 63"));
    }

    #[test]
    fn severity_is_by_words_and_high_is_none_of_them() {
        assert_eq!(severity("api-high-error-rate", ""), Severity::Warning);
        assert_eq!(severity("P1 - api down", ""), Severity::Critical);
        assert_eq!(severity("backlog", "Severity: info. Look tomorrow."), Severity::Info);
    }

    #[test]
    fn a_composite_alarm_speaks_of_what_its_alarms_agree_on() {
        placing_of(|placing| {
            let of = |name: &str, service: &str| {
                let raw = alarm(name).dimensions(dimension("ClusterName", "shop-prod"));
                metric(placing, &raw.dimensions(dimension("ServiceName", service)).build())
            };
            let known = [of("a", "api"), of("b", "worker")];
            let raw = CompositeAlarm::builder()
                .alarm_name("all")
                .alarm_rule(r#"ALARM("a") OR ALARM(b)"#)
                .state_value(StateValue::Alarm)
                .actions_suppressed_by(aws_sdk_cloudwatch::types::ActionsSuppressedBy::Alarm)
                .actions_suppressor("maintenance")
                .build();
            let fact = composite(placing, &raw, &known);
            assert_eq!(fact.label("ClusterName").unwrap().raw(), "shop-prod");
            assert!(fact.label("ServiceName").is_none());
            assert_eq!((fact.state, fact.suppressed_by.unwrap().raw()), (AlarmState::Suppressed, "maintenance"));
        });
    }

    #[test]
    fn the_names_in_a_rule_are_read_with_quotes_arns_and_brackets() {
        let rule =
            r#"(ALARM("a (eu)") OR ALARM( b )) AND NOT OK('arn:aws:cloudwatch:eu:1:alarm:c') AND ALARM(b) AND TRUE"#;
        assert_eq!(children(rule).collect::<Vec<_>>(), ["a (eu)", "b", "c"]);
    }

    #[test]
    fn numbers_that_are_none_are_not_known() {
        let raw = alarm("x").threshold(f64::NAN).state_reason_data("{broken").build();
        let fact = placing_of(|placing| metric(placing, &raw));
        assert_eq!((fact.threshold, fact.value), (None, None));
    }
}
