//! What went wrong, in words: every way in which an engine can fail to answer, told apart.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use bollard::errors::Error;
use http::{HeaderMap, StatusCode};

use super::meter::TOO_LONG;
use super::pool::SendError;
use crate::sources::port::{Failure, FailureKind};

/// Longest pause that a server's Retry-After can ask of us.
const LONGEST_WISH: Duration = Duration::from_secs(300);

/// An answer that is no success.
pub(super) fn of_status(place: &str, status: StatusCode, headers: &HeaderMap, said: &str) -> Failure {
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let (kind, message) = match status {
        StatusCode::UNAUTHORIZED => (FailureKind::Denied, format!("{place} wants a login (401){said}")),
        StatusCode::FORBIDDEN => (FailureKind::Denied, format!("{place} does not allow that (403){said}")),
        StatusCode::NOT_FOUND => (FailureKind::Absent, format!("not found (404){said}")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            (FailureKind::Busy, format!("{place} has too much to do ({}){said}", status.as_u16()))
        }
        other if other.is_server_error() => {
            (FailureKind::Garbled, format!("{place} fails inside ({}){said}", other.as_u16()))
        }
        other => (FailureKind::Garbled, format!("{place} refuses the request ({}){said}", other.as_u16())),
    };
    let mut failure = Failure::new(kind, message);
    failure.retry_after = retry_after(headers);
    match status {
        StatusCode::UNAUTHORIZED => {
            failure.hint("what stands before the engine wants credentials that Quarterdeck has no place for")
        }
        StatusCode::FORBIDDEN => failure.hint("allow it in the proxy or plugin that guards the engine"),
        _ if said.contains("HTTPS server") => failure.hint("it speaks TLS only: set DOCKER_CERT_PATH or ca_file"),
        _ => failure,
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WISH))
}

/// A request that got no whole answer.
pub(super) fn of_hyper(place: &str, error: &hyper::Error) -> Failure {
    if said_by(error, TOO_LONG) {
        return Failure::new(FailureKind::Garbled, format!("{place} answers without end: reading was stopped"));
    }
    if error.is_parse() {
        return not_docker(place, "it does not speak HTTP");
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() || ended_early(error) {
        return Failure::new(FailureKind::Garbled, format!("{place} closed the connection in mid-answer"));
    }
    let why = deepest(error);
    if why.contains("CertificateRequired") || why.contains("BadCertificate") {
        return Failure::new(FailureKind::Denied, format!("{place} wants a client certificate of its own"))
            .hint("put cert.pem and key.pem into DOCKER_CERT_PATH");
    }
    Failure::new(FailureKind::Unreachable, format!("the connection to {place} broke: {why}"))
}

/// It answers, but not as an engine does.
pub(super) fn not_docker(place: &str, why: &str) -> Failure {
    Failure::new(FailureKind::Garbled, format!("what answers at {place} is not a Docker engine: {why}"))
        .hint("check the address")
}

/// No answer in time.
pub(super) fn silent(place: &str, limit: Duration) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("{place} gave no answer within {} s", limit.as_secs()))
}

/// JSON that is not what it should be.
pub(super) fn of_json(place: &str, error: &serde_json::Error) -> Failure {
    Failure::new(FailureKind::Garbled, format!("the answer of {place} cannot be read: {error}"))
}

pub(super) fn of_send(place: &str, error: SendError) -> Failure {
    match error {
        SendError::Failed(failure) => failure,
        SendError::Broken(error) => of_hyper(place, &error),
    }
}

/// What bollard reports. Our own failures pass through it inside an I/O error.
pub(super) fn of_bollard(place: &str, error: Error, limit: Duration) -> Failure {
    match error {
        Error::IOError { err } => match err.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(err) => Failure::new(FailureKind::Unreachable, format!("the connection to {place} broke: {err}")),
        },
        Error::HyperResponseError { err } => of_hyper(place, &err),
        Error::RequestTimeoutError => silent(place, limit),
        Error::DockerResponseServerError { status_code, message } => {
            let status = StatusCode::from_u16(status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            of_status(place, status, &HeaderMap::new(), &message)
        }
        Error::APIVersionParseError {} => not_docker(place, "it names no API version"),
        other => Failure::new(FailureKind::Garbled, format!("the answer of {place} cannot be read: {other}")),
    }
}

/// The connection ended although the answer's head promised more.
fn ended_early(error: &hyper::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if matches!(io, Some(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)) {
            return true;
        }
        next = cause.source();
    }
    false
}

fn said_by(error: &hyper::Error, words: &str) -> bool {
    causes(error).iter().any(|said| said == words)
}

fn deepest(error: &hyper::Error) -> String {
    causes(error).pop().unwrap_or_else(|| error.to_string())
}

fn causes(error: &hyper::Error) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause.to_string());
        next = cause.source();
    }
    found
}
