//! What ECS says of clusters and services, as facts in the words of all platforms.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_ecs::types::{Cluster, Deployment, DeploymentRolloutState, Service, Tag, Task, TaskDefinition};

use super::shared::Target;
use super::{count, ecs, last_part, moment, name};
use crate::model::{
    CheckState, Event, Fact, Image, Instance, Key, Kind, Labels, Owner, Phase, Platform, Revision, Rollout, Scope,
    SourceName, Text, Timestamp, Workload, WorkloadKind,
};

/// Events are news for an hour, as on the other platforms; at most so many of a service.
const EVENTS_LIVE_SECONDS: i64 = 3600;
const EVENTS: usize = 30;

/// All that one poll knows.
pub(super) struct Picture<'a> {
    pub(super) source: &'a SourceName,
    pub(super) now: Timestamp,
    pub(super) tasks: &'a [Task],
    /// By `family:revision`.
    pub(super) definitions: &'a HashMap<String, Arc<TaskDefinition>>,
    pub(super) targets: &'a BTreeMap<String, Target>,
}

impl Picture<'_> {
    /// The task definition of an ARN or a short name.
    pub(super) fn definition(&self, arn: Option<&str>) -> Option<&TaskDefinition> {
        self.definitions.get(last_part(arn?)).map(Arc::as_ref)
    }

    /// Tasks that ECS started for a service, stopped ones too.
    pub(super) fn tasks_of<'p>(&'p self, service: &Service) -> impl Iterator<Item = &'p Task> + use<'p> {
        let group = format!("service:{}", service.service_name().unwrap_or_default());
        let cluster = service.cluster_arn().map(str::to_owned);
        self.tasks.iter().filter(move |task| {
            task.group() == Some(group.as_str()) && task.cluster_arn().map(str::to_owned) == cluster
        })
    }
}

/// A cluster.
pub(super) fn scope(source: &SourceName, cluster: &Cluster) -> Fact {
    Fact::Scope(Box::new(Scope {
        key: Key::new(source, Kind::Scope, cluster.cluster_arn().unwrap_or_default()),
        platform: Platform::Ecs,
        name: name(cluster.cluster_name()),
        labels: labels(cluster.tags()),
        note: cluster.status().filter(|status| *status != "ACTIVE").map(Text::line),
    }))
}

/// A service; `own` are its Instances, as far as its tasks may be read.
pub(super) fn workload(picture: &Picture<'_>, service: &Service, own: &[Instance]) -> Workload {
    let place = ecs::place(service);
    let primary = primary(service);
    let definition_arn = primary.and_then(Deployment::task_definition).or(service.task_definition());
    let definition = picture.definition(definition_arn);
    let running = count(service.running_count);
    // ECS counts a running task that fails its checks until it has replaced it.
    let failing = own.iter().filter(|one| one.phase == Phase::Running && one.check == CheckState::Failing).count();
    let ready = running.saturating_sub(u32::try_from(failing).unwrap_or(u32::MAX));
    let behind = !service.load_balancers().is_empty();
    let checked = definition.map(|d| d.container_definitions().iter().any(|c| c.health_check().is_some()));
    Workload {
        key: Key::new(picture.source, Kind::Workload, service.service_arn().unwrap_or_default()),
        platform: Platform::Ecs,
        kind: WorkloadKind::EcsService,
        scope: Text::name(&place.0),
        name: Text::name(&place.1),
        labels: labels(service.tags()),
        parent: None,
        desired: Some(count(service.desired_count)),
        ready: Some(ready),
        updated: primary.map(|deployment| running_of(service, deployment)),
        available: Some(ready),
        observed: true,
        rollout: rollout(service),
        job: None,
        probed: if behind { Some(true) } else { checked },
        images: definition.map(|d| images(d, own)).unwrap_or_default(),
        owners: owners(service),
        drift: Vec::new(),
        revision: definition_arn.map(|arn| Text::name(last_part(arn))),
        created_at: moment(service.created_at()),
        changed_at: primary.and_then(|deployment| moment(deployment.created_at())),
    }
}

fn primary(service: &Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// Running tasks of a deployment. Where it is the only one, all of the service's tasks are its own.
fn running_of(service: &Service, deployment: &Deployment) -> u32 {
    count(if service.deployments().len() == 1 { service.running_count } else { deployment.running_count })
}

/// How far the newest deployment is. One that ECS has not called complete, but whose tasks all run, is done: without
/// alarms and balancers it says so only later.
fn rollout(service: &Service) -> Rollout {
    let Some(deployment) = primary(service) else { return Rollout::Steady };
    match deployment.rollout_state() {
        Some(DeploymentRolloutState::Failed) => {
            let why = deployment.rollout_state_reason().unwrap_or("tasks failed to start");
            let message = format!("deployment circuit breaker: {why}");
            Rollout::Stuck { message: Text::line(&message), since: moment(deployment.updated_at()) }
        }
        Some(DeploymentRolloutState::InProgress) => {
            let alone = service.deployments().len() == 1;
            let settled = service.running_count == service.desired_count && service.pending_count == 0;
            if alone && settled && deployment.failed_tasks == 0 { Rollout::Steady } else { Rollout::Progressing }
        }
        None if service.deployments().len() > 1 => Rollout::Progressing,
        _ => Rollout::Steady,
    }
}

/// The images of a task definition, with the digests that its tasks were started with.
pub(super) fn images(definition: &TaskDefinition, own: &[Instance]) -> Vec<Image> {
    let revision = format!("{}:{}", definition.family().unwrap_or_default(), definition.revision());
    let running = || own.iter().filter(|one| one.template.as_ref().is_some_and(|t| t.raw() == revision));
    let written = definition.container_definitions().iter().filter_map(|container| container.image());
    written
        .map(|reference| {
            let mut image = Image::of_reference(reference);
            if image.digest.is_none() {
                let same = running().flat_map(|one| &one.images).find(|other| other.reference == image.reference);
                image.digest = same.and_then(|other| other.digest.clone());
            }
            image
        })
        .collect()
}

/// What made the service; who scales it the Fleet knows by its Autoscaler.
fn owners(service: &Service) -> Vec<Owner> {
    let stack = service.tags().iter().find(|tag| tag.key() == Some("aws:cloudformation:stack-name"));
    let stack = stack.and_then(Tag::value).map(|name| ("CloudFormation", name));
    let owner = |(kind, name): (&str, &str)| Owner { kind: Text::name(kind), name: Text::name(name) };
    stack.map(owner).into_iter().collect()
}

/// The tags that count, in the words that labels have.
pub(super) fn labels(tags: &[Tag]) -> Labels {
    Labels::keep(tags.iter().filter_map(|tag| Some((tag.key()?, tag.value()?))))
}

/// Task definitions that the service's deployments and its tasks name: what is known without another request.
pub(super) fn revisions(picture: &Picture<'_>, service: &Service) -> Vec<Fact> {
    let place = ecs::place(service);
    let named: BTreeSet<&str> = service
        .deployments()
        .iter()
        .filter_map(Deployment::task_definition)
        .chain(service.task_definition())
        .chain(picture.tasks_of(service).filter_map(Task::task_definition_arn))
        .map(last_part)
        .collect();
    let fact = |short: &str| {
        let definition = picture.definitions.get(short)?;
        let arn = definition.task_definition_arn().unwrap_or(short);
        let deployment = service.deployments().iter().find(|d| d.task_definition().map(last_part) == Some(short));
        Some(Fact::Revision(Box::new(Revision {
            // Two services may share a task definition.
            key: Key::new(picture.source, Kind::Revision, &format!("{arn} of {}/{}", place.0, place.1)),
            scope: Text::name(&place.0),
            name: Text::name(short),
            workload: (WorkloadKind::EcsService, Text::name(&place.1)),
            number: u64::try_from(definition.revision()).ok(),
            images: images(definition, &[]),
            created_at: moment(definition.registered_at()),
            desired: Some(deployment.map_or(0, |d| count(d.desired_count))),
            ready: Some(deployment.map_or(0, |d| running_of(service, d))),
            cause: definition.registered_by().map(|arn| Text::line(last_part(arn))),
        })))
    };
    named.into_iter().filter_map(fact).collect()
}

/// What ECS wrote into the events of a service within the last hour.
pub(super) fn events(picture: &Picture<'_>, service: &Service) -> Vec<Fact> {
    let place = ecs::place(service);
    let recent = service.events().iter().filter(|event| {
        moment(event.created_at()).is_some_and(|at| picture.now.as_second() - at.as_second() < EVENTS_LIVE_SECONDS)
    });
    let fact = |event: &aws_sdk_ecs::types::ServiceEvent| {
        let message = event.message().unwrap_or_default();
        let (reason, warning) = reason(message);
        let at = moment(event.created_at());
        Fact::Event(Box::new(Event {
            key: Key::new(picture.source, Kind::Event, event.id().unwrap_or_default()),
            at,
            first_at: at,
            count: 1,
            warning,
            reason: Text::name(reason),
            message: Text::line(message),
            about_kind: Text::name("service"),
            scope: Text::name(&place.0),
            about_name: Text::name(&place.1),
        }))
    };
    recent.take(EVENTS).map(fact).collect()
}

/// A word for what ECS writes in a sentence, and whether it is a warning.
fn reason(message: &str) -> (&'static str, bool) {
    const WORDS: &[(&str, &str, bool)] = &[
        ("deployment failed", "SERVICE_DEPLOYMENT_FAILED", true),
        ("rolling back", "ROLLBACK", true),
        ("unable to consistently start", "SERVICE_TASK_START_IMPAIRED", true),
        ("unable to place", "SERVICE_TASK_PLACEMENT_FAILURE", true),
        ("was unable to", "SERVICE_IMPAIRED", true),
        ("is unhealthy", "TARGET_UNHEALTHY", true),
        ("failed container health checks", "TASK_UNHEALTHY", true),
        ("has reached a steady state", "STEADY_STATE", false),
        ("deployment completed", "DEPLOYMENT_COMPLETED", false),
        ("has begun draining", "DRAINING", false),
        ("has started", "TASKS_STARTED", false),
        ("has stopped", "TASKS_STOPPED", false),
        ("deregistered", "TARGET_DEREGISTERED", false),
        ("registered", "TARGET_REGISTERED", false),
    ];
    let found = WORDS.iter().find(|(words, ..)| message.contains(words));
    found.map_or(("SERVICE", false), |(_, reason, warning)| (reason, *warning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{ContainerDefinition, HealthCheck, LoadBalancer, ServiceEvent};

    const CLUSTER: &str = "arn:aws:ecs:eu-central-1:1:cluster/shop-prod";

    struct Known(SourceName, HashMap<String, Arc<TaskDefinition>>, BTreeMap<String, Target>);

    fn known() -> Known {
        let container = ContainerDefinition::builder().name("api").image("registry.example/api:3").build();
        let definition = TaskDefinition::builder().family("api").revision(3).container_definitions(container).build();
        let definitions = HashMap::from([("api:3".to_owned(), Arc::new(definition))]);
        Known(SourceName::new("aws:prod"), definitions, BTreeMap::new())
    }

    impl Known {
        fn picture(&self) -> Picture<'_> {
            Picture {
                source: &self.0,
                now: Timestamp::from_second(1_000_000).unwrap(),
                tasks: &[],
                definitions: &self.1,
                targets: &self.2,
            }
        }
    }

    fn deployment(state: DeploymentRolloutState) -> Deployment {
        Deployment::builder()
            .status("PRIMARY")
            .task_definition("arn:aws:ecs:eu-central-1:1:task-definition/api:3")
            .rollout_state(state)
            .rollout_state_reason("tasks failed to start.")
            .running_count(2)
            .build()
    }

    fn service(deployments: Vec<Deployment>) -> Service {
        Service::builder()
            .service_arn("arn:aws:ecs:eu-central-1:1:service/shop-prod/api")
            .service_name("api")
            .cluster_arn(CLUSTER)
            .desired_count(3)
            .running_count(2)
            .set_deployments(Some(deployments))
            .build()
    }

    #[test]
    fn a_service_is_a_workload_with_counts_images_and_whoever_scales_it() {
        let known = known();
        let fact = workload(&known.picture(), &service(vec![deployment(DeploymentRolloutState::Completed)]), &[]);
        assert_eq!(
            (fact.scope.raw(), fact.name.raw(), fact.desired, fact.ready),
            ("shop-prod", "api", Some(3), Some(2))
        );
        assert_eq!((fact.revision.unwrap().raw(), fact.rollout), ("api:3", Rollout::Steady));
        assert_eq!(fact.images[0].reference.raw(), "registry.example/api:3");
        assert_eq!(fact.owners, []);
        assert_eq!(fact.probed, Some(false));
    }

    #[test]
    fn the_circuit_breaker_is_a_stuck_rollout_with_its_reason() {
        let known = known();
        let fact = workload(&known.picture(), &service(vec![deployment(DeploymentRolloutState::Failed)]), &[]);
        let Rollout::Stuck { message, .. } = fact.rollout else { panic!("{:?}", fact.rollout) };
        assert_eq!(message.raw(), "deployment circuit breaker: tasks failed to start.");
    }

    #[test]
    fn a_deployment_is_under_way_until_all_tasks_run() {
        let mut under_way = service(vec![deployment(DeploymentRolloutState::InProgress)]);
        assert_eq!(rollout(&under_way), Rollout::Progressing);
        under_way.running_count = 3;
        assert_eq!(rollout(&under_way), Rollout::Steady);
    }

    #[test]
    fn a_health_check_or_a_target_group_proves_that_it_serves_and_an_unknown_definition_proves_nothing() {
        let mut known = known();
        let mut behind = service(vec![deployment(DeploymentRolloutState::Completed)]);
        behind.load_balancers = Some(vec![LoadBalancer::builder().target_group_arn("arn:tg").build()]);
        assert_eq!(workload(&known.picture(), &behind, &[]).probed, Some(true));
        known.1.clear();
        assert_eq!(workload(&known.picture(), &service(Vec::new()), &[]).probed, None);
        let check = HealthCheck::builder().command("CMD-SHELL").build().unwrap();
        let container = ContainerDefinition::builder().image("a:1").health_check(check).build();
        let definition = TaskDefinition::builder().family("api").revision(3).container_definitions(container).build();
        known.1.insert("api:3".to_owned(), Arc::new(definition));
        let done = service(vec![deployment(DeploymentRolloutState::Completed)]);
        assert_eq!(workload(&known.picture(), &done, &[]).probed, Some(true));
    }

    #[test]
    fn events_of_the_last_hour_have_a_word_and_warnings_are_told_apart() {
        let known = known();
        let event = |id: &str, seconds: i64, message: &str| {
            let at = aws_sdk_ecs::primitives::DateTime::from_secs(seconds);
            ServiceEvent::builder().id(id).created_at(at).message(message).build()
        };
        let mut told = service(Vec::new());
        told.events = Some(vec![
            event("1", 999_000, "(service api) (deployment ecs-svc/1) deployment failed: tasks failed to start."),
            event("2", 999_000, "(service api) has reached a steady state."),
            event("3", 1000, "(service api) has reached a steady state."),
        ]);
        let facts = events(&known.picture(), &told);
        let words: Vec<_> = facts
            .iter()
            .map(|fact| match fact {
                Fact::Event(event) => (event.reason.raw(), event.warning),
                _ => ("", false),
            })
            .collect();
        assert_eq!(words, [("SERVICE_DEPLOYMENT_FAILED", true), ("STEADY_STATE", false)]);
    }
}
