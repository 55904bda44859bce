//! The newest value of some CloudWatch metrics, many in one request. Each metric asked for costs a little, so only what
//! nothing else tells is asked for, and seldom.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};

use super::ask::Asker;
use super::failure::Trouble;

/// What AWS takes in one request.
const AT_ONCE: usize = 500;
/// How far back a newest value is looked for: some services report late.
const BACK_SECONDS: i64 = 900;

/// One metric of one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) namespace: &'static str,
    pub(super) metric: &'static str,
    pub(super) dimension: &'static str,
    pub(super) value: String,
    /// `Maximum`, `Average`, `Minimum`.
    pub(super) statistic: &'static str,
}

/// The newest values of what is wanted, with their moments (Unix seconds); what has none is left out.
pub(super) async fn newest(asker: Asker<'_>, wanted: &[Wanted]) -> Result<BTreeMap<Wanted, (i64, f64)>, Trouble> {
    let now = asker.desk.now().as_second();
    let mut found = BTreeMap::new();
    for some in wanted.chunks(AT_ONCE) {
        let queries: Vec<MetricDataQuery> = some.iter().enumerate().map(|(n, one)| query(n, one)).collect();
        let mut next = None;
        loop {
            let request = asker
                .clients
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_secs(now - BACK_SECONDS))
                .end_time(DateTime::from_secs(now))
                .scan_by(ScanBy::TimestampDescending)
                .set_next_token(next);
            let page = asker.ask("cloudwatch:GetMetricData", request.send()).await?;
            for result in page.metric_data_results() {
                let index = result.id().and_then(|id| id.strip_prefix('m')).and_then(|n| n.parse::<usize>().ok());
                let Some(one) = index.and_then(|index| some.get(index)) else { continue };
                let points = result.timestamps().iter().map(DateTime::secs).zip(result.values().iter().copied());
                if let Some(newest) = points.filter(|(_, value)| value.is_finite()).max_by_key(|(at, _)| *at) {
                    found.entry(one.clone()).or_insert(newest);
                }
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

fn query(n: usize, wanted: &Wanted) -> MetricDataQuery {
    let dimension = Dimension::builder().name(wanted.dimension).value(&wanted.value).build();
    let metric = Metric::builder().namespace(wanted.namespace).metric_name(wanted.metric).dimensions(dimension).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat(wanted.statistic).build();
    MetricDataQuery::builder().id(format!("m{n}")).metric_stat(stat).return_data(true).build()
}
