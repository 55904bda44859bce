//! A container as an Instance.

use super::Memory;
use crate::model::{
    CheckState, Exit, Image, Instance, Key, Kind, Phase, SourceName, Text, Timestamp, Waiting, WorkloadKind,
};
use crate::sources::docker::container::{Container, Detail, Stage};

/// A start after an exit counts as good after ten seconds: then Docker itself forgets its pauses between restarts.
const PROVEN_SECONDS: i64 = 10;

/// Until when a container that was started again after an exit is on probation; `None`: it is not.
pub(in crate::sources::docker) fn probation(container: &Container, now: Timestamp) -> Option<Timestamp> {
    let detail = container.detail.as_ref()?;
    if container.stage != Stage::Running || detail.restarts == 0 || container.check == CheckState::Passing {
        return None;
    }
    let end = Timestamp::from_second(detail.started_at?.as_second() + PROVEN_SECONDS).ok()?;
    (now < end).then_some(end)
}

/// Where an Instance stands: its Source, scope and Workload, and the host's name.
pub(super) struct Place<'a> {
    pub(super) source: &'a SourceName,
    pub(super) scope: &'a Text,
    pub(super) workload: (WorkloadKind, &'a Text),
    pub(super) host: Option<&'a Text>,
}

/// The Instance that a container is.
pub(super) fn instance(
    place: &Place<'_>,
    container: &Container,
    memory: &Memory,
    image: Image,
    now: Timestamp,
) -> Instance {
    let detail = container.detail.as_ref();
    let on_probation = probation(container, now).is_some();
    let phase = if on_probation { Phase::Restarting } else { phase(container) };
    Instance {
        key: Key::new(place.source, Kind::Instance, &container.id),
        scope: place.scope.clone(),
        name: container.name.clone(),
        workload: Some((place.workload.0, place.workload.1.clone())),
        phase,
        ready: ready(container, on_probation),
        check: container.check,
        check_output: detail.filter(|_| container.check == CheckState::Failing).and_then(|d| d.check_output.clone()),
        waiting: waiting(container, phase).map(Box::new),
        unschedulable: None,
        restarts: detail.map_or(0, |d| d.restarts),
        last_exit: last_exit(container, memory).map(Box::new),
        created_at: container.created_at,
        started_at: detail.and_then(|d| d.started_at),
        node: place.host.cloned(),
        images: vec![image],
        containers: Vec::new(),
        cpu_limit_millicores: detail.and_then(|d| d.cpu_limit),
        memory_limit_bytes: detail.and_then(|d| d.memory_limit),
        number: container.marks.compose.as_ref().and_then(|c| c.number),
        template: container.marks.compose.as_ref().and_then(|c| c.config_hash.as_deref()).map(Text::name),
    }
}

fn phase(container: &Container) -> Phase {
    match (container.stage, container.exit_code) {
        (Stage::Created, _) => Phase::Pending,
        (Stage::Running, _) => Phase::Running,
        (Stage::Paused, _) => Phase::Paused,
        (Stage::Restarting, _) => Phase::Restarting,
        (Stage::Leaving, _) => Phase::Stopping,
        (Stage::Exited, Some(0)) => Phase::Succeeded,
        (Stage::Exited, Some(_)) | (Stage::Dead, _) => Phase::Failed,
        (Stage::Exited, None) | (Stage::Unknown, _) => Phase::Unknown,
    }
}

/// Running, and its health check passing or absent.
pub(in crate::sources::docker) fn ready(container: &Container, on_probation: bool) -> Option<bool> {
    match (container.stage, container.check) {
        (Stage::Running, _) if on_probation => Some(false),
        (Stage::Running, CheckState::Passing | CheckState::Absent) => Some(true),
        (Stage::Running, CheckState::Unknown) | (Stage::Unknown, _) => None,
        _ => Some(false),
    }
}

fn waiting(container: &Container, phase: Phase) -> Option<Waiting> {
    let detail = container.detail.as_ref();
    if let Some(error) = detail.and_then(|d| d.start_error.clone())
        && matches!(container.stage, Stage::Created | Stage::Restarting | Stage::Exited)
    {
        return Some(Waiting { reason: Text::name("StartError"), message: error });
    }
    (phase == Phase::Restarting).then(|| {
        let times = detail.map(|d| format!(", started again {} times", d.restarts)).unwrap_or_default();
        let exit = container.exit_code.map_or_else(|| "exited".to_owned(), |code| format!("exited with {code}"));
        Waiting { reason: Text::name("Restarting"), message: Text::line(&format!("{exit}{times}")) }
    })
}

/// How it ended last: by its own account where it stands still, from memory where it runs again (the engine forgets the
/// code of the run before).
fn last_exit(container: &Container, memory: &Memory) -> Option<Exit> {
    let detail = container.detail.as_ref();
    let at = detail.and_then(|d| d.finished_at);
    if let Some(code) = container.exit_code {
        let out_of_memory =
            detail.is_some_and(|d| d.out_of_memory) || memory.out_of_memory_at.is_some_and(|t| close(t, at));
        return Some(Exit { code: Some(code), reason: Some(reason(code, out_of_memory)), out_of_memory, at });
    }
    match (&memory.last_exit, at) {
        (Some(exit), None) => Some(exit.clone()),
        (Some(exit), at) if close_or_unknown(exit.at, at) => Some(exit.clone()),
        (_, Some(at)) => Some(Exit { code: None, reason: None, out_of_memory: false, at: Some(at) }),
        (None, None) => None,
    }
}

fn close(a: Timestamp, b: Option<Timestamp>) -> bool {
    b.is_none_or(|b| (a.as_second() - b.as_second()).abs() <= 2)
}

fn close_or_unknown(a: Option<Timestamp>, b: Option<Timestamp>) -> bool {
    a.is_none_or(|a| close(a, b))
}

/// The word that the row shows.
pub(super) fn reason(code: i32, out_of_memory: bool) -> Text {
    Text::name(match (code, out_of_memory) {
        (_, true) => "OOMKilled",
        (0, _) => "Completed",
        _ => "Error",
    })
}

/// How a run ended, in words; `None` while it has not.
pub(in crate::sources::docker) fn ending(container: &Container, detail: &Detail) -> Option<String> {
    let code = container.exit_code?;
    Some(match (detail.out_of_memory, &detail.start_error) {
        (true, _) => format!("killed for going over its memory limit (exit {code})"),
        (_, Some(error)) => format!("could not start: {error}"),
        _ => format!("exited with {code}"),
    })
}
