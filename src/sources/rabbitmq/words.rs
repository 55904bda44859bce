//! What helps when the management API cannot be read: the plugin, the port, the password, the user's tag.

use crate::model::{Endpoint, Text};
use crate::sources::port::{Failure, FailureKind};

const PLUGIN: &str = "`rabbitmq-plugins enable rabbitmq_management` brings the management API (port 15672)";
const PORT: &str = "this port does not speak HTTP: the management API is usually on 15672, with TLS on 15671 (https)";

/// The failure with what would help.
pub(super) fn explain(failure: Failure, endpoint: &Endpoint) -> Failure {
    let said = failure.message.raw().to_owned();
    // Of a web page we know more than that it is one: what is missing here is the plugin.
    let is_page = failure.kind == FailureKind::Garbled && said.contains("web page");
    if failure.hint.is_some() && !is_page {
        return failure;
    }
    match failure.kind {
        FailureKind::Denied if said.contains("answered 401") || said.contains("answered 403") => {
            let hint = refusal(&said, endpoint);
            failure.hint(hint)
        }
        FailureKind::Absent => failure.hint(format!("there is no management API at this address; {PLUGIN}")),
        FailureKind::Unreachable if said.contains("HTTP") => failure.hint(PORT),
        FailureKind::Unreachable if said.contains("refused") => {
            failure.hint(format!("does the broker run, with its management plugin? {PLUGIN}"))
        }
        FailureKind::Garbled if is_page || said.contains("not understood") => {
            failure.hint(format!("something else than a management API answers at this address; {PLUGIN}"))
        }
        _ => failure,
    }
}

fn refusal(said: &str, endpoint: &Endpoint) -> String {
    let tag = grant(endpoint);
    if endpoint.user.is_none() {
        return format!(
            "it wants a login: user = \"…\" and password = {{ env = \"…\" }} beside its URL; the user needs a tag: {tag}"
        );
    }
    if said.contains("loopback") || said.contains("via localhost") {
        return format!(
            "this user may log in from the broker's own machine only; make another and give it a tag: {tag}"
        );
    }
    if said.contains("Login failed") {
        return format!("user or password is wrong; a user who may read has a tag: {tag}");
    }
    tag
}

/// The command that lets the user read everything that is read here.
pub(super) fn grant(endpoint: &Endpoint) -> String {
    format!("`rabbitmqctl set_user_tags {} monitoring`", user(endpoint))
}

fn user(endpoint: &Endpoint) -> &str {
    endpoint.user.as_deref().and_then(plain).unwrap_or("USER")
}

/// A name that can stand in a command as it is.
fn plain(name: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.@/".contains(c);
    (!name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain)).then_some(name)
}

/// Why a virtual host is not read, in words.
pub(super) fn of_vhost(vhost: &str, failure: &Failure, endpoint: &Endpoint) -> String {
    if failure.kind == FailureKind::Absent {
        return format!("there is no virtual host `{vhost}`");
    }
    // No tag helps here: whoever asks for one virtual host must be let into it, be it without any right in it.
    let user = user(endpoint);
    format!(
        "queues of `{vhost}` are denied: `rabbitmqctl set_permissions -p {} {user} '' '' ''` lets the user see them",
        plain(vhost).unwrap_or("VHOST")
    )
}

/// Why the nodes are not read, in words.
pub(super) fn of_nodes(failure: &Failure, endpoint: &Endpoint) -> Text {
    Text::line(&match failure.kind {
        FailureKind::Denied => format!("alarms of nodes are denied: {} lets the user see them", grant(endpoint)),
        _ => format!("alarms of nodes are not known: {}", failure.message),
    })
}
