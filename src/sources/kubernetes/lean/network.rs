//! Services and Ingresses (`k8s.io/api/core/v1`, `k8s.io/api/networking/v1`).

use std::collections::HashMap;

use prost::Message;
use serde::Deserialize;

use super::meta::Meta;

/// `ServicePort`.
#[derive(Clone, Copy, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ServicePort {
    #[prost(int32, tag = "3")]
    pub(crate) port: i32,
}

/// `ServiceSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceSpec {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ports: Vec<ServicePort>,
    #[prost(map = "string, string", tag = "2")]
    pub(crate) selector: HashMap<String, String>,
    #[prost(string, tag = "4")]
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[prost(string, tag = "10")]
    pub(crate) external_name: String,
}

/// `LoadBalancerIngress`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Entrance {
    #[prost(string, tag = "1")]
    pub(crate) ip: String,
    #[prost(string, tag = "2")]
    pub(crate) hostname: String,
}

/// `LoadBalancerStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct LoadBalancer {
    #[prost(message, repeated, tag = "1")]
    pub(crate) ingress: Vec<Entrance>,
}

/// `ServiceStatus`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceStatus {
    #[prost(message, optional, tag = "1")]
    pub(crate) load_balancer: Option<LoadBalancer>,
}

/// `Service`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Service {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<ServiceSpec>,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<ServiceStatus>,
}

/// `IngressServiceBackend`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct ServiceBackend {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

/// `IngressBackend`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Backend {
    #[prost(message, optional, tag = "4")]
    pub(crate) service: Option<ServiceBackend>,
}

/// `HTTPIngressPath`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Path {
    #[prost(message, optional, tag = "2")]
    pub(crate) backend: Option<Backend>,
}

/// `HTTPIngressRuleValue`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Paths {
    #[prost(message, repeated, tag = "1")]
    pub(crate) paths: Vec<Path>,
}

/// `IngressRuleValue`, which JSON writes without a level of its own.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RuleValue {
    #[prost(message, optional, tag = "1")]
    pub(crate) http: Option<Paths>,
}

/// `IngressRule`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Rule {
    #[prost(string, tag = "1")]
    pub(crate) host: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<RuleValue>,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Form {
            host: String,
            http: Option<Paths>,
        }
        let Form { host, http } = Form::deserialize(deserializer)?;
        Ok(Self { host, value: Some(RuleValue { http }) })
    }
}

/// `IngressTLS`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Tls {
    #[prost(string, repeated, tag = "1")]
    pub(crate) hosts: Vec<String>,
}

/// `IngressSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressSpec {
    #[prost(message, optional, tag = "1")]
    pub(crate) default_backend: Option<Backend>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) tls: Vec<Tls>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) rules: Vec<Rule>,
}

/// `Ingress`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Ingress {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<IngressSpec>,
}
