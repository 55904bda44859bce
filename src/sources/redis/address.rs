//! Where a Redis listens: a host with a port, with TLS or without, or a socket; and the number of its database.

use std::fmt;
use std::path::PathBuf;

use crate::model::{Endpoint, redact};
use crate::sources::port::{Failure, FailureKind};

const DEFAULT_PORT: u16 = 6379;

/// A server's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Tcp { host: String, port: u16, tls: bool },
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A place and a database there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) database: u32,
}

impl Address {
    /// Reads `redis://host:port/N`, `rediss://host:port/N` or `unix:///path?db=N`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(endpoint: &Endpoint) -> Result<Self, Failure> {
        let url = endpoint.url.as_str();
        let bad = || {
            let shown = redact::mask(url);
            Failure::new(FailureKind::Unsupported, format!("`{shown}` is no address of a Redis"))
                .hint("redis://host:6379/0, rediss://host:6379/0 or unix:///path")
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        if scheme == "unix" {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            let number = query.split('&').find_map(|part| part.strip_prefix("db="));
            let database = number.map_or(Ok(0), |n| n.parse().map_err(|_| bad()))?;
            let absolute = path.starts_with('/') && path.len() > 1;
            return if absolute { Ok(Self { place: Place::Unix(path.into()), database }) } else { Err(bad()) };
        }
        if !matches!(scheme, "redis" | "rediss") || rest.contains('@') {
            return Err(bad());
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = host_and_port(server).ok_or_else(bad)?;
        let database = if path.is_empty() { 0 } else { path.parse().map_err(|_| bad())? };
        Ok(Self { place: Place::Tcp { host, port, tls: scheme == "rediss" }, database })
    }
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
fn host_and_port(server: &str) -> Option<(String, u16)> {
    let (host, port) = if let Some(bracketed) = server.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
    } else {
        server.split_once(':').map_or((server, None), |(host, port)| (host, Some(port)))
    };
    let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, u32, bool)> {
        let endpoint = Endpoint { url: url.to_owned(), ..Endpoint::default() };
        let address = Address::parse(&endpoint).ok()?;
        let tls = matches!(address.place, Place::Tcp { tls: true, .. });
        Some((address.place.to_string(), address.database, tls))
    }

    #[test]
    fn addresses_are_read_with_their_port_and_database() {
        assert_eq!(read("redis://cache"), Some(("cache:6379".into(), 0, false)));
        assert_eq!(read("rediss://cache.internal:6380/3"), Some(("cache.internal:6380".into(), 3, true)));
        assert_eq!(read("redis://[::1]:7000/1"), Some(("[::1]:7000".into(), 1, false)));
        assert_eq!(read("unix:///run/redis.sock?db=2"), Some(("/run/redis.sock".into(), 2, false)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in
            ["cache:6379", "http://cache", "redis://", "redis://h:x", "redis://h/zero", "unix://rel", "redis://a:b@h"]
        {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
