//! More of one alarm, asked when its page is open.

use quarterdeck::model::{AlarmState, Text};
use serde_json::json;

use crate::cloud::ago;
use crate::server::{Answer, Cloud};
use crate::watched::Watched;

#[tokio::test]
async fn an_alarm_tells_its_history_its_curve_its_threshold_and_whom_it_tells() {
    let cloud = Cloud::scripted(|asked| match asked.operation.as_str() {
        "DescribeAlarmHistory" => {
            let turn = |seconds: i64, old: &str, new: &str| {
                json!({
                "AlarmName": "backlog", "Timestamp": ago(seconds), "HistoryItemType": "StateUpdate",
                "HistorySummary": format!("Alarm updated from {old} to {new}"),
                "HistoryData": format!(r#"{{"newState":{{"stateValue":"{new}","stateReason":"why {new}"}}}}"#)})
            };
            let edit = json!({"AlarmName": "backlog", "Timestamp": ago(9000), "HistoryItemType": "ConfigurationUpdate",
                "HistorySummary": "Alarm \"backlog\" updated"});
            let sent = json!({"AlarmName": "backlog", "Timestamp": ago(299), "HistoryItemType": "Action",
                "HistorySummary": "Successfully executed action arn:aws:sns:eu-central-1:1:pager"});
            let items =
                json!([sent, turn(300, "OK", "ALARM"), turn(600, "ALARM", "OK"), turn(900, "OK", "ALARM"), edit]);
            Some(Answer::Fine(json!({"AlarmHistoryItems": items})))
        }
        "GetMetricData" => Some(Answer::Fine(json!({"MetricDataResults": [{
            "Id": "judged", "Label": "Visible", "StatusCode": "Complete",
            "Timestamps": [ago(180), ago(120), ago(60)], "Values": [3, 6, 7]}]}))),
        _ => None,
    })
    .await;
    let watched = Watched::synced(&cloud.profile()).await;
    let told = watched.source.clone().alarm_detail(watched.ask("backlog")).await.unwrap();
    let states: Vec<_> = told.history.iter().map(|turn| (turn.state, turn.words.raw())).collect();
    let expected = [
        (Some(AlarmState::Firing), "why ALARM"),
        (Some(AlarmState::Ok), "why OK"),
        (Some(AlarmState::Firing), "why ALARM"),
        (None, "Alarm \"backlog\" updated"),
    ];
    assert_eq!((states, told.fired()), (expected.to_vec(), 2));
    let values: Vec<String> = told.curves[0].points.iter().map(|(_, value)| value.to_string()).collect();
    assert_eq!((values, told.curves[0].name.raw()), (vec!["3".into(), "6".into(), "7".into()], "Visible (Maximum)"));
    assert_eq!((told.threshold.unwrap().to_string(), told.points_to_fire), ("5".to_owned(), Some((2, 3))));
    assert_eq!((told.comparison.unwrap().raw(), told.receivers[0].raw()), (">", "pager"));
    assert_eq!(told.rule.unwrap().raw(), "Maximum of AWS/SQS Visible {QueueName=jobs} > 5 for 2 of 3 periods of 60 s");
    assert!(told.notes.is_empty(), "{:?}", told.notes);
}

#[tokio::test]
async fn a_composite_alarm_tells_its_parts_with_those_that_are_gone_and_that_nobody_is_told() {
    let cloud = Cloud::usual().await;
    let watched = Watched::synced(&cloud.profile()).await;
    let told = watched.source.clone().alarm_detail(watched.ask("all")).await;
    // The endpoint answers with both alarms whatever is asked for: the one that was asked for counts.
    let told = told.unwrap();
    let parts: Vec<_> = told.parts.iter().map(|part| (part.name.raw(), part.state)).collect();
    assert_eq!(parts, [("backlog", Some(AlarmState::Firing)), ("gone", None)]);
    assert!(told.notes.iter().any(|note| note.raw().contains("actions are off")), "{:?}", told.notes);
}

#[tokio::test]
async fn what_may_not_be_read_of_an_alarm_is_said_with_its_action_and_the_rest_is_told() {
    let denied = ["DescribeAlarmHistory", "GetMetricData"];
    let refused = || Answer::Refused("AccessDeniedException", "User is not authorized");
    let cloud = Cloud::scripted(move |asked| denied.contains(&asked.operation.as_str()).then(refused)).await;
    let watched = Watched::synced(&cloud.profile()).await;
    let told = watched.source.clone().alarm_detail(watched.ask("backlog")).await.unwrap();
    let notes: Vec<&str> = told.notes.iter().map(Text::raw).collect();
    for action in ["cloudwatch:DescribeAlarmHistory", "cloudwatch:GetMetricData"] {
        assert!(notes.iter().any(|note| note.contains(action)), "{action}: {notes:?}");
    }
    assert!((told.history.is_empty() && told.curves.is_empty()) && told.threshold.is_some());
}
