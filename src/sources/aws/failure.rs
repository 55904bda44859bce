//! What a request that failed means: which permission is missing, whether all is lost (no login), or only this service, in
//! words with a way out.

use std::error::Error;

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};

use super::super::port::{Closed, Failure, FailureKind};
use super::client::Clients;
use crate::model::redact;

/// How much is lost with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// This IAM action is not allowed; others may be.
    Action(&'static str),
    /// This service does not answer as it should.
    Service,
    /// Without another login nothing goes.
    Account,
}

/// A request that failed.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) loss: Loss,
}

impl From<Closed> for Trouble {
    fn from(closed: Closed) -> Self {
        Self { failure: closed.into(), loss: Loss::Account }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.failure
    }
}

/// The refusal or the accident of one request for `action` (`ecs:ListClusters`).
pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, action: &'static str, clients: &Clients) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let service = |kind, words: String| Trouble { failure: told(kind, &words), loss: Loss::Service };
    let status = error.raw_response().map(|response| response.status().as_u16());
    match error {
        SdkError::ServiceError(_) => {
            let code = error.code().map(bare).unwrap_or_default();
            refused(code, error.message().unwrap_or_default(), status, (action, &clients.profile))
        }
        SdkError::TimeoutError(_) => {
            let words = format!("{action}: no answer within {} s", clients.patience.as_secs().max(1));
            service(FailureKind::Unreachable, words)
        }
        SdkError::ResponseError(_) => {
            let words = format!("{action}: what came (status {}) is no answer of AWS", status.unwrap_or(0));
            service(FailureKind::Garbled, words)
        }
        _ => {
            let chain = chain(error);
            if is_about_credentials(&chain) {
                return Trouble { failure: no_login(&clients.profile, &chain), loss: Loss::Account };
            }
            service(FailureKind::Unreachable, format!("{action}: {}", root(error)))
        }
    }
}

/// Why there are no credentials.
pub(super) fn no_credentials(profile: &str, error: &(dyn Error + 'static)) -> Failure {
    no_login(profile, &chain(error))
}

fn no_login(profile: &str, chain: &str) -> Failure {
    let has = |words: &[&str]| words.iter().any(|word| chain.contains(word));
    let denied = |words: String| told(FailureKind::Denied, &words);
    // The portal of SSO alone calls it so that a session is over.
    if has(&["SSO", "sso", "Sso", "UnauthorizedException", "Session token not found"]) {
        let words = format!("the SSO login of profile `{profile}` has expired, or there is none");
        return denied(words).hint(format!("aws sso login --profile {profile}"));
    }
    if has(&["profile `", "was not defined", "could not find profile", "not find source profile"]) {
        let words = format!("profile `{profile}` gives no credentials ({chain})");
        return denied(words).hint(
            "`aws configure list-profiles` lists those that there are; aws = \"default\" takes the environment's keys",
        );
    }
    if has(&["dispatch failure", "timed out", "timeout"]) {
        let words = format!("the credentials of profile `{profile}` cannot be fetched ({chain})");
        return told(FailureKind::Unreachable, &words);
    }
    if has(&["no providers in chain", "not enabled", "not loaded", "No credentials"]) {
        let words = format!("there are no credentials for profile `{profile}`");
        let keys = match profile {
            "default" => ", or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            // Keys of the environment may be another account's.
            _ => {
                "; `aws configure list-profiles` lists those that there are; aws = \"default\" takes the environment's keys"
            }
        };
        return denied(words).hint(format!("aws configure --profile {profile}{keys}"));
    }
    denied(format!("profile `{profile}` gives no credentials ({chain})"))
}

fn is_about_credentials(chain: &str) -> bool {
    ["credentials", "SSO", "sso", "identity"].iter().any(|word| chain.contains(word))
}

/// What a service answered, by its own code.
fn refused(code: &str, message: &str, status: Option<u16>, (action, profile): (&'static str, &str)) -> Trouble {
    let trouble = |kind, loss, words: String| Trouble { failure: told(kind, &words), loss };
    let said = if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") };
    let clock = ["Signature expired", "Signature not yet current", "not yet current"];
    if matches!(code, "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture")
        || clock.iter().any(|words| message.contains(words))
    {
        let mut lost =
            trouble(FailureKind::Denied, Loss::Account, format!("the clock of this machine is wrong: {said}"));
        lost.failure = lost
            .failure
            .hint("set the clock (`timedatectl set-ntp true`): AWS takes no request that is five minutes off");
        return lost;
    }
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "UnauthorizedAccess"
        | "AuthorizationError"
        | "NotAuthorized"
        | "UnauthorizedException" => {
            let mut lost =
                trouble(FailureKind::Denied, Loss::Action(action), format!("{action} is not allowed: {said}"));
            lost.failure = lost.failure.hint(format!("the role of profile `{profile}` needs the IAM action {action}"));
            lost
        }
        "ExpiredToken" | "ExpiredTokenException" => {
            let words = format!("the session of profile `{profile}` has expired");
            let mut lost = trouble(FailureKind::Denied, Loss::Account, words);
            lost.failure =
                lost.failure.hint(format!("log in again: aws sso login --profile {profile}, or renew its keys"));
            lost
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidToken" => {
            let words = format!("AWS does not take the keys of profile `{profile}`: {said}");
            let mut lost = trouble(FailureKind::Denied, Loss::Account, words);
            lost.failure =
                lost.failure.hint(format!("check them with `aws sts get-caller-identity --profile {profile}`"));
            lost
        }
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "PriorRequestNotComplete" => trouble(
            FailureKind::Busy,
            Loss::Service,
            format!("{action}: too many requests in this account and region ({code})"),
        ),
        "ClusterNotFoundException"
        | "ServiceNotFoundException"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "TargetGroupNotFound"
        | "LoadBalancerNotFound" => {
            trouble(FailureKind::Absent, Loss::Service, format!("{action}: not there ({said})"))
        }
        _ => match status {
            Some(503) => {
                trouble(FailureKind::Busy, Loss::Service, format!("{action}: the service is unavailable (503) {said}"))
            }
            Some(200..300) => {
                trouble(FailureKind::Garbled, Loss::Service, format!("{action}: the answer is not understood"))
            }
            status if code.is_empty() => {
                let words = format!("{action}: answered {} in no form of AWS", status.unwrap_or(0));
                trouble(FailureKind::Garbled, Loss::Service, words)
            }
            status => trouble(
                FailureKind::Garbled,
                Loss::Service,
                format!("{action}: answered {}: {said}", status.unwrap_or(0)),
            ),
        },
    }
}

/// `com.amazonaws.ecs#AccessDeniedException` and `AccessDenied:http://…` without what stands round the code.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code)
}

fn told(kind: FailureKind, words: &str) -> Failure {
    let short: String = words.chars().take(600).collect();
    Failure::new(kind, redact::mask(&short))
}

/// Every cause in one line, each once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut at = Some(error);
    while let Some(cause) = at {
        let said = cause.to_string();
        if words.last().is_none_or(|last| !last.contains(&said)) {
            words.push(said);
        }
        at = cause.source();
    }
    // Not a colon: what stands behind `credentials:` is masked as a secret.
    words.join("; ")
}

/// The innermost cause says most: `Connection refused (os error 111)`.
fn root(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, message: &str, status: u16) -> Trouble {
        refused(bare(code), message, Some(status), ("ecs:ListTasks", "biz"))
    }

    #[test]
    fn a_missing_permission_names_its_action_and_loses_nothing_else() {
        let lost = refusal("com.amazonaws.ecs#AccessDeniedException", "User: x is not authorized", 400);
        assert_eq!((lost.loss, lost.failure.kind), (Loss::Action("ecs:ListTasks"), FailureKind::Denied));
        assert!(lost.failure.to_string().contains("needs the IAM action ecs:ListTasks"), "{}", lost.failure);
    }

    #[test]
    fn an_expired_session_a_wrong_clock_and_unknown_keys_are_told_apart() {
        let expired = refusal("ExpiredTokenException", "The security token included in the request is expired", 400);
        assert!(expired.failure.to_string().contains("aws sso login --profile biz"), "{}", expired.failure);
        let clock =
            refusal("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than …", 403);
        assert!(clock.failure.to_string().contains("clock"), "{}", clock.failure);
        let keys =
            refusal("UnrecognizedClientException", "The security token included in the request is invalid.", 400);
        assert!(keys.failure.to_string().contains("does not take the keys"), "{}", keys.failure);
        for lost in [expired, clock, keys] {
            assert_eq!((lost.loss, lost.failure.kind), (Loss::Account, FailureKind::Denied));
        }
    }

    #[test]
    fn a_throttled_request_is_busy_and_html_is_named_as_no_form_of_aws() {
        assert_eq!(refusal("ThrottlingException", "Rate exceeded", 400).failure.kind, FailureKind::Busy);
        let html = refusal("", "", 500);
        assert_eq!(html.failure.kind, FailureKind::Garbled);
        assert!(html.failure.to_string().contains("in no form of AWS"), "{}", html.failure);
    }

    #[test]
    fn a_login_that_is_over_names_the_command() {
        let failure = no_login("biz", "an error occurred: the SSO token has expired and cannot be refreshed");
        assert_eq!(failure.hint.unwrap().shown(), "aws sso login --profile biz");
        let portal = no_login(
            "biz",
            "an error occurred while loading credentials; UnauthorizedException: Session token not found",
        );
        assert_eq!(portal.hint.unwrap().shown(), "aws sso login --profile biz");
        let other = no_login("biz", "an error occurred while loading credentials; AccessDenied: not you").to_string();
        assert_eq!(
            other,
            "profile `biz` gives no credentials (an error occurred while loading credentials; AccessDenied: not you)"
        );
        assert!(
            no_login("default", "no providers in chain provided credentials").to_string().contains("no credentials")
        );
    }
}
