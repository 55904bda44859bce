//! A front door: an Ingress, a Service of type LoadBalancer, a published port, a Traefik rule.

use serde::{Deserialize, Serialize};

use super::{Key, Text, WorkloadKind};

/// A fact: how traffic reaches something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub key: Key,
    /// `Ingress`, `Service`, `port`, `traefik`, `target group`; `instance`: one Instance behind such a door; `readiness`: what
    /// a readiness probe asks of each Instance.
    pub kind: Text,
    pub scope: Text,
    pub name: Text,
    pub hosts: Vec<Text>,
    /// Port numbers it listens on.
    pub ports: Vec<u16>,
    pub tls: bool,
    /// Names of the platform services behind it (Ingress backends); of a readiness probe its path.
    pub backends: Vec<Text>,
    /// Labels that select its Instances (a Kubernetes Service's selector).
    pub selector: Vec<(Text, Text)>,
    /// The Workload behind it, where the platform names it directly.
    pub workload: Option<(WorkloadKind, Text)>,
}
