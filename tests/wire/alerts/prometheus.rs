//! What a real Prometheus answers; what it measures of Services, and what it cannot.

use std::time::{Duration, Instant};

use quarterdeck::model::{AlarmAsk, AlarmState, Freshness, Quantity, Queries, Timestamp};
use serde_json::{Value, json};

use crate::opened::{Server, asking};
use crate::served::{Answer, Served};
use crate::shared::Watched;

/// The PromQL of a request.
fn query(path: &str) -> Option<String> {
    let url = reqwest::Url::parse(&format!("http://localhost{path}")).unwrap();
    let asks = url.path() == "/api/v1/query";
    url.query_pairs().find(|(key, _)| asks && key == "query").map(|(_, query)| query.into_owned())
}

fn vector(series: &Value) -> Answer {
    Answer::json(&json!({ "status": "success", "data": { "resultType": "vector", "result": series } }))
}

/// The metrics that this server has.
fn metrics(names: &[&str]) -> Answer {
    let series: Vec<Value> =
        names.iter().map(|name| json!({ "metric": { "__name__": name }, "value": [1, "1"] })).collect();
    vector(&json!(series))
}

async fn measuring(answer: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Served {
    let server = Server::Prometheus.served().await;
    server.script(move |path| answer(&query(path)?));
    server
}

fn refusal(status: u16, error: &str) -> Answer {
    let body = json!({ "status": "error", "errorType": "bad_data", "error": error });
    Answer::Whole(status, "", body.to_string().into_bytes())
}

#[tokio::test]
async fn rules_of_a_real_one_are_alarms_and_its_alerts_are_those_of_the_alertmanager() {
    let (server, other) = (Server::Prometheus.served().await, Server::Alertmanager.served().await);
    let watched = Watched::synced(Server::Prometheus.source(&server.url())).await;
    let mirror = &watched.mirror;
    assert_eq!(mirror.status.version.as_ref().unwrap().shown().split('+').next(), Some("2.42.0"));
    assert_eq!(mirror.alarm("Slow").state, AlarmState::Pending);
    let broken = mirror.alarm("Broken");
    assert_eq!(broken.state, AlarmState::NoData);
    assert!(broken.summary.shown().contains("found duplicate series"), "{}", broken.summary);
    let five = mirror.alarm("Api5xx");
    assert_eq!((five.state, five.measure().as_str()), (AlarmState::Firing, "6.1 > 5"));
    let alertmanager = Watched::synced(Server::Alertmanager.source(&other.url())).await;
    for alarm in alertmanager.mirror.alarms() {
        let name = alarm.name.raw();
        assert_eq!(mirror.alarm(name).fingerprint, alarm.fingerprint, "{name} is one alarm");
    }
}

#[tokio::test]
async fn an_alarm_has_the_curve_that_its_rule_judges_and_what_it_went_through() {
    let server = Server::Prometheus.served().await;
    server.script(|path| {
        let url = reqwest::Url::parse(&format!("http://localhost{path}")).unwrap();
        let said = |wanted: &str| url.query_pairs().find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned());
        if url.path() != "/api/v1/query_range" {
            return None;
        }
        let (query, end): (String, i64) = (said("query")?, said("end")?.parse().unwrap());
        let start: i64 = said("start")?.parse().unwrap();
        let step: i64 = said("step")?.parse().unwrap();
        let series = if query.starts_with("ALERTS{alertname=\"Api5xx\",") {
            let firing: Vec<Value> = (10..20).map(|n| json!([start + n * step, "1"])).collect();
            json!([{ "metric": { "alertname": "Api5xx", "alertstate": "firing" }, "values": firing }])
        } else {
            assert!(!query.contains('>'), "{query}: what is judged, not whether it is so");
            json!([{ "metric": {}, "values": [[end - 60, "3.1"], [end - 30, "NaN"], [end, "6.1"]] },
                { "metric": { "service": "another" }, "values": [[end, "9"]] }])
        };
        Some(Answer::json(&json!({ "status": "success", "data": { "resultType": "matrix", "result": series } })))
    });
    let watched = Watched::synced(Server::Prometheus.source(&server.url())).await;
    let alarm = watched.mirror.alarm("Api5xx").clone();
    let until = Timestamp::now();
    let back = |seconds| until.checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap();
    let ask = AlarmAsk {
        key: alarm.key,
        scope: alarm.scope,
        name: alarm.name,
        history_since: back(86_400),
        curves_since: back(10_800),
        until,
    };
    let source = Server::Prometheus.source(&server.url());
    drop(Watched::synced(source.clone()).await);
    let detail = source.clone().alarm_detail(ask.clone()).await.unwrap();
    let points: Vec<f64> = detail.curves[0].points.iter().map(|(_, value)| value.get()).collect();
    assert_eq!((points, detail.curves.len()), (vec![3.1, 6.1], 1), "of its own series, without what is no number");
    assert_eq!((detail.threshold.map(Quantity::get), detail.comparison.unwrap().raw()), (Some(5.0), ">"));
    let turns: Vec<AlarmState> = detail.history.iter().filter_map(|turn| turn.state).collect();
    assert_eq!(turns, [AlarmState::Ok, AlarmState::Firing]);
    // Where the server refuses such a question the rest is told all the same.
    server.script(|path| {
        path.starts_with("/api/v1/query_range").then(|| refusal(422, "query processing would load too many samples"))
    });
    let detail = source.clone().alarm_detail(ask.clone()).await.unwrap();
    assert!(
        detail.curves.is_empty() && detail.notes.iter().any(|note| note.raw().contains("its curve cannot be read: "))
    );
    let gone = AlarmAsk { key: quarterdeck::model::Key { uid: "gone".into(), ..ask.key.clone() }, ..ask };
    assert!(source.alarm_detail(gone).await.unwrap_err().to_string().contains("no rule that made"));
}

#[tokio::test]
async fn only_metrics_that_are_there_are_asked_for_and_what_is_no_number_is_not_known() {
    let server = measuring(|query| {
        let api = json!({ "service": "api-shop-prod@docker" });
        Some(match query {
            q if q.starts_with("group by (__name__)") => metrics(&["traefik_service_requests_total", "container_memory_working_set_bytes"]),
            q if q.contains("traefik_service_requests_total") => vector(&json!([
                { "metric": api, "value": [1_795_000_000.5, "0.061"] },
                { "metric": { "service": "gap@docker" }, "value": [1, "NaN"] },
            ])),
            q if q.contains("pod!=\"\"") => vector(&json!([])),
            q => vector(&json!([{ "metric": api, "value": [1, "1.34217728e+08"] }, { "metric": { "service": q }, "value": [1, "-1"] }])),
        })
    })
    .await;
    let watched = Watched::synced(Server::Prometheus.source(&server.url())).await;
    let api = watched.mirror.reading("service", "api-shop-prod@docker").unwrap();
    assert_eq!((api.error_ratio, api.memory_bytes), (Quantity::new(0.061), Some(134_217_728)));
    assert_eq!((api.p95_seconds, api.cpu_cores), (None, None));
    assert!(watched.mirror.reading("service", "gap@docker").is_none());
    assert_eq!((watched.mirror.status.state, watched.mirror.detail()), (Freshness::Fresh, ""));
    let asked = server.asked().iter().filter(|(path, _)| query(path).is_some()).count();
    assert_eq!(asked, 4, "which there are, Traefik, memory of pods and of containers");
}

#[tokio::test]
async fn a_built_in_query_that_is_refused_is_a_word_and_one_of_the_configuration_a_hole() {
    let refuse = |query: &str| match query {
        q if q.starts_with("group by") => Some(metrics(&["http_requests_total"])),
        _ => Some(refusal(422, "found duplicate series\u{1b}[2J")),
    };
    let server = measuring(refuse).await;
    let watched = Watched::synced(asking(&server.url(), Queries::default())).await;
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    let said = watched.mirror.detail();
    assert!(said.contains("error_ratio cannot be read") && said.contains("duplicate series"), "{said}");
    assert!(!said.contains('\u{1b}'));
    assert_eq!(watched.mirror.alarm("Api5xx").state, AlarmState::Firing);
    let own = Queries { error_ratio: Some("my:errors".to_owned()), ..Queries::default() };
    let watched = Watched::synced(asking(&server.url(), own)).await;
    assert_eq!(watched.mirror.status.state, Freshness::Partial);
    assert!(server.asked().iter().any(|(path, _)| query(path).as_deref() == Some("my:errors")));
    let scalar = measuring(|_| {
        Some(Answer::json(&json!({ "status": "success", "data": { "resultType": "scalar", "result": [1, "2"] } })))
    })
    .await;
    let own = Queries { cpu_cores: Some("scalar(up)".to_owned()), ..Queries::default() };
    let watched = Watched::synced(asking(&scalar.url(), own)).await;
    assert!(watched.mirror.detail().contains("no instant vector"), "{}", watched.mirror.detail());
}

#[tokio::test]
async fn queries_that_may_not_be_asked_are_a_denial_and_alarms_are_read_all_the_same() {
    let server = measuring(|_| Some(refusal(403, "no queries for you"))).await;
    let watched = Watched::synced(asking(&server.url(), Queries::default())).await;
    assert_eq!((watched.mirror.status.state, watched.mirror.status.denials.len()), (Freshness::Partial, 1));
    assert!(watched.mirror.detail().contains("no queries for you"));
    assert_eq!(watched.mirror.alarm("Api5xx").state, AlarmState::Firing);
}

#[tokio::test]
async fn queries_that_hang_delay_neither_the_first_picture_nor_an_alarm() {
    let server = measuring(|_| Some(Answer::Silence)).await;
    let begun = Instant::now();
    let mut watched = Watched::supervised(asking(&server.url(), Queries::default()));
    watched.until("the alarms", |m| !m.alarms().is_empty()).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    watched.until_within(Duration::from_secs(5), "the first picture", |m| m.synced == 1).await;
    watched.until("the hole is named", |m| m.status.state == Freshness::Partial).await;
    assert!(watched.mirror.detail().contains("did not answer in time"), "{}", watched.mirror.detail());
}

#[tokio::test]
async fn a_server_without_rules_says_so() {
    let server = Server::Prometheus.served().await;
    server.edit(|book| book["/api/v1/rules"]["data"]["groups"] = json!([]));
    let watched = Watched::synced(Server::Prometheus.source(&server.url())).await;
    assert!(watched.mirror.detail().contains("nothing will ever fire here"), "{}", watched.mirror.detail());
}
