//! Source `alertmanager`: the alerts of one Alertmanager (API v2), with what silences and inhibits them.
//!
//! `wire` is what is kept of its answers, `convert` what they mean, `watch` the polling.

mod convert;
mod watch;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::port::{Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use super::web::Web;
use crate::model::{Connection, Endpoint, LogAsk, SourceKind, SourceName, SourceSpec, Text, redact};

/// Where below its URL an Alertmanager lives: as it is by itself, and as Mimir and reverse proxies have it.
const PREFIXES: &[&str] = &["", "/alertmanager"];

/// One server.
struct Alertmanager {
    name: SourceName,
    endpoint: Endpoint,
    timeout: Option<Duration>,
    web: OnceCell<Arc<Web>>,
    /// Which of [`PREFIXES`] it was that answered.
    prefix: OnceCell<&'static str>,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Alertmanager { endpoint } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    Ok(Arc::new(Alertmanager {
        name: spec.name.clone(),
        endpoint: endpoint.clone(),
        timeout: spec.timeout_seconds.map(|seconds| Duration::from_secs(seconds.max(1).into())),
        web: OnceCell::new(),
        prefix: OnceCell::new(),
    }))
}

impl Alertmanager {
    async fn web(&self) -> Result<Arc<Web>, Failure> {
        let open = || async { Web::open("Alertmanager", &self.endpoint, self.timeout).await.map(Arc::new) };
        self.web.get_or_try_init(open).await.cloned()
    }

    /// The alert as the server tells it.
    async fn alert(&self, ask: &RawAsk) -> Result<RawDocument, Failure> {
        let web = self.web().await?;
        let prefix = self.prefix.get().copied().unwrap_or_default();
        let all: Vec<Value> = web.read(&format!("{prefix}/api/v2/alerts")).await?;
        let wanted = |alert: &Value| alert["fingerprint"].as_str() == Some(&ask.key.uid);
        let Some(mut alert) = all.into_iter().find(wanted) else {
            return Err(Failure::new(FailureKind::Absent, "Alertmanager has no such alert any more"));
        };
        redact::mask_json(&mut alert);
        let pretty = serde_json::to_string_pretty(&alert).unwrap_or_default();
        Ok(RawDocument { format: Text::name("json"), lines: pretty.lines().map(Text::line).collect() })
    }
}

impl Watch for Alertmanager {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Alertmanager
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let web = self.web().await?;
            let watched = watch::run(&web, &desk, &self.prefix).await;
            watched.map_err(|failure| super::alerts::place::helped(failure, &self.endpoint, watch::STATUS))
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, _: LogAsk, _: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        let failure = Failure::new(FailureKind::Unsupported, "an Alertmanager has no logs of Instances");
        futures::future::ready(Err(failure)).boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move { self.alert(&ask).await }.boxed()
    }
}
