//! More of one alarm: the curve that its rule judges, by a range query of the rule's own expression, and what it went through,
//! by the series `ALERTS` that a Prometheus keeps of each of its alerts. Asked only while somebody looks at it.

use std::collections::BTreeMap;

use super::wire::{Alert, Answer, Envelope, Range, Rule, Rules};
use super::{convert, measure, watch};
use crate::model::{AlarmAsk, AlarmCurve, AlarmDetail, AlarmState, AlarmTurn, Quantity, Text, Timestamp};
use crate::sources::alerts::{self, Pairs, expression};
use crate::sources::port::{Failure, FailureKind};
use crate::sources::web::Web;

/// Points that a curve and a history have at most: far below the 11,000 that a server gives.
const POINTS: i64 = 240;
const LOOKS: i64 = 720;
/// Rules are rarely evaluated more often than this, in seconds.
const SHORTEST: i64 = 15;
/// Curves that are told of a rule that judges several series.
const CURVES: usize = 8;

/// A stretch of time, in Unix seconds, and how far its points lie apart.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    until: i64,
    step: i64,
}

impl Span {
    fn of(since: Timestamp, until: Timestamp, points: i64) -> Self {
        let (from, until) = (since.as_second(), until.as_second());
        Self { from, until, step: ((until - from) / points).max(SHORTEST) }
    }
}

/// Everything that can be had now; what cannot is said in the notes.
///
/// # Errors
/// Where the rules cannot be read, or hold this alarm no more.
pub(super) async fn tell(web: &Web, prefix: &str, ask: &AlarmAsk) -> Result<AlarmDetail, Failure> {
    let (rules, _) = watch::opened(web.read::<Envelope<Rules>>(&format!("{prefix}{}", watch::RULES)).await?)?;
    let Some((rule, alert)) = convert::find(&rules.groups, &ask.key.uid) else {
        let words = format!("Prometheus has no rule that made {} any more", ask.name);
        return Err(Failure::new(FailureKind::Absent, words));
    };
    let judged = expression::judged(&rule.query);
    let mut detail = AlarmDetail {
        rule: Some(Text::line(&alerts::prose(&rule.query))),
        threshold: judged.as_ref().map(|judged| judged.limit),
        comparison: judged.as_ref().map(|judged| Text::name(judged.sign)),
        ..AlarmDetail::default()
    };
    if rule.duration > 0.0 {
        detail.notes.push(Text::line(&format!("it fires once its condition has held for {:.0} s", rule.duration)));
    }
    if judged.is_none() {
        detail.notes.push(Text::line("its rule is no comparison with one number: the curve shows where it was true"));
    }
    let measured = judged.as_ref().map_or(rule.query.as_str(), |judged| judged.measured);
    let span = Span::of(ask.curves_since, ask.until, POINTS);
    match range(web, prefix, measured, span).await {
        Ok(series) => detail.curves = curves(series, alert, measured, span),
        Err(failure) => detail.notes.push(Text::line(&format!("its curve cannot be read: {failure}"))),
    }
    let span = Span::of(ask.history_since, ask.until, LOOKS);
    match range(web, prefix, &kept(rule, alert), span).await {
        Ok(series) => {
            detail.history = history(&series, span);
            let words = format!("its history is seen each {} s, as the server kept it in ALERTS", span.step);
            detail.notes.push(Text::line(&words));
        }
        Err(failure) => detail.notes.push(Text::line(&format!("its history cannot be read: {failure}"))),
    }
    Ok(detail)
}

async fn range(web: &Web, prefix: &str, query: &str, span: Span) -> Result<Vec<Range>, Failure> {
    let (from, until, step) = (span.from.to_string(), span.until.to_string(), span.step.to_string());
    let pairs = [("query", query), ("start", &from), ("end", &until), ("step", &step), ("timeout", measure::PATIENCE)];
    let target = measure::target("/api/v1/query_range", &pairs)?;
    let (answer, _) = watch::opened(web.read::<Envelope<Answer>>(&format!("{prefix}{target}")).await?)?;
    match answer {
        Answer::Matrix(series) => Ok(series),
        _ => Err(Failure::new(FailureKind::Garbled, "the query gives no series")),
    }
}

/// Of all series of the expression those of this alert: where they name something, it is what the alert names.
fn curves(series: Vec<Range>, alert: Option<&Alert>, measured: &str, span: Span) -> Vec<AlarmCurve> {
    let own = |metric: &Pairs| {
        let labels = alert.map(|alert| &alert.labels);
        labels
            .is_none_or(|labels| metric.iter().all(|(key, value)| key == "__name__" || labels.get(key) == Some(value)))
    };
    let name = |metric: &Pairs| {
        let labels = metric.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
        Text::line(if labels.is_empty() { measured } else { &labels })
    };
    let point = |(at, value): &(f64, String)| {
        #[expect(clippy::cast_possible_truncation, reason = "a moment in milliseconds")]
        let at = Timestamp::from_millisecond((at * 1000.0) as i64).ok()?;
        Some((at, value.parse().ok().and_then(Quantity::new)?))
    };
    let of = series.into_iter().filter(|one| own(&one.metric)).take(CURVES);
    of.map(|one| AlarmCurve {
        name: name(&one.metric),
        points: one.values.iter().filter_map(point).collect(),
        period_seconds: u32::try_from(span.step).unwrap_or(u32::MAX),
    })
    .collect()
}

/// The series that the server keeps of the alert.
fn kept(rule: &Rule, alert: Option<&Alert>) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels = alert.map(|alert| &alert.labels).into_iter().flatten().filter(|(key, _)| *key != "alertname");
    let own = labels.filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!(",{key}=\"{}\"", escape(value)));
    format!("ALERTS{{alertname=\"{}\"{}}}", escape(&rule.name), own.collect::<String>())
}

/// From one look to the next; newest first.
fn history(series: &[Range], span: Span) -> Vec<AlarmTurn> {
    let mut looks: BTreeMap<i64, AlarmState> = BTreeMap::new();
    for one in series {
        let fires = one.metric.get("alertstate").is_some_and(|state| state == "firing");
        for (at, _) in &one.values {
            #[expect(clippy::cast_possible_truncation, reason = "a moment in seconds")]
            let look = looks.entry(*at as i64).or_insert(AlarmState::Pending);
            if fires {
                *look = AlarmState::Firing;
            }
        }
    }
    let at = |second: i64| looks.get(&second).copied().unwrap_or(AlarmState::Ok);
    let mut turns = Vec::new();
    let mut before = at(span.from);
    for second in (span.from..=span.until).step_by(usize::try_from(span.step).unwrap_or(1)) {
        let state = std::mem::replace(&mut before, at(second));
        if state != before {
            let words = match before {
                AlarmState::Firing => "fires",
                AlarmState::Pending => "its condition holds",
                _ => "its condition does not hold any more",
            };
            let moment = Timestamp::from_second(second).unwrap_or_default();
            turns.push(AlarmTurn { at: moment, state: Some(before), words: Text::line(words) });
        }
    }
    turns.reverse();
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(labels: &[(&str, &str)], at: &[i64]) -> Range {
        let metric = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Range { metric, values: at.iter().map(|at| (*at as f64, "1".to_owned())).collect() }
    }

    #[test]
    fn the_series_of_an_alert_tell_what_it_went_through() {
        let span = Span { from: 0, until: 600, step: 60 };
        let series = [
            range(&[("alertstate", "pending")], &[120, 180, 540]),
            range(&[("alertstate", "firing")], &[240, 300, 360]),
        ];
        let told: Vec<_> =
            history(&series, span).iter().map(|turn| (turn.at.as_second(), turn.state.unwrap())).collect();
        use AlarmState::{Firing, Ok, Pending};
        assert_eq!(told, [(600, Ok), (540, Pending), (420, Ok), (240, Firing), (120, Pending)]);
    }

    #[test]
    fn values_of_labels_cannot_leave_their_quotes() {
        let rule: Rule = serde_json::from_value(serde_json::json!({ "name": "a\"} or up{x=\"" })).unwrap();
        assert_eq!(kept(&rule, None), r#"ALERTS{alertname="a\"} or up{x=\""}"#);
    }
}
