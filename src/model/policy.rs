//! What somebody has to be allowed so that we can read, or change, what a Source holds: ready to be handed to the platform.

/// What a document allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Read,
    /// Beside reading: what the verbs need that change something.
    Change,
}

impl Purpose {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
        }
    }
}

/// A least-privilege policy in the platform's own language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `aws`, `kubernetes`, `rabbitmq`, `redis`.
    pub source: &'static str,
    pub purpose: Purpose,
    /// `json`, `yaml`, `commands`.
    pub format: &'static str,
    /// How it is put into force, in words.
    pub apply: &'static str,
    pub document: String,
}

impl Policy {
    /// What it is asked for by: `kubernetes-read`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.source, self.purpose.word())
    }
}
