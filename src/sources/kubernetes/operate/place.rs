//! Where what is changed lies in the API, and which grant a change of it needs, in words.

use std::fmt;

use super::super::list::query;
use crate::model::WorkloadKind;

/// A collection of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Empty for the core group.
    pub(super) group: &'static str,
    version: &'static str,
    pub(super) plural: &'static str,
}

const fn place(group: &'static str, version: &'static str, plural: &'static str) -> Place {
    Place { group, version, plural }
}

pub(super) const PODS: Place = place("", "v1", "pods");
pub(super) const REPLICA_SETS: Place = place("apps", "v1", "replicasets");
pub(super) const CONTROLLER_REVISIONS: Place = place("apps", "v1", "controllerrevisions");
pub(super) const AUTOSCALERS: Place = place("autoscaling", "v2", "horizontalpodautoscalers");
pub(super) const SCALED_OBJECTS: Place = place("keda.sh", "v1alpha1", "scaledobjects");

impl Place {
    /// Where Workloads of that kind lie; `None`: it is none that can be changed.
    pub(super) fn of(kind: WorkloadKind) -> Option<Self> {
        Some(match kind {
            WorkloadKind::Deployment => place("apps", "v1", "deployments"),
            WorkloadKind::StatefulSet => place("apps", "v1", "statefulsets"),
            WorkloadKind::DaemonSet => place("apps", "v1", "daemonsets"),
            WorkloadKind::ReplicaSet => REPLICA_SETS,
            WorkloadKind::Rollout => place("argoproj.io", "v1alpha1", "rollouts"),
            _ => return None,
        })
    }

    pub(super) fn collection(self, namespace: &str) -> String {
        let root = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        format!("{root}/namespaces/{}/{}", query(namespace), self.plural)
    }

    pub(super) fn object(self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), query(name))
    }

    /// The grant to do `verb` on it, or on a part of it (`scale`).
    pub(super) fn grant(self, verb: &'static str, part: Option<&str>, namespace: &str) -> Grant {
        let resource = part.map_or_else(|| self.plural.to_owned(), |part| format!("{}/{part}", self.plural));
        Grant { verb, resource, group: self.group, namespace: namespace.to_owned() }
    }
}

/// What RBAC must allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) verb: &'static str,
    /// With its part: `deployments/scale`.
    pub(super) resource: String,
    pub(super) group: &'static str,
    namespace: String,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group =
            if self.group.is_empty() { "the core API group".to_owned() } else { format!("API group {}", self.group) };
        write!(f, "{} on {} ({group}) in namespace {}", self.verb, self.resource, self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_says_all_that_a_role_needs() {
        let deployments = Place::of(WorkloadKind::Deployment).unwrap();
        let words = deployments.grant("patch", Some("scale"), "shop").to_string();
        assert_eq!(words, "patch on deployments/scale (API group apps) in namespace shop");
        assert_eq!(
            PODS.grant("delete", None, "shop").to_string(),
            "delete on pods (the core API group) in namespace shop"
        );
    }

    #[test]
    fn names_cannot_lead_elsewhere() {
        assert_eq!(PODS.object("shop", "../../secrets/x"), "/api/v1/namespaces/shop/pods/..%2F..%2Fsecrets%2Fx");
    }
}
