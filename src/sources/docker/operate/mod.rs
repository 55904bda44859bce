//! What changes a Docker engine: Compose services by the host's own Compose and the project's own files, one container
//! after the other, each write announced before it is made. Nothing else of this Source writes.

mod clone;
mod course;
mod delete;
mod image;
mod images;
mod look;
mod make;
mod rehearse;
mod replace;
mod restart;
mod row;
mod scale;
mod way;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;

use self::course::{Course, ids, no};
use self::row::Row;
use self::way::Way;
use super::Docker;
use super::connect::Client;
use super::project::Host;
use crate::action::Order;
use crate::model::{Answer, Contained, Image, Operation, Rehearsal, Target, Text, WorkloadKind};
use crate::sources::port::{Boundary, Failure, Look, Operate};

/// The way that the last look found for a service, and the containers that it was found by.
#[derive(Default)]
pub(super) struct Known(HashMap<(Text, Text), (Vec<Text>, Way)>);

impl Operate for Docker {
    fn look(self: Arc<Self>, look: Look) -> BoxFuture<'static, Result<Target, Failure>> {
        async move { look::look(&self, &look).await }.boxed()
    }

    fn rehearse(
        self: Arc<Self>,
        target: Target,
        operation: Operation,
    ) -> BoxFuture<'static, Result<Rehearsal, Failure>> {
        async move { rehearse::rehearse(&self, &target, &operation).await }.boxed()
    }

    fn find_image(
        self: Arc<Self>,
        target: Target,
        image: Contained,
    ) -> BoxFuture<'static, Result<Option<Image>, Failure>> {
        async move { image::find(&*self.client().await?, &target, &image.image).await }.boxed()
    }

    fn perform(self: Arc<Self>, order: Order, boundary: Boundary) -> BoxFuture<'static, Answer> {
        async move {
            match carry_out(&self, &order, &boundary).await {
                Ok(()) => Answer::Taken { version: None },
                Err(answer) => answer,
            }
        }
        .boxed()
    }
}

async fn carry_out(docker: &Docker, order: &Order, boundary: &Boundary) -> Result<(), Answer> {
    let course = Course::begin(docker, order, boundary).await?;
    let operation = order.operation();
    if order.target().kind == WorkloadKind::Container && !matches!(operation, Operation::Restart) {
        return Err(no("no Compose project declares it: it can be restarted, and no more"));
    }
    match operation {
        Operation::Scale { to } => scale::scale(&course, *to).await,
        Operation::Restart => restart::restart(&course).await,
        Operation::Images { containers } => images::images(&course, containers).await,
        Operation::Delete { instance } => delete::delete(&course, instance).await,
        Operation::Pause | Operation::Resume => Err(no("Compose has no rollout that could be paused")),
        Operation::Limits { .. } => Err(no("Compose has no autoscaler")),
        Operation::Revision { .. } => Err(no("Compose keeps no revisions: go back to a Release by its images")),
    }
}

impl Docker {
    /// Keeps the way for what comes next on the same containers.
    fn keep_way(&self, scope: &Text, name: &Text, rows: &[Row], way: &Way) {
        let mut known = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.insert((scope.clone(), name.clone()), (ids(rows), way.clone()));
    }

    /// The way for a service: as the last look found it, used once, or found now.
    async fn way(&self, client: &Client, host: &Host, target: &Target, rows: &[Row]) -> Result<Way, Failure> {
        let key = (target.scope.clone(), target.name.clone());
        let known = self.ways.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&key);
        if let Some((found_by, way)) = known
            && found_by == ids(rows)
        {
            return Ok(way);
        }
        if !rows.is_empty() {
            let containers: Vec<_> = rows.iter().map(|row| &row.container).collect();
            return Ok(Way::find(host, &containers, &target.name).await);
        }
        let label = serde_json::json!({ "label": [format!("com.docker.compose.project={}", target.scope.raw())] });
        let others = row::list(client, &label).await?;
        Ok(Way::find(host, &others.iter().collect::<Vec<_>>(), &target.name).await)
    }
}
