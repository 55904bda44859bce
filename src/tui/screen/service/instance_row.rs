//! One Instance on one line of the Service page: its state in one word, how it stands against its limits, how it last
//! ended.

use crate::model::{CheckState, Exit, HealthState, Instance, Phase};
use crate::tui::screen::figure::{self, When};

/// An Instance on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceRow {
    pub name: String,
    /// The platform's reason while it waits, else its phase or what its check says.
    pub state: String,
    pub grade: HealthState,
    pub ready: Option<bool>,
    pub restarts: u32,
    pub age: Option<String>,
    pub node: String,
    pub cpu: Option<Usage>,
    pub memory: Option<Usage>,
    pub last_exit: Option<String>,
    pub release: String,
}

/// A measurement beside its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    pub used: String,
    pub limit: Option<String>,
    /// Parts of a hundred of the limit, where there is one.
    pub percent: Option<u32>,
}

impl Usage {
    /// CPU: cores in use against a limit in thousandths of a core.
    #[must_use]
    pub fn cpu(cores: f64, limit_millicores: Option<u32>) -> Self {
        let limit = limit_millicores.map(|m| f64::from(m) / 1000.0);
        Self {
            used: figure::cores(cores),
            limit: limit.map(figure::cores),
            percent: limit.and_then(|limit| percent(cores, limit)),
        }
    }

    /// Memory against its limit, in bytes.
    #[must_use]
    pub fn memory(bytes: u64, limit: Option<u64>) -> Self {
        Self {
            used: figure::memory(bytes),
            limit: limit.map(figure::memory),
            percent: limit.and_then(|limit| percent(bytes as f64, limit as f64)),
        }
    }

    /// How grave it is: above nine tenths of the limit somebody should know.
    #[must_use]
    pub fn grade(&self) -> HealthState {
        match self.percent {
            Some(percent) if percent >= 90 => HealthState::Degraded,
            _ => HealthState::Healthy,
        }
    }
}

fn percent(used: f64, limit: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a small positive number")]
    (limit > 0.0).then(|| (used / limit * 100.0).round().clamp(0.0, 9999.0) as u32)
}

impl InstanceRow {
    /// The row of an Instance at a moment, with its newest measurement (cores, bytes) where there is one.
    #[must_use]
    pub fn of(instance: &Instance, measured: (Option<f64>, Option<u64>), when: When) -> Self {
        let (state, grade) = state(instance);
        Self {
            name: instance.name.shown().to_owned(),
            state,
            grade,
            ready: instance.ready,
            restarts: instance.restarts,
            age: instance.started_at.or(instance.created_at).map(|at| when.age(at)),
            node: instance.node.as_ref().map(|node| node.shown().to_owned()).unwrap_or_default(),
            cpu: measured.0.map(|cores| Usage::cpu(cores, instance.cpu_limit_millicores)),
            memory: measured.1.map(|bytes| Usage::memory(bytes, instance.memory_limit_bytes)),
            last_exit: instance.last_exit.as_deref().map(|exit| last_exit(exit, when)),
            release: instance.images.first().and_then(|image| image.tag()).unwrap_or_default().to_owned(),
        }
    }
}

/// The word that says most, and how grave it is.
fn state(instance: &Instance) -> (String, HealthState) {
    if let Some(waiting) = &instance.waiting {
        let grave = if is_ordinary_wait(waiting.reason.shown()) { HealthState::Unknown } else { HealthState::Down };
        return (waiting.reason.shown().to_owned(), grave);
    }
    if instance.unschedulable.is_some() {
        return ("unschedulable".to_owned(), HealthState::Down);
    }
    let word = |word: &str, grade| (word.to_owned(), grade);
    match (instance.phase, instance.check) {
        (Phase::Running, CheckState::Failing) => word("check fails", HealthState::Degraded),
        (Phase::Running, CheckState::Starting) => word("starting", HealthState::Unknown),
        (Phase::Running, CheckState::Passing) => word("running", HealthState::Healthy),
        (Phase::Running, _) if instance.ready == Some(false) => word("not ready", HealthState::Degraded),
        (Phase::Running, _) => word("running", HealthState::Unchecked),
        (Phase::Failed, _) => word("failed", HealthState::Down),
        (Phase::Restarting, _) => word("restarting", HealthState::Degraded),
        (Phase::Succeeded | Phase::Paused | Phase::Stopping, _) => word(instance.phase.word(), HealthState::Idle),
        (Phase::Pending | Phase::Unknown, _) => word(instance.phase.word(), HealthState::Unknown),
    }
}

/// Waits that every start goes through.
fn is_ordinary_wait(reason: &str) -> bool {
    matches!(reason, "ContainerCreating" | "PodInitializing")
}

/// How it last ended, in words: `OOMKilled, exit 137, 4m ago`.
#[must_use]
pub fn last_exit(exit: &Exit, when: When) -> String {
    let mut parts = Vec::new();
    match &exit.reason {
        Some(reason) if reason.shown() != "Error" && reason.shown() != "Completed" => {
            parts.push(reason.shown().to_owned());
        }
        _ if exit.out_of_memory => parts.push("out of memory".to_owned()),
        _ => {}
    }
    if let Some(code) = exit.code {
        parts.push(format!("exit {code}"));
    }
    let mut words = if parts.is_empty() { "ended".to_owned() } else { parts.join(", ") };
    if let Some(at) = exit.at {
        words.push_str(&match when.age(at).as_str() {
            "now" => ", just now".to_owned(),
            age => format!(", {age} ago"),
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Key, Kind, SourceName, Text, Timestamp, Waiting};

    fn pod() -> Instance {
        Instance {
            key: Key::new(&SourceName::new("kubernetes:prod"), Kind::Instance, "u1"),
            scope: Text::name("biz"),
            name: Text::name("api-7d9f-x2x"),
            workload: None,
            phase: Phase::Running,
            ready: Some(true),
            check: CheckState::Passing,
            check_output: None,
            waiting: None,
            unschedulable: None,
            restarts: 0,
            last_exit: None,
            created_at: Some(at(0)),
            started_at: None,
            node: None,
            images: Vec::new(),
            containers: Vec::new(),
            cpu_limit_millicores: Some(500),
            memory_limit_bytes: Some(512 << 20),
            number: None,
            template: None,
        }
    }

    fn when(seconds: i64) -> When {
        When { now: at(seconds), minute: at(seconds) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_waiting_instance_says_what_it_waits_for() {
        let waiting = Waiting { reason: Text::name("CrashLoopBackOff"), message: Text::empty() };
        let crashing = Instance { waiting: Some(Box::new(waiting)), ..pod() };
        let row = InstanceRow::of(&crashing, (None, None), when(60));
        assert_eq!((row.state.as_str(), row.grade, row.cpu), ("CrashLoopBackOff", HealthState::Down, None));
    }

    #[test]
    fn a_running_instance_without_a_check_is_not_green() {
        let unchecked = Instance { check: CheckState::Absent, ..pod() };
        assert_eq!(InstanceRow::of(&unchecked, (None, None), when(60)).grade, HealthState::Unchecked);
        let failing = Instance { check: CheckState::Failing, ..pod() };
        assert_eq!(InstanceRow::of(&failing, (None, None), when(60)).state, "check fails");
    }

    #[test]
    fn measurements_stand_beside_their_limits() {
        let row = InstanceRow::of(&pod(), (Some(0.25), Some(490 << 20)), when(7200));
        let (cpu, memory) = (row.cpu.unwrap(), row.memory.unwrap());
        assert_eq!((cpu.used.as_str(), cpu.limit.as_deref(), cpu.percent), ("0.25", Some("0.50"), Some(50)));
        assert_eq!((memory.percent, memory.grade()), (Some(96), HealthState::Degraded));
        assert_eq!(row.age.as_deref(), Some("2h"));
    }

    #[test]
    fn an_exit_is_told_in_words() {
        let exit =
            Exit { code: Some(137), reason: Some(Text::name("OOMKilled")), out_of_memory: true, at: Some(at(0)) };
        assert_eq!(last_exit(&exit, when(240)), "OOMKilled, exit 137, 4m ago");
        let plain = Exit { code: Some(1), reason: Some(Text::name("Error")), out_of_memory: false, at: Some(at(0)) };
        assert_eq!(last_exit(&plain, when(5)), "exit 1, just now");
        let silent = Exit { code: None, reason: None, out_of_memory: false, at: None };
        assert_eq!(last_exit(&silent, when(5)), "ended");
    }
}
