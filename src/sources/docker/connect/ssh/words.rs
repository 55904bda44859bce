//! What `ssh` and the far `docker` say when something is missing, told apart, each with what would help.

use std::io;
use std::time::Duration;

use super::SshAddress;
use crate::sources::port::{Failure, FailureKind};

/// `ssh` itself cannot be started.
pub(super) fn no_program(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::new(FailureKind::Unsupported, "there is no ssh program here").hint("install OpenSSH's client");
    }
    Failure::new(FailureKind::Unreachable, format!("ssh cannot be started: {error}"))
}

/// Nothing came in time.
pub(super) fn silent(address: &SshAddress, limit: Duration) -> Failure {
    let message = format!("{} gave no answer within {} s", address.login(), limit.as_secs());
    Failure::new(FailureKind::Unreachable, message)
}

/// The login failed.
pub(super) fn no_login(address: &SshAddress, said: &str) -> Failure {
    let (login, command) = (address.login(), address.command());
    let has = |words: &str| said.contains(words);
    if has("REMOTE HOST IDENTIFICATION HAS CHANGED") || has("has changed and you have requested strict checking") {
        let known = address.port.map_or_else(|| address.host.clone(), |port| format!("[{}]:{port}", address.host));
        return Failure::new(FailureKind::Denied, format!("the host key of {login} has changed: not connected"))
            .hint(format!("find out why; if it is right: ssh-keygen -R '{known}', then run `{command}` once"));
    }
    if has("Host key verification failed") || has("host key is known for") {
        return Failure::new(FailureKind::Denied, format!("the host key of {login} is not known here: not connected"))
            .hint(format!("run `{command}` once and compare the fingerprint"));
    }
    if has("Permission denied") || has("Too many authentication failures") {
        return Failure::new(FailureKind::Denied, format!("{login} refuses the login")).hint(format!(
            "run `{command}`: it must work without a question (a key in ssh-agent, or one without passphrase)"
        ));
    }
    if has("Could not resolve hostname") {
        return Failure::new(FailureKind::Unreachable, format!("there is no host {}", address.host));
    }
    let told = first_line(said).unwrap_or("it said nothing");
    Failure::new(FailureKind::Unreachable, format!("no login at {login}: {told}"))
}

/// The login stands, but no engine answers behind it.
pub(super) fn no_engine(address: &SshAddress, said: &str) -> Failure {
    let login = address.login();
    let lower = said.to_ascii_lowercase();
    if lower.contains("not found") || lower.contains("no such file or directory") && !lower.contains(".sock") {
        return Failure::new(FailureKind::Unsupported, format!("there is no docker program at {login}"))
            .hint("install the docker command line there, and see that it is in PATH for logins without a terminal");
    }
    if lower.contains("permission denied") {
        return Failure::new(FailureKind::Denied, format!("{login} has no permission on the engine's socket"))
            .hint("add that user to the group docker there, and end its old logins");
    }
    if lower.contains("cannot connect to the docker daemon") || lower.contains(".sock") {
        return Failure::new(FailureKind::Unreachable, format!("no engine runs at {login}"))
            .hint("start it there (systemctl start docker)");
    }
    match first_line(said) {
        Some(told) => Failure::new(FailureKind::Garbled, format!("no engine answers at {login}: {told}")),
        None => Failure::new(FailureKind::Garbled, format!("no engine answers at {login}: the channel closed at once")),
    }
}

fn first_line(said: &str) -> Option<&str> {
    said.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SshAddress {
        SshAddress { user: Some("deploy".into()), host: "vm1".into(), port: Some(2222), socket: None }
    }

    #[test]
    fn r_host_keys_and_logins_have_words_of_their_own() {
        let unknown = "No ED25519 host key is known for vm1 and you have requested strict checking.\r\nHost key verification failed.\r\n";
        let changed = "@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.";
        for (said, kind, words) in [
            (unknown, FailureKind::Denied, "not known here: not connected; run `ssh -p 2222 deploy@vm1` once"),
            (changed, FailureKind::Denied, "has changed"),
            ("deploy@vm1: Permission denied (publickey).", FailureKind::Denied, "refuses the login"),
            ("ssh: Could not resolve hostname vm1: x", FailureKind::Unreachable, "there is no host vm1"),
            ("ssh: connect to host vm1 port 2222: Connection refused", FailureKind::Unreachable, "Connection refused"),
        ] {
            let failure = no_login(&address(), said);
            assert!(failure.kind == kind && failure.to_string().contains(words), "{failure}");
        }
    }

    #[test]
    fn what_is_missing_behind_the_login_is_named() {
        for (said, kind, words) in [
            ("sh: 1: docker: not found", FailureKind::Unsupported, "no docker program"),
            ("bash: line 1: docker: command not found", FailureKind::Unsupported, "no docker program"),
            (
                "permission denied while trying to connect to the Docker daemon socket",
                FailureKind::Denied,
                "no permission",
            ),
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
                FailureKind::Unreachable,
                "no engine runs",
            ),
            ("", FailureKind::Garbled, "closed at once"),
        ] {
            let failure = no_engine(&address(), said);
            assert!(failure.kind == kind && failure.to_string().contains(words), "{failure}");
        }
    }
}
