//! What went wrong, in words: every way in which a Redis can fail to answer, told apart, with the grant that would help.

use std::time::Duration;

use redis::RedisError;

use super::address::Place;
use super::meter::Meter;
use super::reply::Refusal;
use crate::model::redact;
use crate::sources::port::{Failure, FailureKind};

/// Every command that is ever sent. None of them writes, blocks, or walks over all keys at once.
pub(super) const COMMANDS: &[&str] = &[
    "info",
    "client|list",
    "select",
    "llen",
    "zcard",
    "hlen",
    "hget",
    "hmget",
    "exists",
    "getrange",
    "lrange",
    "lindex",
    "zrange",
    "scan",
    "srandmember",
];

/// How somebody lets us read.
fn grant() -> String {
    let commands: Vec<String> = COMMANDS.iter().map(|name| format!("+{name}")).collect();
    format!("it is enough to be allowed: ACL SETUSER quarterdeck on >PASSWORD ~* {}", commands.join(" "))
}

/// A refusal that is about the server or about us as a whole: nothing else would be answered either.
pub(super) fn of_refusal(place: &Place, refusal: &Refusal) -> Option<Failure> {
    let said = refusal.said();
    let failure = |kind, words: &str| Failure::new(kind, redact::mask(&format!("Redis at {place} {words} ({said})")));
    let soon = |mut failure: Failure| {
        failure.retry_after = Some(Duration::from_secs(2));
        failure
    };
    Some(match refusal.code.as_str() {
        "NOAUTH" => failure(FailureKind::Denied, "wants a password")
            .hint(format!("set password (and user) beside its URL; {}", grant())),
        "WRONGPASS" => failure(FailureKind::Denied, "does not take this user and password").hint(grant()),
        "DENIED" => {
            failure(FailureKind::Denied, "is in protected mode").hint("give it a password, or bind it to loopback")
        }
        "LOADING" => soon(failure(FailureKind::Busy, "is still loading its data set")),
        "BUSY" => soon(failure(FailureKind::Busy, "is held up by a script")),
        "MASTERDOWN" => failure(FailureKind::Unreachable, "is a replica that has lost its primary and does not answer"),
        "CLUSTERDOWN" => failure(FailureKind::Unreachable, "belongs to a cluster that is down"),
        "ERR" if said.contains("max number of clients") => soon(failure(FailureKind::Busy, "takes no more clients")),
        "ERR" if said.contains("invalid password") => {
            failure(FailureKind::Denied, "does not take this password").hint(grant())
        }
        _ => return None,
    })
}

/// A user without the right to go on; `what` is not let.
pub(super) fn denied(what: &str, said: &str) -> Failure {
    Failure::new(FailureKind::Denied, redact::mask(&format!("{what} ({said})"))).hint(grant())
}

/// Every single command is denied.
pub(super) fn nothing_allowed(place: &Place, said: &str) -> Failure {
    denied(&format!("Redis at {place} allows nothing of what is asked"), said)
}

/// The grants for what is missing, as one ACL rule.
pub(super) fn missing(commands: &[&str]) -> String {
    let words: Vec<String> = commands.iter().map(|name| format!("+{name}")).collect();
    format!("not allowed: {}; ACL SETUSER … ~* {}", commands.join(", "), words.join(" "))
}

/// No answer in time.
pub(super) fn silent(place: &Place, limit: Duration) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("{place} gave no answer within {} s", limit.as_secs()))
}

/// The connection ended, by the server or because of what it said.
pub(super) fn ended(place: &Place, meter: &Meter) -> Failure {
    if meter.is_too_long() {
        return Failure::new(FailureKind::Garbled, format!("{place} answers without end: reading was stopped"));
    }
    if let Some(failure) = foreign(place, &meter.beginning()) {
        return failure;
    }
    if meter.has_ended() {
        return Failure::new(FailureKind::Unreachable, format!("{place} closed the connection"));
    }
    Failure::new(FailureKind::Garbled, format!("the answer of {place} is not understood"))
}

/// What the client could not do.
pub(super) fn of_client(place: &Place, error: &RedisError, meter: &Meter, limit: Duration) -> Failure {
    if error.is_timeout() { silent(place, limit) } else { ended(place, meter) }
}

/// What answers is no Redis, told by how it begins.
fn foreign(place: &Place, begun: &[u8]) -> Option<Failure> {
    let first = *begun.first()?;
    if matches!(begun, [0x15, 3, ..]) {
        let words = format!("{place} speaks TLS");
        return Some(Failure::new(FailureKind::Garbled, words).hint("a Redis with TLS is reached as rediss://"));
    }
    if b"+-:$*_,#!=(%~>|".contains(&first) {
        return None;
    }
    let line: Vec<u8> = begun.iter().copied().take_while(|b| !matches!(b, b'\r' | b'\n')).collect();
    let words = format!("what answers at {place} is not a Redis: it says `{}`", String::from_utf8_lossy(&line));
    Some(Failure::new(FailureKind::Garbled, words).hint("check host and port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::Tcp { host: "cache".into(), port: 6379, tls: false }
    }

    #[test]
    fn nothing_that_writes_blocks_or_walks_over_all_keys_is_among_the_commands() {
        for never in ["keys", "set", "del", "blpop", "brpop", "bzpopmin", "monitor", "flushall", "config|get", "eval"] {
            assert!(!COMMANDS.contains(&never), "{never}");
        }
        assert!(grant().contains("~* +info +client|list"), "{}", grant());
    }

    #[test]
    fn refusals_of_the_whole_server_have_words_of_their_own() {
        let read = |code: &str, words: &str| of_refusal(&place(), &Refusal { code: code.into(), words: words.into() });
        let denied = read("NOAUTH", "Authentication required.").unwrap();
        assert!(denied.kind == FailureKind::Denied && denied.to_string().contains("+llen"), "{denied}");
        assert_eq!(read("LOADING", "Redis is loading the dataset in memory").unwrap().kind, FailureKind::Busy);
        assert_eq!(read("WRONGTYPE", "Operation against a key"), None);
        assert_eq!(read("NOPERM", "this user has no permissions"), None);
    }

    #[test]
    fn what_is_no_redis_is_told_by_its_words() {
        let http = foreign(&place(), b"HTTP/1.1 400 Bad Request\r\n").unwrap();
        assert!(http.to_string().contains("it says `HTTP/1.1 400 Bad Request`"), "{http}");
        assert!(foreign(&place(), &[0x15, 3, 3, 0, 2]).unwrap().to_string().contains("rediss://"));
        assert_eq!(foreign(&place(), b"-ERR no"), None);
    }
}
