//! Opens one byte stream to a Redis: a socket, TCP, or TLS with its certificate always checked.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::address::Place;
use super::meter::Wire;
use crate::sources::port::{Failure, FailureKind};

/// How long a connection may take to stand; tunnels are slower than the client's own default of 1 s.
const CONNECT: Duration = Duration::from_secs(3);

/// Opens a stream.
///
/// # Errors
/// Why there is no way, in words, with what would help.
pub(super) async fn open(place: &Place, ca_file: Option<&Path>) -> Result<Box<dyn Wire>, Failure> {
    match place {
        Place::Unix(path) => unix(place, path).await,
        Place::Tcp { host, port, tls: false } => Ok(Box::new(tcp(place, host, *port).await?)),
        Place::Tcp { host, port, tls: true } => {
            // The files are read first: a wrong path is told although the server is away.
            let config = config(ca_file).await?;
            let stream = tcp(place, host, *port).await?;
            tls(place, host, config, stream).await
        }
    }
}

async fn within<T>(place: &Place, work: impl Future<Output = T>) -> Result<T, Failure> {
    let late =
        |_| Failure::new(FailureKind::Unreachable, format!("no connection to {place} within {} s", CONNECT.as_secs()));
    tokio::time::timeout(CONNECT, work).await.map_err(late)
}

async fn tcp(place: &Place, host: &str, port: u16) -> Result<TcpStream, Failure> {
    let stream = within(place, TcpStream::connect((host, port))).await?.map_err(|error| {
        let words = match error.kind() {
            ErrorKind::ConnectionRefused => format!("nobody listens on {place} (connection refused)"),
            _ => format!("cannot connect to {place}: {error}"),
        };
        Failure::new(FailureKind::Unreachable, words)
    })?;
    // Small requests should not wait for each other; without it everything still works.
    drop(stream.set_nodelay(true));
    Ok(stream)
}

async fn unix(place: &Place, path: &Path) -> Result<Box<dyn Wire>, Failure> {
    let stream = within(place, UnixStream::connect(path)).await?.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::new(FailureKind::Unreachable, format!("there is no socket {place}")),
        ErrorKind::PermissionDenied => {
            Failure::new(FailureKind::Denied, format!("no permission to use the socket {place}"))
                .hint("join its group, or set unixsocketperm in the Redis configuration")
        }
        ErrorKind::ConnectionRefused => {
            Failure::new(FailureKind::Unreachable, format!("nobody listens on the socket {place}"))
        }
        _ => Failure::new(FailureKind::Unreachable, format!("cannot connect to {place}: {error}")),
    })?;
    Ok(Box::new(stream))
}

async fn tls(place: &Place, host: &str, config: ClientConfig, stream: TcpStream) -> Result<Box<dyn Wire>, Failure> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        Failure::new(FailureKind::Unsupported, format!("`{host}` is no name that a certificate could have"))
    })?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match within(place, handshake).await? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(refused(place, &error.to_string())),
    }
}

/// What a failed handshake means.
fn refused(place: &Place, said: &str) -> Failure {
    if said.contains("UnknownIssuer") {
        Failure::new(FailureKind::Denied, format!("nobody we trust vouches for the certificate of {place} ({said})"))
            .hint("name the authority with ca_file")
    } else if said.contains("invalid peer certificate") {
        Failure::new(FailureKind::Denied, format!("the certificate of {place} does not hold: {said}"))
    } else if said.contains("corrupt message") || said.contains("InvalidContentType") || said.contains("eof") {
        Failure::new(FailureKind::Garbled, format!("{place} does not speak TLS: {said}"))
            .hint("a Redis without TLS is reached as redis://")
    } else {
        Failure::new(FailureKind::Unreachable, format!("no TLS with {place}: {said}"))
    }
}

async fn config(ca_file: Option<&Path>) -> Result<ClientConfig, Failure> {
    let unusable = |why: String| Failure::new(FailureKind::Unsupported, why);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |why: &dyn std::fmt::Display| unusable(format!("{} cannot be used: {why}", path.display()));
        let pem = tokio::fs::read(path).await.map_err(|error| unreadable(&error))?;
        let own = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        let own = own.map_err(|error| unreadable(&error))?;
        if own.is_empty() {
            return Err(unreadable(&"there is no certificate in it"));
        }
        for certificate in own {
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
