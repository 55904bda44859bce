//! What the registry needs to open a Source: its name and how to reach it. Secrets are not kept here, only where they lie.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{SourceName, Timestamp};

/// The kinds of Sources; the word stands in JSON and on the Sources screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Docker,
    Kubernetes,
    Demo,
}

impl SourceKind {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Kubernetes => "kubernetes",
            Self::Demo => "demo",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
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
    /// The simulated world; `site` is one of its simulated Sources, `start` the moment at which its story began. Story
    /// time is what the engine's clock shows minus `start`: a clock that stands still freezes the whole world.
    Demo { seed: u64, site: String, start: Timestamp },
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
    /// The kind of Source that this opens.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self.connection {
            Connection::Docker { .. } => SourceKind::Docker,
            Connection::Kubernetes { .. } => SourceKind::Kubernetes,
            Connection::Demo { .. } => SourceKind::Demo,
        }
    }
}
