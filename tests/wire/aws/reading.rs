//! What a healthy account tells: whole lists over pages, batches as large as AWS takes them, tasks in every state of their life.

use quarterdeck::model::{Fact, Freshness, HealthState, Outcome, Phase, Rollout};
use serde_json::{Value, json};

use crate::cloud::{ago, service, task};
use crate::server::{Answer, Cloud};
use crate::watched::{Named, Watched};

#[tokio::test]
async fn an_account_is_read_whole() {
    let cloud = Cloud::usual().await;
    let watched = Watched::synced(&cloud.profile()).await;
    let mirror = &watched.mirror;
    assert_eq!((mirror.status.state, mirror.detail()), (Freshness::Fresh, ""));
    let api = mirror.service("api");
    assert_eq!((api.desired, api.ready, api.probed), (Some(1), Some(1), Some(true)));
    assert_eq!(api.images[0].digest.as_ref().map(|digest| digest.raw().to_owned()), Some("sha256:ab".to_owned()));
    assert_eq!(mirror.queue("jobs").unwrap().ready, Some(7));
    let alone = mirror.database("shop-prod-db");
    let moments = (alone.last_backup_at.map(|at| at.to_string()), alone.restorable_at.map(|at| at.to_string()));
    assert_eq!(moments, (Some("2026-11-20T03:00:00Z".into()), Some("2026-11-21T12:00:00Z".into())));
    let aurora = mirror.database("shop-prod-aurora-1");
    assert_eq!(aurora.restorable_at.map(|at| at.to_string()), Some("2026-11-21T11:00:00Z".into()));
    assert_eq!((aurora.health, aurora.connections, aurora.last_backup_at), (HealthState::Healthy, None, None));
    let facts: Vec<&Fact> = mirror.facts.values().collect();
    let check = facts.iter().find_map(|fact| if let Fact::Check(check) = fact { Some(check) } else { None }).unwrap();
    assert_eq!((check.outcome, check.message.raw()), (Outcome::Passing, "1 of 1 targets healthy"));
    let route = facts.iter().find_map(|fact| if let Fact::Route(route) = fact { Some(route) } else { None }).unwrap();
    assert_eq!((route.hosts[0].raw(), &route.ports[..], route.tls), ("api.shop.example", &[443][..], true));
    // Three requests for queues every 30 s, two ages every two minutes, four metrics every five.
    let cost = mirror.status.cost_usd_per_day.unwrap().get();
    let expected = 3.0 * 2880.0 * 4e-7 + 2.0 * 720.0 * 1e-5 + 4.0 * 288.0 * 1e-5;
    assert!((cost - expected).abs() < 1e-9, "{cost} {expected}");
}

/// One of several pages of names; the token is where the next one begins.
fn page(all: &[String], size: usize, token: &Value) -> (Vec<String>, Option<String>) {
    let from = token.as_str().map_or(0, |token| token.parse().unwrap());
    let some: Vec<String> = all[from..].iter().take(size).cloned().collect();
    let next = from + some.len();
    (some, (next < all.len()).then(|| next.to_string()))
}

#[tokio::test]
async fn pages_are_followed_and_batches_are_as_large_as_aws_takes_them() {
    let services: Vec<String> = (0..23).map(|n| format!("arn:aws:ecs:eu-central-1:1:service/shop-prod/s{n}")).collect();
    let tasks: Vec<String> = (0..250).map(|n| format!("arn:aws:ecs:eu-central-1:1:task/shop-prod/{n:08}")).collect();
    let queues: Vec<String> = (0..30).map(|n| format!("https://sqs.eu-central-1.amazonaws.com/1/q{n}")).collect();
    let cloud = Cloud::scripted(move |asked| {
        let names = |key: &str| asked.body[key].as_array().cloned().unwrap_or_default();
        let short = |arn: &Value| arn.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let value = match asked.operation.as_str() {
            "ListServices" => {
                let (some, next) = page(&services, 10, &asked.body["nextToken"]);
                json!({"serviceArns": some, "nextToken": next})
            }
            "DescribeServices" => {
                let all: Vec<Value> =
                    names("services").iter().map(|arn| service(&short(arn), (10, 10), "COMPLETED")).collect();
                json!({"services": all})
            }
            "ListTasks" if asked.body["desiredStatus"] == "RUNNING" => {
                let (some, next) = page(&tasks, 100, &asked.body["nextToken"]);
                json!({"taskArns": some, "nextToken": next})
            }
            "DescribeTasks" => {
                let all: Vec<Value> = names("tasks").iter().map(|arn| task("s1", &short(arn), "RUNNING")).collect();
                json!({"tasks": all})
            }
            "ListQueues" => {
                let (some, next) = page(&queues, 20, &asked.body["NextToken"]);
                json!({"QueueUrls": some, "NextToken": next})
            }
            _ => return None,
        };
        Some(Answer::Fine(value))
    })
    .await;
    let watched = Watched::synced(&cloud.profile()).await;
    let mirror = &watched.mirror;
    assert_eq!((mirror.services().len(), mirror.tasks().len(), mirror.queues().len()), (23, 250, 30));
    let sizes = |operation: &str, key: &str| {
        cloud.asked(operation).iter().map(|body| body[key].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes("DescribeServices", "services")[..3], [10, 10, 3]);
    assert_eq!(sizes("DescribeTasks", "tasks")[..3], [100, 100, 50]);
    assert_eq!(cloud.asked("DescribeTaskDefinition").len(), 23, "each is read once");
}

#[tokio::test]
async fn fargate_tasks_are_told_in_every_state_and_say_why_they_stopped() {
    let cloud = Cloud::scripted(|asked| {
        let ended = |id: &str, code: &str, why: &str, container: Value| {
            let mut task = task("api", id, "STOPPED");
            for (key, value) in
                [("stopCode", json!(code)), ("stoppedReason", json!(why)), ("stoppedAt", json!(ago(60)))]
            {
                task[key] = value;
            }
            task["containers"] = json!([container]);
            task
        };
        let states = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"];
        let mut all: Vec<Value> = states.iter().map(|state| task("api", &state.to_lowercase(), state)).collect();
        let killed =
            json!({"name": "api", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"});
        all.push(ended("killed", "EssentialContainerExited", "Essential container in task exited", killed));
        let pull = "CannotPullContainerError: pull image manifest has been retried 5 time(s): not found";
        all.push(ended("unpulled", "TaskFailedToStart", pull, json!({"name": "api", "reason": pull})));
        all.push(ended(
            "scaledin",
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by",
            json!({"name": "api"}),
        ));
        match asked.operation.as_str() {
            "DescribeTasks" => Some(Answer::Fine(json!({"tasks": all}))),
            "DescribeServices" => Some(Answer::Fine(json!({"services": [service("api", (1, 1), "FAILED")]}))),
            _ => None,
        }
    })
    .await;
    let watched = Watched::synced(&cloud.profile()).await;
    let tasks = watched.mirror.tasks();
    let of = |id: &str| {
        let name = format!("api-{}", &id[..id.len().min(8)]);
        *tasks.iter().find(|one| one.name.raw() == name).unwrap_or_else(|| panic!("no {name}"))
    };
    for id in ["provisioning", "pending", "activating"] {
        assert_eq!(of(id).phase, Phase::Pending, "{id}");
    }
    assert_eq!(of("running").phase, Phase::Running);
    for id in ["deactivating", "stopping", "deprovisioning"] {
        assert_eq!(of(id).phase, Phase::Stopping, "{id}");
    }
    let exit = of("killed").last_exit.as_ref().unwrap();
    assert_eq!((exit.code, exit.out_of_memory), (Some(137), true));
    assert_eq!(of("unpulled").waiting.as_ref().unwrap().reason.raw(), "CannotPullContainerError");
    assert!(tasks.iter().all(|one| one.name.raw() != "api-scaledin"));
    let Rollout::Stuck { message, .. } = &watched.mirror.service("api").rollout else { panic!("no rollout is stuck") };
    assert_eq!(message.raw(), "deployment circuit breaker: tasks failed to start.");
}

#[tokio::test]
async fn logs_are_read_page_by_page_with_secrets_masked() {
    use quarterdeck::model::{LogAsk, Text};
    use quarterdeck::sources::port::LogOut;

    let cloud = Cloud::scripted(|asked| match asked.operation.as_str() {
        "DescribeTaskDefinition" => Some(Answer::Fine(json!({"taskDefinition": {"family": "api", "revision": 3, "containerDefinitions": [{
            "name": "api", "image": "api:3", "logConfiguration": {
                "logDriver": "awslogs", "options": {"awslogs-group": "/shop/api", "awslogs-stream-prefix": "ecs"}}}]}}))),
        "GetLogEvents" => {
            let event = |text: &str| json!([{"timestamp": 1_790_000_000_000_i64, "message": text}]);
            let (events, next) = match asked.body["nextToken"].as_str() {
                None => (event("first \u{1b}[2J password=hunter2\n"), "f/1"),
                Some("f/1") => (event("second"), "f/2"),
                Some(_) => (json!([]), "f/2"),
            };
            Some(Answer::Fine(json!({"events": events, "nextForwardToken": next})))
        }
        _ => None,
    })
    .await;
    let watched = Watched::synced(&cloud.profile()).await;
    let instance = watched.mirror.tasks()[0];
    let ask = LogAsk {
        instance: instance.key.clone(),
        scope: Text::name("shop-prod"),
        name: instance.name.clone(),
        containers: Vec::new(),
        follow: false,
        previous: false,
        since: None,
        tail: None,
    };
    let (out, mut batches) = tokio::sync::mpsc::channel(16);
    watched.source.clone().logs(ask, LogOut::new(out)).await.unwrap();
    let mut lines = Vec::new();
    while let Some(batch) = batches.recv().await {
        lines.extend(batch.lines.into_iter().map(|line| line.text.shown().to_owned()));
    }
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("first") && !lines[0].contains('\u{1b}') && !lines[0].contains("hunter2"),
        "{lines:?}"
    );
    assert_eq!(cloud.asked("GetLogEvents")[0]["logStreamName"], "ecs/api/0123456789abcdef");
}
