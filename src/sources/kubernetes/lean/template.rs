//! The pod template and its containers, as Workloads declare and pods carry them (`k8s.io/api/core/v1`).

use std::collections::HashMap;

use prost::Message;
use serde::{Deserialize, Deserializer};

/// `resource.Quantity`: text in protobuf, text or a number in JSON.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Quantity {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Self { text },
            other => Self { text: other.to_string() },
        })
    }
}

/// A probe: that it is there, and where it asks by HTTP.
#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default)]
pub(crate) struct Probe {
    #[prost(message, optional, tag = "1")]
    #[serde(flatten)]
    pub(crate) handler: Option<Handler>,
}

/// `ProbeHandler`: a message of its own in protobuf, written into the probe in JSON.
#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Handler {
    #[prost(message, optional, tag = "2")]
    pub(crate) http_get: Option<HttpGet>,
}

/// `HTTPGetAction`.
#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HttpGet {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) port: Option<Port>,
    #[prost(string, tag = "3")]
    pub(crate) host: String,
    #[prost(string, tag = "4")]
    pub(crate) scheme: String,
}

/// `intstr.IntOrString`: a port's number, or its name among the container's ports.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Port {
    #[prost(int32, tag = "2")]
    pub(crate) number: i32,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(name) => Self { number: 0, name },
            other => {
                Self { number: other.as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(0), name: String::new() }
            }
        })
    }
}

/// `ContainerPort`.
#[derive(Clone, PartialEq, Eq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerPort {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int32, tag = "3")]
    pub(crate) container_port: i32,
}

/// `ResourceRequirements`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Resources {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) limits: HashMap<String, Quantity>,
}

/// `Container`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) image: String,
    #[prost(message, repeated, tag = "6")]
    pub(crate) ports: Vec<ContainerPort>,
    #[prost(message, optional, tag = "8")]
    pub(crate) resources: Option<Resources>,
    #[prost(message, optional, tag = "11")]
    pub(crate) readiness_probe: Option<Probe>,
}

/// `PodSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PodSpec {
    #[prost(message, repeated, tag = "2")]
    pub(crate) containers: Vec<Container>,
    #[prost(string, tag = "3")]
    pub(crate) restart_policy: String,
    #[prost(string, tag = "10")]
    pub(crate) node_name: String,
}

impl PodSpec {
    /// Whether a readiness probe of any container can tell that it serves.
    #[must_use]
    pub(crate) fn probed(&self) -> bool {
        self.containers.iter().any(|c| c.readiness_probe.is_some())
    }
}

impl Container {
    /// What its readiness probe asks of the pod itself: path, port, and whether by TLS.
    fn ready_path(&self) -> Option<(&str, u16, bool)> {
        let http = self.readiness_probe.as_ref()?.handler.as_ref()?.http_get.as_ref()?;
        let port = http.port.as_ref()?;
        let named = || self.ports.iter().find(|known| known.name == port.name).map(|known| known.container_port);
        let number = if port.name.is_empty() { port.number } else { named()? };
        let number = u16::try_from(number).ok().filter(|number| *number > 0)?;
        http.host.is_empty().then_some((http.path.as_str(), number, http.scheme.eq_ignore_ascii_case("https")))
    }
}

impl PodSpec {
    /// What the first readiness probe by HTTP asks.
    #[must_use]
    pub(crate) fn ready_path(&self) -> Option<(&str, u16, bool)> {
        self.containers.iter().find_map(Container::ready_path)
    }
}

/// `PodTemplateSpec`.
#[derive(Clone, PartialEq, Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Template {
    #[prost(message, optional, tag = "2")]
    pub(crate) spec: Option<PodSpec>,
}
