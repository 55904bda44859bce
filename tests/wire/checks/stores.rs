//! TCP, Redis and Postgres against what is none of them; the real ones are the lab's.

use quarterdeck::model::{CheckKind, CheckSpec, Outcome, SecretPlace, Text};

use crate::bench::{once, says, spec};
use crate::server::{Act, Server, page};

#[tokio::test]
async fn a_port_that_hangs_up_at_once_has_nobody_behind_it() {
    let waits = Server::that(Act::Hold(Vec::new())).await;
    says(&once(spec(CheckKind::Tcp, &waits.place())).await, Outcome::Passing, "connected in");
    let resets = Server::that(Act::Reset).await;
    says(&once(spec(CheckKind::Tcp, &resets.place())).await, Outcome::Failing, "at once");
    let closed = resets.place();
    drop(resets);
    let refused = once(spec(CheckKind::Tcp, &closed)).await;
    says(&refused, Outcome::Failing, "connection refused: nothing listens at 127.0.0.1:");
    assert!(refused.latency_ms.is_none());
}

#[tokio::test]
async fn redis_is_known_by_its_pong_and_every_other_answer_has_its_words() {
    for (answer, outcome, words) in [
        ("+PONG\r\n", Outcome::Passing, "PONG in"),
        ("-NOAUTH Authentication required.\r\n", Outcome::Unknown, "wants a password"),
        ("-LOADING Redis is loading the dataset in memory\r\n", Outcome::Failing, "loading its data"),
        ("-DENIED Redis is running in protected mode\r\n", Outcome::Unknown, "not let in"),
        ("-MOVED 3999 127.0.0.1:6381\r\n", Outcome::Failing, "PING was refused: MOVED"),
        ("HTTP/1.1 400 \u{1b}[2J\r\n", Outcome::Failing, "does not speak Redis; it said: HTTP/1.1 400"),
        ("", Outcome::Failing, "without an answer"),
    ] {
        let server = Server::that(Act::Say(answer.as_bytes().to_vec())).await;
        says(&once(spec(CheckKind::Redis, &format!("redis://{}", server.place()))).await, outcome, words);
    }
    let silent = Server::that(Act::Hold(Vec::new())).await;
    let check = once(spec(CheckKind::Redis, &format!("redis://{}", silent.place()))).await;
    says(&check, Outcome::Failing, "no answer to PING within 2 s");
}

#[tokio::test]
async fn a_wrong_password_of_redis_is_a_login_that_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hunter2").unwrap();
    let answer = |asked: &str| match asked.contains("AUTH") {
        true => Act::Hold(b"-WRONGPASS invalid username-password pair\r\n".to_vec()),
        false => Act::Hold(b"+PONG\r\n".to_vec()),
    };
    let server = Server::answering(answer, None).await;
    let redis = spec(CheckKind::Redis, &format!("redis://{}", server.place()));
    let login = CheckSpec { user: Some(Text::name("watch")), password: Some(SecretPlace::File(path)), ..redis };
    says(&once(login).await, Outcome::Failing, "the login was refused: WRONGPASS");
    assert_eq!(server.asked(), ["*3\r\n$4\r\nAUTH\r\n$5\r\nwatch\r\n$7\r\nhunter2\r\n"]);
}

#[tokio::test]
async fn what_is_no_postgres_is_named() {
    for (act, words) in [
        (page("400 Bad Request", ""), ""),
        (Act::Hold(Vec::new()), "the login was not answered within 2 s"),
        (Act::Reset, ""),
        (Act::Say(Vec::new()), ""),
    ] {
        let server = Server::that(act).await;
        let target = format!("postgres://watch@{}/shop", server.place());
        says(&once(spec(CheckKind::Postgres, &target)).await, Outcome::Failing, words);
    }
    let closed = Server::that(Act::Reset).await.place();
    let check = once(spec(CheckKind::Postgres, &format!("postgres://watch@{closed}/shop"))).await;
    says(&check, Outcome::Failing, "connection refused");
}
