//! What ECS says of tasks, as Instances: where each is in its life, how its checks go, why one was stopped.

use aws_sdk_ecs::types::{Container, HealthStatus, Service, Task, TaskStopCode};

use super::ecs_convert::Picture;
use super::shared::Target;
use super::{ecs, last_part, moment};
use crate::model::{CheckState, Exit, Image, Instance, Key, Kind, Phase, Text, Waiting, WorkloadKind};

/// A task that failed is told so long after its end, and this many of a service.
const REMEMBERED_SECONDS: i64 = 900;
const REMEMBERED: usize = 3;

/// The Instances of a service: tasks that live, and the last that failed of their own.
pub(super) fn of_service(picture: &Picture<'_>, service: &Service) -> Vec<Instance> {
    let place = ecs::place(service);
    let (ended, live): (Vec<&Task>, Vec<&Task>) =
        picture.tasks_of(service).partition(|task| task.last_status() == Some("STOPPED"));
    let mut instances: Vec<Instance> = live.into_iter().map(|task| instance(picture, &place, task)).collect();
    let mut failed: Vec<&Task> = ended.into_iter().filter(|task| has_failed(picture, task)).collect();
    failed.sort_by_key(|task| std::cmp::Reverse(moment(task.stopped_at())));
    let short = service.running_count < service.desired_count;
    let crashes = u32::try_from(failed.len()).unwrap_or(u32::MAX);
    if short && crashes >= 2 {
        // ECS starts another task for each that ends: together they are one Instance that is started again and again.
        if let Some(newest) = failed.first() {
            let mut looping = instance(picture, &place, newest);
            if looping.waiting.is_none() {
                looping.phase = Phase::Restarting;
            }
            looping.restarts = crashes;
            instances.push(looping);
        }
    } else {
        instances.extend(failed.iter().take(REMEMBERED).map(|task| instance(picture, &place, task)));
    }
    instances
}

/// Whether a task ended by its own fault, and lately; those that were replaced or scaled away are no news.
fn has_failed(picture: &Picture<'_>, task: &Task) -> bool {
    let lately =
        moment(task.stopped_at()).is_some_and(|at| picture.now.as_second() - at.as_second() < REMEMBERED_SECONDS);
    let own = match task.stop_code() {
        Some(TaskStopCode::EssentialContainerExited | TaskStopCode::TaskFailedToStart) => true,
        Some(TaskStopCode::ServiceSchedulerInitiated) => {
            task.stopped_reason().is_some_and(|why| why.contains("health"))
        }
        _ => false,
    };
    lately && own
}

fn instance(picture: &Picture<'_>, place: &(String, String), task: &Task) -> Instance {
    let arn = task.task_arn().unwrap_or_default();
    let id = last_part(arn);
    let definition = picture.definition(task.task_definition_arn());
    let essential = |container: &&Container| {
        let named = definition.and_then(|d| d.container_definitions().iter().find(|c| c.name() == container.name()));
        named.is_none_or(|c| c.essential() != Some(false))
    };
    let phase = phase(task);
    let target = address(task).and_then(|address| picture.targets.get(address));
    let declares = definition.map(|d| d.container_definitions().iter().any(|c| c.health_check().is_some()));
    let (check, check_output) = check(task, declares, target);
    let containers = task.containers();
    let several = if containers.len() > 1 { containers } else { &[] };
    Instance {
        key: Key::new(picture.source, Kind::Instance, arn),
        scope: Text::name(&place.0),
        name: Text::name(&format!("{}-{}", place.1, id.get(..8).unwrap_or(id))),
        workload: Some((WorkloadKind::EcsService, Text::name(&place.1))),
        phase,
        ready: Some(phase == Phase::Running && matches!(check, CheckState::Passing | CheckState::Absent)),
        check,
        check_output,
        waiting: waiting(task).map(Box::new),
        unschedulable: None,
        restarts: 0,
        last_exit: exit(task, containers.iter().filter(essential)).map(Box::new),
        created_at: moment(task.created_at()),
        started_at: moment(task.started_at()),
        node: task.availability_zone().map(Text::name),
        images: containers.iter().filter_map(image).collect(),
        containers: several.iter().filter_map(|c| c.name()).map(Text::name).collect(),
        // 1024 CPU units are a core; memory is in mebibytes.
        cpu_limit_millicores: task.cpu().and_then(|cpu| cpu.parse::<u32>().ok()).map(|units| units * 1000 / 1024),
        memory_limit_bytes: task.memory().and_then(|memory| memory.parse::<u64>().ok()).map(|mebi| mebi << 20),
        number: None,
        template: task.task_definition_arn().map(|arn| Text::name(last_part(arn))),
    }
}

fn image(container: &Container) -> Option<Image> {
    let mut image = Image::of_reference(container.image()?);
    image.digest = container.image_digest().map(Text::name).or(image.digest);
    Some(image)
}

fn phase(task: &Task) -> Phase {
    match task.last_status().unwrap_or_default() {
        "PROVISIONING" | "PENDING" | "ACTIVATING" => Phase::Pending,
        "RUNNING" if task.desired_status() == Some("STOPPED") => Phase::Stopping,
        "RUNNING" => Phase::Running,
        "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" => Phase::Stopping,
        "STOPPED" => {
            let ended_well =
                task.containers().iter().all(|c| c.exit_code() == Some(0)) && !task.containers().is_empty();
            if ended_well { Phase::Succeeded } else { Phase::Failed }
        }
        _ => Phase::Unknown,
    }
}

/// The container's own check first; then what the load balancer sees of the task.
fn check(task: &Task, declares: Option<bool>, target: Option<&Target>) -> (CheckState, Option<Text>) {
    let own = match (task.health_status(), declares) {
        (Some(HealthStatus::Healthy), _) => CheckState::Passing,
        (Some(HealthStatus::Unhealthy), _) => CheckState::Failing,
        (_, Some(true)) => CheckState::Starting,
        (_, Some(false)) => CheckState::Absent,
        // A task without any check says UNKNOWN too.
        (_, None) => CheckState::Unknown,
    };
    match (own, target) {
        (CheckState::Failing, _) => (own, Some(Text::line("the container's health check fails"))),
        (_, Some(Target { healthy: Some(false), words })) => (CheckState::Failing, Some(words.clone())),
        (CheckState::Absent | CheckState::Unknown, Some(Target { healthy: Some(true), .. })) => {
            (CheckState::Passing, None)
        }
        (CheckState::Absent | CheckState::Unknown | CheckState::Passing, Some(Target { healthy: None, .. })) => {
            (CheckState::Starting, None)
        }
        _ => (own, None),
    }
}

/// The address of the task's own network interface.
pub(super) fn address(task: &Task) -> Option<&str> {
    let details = task.attachments().iter().flat_map(aws_sdk_ecs::types::Attachment::details);
    details.into_iter().find(|pair| pair.name() == Some("privateIPv4Address")).and_then(|pair| pair.value())
}

/// Why a task never began: ECS says it in the beginning of its stop reason (`CannotPullContainerError: …`).
fn waiting(task: &Task) -> Option<Waiting> {
    let said = task.stopped_reason().filter(|_| task.stop_code() == Some(&TaskStopCode::TaskFailedToStart))?;
    let of_container = task.containers().iter().find_map(|c| c.reason()).unwrap_or(said);
    let text = if of_container.contains("Error") { of_container } else { said };
    let word = text.split([':', ' ']).find(|word| word.ends_with("Error")).unwrap_or("TaskFailedToStart");
    let reason = match word {
        "CannotPullContainerError" | "CannotPullImageManifestError" | "CannotPullECRContainerError" => {
            "CannotPullContainerError"
        }
        "CannotStartContainerError" | "ContainerRuntimeError" | "CannotCreateVolumeError" => "StartError",
        "CannotCreateContainerError" | "ResourceInitializationError" => "CreateContainerError",
        other => other,
    };
    Some(Waiting { reason: Text::name(reason), message: Text::line(text) })
}

fn exit<'c>(task: &Task, mut essential: impl Iterator<Item = &'c Container>) -> Option<Exit> {
    if task.last_status() != Some("STOPPED") {
        return None;
    }
    let ended = essential.find(|container| container.exit_code() != Some(0));
    let said = ended.and_then(|c| c.reason()).or(task.stopped_reason());
    Some(Exit {
        code: ended.and_then(Container::exit_code).or_else(|| task.containers().iter().find_map(Container::exit_code)),
        out_of_memory: said.is_some_and(|why| why.contains("OutOfMemory")),
        reason: said.map(Text::name),
        at: moment(task.stopped_at()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceName, Timestamp};
    use aws_sdk_ecs::primitives::DateTime;
    use aws_sdk_ecs::types::{Attachment, KeyValuePair};
    use std::collections::{BTreeMap, HashMap};

    const NOW: i64 = 1_000_000;

    fn task(id: &str, status: &str) -> aws_sdk_ecs::types::builders::TaskBuilder {
        Task::builder()
            .task_arn(format!("arn:aws:ecs:eu-central-1:1:task/shop-prod/{id}"))
            .cluster_arn("cluster/shop-prod")
            .group("service:api")
            .task_definition_arn("task-definition/api:3")
            .last_status(status)
            .cpu("512")
            .memory("1024")
    }

    fn failed(id: &str, code: TaskStopCode, reason: &str, container: Container) -> Task {
        task(id, "STOPPED")
            .stop_code(code)
            .stopped_reason(reason)
            .stopped_at(DateTime::from_secs(NOW - 60))
            .containers(container)
            .build()
    }

    fn service(desired: i32, running: i32) -> Service {
        let service = Service::builder().service_name("api").cluster_arn("cluster/shop-prod");
        service.desired_count(desired).running_count(running).build()
    }

    fn seen(tasks: &[Task], targets: &BTreeMap<String, Target>, counts: (i32, i32)) -> Vec<Instance> {
        let picture = Picture {
            source: &SourceName::new("aws"),
            now: Timestamp::from_second(NOW).unwrap(),
            tasks,
            definitions: &HashMap::new(),
            targets,
        };
        of_service(&picture, &service(counts.0, counts.1))
    }

    #[test]
    fn a_running_task_is_an_instance_with_its_digest_and_limits() {
        let container = Container::builder().name("api").image("api:3").image_digest("sha256:ab").build();
        let running = task("0123456789", "RUNNING").health_status(HealthStatus::Healthy).containers(container).build();
        let one = &seen(&[running], &BTreeMap::new(), (1, 1))[0];
        assert_eq!((one.name.raw(), one.phase, one.check), ("api-01234567", Phase::Running, CheckState::Passing));
        assert_eq!((one.cpu_limit_millicores, one.memory_limit_bytes), (Some(500), Some(1 << 30)));
        assert_eq!(one.images[0].digest.as_ref().unwrap().raw(), "sha256:ab");
        assert_eq!((one.ready, one.template.as_ref().unwrap().raw()), (Some(true), "api:3"));
    }

    #[test]
    fn what_the_load_balancer_sees_of_a_task_is_its_check() {
        let address = KeyValuePair::builder().name("privateIPv4Address").value("10.0.0.7").build();
        let running = task("a", "RUNNING").attachments(Attachment::builder().details(address).build()).build();
        let words = Text::line("target group web: Target.ResponseCodeMismatch");
        let targets = BTreeMap::from([("10.0.0.7".to_owned(), Target { healthy: Some(false), words })]);
        let one = &seen(&[running], &targets, (1, 1))[0];
        assert_eq!((one.check, one.ready), (CheckState::Failing, Some(false)));
        assert!(one.check_output.as_ref().unwrap().raw().contains("ResponseCodeMismatch"));
    }

    #[test]
    fn tasks_that_end_again_and_again_are_one_instance_that_loops() {
        let container = || Container::builder().name("api").exit_code(1).build();
        let why = "Essential container in task exited";
        let tasks: Vec<Task> = ["a", "b", "c"]
            .iter()
            .map(|id| failed(id, TaskStopCode::EssentialContainerExited, why, container()))
            .collect();
        let seen = seen(&tasks, &BTreeMap::new(), (2, 0));
        assert_eq!((seen.len(), seen[0].phase, seen[0].restarts), (1, Phase::Restarting, 3));
        assert_eq!(seen[0].last_exit.as_ref().unwrap().code, Some(1));
    }

    #[test]
    fn an_image_that_cannot_be_pulled_and_memory_that_ran_out_are_named() {
        let why = "CannotPullContainerError: pull image manifest has been retried 1 time(s)";
        let pull = failed("a", TaskStopCode::TaskFailedToStart, why, Container::builder().build());
        let seen_pull = seen(&[pull], &BTreeMap::new(), (2, 1));
        assert_eq!(seen_pull[0].waiting.as_ref().unwrap().reason.raw(), "CannotPullContainerError");
        let killed = Container::builder().exit_code(137).reason("OutOfMemoryError: Container killed").build();
        let killed = failed("b", TaskStopCode::EssentialContainerExited, "Essential container in task exited", killed);
        let exit = seen(&[killed], &BTreeMap::new(), (2, 2))[0].last_exit.clone().unwrap();
        assert!(exit.out_of_memory);
        assert_eq!(exit.code, Some(137));
    }

    #[test]
    fn tasks_that_a_rollout_or_scaling_stopped_are_no_news() {
        let scaled = failed(
            "a",
            TaskStopCode::ServiceSchedulerInitiated,
            "Scaling activity initiated by",
            Container::builder().build(),
        );
        assert!(seen(&[scaled], &BTreeMap::new(), (2, 2)).is_empty());
    }
}
