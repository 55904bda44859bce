//! Reads ECS: clusters, services, tasks and task definitions, each in as few requests as its API takes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_ecs::types::{
    Cluster, ClusterField, DesiredStatus, Service, ServiceField, Task, TaskDefinition, TaskField,
};

use super::ask::Asker;
use super::ecs_convert::{self, Picture};
use super::failure::{Loss, Trouble};
use super::shared::Place;
use super::watch::{Area, Session};
use super::{count, last_part, task_convert};
use crate::model::Fact;
use crate::sources::port::FailureKind;

/// What AWS takes in one request.
const SERVICES: usize = 10;
const TASKS: usize = 100;
const CLUSTERS: usize = 100;
/// Task definitions kept; they never change, so each is read once.
const DEFINITIONS: usize = 2000;

/// What is known of ECS from one poll to the next.
#[derive(Default)]
pub(super) struct Ecs {
    clusters: Vec<Cluster>,
    /// ARNs of the services of each cluster.
    services: BTreeMap<String, Vec<String>>,
    tasks: Vec<Task>,
    definitions: HashMap<String, Arc<TaskDefinition>>,
    rounds: u64,
}

impl Ecs {
    /// One poll: every second one reads everything, those between only the services.
    pub(super) async fn round(&mut self, session: &Session<'_>) -> Result<(), Trouble> {
        let whole = self.rounds.is_multiple_of(2) || self.services.values().all(Vec::is_empty);
        let result = self.read(session, whole).await;
        // After a failure the next one reads everything again.
        self.rounds = if result.is_ok() { self.rounds + 1 } else { 0 };
        session.shared.lock().ecs_read = true;
        result
    }

    async fn read(&mut self, session: &Session<'_>, whole: bool) -> Result<(), Trouble> {
        let asker = session.asker;
        if whole {
            self.clusters = clusters(asker, session).await?;
            let mut listed = BTreeMap::new();
            for cluster in &self.clusters {
                let arn = cluster.cluster_arn().unwrap_or_default().to_owned();
                listed.insert(arn.clone(), list_services(asker, &arn).await?);
            }
            self.services = listed;
        }
        let mut services = Vec::new();
        for (cluster, arns) in &self.services {
            for some in arns.chunks(SERVICES) {
                services.extend(describe_services(asker, cluster, some).await?);
            }
        }
        if whole {
            self.tasks = session.spare(Area::Ecs, tasks(asker, self.services.iter()).await)?.unwrap_or_default();
        }
        self.define(session, &services).await?;
        self.tell(session, &services).await
    }

    /// Reads the task definitions that are not known so far.
    async fn define(&mut self, session: &Session<'_>, services: &[Service]) -> Result<(), Trouble> {
        if self.definitions.len() > DEFINITIONS {
            self.definitions.clear();
        }
        let wanted: BTreeSet<&str> = services
            .iter()
            .filter_map(Service::task_definition)
            .chain(services.iter().flat_map(Service::deployments).filter_map(|d| d.task_definition()))
            .chain(self.tasks.iter().filter_map(Task::task_definition_arn))
            .collect();
        let missing: Vec<String> = wanted
            .into_iter()
            .filter(|arn| !self.definitions.contains_key(last_part(arn)))
            .map(str::to_owned)
            .collect();
        for arn in missing {
            let request = session.asker.clients.ecs.describe_task_definition().task_definition(&arn).send();
            let answer = session.asker.ask("ecs:DescribeTaskDefinition", request).await;
            match session.spare(Area::Ecs, answer) {
                Ok(Some(answer)) => {
                    if let Some(definition) = answer.task_definition {
                        self.definitions.insert(last_part(&arn).to_owned(), Arc::new(definition));
                    }
                }
                // Denied once is denied for all of them.
                Ok(None) => return Ok(()),
                // One that was deleted leaves its service without images, no more.
                Err(trouble) if is_of_one_thing(&trouble) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    async fn tell(&self, session: &Session<'_>, services: &[Service]) -> Result<(), Trouble> {
        let source = session.asker.desk.source();
        let now = session.asker.desk.now();
        let targets = {
            let mut known = session.shared.lock();
            known.groups = groups(services);
            known.counts =
                services.iter().map(|s| (place(s), (count(s.desired_count), count(s.running_count)))).collect();
            known.targets.clone()
        };
        let picture = Picture { source, now, tasks: &self.tasks, definitions: &self.definitions, targets: &targets };
        let (mut workloads, mut instances, mut revisions, mut events) = (vec![], vec![], vec![], vec![]);
        for service in services {
            let own = task_convert::of_service(&picture, service);
            workloads.push(Fact::Workload(Box::new(ecs_convert::workload(&picture, service, &own))));
            instances.extend(own.into_iter().map(|instance| Fact::Instance(Box::new(instance))));
            revisions.extend(ecs_convert::revisions(&picture, service));
            events.extend(ecs_convert::events(&picture, service));
        }
        let scopes = self.clusters.iter().map(|cluster| ecs_convert::scope(source, cluster)).collect();
        session.tell("clusters", scopes).await?;
        session.tell("services", workloads).await?;
        session.tell("tasks", instances).await?;
        session.tell("task definitions", revisions).await?;
        session.tell("events", events).await
    }
}

/// Whether only the one thing that was asked for is concerned.
fn is_of_one_thing(trouble: &Trouble) -> bool {
    trouble.loss == Loss::Service && matches!(trouble.failure.kind, FailureKind::Absent | FailureKind::Garbled)
}

/// A service by its cluster and name.
pub(super) fn place(service: &Service) -> Place {
    let cluster = service.cluster_arn().map(last_part).unwrap_or_default();
    (cluster.to_owned(), service.service_name().unwrap_or_default().to_owned())
}

fn groups(services: &[Service]) -> BTreeMap<String, Place> {
    let of = |service: &Service| {
        let place = place(service);
        let arns: Vec<String> = service.load_balancers().iter().filter_map(|b| b.target_group_arn.clone()).collect();
        arns.into_iter().map(move |arn| (arn, place.clone()))
    };
    services.iter().flat_map(of).collect()
}

async fn clusters(asker: Asker<'_>, session: &Session<'_>) -> Result<Vec<Cluster>, Trouble> {
    let ecs = &asker.clients.ecs;
    let (mut arns, mut next) = (Vec::new(), None);
    loop {
        let page = asker.ask("ecs:ListClusters", ecs.list_clusters().set_next_token(next).send()).await?;
        arns.extend(page.cluster_arns.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    arns.retain(|arn| session.options.wants_cluster(last_part(arn)));
    let mut found = Vec::new();
    for some in arns.chunks(CLUSTERS) {
        let request = ecs.describe_clusters().set_clusters(Some(some.to_vec())).include(ClusterField::Tags).send();
        match session.spare(Area::Ecs, asker.ask("ecs:DescribeClusters", request).await)? {
            Some(answer) => found.extend(answer.clusters.unwrap_or_default()),
            // Without its tags a cluster still has a name.
            None => found.extend(some.iter().map(|arn| unnamed(arn))),
        }
    }
    // What was deleted is listed for a while.
    found.retain(|cluster| cluster.status() != Some("INACTIVE"));
    Ok(found)
}

/// A cluster of which only the ARN may be known.
fn unnamed(arn: &str) -> Cluster {
    Cluster::builder().cluster_arn(arn).cluster_name(last_part(arn)).build()
}

async fn list_services(asker: Asker<'_>, cluster: &str) -> Result<Vec<String>, Trouble> {
    let (mut arns, mut next) = (Vec::new(), None);
    loop {
        let request = asker.clients.ecs.list_services().cluster(cluster).max_results(100).set_next_token(next).send();
        let page = asker.ask("ecs:ListServices", request).await?;
        arns.extend(page.service_arns.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(arns);
        }
    }
}

async fn describe_services(asker: Asker<'_>, cluster: &str, arns: &[String]) -> Result<Vec<Service>, Trouble> {
    let request = asker.clients.ecs.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
    let answer = asker.ask("ecs:DescribeServices", request.include(ServiceField::Tags).send()).await?;
    let mut services = answer.services.unwrap_or_default();
    services.retain(|service| service.status() != Some("INACTIVE"));
    Ok(services)
}

/// Tasks of services that run, and those that were stopped within the last hour or so, as long as AWS remembers them.
async fn tasks(
    asker: Asker<'_>,
    clusters: impl Iterator<Item = (&String, &Vec<String>)>,
) -> Result<Vec<Task>, Trouble> {
    let ecs = &asker.clients.ecs;
    let mut found = Vec::new();
    for (cluster, _) in clusters.filter(|(_, services)| !services.is_empty()) {
        let mut arns = Vec::new();
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let mut next = None;
            loop {
                let request =
                    ecs.list_tasks().cluster(cluster).desired_status(status.clone()).set_next_token(next).send();
                let page = asker.ask("ecs:ListTasks", request).await?;
                arns.extend(page.task_arns.unwrap_or_default());
                next = page.next_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
            }
        }
        for some in arns.chunks(TASKS) {
            let request = ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec())).include(TaskField::Tags);
            found.extend(asker.ask("ecs:DescribeTasks", request.send()).await?.tasks.unwrap_or_default());
        }
    }
    Ok(found)
}
