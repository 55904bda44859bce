//! Source `rabbitmq`: one broker (or cluster), read over its management API, 3.10 to 4.x.
//!
//! `wire` is what is kept of its answers, `convert` and `alarms` what they mean, `dead` where messages go that nobody took, `book`
//! what is known between two polls, `watch` when what is asked, `words` what helps when it cannot be.

mod alarms;
mod ask;
mod book;
mod convert;
mod dead;
mod lists;
pub mod permissions;
mod raw;
mod watch;
mod wire;
mod words;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use self::book::Book;
use super::last_read::LastRead;
use super::port::{Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use super::web::Reach;
use crate::model::{Connection, Endpoint, LogAsk, SourceKind, SourceName, SourceSpec, Timestamp};

/// How long one answer may take where the configuration does not say.
const TIMEOUT: Duration = Duration::from_secs(8);

/// One broker.
pub(crate) struct RabbitMq {
    name: SourceName,
    reach: Reach,
    /// Virtual hosts to read; empty: all that may be read.
    vhosts: Vec<String>,
    /// Queues to read; empty: all.
    queues: Vec<String>,
    /// When the broker last had work with us: a new watch keeps its distance from the one before.
    asked_at: Mutex<Option<Timestamp>>,
    /// Held by the watch that runs; it survives reconnects.
    book: tokio::sync::Mutex<Book>,
    read: LastRead,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::RabbitMq { endpoint, vhosts, queues } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let limit = spec.timeout_seconds.map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.max(1).into()));
    Ok(Arc::new(RabbitMq {
        name: spec.name.clone(),
        reach: Reach::new("RabbitMQ", endpoint.clone(), Some(limit)),
        vhosts: vhosts.clone(),
        queues: queues.clone(),
        asked_at: Mutex::new(None),
        book: tokio::sync::Mutex::default(),
        read: LastRead::default(),
    }))
}

impl RabbitMq {
    /// Where the broker is.
    fn endpoint(&self) -> &Endpoint {
        self.reach.endpoint()
    }

    /// When the last request was sent that the broker had work with.
    fn asked_at(&self) -> Option<Timestamp> {
        *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self, at: Timestamp) {
        *self.asked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Whether the configuration wants a queue of that name.
    fn wants(&self, name: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => name == wanted,
        };
        self.queues.is_empty() || self.queues.iter().any(fits)
    }
}

impl Watch for RabbitMq {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::RabbitMq
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move { watch::run(&self, &desk).await.map_err(|failure| words::explain(failure, self.endpoint())) }
            .boxed()
    }

    fn logs(self: Arc<Self>, _: LogAsk, _: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        async { Err(Failure::new(FailureKind::Unsupported, "RabbitMQ keeps no logs of its queues")) }.boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move {
            let explain = |failure: Failure| match failure.kind {
                FailureKind::Absent => failure,
                _ => words::explain(failure, self.endpoint()),
            };
            raw::read(&*self.reach.last().await?, &ask).await.map_err(explain)
        }
        .boxed()
    }
}
