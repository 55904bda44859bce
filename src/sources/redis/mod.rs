//! Source `redis`: one Redis or Valkey, read as a Store, with the BullMQ and Celery queues that lie in it.
//!
//! `address`, `dial`, `meter` and `link` are the way to the server, `ask` and `reply` what is said on it, `bullmq`, `celery`,
//! `clients`, `info` and `name` what the answers mean, `scan` which queues there are, `judge` and `store` what is told of
//! them, `watch` how it is kept up to date. Nothing is ever written, and no job is ever read beyond its `timestamp`.

mod address;
mod ask;
mod bullmq;
mod celery;
mod clients;
mod dial;
mod failure;
mod info;
mod judge;
mod link;
mod meter;
mod name;
pub mod permissions;
mod raw;
mod reply;
mod scan;
mod store;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use self::address::Address;
use self::link::Link;
use self::watch::{Past, Wanted, Watcher};
use super::port::{Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use crate::model::{Connection, Endpoint, LogAsk, SourceKind, SourceName, SourceSpec};

/// One server.
struct Redis {
    name: SourceName,
    endpoint: Endpoint,
    address: Address,
    limit: Duration,
    wanted: Wanted,
    /// Held by the watch that runs; it survives reconnects.
    past: tokio::sync::Mutex<Past>,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind, or its address is none.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Redis { endpoint, bullmq, celery } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let limit = spec.timeout_seconds.map_or(link::RESPONSE, |seconds| Duration::from_secs(seconds.max(1).into()));
    Ok(Arc::new(Redis {
        name: spec.name.clone(),
        endpoint: endpoint.clone(),
        address: Address::parse(endpoint)?,
        limit,
        wanted: Wanted { bullmq: bullmq.clone(), celery: celery.clone() },
        past: tokio::sync::Mutex::new(Past::default()),
    }))
}

impl Watch for Redis {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Redis
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let (mut link, driver) = Link::open(&self.address, &self.endpoint, self.limit).await?;
            let work = async {
                let warning = link.log_in(&self.endpoint).await?;
                desk.alive();
                let mut past = self.past.lock().await;
                Watcher::new(link, &desk, &mut past, &self.wanted, warning).run().await
            };
            driver.during(work).await
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, _ask: LogAsk, _out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        let words = "Redis keeps no log that can be read over its connection";
        async move { Err(Failure::new(FailureKind::Unsupported, words)) }.boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move {
            let (mut link, driver) = Link::open(&self.address, &self.endpoint, self.limit).await?;
            let work = async {
                link.log_in(&self.endpoint).await?;
                raw::read(&mut link, &ask).await
            };
            driver.during(work).await
        }
        .boxed()
    }
}
