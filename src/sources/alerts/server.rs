//! A server of alerts as a Source: its connection, where below its URL the API lies, what it says of one alert. What tells one
//! kind of server from the other is its [`Dialect`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::place;
use crate::model::{AlarmAsk, AlarmDetail, Endpoint, Key, LogAsk, SourceKind, SourceName, SourceSpec};
use crate::sources::port::{Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use crate::sources::web::{Reach, Web};

/// Between two polls somebody knocks: a server that went away is noticed in half the time that a poll takes to come round.
const HALF: Duration = Duration::from_secs(5);

/// One kind of server.
pub(in crate::sources) trait Dialect: Send + Sync + 'static {
    /// What words of failure begin with: `Alertmanager`.
    const WHO: &'static str;
    const KIND: SourceKind;
    /// Where below its URL the API may lie; the first one that answers is it.
    const PREFIXES: &'static [&'static str];
    /// What is asked for below each of them.
    const FIRST: &'static str;

    /// Reads and tells until something fails.
    ///
    /// # Errors
    /// Why it cannot be read any more.
    fn watch<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<(), Failure>>;

    /// More of one alarm, while somebody looks at it.
    ///
    /// # Errors
    /// Why nothing can be told; by default that such a server keeps nothing more.
    fn detail<'a>(
        &'a self,
        _web: &'a Web,
        _prefix: &'static str,
        _ask: &'a AlarmAsk,
    ) -> BoxFuture<'a, Result<AlarmDetail, Failure>> {
        let words = format!("a Source of kind {} keeps no history and no curve of an alarm", Self::KIND);
        futures::future::ready(Err(Failure::new(FailureKind::Unsupported, words))).boxed()
    }

    /// What the server says of the alarm of this key; `None`: there is none any more.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn describe<'a>(&'a self, web: &'a Web, prefix: &'static str, key: &'a Key) -> Described<'a>;
}

/// What a server says of one alarm.
pub(in crate::sources) type Described<'a> = BoxFuture<'a, Result<Option<Value>, Failure>>;

/// One server.
struct Server<D> {
    name: SourceName,
    reach: Reach,
    /// Where below its URL it answered last.
    prefix: Mutex<&'static str>,
    dialect: D,
}

/// Makes the Source of a spec; it connects on first use.
pub(in crate::sources) fn open<D: Dialect>(spec: &SourceSpec, endpoint: &Endpoint, dialect: D) -> Arc<dyn Watch> {
    let timeout = spec.timeout_seconds.map(|seconds| Duration::from_secs(seconds.max(1).into()));
    Arc::new(Server {
        name: spec.name.clone(),
        reach: Reach::new(D::WHO, endpoint.clone(), timeout),
        prefix: Mutex::new(""),
        dialect,
    })
}

/// The way to a server, and who asks.
pub(in crate::sources) struct Line<'a> {
    web: Arc<Web>,
    pub(in crate::sources) desk: &'a Desk,
    prefixes: &'static [&'static str],
    first: &'static str,
    prefix: &'a Mutex<&'static str>,
}

impl Line<'_> {
    /// The first answer, which tells where the API lies: [`Dialect::FIRST`].
    ///
    /// # Errors
    /// Why it is nowhere.
    pub(in crate::sources) async fn first<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let (prefix, answer) = place::find(&self.web, self.desk, self.prefixes, self.first).await?;
        *self.prefix.lock().unwrap_or_else(PoisonError::into_inner) = prefix;
        Ok(answer)
    }

    /// One request below the place that [`Line::first`] found.
    ///
    /// # Errors
    /// What the server (or the way to it) has against it.
    pub(in crate::sources) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let prefix = *self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
        self.web.get(self.desk, &format!("{prefix}{path}")).await
    }

    /// Until the next poll: ten seconds (PERFORMANCE T20), or until nobody listens there any more; then the poll tells why.
    pub(in crate::sources) async fn rest(&self) {
        tokio::time::sleep(HALF).await;
        if self.web.knock(self.desk).await {
            tokio::time::sleep(HALF).await;
        }
    }
}

impl<D: Dialect> Watch for Server<D> {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        D::KIND
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let web = self.reach.anew().await?;
            let line = Line { web, desk: &desk, prefixes: D::PREFIXES, first: D::FIRST, prefix: &self.prefix };
            let watched = self.dialect.watch(line).await;
            watched.map_err(|failure| place::helped(failure, self.reach.endpoint(), D::FIRST))
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, _: LogAsk, _: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        let words = format!("{} has no logs of Instances", D::WHO);
        futures::future::ready(Err(Failure::new(FailureKind::Unsupported, words))).boxed()
    }

    fn alarm_detail(self: Arc<Self>, ask: AlarmAsk) -> BoxFuture<'static, Result<AlarmDetail, Failure>> {
        async move {
            let web = self.reach.last().await?;
            let prefix = *self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
            self.dialect.detail(&web, prefix, &ask).await
        }
        .boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move {
            let web = self.reach.last().await?;
            let prefix = *self.prefix.lock().unwrap_or_else(PoisonError::into_inner);
            match self.dialect.describe(&web, prefix, &ask.key).await? {
                Some(value) => Ok(RawDocument::json(value)),
                None => Err(Failure::new(FailureKind::Absent, format!("{} has no such alert any more", D::WHO))),
            }
        }
        .boxed()
    }
}
