//! The requests that carry operations out on a service of ECS.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{Tag, TaskDefinition, TaskDefinitionField};

use super::super::ask::Asker;
use super::super::last_part;
use super::look;
use super::write::write;
use crate::action::Order;
use crate::model::{Answer, Contained, Moved, Operation, Target, Text};
use crate::sources::images;
use crate::sources::port::{Boundary, FailureKind, Look};

/// An end before the operation is whole.
type Ends<T> = Result<T, Answer>;

fn refuse(words: &str) -> Answer {
    Answer::Refused { message: Text::line(words) }
}

fn taken(version: &str) -> Answer {
    Answer::Taken { version: Some(Text::name(version)) }
}

fn moved(what: &str, planned: &str, found: &str) -> Answer {
    let moved = Moved { what: Text::name(what), planned: Text::line(planned), found: Text::line(found) };
    Answer::Stale { moved: vec![moved] }
}

/// Why an operation cannot be carried out at all.
pub(super) fn refused(target: &Target, operation: &Operation) -> Option<String> {
    let said = |words: &str| target.remarks.iter().any(|remark| remark.raw().contains(words));
    match operation {
        Operation::Pause | Operation::Resume => Some("a deployment of ECS cannot be held".to_owned()),
        Operation::Scale { .. } if said("daemon service") => {
            Some("a daemon service has no number of its own".to_owned())
        }
        Operation::Restart | Operation::Images { .. } | Operation::Revision { .. } if said("CodeDeploy") => {
            Some("its deployments are made by CodeDeploy or another controller".to_owned())
        }
        Operation::Images { containers } => {
            let loose = containers.iter().find(|one| images::by_digest(&one.image).is_none())?;
            Some(format!("{} names no digest: which bytes it is could change at any time", loose.image.reference))
        }
        _ => None,
    }
}

/// Carries an order out.
pub(super) async fn carry_out(asker: Asker<'_>, order: &Order, boundary: &Boundary) -> Answer {
    let change = Change { asker, target: order.target(), run: order.run().raw(), boundary };
    match Box::pin(change.carry_out(order.operation())).await {
        Ok(answer) | Err(answer) => answer,
    }
}

struct Change<'a> {
    asker: Asker<'a>,
    target: &'a Target,
    run: &'a str,
    boundary: &'a Boundary,
}

impl Change<'_> {
    async fn carry_out(&self, operation: &Operation) -> Ends<Answer> {
        if let Some(words) = refused(self.target, operation) {
            return Ok(refuse(&words));
        }
        match operation {
            Operation::Scale { to } if self.target.desired == Some(*to) => Ok(self.already()),
            Operation::Scale { to } => {
                let count = i32::try_from(*to).map_err(|_| refuse("ECS counts no so many"))?;
                let from = self.target.desired.unwrap_or_default();
                let request = self.service().desired_count(count);
                Box::pin(self.update(request, &format!("desiredCount {from} → {to}"))).await
            }
            Operation::Restart => {
                Box::pin(self.update(self.service().force_new_deployment(true), "a forced deployment")).await
            }
            Operation::Images { containers } => Box::pin(self.images(containers)).await,
            Operation::Revision { id, images } => Box::pin(self.revision(id, images)).await,
            Operation::Limits { min, max, .. } => self.limits(*min, *max).await,
            Operation::Delete { instance } => self.stop(instance).await,
            Operation::Pause | Operation::Resume => Ok(refuse("a deployment of ECS cannot be held")),
        }
    }

    fn already(&self) -> Answer {
        Answer::Taken { version: self.target.version.clone() }
    }

    fn service(&self) -> UpdateServiceFluentBuilder {
        let (cluster, name) = (self.target.scope.raw(), self.target.name.raw());
        self.asker.clients.ecs.update_service().cluster(cluster).service(name)
    }

    /// Says what is written next, and then reads the service once more: as late as can be, since ECS compares nothing.
    async fn about_to(&self, words: &str) -> Ends<Target> {
        let Target { scope, name, key, kind, .. } = self.target;
        self.boundary.about_to(format!("{words} of {name} in {scope}")).await.map_err(|_| Answer::Stopped)?;
        let look = Look { key: key.clone(), kind: *kind, scope: scope.clone(), name: name.clone() };
        match Box::pin(look::look(self.asker, &look)).await {
            Ok(found) => match self.target.moved(&found) {
                moved if moved.is_empty() => Ok(found),
                moved => Err(Answer::Stale { moved }),
            },
            Err(failure) if failure.kind == FailureKind::Absent => Err(moved("uid", name.raw(), "not there any more")),
            Err(failure) => Err(refuse(&format!("not sent: {failure}"))),
        }
    }

    async fn update(&self, request: UpdateServiceFluentBuilder, words: &str) -> Ends<Answer> {
        self.about_to(&format!("ecs:UpdateService: {words}")).await?;
        let once = aws_sdk_ecs::Config::builder().retry_config(RetryConfig::disabled());
        let answer = write(self.asker, "ecs:UpdateService", request.customize().config_override(once).send()).await?;
        let service = answer.service.unwrap_or_else(|| aws_sdk_ecs::types::Service::builder().build());
        let deployment = service.deployments().iter().find(|d| d.status() == Some("PRIMARY")).and_then(|d| d.id());
        let definition = service.task_definition().map(last_part).unwrap_or_default();
        Ok(taken(&format!("{} {definition}", deployment.unwrap_or("no deployment"))))
    }

    /// Another revision with nothing but the images replaced: one that is there already, else a new one.
    async fn images(&self, wanted: &[Contained]) -> Ends<Answer> {
        let unread = |failure: crate::sources::port::Failure| refuse(&format!("not sent: {failure}"));
        let (cluster, name) = (self.target.scope.raw(), self.target.name.raw());
        let service = look::service(self.asker, cluster, name).await.map_err(unread)?;
        let current = service.task_definition().unwrap_or_default().to_owned();
        let (now, tags) = self.tagged(&current).await?;
        let next = with_images(&now, wanted).map_err(|words| refuse(&words))?;
        if !now.inference_accelerators().is_empty() {
            return Ok(refuse("it has inference accelerators, which AWS takes in no new revision"));
        }
        if next == now {
            return Ok(self.already());
        }
        for revision in self.target.state.revisions.iter().filter(|revision| !revision.current) {
            if revision.containers == look::contained(&next)
                && look::definition(self.asker, revision.id.raw())
                    .await
                    .is_ok_and(|known| differs(&known, &next).is_none())
            {
                return Box::pin(self.go_to(revision.id.raw())).await;
            }
        }
        let words = format!("ecs:RegisterTaskDefinition: {} with {}", last_part(&current), list(wanted));
        self.about_to(&words).await?;
        let once = aws_sdk_ecs::Config::builder().retry_config(RetryConfig::disabled());
        let request = register(self.asker.clients.ecs.register_task_definition(), &next)
            .set_tags((!tags.is_empty()).then_some(tags))
            .customize()
            .config_override(once)
            .send();
        let answer = write(self.asker, "ecs:RegisterTaskDefinition", request).await?;
        let Some(made) = answer.task_definition else {
            return Ok(Answer::Unknown { message: Text::line("AWS did not say what it registered") });
        };
        let arn = made.task_definition_arn().unwrap_or_default().to_owned();
        if let Some(field) = differs(&made, &next) {
            let words = format!(
                "the revision {} was registered and is not used: its {field} is not that of {}",
                last_part(&arn),
                last_part(&current)
            );
            return Ok(Answer::Failed { message: Text::line(&words) });
        }
        Box::pin(self.go_to(&arn)).await
    }

    async fn tagged(&self, arn: &str) -> Ends<(TaskDefinition, Vec<Tag>)> {
        let request = self.asker.clients.ecs.describe_task_definition().task_definition(arn);
        let request = request.include(TaskDefinitionField::Tags).send();
        let answer = self.asker.ask("ecs:DescribeTaskDefinition", request).await;
        let answer = answer.map_err(|trouble| refuse(&format!("not sent: {}", trouble.failure)))?;
        let definition = answer.task_definition.ok_or_else(|| refuse("not sent: its task definition is not there"))?;
        Ok((definition, answer.tags.unwrap_or_default()))
    }

    async fn go_to(&self, arn: &str) -> Ends<Answer> {
        let words = format!("task definition {}, run {}", last_part(arn), self.run);
        Box::pin(self.update(self.service().task_definition(arn), &words)).await
    }

    async fn revision(&self, id: &Text, images: &[Contained]) -> Ends<Answer> {
        let Some(revision) = self.target.state.revisions.iter().find(|revision| revision.id == *id) else {
            return Ok(moved("revision", id.raw(), "not kept any more"));
        };
        if !images.is_empty() && revision.containers != images {
            return Ok(moved("revision", &list(images), &list(&revision.containers)));
        }
        if revision.current {
            return Ok(self.already());
        }
        Box::pin(self.go_to(id.raw())).await
    }

    async fn limits(&self, min: u32, max: u32) -> Ends<Answer> {
        let Some(known) = &self.target.state.scaler else { return Ok(refuse("nothing scales it by itself")) };
        if (known.min, known.max) == (min, max) {
            return Ok(self.already());
        }
        let (Ok(least), Ok(most)) = (i32::try_from(min), i32::try_from(max)) else {
            return Ok(refuse("ECS counts no so many"));
        };
        let words =
            format!("application-autoscaling:RegisterScalableTarget: {} to {} → {min} to {max}", known.min, known.max);
        let found = self.about_to(&words).await?;
        let limits = |target: &Target| target.state.scaler.as_ref().map_or((0, 0), |scaler| (scaler.min, scaler.max));
        if limits(&found) != (known.min, known.max) {
            let words = |(min, max): (u32, u32)| format!("{min} to {max}");
            return Ok(moved("limits", &words((known.min, known.max)), &words(limits(&found))));
        }
        let (cluster, name) = (self.target.scope.raw(), self.target.name.raw());
        let once = aws_sdk_applicationautoscaling::Config::builder()
            .retry_config(aws_sdk_applicationautoscaling::config::retry::RetryConfig::disabled());
        let request = self
            .asker
            .clients
            .scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(format!("service/{cluster}/{name}"))
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(least)
            .max_capacity(most)
            .customize()
            .config_override(once)
            .send();
        write(self.asker, "application-autoscaling:RegisterScalableTarget", request).await?;
        Ok(self.already())
    }

    async fn stop(&self, task: &Text) -> Ends<Answer> {
        let found = self.about_to(&format!("ecs:StopTask: {}", last_part(task.raw()))).await?;
        if !found.state.running.iter().any(|one| one.id == *task) {
            return Ok(moved("instances", task.raw(), "not there any more"));
        }
        let once = aws_sdk_ecs::Config::builder().retry_config(RetryConfig::disabled());
        let request = self.asker.clients.ecs.stop_task().cluster(self.target.scope.raw()).task(task.raw());
        let request = request.reason(format!("quarterdeck run {}", self.run)).customize().config_override(once).send();
        write(self.asker, "ecs:StopTask", request).await?;
        Ok(self.already())
    }
}

fn list(containers: &[Contained]) -> String {
    let all: Vec<String> = containers.iter().map(|c| format!("{}={}", c.name, c.image.reference)).collect();
    all.join(", ")
}

/// The definition with these images and nothing else changed.
fn with_images(definition: &TaskDefinition, wanted: &[Contained]) -> Result<TaskDefinition, String> {
    let mut next = definition.clone();
    let containers = next.container_definitions.get_or_insert_default();
    for one in wanted {
        let own = containers.iter_mut().find(|container| container.name() == Some(one.name.raw()));
        let own = own.ok_or_else(|| format!("it has no container {}", one.name))?;
        own.image =
            Some(images::by_digest(&one.image).ok_or_else(|| format!("{} names no digest", one.image.reference))?);
    }
    Ok(next)
}

/// The first part of a definition in which two differ, of those that somebody declares. What this build's types do not know
/// cannot be compared, and would be lost: such a field is newer than this program.
fn differs(one: &TaskDefinition, other: &TaskDefinition) -> Option<&'static str> {
    let parts = [
        ("family", one.family == other.family),
        ("containers", one.container_definitions == other.container_definitions),
        ("task role", one.task_role_arn == other.task_role_arn),
        ("execution role", one.execution_role_arn == other.execution_role_arn),
        ("network mode", one.network_mode == other.network_mode),
        ("volumes", same(one.volumes(), other.volumes())),
        ("placement", same(one.placement_constraints(), other.placement_constraints())),
        ("required compatibilities", same(one.requires_compatibilities(), other.requires_compatibilities())),
        ("runtime platform", one.runtime_platform == other.runtime_platform),
        ("cpu", one.cpu == other.cpu),
        ("memory", one.memory == other.memory),
        ("pid mode", one.pid_mode == other.pid_mode),
        ("ipc mode", one.ipc_mode == other.ipc_mode),
        ("proxy", one.proxy_configuration == other.proxy_configuration),
        ("accelerators", same(one.inference_accelerators(), other.inference_accelerators())),
        ("storage", one.ephemeral_storage == other.ephemeral_storage),
        ("fault injection", one.enable_fault_injection == other.enable_fault_injection),
    ];
    parts.into_iter().find(|(_, same)| !same).map(|(part, _)| part)
}

/// A list that is empty and one that is not there are the same.
fn same<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one == other
}

fn register(
    request: RegisterTaskDefinitionFluentBuilder,
    from: &TaskDefinition,
) -> RegisterTaskDefinitionFluentBuilder {
    let from = from.clone();
    request
        .set_family(from.family)
        .set_container_definitions(from.container_definitions)
        .set_task_role_arn(from.task_role_arn)
        .set_execution_role_arn(from.execution_role_arn)
        .set_network_mode(from.network_mode)
        .set_volumes(from.volumes)
        .set_placement_constraints(from.placement_constraints)
        .set_requires_compatibilities(from.requires_compatibilities)
        .set_runtime_platform(from.runtime_platform)
        .set_cpu(from.cpu)
        .set_memory(from.memory)
        .set_pid_mode(from.pid_mode)
        .set_ipc_mode(from.ipc_mode)
        .set_proxy_configuration(from.proxy_configuration)
        .set_ephemeral_storage(from.ephemeral_storage)
        .set_enable_fault_injection(from.enable_fault_injection)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{ContainerDefinition, NetworkMode};

    use super::*;
    use crate::model::Image;

    fn reference(digit: &str) -> String {
        format!("registry.example/api@sha256:{}", digit.repeat(64))
    }

    fn definition() -> TaskDefinition {
        let container = |name: &str, image: &str| ContainerDefinition::builder().name(name).image(image).build();
        TaskDefinition::builder()
            .family("api")
            .revision(7)
            .task_role_arn("arn:role")
            .network_mode(NetworkMode::Awsvpc)
            .container_definitions(container("proxy", "envoy:1"))
            .container_definitions(container("api", &reference("a")))
            .build()
    }

    fn wanted(name: &str, reference: &str) -> Contained {
        Contained { name: Text::name(name), image: Image::of_reference(reference) }
    }

    #[test]
    fn g9_nothing_but_the_image_of_the_named_container_is_replaced_and_only_by_digest() {
        let next = with_images(&definition(), &[wanted("api", &reference("b"))]).unwrap();
        assert_eq!(next.container_definitions()[0], definition().container_definitions()[0]);
        assert_eq!(next.container_definitions()[1].image(), Some(reference("b").as_str()));
        assert_eq!(differs(&next, &definition()), Some("containers"));
        assert_eq!(with_images(&definition(), &[wanted("api", &reference("a"))]).unwrap(), definition());
        assert!(
            with_images(&definition(), &[wanted("api", "registry.example/api:2")]).unwrap_err().contains("no digest")
        );
        assert!(
            with_images(&definition(), &[wanted("web", &reference("b"))]).unwrap_err().contains("no container web")
        );
    }

    #[test]
    fn g2_a_registered_revision_that_lost_anything_is_told_by_the_part() {
        let mut made = definition();
        made.revision = 8;
        assert_eq!(differs(&made, &definition()), None, "its number is its own");
        made.volumes = Some(Vec::new());
        assert_eq!(differs(&made, &definition()), None, "an empty list is none");
        made.task_role_arn = None;
        assert_eq!(differs(&made, &definition()), Some("task role"));
    }
}
