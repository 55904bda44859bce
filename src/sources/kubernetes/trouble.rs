//! What went wrong with a request: the server's refusal or the connection's failure, in words with a way out.

use std::error::Error;
use std::time::Duration;

use prost::Message;

use super::super::port::{Failure, FailureKind};
use super::lean::meta::Status;
use super::wire::{Garbled, field};

/// A request that did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// The server's status, where it answered.
    pub(crate) status: Option<u16>,
    pub(crate) failure: Failure,
}

impl Trouble {
    /// Of an answer that says no; `body` may be cut.
    #[must_use]
    pub(crate) fn refused(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let said = message(body);
        let (kind, words) = match status {
            401 => (FailureKind::Denied, "the token is expired or unknown to the server (401 Unauthorized)"),
            403 => (FailureKind::Denied, "forbidden (403)"),
            404 => (FailureKind::Absent, "not there (404)"),
            429 => (FailureKind::Busy, "the server has too many requests (429)"),
            503 => (FailureKind::Busy, "the server is unavailable (503)"),
            _ => (FailureKind::Garbled, ""),
        };
        let words = if words.is_empty() { format!("the server answered {status}") } else { words.to_owned() };
        let said = if said.is_empty() || said == "Unauthorized" { words } else { format!("{words}: {said}") };
        let mut failure = Failure::new(kind, said);
        failure.retry_after = retry_after;
        if status == 401 {
            failure = failure.hint("log in again, or check the user of this context in the kubeconfig");
        }
        Self { status: Some(status), failure }
    }

    /// Of a connection that failed.
    #[must_use]
    pub(crate) fn broken(error: &(dyn Error + 'static)) -> Self {
        let text = root_cause(error);
        let tls = ["certificate", "TLS", "tls", "InvalidCertificate", "UnknownIssuer"].iter().any(|w| text.contains(w));
        let failure = Failure::new(FailureKind::Unreachable, &text);
        let failure = if tls {
            failure.hint("the certificate-authority of this cluster in the kubeconfig must be the one that signed it")
        } else {
            failure
        };
        Self { status: None, failure }
    }

    /// Of an answer that did not come in time.
    #[must_use]
    pub(crate) fn silent(limit: Duration) -> Self {
        let text = format!("the server gave no answer within {} s", limit.as_secs().max(1));
        Self { status: None, failure: Failure::new(FailureKind::Unreachable, text) }
    }
}

impl From<Garbled> for Trouble {
    fn from(garbled: Garbled) -> Self {
        Self { status: None, failure: Failure::new(FailureKind::Garbled, garbled.to_string()) }
    }
}

impl From<super::super::port::Closed> for Trouble {
    fn from(closed: super::super::port::Closed) -> Self {
        Self { status: None, failure: closed.into() }
    }
}

/// The server's own words in a refusal: a `Status` in either encoding, else the beginning of the text.
fn message(body: &[u8]) -> String {
    let status = match field::unwrap(body) {
        Ok(object) => Status::decode(object).ok(),
        Err(_) => serde_json::from_slice::<Status>(body).ok(),
    };
    let bytes = status.map_or_else(|| body.to_vec(), |s| s.message);
    let text = String::from_utf8_lossy(&bytes);
    text.trim().chars().take(300).collect()
}

/// The innermost cause: `Connection refused (os error 111)` says more than the four wrappers round it.
#[must_use]
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_tell_what_the_server_said_in_either_encoding() {
        let json = Trouble::refused(403, None, br#"{"kind":"Status","message":"pods is forbidden","code":403}"#);
        assert_eq!(json.failure.message.shown(), "forbidden (403): pods is forbidden");
        let status = Status { message: b"no such thing".to_vec(), ..Status::default() }.encode_to_vec();
        let mut body = b"k8s\0\x12".to_vec();
        prost::encoding::encode_varint(status.len() as u64, &mut body);
        body.extend(status);
        assert_eq!(Trouble::refused(404, None, &body).failure.message.shown(), "not there (404): no such thing");
    }

    #[test]
    fn a_refused_token_names_the_way_out_and_escapes_are_harmless() {
        let trouble = Trouble::refused(401, None, b"\x1b[2JUnauthorized");
        assert!(!trouble.failure.to_string().contains('\u{1b}'));
        assert!(trouble.failure.to_string().contains("expired or unknown"));
        assert!(trouble.failure.hint.is_some());
    }
}
