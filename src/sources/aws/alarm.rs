//! More of one alarm, for its page: what it went through, the curve that it judges, and the alarms that it is made of. Asked
//! only while somebody looks at it, since each curve costs a little.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, CompositeAlarm, HistoryItemType, MetricAlarm, MetricDataQuery, MetricStat, ScanBy, Statistic,
};

use super::ask::Asker;
use super::cloudwatch_convert::{children, sign, state};
use super::failure::{Loss, Trouble};
use super::{alarm_convert, last_part, moment};
use crate::model::{AlarmAsk, AlarmCurve, AlarmDetail, AlarmPart, AlarmTurn, Quantity, Text};
use crate::sources::port::{Failure, FailureKind};

/// What AWS gives in one answer, and how many answers are read.
const HISTORY_AT_ONCE: i32 = 100;
const PAGES: usize = 5;
/// Alarms that a composite one names and that are asked for; AWS takes so many names at once.
const CHILDREN: usize = 100;

/// Everything that can be had now; what cannot is said in the notes.
///
/// # Errors
/// Where the alarm itself cannot be read.
pub(super) async fn tell(asker: Asker<'_>, ask: &AlarmAsk) -> Result<AlarmDetail, Failure> {
    let (metric, composite) = describe(asker, vec![ask.name.raw().to_owned()]).await?;
    let named = |name: Option<&str>| name == Some(ask.name.raw());
    let metric = metric.iter().find(|alarm| named(alarm.alarm_name()));
    let composite = composite.iter().find(|alarm| named(alarm.alarm_name()));
    let mut detail = match (metric, composite) {
        (Some(alarm), _) => of_metric(asker, ask, alarm).await?,
        (None, Some(alarm)) => of_composite(asker, alarm).await?,
        (None, None) => {
            let words = format!("CloudWatch knows no alarm {} any more", ask.name);
            return Err(Failure::new(FailureKind::Absent, words));
        }
    };
    match history(asker, ask).await {
        Ok((turns, whole)) => {
            detail.history = turns;
            if !whole {
                let words = format!("only its last {} changes are shown", detail.history.len());
                detail.notes.push(Text::line(&words));
            }
        }
        Err(trouble) => detail.notes.push(missing("its history", trouble)?),
    }
    Ok(detail)
}

/// What is left out, in words; what means that nothing at all can be read is passed on.
fn missing(what: &str, trouble: Trouble) -> Result<Text, Failure> {
    match trouble.loss {
        Loss::Account => Err(trouble.failure),
        Loss::Action(_) | Loss::Service => Ok(Text::line(&format!("{what} cannot be read: {}", trouble.failure))),
    }
}

async fn describe(asker: Asker<'_>, names: Vec<String>) -> Result<(Vec<MetricAlarm>, Vec<CompositeAlarm>), Trouble> {
    let request = asker
        .clients
        .cloudwatch
        .describe_alarms()
        .set_alarm_names(Some(names))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .max_records(100);
    let answer = asker.ask("cloudwatch:DescribeAlarms", request.send()).await?;
    Ok((answer.metric_alarms.unwrap_or_default(), answer.composite_alarms.unwrap_or_default()))
}

async fn of_metric(asker: Asker<'_>, ask: &AlarmAsk, alarm: &MetricAlarm) -> Result<AlarmDetail, Failure> {
    let mut notes = Vec::new();
    if alarm.threshold_metric_id().is_some() {
        notes.push(Text::line("its threshold is a band that moves; its edges are curves of their own"));
    }
    let curves = match curves(asker, ask, alarm).await {
        Ok(curves) => curves,
        Err(trouble) => {
            notes.push(missing("its curve", trouble)?);
            Vec::new()
        }
    };
    let count = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok());
    let of = count(alarm.evaluation_periods());
    Ok(AlarmDetail {
        rule: alarm_convert::rule(alarm).map(|rule| Text::line(&rule)),
        history: Vec::new(),
        curves,
        threshold: alarm.threshold().and_then(Quantity::new),
        comparison: alarm.comparison_operator().and_then(sign).map(Text::name),
        points_to_fire: of.map(|of| (count(alarm.datapoints_to_alarm()).unwrap_or(of), of)),
        parts: Vec::new(),
        receivers: receivers(alarm.actions_enabled(), alarm.alarm_actions(), &mut notes),
        notes,
    })
}

async fn of_composite(asker: Asker<'_>, alarm: &CompositeAlarm) -> Result<AlarmDetail, Failure> {
    let rule = alarm.alarm_rule().unwrap_or_default();
    let names: Vec<String> = children(rule).take(CHILDREN).map(str::to_owned).collect();
    let mut notes = Vec::new();
    let found = match describe(asker, names.clone()).await {
        _ if names.is_empty() => Vec::new(),
        Ok((metric, composite)) => {
            let metric = metric.iter().map(|one| {
                let since = one.state_transitioned_timestamp().or(one.state_updated_timestamp());
                (one.alarm_name(), state(one.state_value()), moment(since))
            });
            let composite = composite.iter().map(|one| {
                let since = one.state_transitioned_timestamp().or(one.state_updated_timestamp());
                (one.alarm_name(), state(one.state_value()), moment(since))
            });
            metric.chain(composite).map(|(name, state, since)| (name.map(str::to_owned), state, since)).collect()
        }
        Err(trouble) => {
            notes.push(missing("the alarms that it is made of", trouble)?);
            Vec::new()
        }
    };
    let part = |name: &String| {
        let known = found.iter().find(|(known, ..)| known.as_ref() == Some(name));
        AlarmPart {
            name: Text::name(name),
            state: known.map(|(_, state, _)| *state),
            since: known.and_then(|(.., since)| *since),
        }
    };
    Ok(AlarmDetail {
        rule: Some(Text::line(rule)),
        parts: names.iter().map(part).collect(),
        receivers: receivers(alarm.actions_enabled(), alarm.alarm_actions(), &mut notes),
        notes,
        ..AlarmDetail::default()
    })
}

fn receivers(enabled: Option<bool>, actions: &[String], notes: &mut Vec<Text>) -> Vec<Text> {
    if enabled == Some(false) {
        notes.push(Text::line("its actions are off: nobody is told when it fires"));
    } else if actions.is_empty() {
        notes.push(Text::line("it has no action: nobody is told when it fires"));
    }
    actions.iter().map(|arn| Text::name(last_part(arn))).collect()
}

/// Newest first, and whether that is all since the moment that was asked for.
async fn history(asker: Asker<'_>, ask: &AlarmAsk) -> Result<(Vec<AlarmTurn>, bool), Trouble> {
    let (mut turns, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let request = asker
            .clients
            .cloudwatch
            .describe_alarm_history()
            .alarm_name(ask.name.raw())
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .start_date(DateTime::from_secs(ask.history_since.as_second()))
            .end_date(DateTime::from_secs(ask.until.as_second().saturating_add(1)))
            .scan_by(ScanBy::TimestampDescending)
            .max_records(HISTORY_AT_ONCE)
            .set_next_token(next);
        let page = asker.ask("cloudwatch:DescribeAlarmHistory", request.send()).await?;
        // What was sent to whom is no change of the alarm.
        let own =
            page.alarm_history_items().iter().filter(|item| item.history_item_type() != Some(&HistoryItemType::Action));
        turns.extend(own.filter_map(alarm_convert::turn));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    turns.sort_by_key(|turn| std::cmp::Reverse(turn.at));
    Ok((turns, next.is_none()))
}

/// The curve that is judged, by the very queries of the alarm.
async fn curves(asker: Asker<'_>, ask: &AlarmAsk, alarm: &MetricAlarm) -> Result<Vec<AlarmCurve>, Trouble> {
    let queries = queries(alarm);
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let (mut results, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let request = asker
            .clients
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(ask.curves_since.as_second()))
            .end_time(DateTime::from_secs(ask.until.as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(next);
        let page = asker.ask("cloudwatch:GetMetricData", request.send()).await?;
        results.extend(page.metric_data_results.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    Ok(alarm_convert::curves(alarm, &results))
}

fn queries(alarm: &MetricAlarm) -> Vec<MetricDataQuery> {
    if !alarm.metrics().is_empty() {
        return alarm.metrics().to_vec();
    }
    let statistic = alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic());
    let (Some(name), Some(statistic)) = (alarm.metric_name(), statistic) else { return Vec::new() };
    let metric = aws_sdk_cloudwatch::types::Metric::builder()
        .set_namespace(alarm.namespace().map(str::to_owned))
        .metric_name(name)
        .set_dimensions(Some(alarm.dimensions().to_vec()))
        .build();
    let period = alarm_convert::period(alarm);
    let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).set_unit(alarm.unit().cloned());
    vec![MetricDataQuery::builder().id("judged").metric_stat(stat.build()).return_data(true).build()]
}
