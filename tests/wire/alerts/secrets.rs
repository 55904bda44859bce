//! A password that is rotated at three in the morning is read again where it lies; nobody has to restart a console.

use std::sync::{Arc, Mutex};

use quarterdeck::model::{Freshness, Kind, SecretPlace, Text};
use quarterdeck::sources::port::{FailureKind, RawAsk};

use crate::opened::{BOTH, Server};
use crate::served::{Answer, Served};
use crate::shared::Watched;

/// A server that lets the one password in that is valid now, and where that is set.
async fn guarded(kind: Server) -> (Served, Arc<Mutex<&'static str>>) {
    let server = kind.served().await;
    let valid = Arc::new(Mutex::new("reader:old"));
    let known = valid.clone();
    server.judge(move |asked| {
        // Of base64 only these two are needed.
        let login = match *known.lock().unwrap() {
            "reader:old" => "Basic cmVhZGVyOm9sZA==",
            _ => "Basic cmVhZGVyOm5ldw==",
        };
        (asked.login != Some(login)).then(|| Answer::Whole(401, "", b"wrong password".to_vec()))
    });
    (server, valid)
}

#[tokio::test]
async fn a_rotated_password_is_read_again_and_the_source_never_leaves_fresh() {
    for kind in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "old\n").unwrap();
        let (server, valid) = guarded(kind).await;
        let source = kind.source_with(&server.url(), Some(SecretPlace::File(file.clone())));
        let watched = Watched::synced(source.clone()).await;
        let alarm = watched.mirror.alarm("Api5xx");
        let ask = RawAsk { key: alarm.key.clone(), kind: None, scope: Text::empty(), name: alarm.name.clone() };
        assert_eq!(ask.key.kind, Kind::Alarm);
        *valid.lock().unwrap() = "reader:new";
        let denied = source.clone().raw(ask.clone()).await.unwrap_err();
        assert_eq!(denied.kind, FailureKind::Denied, "the old one still lies there: {denied}");
        std::fs::write(&file, "new\n").unwrap();
        let raw = source.raw(ask).await.unwrap();
        assert!(raw.lines.iter().any(|line| line.shown().contains("error ratio 6.1 %")));
        assert_eq!(watched.mirror.status.state, Freshness::Fresh);
    }
}

#[tokio::test]
async fn a_wrong_password_that_is_put_right_is_taken_without_a_restart() {
    for kind in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "new\n").unwrap();
        let (server, _) = guarded(kind).await;
        let mut watched = Watched::supervised(kind.source_with(&server.url(), Some(SecretPlace::File(file.clone()))));
        watched.until("it is denied", |m| m.status.state == Freshness::Denied).await;
        std::fs::write(&file, "old\n").unwrap();
        watched.until("it is read", |m| m.synced == 1 && m.status.state == Freshness::Fresh).await;
    }
}
