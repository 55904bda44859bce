//! Opens one byte stream to an engine.

use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::address::Address;
use super::meter::Wire;
use crate::sources::port::{Failure, FailureKind};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// Opens streams to one engine.
pub(super) struct Dialler {
    address: Address,
}

impl Dialler {
    /// Nothing is opened yet.
    pub(super) fn new(address: Address) -> Self {
        Self { address }
    }

    /// Why streams break, where the way to the engine knows better than the stream itself.
    #[expect(clippy::unused_async, reason = "ssh has to ask its master")]
    pub(super) async fn trouble(&self) -> Option<Failure> {
        None
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// Why there is no way, in words, with what would help.
    pub(super) async fn open(&self) -> Result<Box<dyn Wire>, Failure> {
        match &self.address {
            Address::Unix(path) => unix(path).await,
            Address::Tcp { host, port } => Ok(Box::new(tcp(host, *port).await?)),
            _ => Err(Failure::new(FailureKind::Unsupported, "not reached this way")),
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

async fn within<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(CONNECT, work)
        .await
        .map_err(|_| Failure::new(FailureKind::Unreachable, format!("no connection within {} s", CONNECT.as_secs())))
}
