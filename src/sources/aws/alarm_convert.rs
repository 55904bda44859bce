//! What CloudWatch says of an alarm's past and of its metric, in the words of all Sources.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, Dimension, HistoryItemType, MetricAlarm, MetricDataResult, StateValue, Statistic,
};
use serde_json::Value;

use super::cloudwatch_convert::{sign, state};
use super::moment;
use crate::model::{AlarmCurve, AlarmTurn, Quantity, Text, Timestamp};

/// What CloudWatch takes where an alarm does not say how long one point is.
const PERIOD: i32 = 60;

/// Seconds that one point of the alarm's metric stands for.
pub(super) fn period(alarm: &MetricAlarm) -> i32 {
    let of_metrics = alarm.metrics().iter().filter_map(|q| q.period().or(q.metric_stat()?.period())).max();
    alarm.period().or(of_metrics).filter(|period| *period > 0).unwrap_or(PERIOD)
}

fn of_metric(alarm: &MetricAlarm, name: &str) -> String {
    let statistic = alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic()).unwrap_or("?");
    let named = |d: &Dimension| Some(format!("{}={}", d.name()?, d.value()?));
    let dimensions: Vec<String> = alarm.dimensions().iter().filter_map(named).collect();
    let namespace = alarm.namespace().unwrap_or_default();
    format!("{statistic} of {namespace} {name} {{{}}}", dimensions.join(", ")).replace(" {}", "")
}

fn of_expression(alarm: &MetricAlarm) -> Option<String> {
    let returned = alarm.metrics().iter().find(|query| query.return_data() != Some(false))?;
    Some(returned.expression().or(returned.label()).or(returned.id())?.to_owned())
}

/// The metric with its dimensions, or the expression; how long it must be past the threshold.
pub(super) fn rule(alarm: &MetricAlarm) -> Option<String> {
    let judged = match alarm.metric_name() {
        Some(name) => of_metric(alarm, name),
        None => of_expression(alarm)?,
    };
    let limit = alarm.threshold().and_then(Quantity::new).map(|limit| limit.to_string());
    let held = match (alarm.comparison_operator().and_then(sign), limit) {
        (Some(sign), Some(limit)) => format!(" {sign} {limit}"),
        (Some("outside"), None) => " outside its band".to_owned(),
        _ => String::new(),
    };
    let of = alarm.evaluation_periods().unwrap_or(1);
    let points = alarm.datapoints_to_alarm().unwrap_or(of);
    let missing = alarm.treat_missing_data().filter(|word| *word != "missing");
    let missing = missing.map(|word| format!("; missing data is {word}")).unwrap_or_default();
    Some(format!("{judged}{held} for {points} of {of} periods of {} s{missing}", period(alarm)))
}

/// One entry of the history; what has no moment is left out.
pub(super) fn turn(item: &AlarmHistoryItem) -> Option<AlarmTurn> {
    let at = moment(item.timestamp())?;
    let summary = item.history_summary().unwrap_or_default();
    if item.history_item_type() != Some(&HistoryItemType::StateUpdate) {
        return Some(AlarmTurn { at, state: None, words: Text::line(summary) });
    }
    let data = item.history_data().and_then(|data| serde_json::from_str::<Value>(data).ok());
    let new = data.as_ref().and_then(|data| data.get("newState"));
    let word = new.and_then(|new| new.get("stateValue")?.as_str());
    // "Alarm updated from OK to ALARM".
    let word = word.or_else(|| summary.rsplit_once(" to ").map(|(_, word)| word.trim()));
    let why = new.and_then(|new| new.get("stateReason")?.as_str()).unwrap_or(summary);
    Some(AlarmTurn { at, state: word.map(|word| state(Some(&StateValue::from(word)))), words: Text::line(why) })
}

/// Curves with their points in the order of time; several pages of one are put together.
pub(super) fn curves(alarm: &MetricAlarm, results: &[MetricDataResult]) -> Vec<AlarmCurve> {
    let mut found: Vec<(String, String, BTreeMap<Timestamp, Quantity>)> = Vec::new();
    for result in results {
        let id = result.id().unwrap_or_default();
        let label = result.label().unwrap_or(id);
        let moments = result.timestamps().iter().map(|at| moment(Some(at)));
        let points = moments.zip(result.values().iter().copied().map(Quantity::new));
        let points = points.filter_map(|(at, value)| Some((at?, value?)));
        match found.iter_mut().find(|(known, words, _)| known == id && words == label) {
            Some((.., all)) => all.extend(points),
            None => found.push((id.to_owned(), label.to_owned(), points.collect())),
        }
    }
    // What the threshold moves by stands behind what is judged.
    found.sort_by_key(|(id, ..)| alarm.threshold_metric_id() == Some(id.as_str()));
    let statistic = alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic());
    let name = |label: &str| match statistic {
        Some(statistic) => Text::name(&format!("{label} ({statistic})")),
        None => Text::name(label),
    };
    let period_seconds = u32::try_from(period(alarm)).unwrap_or(60);
    let curve = |(_, label, points): (String, String, BTreeMap<Timestamp, Quantity>)| AlarmCurve {
        name: name(&label),
        points: points.into_iter().collect(),
        period_seconds,
    };
    found.into_iter().map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AlarmState;
    use aws_sdk_cloudwatch::primitives::DateTime;
    use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricDataQuery};

    fn alarm() -> aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder {
        let dimension = Dimension::builder().name("QueueName").value("jobs").build();
        MetricAlarm::builder()
            .metric_name("Visible")
            .namespace("AWS/SQS")
            .statistic(Statistic::Maximum)
            .dimensions(dimension)
            .period(300)
            .evaluation_periods(3)
            .datapoints_to_alarm(2)
            .threshold(500.0)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
    }

    fn item(kind: HistoryItemType, summary: &str, data: &str) -> AlarmHistoryItem {
        let at = DateTime::from_secs(1_790_000_000);
        let item = AlarmHistoryItem::builder().timestamp(at).history_item_type(kind).history_summary(summary);
        item.history_data(data).build()
    }

    #[test]
    fn a_rule_is_said_with_its_metric_its_limit_and_how_long() {
        let said = rule(&alarm().treat_missing_data("breaching").build()).unwrap();
        let expected =
            "Maximum of AWS/SQS Visible {QueueName=jobs} > 500 for 2 of 3 periods of 300 s; missing data is breaching";
        assert_eq!(said, expected);
        let query = MetricDataQuery::builder().id("e1").expression("m1 / m2 * 100").return_data(true).build();
        let math = MetricAlarm::builder().metrics(query).evaluation_periods(1).build();
        assert_eq!(rule(&math).unwrap(), "m1 / m2 * 100 for 1 of 1 periods of 60 s");
    }

    #[test]
    fn a_turn_is_read_from_its_data_else_from_its_summary_and_edits_are_no_turns() {
        let data = r#"{"newState":{"stateValue":"ALARM","stateReason":"Threshold Crossed: 1 datapoint"}}"#;
        let told = turn(&item(HistoryItemType::StateUpdate, "Alarm updated from OK to ALARM", data)).unwrap();
        assert_eq!((told.state, told.words.raw()), (Some(AlarmState::Firing), "Threshold Crossed: 1 datapoint"));
        let broken = turn(&item(HistoryItemType::StateUpdate, "Alarm updated from ALARM to OK", "{broken")).unwrap();
        assert_eq!((broken.state, broken.words.raw()), (Some(AlarmState::Ok), "Alarm updated from ALARM to OK"));
        let edited = turn(&item(HistoryItemType::ConfigurationUpdate, "Alarm \"x\" updated", "{}")).unwrap();
        assert_eq!(edited.state, None);
        assert_eq!(turn(&AlarmHistoryItem::builder().build()), None);
    }

    #[test]
    fn pages_of_a_curve_are_one_curve_and_what_is_no_number_is_a_gap() {
        let page = |points: &[(i64, f64)]| {
            let result = MetricDataResult::builder().id("judged").label("Visible");
            let moments = points.iter().map(|(at, _)| DateTime::from_secs(*at)).collect();
            result.set_timestamps(Some(moments)).set_values(Some(points.iter().map(|(_, v)| *v).collect())).build()
        };
        let curves = curves(&alarm().build(), &[page(&[(120, 2.0), (60, 1.0)]), page(&[(180, f64::NAN), (240, 4.0)])]);
        assert_eq!(curves.len(), 1);
        let points: Vec<(i64, f64)> = curves[0].points.iter().map(|(at, q)| (at.as_second(), q.get())).collect();
        assert_eq!(points, [(60, 1.0), (120, 2.0), (240, 4.0)]);
        assert_eq!((curves[0].name.raw(), curves[0].period_seconds), ("Visible (Maximum)", 300));
    }
}
