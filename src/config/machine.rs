//! What configuration looks at on this machine: the environment's variables and the home folder, taken once, so that a
//! test can hand in its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The variables and the home folder of the person who started us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub variables: BTreeMap<String, String>,
    pub home: Option<PathBuf>,
}

impl Machine {
    /// This process's own; variables that are not text are left out.
    #[must_use]
    pub fn here() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect(), home: etcetera::home_dir().ok() }
    }

    /// A variable that is set and not empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A folder named by a variable; a relative one is no answer, since the current directory decides nothing here.
    #[must_use]
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// A path below the home folder.
    #[must_use]
    pub fn in_home(&self, below: impl AsRef<Path>) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(below))
    }
}
