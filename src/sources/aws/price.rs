//! What asking AWS costs, by list prices: two of the services that are read here charge for requests.

use std::collections::BTreeMap;

use crate::model::Quantity;

const SECONDS_A_DAY: f64 = 86_400.0;
/// CloudWatch, "API: GetMetricData": $0.01 per 1,000 metrics requested (Amazon CloudWatch pricing, us-east-1, 2025).
/// DescribeAlarms and DescribeAlarmHistory are not charged.
const METRIC_USD: f64 = 0.01 / 1_000.0;
/// SQS standard queues: $0.40 per million requests; that the first million of a month is free is left out here, since
/// workers use it up (Amazon SQS pricing, us-east-1, 2025).
const SQS_REQUEST_USD: f64 = 0.40 / 1_000_000.0;

/// A kind of request that is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Charge {
    QueueRequests,
    QueueAges,
    DatabaseMetrics,
}

/// What each kind costs a day at the rate that it was last asked at.
#[derive(Debug, Default)]
pub(super) struct Bill(BTreeMap<Charge, f64>);

impl Bill {
    /// A poll asked `count` times, and the next one comes in `period_seconds`.
    pub(super) fn enter(&mut self, charge: Charge, count: usize, period_seconds: i64) {
        let price = match charge {
            Charge::QueueRequests => SQS_REQUEST_USD,
            Charge::QueueAges | Charge::DatabaseMetrics => METRIC_USD,
        };
        let polls = SECONDS_A_DAY / (period_seconds.max(1) as f64);
        self.0.insert(charge, count as f64 * price * polls);
    }

    /// All of it; `None` before the first entry.
    pub(super) fn usd_per_day(&self) -> Option<Quantity> {
        if self.0.is_empty() { None } else { Quantity::new(self.0.values().sum()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_queues_and_ten_metrics_cost_cents_a_day() {
        let mut bill = Bill::default();
        assert_eq!(bill.usd_per_day(), None);
        bill.enter(Charge::QueueRequests, 101, 30);
        bill.enter(Charge::QueueAges, 10, 120);
        let cost = bill.usd_per_day().unwrap().get();
        // 101 × 2,880 × 0.0000004 + 10 × 720 × 0.00001
        assert!((cost - (0.116_352 + 0.072)).abs() < 1e-9, "{cost}");
        bill.enter(Charge::QueueRequests, 0, 30);
        assert!((bill.usd_per_day().unwrap().get() - 0.072).abs() < 1e-9);
    }
}
