//! What the engine tells as it happens: an event as a fact, and what of it is remembered about a container.

use super::Memory;
use super::instance::reason;
use crate::model::{Event, Exit, Key, Kind, SourceName, Text, Timestamp, redact};
use crate::sources::docker::container::short;
use crate::sources::docker::wire::EventLine;

/// Compose's labels come as attributes of the event.
const PROJECT: &str = "com.docker.compose.project";

/// The fact; `None` for events that say nothing to people.
pub(in crate::sources::docker) fn event(source: &SourceName, alone: &Text, line: &EventLine) -> Option<Event> {
    let action = line.action.as_str();
    if action.is_empty() || action.starts_with("exec_") || line.actor.id.is_empty() {
        return None;
    }
    let attribute = |name: &str| line.actor.attributes.get(name).map(String::as_str).filter(|v| !v.is_empty());
    let (word, rest) = action.split_once(':').map_or((action, ""), |(word, rest)| (word, rest.trim()));
    let code = attribute("exitCode");
    let message = match word {
        "die" => code.map_or_else(|| "exited".to_owned(), |code| format!("exited with {code}")),
        "kill" => attribute("signal").map_or_else(|| "killed".to_owned(), |signal| format!("got signal {signal}")),
        "oom" => "went over its memory limit".to_owned(),
        "health_status" => format!("health check says {rest}"),
        "rename" => format!("was called {}", attribute("oldName").unwrap_or("something else").trim_start_matches('/')),
        other => other.to_owned(),
    };
    let at = at(line);
    let uid = format!("{}-{}-{word}", at.map_or(0, Timestamp::as_nanosecond), short(&line.actor.id));
    Some(Event {
        key: Key::new(source, Kind::Event, &uid),
        at,
        first_at: at,
        count: 1,
        warning: word == "oom" || word == "die" && code != Some("0") || rest == "unhealthy",
        reason: Text::name(word),
        message: Text::line(&redact::mask(&message)),
        about_kind: Text::name("container"),
        scope: attribute(PROJECT).map_or_else(|| alone.clone(), Text::name),
        about_name: Text::name(attribute("name").unwrap_or(short(&line.actor.id))),
    })
}

/// When it happened.
fn at(line: &EventLine) -> Option<Timestamp> {
    line.time_nano
        .and_then(|nanos| Timestamp::from_nanosecond(nanos.into()).ok())
        .or_else(|| line.time.and_then(|seconds| Timestamp::from_second(seconds).ok()))
}

/// Signals that end a process, among those that people send (a reload is one too).
fn ends(signal: Option<&String>) -> bool {
    signal.is_some_and(|s| matches!(s.as_str(), "2" | "3" | "9" | "15" | "SIGINT" | "SIGQUIT" | "SIGKILL" | "SIGTERM"))
}

/// Keeps what the engine will forget.
pub(in crate::sources::docker) fn seen(memory: &mut Memory, line: &EventLine) {
    let at = at(line);
    match line.action.as_str() {
        "oom" => memory.out_of_memory_at = at,
        "stop" => memory.stopped_at = at,
        "kill" if ends(line.actor.attributes.get("signal")) => memory.stopped_at = at,
        "start" => memory.stopped_at = None,
        "die" => {
            let code = line.actor.attributes.get("exitCode").and_then(|code| code.parse().ok());
            let near = |a: Timestamp| at.is_none_or(|b| b.as_second() - a.as_second() <= 5);
            let out_of_memory = code != Some(0) && memory.out_of_memory_at.is_some_and(near);
            let reason = code.map(|code| reason(code, out_of_memory));
            memory.last_exit = Some(Exit { code, reason, out_of_memory, at });
        }
        _ => {}
    }
}
