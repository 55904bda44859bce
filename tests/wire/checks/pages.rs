//! HTTP: status, words, time, redirects, and bodies that never end; credentials stay where they belong.

use quarterdeck::model::{Check, CheckKind, CheckSpec, Expectation, Outcome, Redirects, SecretPlace, Text};

use crate::bench::{once, says, spec};
use crate::server::{Act, Server, page};

async fn get(url: &str, expect: Expectation) -> Check {
    once(CheckSpec { expect, ..spec(CheckKind::Http, url) }).await
}

fn words(words: &str) -> Expectation {
    Expectation { body: Some(Text::line(words)), ..Expectation::default() }
}

#[tokio::test]
async fn a_good_answer_passes_with_its_time() {
    let server = Server::that(page("200 OK", "all is well")).await;
    let check = get(&server.url("/health"), words("is well")).await;
    says(&check, Outcome::Passing, "200 in ");
    assert!(check.latency_ms.is_some() && check.since == check.checked_at && check.certificate_expires_at.is_none());
    assert!(server.asked()[0].starts_with("GET /health HTTP/1.1\r\n"), "{:?}", server.asked());
    says(&get(&server.url("/"), words("is ill")).await, Outcome::Failing, "`is ill` is not in the body");
    let strict = Expectation { status: Some(204), ..Expectation::default() };
    says(&get(&server.url("/"), strict).await, Outcome::Failing, ", not 204");
}

#[tokio::test]
async fn v_m_a_bad_answer_is_told_without_its_escapes_and_secrets() {
    let body = "\u{1b}[2Jno database, token=hunter2";
    let server = Server::that(page("503 Service Unavailable", body)).await;
    let check = get(&server.url("/"), Expectation::default()).await;
    says(&check, Outcome::Failing, "503 Service Unavailable in ");
    assert!(check.message.shown().contains("␛[2Jno database"), "{check:?}");
    assert!(!check.message.raw().contains("hunter2"), "{check:?}");
}

#[tokio::test]
async fn c_a_body_that_never_ends_is_read_up_to_its_bound() {
    let endless = || Act::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1024]);
    let server = Server::that(endless()).await;
    says(&get(&server.url("/"), Expectation::default()).await, Outcome::Passing, "200 in");
    says(&get(&server.url("/"), words("ok")).await, Outcome::Failing, "in its first 64 KB");
    let held = Server::that(Act::Hold(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok".to_vec())).await;
    says(&get(&held.url("/"), Expectation::default()).await, Outcome::Failing, "its body did not end within 2 s");
    says(&get(&held.url("/"), words("ok")).await, Outcome::Passing, "200 in");
}

#[tokio::test]
async fn what_is_no_http_server_is_named() {
    let say = |bytes: &[u8]| Act::Say(bytes.to_vec());
    for (act, said) in [
        (say(b"220 smtp.example.com ESMTP\r\n"), "no"),
        (Act::Hold(Vec::new()), "no answer came within 2 s"),
        (Act::Reset, ""),
        (say(b""), "no answer from"),
    ] {
        let server = Server::that(act).await;
        let check = get(&server.url("/"), Expectation::default()).await;
        says(&check, Outcome::Failing, said);
        assert!(check.latency_ms.is_none(), "{check:?}");
    }
    let closed = Server::that(Act::Reset).await.url("/");
    says(&get(&closed, Expectation::default()).await, Outcome::Failing, "connection refused");
}

#[tokio::test]
async fn m_credentials_never_follow_a_redirect_to_another_host() {
    let other = Server::that(page("200 OK", "mine")).await;
    // Another name of this machine is another host.
    let to = format!("HTTP/1.1 302 Found\r\nLocation: http://localhost:{}/\r\nContent-Length: 0\r\n\r\n", other.port);
    let server = Server::that(Act::Say(to.into_bytes())).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2\n").unwrap();
    let asked = |redirects, user: Option<&str>| CheckSpec {
        expect: Expectation { redirects, ..Expectation::default() },
        user: user.map(Text::name),
        password: Some(SecretPlace::File(path.clone())),
        ..spec(CheckKind::Http, &server.url("/"))
    };
    let stayed = once(asked(Redirects::SameHost, Some("watch"))).await;
    says(&stayed, Outcome::Passing, "sends on to localhost, another host: not followed");
    assert_eq!(other.asked(), [""; 0]);
    assert!(server.asked()[0].to_lowercase().contains("authorization: basic"), "{:?}", server.asked());
    says(&once(asked(Redirects::Any, None)).await, Outcome::Passing, "200 in");
    assert!(server.asked()[1].contains("Bearer hunter2") || server.asked()[1].contains("bearer hunter2"));
    let strangers = other.asked().join("").to_lowercase();
    assert!(
        !strangers.is_empty() && !strangers.contains("authorization") && !strangers.contains("hunter2"),
        "{strangers}"
    );
    says(&once(asked(Redirects::None, None)).await, Outcome::Passing, "302 Found in");
}

#[tokio::test]
async fn it_is_sent_on_five_times_at_most() {
    let hop = |asked: &str| {
        let n: u32 = asked.split(['/', ' ']).find_map(|word| word.parse().ok()).unwrap_or(0);
        match n {
            3 => page("200 OK", ""),
            _ => Act::Say(
                format!("HTTP/1.1 301 Moved\r\nLocation: /{}\r\nContent-Length: 0\r\n\r\n", n + 1).into_bytes(),
            ),
        }
    };
    let server = Server::answering(hop, None).await;
    says(&get(&server.url("/0"), Expectation::default()).await, Outcome::Passing, "200 in");
    says(&get(&server.url("/4"), Expectation::default()).await, Outcome::Failing, "more than 5 times");
    assert_eq!(server.asked().len(), 4 + 6);
}

#[tokio::test]
async fn a_good_answer_that_comes_too_late_fails() {
    let server = Server::that(page("200 OK", "")).await;
    let late = Expectation { within_ms: Some(0), ..Expectation::default() };
    let check = get(&server.url("/"), late).await;
    // On a machine that answers within the millisecond there is nothing to be late.
    match check.latency_ms {
        Some(0) => says(&check, Outcome::Passing, "200"),
        _ => says(&check, Outcome::Failing, "more than 0 ms"),
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_makes_it_unknown_and_nobody_is_asked() {
    let server = Server::that(page("200 OK", "")).await;
    let password = Some(SecretPlace::Env("QUARTERDECK_NO_SUCH_SECRET".to_owned()));
    let check = once(CheckSpec { password, ..spec(CheckKind::Http, &server.url("/")) }).await;
    says(&check, Outcome::Unknown, "QUARTERDECK_NO_SUCH_SECRET is not set");
    assert_eq!(server.asked(), [""; 0]);
}

#[tokio::test]
async fn names_that_lead_nowhere_fail_and_names_that_lead_here_pass() {
    says(&once(spec(CheckKind::Dns, "localhost")).await, Outcome::Passing, "127.0.0.1");
    let nowhere = once(spec(CheckKind::Dns, "nowhere.invalid")).await;
    // Without a resolver there is nobody to ask: that is not the name's fault.
    assert!(matches!(nowhere.outcome, Outcome::Failing | Outcome::Unknown), "{nowhere:?}");
}
