//! Where below a URL an API lies, and what helps where it cannot be read.

use serde::de::DeserializeOwned;

use crate::model::Endpoint;
use crate::sources::port::{Desk, Failure, FailureKind};
use crate::sources::web::Web;

/// Asks for `path` below each of the `prefixes` until one answers with what is expected; which of them it was comes with
/// the answer. Servers stand behind one port with others, or were told to live below a path.
///
/// # Errors
/// What the first one has against it, if all fail; at once where the failure is not one of the place.
pub(in crate::sources) async fn find<T: DeserializeOwned>(
    web: &Web,
    desk: &Desk,
    prefixes: &[&'static str],
    path: &str,
) -> Result<(&'static str, T), Failure> {
    let mut refused = None;
    for prefix in prefixes {
        match web.get(desk, &format!("{prefix}{path}")).await {
            Ok(answer) => return Ok((prefix, answer)),
            Err(failure) if matches!(failure.kind, FailureKind::Absent | FailureKind::Garbled) => {
                refused.get_or_insert(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(refused.unwrap_or_else(|| Failure::new(FailureKind::Absent, "no place to ask")))
}

/// The same failure with what would help.
pub(in crate::sources) fn helped(failure: Failure, endpoint: &Endpoint, path: &str) -> Failure {
    if failure.hint.is_some() {
        return failure;
    }
    match failure.kind {
        FailureKind::Denied if endpoint.password.is_none() && endpoint.user.is_none() => failure.hint(
            "give the Source a user and a password (a password alone is sent as a token): password = { env = \"…\" }",
        ),
        FailureKind::Denied => failure.hint("the user, the password or the token of the Source is not accepted there"),
        FailureKind::Absent => failure.hint(format!(
            "{path} was looked for below this URL: add the path that the server lives under, as in http://host:9090/prefix"
        )),
        _ => failure,
    }
}
