//! The kinds that are watched: where each lies in the API, and how its objects become facts.

use prost::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::convert::{Converter, Row};
use super::lean::{ListMeta, cluster, custom, event, network, pod, scaling, workload};
use super::wire::Garbled;

/// One kind of the API.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// The plural in paths; also the name of its table.
    pub(crate) plural: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) codec: Codec,
}

type Read = fn(&mut Converter, &[u8]) -> Result<Row, Garbled>;
type ReadList = fn(&mut Converter, &[u8]) -> Result<(ListMeta, Vec<Row>), Garbled>;

/// How its objects are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    /// `None`: the API serves it as JSON only.
    pub(crate) protobuf: Option<Read>,
    pub(crate) json: Read,
    pub(crate) json_list: ReadList,
}

/// A lean object that turns into facts.
trait Lean: Default + DeserializeOwned {
    fn convert(self, converter: &mut Converter) -> Row;
}

macro_rules! lean {
    ($($object:ty => $method:ident),* $(,)?) => {
        $(impl Lean for $object {
            fn convert(self, converter: &mut Converter) -> Row {
                converter.$method(&self)
            }
        })*
    };
}

lean! {
    workload::Deployment => deployment,
    workload::StatefulSet => stateful_set,
    workload::DaemonSet => daemon_set,
    workload::ReplicaSet => replica_set,
    workload::Job => job,
    workload::CronJob => cron_job,
    network::Service => service,
    network::Ingress => ingress,
    scaling::Autoscaler => horizontal,
    cluster::Budget => budget,
    cluster::Namespace => namespace,
    cluster::Node => node,
    event::Event => event,
    custom::Rollout => argo_rollout,
    custom::ScaledObject => scaled_object,
}

impl Lean for pod::Pod {
    fn convert(self, converter: &mut Converter) -> Row {
        converter.pod(self)
    }
}

fn protobuf<T: Lean + Message>(converter: &mut Converter, bytes: &[u8]) -> Result<Row, Garbled> {
    Ok(T::decode(bytes).map_err(|_| Garbled::Object)?.convert(converter))
}

/// What follows the object is left alone: in a watch event it is the event's own end.
fn json<T: Lean>(converter: &mut Converter, bytes: &[u8]) -> Result<Row, Garbled> {
    let mut text = serde_json::Deserializer::from_slice(bytes);
    Ok(T::deserialize(&mut text).map_err(|_| Garbled::Object)?.convert(converter))
}

fn json_list<T: Lean>(converter: &mut Converter, bytes: &[u8]) -> Result<(ListMeta, Vec<Row>), Garbled> {
    #[derive(Deserialize)]
    struct List<T> {
        metadata: ListMeta,
        items: Option<Vec<T>>,
    }
    let list: List<T> = serde_json::from_slice(bytes).map_err(|_| Garbled::Object)?;
    let rows = list.items.unwrap_or_default().into_iter().map(|item| item.convert(converter)).collect();
    Ok((list.metadata, rows))
}

const fn both<T: Lean + Message>() -> Codec {
    Codec { protobuf: Some(protobuf::<T>), json: json::<T>, json_list: json_list::<T> }
}

const fn json_only<T: Lean>() -> Codec {
    Codec { protobuf: None, json: json::<T>, json_list: json_list::<T> }
}

const fn namespaced(group: &'static str, version: &'static str, plural: &'static str, codec: Codec) -> Resource {
    Resource { group, version, plural, namespaced: true, codec }
}

/// Namespaces: what there is to look into.
pub(crate) static NAMESPACES: Resource =
    Resource { group: "", version: "v1", plural: "namespaces", namespaced: false, codec: both::<cluster::Namespace>() };

/// Events, which are read in a bounded number.
pub(crate) static EVENTS: Resource = namespaced("", "v1", "events", both::<event::Event>());

/// What every cluster has, in the order in which it is asked for: what counts first, then the many, then the rest.
pub(crate) static COMMON: [Resource; 12] = [
    namespaced("apps", "v1", "deployments", both::<workload::Deployment>()),
    namespaced("", "v1", "pods", both::<pod::Pod>()),
    namespaced("apps", "v1", "statefulsets", both::<workload::StatefulSet>()),
    namespaced("apps", "v1", "daemonsets", both::<workload::DaemonSet>()),
    namespaced("autoscaling", "v2", "horizontalpodautoscalers", both::<scaling::Autoscaler>()),
    namespaced("apps", "v1", "replicasets", both::<workload::ReplicaSet>()),
    namespaced("batch", "v1", "jobs", both::<workload::Job>()),
    namespaced("batch", "v1", "cronjobs", both::<workload::CronJob>()),
    namespaced("", "v1", "services", both::<network::Service>()),
    namespaced("networking.k8s.io", "v1", "ingresses", both::<network::Ingress>()),
    namespaced("policy", "v1", "poddisruptionbudgets", both::<cluster::Budget>()),
    Resource { group: "", version: "v1", plural: "nodes", namespaced: false, codec: both::<cluster::Node>() },
];

/// What a cluster has where its CRD is installed.
pub(crate) static CUSTOM: [Resource; 2] = [
    namespaced("keda.sh", "v1alpha1", "scaledobjects", json_only::<custom::ScaledObject>()),
    namespaced("argoproj.io", "v1alpha1", "rollouts", json_only::<custom::Rollout>()),
];

impl Resource {
    /// The path of the collection, of one namespace or of all.
    #[must_use]
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// Whether its objects are written again and again though nothing changed that matters: heartbeats, measurements.
    #[must_use]
    pub(crate) fn beats(&self) -> bool {
        matches!(self.plural, "nodes" | "horizontalpodautoscalers" | "scaledobjects" | "poddisruptionbudgets")
    }

    /// The name in RBAC rules and denials: `pods`, `deployments.apps`.
    #[must_use]
    pub(crate) fn full_name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_are_the_apis_own() {
        let deployments = &COMMON[0];
        assert_eq!(deployments.path(None), "/apis/apps/v1/deployments");
        assert_eq!(deployments.path(Some("shop")), "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(deployments.full_name(), "deployments.apps");
        assert_eq!(COMMON[1].path(Some("shop")), "/api/v1/namespaces/shop/pods");
    }
}
