//! TLS: the handshake, the chain, the names and the end of the certificate; all of them, also where one is wrong.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ask::Ask;
use super::dial;
use super::seen::Seen;
use super::trust::Witness;

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    let target = ask.spec.target.raw();
    let Some((host, port)) = dial::split(target) else { return Seen::unknown(&format!("{target} has no port")) };
    // Nothing is sent over it: a certificate that does not hold may be looked at to its end.
    let witness = match ask.trust.witness(ask, false).await {
        Ok(witness) => witness,
        Err(seen) => return seen,
    };
    let stream = match dial::connect(ask, host, port).await {
        Ok(stream) => stream,
        Err(seen) => return seen,
    };
    if let Err(seen) = secure(ask, &witness, host, stream).await {
        return seen;
    }
    let took = ask.took();
    let Some(shown) = witness.shown() else { return Seen::failing("it showed no certificate").took(took) };
    if let Some(seen) = shown.judged(ask) {
        return seen.took(took);
    }
    let words = format!("{}, issued by {}", shown.certificate.end(ask.now()), shown.certificate.issuer);
    Seen::passing(&words).took(took).expires(shown.certificate.ends)
}

/// Speaks TLS on a connection, as `host`.
///
/// # Errors
/// What is to be said of the Check where it does not come about.
pub(super) async fn secure(
    ask: &Ask<'_>,
    witness: &Arc<Witness>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Seen> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Seen::unknown(&format!("{host} is no name that a certificate could have")))?;
    ask.waiting(&format!("{host} did not finish the TLS handshake"));
    let connector = TlsConnector::from(Arc::new(witness.client()?));
    let made = connector.connect(name, stream).await;
    ask.shown(witness.shown().and_then(|shown| shown.certificate.ends));
    made.map_err(|error| handshake(ask, witness, host, &error))
}

/// What a handshake that did not come about says.
pub(super) fn handshake(ask: &Ask<'_>, witness: &Witness, host: &str, error: &std::io::Error) -> Seen {
    let shown = witness.shown();
    if let Some(seen) = shown.as_ref().and_then(|shown| shown.judged(ask)) {
        return seen;
    }
    let ends = shown.and_then(|shown| shown.certificate.ends);
    let said = error.to_string();
    let words = if said.contains("corrupt message") || said.contains("InvalidContentType") {
        format!("{host} does not speak TLS there")
    } else if is_tls(error) {
        format!("no TLS with {host}: {said}")
    } else {
        return dial::refused(host, error).expires(ends);
    };
    Seen::failing(&words).expires(ends)
}

/// Whether an error of a stream is one of TLS itself.
fn is_tls(error: &std::io::Error) -> bool {
    let Some(inner) = error.get_ref() else { return false };
    inner.is::<rustls::Error>()
}
