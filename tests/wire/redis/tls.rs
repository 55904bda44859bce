//! A Redis behind TLS: its certificate is always checked, and plain and TLS are told apart.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::sources::port::FailureKind;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::keys::Keys;
use crate::server::Server;
use crate::watched::{Settings, Watched, failure};

/// Keys of docker's wire tests.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/docker/tls").join(name)
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file(&format!("{certificate}.key"))).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

fn trusting(url: &str, authority: Option<&str>) -> Settings {
    Settings { ca_file: authority.map(file), ..Settings::of(url) }
}

#[tokio::test]
async fn a_server_with_a_certificate_that_we_trust_is_read() {
    let server = Server::behind_tls(Keys::default(), acceptor("server")).await;
    let watched = Watched::synced(&trusting(&server.url, Some("trusted.pem"))).await;
    assert_eq!(watched.mirror.store().connections, Some(4));
}

#[tokio::test]
async fn r_certificates_that_do_not_hold_are_refused() {
    let server = Server::behind_tls(Keys::default(), acceptor("server")).await;
    let stranger = failure(&trusting(&server.url, None)).await;
    assert!(stranger.kind == FailureKind::Denied && stranger.to_string().contains("ca_file"), "{stranger}");
    let other = Server::behind_tls(Keys::default(), acceptor("other")).await;
    let wrong = failure(&trusting(&other.url, Some("trusted.pem"))).await;
    assert!(wrong.kind == FailureKind::Denied && wrong.to_string().contains("does not hold"), "{wrong}");
    let missing = failure(&trusting(&server.url, Some("none.pem"))).await;
    assert!(missing.to_string().contains("none.pem cannot be used"), "{missing}");
}

#[tokio::test]
async fn plain_and_tls_are_told_apart() {
    let plain = Server::with(Keys::default()).await;
    let says = failure(&Settings::of(&plain.url.replace("redis://", "rediss://"))).await;
    assert!(says.to_string().contains("does not speak TLS"), "{says}");
    let tls = Server::behind_tls(Keys::default(), acceptor("server")).await;
    let says = failure(&Settings::of(&tls.url.replace("rediss://", "redis://"))).await;
    assert!(says.to_string().contains("speaks TLS") || says.to_string().contains("closed"), "{says}");
}
