//! Where a secret lies. The secret itself is read by the Source that needs it, at the moment of need, and kept nowhere else.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The place of a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// An environment variable.
    Env(String),
    /// A file; its last line break is left out.
    File(PathBuf),
    /// A program and its arguments; no shell stands between.
    Command(Vec<String>),
    /// It stands in this key path of the config file in clear (`source.3.password`): it is read from there again.
    Config { file: PathBuf, path: String },
}

/// Which place, never what lies there.
impl fmt::Debug for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(argv) => write!(f, "command {}", argv.first().map_or("", String::as_str)),
            Self::Config { file, path } => write!(f, "{path} in {}", file.display()),
        }
    }
}
