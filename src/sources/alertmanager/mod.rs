//! Source `alertmanager`: the alerts of one Alertmanager (API v2), with what silences and inhibits them.
//!
//! `wire` is what is kept of its answers, `convert` what they mean, `watch` the polling.

mod convert;
mod watch;
mod wire;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use super::alerts::server::{self, Described, Dialect, Line};
use super::port::{Failure, Watch};
use super::web::Web;
use crate::model::{Connection, Key, SourceKind, SourceSpec};

/// How Alertmanagers speak.
struct Alertmanager;

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    match &spec.connection {
        Connection::Alertmanager { endpoint } => Ok(server::open(spec, endpoint, Alertmanager)),
        _ => Err(super::registry::mismatched(spec)),
    }
}

impl Dialect for Alertmanager {
    const WHO: &'static str = "Alertmanager";
    const KIND: SourceKind = SourceKind::Alertmanager;
    /// As it is by itself, and as Mimir and reverse proxies have it.
    const PREFIXES: &'static [&'static str] = &["", "/alertmanager"];
    const FIRST: &'static str = watch::STATUS;

    fn watch<'a>(&'a self, line: Line<'a>) -> BoxFuture<'a, Result<(), Failure>> {
        async move { watch::run(&line).await }.boxed()
    }

    fn describe<'a>(&'a self, web: &'a Web, prefix: &'static str, key: &'a Key) -> Described<'a> {
        async move {
            let all: Vec<Value> = web.read(&format!("{prefix}{}", watch::ALERTS)).await?;
            Ok(all.into_iter().find(|alert| alert["fingerprint"].as_str() == Some(&key.uid)))
        }
        .boxed()
    }
}
