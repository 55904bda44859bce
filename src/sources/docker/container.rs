//! One container as we keep it: what the list tells of all, and what an inspection adds.

use std::collections::{BTreeSet, HashMap};

use super::compose::{self, Marks};
use super::wire::{Inspected, Listed, NetworkSettings, Port};
use crate::model::{CheckState, Text, Timestamp, redact};

/// Where the engine says that a container is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Created,
    Running,
    Paused,
    Restarting,
    Leaving,
    Exited,
    Dead,
    Unknown,
}

impl Stage {
    fn of(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "removing" | "stopping" => Self::Leaving,
            "exited" => Self::Exited,
            "dead" => Self::Dead,
            _ => Self::Unknown,
        }
    }

    /// Whether its process has ended and nobody starts it again.
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Exited | Self::Dead)
    }
}

/// A container.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: Text,
    /// The image as somebody wrote it, and the id that it had then.
    pub(super) reference: String,
    pub(super) image_id: String,
    pub(super) marks: Marks,
    pub(super) stage: Stage,
    pub(super) check: CheckState,
    pub(super) exit_code: Option<i32>,
    pub(super) created_at: Option<Timestamp>,
    /// TCP ports of the host, with the address where it is one of them only.
    pub(super) ports: Vec<(u16, Option<Text>)>,
    /// Its own address on the first of its networks, and the TCP ports that its image opens there.
    pub(super) address: Option<Text>,
    pub(super) inner: Vec<u16>,
    pub(super) detail: Option<Detail>,
}

/// What only an inspection tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Detail {
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) out_of_memory: bool,
    pub(super) start_error: Option<Text>,
    pub(super) restarts: u32,
    /// The engine starts it again by itself whatever its exit code is (`always`, `unless-stopped`).
    pub(super) kept_up: bool,
    pub(super) has_check: bool,
    pub(super) check_output: Option<Text>,
    pub(super) memory_limit: Option<u64>,
    pub(super) cpu_limit: Option<u32>,
    pub(super) tty: bool,
}

impl Container {
    /// From the list: enough for a first picture.
    pub(super) fn listed(row: &Listed) -> Self {
        let stage = Stage::of(&row.state);
        // A container that others link to has names like `/other/alias` beside its own.
        let own = row.names.iter().find(|n| !n[1.min(n.len())..].contains('/')).or(row.names.first());
        let name = own.map_or(short(&row.id), |n| n.trim_start_matches('/'));
        Self {
            id: row.id.clone(),
            name: Text::name(name),
            reference: row.image.clone(),
            image_id: row.image_id.clone(),
            marks: compose::read(&row.labels),
            stage,
            check: check_in_words(stage, &row.status),
            exit_code: exit_in_words(&row.status),
            created_at: row.created.and_then(|s| Timestamp::from_second(s).ok()),
            ports: published(&row.ports),
            address: address(&row.network_settings),
            inner: inner(row.ports.iter().filter(|p| p.protocol != "udp").filter_map(|p| p.private_port)),
            detail: None,
        }
    }

    /// From an inspection: whole.
    pub(super) fn inspected(row: &Inspected) -> Self {
        let stage = Stage::of(&row.state.status);
        let detail = detail(row);
        let check = match (&row.state.health, stage) {
            _ if !detail.has_check => CheckState::Absent,
            (Some(health), Stage::Running | Stage::Paused) => match health.status.as_str() {
                "healthy" => CheckState::Passing,
                "unhealthy" => CheckState::Failing,
                "starting" => CheckState::Starting,
                _ => CheckState::Unknown,
            },
            _ => CheckState::Unknown,
        };
        let ran = !matches!(stage, Stage::Created | Stage::Running | Stage::Paused);
        Self {
            id: row.id.clone(),
            name: Text::name(row.name.trim_start_matches('/')),
            reference: row.config.image.clone(),
            image_id: row.image.clone(),
            marks: compose::read(&row.config.labels),
            stage,
            check,
            exit_code: row.state.exit_code.filter(|_| ran).and_then(|code| i32::try_from(code).ok()),
            created_at: time(&row.created),
            ports: bound(row),
            address: address(&row.network_settings),
            inner: inner(row.network_settings.ports.keys().filter_map(|name| name.strip_suffix("/tcp")?.parse().ok())),
            detail: Some(detail),
        }
    }

    /// Whether Compose made it with that override file.
    pub(super) fn has_pin(&self, path: &str) -> bool {
        self.marks.compose.as_ref().is_some_and(|marks| marks.config_files.iter().any(|file| file == path))
    }

    /// Whether a row of the list says something that the last inspection did not know.
    pub(super) fn differs_from(&self, listed: &Self) -> bool {
        self.stage != listed.stage
            || self.name != listed.name
            || self.stage == Stage::Running && self.check != listed.check
            || self.stage.has_ended() && self.exit_code != listed.exit_code
    }
}

fn detail(row: &Inspected) -> Detail {
    let test = row.config.healthcheck.as_ref().map(|check| check.test.as_slice()).unwrap_or_default();
    let health = row.state.health.as_ref();
    // An image's own check does not stand in `Config.Healthcheck` of every version, but then there is a health state.
    let has_check = match test.first().map(String::as_str) {
        Some("NONE") => false,
        Some(_) => true,
        None => health.is_some_and(|h| !matches!(h.status.as_str(), "" | "none")),
    };
    let failed = health.and_then(|h| h.log.iter().rev().find(|run| run.exit_code != Some(0)));
    let said = failed.map(|run| run.output.trim()).filter(|said| !said.is_empty());
    Detail {
        started_at: time(&row.state.started_at),
        finished_at: time(&row.state.finished_at),
        out_of_memory: row.state.oom_killed,
        start_error: Some(row.state.error.as_str()).filter(|e| !e.is_empty()).map(masked),
        restarts: row.restart_count.unwrap_or(0),
        kept_up: matches!(row.host_config.restart_policy.name.as_str(), "always" | "unless-stopped"),
        has_check,
        check_output: said.map(masked),
        memory_limit: u64::try_from(row.host_config.memory).ok().filter(|bytes| *bytes > 0),
        cpu_limit: cpu_limit(row),
        tty: row.config.tty,
    }
}

/// Thousandths of a core: `--cpus`, or quota per period.
fn cpu_limit(row: &Inspected) -> Option<u32> {
    let host = &row.host_config;
    if host.nano_cpus > 0 {
        return u32::try_from(host.nano_cpus / 1_000_000).ok();
    }
    let period = if host.cpu_period > 0 { host.cpu_period } else { 100_000 };
    (host.cpu_quota > 0).then(|| u32::try_from(host.cpu_quota.saturating_mul(1000) / period).ok()).flatten()
}

/// `(healthy)`, `(unhealthy)`, `(health: starting)` in the status of a running container.
fn check_in_words(stage: Stage, status: &str) -> CheckState {
    match stage {
        Stage::Running | Stage::Paused if status.contains("(healthy)") => CheckState::Passing,
        Stage::Running | Stage::Paused if status.contains("(unhealthy)") => CheckState::Failing,
        Stage::Running | Stage::Paused if status.contains("(health: starting)") => CheckState::Starting,
        Stage::Running => CheckState::Absent,
        _ => CheckState::Unknown,
    }
}

/// `Exited (137) 3 minutes ago`, `Restarting (1) 4 seconds ago`.
fn exit_in_words(status: &str) -> Option<i32> {
    let rest = ["Exited (", "Restarting ("].iter().find_map(|start| status.strip_prefix(start))?;
    rest.split(')').next()?.parse().ok()
}

fn published(ports: &[Port]) -> Vec<(u16, Option<Text>)> {
    let tcp = ports.iter().filter(|port| port.protocol != "udp");
    sorted(tcp.filter_map(|port| Some((port.public_port?, one_address(&port.ip)))).collect())
}

fn bound(row: &Inspected) -> Vec<(u16, Option<Text>)> {
    let ports: &HashMap<_, _> = &row.network_settings.ports;
    let tcp = ports.iter().filter(|(name, _)| !name.ends_with("/udp")).filter_map(|(_, bindings)| bindings.as_ref());
    sorted(tcp.flatten().filter_map(|b| Some((b.host_port.parse().ok()?, one_address(&b.host_ip)))).collect())
}

fn address(settings: &NetworkSettings) -> Option<Text> {
    settings.networks.values().map(|network| &network.address).find(|a| !a.is_empty()).map(|a| Text::name(a))
}

fn inner(ports: impl Iterator<Item = u16>) -> Vec<u16> {
    ports.collect::<BTreeSet<u16>>().into_iter().collect()
}

fn sorted(mut ports: Vec<(u16, Option<Text>)>) -> Vec<(u16, Option<Text>)> {
    ports.sort();
    ports.dedup();
    ports
}

fn one_address(ip: &str) -> Option<Text> {
    (!matches!(ip, "" | "0.0.0.0" | "::")).then(|| Text::name(ip))
}

/// The engine writes the year 1 where something has not happened.
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|t| t.as_second() > 0)
}

fn masked(text: &str) -> Text {
    Text::line(&redact::mask(text))
}

/// The first twelve digits: how people call a container that has no name.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
