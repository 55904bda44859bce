//! The containers of one Workload as an operation sees them: read afresh from the engine, each with what stands in the
//! way of a second one beside it.

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};

use crate::model::{CheckState, Image, Text, WorkloadKind};
use crate::sources::docker::connect::Client;
use crate::sources::docker::container::{Container, Stage};
use crate::sources::docker::convert::image;
use crate::sources::docker::events::percent;
use crate::sources::docker::wire::{Inspected, Listed};
use crate::sources::port::{Failure, FailureKind};

/// Requests at once.
const AT_ONCE: usize = 4;
/// What the engine waits for after the signal to stop where nothing is declared, seconds.
const STOP_SECONDS: u64 = 10;
/// How long a new Instance may take to get healthy, whatever its check declares.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(45), Duration::from_secs(900));

/// One container.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) container: Container,
    pub(super) image: Image,
    pub(super) body: Body,
}

/// What of its making matters to an operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Body {
    /// Why there cannot be a second one beside it, in words.
    pub(super) alone: Option<String>,
    /// A volume or folder that it writes to and that a second one would write to as well.
    pub(super) writes: Option<String>,
    /// It has a volume without a name, which another container would not get.
    pub(super) nameless: bool,
    pub(super) stop_seconds: u64,
    /// How long it may take to get healthy.
    pub(super) patience: Duration,
}

impl Row {
    /// The number that Compose gave it.
    pub(super) fn number(&self) -> u32 {
        self.container.marks.compose.as_ref().and_then(|marks| marks.number).unwrap_or(0)
    }

    /// Whether its process is there.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.container.stage, Stage::Running | Stage::Paused | Stage::Restarting)
    }

    /// Whether it is being removed.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.container.stage, Stage::Leaving | Stage::Dead)
    }

    /// Whether it ran once and does so no more, or never did.
    pub(super) fn is_down(&self) -> bool {
        self.container.stage.has_ended() || self.container.stage == Stage::Created
    }

    /// How a person calls it: its name and the beginning of its id.
    pub(super) fn called(&self) -> String {
        format!("{} ({})", self.container.name, self.container.id.get(..12).unwrap_or(&self.container.id))
    }

    /// Why it does not serve, in the engine's words.
    pub(super) fn trouble(&self) -> Option<Text> {
        let container = &self.container;
        let detail = container.detail.as_ref()?;
        let words = match container.stage {
            Stage::Running | Stage::Paused if container.check == CheckState::Failing => {
                let said = detail.check_output.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
                format!("its health check fails{said}")
            }
            Stage::Running => return None,
            Stage::Paused => "paused".to_owned(),
            Stage::Restarting => {
                let code = container.exit_code.map(|code| format!(" with {code}")).unwrap_or_default();
                format!("exited{code} and is started again and again")
            }
            Stage::Created => match &detail.start_error {
                Some(error) => format!("could not start: {error}"),
                None => "not started".to_owned(),
            },
            Stage::Leaving => "being removed".to_owned(),
            Stage::Exited | Stage::Dead | Stage::Unknown => {
                crate::sources::docker::convert::ending(container, detail).unwrap_or_else(|| "ended".to_owned())
            }
        };
        Some(Text::line(&words))
    }
}

/// Reads every container of a Compose service, or the lone container of that name, in the order of their numbers. What
/// the watch leaves out (`docker compose run`, hooks) is left out here.
///
/// # Errors
/// Where any of them cannot be read: a part is no answer.
pub(super) async fn rows(client: &Client, kind: WorkloadKind, scope: &str, name: &str) -> Result<Vec<Row>, Failure> {
    let filters = if kind == WorkloadKind::Container {
        serde_json::json!({ "name": [format!("^/{name}$")] })
    } else {
        let label = |key: &str, value: &str| format!("com.docker.compose.{key}={value}");
        serde_json::json!({ "label": [label("project", scope), label("service", name)] })
    };
    let is_ours = |container: &Container| match &container.marks.compose {
        Some(marks) => kind == WorkloadKind::ComposeService && !marks.aside,
        None => kind == WorkloadKind::Container && container.name.raw() == name,
    };
    let listed = list(client, &filters).await?;
    let wanted: Vec<String> = listed.into_iter().filter(is_ours).map(|container| container.id).collect();
    let mut read = futures::stream::iter(wanted)
        .map(|id| async move { client.get::<Inspected>(&format!("/containers/{id}/json")).await })
        .buffered(AT_ONCE);
    let mut inspected = Vec::new();
    while let Some(row) = read.next().await {
        match row {
            Ok(row) => inspected.push((Container::inspected(&row), body(&row))),
            // It went between the list and this.
            Err(failure) if failure.kind == FailureKind::Absent => {}
            Err(failure) => return Err(failure),
        }
    }
    let digests = digests(client, &inspected).await?;
    let mut rows: Vec<Row> = inspected
        .into_iter()
        .map(|(container, body)| Row { image: image::of(&container, &digests), container, body })
        .collect();
    rows.sort_by_key(|row| (row.number(), row.container.created_at));
    Ok(rows)
}

/// The containers that pass the engine's filters.
///
/// # Errors
/// Where they cannot be listed.
pub(super) async fn list(client: &Client, filters: &serde_json::Value) -> Result<Vec<Container>, Failure> {
    let path = format!("/containers/json?all=true&filters={}", percent(&filters.to_string()));
    let rows: Vec<Listed> = client.get(&path).await?;
    Ok(rows.iter().filter(|row| !row.id.is_empty()).map(Container::listed).collect())
}

/// Repository digests of the images that they run.
async fn digests(client: &Client, rows: &[(Container, Body)]) -> Result<HashMap<String, Vec<String>>, Failure> {
    let mut ids: Vec<String> = rows.iter().map(|(container, _)| container.image_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| !id.is_empty());
    futures::stream::iter(ids)
        .map(|id| async move {
            match client.image(&id).await {
                Ok(image) => Ok((id, image.repo_digests.unwrap_or_default())),
                // Removed by force while a container runs it.
                Err(failure) if failure.kind == FailureKind::Absent => Ok((id, Vec::new())),
                Err(failure) => Err(failure),
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

fn body(row: &Inspected) -> Body {
    let check = row.config.healthcheck.as_ref();
    let patience = check.map_or(PATIENCE.0, |check| {
        let span =
            |given: Option<u64>, or: u64| Duration::from_nanos(given.filter(|n| *n > 0).unwrap_or(or * 1_000_000_000));
        let one = span(check.interval, 30) + span(check.timeout, 30);
        let rounds = check.retries.filter(|n| *n > 0).unwrap_or(3).min(100) + 2;
        (span(check.start_period, 1) + one * rounds + Duration::from_secs(15)).clamp(PATIENCE.0, PATIENCE.1)
    });
    Body {
        alone: alone(row),
        writes: row.mounts.iter().find(|mount| is_shared(mount)).map(|mount| {
            let what = if mount.kind == "volume" { &mount.name } else { &mount.source };
            format!("it writes to {what}")
        }),
        nameless: row.mounts.iter().any(|mount| mount.kind == "volume" && is_nameless(&mount.name)),
        stop_seconds: row.config.stop_timeout.unwrap_or(STOP_SECONDS),
        patience,
    }
}

/// What only one container can have: a port of the host, its network, an address, a name.
fn alone(row: &Inspected) -> Option<String> {
    let bindings = row.host_config.port_bindings.values().flatten().flatten();
    // `8000-8010` leaves the engine a choice.
    if let Some(port) =
        bindings.map(|b| &b.host_port).find(|port| !matches!(port.as_str(), "" | "0") && !port.contains('-'))
    {
        return Some(format!("it has port {port} of the host"));
    }
    if row.host_config.network_mode == "host" {
        return Some("it uses the network of the host".to_owned());
    }
    if row.network_settings.networks.values().any(|n| !n.asked.v4.is_empty() || !n.asked.v6.is_empty()) {
        return Some("it has an address of its own".to_owned());
    }
    let name = row.name.trim_start_matches('/');
    let label = |key: &str| row.config.labels.get(&format!("com.docker.compose.{key}")).map(String::as_str);
    let (project, service, number) = (label("project")?, label("service")?, label("container-number")?);
    let usual = ['-', '_'].map(|dash| format!("{project}{dash}{service}{dash}{number}"));
    (!usual.iter().any(|usual| usual == name)).then(|| format!("its name `{name}` is its own"))
}

/// Whether a second container beside it would write to the same place. Sockets are no such place.
fn is_shared(mount: &crate::sources::docker::wire::Mount) -> bool {
    let is_data = match mount.kind.as_str() {
        "volume" => !is_nameless(&mount.name),
        "bind" => !is_socket(&mount.source) && !mount.destination.starts_with("/etc/"),
        _ => false,
    };
    is_data && mount.writable
}

fn is_socket(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| end == "sock")
}

/// Compose and the engine give a volume without a name 64 digits.
fn is_nameless(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(value: Value) -> Body {
        body(&serde_json::from_value(value).unwrap())
    }

    #[test]
    fn what_only_one_container_can_have_is_seen() {
        let why = |value| of(value).alone.unwrap_or_default();
        let port = |port: &str| json!({ "HostConfig": { "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": port }] } } });
        assert_eq!(why(port("8080")), "it has port 8080 of the host");
        assert_eq!((why(port("")), why(port("8000-8010"))), (String::new(), String::new()));
        assert!(why(json!({ "HostConfig": { "NetworkMode": "host" } })).contains("network of the host"));
        let address =
            json!({ "NetworkSettings": { "Networks": { "n": { "IPAMConfig": { "IPv4Address": "10.0.0.9" } } } } });
        assert!(why(address).contains("address"));
        let named = |name: &str| {
            let labels = json!({ "com.docker.compose.project": "p", "com.docker.compose.service": "web", "com.docker.compose.container-number": "1" });
            json!({ "Name": name, "Config": { "Labels": labels } })
        };
        assert_eq!((why(named("/p-web-1")), why(named("/p_web_1"))), (String::new(), String::new()));
        assert_eq!(why(named("/shop")), "its name `shop` is its own");
    }

    #[test]
    fn volumes_that_two_would_write_to_and_those_without_a_name_are_told_apart() {
        let mount = |kind: &str, name: &str, source: &str, rw: bool| {
            of(
                json!({ "Mounts": [{ "Type": kind, "Name": name, "Source": source, "Destination": "/data", "RW": rw }] }),
            )
        };
        assert_eq!(mount("volume", "p_data", "/var/x", true).writes.as_deref(), Some("it writes to p_data"));
        assert_eq!(mount("volume", "p_data", "/var/x", false).writes, None);
        assert_eq!(mount("bind", "", "/srv/data", true).writes.as_deref(), Some("it writes to /srv/data"));
        assert_eq!(mount("bind", "", "/var/run/docker.sock", true).writes, None);
        let nameless = mount("volume", &"a1".repeat(32), "/var/x", true);
        assert!(nameless.nameless && nameless.writes.is_none());
    }

    #[test]
    fn the_patience_for_a_new_instance_follows_its_health_check_within_bounds() {
        let check = |interval: u64, start: u64| {
            let seconds = 1_000_000_000;
            json!({ "Config": { "StopTimeout": 30, "Healthcheck": { "Test": ["CMD"], "Interval": interval * seconds, "Timeout": seconds, "Retries": 2, "StartPeriod": start * seconds } } })
        };
        assert_eq!(of(check(1, 0)).patience, Duration::from_secs(45));
        assert_eq!(of(check(30, 60)).patience, Duration::from_secs(60 + 31 * 4 + 15));
        assert_eq!(of(check(300, 0)).patience, Duration::from_secs(900));
        assert_eq!((of(check(1, 0)).stop_seconds, of(json!({})).stop_seconds), (30, 10));
    }
}
