//! Whom Checks trust, and a verifier that remembers what it was shown: a refused handshake alone would hide the certificate
//! that it was refused for.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::sync::OnceCell;

use super::ask::Ask;
use super::certificate::{Certificate, length};
use super::seen::Seen;
use crate::model::Timestamp;

/// The authorities of this machine, read once.
#[derive(Default)]
pub(super) struct Trust {
    system: OnceCell<Vec<CertificateDer<'static>>>,
}

impl Trust {
    /// A verifier for one connection; `strict` refuses what does not hold, else it is only remembered.
    ///
    /// # Errors
    /// Where the Check's own `ca_file` cannot be used.
    pub(super) async fn witness(&self, ask: &Ask<'_>, strict: bool) -> Result<Arc<Witness>, Seen> {
        ask.preparing("the certificates that are trusted were not read");
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.system().await.iter().cloned());
        if let Some(path) = &ask.spec.ca_file {
            roots.add_parsable_certificates(
                file(path).await.map_err(|why| Seen::unknown(&format!("not asked: {why}")))?,
            );
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Without any authority nothing can be trusted; that is said of the certificate, not of us.
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        Ok(Arc::new(Witness { inner, provider, strict, seen: Mutex::new(None) }))
    }

    async fn system(&self) -> &[CertificateDer<'static>] {
        let read = || async {
            let read = tokio::task::spawn_blocking(|| rustls_native_certs::load_native_certs().certs);
            read.await.unwrap_or_default()
        };
        self.system.get_or_init(read).await
    }
}

async fn file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = |why: &str| format!("{} cannot be used: {why}", path.display());
    let pem = tokio::fs::read(path).await.map_err(|error| unusable(&error.to_string()))?;
    let all = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|error| unusable(&error.to_string()))?;
    if all.is_empty() { Err(unusable("there is no certificate in it")) } else { Ok(all) }
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Ended,
    NotYet,
    Untrusted,
    Name,
    Other(String),
}

/// What a server showed, and what is wrong with it; empty: nothing.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) certificate: Certificate,
    pub(super) faults: Vec<Fault>,
    name: String,
}

/// Verifies as the web does, and remembers.
#[derive(Debug)]
pub(super) struct Witness {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    strict: bool,
    seen: Mutex<Option<Shown>>,
}

impl Witness {
    /// What was shown last.
    pub(super) fn shown(&self) -> Option<Shown> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client that verifies by this witness.
    ///
    /// # Errors
    /// Where no version of TLS is left, which no build has.
    pub(super) fn client(self: &Arc<Self>) -> Result<ClientConfig, Seen> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Seen::unknown(&format!("not asked: {error}")))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(self.clone()).with_no_client_auth())
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.inner {
            Some(inner) => inner.verify_server_cert(leaf, chain, name, &[], now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    /// All that is wrong, not only what was noticed first.
    fn faults(
        &self,
        (leaf, chain): (&CertificateDer<'_>, &[CertificateDer<'_>]),
        name: &ServerName<'_>,
        certificate: &Certificate,
        first: &Error,
    ) -> Vec<Fault> {
        let mut faults = vec![fault(first)];
        if matches!(faults[0], Fault::Ended | Fault::NotYet)
            && let Some(inside) = certificate.ends.and_then(|ends| u64::try_from(ends.as_second() - 1).ok())
        {
            let then = UnixTime::since_unix_epoch(std::time::Duration::from_secs(inside));
            faults.extend(self.verify(leaf, chain, name, then).err().map(|error| fault(&error)));
        }
        let parsed = ParsedCertificate::try_from(leaf);
        if !faults.contains(&Fault::Name) && parsed.is_ok_and(|parsed| verify_server_name(&parsed, name).is_err()) {
            faults.push(Fault::Name);
        }
        faults.dedup();
        faults
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.verify(end_entity, intermediates, server_name, now);
        let certificate = Certificate::read(end_entity);
        let faults = match &verdict {
            Ok(_) => Vec::new(),
            Err(error) => self.faults((end_entity, intermediates), server_name, &certificate, error),
        };
        let shown = Shown { certificate, faults, name: server_name.to_str().into_owned() };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        if self.strict { verdict } else { Ok(ServerCertVerified::assertion()) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn fault(error: &Error) -> Fault {
    let Error::InvalidCertificate(why) = error else { return Fault::Other(error.to_string()) };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Fault::Ended,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Fault::NotYet,
        CertificateError::UnknownIssuer => Fault::Untrusted,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Fault::Name,
        // An authority of that name is known, but it was not the one that signed.
        CertificateError::BadSignature | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            Fault::Untrusted
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Fault::Other("it is not meant for a server".to_owned())
        }
        CertificateError::BadEncoding => Fault::Other("it is broken".to_owned()),
        other => Fault::Other(other.to_string()),
    }
}

impl Shown {
    /// Everything that is wrong in words, with its end whatever the fault; `None`: it holds.
    pub(super) fn words(&self, now: Timestamp) -> Option<String> {
        let end = self.certificate.end(now);
        let word = |fault: &Fault| match fault {
            // That it ended is said with when.
            Fault::Ended => match &self.certificate.trouble {
                Some(trouble) => format!("the certificate has ended, and {trouble}"),
                None => end.clone(),
            },
            Fault::NotYet => {
                let begins = self.certificate.begins.map(|at| format!(": in {}", length(now, at))).unwrap_or_default();
                format!("the certificate is not valid yet{begins}")
            }
            Fault::Untrusted if self.certificate.own => "nobody but the certificate itself vouches for it".to_owned(),
            Fault::Untrusted if self.certificate.issuer.is_empty() => "nobody we trust vouches for it".to_owned(),
            Fault::Untrusted => {
                format!("nobody we trust vouches for its certificate (issued by {})", self.certificate.issuer)
            }
            Fault::Name => format!("its certificate is for {}, not for {}", self.certificate.for_names(), self.name),
            Fault::Other(why) => match &self.certificate.trouble {
                Some(trouble) => format!("its certificate does not hold: {trouble}"),
                None => format!("its certificate does not hold: {why}"),
            },
        };
        if self.faults.is_empty() {
            return None;
        }
        let mut words: Vec<String> = self.faults.iter().map(word).collect();
        words.dedup();
        if !self.faults.contains(&Fault::Ended) && self.certificate.ends.is_some() {
            words.push(end);
        }
        Some(words.join("; "))
    }

    /// Whether time alone is against it: then it is out of order for everybody, wherever one asks from.
    pub(super) fn is_over(&self) -> bool {
        self.faults.contains(&Fault::Ended)
    }

    /// What the Check says of a certificate that does not hold, or does not hold for long enough; `None`: it is well.
    pub(super) fn judged(&self, ask: &Ask<'_>) -> Option<Seen> {
        let now = ask.now();
        let ends = self.certificate.ends;
        if let Some(words) = self.words(now) {
            let seen = if self.is_over() { Seen::failing(&words) } else { Seen::doubtful(ask.spec, &words) };
            return Some(seen.expires(ends));
        }
        let wanted = i64::try_from(ask.spec.expect.valid_for_seconds?).ok()?;
        let left = ends?.as_second() - now.as_second();
        let words = format!("{}, sooner than {} days", self.certificate.end(now), wanted / 86_400);
        (left < wanted).then(|| Seen::failing(&words).expires(ends))
    }
}
