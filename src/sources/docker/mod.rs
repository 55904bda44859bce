//! Source `docker`: one engine, read through a local socket, TCP, TLS or an SSH login.
//!
//! `connect` is the way to the engine, `wire` and `container` what is kept of its answers, `convert` what they mean,
//! `book` what is known, `watch` how it is kept up to date.

mod book;
mod compose;
mod connect;
mod container;
mod convert;
mod events;
mod frames;
mod lines;
mod logs;
mod operate;
mod pin;
mod project;
mod raw;
mod stats;
mod watch;
mod wire;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use self::book::Book;
use self::connect::{Address, Client};
use self::project::Reading;
use self::watch::Watcher;
use super::port::{Desk, Failure, LogOut, Operate, RawAsk, RawDocument, Watch};
use crate::model::{Connection, LogAsk, SourceKind, SourceName, SourceSpec, Text};

/// How long one answer may take where the configuration does not say.
const TIMEOUT: Duration = Duration::from_secs(8);

/// One engine.
struct Docker {
    name: SourceName,
    address: Address,
    limit: Duration,
    /// The client of the watch, shared with logs and descriptions.
    client: Mutex<Option<Arc<Client>>>,
    /// Held by the watch that runs; it survives reconnects.
    book: tokio::sync::Mutex<Book>,
    /// How services can be changed, as a look has just found.
    ways: Mutex<operate::Known>,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind, or its address is none.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Docker { url, tls, ca_file } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let limit = spec.timeout_seconds.map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.max(1).into()));
    Ok(Arc::new(Docker {
        name: spec.name.clone(),
        address: Address::parse(url, tls.clone(), ca_file.clone())?,
        limit,
        client: Mutex::new(None),
        book: tokio::sync::Mutex::new(Book::new(spec.name.clone())),
        ways: Mutex::default(),
    }))
}

impl Docker {
    async fn connect(&self) -> Result<Arc<Client>, Failure> {
        let client = Arc::new(Client::connect(&self.address, self.limit).await?);
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client.clone());
        Ok(client)
    }

    async fn client(&self) -> Result<Arc<Client>, Failure> {
        let known = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(client) => Ok(client),
            None => self.connect().await,
        }
    }
}

impl Watch for Docker {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Docker
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let client = self.connect().await?;
            desk.alive();
            let about = client.about().await;
            let mut book = self.book.lock().await;
            book.host = about.host.as_deref().map(Text::name);
            let host = self.host(&client);
            let watcher = Watcher {
                client,
                reading: Reading::start(host, &desk),
                desk: &desk,
                book: &mut book,
                version: about.version.as_deref().map(Text::name),
                warning: self.address.warning(),
                denials: BTreeSet::new(),
                steady: false,
                began: about.clock,
                changed: BTreeSet::new(),
            };
            watcher.run().await
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        async move { logs::stream(self.client().await?, ask, out).await }.boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move { raw::read(&*self.client().await?, &ask).await }.boxed()
    }

    fn operate(self: Arc<Self>) -> Option<Arc<dyn Operate>> {
        Some(self)
    }
}
