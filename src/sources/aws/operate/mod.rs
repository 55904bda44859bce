//! Changes of ECS services. ECS knows no compare-and-swap: the service is read again right before each write, and what was
//! written is what is told. `look` reads one service as a Target, `change` makes the requests, `write` sends each once.

mod change;
mod look;
mod write;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::{Aws, Line};
use crate::action::Order;
use crate::model::{Answer, Contained, Image, Operation, Rehearsal, Target, Text};
use crate::sources::images;
use crate::sources::port::{Boundary, Failure, FailureKind, Look, Operate};

/// The first login of a Source that has just been opened is waited for so long.
const LOGIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Operate for Aws {
    fn look(self: Arc<Self>, look: Look) -> BoxFuture<'static, Result<Target, Failure>> {
        Box::pin(async move { look::look(self.line_soon().await?.asker(), &look).await })
    }

    fn rehearse(
        self: Arc<Self>,
        target: Target,
        operation: Operation,
    ) -> BoxFuture<'static, Result<Rehearsal, Failure>> {
        Box::pin(async move {
            Ok(match change::refused(&target, &operation) {
                Some(words) => Rehearsal::Refused { message: Text::line(&words) },
                None => Rehearsal::NotPossible { why: Text::line("ECS has no dry run: only its own answer tells") },
            })
        })
    }

    fn find_image(
        self: Arc<Self>,
        target: Target,
        image: Contained,
    ) -> BoxFuture<'static, Result<Option<Image>, Failure>> {
        Box::pin(async move {
            let own = target.containers.iter().find(|c| c.name == image.name);
            let places: Vec<&str> = own.map(|c| c.image.reference.raw()).into_iter().collect();
            match images::find(&image.image, &places).await {
                // A private registry lets nobody look; what the service runs, or ran, from there is proof enough.
                Err(failure) => images::seen(&target, &image.image).map(Some).ok_or(failure),
                found => found,
            }
        })
    }

    fn perform(self: Arc<Self>, order: Order, boundary: Boundary) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            match self.line_soon().await {
                Ok(line) => change::carry_out(line.asker(), &order, &boundary).await,
                Err(failure) => Answer::Refused { message: Text::line(&format!("not sent: {failure}")) },
            }
        })
    }
}

impl Aws {
    /// What the watch asks by, once it has logged in.
    async fn line_soon(&self) -> Result<Line, Failure> {
        let waits = async {
            loop {
                if let Ok(line) = self.line() {
                    return line;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let words = "there is no login so far";
        tokio::time::timeout(LOGIN, waits).await.map_err(|_| Failure::new(FailureKind::Unreachable, words))
    }
}
