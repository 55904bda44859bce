//! Source `prometheus`: the alerting rules of one Prometheus (or of what speaks its API: Thanos, Mimir, VictoriaMetrics), with
//! what fires and what waits to.
//!
//! `wire` is what is kept of its answers, `convert` what they mean, `external` the labels it adds when it tells others,
//! `watch` the polling.

mod convert;
mod external;
mod watch;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::OnceCell;

use self::wire::{Described, Envelope};
use super::alerts::place;
use super::port::{Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use super::web::Web;
use crate::model::{Connection, Endpoint, LogAsk, SourceKind, SourceName, SourceSpec, Text, redact};

/// Where below its URL the API lies: as it is by itself, behind a path (Mimir, proxies), VictoriaMetrics' vmselect and vmalert.
const PREFIXES: &[&str] = &["", "/prometheus", "/select/0/prometheus", "/vmalert"];

/// One server.
struct Prometheus {
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
    let Connection::Prometheus { endpoint } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    Ok(Arc::new(Prometheus {
        name: spec.name.clone(),
        endpoint: endpoint.clone(),
        timeout: spec.timeout_seconds.map(|seconds| Duration::from_secs(seconds.max(1).into())),
        web: OnceCell::new(),
        prefix: OnceCell::new(),
    }))
}

impl Prometheus {
    async fn web(&self) -> Result<Arc<Web>, Failure> {
        let open = || async { Web::open("Prometheus", &self.endpoint, self.timeout).await.map(Arc::new) };
        self.web.get_or_try_init(open).await.cloned()
    }

    /// The rule of an alarm as the server tells it, with those of its alerts that are this one.
    async fn rule(&self, ask: &RawAsk) -> Result<RawDocument, Failure> {
        let web = self.web().await?;
        let prefix = self.prefix.get().copied().unwrap_or_default();
        let answer: Envelope<Described> = web.read(&format!("{prefix}{}", watch::RULES)).await?;
        let Some(mut rule) = answer.data.and_then(|all| convert::described(all, &ask.key.uid)) else {
            return Err(Failure::new(FailureKind::Absent, "Prometheus has no such alert any more"));
        };
        redact::mask_json(&mut rule);
        let pretty = serde_json::to_string_pretty(&rule).unwrap_or_default();
        Ok(RawDocument { format: Text::name("json"), lines: pretty.lines().map(Text::line).collect() })
    }
}

impl Watch for Prometheus {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Prometheus
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let web = self.web().await?;
            let watched = watch::run(&web, &desk, &self.prefix).await;
            watched.map_err(|failure| place::helped(failure, &self.endpoint, watch::RULES))
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, _: LogAsk, _: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        let failure = Failure::new(FailureKind::Unsupported, "a Prometheus has no logs of Instances");
        futures::future::ready(Err(failure)).boxed()
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        async move { self.rule(&ask).await }.boxed()
    }
}
