//! Where an engine is: `unix://`, `tcp://` (plain or TLS) and `ssh://`, read from a spec; nothing is dialled here.

use std::path::PathBuf;

use crate::model::Text;
use crate::sources::port::{Failure, FailureKind};

/// Ports that the Docker tools use where none is written.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// An engine's place, as far as a connection needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::docker) enum Address {
    Unix(PathBuf),
    Tcp { host: String, port: u16 },
    Tls(TlsAddress),
    Ssh(SshAddress),
}

/// An engine behind TLS, and where the keys lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::docker) struct TlsAddress {
    pub(super) host: String,
    pub(super) port: u16,
    /// The folder with `ca.pem`, `cert.pem`, `key.pem`.
    pub(super) folder: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
}

/// An engine behind an SSH login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::docker) struct SshAddress {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// A socket on the far side that is not the default one.
    pub(super) socket: Option<String>,
}

impl Address {
    /// Reads a URL as people write it in `DOCKER_HOST`, a context or the configuration.
    ///
    /// # Errors
    /// Where it has no known form, or a part that could be taken for an option of a program.
    pub(in crate::sources::docker) fn parse(
        url: &str,
        tls: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::new(FailureKind::Unsupported, format!("`{url}` is no address of a Docker engine: {why}"))
                .hint("write unix:///path, tcp://host:port or ssh://user@host")
        };
        if url.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(url)));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        if scheme == "unix" {
            return if rest.starts_with('/') {
                Ok(Self::Unix(rest.into()))
            } else {
                Err(wrong("the path is not absolute"))
            };
        }
        let (authority, path) = rest.split_once('/').map_or((rest, ""), |(a, p)| (a, p));
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
        let (host, port) = host_and_port(place).map_err(&wrong)?;
        for part in user.into_iter().chain([host]) {
            if part.is_empty() || part.starts_with('-') || part.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(wrong("a name in it is empty, begins with `-` or holds blanks"));
            }
        }
        let host = host.to_owned();
        match scheme {
            "ssh" => {
                let socket = (!path.is_empty()).then(|| format!("/{path}"));
                Ok(Self::Ssh(SshAddress { user: user.map(str::to_owned), host, port, socket }))
            }
            "tcp" | "http" if tls.is_none() && ca_file.is_none() => {
                Ok(Self::Tcp { host, port: port.unwrap_or(PLAIN_PORT) })
            }
            "tcp" | "https" => Ok(Self::Tls(TlsAddress { host, port: port.unwrap_or(TLS_PORT), folder: tls, ca_file })),
            _ => Err(wrong("its scheme is not known")),
        }
    }

    /// How messages name it.
    pub(in crate::sources::docker) fn shown(&self) -> String {
        match self {
            Self::Unix(path) => path.display().to_string(),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            Self::Tls(tls) => format!("{}:{}", tls.host, tls.port),
            Self::Ssh(ssh) => format!("ssh://{}", ssh.login()),
        }
    }

    /// What a person should know although it works.
    pub(in crate::sources::docker) fn warning(&self) -> Option<Text> {
        match self {
            Self::Tcp { .. } => Some(Text::line(
                "plain TCP: whoever is on the way can read everything and owns the host; use TLS or ssh://",
            )),
            _ => None,
        }
    }

    /// Whether its files are this machine's files.
    pub(in crate::sources::docker) fn is_local(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

impl SshAddress {
    /// `user@host`, as `ssh` takes it.
    pub(super) fn login(&self) -> String {
        self.user.as_ref().map_or_else(|| self.host.clone(), |user| format!("{user}@{}", self.host))
    }

    /// What a person types to see the login for themselves.
    pub(super) fn command(&self) -> String {
        self.port.map_or_else(|| format!("ssh {}", self.login()), |port| format!("ssh -p {port} {}", self.login()))
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    match port.map(str::parse::<u16>) {
        None => Ok((host, None)),
        Some(Ok(port)) => Ok((host, Some(port))),
        Some(Err(_)) => Err("its port is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_read() {
        let parse = |url| Address::parse(url, None, None);
        assert_eq!(parse("unix:///run/docker.sock").unwrap(), Address::Unix("/run/docker.sock".into()));
        assert_eq!(parse("tcp://vm1").unwrap(), Address::Tcp { host: "vm1".into(), port: 2375 });
        assert_eq!(parse("tcp://[::1]:99").unwrap(), Address::Tcp { host: "::1".into(), port: 99 });
        let Address::Ssh(ssh) = parse("ssh://deploy@vm1:2222").unwrap() else { panic!() };
        assert_eq!((ssh.login().as_str(), ssh.command().as_str()), ("deploy@vm1", "ssh -p 2222 deploy@vm1"));
        let Address::Ssh(ssh) = parse("ssh://vm1/run/user/1000/docker.sock").unwrap() else { panic!() };
        assert_eq!(ssh.socket.as_deref(), Some("/run/user/1000/docker.sock"));
        assert!(
            matches!(Address::parse("tcp://vm1", Some("/keys".into()), None), Ok(Address::Tls(tls)) if tls.port == 2376)
        );
    }

    #[test]
    fn r_a_host_that_would_be_an_option_is_refused() {
        for url in
            ["ssh://-oProxyCommand=touch", "ssh://-l@vm1", "ssh://", "ssh://a b", "tcp://h:x", "ftp://h", "docker"]
        {
            assert_eq!(Address::parse(url, None, None).unwrap_err().kind, FailureKind::Unsupported, "{url}");
        }
    }
}
