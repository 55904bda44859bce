//! What the registry needs to open a Source: its name and how to reach it. Secrets are not kept here, only where they lie.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{CheckSpec, Queries, SecretPlace, SourceName, Timestamp};

/// The kinds of Sources; the word stands in JSON and on the Sources screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Docker,
    Kubernetes,
    Aws,
    #[serde(rename = "rabbitmq")]
    RabbitMq,
    Redis,
    Prometheus,
    Alertmanager,
    /// The health checks that we run ourselves.
    Checks,
    Demo,
}

impl SourceKind {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
            Self::Aws => "aws",
            Self::RabbitMq => "rabbitmq",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Checks => "checks",
            Self::Demo => "demo",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A server that is reached by URL, with what it takes to be let in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Without credentials: those stand beside it.
    pub url: String,
    pub user: Option<String>,
    pub password: Option<SecretPlace>,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// How a Source is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// A Docker engine at `unix://…`, `tcp://…` or `ssh://…`.
    Docker {
        url: String,
        /// A folder with `ca.pem`, `cert.pem` and `key.pem` for `tcp://` with TLS (`DOCKER_CERT_PATH`).
        tls: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    },
    /// One context of the kubeconfig files, in their order of precedence.
    Kubernetes {
        context: String,
        kubeconfig: Vec<PathBuf>,
        /// Namespaces to watch (`*` allowed at the end); empty: all that may be read.
        namespaces: Vec<String>,
        /// Login plugins allowed beside the built-in list.
        allow_exec: Vec<String>,
        ca_file: Option<PathBuf>,
    },
    /// One profile of the AWS configuration, in one region.
    Aws {
        profile: String,
        /// `None`: the profile's own.
        region: Option<String>,
        /// ECS clusters to read (`*` allowed at the end); empty: all.
        clusters: Vec<String>,
        /// SQS queues to read (`*` allowed at the end); empty: all.
        queues: Vec<String>,
        /// A file of profiles instead of the usual ones.
        config_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    },
    /// The management API of a RabbitMQ broker.
    #[serde(rename = "rabbitmq")]
    RabbitMq {
        endpoint: Endpoint,
        /// Virtual hosts to read; empty: all that may be read.
        vhosts: Vec<String>,
        /// Queues to read (`*` allowed at the end); empty: all.
        queues: Vec<String>,
    },
    /// A Redis (or Valkey) server, with the queues that lie in it.
    Redis {
        endpoint: Endpoint,
        /// Names of BullMQ queues; empty, with no Celery queue named either: they are looked for.
        bullmq: Vec<String>,
        celery: Vec<String>,
    },
    Prometheus {
        endpoint: Endpoint,
        /// What it is asked about Services, instead of the built-in queries.
        #[serde(default)]
        queries: Queries,
    },
    Alertmanager {
        endpoint: Endpoint,
    },
    /// The health checks that we run ourselves: those of the configuration; others are found while it runs.
    Checks {
        checks: Vec<CheckSpec>,
    },
    /// The simulated world; `site` is one of its simulated Sources, `start` the moment at which its story began. Story
    /// time is what the engine's clock shows minus `start`: a clock that stands still freezes the whole world.
    Demo {
        seed: u64,
        site: String,
        start: Timestamp,
        /// Where what people change in this world is kept for all processes; `None`: in this process alone.
        #[serde(default)]
        changes: Option<PathBuf>,
        /// The clock stands still at this moment: what is changed is taken to have been done long enough ago.
        #[serde(default)]
        still: Option<Timestamp>,
    },
}

/// A Source to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSpec {
    pub name: SourceName,
    pub connection: Connection,
    /// Connect at start; else it is listed and one key away.
    pub connect: bool,
    /// How it was found: `config`, `DOCKER_HOST`, `kubeconfig`, … for the Sources screen and `init`.
    pub found_by: String,
    /// Whole seconds that one request may take; `None`: the Source's default.
    pub timeout_seconds: Option<u32>,
}

impl SourceSpec {
    /// What the Source of the Checks is called.
    pub const CHECKS: &str = "checks";

    /// The Source that runs these Checks, and those that are found.
    #[must_use]
    pub fn checks(checks: Vec<CheckSpec>) -> Self {
        let found_by = if checks.is_empty() { "what was found" } else { "config" };
        Self {
            name: SourceName::new(Self::CHECKS),
            connection: Connection::Checks { checks },
            connect: true,
            found_by: found_by.to_owned(),
            timeout_seconds: None,
        }
    }

    /// The kind of Source that this opens.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self.connection {
            Connection::Docker { .. } => SourceKind::Docker,
            Connection::Kubernetes { .. } => SourceKind::Kubernetes,
            Connection::Aws { .. } => SourceKind::Aws,
            Connection::RabbitMq { .. } => SourceKind::RabbitMq,
            Connection::Redis { .. } => SourceKind::Redis,
            Connection::Prometheus { .. } => SourceKind::Prometheus,
            Connection::Alertmanager { .. } => SourceKind::Alertmanager,
            Connection::Checks { .. } => SourceKind::Checks,
            Connection::Demo { .. } => SourceKind::Demo,
        }
    }
}
