//! What a project's files declare, and how what runs differs from it.

use std::collections::BTreeMap;

use super::compose::Tool;
use crate::model::{Drift, Image, Text, Workload};
use crate::sources::docker::container::Container;
use crate::sources::docker::pin::Found;

/// What the files of one project say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::sources::docker) struct Declaration {
    pub(in crate::sources::docker) services: BTreeMap<Text, Declared>,
    /// What a person should know: where the files lie, or why they were not read.
    pub(in crate::sources::docker) note: Option<Text>,
    /// The Compose that was asked; `None`: there was none, or the files were not read.
    pub(in crate::sources::docker) tool: Option<Tool>,
    /// Variables of the files are set only where somebody ran `up`: what Compose would make of them is a guess.
    pub(in crate::sources::docker) guessed: bool,
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
    /// Our pin of its image.
    pub(in crate::sources::docker) pin: Option<Found>,
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
    if let Some(found) = &declared.pin {
        let words = format!("pinned by Quarterdeck to {}", found.pin.exact());
        let others: Vec<&Image> = workload.images.iter().filter(|image| !found.pin.is_of(image)).collect();
        let strangers = containers.iter().filter(|c| !c.has_pin(&found.path)).count();
        match (others.first(), strangers) {
            (Some(other), _) => {
                let runs = format!("{} runs: changed by someone else", exact(other));
                differ("pin", Text::line(&words), Text::line(&runs));
            }
            // The bytes are the same, and the next one who looks at the files gets others.
            (None, 1..) => {
                let runs = format!("{strangers} made without the pin: changed by someone else");
                differ("pin", Text::line(&words), Text::line(&runs));
            }
            (None, 0) => {
                let declared = declared.image.clone().unwrap_or_else(|| Text::name("another image"));
                differ("image", declared, Text::line(&words));
            }
        }
    } else if let Some(image) = &declared.image {
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

/// The image by what says which bytes it is, where that is known.
fn exact(image: &Image) -> &Text {
    image.digest.as_ref().or(image.id.as_ref()).unwrap_or(&image.reference)
}

fn number(n: usize) -> Text {
    Text::name(&n.to_string())
}

fn short(hash: &str) -> Text {
    Text::name(hash.get(..12).unwrap_or(hash))
}
