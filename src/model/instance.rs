//! A container, pod or task: the smallest thing that runs.

use serde::{Deserialize, Serialize};

use super::{Image, Key, Text, Timestamp, WorkloadKind};

/// Where an Instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Accepted, not yet started (being scheduled, pulling, `created`).
    Pending,
    Running,
    /// The engine is starting it again after an exit.
    Restarting,
    Paused,
    Stopping,
    /// Ended with exit code 0.
    Succeeded,
    /// Ended otherwise.
    Failed,
    Unknown,
}

impl Phase {
    /// The word on screen and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What the platform's own health check or readiness probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// None is declared.
    Absent,
    Starting,
    Passing,
    Failing,
    /// The platform did not tell.
    Unknown,
}

/// Why something waits: `CrashLoopBackOff`, `ImagePullBackOff`, `Unschedulable`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub reason: Text,
    pub message: Text,
}

/// How a container last ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub code: Option<i32>,
    /// The platform's word: `Error`, `OOMKilled`, `Completed`.
    pub reason: Option<Text>,
    /// Killed because it went over its memory limit.
    pub out_of_memory: bool,
    pub at: Option<Timestamp>,
}

/// A fact: what a platform says of one Instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub key: Key,
    /// Namespace, Compose project or ECS cluster.
    pub scope: Text,
    pub name: Text,
    /// The Workload it belongs to, in the same Source and scope. A pod of a ReplicaSet names the Deployment (or Rollout)
    /// that its template hash tells; `None`: nobody owns it.
    pub workload: Option<(WorkloadKind, Text)>,
    pub phase: Phase,
    pub ready: Option<bool>,
    pub check: CheckState,
    /// What the failing check said last.
    pub check_output: Option<Text>,
    pub waiting: Option<Box<Waiting>>,
    /// The scheduler's words where it found no node.
    pub unschedulable: Option<Text>,
    pub restarts: u32,
    pub last_exit: Option<Box<Exit>>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    /// Node of the cluster or host of the engine.
    pub node: Option<Text>,
    pub images: Vec<Image>,
    /// Names of its containers, where there is more than one (pods, tasks).
    pub containers: Vec<Text>,
    /// Thousandths of a core.
    pub cpu_limit_millicores: Option<u32>,
    pub memory_limit_bytes: Option<u64>,
    /// The replica number or ordinal, where the platform counts them.
    pub number: Option<u32>,
    /// `pod-template-hash`, revision or config hash: Instances of one value run the same declaration.
    pub template: Option<Text>,
}
