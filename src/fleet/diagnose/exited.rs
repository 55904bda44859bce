//! Exited: an Instance of something that should run all the time has ended.

use crate::fleet::words::{instances, moment};
use crate::model::{Exit, Finding, HealthState, Phase, Timestamp};

use super::crash_loop::is_looping;
use super::{Case, Evidence};

pub(super) const NAME: &str = "exited";

pub(super) fn check(case: &Case<'_>) -> Option<Finding> {
    let mut evidence = Evidence::new();
    let mut codes: Vec<i32> = Vec::new();
    for part in case.serving() {
        // Enough others serve: what has ended was replaced, and is only not cleared away yet.
        if part.desired().is_some() && part.ready() >= part.desired() {
            continue;
        }
        let ended = |phase| matches!(phase, Phase::Failed | Phase::Succeeded | Phase::Restarting);
        for instance in part.instances.iter().filter(|one| ended(one.phase) && !is_looping(case, one)) {
            let exit = instance.last_exit.as_ref();
            let how = exit.map_or("ended".to_owned(), |exit| exit_words(exit, case.now));
            let again = if instance.phase == Phase::Restarting { ", being started again" } else { "" };
            evidence.saw(&instance.key, exit.and_then(|exit| exit.at), &format!("{}: {how}{again}", instance.name));
            codes.extend(exit.and_then(|exit| exit.code));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    codes.sort_unstable();
    codes.dedup();
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let how = match codes.len() {
        0 => "ended".to_owned(),
        1 => format!("exited with code {}", codes[0]),
        _ => format!("exited with codes {}", codes.join(", ")),
    };
    let summary = format!("{} {how}", instances(evidence.len()));
    Some(evidence.finding(NAME, HealthState::Degraded, &summary, "read its logs; start it again where it should run"))
}

/// How something ended: `exit 137 (OOMKilled, out of memory) at 03:12:04 UTC`.
pub(super) fn exit_words(exit: &Exit, now: Timestamp) -> String {
    let mut words = exit.code.map_or("exit code unknown".to_owned(), |code| format!("exit {code}"));
    let memory = exit.out_of_memory.then(|| "out of memory".to_owned());
    let signal = exit.code.and_then(signal).map(str::to_owned);
    let marks: Vec<String> =
        exit.reason.as_ref().map(ToString::to_string).into_iter().chain(memory.or(signal)).collect();
    if !marks.is_empty() {
        words.push_str(&format!(" ({})", marks.join(", ")));
    }
    if let Some(at) = exit.at {
        words.push_str(&format!(" at {}", moment(at, now)));
    }
    words
}

/// What shells mean by exit codes over 128 (128 + the signal's number), for those that people meet.
fn signal(code: i32) -> Option<&'static str> {
    match code {
        130 => Some("SIGINT"),
        134 => Some("SIGABRT"),
        137 => Some("SIGKILL"),
        139 => Some("SIGSEGV"),
        143 => Some("SIGTERM"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{deployment, exit, find, pod};
    use super::*;
    use crate::model::Instance;

    #[test]
    fn the_exit_code_is_told() {
        let ended = Instance { phase: Phase::Failed, ready: Some(false), last_exit: exit(3, -9), ..pod("importer", 1) };
        let found = find(check, &deployment("importer", 1, 0), &[ended]).unwrap();
        assert_eq!(found.summary.shown(), "1 Instance exited with code 3");
        assert!(found.evidence[0].shown().contains("exit 3 at "), "{:?}", found.evidence);
    }

    #[test]
    fn what_has_ended_and_was_replaced_is_nothing() {
        let evicted = Instance { phase: Phase::Failed, ready: Some(false), ..pod("api", 1) };
        assert_eq!(find(check, &deployment("api", 1, 1), &[evicted, pod("api", 2)]), None);
        assert_eq!(find(check, &deployment("off", 0, 0), &[]), None);
    }

    #[test]
    fn signals_are_named() {
        let words = |code| exit_words(&exit(code, 0).unwrap(), super::super::fixture::at(0));
        assert!(words(143).starts_with("exit 143 (SIGTERM) at "));
        assert!(words(1).starts_with("exit 1 at "));
    }
}
