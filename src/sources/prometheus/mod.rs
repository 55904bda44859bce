//! Source `prometheus`: the alerting rules of one Prometheus (or of what speaks its API: Thanos, Mimir, VictoriaMetrics), with
//! what fires and what waits to; and what it measures of Services.
//!
//! `wire` is what is kept of its answers, `convert` what they mean as alarms and `readings` as readings, `external` the labels
//! it adds when it tells others, `detail` more of one alarm, `queries` what it is asked about Services, `measure` when; `watch` the polling.

mod convert;
mod detail;
mod external;
mod measure;
mod queries;
mod readings;
mod watch;
mod wire;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use self::wire::{Envelope, Groups};
use super::alerts::server::{self, Described, Dialect, Line};
use super::port::{Failure, Watch};
use super::web::Web;
use crate::model::{AlarmAsk, AlarmDetail, Connection, Key, Queries, SourceKind, SourceSpec};

/// How Prometheus speaks, and what it is asked beside its rules.
struct Prometheus {
    queries: Queries,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    match &spec.connection {
        Connection::Prometheus { endpoint, queries } => {
            Ok(server::open(spec, endpoint, Prometheus { queries: queries.clone() }))
        }
        _ => Err(super::registry::mismatched(spec)),
    }
}

impl Dialect for Prometheus {
    const WHO: &'static str = "Prometheus";
    const KIND: SourceKind = SourceKind::Prometheus;
    /// As it is by itself, behind a path (Mimir, proxies), VictoriaMetrics' vmselect and vmalert.
    const PREFIXES: &'static [&'static str] = &["", "/prometheus", "/select/0/prometheus", "/vmalert"];
    const FIRST: &'static str = watch::RULES;

    fn watch<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<(), Failure>> {
        async move { watch::run(&line, &self.queries).await }.boxed()
    }

    fn detail<'a>(
        &'a self,
        web: &'a Web,
        prefix: &'static str,
        ask: &'a AlarmAsk,
    ) -> BoxFuture<'a, Result<AlarmDetail, Failure>> {
        detail::tell(web, prefix, ask).boxed()
    }

    fn describe<'a>(&'a self, web: &'a Web, prefix: &'static str, key: &'a Key) -> Described<'a> {
        async move {
            let answer: Envelope<Groups> = web.read(&format!("{prefix}{}", watch::RULES)).await?;
            Ok(answer.data.and_then(|all| convert::described(all, &key.uid)))
        }
        .boxed()
    }
}
