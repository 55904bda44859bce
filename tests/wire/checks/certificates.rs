//! TLS: what is wrong with a certificate is told with its end, also where the handshake is refused for it.

use quarterdeck::model::{Check, CheckKind, CheckSpec, Expectation, Outcome, SecretPlace};

use crate::bench::{once, says, spec};
use crate::server::{Act, Server, file, page};

async fn shown(certificate: &str) -> Check {
    let server = Server::behind(certificate, Act::Hold(Vec::new())).await;
    let target = format!("localhost:{}", server.port);
    once(CheckSpec { ca_file: Some(file("ca.pem")), ..spec(CheckKind::Tls, &target) }).await
}

fn day(check: &Check) -> String {
    check.certificate_expires_at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_certificate_that_holds_passes_with_its_end() {
    let check = shown("good").await;
    says(&check, Outcome::Passing, "issued by Test Authority");
    assert_eq!(day(&check), "2095-01-01");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_the_end_whatever_it_is() {
    for (certificate, words, end) in [
        ("ended", "certificate ended ", "2021-03-01"),
        ("early", "is not valid yet: in ", "2095-01-01"),
        ("other", "its certificate is for other.example, not for localhost", "2095-01-01"),
        ("own", "nobody", ""),
    ] {
        let check = shown(certificate).await;
        says(&check, Outcome::Failing, words);
        assert!(check.certificate_expires_at.is_some() && (end.is_empty() || day(&check) == end), "{check:?}");
    }
}

#[tokio::test]
async fn several_faults_of_one_certificate_are_all_told() {
    let server = Server::behind("ended", Act::Hold(Vec::new())).await;
    let check = once(spec(CheckKind::Tls, &format!("127.0.0.2:{}", server.port)));
    // Nobody listens there: the name of the certificate is not even asked for.
    says(&check.await, Outcome::Failing, "connection refused");
    let check = once(spec(CheckKind::Tls, &format!("localhost:{}", server.port))).await;
    says(&check, Outcome::Failing, "certificate ended ");
    says(&check, Outcome::Failing, "nobody we trust vouches for its certificate (issued by Test Authority)");
}

#[tokio::test]
async fn broken_dates_are_told_in_words() {
    let check = shown("broken").await;
    assert!(check.outcome == Outcome::Failing && check.certificate_expires_at.is_none(), "{check:?}");
    assert!(check.message.raw().contains("dates") || check.message.raw().contains("cannot be read"), "{check:?}");
}

#[tokio::test]
async fn one_that_ends_sooner_than_wanted_fails() {
    let server = Server::behind("good", Act::Hold(Vec::new())).await;
    let expect = Expectation { valid_for_seconds: Some(200 * 365 * 86_400), ..Expectation::default() };
    let tls = CheckSpec {
        ca_file: Some(file("ca.pem")),
        expect,
        ..spec(CheckKind::Tls, &format!("localhost:{}", server.port))
    };
    says(&once(tls).await, Outcome::Failing, "sooner than 73000 days");
}

#[tokio::test]
async fn m_https_tells_the_end_and_sends_no_credentials_to_whom_it_does_not_trust() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2").unwrap();
    for (certificate, outcome, words) in [
        ("good", Outcome::Passing, "200 in"),
        ("ended", Outcome::Failing, "certificate ended "),
        ("own", Outcome::Failing, "nobody"),
        ("other", Outcome::Failing, "not for localhost"),
    ] {
        let server = Server::behind(certificate, page("200 OK", "")).await;
        let check = once(CheckSpec {
            ca_file: Some(file("ca.pem")),
            password: Some(SecretPlace::File(path.clone())),
            ..spec(CheckKind::Http, &format!("https://localhost:{}/", server.port))
        });
        let check = check.await;
        says(&check, outcome, words);
        assert!(check.certificate_expires_at.is_some(), "{check:?}");
        assert_eq!(server.asked().len(), usize::from(certificate == "good"), "{certificate}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_says_so() {
    let server = Server::that(page("400 Bad Request", "")).await;
    says(&once(spec(CheckKind::Tls, &server.place())).await, Outcome::Failing, "does not speak TLS");
    let https = format!("https://127.0.0.1:{}/", server.port);
    says(&once(spec(CheckKind::Http, &https)).await, Outcome::Failing, "does not speak TLS");
    let silent = Server::that(Act::Hold(Vec::new())).await;
    says(
        &once(spec(CheckKind::Tls, &silent.place())).await,
        Outcome::Failing,
        "did not finish the TLS handshake within 2 s",
    );
}
