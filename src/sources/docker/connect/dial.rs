//! Opens one byte stream to an engine.

use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::address::Address;
use super::meter::Wire;
use super::ssh::Ssh;
use super::tls::Tls;
use crate::sources::port::{Failure, FailureKind};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// Opens streams to one engine.
pub(super) enum Dialler {
    Unix(PathBuf),
    Tcp(String, u16),
    Tls(Tls),
    Ssh(Arc<Ssh>),
}

impl Dialler {
    /// Nothing is opened yet, but files that TLS needs are read.
    ///
    /// # Errors
    /// Where one of them cannot be used.
    pub(super) fn new(address: &Address) -> Result<Self, Failure> {
        Ok(match address {
            Address::Unix(path) => Self::Unix(path.clone()),
            Address::Tcp { host, port } => Self::Tcp(host.clone(), *port),
            Address::Tls(tls) => Self::Tls(Tls::new(tls)?),
            Address::Ssh(ssh) => Self::Ssh(Arc::new(Ssh::new(ssh.clone()))),
        })
    }

    /// Makes sure that the way stands, where there is one to be made.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) async fn prepare(&self) -> Result<(), Failure> {
        if let Self::Ssh(ssh) = self { ssh.prepare().await } else { Ok(()) }
    }

    /// The login, where the engine is behind one.
    pub(super) fn login(&self) -> Option<Arc<Ssh>> {
        if let Self::Ssh(ssh) = self { Some(ssh.clone()) } else { None }
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// Why there is no way, in words, with what would help.
    pub(super) async fn open(&self) -> Result<Box<dyn Wire>, Failure> {
        match self {
            Self::Unix(path) => unix(path).await,
            Self::Tcp(host, port) => Ok(Box::new(tcp(host, *port).await?)),
            Self::Tls(tls) => tls.open().await,
            Self::Ssh(ssh) => ssh.open().await,
        }
    }
}

async fn unix(path: &Path) -> Result<Box<dyn Wire>, Failure> {
    match within(UnixStream::connect(path)).await? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(no_socket(path, &error)),
    }
}

fn no_socket(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => Failure::new(FailureKind::Unreachable, format!("there is no socket {shown}"))
            .hint("start the engine, or name another one with DOCKER_HOST or [[source]]"),
        ErrorKind::PermissionDenied => {
            Failure::new(FailureKind::Denied, format!("no permission to use the socket {shown}"))
                .hint("join the group docker (sudo usermod -aG docker $USER) and log in again")
        }
        _ if std::fs::symlink_metadata(path).is_ok_and(|m| !m.file_type().is_socket() && !m.is_symlink()) => {
            Failure::new(FailureKind::Unreachable, format!("{shown} is not a socket"))
        }
        ErrorKind::ConnectionRefused => {
            Failure::new(FailureKind::Unreachable, format!("nobody listens on the socket {shown}"))
                .hint("is dockerd running? (systemctl status docker)")
        }
        _ => Failure::new(FailureKind::Unreachable, format!("cannot connect to {shown}: {error}")),
    }
}

pub(super) async fn tcp(host: &str, port: u16) -> Result<TcpStream, Failure> {
    let stream = within(TcpStream::connect((host, port))).await?.map_err(|error| {
        let message = match error.kind() {
            ErrorKind::ConnectionRefused => format!("nobody listens on {host}:{port}"),
            _ => format!("cannot connect to {host}:{port}: {error}"),
        };
        Failure::new(FailureKind::Unreachable, message)
    })?;
    // Small requests should not wait for each other; without it everything still works.
    drop(stream.set_nodelay(true));
    Ok(stream)
}

pub(super) async fn within<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(CONNECT, work)
        .await
        .map_err(|_| Failure::new(FailureKind::Unreachable, format!("no connection within {} s", CONNECT.as_secs())))
}
