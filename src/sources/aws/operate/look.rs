//! One ECS service afresh: what is declared, what runs, what it could return to, and who scales it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_ecs::types::{
    DeploymentControllerType, DesiredStatus, SchedulingStrategy, Service, ServiceField, SortOrder, Task, TaskDefinition,
};

use super::super::ask::Asker;
use super::super::ecs_convert::{self, Picture};
use super::super::failure::{Loss, Trouble};
use super::super::{count, last_part, moment, task_convert};
use crate::model::{
    CheckState, Contained, Image, Instance, Owner, Phase, Platform, Running, Scaler, Target, TargetRevision,
    TargetState, Text, WorkloadKind,
};
use crate::sources::port::{Failure, FailureKind, Look};

/// Revisions that are told, and those that are listed to find them among the families whose names begin alike.
const REVISIONS: usize = 10;
const LISTED: i32 = 100;
const TASKS: usize = 100;
const MOST_TASKS: usize = 1000;

/// What AWS told of one service.
pub(super) struct Found {
    service: Service,
    tasks: Vec<Task>,
    definitions: HashMap<String, Arc<TaskDefinition>>,
    /// The newest revisions of its family, short.
    family: Vec<String>,
    scaler: Option<Scaler>,
    remarks: Vec<String>,
}

/// The service as AWS has it now.
///
/// # Errors
/// Why it cannot be read.
pub(super) async fn look(asker: Asker<'_>, look: &Look) -> Result<Target, Failure> {
    if look.kind != WorkloadKind::EcsService {
        return Err(Failure::new(FailureKind::Unsupported, format!("a {} is no service of ECS", look.kind)));
    }
    let (cluster, name) = (look.scope.raw(), look.name.raw());
    let service = service(asker, cluster, name).await?;
    let mut found = Found {
        tasks: tasks(asker, cluster, name).await?,
        service,
        definitions: HashMap::new(),
        family: Vec::new(),
        scaler: None,
        remarks: Vec::new(),
    };
    if let Some(current) = found.service.task_definition().map(str::to_owned) {
        found.define(asker, &current).await?;
        let family = last_part(&current).rsplit_once(':').map_or("", |(family, _)| family).to_owned();
        found.list(asker, &family).await?;
    }
    found.scaled(asker, &format!("service/{cluster}/{name}"), name).await?;
    Ok(target(asker, found))
}

/// One service that is there.
pub(super) async fn service(asker: Asker<'_>, cluster: &str, name: &str) -> Result<Service, Failure> {
    let request = asker.clients.ecs.describe_services().cluster(cluster).services(name).include(ServiceField::Tags);
    let answer = asker.ask("ecs:DescribeServices", request.send()).await?;
    let known = answer.services.unwrap_or_default().into_iter().find(|service| service.status() != Some("INACTIVE"));
    known
        .ok_or_else(|| Failure::new(FailureKind::Absent, format!("the service {cluster}/{name} is not there any more")))
}

/// A task definition; it never changes.
pub(super) async fn definition(asker: Asker<'_>, arn: &str) -> Result<TaskDefinition, Failure> {
    let request = asker.clients.ecs.describe_task_definition().task_definition(arn).send();
    let answer = asker.ask("ecs:DescribeTaskDefinition", request).await?;
    answer
        .task_definition
        .ok_or_else(|| Failure::new(FailureKind::Absent, format!("there is no task definition {arn}")))
}

async fn tasks(asker: Asker<'_>, cluster: &str, name: &str) -> Result<Vec<Task>, Failure> {
    let ecs = &asker.clients.ecs;
    let (mut arns, mut next) = (Vec::new(), None);
    loop {
        let request = ecs.list_tasks().cluster(cluster).service_name(name).desired_status(DesiredStatus::Running);
        let page = asker.ask("ecs:ListTasks", request.set_next_token(next).send()).await?;
        arns.extend(page.task_arns.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() || arns.len() >= MOST_TASKS {
            break;
        }
    }
    let mut found = Vec::new();
    for some in arns.chunks(TASKS) {
        let request = ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec())).send();
        found.extend(asker.ask("ecs:DescribeTasks", request).await?.tasks.unwrap_or_default());
    }
    Ok(found)
}

impl Found {
    async fn define(&mut self, asker: Asker<'_>, arn: &str) -> Result<(), Failure> {
        if let Entry::Vacant(place) = self.definitions.entry(last_part(arn).to_owned()) {
            place.insert(Arc::new(definition(asker, arn).await?));
        }
        Ok(())
    }

    /// The newest revisions of the family, where they may be listed.
    async fn list(&mut self, asker: Asker<'_>, family: &str) -> Result<(), Failure> {
        let request = asker.clients.ecs.list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
        let answer = asker.ask("ecs:ListTaskDefinitions", request.max_results(LISTED).send()).await;
        let mut arns = match answer {
            Ok(answer) => answer.task_definition_arns.unwrap_or_default(),
            Err(trouble) => return self.spare(trouble, "to which revision it could return"),
        };
        let own = |arn: &&String| last_part(arn).rsplit_once(':').is_some_and(|(name, _)| name == family);
        // AWS sorts them as asked; others that speak its API do not.
        let number = |arn: &String| last_part(arn).rsplit_once(':').and_then(|(_, n)| n.parse::<u32>().ok());
        arns.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
        for arn in arns.iter().filter(own).take(REVISIONS) {
            self.define(asker, arn).await?;
            self.family.push(last_part(arn).to_owned());
        }
        Ok(())
    }

    async fn scaled(&mut self, asker: Asker<'_>, resource: &str, name: &str) -> Result<(), Failure> {
        let request = asker.clients.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let answer =
            asker.ask("application-autoscaling:DescribeScalableTargets", request.resource_ids(resource).send()).await;
        match answer {
            Ok(answer) => {
                let known = answer.scalable_targets.unwrap_or_default();
                self.scaler = known.iter().find(|target| target.resource_id() == resource).map(|target| Scaler {
                    owner: Owner { kind: Text::name("ScalableTarget"), name: Text::name(name) },
                    version: None,
                    min: count(target.min_capacity()),
                    max: count(target.max_capacity()),
                });
                Ok(())
            }
            Err(trouble) => self.spare(trouble, "whether an autoscaler owns the number"),
        }
    }

    /// What is denied alone is said; everything else is no answer.
    fn spare(&mut self, trouble: Trouble, what: &str) -> Result<(), Failure> {
        let Loss::Action(action) = trouble.loss else { return Err(trouble.failure) };
        self.remarks.push(format!("{what} is not known: needs the IAM action {action}"));
        Ok(())
    }
}

fn target(asker: Asker<'_>, found: Found) -> Target {
    let Found { service, tasks, definitions, family, scaler, mut remarks } = found;
    let targets = BTreeMap::new();
    let picture = Picture {
        source: asker.desk.source(),
        now: asker.desk.now(),
        tasks: &tasks,
        definitions: &definitions,
        targets: &targets,
    };
    let own = task_convert::of_service(&picture, &service);
    let workload = ecs_convert::workload(&picture, &service, &own);
    let current = service.task_definition().map(last_part).unwrap_or_default();
    let deployment = service.deployments().iter().find(|d| d.status() == Some("PRIMARY")).and_then(|d| d.id());
    remarks.push("ECS knows no compare-and-swap: it is read again right before it is written to".to_owned());
    if let Some(DeploymentControllerType::CodeDeploy | DeploymentControllerType::External) =
        service.deployment_controller().map(aws_sdk_ecs::types::DeploymentController::r#type)
    {
        remarks.push(
            "its deployments are made by CodeDeploy or another controller, which alone can give it a revision"
                .to_owned(),
        );
    }
    if service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon) {
        remarks.push("it is a daemon service: one task on each container instance".to_owned());
    }
    let owners = workload.owners.iter().cloned().chain(scaler.iter().map(|scaler| scaler.owner.clone())).collect();
    let revision = |short: &String| {
        let definition = definitions.get(short)?;
        Some(TargetRevision {
            id: Text::name(definition.task_definition_arn()?),
            name: Text::name(short),
            containers: contained(definition),
            made_at: moment(definition.registered_at()),
            current: short == current,
        })
    };
    Target {
        key: workload.key,
        platform: Platform::Ecs,
        kind: WorkloadKind::EcsService,
        scope: workload.scope,
        name: workload.name,
        uid: service.service_arn().map(Text::name),
        version: Some(Text::name(&format!("{} {current}", deployment.unwrap_or("no deployment")))),
        generation: None,
        desired: workload.desired,
        ready: workload.ready,
        containers: definitions.get(current).map(|definition| contained(definition)).unwrap_or_default(),
        instances: Vec::new(),
        owners,
        paused: false,
        state: TargetState {
            observed: true,
            updated: workload.updated,
            available: workload.available,
            rollout: workload.rollout,
            probed: workload.probed,
            running: own.iter().filter(|one| lives(one)).map(|one| running(one, &tasks)).collect(),
            revisions: family.iter().filter_map(revision).collect(),
            scaler,
        },
        means: None,
        remarks: remarks.iter().map(|words| Text::line(words)).collect(),
    }
}

fn lives(instance: &Instance) -> bool {
    matches!(instance.phase, Phase::Pending | Phase::Running)
}

/// The containers of a definition in their order.
pub(super) fn contained(definition: &TaskDefinition) -> Vec<Contained> {
    let one = |container: &aws_sdk_ecs::types::ContainerDefinition| Contained {
        name: Text::name(container.name().unwrap_or_default()),
        image: Image::of_reference(container.image().unwrap_or_default()),
    };
    definition.container_definitions().iter().map(one).collect()
}

fn running(instance: &Instance, tasks: &[Task]) -> Running {
    let task = tasks.iter().find(|task| task.task_arn() == Some(&*instance.key.uid));
    let container = |container: &aws_sdk_ecs::types::Container| {
        let mut image = Image::of_reference(container.image().unwrap_or_default());
        image.digest = container.image_digest().map(Text::name).or(image.digest);
        Contained { name: Text::name(container.name().unwrap_or_default()), image }
    };
    // A target group's word is not asked for here; that the checks of the task itself fail counts.
    let failing = matches!(instance.check, CheckState::Failing | CheckState::Starting);
    Running {
        id: Text::name(&instance.key.uid),
        name: instance.name.clone(),
        containers: task.map(|task| task.containers().iter().map(container).collect()).unwrap_or_default(),
        ready: Some(instance.phase == Phase::Running && !failing),
        started_at: instance.started_at,
        trouble: instance
            .waiting
            .as_ref()
            .map(|waiting| waiting.reason.clone())
            .or_else(|| instance.check_output.clone()),
    }
}
