//! What a change is aimed at: one Workload as it was read for a Plan, with everything whose moving must stop the Plan.

use serde::{Deserialize, Serialize};

use super::{Image, Key, Owner, Platform, Text, WorkloadKind};

/// A Workload by an authoritative read of its platform, not by what a watch told some time ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub key: Key,
    pub platform: Platform,
    pub kind: WorkloadKind,
    /// Namespace, Compose project or ECS cluster.
    pub scope: Text,
    pub name: Text,
    /// The platform's own identity: another under the same name is another thing. `None`: the platform has none (a
    /// Compose service); then `instances` pins it.
    pub uid: Option<Text>,
    /// `resourceVersion`, or the id of the ECS deployment: it moves with each write.
    pub version: Option<Text>,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    pub images: Vec<Image>,
    /// Ids of the Instances, sorted; only where no version pins the Workload.
    pub instances: Vec<Text>,
    pub owners: Vec<Owner>,
    pub paused: bool,
}

/// One thing that is not as the Plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What moved: `uid`, `version`, `desired`, `images`, `instances`, `owners`, `paused`.
    pub what: Text,
    pub planned: Text,
    pub found: Text,
}

impl Target {
    /// What differs between the Plan's target and the same read again (SAFETY G2). Readiness may move by itself and does
    /// not count; a version counts only where everything that it stands for looks the same, so that the words tell what
    /// happened.
    #[must_use]
    pub fn moved(&self, found: &Self) -> Vec<Moved> {
        let list = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        let number = |n: Option<u32>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
        let word = |text: &Option<Text>| text.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let images = |target: &Self| list(target.images.iter().map(exact).collect());
        let instances = |target: &Self| list(target.instances.iter().map(ToString::to_string).collect());
        let owners = |target: &Self| list(target.owners.iter().map(|o| format!("{} {}", o.kind, o.name)).collect());
        let of = |what: &str, planned: String, found: String| {
            (planned != found).then(|| Moved {
                what: Text::name(what),
                planned: Text::line(&planned),
                found: Text::line(&found),
            })
        };
        let mut moved: Vec<Moved> = [
            of("uid", word(&self.uid), word(&found.uid)),
            of("desired", number(self.desired), number(found.desired)),
            of("images", images(self), images(found)),
            of("instances", instances(self), instances(found)),
            of("owners", owners(self), owners(found)),
            of("paused", self.paused.to_string(), found.paused.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if moved.is_empty() {
            moved.extend(of("version", word(&self.version), word(&found.version)));
        }
        moved
    }
}

/// The image by what says which bytes it is, where the platform tells.
fn exact(image: &Image) -> String {
    image.digest.as_ref().or(image.id.as_ref()).unwrap_or(&image.reference).to_string()
}

/// A change of one Workload, as `operate` performs it: by compare-and-swap against the [`Target`] that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Scale {
        to: u32,
    },
    /// Replace every Instance by one of the same declaration, without taking all away at once.
    Restart,
}

/// What became of an operation (SAFETY G6): a lost reply is not a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The platform took it; `version` is what it has now.
    Taken { version: Option<Text> },
    /// The platform refused it because the target is not what was read: nothing changed.
    Stale { moved: Vec<Moved> },
    /// The platform said no (rights, quota, webhook): nothing changed.
    Refused { message: Text },
    /// No answer came: it may or may not have happened. Only reading back can tell.
    Unknown { message: Text },
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, SourceName};
    use super::*;

    fn web() -> Target {
        Target {
            key: Key::new(&SourceName::new("k"), Kind::Workload, "u1"),
            platform: Platform::Kubernetes,
            kind: WorkloadKind::Deployment,
            scope: Text::name("shop"),
            name: Text::name("web"),
            uid: Some(Text::name("u1")),
            version: Some(Text::name("10")),
            desired: Some(2),
            ready: Some(2),
            images: vec![Image::of_reference("shop/web@sha256:aa")],
            instances: Vec::new(),
            owners: Vec::new(),
            paused: false,
        }
    }

    fn words(moved: &[Moved]) -> Vec<String> {
        moved.iter().map(|m| format!("{} {} -> {}", m.what, m.planned, m.found)).collect()
    }

    #[test]
    fn g2_the_same_target_has_not_moved_whatever_its_readiness() {
        assert!(web().moved(&Target { ready: Some(1), ..web() }).is_empty());
    }

    #[test]
    fn g2_every_pin_that_moved_is_named_with_both_values() {
        let again = Target { uid: Some(Text::name("u2")), ..web() };
        assert_eq!(words(&web().moved(&again)), ["uid u1 -> u2"]);
        let other = Target { desired: Some(5), version: Some(Text::name("11")), ..web() };
        assert_eq!(words(&web().moved(&other)), ["desired 2 -> 5"], "the version says nothing that this does not");
        let touched = Target { version: Some(Text::name("11")), ..web() };
        assert_eq!(words(&web().moved(&touched)), ["version 10 -> 11"]);
        let image = Target { images: vec![Image::of_reference("shop/web@sha256:bb")], paused: true, ..web() };
        assert_eq!(words(&web().moved(&image)), ["images sha256:aa -> sha256:bb", "paused false -> true"]);
    }
}
