//! The broker's own description of a queue or of the node that an alarm speaks of, line by line, secrets masked.

use serde_json::Value;

use super::ask::percent;
use crate::model::Kind;
use crate::sources::port::{Failure, FailureKind, RawAsk, RawDocument};
use crate::sources::web::Web;

/// Reads the description.
///
/// # Errors
/// Where there is no such thing any more, or it cannot be read.
pub(super) async fn read(web: &Web, ask: &RawAsk) -> Result<RawDocument, Failure> {
    let path = match (ask.key.kind, ask.key.uid.split_once('/')) {
        (Kind::Queue, _) => {
            let vhost = if ask.scope.is_empty() { "/" } else { ask.scope.raw() };
            format!("/api/queues/{}/{}", percent(vhost), percent(ask.name.raw()))
        }
        (Kind::Alarm, Some((_, node))) => format!("/api/nodes/{}", percent(node)),
        _ => return Err(Failure::new(FailureKind::Unsupported, "RabbitMQ has no description of that")),
    };
    let value: Value = web.read(&path).await.map_err(|failure| match failure.kind {
        FailureKind::Absent => Failure::new(FailureKind::Absent, format!("{} is not there any more", ask.name)),
        _ => failure,
    })?;
    Ok(RawDocument::json(value))
}
