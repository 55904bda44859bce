//! What a change is aimed at: one Workload as it was read for a Plan, with everything whose moving must stop the Plan.

use serde::{Deserialize, Serialize};

use super::{Image, Key, Owner, Platform, Rollout, Text, Timestamp, WorkloadKind};

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
    /// `resourceVersion`, or the id of the ECS deployment: it moves with each write, and a write names it.
    pub version: Option<Text>,
    /// `metadata.generation`: it moves when the declaration does, not when its state does. Where there is one it is the
    /// pin, since a Deployment in a crash loop has a new `resourceVersion` every few seconds.
    pub generation: Option<u64>,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    /// What is declared, container by container.
    pub containers: Vec<Contained>,
    /// Ids of the Instances, sorted; only where no version pins the Workload.
    pub instances: Vec<Text>,
    pub owners: Vec<Owner>,
    pub paused: bool,
    /// How far it is with what is declared; no pin.
    pub state: TargetState,
    /// How a change would be carried out, where there is more than one way: the tool and its files.
    pub means: Option<Text>,
    /// What a person must know before a change of it: each a sentence.
    pub remarks: Vec<Text>,
}

/// One container of a Workload's declaration, and what it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contained {
    /// The container's name; of a Compose service the service's own.
    pub name: Text,
    pub image: Image,
}

/// How far a Workload is with what it declares; everything that may move by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// Whether the controller has seen the newest declaration; true where there is no such thing.
    pub observed: bool,
    /// Instances of the newest declaration.
    pub updated: Option<u32>,
    pub available: Option<u32>,
    pub rollout: Rollout,
    /// Whether something proves that an Instance serves; `None`: not known.
    pub probed: Option<bool>,
    /// Every Instance that is there, ending ones left out; at most a thousand.
    pub running: Vec<Running>,
    /// Declarations that the platform still keeps, the newest first, at most ten.
    pub revisions: Vec<TargetRevision>,
    /// The autoscaler that owns the number.
    pub scaler: Option<Scaler>,
}

/// One Instance, as an operation sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Container id, pod UID or task ARN.
    pub id: Text,
    pub name: Text,
    /// What its containers run, by digest or image id where the platform tells.
    pub containers: Vec<Contained>,
    pub ready: Option<bool>,
    pub started_at: Option<Timestamp>,
    /// Why it does not serve, in the platform's words: `ImagePullBackOff`, `exited 1`.
    pub trouble: Option<Text>,
}

/// A declaration that the platform keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRevision {
    /// UID of the ReplicaSet, ARN of the task definition.
    pub id: Text,
    /// The platform's number or name for it: `7`, `api:12`.
    pub name: Text,
    pub containers: Vec<Contained>,
    pub made_at: Option<Timestamp>,
    pub current: bool,
}

/// Who moves the number of Instances by itself, and between which limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaler {
    pub owner: Owner,
    pub version: Option<Text>,
    pub min: u32,
    pub max: u32,
}

/// One thing that is not as the Plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What moved: `uid`, `generation`, `version`, `desired`, `images`, `instances`, `owners`, `paused`.
    pub what: Text,
    pub planned: Text,
    pub found: Text,
}

impl Target {
    /// What differs between the Plan's target and the same read again (SAFETY G2). What moves by itself does not count;
    /// the declaration's own number counts only where everything that it stands for looks the same, so that the words
    /// tell what happened.
    #[must_use]
    pub fn moved(&self, found: &Self) -> Vec<Moved> {
        let list = |words: Vec<String>| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        let number = |n: Option<u32>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
        let word = |text: &Option<Text>| text.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let images = |target: &Self| list(target.containers.iter().map(|c| exact(&c.image)).collect());
        let instances = |target: &Self| list(target.instances.iter().map(ToString::to_string).collect());
        let owners = |target: &Self| list(target.owners.iter().map(|o| format!("{} {}", o.kind, o.name)).collect());
        let mut moved: Vec<Moved> = [
            moved_from("uid", &word(&self.uid), &word(&found.uid)),
            moved_from("desired", &number(self.desired), &number(found.desired)),
            moved_from("images", &images(self), &images(found)),
            moved_from("instances", &instances(self), &instances(found)),
            moved_from("owners", &owners(self), &owners(found)),
            moved_from("paused", &self.paused.to_string(), &found.paused.to_string()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if moved.is_empty() {
            moved.extend(match (self.generation, found.generation) {
                (Some(planned), Some(found)) => moved_from("generation", &planned.to_string(), &found.to_string()),
                _ => moved_from("version", &word(&self.version), &word(&found.version)),
            });
        }
        moved
    }

    /// The images that are declared, without repeats.
    #[must_use]
    pub fn images(&self) -> Vec<Image> {
        let mut images: Vec<Image> = self.containers.iter().map(|contained| contained.image.clone()).collect();
        images.dedup();
        images
    }
}

fn moved_from(what: &str, planned: &str, found: &str) -> Option<Moved> {
    (planned != found).then(|| Moved { what: Text::name(what), planned: Text::line(planned), found: Text::line(found) })
}

/// The image by what says which bytes it is, where the platform tells.
fn exact(image: &Image) -> String {
    image.digest.as_ref().or(image.id.as_ref()).unwrap_or(&image.reference).to_string()
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
            generation: None,
            containers: vec![contained("shop/web@sha256:aa")],
            instances: Vec::new(),
            owners: Vec::new(),
            paused: false,
            state: TargetState { observed: true, ..TargetState::default() },
            means: None,
            remarks: Vec::new(),
        }
    }

    fn contained(reference: &str) -> Contained {
        Contained { name: Text::name("web"), image: Image::of_reference(reference) }
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
        let image = Target { containers: vec![contained("shop/web@sha256:bb")], paused: true, ..web() };
        assert_eq!(words(&web().moved(&image)), ["images sha256:aa -> sha256:bb", "paused false -> true"]);
    }

    #[test]
    fn a_version_that_moves_with_the_state_alone_is_no_drift_where_the_declaration_is_counted() {
        let planned = Target { generation: Some(4), ..web() };
        let restarted = Target { version: Some(Text::name("12")), generation: Some(4), ..web() };
        assert!(planned.moved(&restarted).is_empty(), "a pod that crashed made a new resourceVersion");
        let touched = Target { generation: Some(5), ..web() };
        assert_eq!(words(&planned.moved(&touched)), ["generation 4 -> 5"]);
    }
}
