//! Every way in which AWS can fail to answer has words of its own, and loses no more than it must.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quarterdeck::model::Freshness;
use quarterdeck::sources::port::FailureKind;
use serde_json::json;

use crate::server::{Answer, Cloud};
use crate::watched::{Named, Watched, failure};

#[tokio::test]
async fn a_login_that_expires_on_the_way_keeps_the_facts_and_comes_back_by_itself() {
    let expired = Arc::new(AtomicBool::new(false));
    let now = expired.clone();
    let refused = Answer::Refused("ExpiredTokenException", "The security token included in the request is expired");
    let cloud = Cloud::scripted(move |_| now.load(Ordering::SeqCst).then(|| refused.clone())).await;
    let profile = cloud.profile();
    let mut watched = Watched::synced(&profile).await;
    expired.store(true, Ordering::SeqCst);
    watched.until("denied", |m| m.status.state == Freshness::Denied).await;
    let said = watched.mirror.detail().to_owned();
    assert!(
        said.contains("session of profile `shop` has expired") && said.contains("aws sso login --profile shop"),
        "{said}"
    );
    assert_eq!((watched.mirror.service("api").ready, watched.mirror.queue("jobs").unwrap().ready), (Some(1), Some(7)));
    expired.store(false, Ordering::SeqCst);
    watched.until("fresh", |m| m.status.state == Freshness::Fresh && m.synced > 1).await;
}

#[tokio::test]
async fn what_refuses_everything_is_told_by_its_kind() {
    let all = async |answer: Answer| {
        let cloud = Cloud::scripted(move |_| Some(answer.clone())).await;
        failure(&cloud.profile()).await
    };
    let busy = all(Answer::Refused("ThrottlingException", "Rate exceeded")).await;
    assert_eq!(busy.kind, FailureKind::Busy, "{busy}");
    assert!(busy.to_string().contains("too many requests in this account and region"), "{busy}");
    let keys =
        all(Answer::Refused("UnrecognizedClientException", "The security token included in the request is invalid."))
            .await;
    assert_eq!(keys.kind, FailureKind::Denied, "{keys}");
    assert!(keys.to_string().contains("aws sts get-caller-identity --profile shop"), "{keys}");
    let page = all(Answer::Raw(200, b"<html><body>Welcome to nginx!</body></html>")).await;
    assert_eq!(page.kind, FailureKind::Garbled, "{page}");
    let error = all(Answer::Raw(500, b"<html>Internal Server Error</html>")).await;
    assert_eq!(error.kind, FailureKind::Garbled, "{error}");
    let noise = all(Answer::Raw(200, b"\xff\xfe\x00{\"clusterArns\": 7]")).await;
    assert_eq!(noise.kind, FailureKind::Garbled, "{noise}");
    let denied = all(Answer::Refused("AccessDeniedException", "User is not authorized")).await;
    assert_eq!(denied.kind, FailureKind::Denied);
    for action in ["ecs:ListClusters", "sqs:ListQueues", "cloudwatch:DescribeAlarms", "rds:DescribeDBInstances"] {
        assert!(denied.to_string().contains(action), "{action}: {denied}");
    }
}

#[tokio::test]
async fn what_hangs_is_unreachable_within_its_time_and_what_is_cut_is_no_answer() {
    let hangs = Cloud::scripted(|_| Some(Answer::Silence)).await;
    let silent = failure(&hangs.profile()).await;
    assert_eq!(silent.kind, FailureKind::Unreachable);
    assert!(silent.to_string().contains("no answer within 2 s"), "{silent}");
    let cut = Cloud::scripted(|_| Some(Answer::Cut)).await;
    let cut = failure(&cut.profile()).await;
    assert_eq!(cut.kind, FailureKind::Garbled, "{cut}");
    assert!(cut.to_string().contains("no answer of AWS"), "{cut}");
}

#[tokio::test]
async fn one_service_that_fails_is_named_and_the_rest_is_read() {
    for (operation, area) in [("ListQueues", "SQS"), ("DescribeAlarms", "CloudWatch"), ("DescribeDBInstances", "RDS")] {
        for answer in [
            Answer::Silence,
            Answer::Cut,
            Answer::Refused("ThrottlingException", "Rate exceeded"),
            Answer::Raw(200, b"\x00"),
        ] {
            let cloud = Cloud::scripted(move |asked| (asked.operation == operation).then(|| answer.clone())).await;
            let watched = Watched::synced(&cloud.profile()).await;
            let mirror = &watched.mirror;
            assert_eq!(mirror.status.state, Freshness::Partial, "{operation}");
            assert!(mirror.detail().starts_with(&format!("{area}: ")), "{operation}: {}", mirror.detail());
            assert_eq!(mirror.service("api").ready, Some(1));
        }
    }
}

#[tokio::test]
async fn text_from_aws_is_made_safe_and_numbers_that_are_none_are_unknown() {
    let cloud = Cloud::scripted(|asked| match asked.operation.as_str() {
        "GetQueueAttributes" => Some(Answer::Fine(json!({"Attributes": {
            "QueueArn": "arn:aws:sqs:eu-central-1:1:jobs", "ApproximateNumberOfMessages": "many", "RedrivePolicy": "{broken"}}))),
        "DescribeAlarms" => Some(Answer::Fine(json!({"MetricAlarms": [{
            "AlarmName": "a\u{1b}]52;c;YQ==\u{7}b", "AlarmDescription": "\u{202e}evil", "StateValue": "NEW_STATE"}]}))),
        _ => None,
    })
    .await;
    let watched = Watched::synced(&cloud.profile()).await;
    let queue = watched.mirror.queues()[0];
    assert_eq!((queue.ready, queue.unacked, queue.dead_letters), (None, None, None));
    let alarm = watched.mirror.alarms()[0];
    assert!(!alarm.name.shown().contains('\u{1b}') && !alarm.summary.shown().contains('\u{202e}'), "{alarm:?}");
    assert_eq!(alarm.state.word(), "no_data");
}
