//! A healthy account, in the shapes that the API references show: one cluster, a service behind a load balancer with one task,
//! two queues, two alarms, two databases.

use serde_json::{Value, json};

use crate::server::Asked;

const ARN: &str = "arn:aws:ecs:eu-central-1:1";
pub(crate) const GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/api/1";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/shop/50dc";

/// Seconds since 1970, some time before now.
pub(crate) fn ago(seconds: i64) -> f64 {
    (quarterdeck::model::Timestamp::now().as_second() - seconds) as f64
}

/// A service of the cluster.
pub(crate) fn service(name: &str, counts: (u32, u32), rollout: &str) -> Value {
    let definition = format!("{ARN}:task-definition/{name}:3");
    json!({
        "serviceArn": format!("{ARN}:service/shop-prod/{name}"), "serviceName": name, "status": "ACTIVE",
        "clusterArn": format!("{ARN}:cluster/shop-prod"), "desiredCount": counts.0, "runningCount": counts.1, "pendingCount": 0,
        "launchType": "FARGATE", "taskDefinition": definition, "createdAt": ago(9000), "loadBalancers": [], "events": [], "tags": [],
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": definition, "desiredCount": counts.0, "runningCount": counts.1,
            "pendingCount": 0, "failedTasks": 0, "rolloutState": rollout, "rolloutStateReason": "tasks failed to start.",
            "createdAt": ago(900), "updatedAt": ago(600),
        }],
    })
}

/// A task of a service.
pub(crate) fn task(service: &str, id: &str, status: &str) -> Value {
    json!({
        "taskArn": format!("{ARN}:task/shop-prod/{id}"), "clusterArn": format!("{ARN}:cluster/shop-prod"), "group": format!("service:{service}"),
        "taskDefinitionArn": format!("{ARN}:task-definition/{service}:3"), "lastStatus": status, "desiredStatus": "RUNNING", "cpu": "256",
        "memory": "512", "launchType": "FARGATE", "createdAt": ago(800), "startedAt": ago(700), "availabilityZone": "eu-central-1a",
        "containers": [{"name": service, "image": format!("registry.example/{service}:3"), "imageDigest": "sha256:ab", "lastStatus": status}],
        "attachments": [{"type": "ElasticNetworkInterface", "details": [{"name": "privateIPv4Address", "value": "10.0.0.7"}]}],
    })
}

/// The answer of an account in which all is well.
pub(crate) fn answer(asked: &Asked) -> Value {
    let text = |key: &str| asked.body[key].as_str().unwrap_or_default().to_owned();
    match asked.operation.as_str() {
        "ListClusters" => json!({"clusterArns": [format!("{ARN}:cluster/shop-prod")]}),
        "DescribeClusters" => {
            json!({"clusters": [{"clusterArn": format!("{ARN}:cluster/shop-prod"), "clusterName": "shop-prod", "status": "ACTIVE"}]})
        }
        "ListServices" => json!({"serviceArns": [format!("{ARN}:service/shop-prod/api")]}),
        "DescribeServices" => {
            let mut api = service("api", (1, 1), "COMPLETED");
            api["loadBalancers"] = json!([{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 80}]);
            json!({"services": [api], "failures": []})
        }
        "ListTasks" if text("desiredStatus") == "STOPPED" => json!({"taskArns": []}),
        "ListTasks" => json!({"taskArns": [format!("{ARN}:task/shop-prod/0123456789abcdef")]}),
        "DescribeTasks" => json!({"tasks": [task("api", "0123456789abcdef", "RUNNING")], "failures": []}),
        "DescribeTaskDefinition" => {
            let name = text("taskDefinition");
            let family = name.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned();
            json!({"taskDefinition": {"taskDefinitionArn": name, "family": family, "revision": 3, "status": "ACTIVE",
                "containerDefinitions": [{"name": family, "image": format!("registry.example/{family}:3"), "essential": true}]}})
        }
        "DescribeScalableTargets" => json!({"ScalableTargets": [{
            "ServiceNamespace": "ecs", "ResourceId": "service/shop-prod/api", "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "arn:aws:iam::1:role/scaling", "CreationTime": ago(9000)}]}),
        "DescribeScalingPolicies" => json!({"ScalingPolicies": []}),
        "ListQueues" => {
            json!({"QueueUrls": ["https://sqs.eu-central-1.amazonaws.com/1/jobs", "https://sqs.eu-central-1.amazonaws.com/1/jobs-dead"]})
        }
        "GetQueueAttributes" => {
            let name = text("QueueUrl").rsplit('/').next().unwrap().to_owned();
            json!({"Attributes": {
                "QueueArn": format!("arn:aws:sqs:eu-central-1:1:{name}"), "ApproximateNumberOfMessages": "7",
                "ApproximateNumberOfMessagesNotVisible": "2", "ApproximateNumberOfMessagesDelayed": "0"}})
        }
        other => elsewhere(other),
    }
}

fn elsewhere(operation: &str) -> Value {
    match operation {
        "DescribeTargetGroups" => json!({"TargetGroups": [{
            "TargetGroupArn": GROUP, "TargetGroupName": "api", "Protocol": "HTTP", "Port": 80, "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": "/health", "LoadBalancerArns": [BALANCER]}]}),
        "DescribeTargetHealth" => json!({"TargetHealthDescriptions": [
            {"Target": {"Id": "10.0.0.7", "Port": 80}, "TargetHealth": {"State": "healthy"}}]}),
        "DescribeLoadBalancers" => {
            json!({"LoadBalancers": [{"LoadBalancerArn": BALANCER, "DNSName": "shop-1.elb.example"}]})
        }
        "DescribeListeners" => json!({"Listeners": [{
            "ListenerArn": "l", "LoadBalancerArn": BALANCER, "Port": 443, "Protocol": "HTTPS"}]}),
        "DescribeRules" => json!({"Rules": [{
            "RuleArn": "r", "Priority": "1", "IsDefault": false, "Actions": [{"Type": "forward", "TargetGroupArn": GROUP}],
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["api.shop.example"]}}]}]}),
        "DescribeAlarms" => json!({
            "MetricAlarms": [{
                "AlarmName": "backlog", "AlarmArn": "arn:aws:cloudwatch:eu-central-1:1:alarm:backlog", "ActionsEnabled": true,
                "AlarmActions": ["arn:aws:sns:eu-central-1:1:pager"], "StateValue": "ALARM", "StateReason": "Threshold Crossed",
                "StateUpdatedTimestamp": ago(300), "StateTransitionedTimestamp": ago(300), "MetricName": "Visible", "Namespace": "AWS/SQS",
                "Statistic": "Maximum", "Dimensions": [{"Name": "QueueName", "Value": "jobs"}], "Period": 60, "EvaluationPeriods": 3,
                "DatapointsToAlarm": 2, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold",
                "StateReasonData": "{\"recentDatapoints\":[7.0],\"threshold\":5.0}"}],
            "CompositeAlarms": [{
                "AlarmName": "all", "AlarmArn": "arn:aws:cloudwatch:eu-central-1:1:alarm:all", "ActionsEnabled": false, "StateValue": "OK",
                "AlarmRule": "ALARM(backlog) AND ALARM(gone)", "StateUpdatedTimestamp": ago(60)}]}),
        "GetMetricData" => json!({"MetricDataResults": []}),
        "DescribeAlarmHistory" => json!({"AlarmHistoryItems": []}),
        "DescribeDBInstances" => {
            let one = |name: &str, cluster: Option<&str>| {
                json!({
                "DBInstanceIdentifier": name, "DBInstanceArn": format!("arn:aws:rds:eu-central-1:1:db:{name}"), "DBInstanceStatus": "available",
                "Engine": "postgres", "EngineVersion": "16.3", "AllocatedStorage": 20, "DBClusterIdentifier": cluster.unwrap_or_default()})
            };
            let mut alone = one("shop-prod-db", None);
            alone.as_object_mut().unwrap().remove("DBClusterIdentifier");
            alone["LatestRestorableTime"] = json!("2026-11-21T12:00:00Z");
            json!({"DBInstances": [alone, one("shop-prod-aurora-1", Some("shop-prod-aurora"))]})
        }
        "DescribeDBSnapshots" => json!({"DBSnapshots": [
            {"DBSnapshotIdentifier": "old", "Status": "available", "SnapshotCreateTime": "2026-11-19T03:00:00Z"},
            {"DBSnapshotIdentifier": "new", "Status": "available", "SnapshotCreateTime": "2026-11-20T03:00:00Z"},
            {"DBSnapshotIdentifier": "half", "Status": "creating", "SnapshotCreateTime": "2026-11-21T03:00:00Z"}]}),
        "DescribeDBClusters" => json!({"DBClusters": [
            {"DBClusterIdentifier": "shop-prod-aurora", "LatestRestorableTime": "2026-11-21T11:00:00Z"}]}),
        other => panic!("nobody asks for {other}"),
    }
}
