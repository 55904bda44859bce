//! What a real Alertmanager answers, and what it may not tell.

use std::time::Duration;

use quarterdeck::model::{AlarmState, Freshness, Severity};
use serde_json::json;

use crate::opened::Server;
use crate::served::{Answer, Served};
use crate::shared::Watched;

#[tokio::test]
async fn alerts_of_a_real_one_are_alarms_with_everything_that_they_say() {
    let server = Server::Alertmanager.served().await;
    let watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    let mirror = &watched.mirror;
    assert_eq!((mirror.status.state, mirror.detail()), (Freshness::Fresh, ""));
    assert_eq!(mirror.status.version.as_ref().unwrap().shown(), "0.25.0");
    let five = mirror.alarm("Api5xx");
    assert_eq!((five.state, five.severity), (AlarmState::Firing, Severity::Critical));
    assert_eq!((five.summary.shown(), five.measure().as_str()), ("error ratio 6.1 %", "6.1 > 5"));
    assert_eq!(five.runbook.as_ref().unwrap().shown(), "https://runbooks.example/api-5xx");
    assert!(five.since.is_some());
    let quiet = mirror.alarm("Quiet");
    assert_eq!((quiet.state, quiet.silenced_until.is_some()), (AlarmState::Suppressed, true));
    assert_eq!(quiet.suppressed_by.as_ref().unwrap().shown(), "silenced by ann: known since noon");
    let behind = mirror.alarm("Behind");
    assert_eq!((behind.state, behind.silenced_until), (AlarmState::Suppressed, None));
    assert!(behind.suppressed_by.as_ref().unwrap().shown().starts_with("inhibited by NodeDown ("));
    assert_eq!(mirror.alarm("NodeDown").summary.shown(), "nobody answers at 127.0.0.1:1");
    let hostile = mirror.alarm("Hostile");
    assert!(hostile.summary.raw().contains('\u{1b}') && !hostile.summary.shown().contains(['\u{1b}', '\u{202e}']));
}

#[tokio::test]
async fn it_is_asked_for_alerts_once_in_ten_seconds_and_for_silences_when_they_are_others() {
    let server = Server::Alertmanager.served().await;
    let mut watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    server.edit(|book| {
        let alerts = book["/api/v2/alerts"].as_array_mut().unwrap();
        alerts.retain(|alert| alert["labels"]["alertname"] != "Hostile");
    });
    watched.until("an alert is gone", |m| m.alarms().iter().all(|alarm| alarm.name.raw() != "Hostile")).await;
    let asked = server.asked();
    let times = |path: &str| asked.iter().filter(|(p, _)| p == path).map(|(_, at)| *at).collect::<Vec<_>>();
    let alerts = times("/api/v2/alerts");
    assert_eq!((alerts.len(), times("/api/v2/silences").len(), times("/api/v2/status").len()), (2, 1, 1));
    assert!(alerts[1] - alerts[0] >= Duration::from_millis(9_900), "{:?}", alerts[1] - alerts[0]);
}

#[tokio::test]
async fn one_that_dies_between_two_polls_is_told_within_seven_seconds_and_its_alarms_stay() {
    let server = Server::Alertmanager.served().await;
    let mut watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    let all = watched.mirror.alarms().len();
    server.die();
    let gone = |m: &crate::shared::Mirror| m.status.state == Freshness::Unreachable;
    watched.until_within(Duration::from_secs(7), "the failure", gone).await;
    assert!(watched.mirror.detail().contains("Alertmanager at 127.0.0.1"), "{}", watched.mirror.detail());
    assert_eq!(watched.mirror.alarms().len(), all);
}

#[tokio::test]
async fn silences_that_may_not_be_read_leave_an_alarm_suppressed_and_the_picture_partial() {
    let server = Server::Alertmanager.served().await;
    server.script(|path| {
        path.ends_with("/silences").then(|| Answer::Whole(403, "", br#"{"message":"no silences for you"}"#.to_vec()))
    });
    let watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    let mirror = &watched.mirror;
    assert_eq!(mirror.status.state, Freshness::Partial);
    assert!(mirror.detail().contains("silences cannot be read") && mirror.detail().contains("no silences for you"));
    assert_eq!(mirror.status.denials.len(), 1);
    let quiet = mirror.alarm("Quiet");
    assert_eq!((quiet.state, quiet.silenced_until), (AlarmState::Suppressed, None));
}

#[tokio::test]
async fn one_that_lives_below_a_path_is_found() {
    let book = Server::Alertmanager.recorded();
    let below = book.into_iter().map(|(path, value)| (format!("/alertmanager{path}"), value)).collect();
    let server = Served::book(below).await;
    let watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    assert_eq!(watched.mirror.alarm("Api5xx").state, AlarmState::Firing);
}

#[tokio::test]
async fn clocks_that_disagree_are_told() {
    let server = Server::Alertmanager.served().await;
    server.edit(|book| {
        for alert in book["/api/v2/alerts"].as_array_mut().unwrap() {
            alert["endsAt"] = json!("2020-01-01T00:00:00Z");
        }
    });
    let watched = Watched::synced(Server::Alertmanager.source(&server.url())).await;
    assert!(watched.mirror.detail().contains("its clock is behind ours"), "{}", watched.mirror.detail());
    assert_eq!(watched.mirror.alarm("Api5xx").state, AlarmState::Firing);
}
