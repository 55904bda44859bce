//! How careful one must be with an Environment.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The tier of an Environment; `unknown` is guarded as production.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Dev,
    Staging,
    Production,
    #[default]
    Unknown,
}

impl Tier {
    /// The tier that a word in a name speaks of (DESIGN section 4, rule 4).
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "dev" | "develop" | "development" => Some(Self::Dev),
            "stag" | "stage" | "staging" | "qa" | "uat" => Some(Self::Staging),
            "prod" | "production" | "live" => Some(Self::Production),
            _ => None,
        }
    }

    /// The word for it in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
