//! From the answers of queries to readings: one for each set of labels, what is not a number left out.

use std::collections::BTreeMap;

use super::queries::Number;
use super::wire::Series;
use crate::model::{Key, Kind, Quantity, Reading, SourceName, Text};
use crate::sources::alerts::{self, Pairs};

/// Most sets of labels that are kept: a query that names pods or paths instead of Services has no end.
const MOST: usize = 5000;

/// Answers of one round.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    of: BTreeMap<Pairs, BTreeMap<Number, Quantity>>,
    surplus: usize,
}

impl Gathered {
    /// Takes one answer in; of two that tell the same number of the same labels the first one counts.
    pub(super) fn take(&mut self, number: Number, series: Vec<Series>) {
        for Series { mut metric, value } in series {
            // What is measured stands in the query; empty labels are none.
            metric.retain(|key, value| key != "__name__" && !value.is_empty());
            let Some(value) = value.and_then(|(_, said)| alerts::number(&said)).filter(|one| fits(number, *one)) else {
                continue;
            };
            if metric.is_empty() {
                continue;
            }
            if self.of.len() >= MOST && !self.of.contains_key(&metric) {
                self.surplus += 1;
                continue;
            }
            self.of.entry(metric).or_default().entry(number).or_insert(value);
        }
    }

    /// What to say of too many.
    pub(super) fn surplus(&self) -> Option<String> {
        let more = self.surplus;
        (more > 0).then(|| format!("its queries name more than {MOST} things: {more} numbers are left out"))
    }

    /// The readings, in the order of their labels.
    pub(super) fn readings(self, source: &SourceName) -> Vec<Reading> {
        let reading = |(labels, numbers): (Pairs, BTreeMap<Number, Quantity>)| {
            let of = |number| numbers.get(&number).copied();
            let words = labels.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
            Reading {
                key: Key::new(source, Kind::Reading, &format!("{:016x}", alerts::hash(words))),
                error_ratio: of(Number::ErrorRatio),
                p95_seconds: of(Number::P95),
                cpu_cores: of(Number::Cpu),
                memory_bytes: of(Number::Memory).map(bytes),
                labels: labels.iter().map(|(key, value)| (Text::name(key), Text::line(value))).collect(),
            }
        };
        self.of.into_iter().map(reading).collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no number below zero fits; others saturate"
)]
fn bytes(number: Quantity) -> u64 {
    number.get() as u64
}

/// A share above one and an amount below none come of counters that were reset or of a query that measures something else:
/// that is not known rather than wrong. Rates add up with an error in the last digits.
fn fits(number: Number, value: Quantity) -> bool {
    value.get() >= 0.0 && (number != Number::ErrorRatio || value.get() <= 1.0 + 1e-6)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn series(all: &serde_json::Value) -> Vec<Series> {
        serde_json::from_value(all.clone()).unwrap()
    }

    #[test]
    fn numbers_of_the_same_labels_are_one_reading_and_what_is_no_number_is_not_known() {
        let api = json!({ "namespace": "shop-prod", "service": "api" });
        let mut gathered = Gathered::default();
        gathered.take(
            Number::ErrorRatio,
            series(&json!([
                { "metric": api, "value": [1_763_700_000.123, "0.061"] },
                { "metric": { "service": "idle" }, "value": [1, "NaN"] },
                { "metric": { "service": "odd" }, "value": [1, "1.5"] },
                { "metric": { "service": "" }, "value": [1, "0.5"] },
                { "metric": { "service": "native" }, "histogram": [1, { "count": "1" }] },
            ])),
        );
        gathered.take(Number::ErrorRatio, series(&json!([{ "metric": api, "value": [1, "0.9"] }])));
        gathered.take(Number::P95, series(&json!([{ "metric": api, "value": [1, "+Inf"] }])));
        gathered.take(
            Number::Memory,
            series(&json!([
                { "metric": { "__name__": "m", "namespace": "shop-prod", "service": "api" }, "value": [1, "3.2e+08"] },
                { "metric": { "service": "evil\u{1b}[2J" }, "value": [1, "1"] },
            ])),
        );
        assert_eq!(gathered.surplus(), None);
        let readings = gathered.readings(&SourceName::new("prom"));
        assert_eq!(readings.len(), 2);
        let api = readings.iter().find(|one| one.memory_bytes == Some(320_000_000)).unwrap();
        assert_eq!((api.error_ratio, api.p95_seconds, api.cpu_cores), (Quantity::new(0.061), None, None));
        assert_eq!(api.labels.len(), 2);
        assert!(readings.iter().all(|one| one.labels.iter().all(|(_, value)| !value.shown().contains('\u{1b}'))));
    }

    #[test]
    fn a_query_without_end_is_cut_and_said_so() {
        let mut gathered = Gathered::default();
        let all: Vec<_> =
            (0..MOST + 7).map(|n| json!({ "metric": { "pod": n.to_string() }, "value": [1, "1"] })).collect();
        gathered.take(Number::Cpu, series(&json!(all)));
        assert!(gathered.surplus().unwrap().contains("7 numbers are left out"));
        assert_eq!(gathered.readings(&SourceName::new("prom")).len(), MOST);
    }
}
