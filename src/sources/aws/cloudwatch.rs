//! Reads the alarms of CloudWatch, metric and composite ones, a hundred at a time.

use aws_sdk_cloudwatch::types::AlarmType;

use super::cloudwatch_convert::{self, Placing};
use super::failure::Trouble;
use super::watch::Session;
use crate::model::Fact;

/// One poll of all alarms.
pub(super) async fn round(session: &Session<'_>) -> Result<(), Trouble> {
    let asker = session.asker;
    let (mut metric, mut composite, mut next) = (Vec::new(), Vec::new(), None);
    loop {
        let request = asker
            .clients
            .cloudwatch
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(100)
            .set_next_token(next);
        let page = asker.ask("cloudwatch:DescribeAlarms", request.send()).await?;
        metric.extend(page.metric_alarms.unwrap_or_default());
        composite.extend(page.composite_alarms.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    let (groups, balancers) = {
        let known = session.shared.lock();
        (known.groups.clone(), known.balancers.clone())
    };
    let (source, region) = (asker.desk.source(), asker.clients.region.as_str());
    let placing = Placing { source, region, groups: &groups, balancers: &balancers };
    let mut alarms: Vec<_> = metric.iter().map(|alarm| cloudwatch_convert::metric(&placing, alarm)).collect();
    let more: Vec<_> = composite.iter().map(|alarm| cloudwatch_convert::composite(&placing, alarm, &alarms)).collect();
    alarms.extend(more);
    session.tell("alarms", alarms.into_iter().map(|alarm| Fact::Alarm(Box::new(alarm))).collect()).await
}
