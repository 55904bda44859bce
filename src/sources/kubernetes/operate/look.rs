//! Reads one Workload afresh from the API server, with its pods, the declarations that are kept of it and who scales it.

use futures::future::join4;
use serde_json::Value;

use super::super::link::Link;
use super::super::list::query;
use super::super::trouble::Trouble;
use super::place::{AUTOSCALERS, CONTROLLER_REVISIONS, PODS, Place, REPLICA_SETS, SCALED_OBJECTS};
use super::read::{self, Parts};
use crate::model::{SourceName, Target, Text, WorkloadKind};
use crate::sources::port::{Failure, FailureKind, Look};

/// Most pods of one Workload that are looked at.
const PODS_AT_MOST: usize = 1000;
/// Most other objects of one namespace.
const OTHERS_AT_MOST: usize = 500;
/// A thousand pods of the largest kind seen (12 KB each) have a quarter of it.
const LIMIT: usize = 64 * 1024 * 1024;
/// Larger objects than etcd takes do not exist.
const OBJECT_LIMIT: usize = 8 * 1024 * 1024;

/// The Workload as the API server has it now.
///
/// # Errors
/// Why it cannot be read.
pub(super) async fn look(link: &Link, source: &SourceName, look: &Look) -> Result<Target, Failure> {
    let (namespace, name) = (look.scope.raw(), look.name.raw());
    let place = Place::of(look.kind).ok_or_else(|| {
        Failure::new(FailureKind::Unsupported, format!("a {} of Kubernetes cannot be changed from here", look.kind))
    })?;
    let object = object(link, place, namespace, name).await?;
    let selector = read::selector(&object).ok_or_else(|| {
        let words = format!("{} {namespace}/{name} has no selector of its own: its pods cannot be told", look.kind);
        Failure::new(FailureKind::Unsupported, words)
    })?;
    let selected = |most: usize| format!("?limit={most}&labelSelector={}", query(&selector));
    let every = format!("?limit={OTHERS_AT_MOST}");
    let (pods, kept, autoscalers, scaled) = join4(
        items(link, PODS, namespace, selected(PODS_AT_MOST)),
        kept(link, look.kind, namespace, &object),
        items(link, AUTOSCALERS, namespace, every.clone()),
        items(link, SCALED_OBJECTS, namespace, every),
    )
    .await;
    let pods = pods.map_err(|trouble| denied(trouble, PODS, "list", namespace))?;
    let mut remarks = Vec::new();
    let mut spare = |found: Result<Vec<Value>, Trouble>, place: Place, what: &str| match found {
        Ok(items) => Ok(items),
        // No such kind in this cluster.
        Err(trouble) if trouble.status == Some(404) => Ok(Vec::new()),
        Err(trouble) if trouble.status == Some(403) => {
            remarks.push(format!("{what} is not known: needs {}", place.grant("list", None, namespace)));
            Ok(Vec::new())
        }
        Err(trouble) => Err(trouble.failure),
    };
    let parts = Parts {
        pods,
        kept: spare(kept, keeper(look.kind).unwrap_or(REPLICA_SETS), "to which revision it could return")?,
        autoscalers: spare(autoscalers, AUTOSCALERS, "whether an autoscaler owns the number")?,
        scaled: spare(scaled, SCALED_OBJECTS, "whether KEDA owns the number")?,
    };
    let target = read::target(source, look.kind, &object, &parts)?;
    Ok(Target {
        remarks: target.remarks.into_iter().chain(remarks.iter().map(|words| Text::line(words))).collect(),
        ..target
    })
}

/// One object.
///
/// # Errors
/// Where it is gone or may not be read.
pub(super) async fn object(link: &Link, place: Place, namespace: &str, name: &str) -> Result<Value, Failure> {
    let answer = link.json::<Value>(&place.object(namespace, name), OBJECT_LIMIT, None).await;
    answer.map_err(|trouble| match trouble.status {
        Some(404) => Failure::new(FailureKind::Absent, format!("{namespace}/{name} is not there any more")),
        _ => denied(trouble, place, "get", namespace),
    })
}

/// The declarations that the platform keeps of a Workload, its own alone.
pub(super) async fn kept(
    link: &Link,
    kind: WorkloadKind,
    namespace: &str,
    object: &Value,
) -> Result<Vec<Value>, Trouble> {
    let Some(place) = keeper(kind) else { return Ok(Vec::new()) };
    let selector = read::selector(object).unwrap_or_default();
    let found =
        items(link, place, namespace, format!("?limit={OTHERS_AT_MOST}&labelSelector={}", query(&selector))).await?;
    let owner = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    Ok(found.into_iter().filter(|one| read::controller(one) == Some(owner)).collect())
}

/// Where the declarations of a kind are kept.
fn keeper(kind: WorkloadKind) -> Option<Place> {
    match kind {
        WorkloadKind::Deployment | WorkloadKind::Rollout => Some(REPLICA_SETS),
        WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => Some(CONTROLLER_REVISIONS),
        _ => None,
    }
}

async fn items(link: &Link, place: Place, namespace: &str, query: String) -> Result<Vec<Value>, Trouble> {
    #[derive(serde::Deserialize)]
    struct List {
        items: Option<Vec<Value>>,
    }
    let list: List = link.json(&format!("{}{query}", place.collection(namespace)), LIMIT, None).await?;
    Ok(list.items.unwrap_or_default())
}

fn denied(trouble: Trouble, place: Place, verb: &'static str, namespace: &str) -> Failure {
    match trouble.status {
        Some(403) => trouble.failure.hint(format!("needs {}", place.grant(verb, None, namespace))),
        _ => trouble.failure,
    }
}
