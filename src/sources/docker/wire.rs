//! The engine's JSON, read straight into the few fields that we keep. Every field may be missing, null, or from another
//! version (API 1.41 to today's), and no word of an enumeration is taken for granted.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer};

/// `null` counts as missing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// One container of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Listed {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) names: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) image: String,
    #[serde(rename = "ImageID", deserialize_with = "or_default")]
    pub(super) image_id: String,
    pub(super) created: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) ports: Vec<Port>,
    #[serde(deserialize_with = "or_default")]
    pub(super) network_settings: NetworkSettings,
    #[serde(deserialize_with = "or_default")]
    pub(super) labels: HashMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) state: String,
    /// `Up 3 minutes (healthy)`, `Exited (137) 3 minutes ago`.
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
}

/// A published port of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Port {
    #[serde(rename = "IP", deserialize_with = "or_default")]
    pub(super) ip: String,
    pub(super) private_port: Option<u16>,
    pub(super) public_port: Option<u16>,
    #[serde(rename = "Type", deserialize_with = "or_default")]
    pub(super) protocol: String,
}

/// One container, inspected.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Inspected {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) created: String,
    /// The image's id.
    #[serde(deserialize_with = "or_default")]
    pub(super) image: String,
    pub(super) restart_count: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub(super) state: State,
    #[serde(deserialize_with = "or_default")]
    pub(super) config: Config,
    #[serde(deserialize_with = "or_default")]
    pub(super) host_config: HostConfig,
    #[serde(deserialize_with = "or_default")]
    pub(super) network_settings: NetworkSettings,
    #[serde(deserialize_with = "or_default")]
    pub(super) mounts: Vec<Mount>,
}

/// One of `Mounts`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Mount {
    #[serde(rename = "Type", deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) source: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) destination: String,
    #[serde(rename = "RW", deserialize_with = "or_default")]
    pub(super) writable: bool,
}

/// `State` of an inspected container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct State {
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(rename = "OOMKilled", deserialize_with = "or_default")]
    pub(super) oom_killed: bool,
    pub(super) exit_code: Option<i64>,
    /// Why it could not be started.
    #[serde(deserialize_with = "or_default")]
    pub(super) error: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) started_at: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) finished_at: String,
    pub(super) health: Option<HealthState>,
}

/// `State.Health`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HealthState {
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) log: Vec<HealthRun>,
}

/// One run of the health check.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HealthRun {
    pub(super) exit_code: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) output: String,
}

/// `Config`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Config {
    #[serde(deserialize_with = "or_default")]
    pub(super) image: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) tty: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) labels: HashMap<String, String>,
    pub(super) healthcheck: Option<Healthcheck>,
    /// Seconds between the signal to stop and the kill.
    pub(super) stop_timeout: Option<u64>,
}

/// `Config.Healthcheck`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Healthcheck {
    #[serde(deserialize_with = "or_default")]
    pub(super) test: Vec<String>,
    /// Nanoseconds, as the next two.
    pub(super) interval: Option<u64>,
    pub(super) timeout: Option<u64>,
    pub(super) start_period: Option<u64>,
    pub(super) retries: Option<u32>,
}

/// `HostConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct HostConfig {
    #[serde(deserialize_with = "or_default")]
    pub(super) restart_policy: RestartPolicy,
    #[serde(deserialize_with = "or_default")]
    pub(super) memory: i64,
    #[serde(deserialize_with = "or_default")]
    pub(super) nano_cpus: i64,
    #[serde(deserialize_with = "or_default")]
    pub(super) cpu_quota: i64,
    #[serde(deserialize_with = "or_default")]
    pub(super) cpu_period: i64,
    #[serde(deserialize_with = "or_default")]
    pub(super) network_mode: String,
    /// What was asked for: `80/tcp` and where on the host; an empty host port leaves the choice to the engine.
    #[serde(deserialize_with = "or_default")]
    pub(super) port_bindings: HashMap<String, Option<Vec<Binding>>>,
}

/// `HostConfig.RestartPolicy`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RestartPolicy {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
}

/// `NetworkSettings`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NetworkSettings {
    /// `80/tcp` and where it is bound.
    #[serde(deserialize_with = "or_default")]
    pub(super) ports: HashMap<String, Option<Vec<Binding>>>,
    #[serde(deserialize_with = "or_default")]
    pub(super) networks: BTreeMap<String, Network>,
}

/// A network that a container is on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Network {
    #[serde(rename = "IPAddress", deserialize_with = "or_default")]
    pub(super) address: String,
    /// What was asked for.
    #[serde(rename = "IPAMConfig", deserialize_with = "or_default")]
    pub(super) asked: AskedAddress,
}

/// `IPAMConfig` of a network that a container is on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AskedAddress {
    #[serde(rename = "IPv4Address", deserialize_with = "or_default")]
    pub(super) v4: String,
    #[serde(rename = "IPv6Address", deserialize_with = "or_default")]
    pub(super) v6: String,
}

/// Where a port is bound on the host.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Binding {
    #[serde(deserialize_with = "or_default")]
    pub(super) host_ip: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) host_port: String,
}

/// One line of the events stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventLine {
    #[serde(rename = "Action", deserialize_with = "or_default")]
    pub(super) action: String,
    #[serde(rename = "Actor", deserialize_with = "or_default")]
    pub(super) actor: Actor,
    #[serde(rename = "timeNano")]
    pub(super) time_nano: Option<i64>,
    pub(super) time: Option<i64>,
}

/// Whom an event is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Actor {
    #[serde(rename = "ID", deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(rename = "Attributes", deserialize_with = "or_default")]
    pub(super) attributes: HashMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_be_missing_null_or_new() {
        let listed: Listed =
            serde_json::from_str(r#"{"Id":"a","Names":null,"State":"hovering","Labels":null,"New":{"x":1}}"#).unwrap();
        assert_eq!((listed.id.as_str(), listed.state.as_str(), listed.labels.len()), ("a", "hovering", 0));
        let inspected: Inspected = serde_json::from_str(r#"{"Id":"a","State":null,"Config":{"Labels":null}}"#).unwrap();
        assert!(inspected.state.health.is_none() && inspected.restart_count.is_none());
    }
}
