//! The configuration resolved: what the rest of the program reads.

use std::path::PathBuf;

use super::{Paths, Problem};
use crate::action::Rulebook;
use crate::fleet::Rules;
use crate::model::SourceSpec;

/// Everything that was decided, with defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Sources to open: the configured ones in their order, then the discovered ones.
    pub sources: Vec<SourceSpec>,
    pub rules: Rules,
    /// What is asked of changes.
    pub rulebook: Rulebook,
    pub ui: Ui,
    /// What discovery tried, and what came of it.
    pub tried: Vec<Attempt>,
    /// What works but should be known.
    pub warnings: Vec<Problem>,
    /// The file that was read; `None`: there is none.
    pub file: Option<PathBuf>,
    /// `None`: no home folder and no XDG variables.
    pub paths: Option<Paths>,
}

impl Settings {
    /// The folder where `keymap.toml` and `themes/` lie: beside the config file.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        let beside = self.file.as_ref().and_then(|file| file.parent()).map(PathBuf::from);
        beside.or_else(|| self.paths.as_ref().map(|paths| paths.config.clone()))
    }
}

/// How the screen looks and behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ui {
    /// A theme's name; `auto`: by the terminal.
    pub theme: String,
    pub mouse: bool,
    pub reduced_motion: bool,
    /// `None`: by the locale.
    pub ascii: Option<bool>,
}

/// One place where discovery looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The place: a path, a variable.
    pub place: String,
    /// What was found there, or why nothing.
    pub outcome: String,
    pub found: bool,
}

impl Attempt {
    /// A place that gave a Source.
    #[must_use]
    pub fn hit(place: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self { place: place.into(), outcome: outcome.into(), found: true }
    }

    /// A place that gave none, and why.
    #[must_use]
    pub fn miss(place: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self { place: place.into(), outcome: outcome.into(), found: false }
    }
}
