//! TLS to an engine: its certificate is always checked, our key is read once per connection to the engine.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::address::TlsAddress;
use super::dial;
use super::meter::Wire;
use crate::sources::port::{Failure, FailureKind};

/// Opens TLS streams to one engine.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    host: String,
    port: u16,
}

impl Tls {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// Where one of the files cannot be read, with its name.
    pub(super) fn new(address: &TlsAddress) -> Result<Self, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error.to_string()))?
            .with_root_certificates(roots(address)?);
        let config = match identity(address)? {
            Some((certificates, key)) => builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| unusable(&format!("the client certificate cannot be used: {error}")))?,
            None => builder.with_no_client_auth(),
        };
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| unusable(&format!("`{}` is no name that a certificate could have", address.host)))?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name, host: address.host.clone(), port: address.port })
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// Where nobody listens, or the handshake fails.
    pub(super) async fn open(&self) -> Result<Box<dyn Wire>, Failure> {
        let stream = dial::tcp(&self.host, self.port).await?;
        let place = format!("{}:{}", self.host, self.port);
        match dial::within(self.connector.connect(self.name.clone(), stream)).await? {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(refused(&place, &error.to_string())),
        }
    }
}

/// What a failed handshake means.
fn refused(place: &str, said: &str) -> Failure {
    let failure = |kind, message: String| Failure::new(kind, message);
    if said.contains("UnknownIssuer") {
        failure(FailureKind::Denied, format!("nobody we trust vouches for the certificate of {place} ({said})"))
            .hint("name the authority with ca_file, or put its ca.pem into DOCKER_CERT_PATH")
    } else if said.contains("invalid peer certificate") {
        failure(FailureKind::Denied, format!("the certificate of {place} does not hold: {said}"))
    } else if said.contains("corrupt message") || said.contains("InvalidContentType") {
        failure(FailureKind::Garbled, format!("{place} does not speak TLS"))
            .hint("a plain engine is reached as tcp:// without certificates")
    } else {
        failure(FailureKind::Unreachable, format!("no TLS with {place}: {said}"))
    }
}

/// The authorities that are trusted: `ca_file`, else `ca.pem`, else the system's.
fn roots(address: &TlsAddress) -> Result<RootCertStore, Failure> {
    let own = address.folder.as_ref().map(|folder| folder.join("ca.pem")).filter(|path| path.exists());
    let mut roots = RootCertStore::empty();
    match address.ca_file.as_ref().or(own.as_ref()) {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| unreadable(path, &error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Our own certificate, where there is one.
fn identity(address: &TlsAddress) -> Result<Option<Identity>, Failure> {
    let Some(folder) = &address.folder else { return Ok(None) };
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !certificate.exists() && !key.exists() {
        return Ok(None);
    }
    let certificates = certificates(&certificate)?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(|error| unreadable(&key, &error.to_string()))?;
    Ok(Some((certificates, key)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = all.map_err(|error| unreadable(path, &error.to_string()))?;
    if all.is_empty() { Err(unreadable(path, "there is no certificate in it")) } else { Ok(all) }
}

fn unreadable(path: &Path, why: &str) -> Failure {
    unusable(&format!("{} cannot be used: {why}", path.display()))
}

fn unusable(why: &str) -> Failure {
    Failure::new(FailureKind::Unsupported, why)
}
