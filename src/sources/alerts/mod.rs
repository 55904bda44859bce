//! What Alertmanager and Prometheus have in common: labels and annotations of an alert, its times, the fingerprint that makes
//! one alarm of both; the limit in a rule; the Source that both are, where below a URL their API lies, and telling only what
//! changed.

pub(super) mod expression;
mod place;
pub(super) mod server;
pub(super) mod teller;

use std::collections::BTreeMap;

use crate::model::{Quantity, Severity, Text, Timestamp};

/// Labels or annotations.
pub(super) type Pairs = BTreeMap<String, String>;

/// Labels that tell copies of one Prometheus (or of its ruler) apart: `external_labels` of the usual set-ups (the Prometheus
/// operator, Thanos, Mimir, the packaged example). Alerts that differ in these alone are one alarm.
const OF_COPIES: &[&str] = &[
    "__replica__",
    "monitor",
    "prometheus",
    "prometheus_replica",
    "receive_replica",
    "replica",
    "rule_replica",
    "ruler_replica",
    "thanos_ruler_replica",
];

/// FNV-1a with 64 bits (RFC draft *The FNV Non-Cryptographic Hash Algorithm*), as Alertmanager has it.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Clocks differ by a little everywhere: what begins up to so many seconds from now began now.
const SKEW_SECONDS: i64 = 30;

/// One text for one alert, whichever Source tells it: of its labels (its name is one of them), in order, without those that
/// are empty (Prometheus drops them) or only tell copies of a server apart.
pub(super) fn fingerprint(labels: &Pairs) -> Text {
    let counted = labels.iter().filter(|(key, value)| !value.is_empty() && !OF_COPIES.contains(&key.as_str()));
    Text::name(&format!("{:016x}", hash(counted.flat_map(|(key, value)| [key.as_str(), value.as_str()]))))
}

/// A short identity of these words in this order.
pub(super) fn hash<'a>(words: impl IntoIterator<Item = &'a str>) -> u64 {
    // 0xff stands in no UTF-8 text, so that "a","bc" and "ab","c" differ.
    let bytes = words.into_iter().flat_map(|word| word.bytes().chain([0xff]));
    bytes.fold(OFFSET, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// The first of these keys that says something.
fn first<'a>(pairs: &'a Pairs, keys: &[&str]) -> Option<&'a str> {
    keys.iter().filter_map(|key| pairs.get(*key)).map(|value| value.trim()).find(|value| !value.is_empty())
}

/// Its name; alerts have one by their protocol.
pub(super) fn name(labels: &Pairs) -> Text {
    Text::name(first(labels, &["alertname"]).unwrap_or("(alert without a name)"))
}

/// How bad it is, by its label; a warning where it says nothing.
pub(super) fn severity(labels: &Pairs) -> Severity {
    first(labels, &["severity", "priority", "level"]).map(Severity::of_word).unwrap_or_default()
}

/// The namespace it speaks of.
pub(super) fn scope(labels: &Pairs) -> Text {
    Text::name(first(labels, &["namespace"]).unwrap_or_default())
}

/// What it says, in one line.
pub(super) fn summary(annotations: &Pairs) -> Text {
    Text::line(&prose(first(annotations, &["summary", "message", "description", "title"]).unwrap_or_default()))
}

/// What people wrote over several lines, in one.
pub(super) fn prose(said: &str) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Where its runbook lies.
pub(super) fn runbook(annotations: &Pairs) -> Option<Text> {
    first(annotations, &["runbook_url", "runbook"]).map(Text::line)
}

/// A number that was put into the annotations.
pub(super) fn value(annotations: &Pairs) -> Option<Quantity> {
    let said = first(annotations, &["value", "current_value"])?;
    number(said.trim_end_matches('%').trim_end())
}

/// A number as Prometheus writes it; NaN and the infinities are not known.
pub(super) fn number(said: &str) -> Option<Quantity> {
    said.parse().ok().and_then(Quantity::new)
}

/// Labels as the model keeps them.
pub(super) fn labels(labels: &Pairs) -> Vec<(Text, Text)> {
    labels.iter().map(|(key, value)| (Text::name(key), Text::line(value))).collect()
}

/// A moment as it is written; the year 1 (Go's *no time*) is none.
pub(super) fn moment(written: &str) -> Option<Timestamp> {
    written.parse().ok().filter(|at: &Timestamp| at.as_second() > 0)
}

/// Since when something is so, as the server says, and by how many seconds that lies in our future: then its clock is
/// ahead, and when it was is not known.
pub(super) fn since(written: &str, now: Timestamp) -> (Option<Timestamp>, i64) {
    let Some(at) = moment(written) else { return (None, 0) };
    match at.as_second() - now.as_second() {
        ahead if ahead > SKEW_SECONDS => (None, ahead),
        _ => (Some(at.min(now)), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Pairs {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_alert_has_one_fingerprint_whichever_copy_of_a_server_tells_it() {
        let plain = pairs(&[("alertname", "Api5xx"), ("service", "api"), ("severity", "critical")]);
        let of = |extra: &[(&str, &str)]| {
            let mut all = plain.clone();
            all.extend(pairs(extra));
            fingerprint(&all)
        };
        let own = fingerprint(&plain);
        assert_eq!(own, of(&[("replica", "a"), ("prometheus", "monitoring/k8s"), ("prometheus_replica", "k8s-0")]));
        assert_eq!(own, of(&[("pod", "")]));
        assert_ne!(own, of(&[("cluster", "eu")]));
        assert_ne!(own, of(&[("service", "web")]));
        assert_ne!(hash(["a", "bc"]), hash(["ab", "c"]));
        assert_eq!(hash([]), OFFSET);
        assert_eq!(own.raw().len(), 16);
    }

    #[test]
    fn words_are_taken_from_the_usual_labels_and_annotations() {
        let labels = pairs(&[("alertname", "X"), ("severity", "page"), ("namespace", "shop-prod")]);
        assert_eq!((name(&labels).raw(), severity(&labels)), ("X", Severity::Critical));
        assert_eq!(scope(&labels).raw(), "shop-prod");
        let none = Pairs::new();
        assert_eq!((severity(&none), scope(&none).is_empty()), (Severity::Warning, true));
        let said = pairs(&[("summary", "  "), ("description", "one\n  two\n\nthree"), ("runbook", "https://r")]);
        assert_eq!(summary(&said).raw(), "one two three");
        assert_eq!(runbook(&said).unwrap().raw(), "https://r");
        let hostile = pairs(&[("message", "red \u{1b}[31m\u{202e}txt")]);
        assert!(!summary(&hostile).shown().contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn a_value_is_a_finite_number_or_not_known() {
        let of = |said: &str| value(&pairs(&[("value", said)])).map(Quantity::get);
        assert_eq!([of("6.1"), of("6.1 %"), of("1e3"), of("-2")], [Some(6.1), Some(6.1), Some(1000.0), Some(-2.0)]);
        assert_eq!([of("NaN"), of("+Inf"), of("many"), of("")], [None; 4]);
    }

    #[test]
    fn a_moment_in_our_future_is_not_known_and_says_how_far_it_lies() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!(since("2026-11-21T11:00:00.5Z", now).0.unwrap().to_string(), "2026-11-21T11:00:00.5Z");
        assert_eq!(since("2026-11-21T12:00:20Z", now), (Some(now), 0));
        assert_eq!(since("2026-11-21T13:02:00+01:00", now), (None, 120));
        for none in ["0001-01-01T00:00:00Z", "soon", "", "2026-11-21"] {
            assert_eq!(since(none, now), (None, 0), "{none}");
        }
    }
}
