//! What AWS itself says of a service or a task, as JSON with secrets masked: the fields that an operator looks for.

use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentRolloutState, HealthStatus, LaunchType, Service, Task, TaskDefinition, TaskStopCode,
};
use serde_json::{Value, json};

use super::ask::Asker;
use super::moment;
use crate::model::{Kind, redact};
use crate::sources::port::{Failure, FailureKind, RawAsk, RawDocument};

/// Describes a service or a task.
///
/// # Errors
/// Where it is gone, may not be read, or is of a kind that has no description.
pub(super) async fn describe(asker: Asker<'_>, ask: &RawAsk) -> Result<RawDocument, Failure> {
    let (uid, ecs) = (&*ask.key.uid, &asker.clients.ecs);
    let gone = || Failure::new(FailureKind::Absent, format!("{} is not known to ECS any more", ask.name));
    let value = match ask.key.kind {
        Kind::Workload => {
            let request = ecs.describe_services().cluster(ask.scope.raw()).services(uid).send();
            let answer = asker.ask("ecs:DescribeServices", request).await?;
            let one = answer.services().first().ok_or_else(gone)?;
            let definition = definition(asker, one.task_definition()).await?;
            service(one, definition.as_ref())
        }
        Kind::Instance => {
            let request = ecs.describe_tasks().cluster(ask.scope.raw()).tasks(uid).send();
            let answer = asker.ask("ecs:DescribeTasks", request).await?;
            let one = answer.tasks().first().ok_or_else(gone)?;
            let definition = definition(asker, one.task_definition_arn()).await?;
            task(one, definition.as_ref())
        }
        _ => return Err(Failure::new(FailureKind::Unsupported, "only services and tasks have a description here")),
    };
    Ok(RawDocument::json(value))
}

async fn definition(asker: Asker<'_>, arn: Option<&str>) -> Result<Option<TaskDefinition>, Failure> {
    let Some(arn) = arn else { return Ok(None) };
    let request = asker.clients.ecs.describe_task_definition().task_definition(arn).send();
    let answer = asker.ask("ecs:DescribeTaskDefinition", request).await?;
    Ok(answer.task_definition)
}

fn service(one: &Service, definition: Option<&TaskDefinition>) -> Value {
    let deployment = |d: &aws_sdk_ecs::types::Deployment| {
        json!({
            "id": d.id(), "status": d.status(), "taskDefinition": d.task_definition(), "desiredCount": d.desired_count(),
            "runningCount": d.running_count(), "pendingCount": d.pending_count(), "failedTasks": d.failed_tasks(),
            "rolloutState": d.rollout_state().map(DeploymentRolloutState::as_str), "rolloutStateReason": d.rollout_state_reason(),
            "createdAt": moment(d.created_at()), "updatedAt": moment(d.updated_at()),
        })
    };
    let balancer = |b: &aws_sdk_ecs::types::LoadBalancer| json!({"targetGroupArn": b.target_group_arn(), "containerName": b.container_name(), "containerPort": b.container_port()});
    let event =
        |e: &aws_sdk_ecs::types::ServiceEvent| json!({"createdAt": moment(e.created_at()), "message": e.message()});
    json!({
        "serviceArn": one.service_arn(),
        "serviceName": one.service_name(),
        "clusterArn": one.cluster_arn(),
        "status": one.status(),
        "desiredCount": one.desired_count(),
        "runningCount": one.running_count(),
        "pendingCount": one.pending_count(),
        "launchType": one.launch_type().map(LaunchType::as_str),
        "taskDefinition": one.task_definition(),
        "createdAt": moment(one.created_at()),
        "deployments": one.deployments().iter().map(deployment).collect::<Vec<_>>(),
        "loadBalancers": one.load_balancers().iter().map(balancer).collect::<Vec<_>>(),
        "events": one.events().iter().take(10).map(event).collect::<Vec<_>>(),
        "containerDefinitions": containers(definition),
    })
}

fn task(one: &Task, definition: Option<&TaskDefinition>) -> Value {
    let container = |c: &aws_sdk_ecs::types::Container| {
        json!({
            "name": c.name(), "image": c.image(), "imageDigest": c.image_digest(), "lastStatus": c.last_status(),
            "exitCode": c.exit_code(), "reason": c.reason(), "healthStatus": c.health_status().map(HealthStatus::as_str),
        })
    };
    json!({
        "taskArn": one.task_arn(),
        "group": one.group(),
        "lastStatus": one.last_status(),
        "desiredStatus": one.desired_status(),
        "healthStatus": one.health_status().map(HealthStatus::as_str),
        "stopCode": one.stop_code().map(TaskStopCode::as_str),
        "stoppedReason": one.stopped_reason(),
        "createdAt": moment(one.created_at()),
        "startedAt": moment(one.started_at()),
        "stoppedAt": moment(one.stopped_at()),
        "availabilityZone": one.availability_zone(),
        "cpu": one.cpu(),
        "memory": one.memory(),
        "taskDefinitionArn": one.task_definition_arn(),
        "containers": one.containers().iter().map(container).collect::<Vec<_>>(),
        "containerDefinitions": containers(definition),
    })
}

fn containers(definition: Option<&TaskDefinition>) -> Value {
    definition.map(|d| d.container_definitions().iter().map(container).collect::<Vec<_>>()).into()
}

fn container(one: &ContainerDefinition) -> Value {
    let setting = |pair: &aws_sdk_ecs::types::KeyValuePair| {
        let name = pair.name().unwrap_or_default();
        let value = if redact::is_secret_name(name) { "••••" } else { pair.value().unwrap_or_default() };
        json!({"name": name, "value": value})
    };
    let secret = |secret: &aws_sdk_ecs::types::Secret| json!({"name": secret.name(), "valueFrom": secret.value_from()});
    json!({
        "name": one.name(),
        "image": one.image(),
        "essential": one.essential(),
        "command": one.command(),
        "environment": one.environment().iter().map(setting).collect::<Vec<_>>(),
        "secrets": one.secrets().iter().map(secret).collect::<Vec<_>>(),
        "healthCheck": one.health_check().map(|check| check.command().to_vec()),
    })
}
