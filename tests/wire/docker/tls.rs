//! Engines behind TLS: certificates are always checked, ours is shown where one is wanted, connections are kept.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::model::Freshness;
use quarterdeck::sources::port::FailureKind;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::server::Engine;
use crate::watched::{Watched, failure, failure_of, source_with};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/docker/tls").join(name)
}

/// The far side of TLS, with the certificate of that name.
pub(crate) fn acceptor(certificate: &str, asks: bool) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = if asks {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("trusted.pem")).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file(&format!("{certificate}.key"))).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()))
}

#[tokio::test]
async fn an_engine_that_wants_a_certificate_is_read_with_ours() {
    let engine = Engine::behind_tls("server", true).await;
    let mut watched = Watched::supervised(source_with(&engine.url(), 5, Some(file("keys")), None).unwrap());
    watched.until("synced", |m| m.synced > 0).await;
    assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    assert_eq!(watched.mirror.workload("shop-prod/web").unwrap().ready, Some(3));
}

#[tokio::test]
async fn an_engine_that_wants_none_needs_an_authority_only() {
    let engine = Engine::behind_tls("server", false).await;
    let mut watched = Watched::supervised(source_with(&engine.url(), 5, None, Some(file("trusted.pem"))).unwrap());
    watched.until("synced", |m| m.synced > 0).await;
}

#[tokio::test]
async fn r_certificates_that_do_not_hold_are_refused() {
    let engine = Engine::behind_tls("other", false).await;
    let wrong_name = failure_of(source_with(&engine.url(), 5, None, Some(file("trusted.pem"))).unwrap()).await;
    assert!(wrong_name.kind == FailureKind::Denied, "{wrong_name}");
    assert!(wrong_name.to_string().contains("does not hold"), "{wrong_name}");
    let engine = Engine::behind_tls("server", false).await;
    // The server's own certificate is no authority that vouches for it.
    let stranger = failure_of(source_with(&engine.url(), 5, None, Some(file("other.pem"))).unwrap()).await;
    assert!(stranger.kind == FailureKind::Denied && stranger.to_string().contains("ca_file"), "{stranger}");
    let without = Engine::behind_tls("server", true).await;
    let refused = failure_of(source_with(&without.url(), 5, None, Some(file("trusted.pem"))).unwrap()).await;
    assert!(refused.to_string().contains("client certificate"), "{refused}");
}

#[tokio::test]
async fn plain_and_tls_are_told_apart() {
    let engine = Engine::behind_tls("server", false).await;
    assert!(matches!(failure(&engine.url(), 5).await.kind, FailureKind::Garbled | FailureKind::Unreachable));
    let missing = failure_of(source_with(&engine.url(), 5, None, Some(file("none.pem"))).unwrap()).await;
    assert!(missing.to_string().contains("none.pem cannot be used"), "{missing}");
}
