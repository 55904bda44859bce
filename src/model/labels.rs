//! The few labels (or tags) of a thing that assignment, ownership and linking read; the rest is never kept.

use serde::{Deserialize, Serialize};

use super::Text;

/// Prefixes and names of the labels and annotations that are kept, whatever the platform.
const KEPT: &[&str] = &[
    "quarterdeck.",
    "environment",
    "Environment",
    "env",
    "app",
    "app.kubernetes.io/",
    "helm.sh/chart",
    "meta.helm.sh/",
    "argocd.argoproj.io/instance",
    "argocd.argoproj.io/tracking-id",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
];

/// Whether a label named `key` is worth keeping. Names that end in `.` or `/` in the table are prefixes.
#[must_use]
pub fn is_kept(key: &str) -> bool {
    KEPT.iter().any(|k| if k.ends_with(['.', '/']) { key.starts_with(k) } else { key == *k })
}

/// Kept labels in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels(Box<[(Text, Text)]>);

impl Labels {
    /// Keeps what [`is_kept`] wants of `all`.
    pub fn keep<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut kept: Vec<_> =
            all.into_iter().filter(|(k, _)| is_kept(k)).map(|(k, v)| (Text::name(k), Text::name(v))).collect();
        kept.sort();
        Self(kept.into_boxed_slice())
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0.iter().find(|(k, _)| k.raw() == key).map(|(_, v)| v)
    }

    /// All kept labels.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
}
