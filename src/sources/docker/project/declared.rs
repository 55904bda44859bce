//! What a project's files declare, and how what runs differs from it.

use std::collections::BTreeMap;

use crate::model::{Drift, Text, Workload};
use crate::sources::docker::container::Container;

/// What the files of one project say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sources::docker) struct Declaration {
    pub(in crate::sources::docker) services: BTreeMap<Text, Declared>,
    /// What a person should know: where the files lie, or why they were not read.
    pub(in crate::sources::docker) note: Option<Text>,
}

/// What the files say of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sources::docker) struct Declared {
    pub(in crate::sources::docker) image: Option<Text>,
    pub(in crate::sources::docker) replicas: Option<u32>,
    /// Compose's own hash of the declaration, as it writes it on containers.
    pub(in crate::sources::docker) hash: Option<String>,
    /// Something says that it is meant to keep running: a restart policy, a health check, a port.
    pub(in crate::sources::docker) stays_up: bool,
}

/// The differences between the declaration and what runs.
pub(in crate::sources::docker) fn drift(
    declared: &Declared,
    containers: &[&Container],
    workload: &Workload,
) -> Vec<Drift> {
    let mut found = Vec::new();
    let mut differ = |what: &str, declared: Text, running: Text| {
        found.push(Drift { what: Text::name(what), declared, running });
    };
    if let Some(image) = &declared.image {
        for other in workload.images.iter().filter(|i| i.reference != *image) {
            differ("image", image.clone(), other.reference.clone());
        }
    }
    let is_job = workload.job.is_some();
    if let Some(replicas) = declared.replicas.filter(|n| !is_job && *n as usize != containers.len()) {
        differ("replicas", number(replicas as usize), number(containers.len()));
    }
    if let Some(hash) = &declared.hash {
        let mut others: Vec<&str> = containers
            .iter()
            .filter_map(|c| c.marks.compose.as_ref()?.config_hash.as_deref())
            .filter(|running| running != hash)
            .collect();
        others.sort_unstable();
        others.dedup();
        for other in others {
            differ("configuration", short(hash), short(other));
        }
    }
    found
}

fn number(n: usize) -> Text {
    Text::name(&n.to_string())
}

fn short(hash: &str) -> Text {
    Text::name(hash.get(..12).unwrap_or(hash))
}
