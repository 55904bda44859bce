//! Logs: what is asked for, what comes, and what a hostile container cannot do with them.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::model::{Key, Kind, LogAsk, LogLine, SourceName, Stream, Text};
use quarterdeck::sources::port::{Failure, FailureKind, LogBatch, LogOut, RawAsk};
use tokio::sync::mpsc;

use crate::server::{Answer, Engine};
use crate::watched::source;

fn ask(id: &str) -> LogAsk {
    LogAsk {
        instance: Key::new(&SourceName::new("docker:local"), Kind::Instance, id),
        scope: Text::empty(),
        name: Text::empty(),
        containers: Vec::new(),
        follow: false,
        previous: false,
        since: None,
        tail: None,
    }
}

fn framed(number: u8, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&[number, 0, 0, 0], &length[..], text.as_bytes()].concat()
}

/// An engine whose every log has this answer.
fn engine(answer: Answer) -> (Engine, String) {
    let engine = Engine::recorded("1.41");
    engine.script(move |path| path.contains("/logs?").then(|| answer.clone()));
    let id = engine.named("plain");
    (engine, id)
}

/// Everything that a stream gives until its end.
async fn all(engine: &Engine, ask: LogAsk) -> (Vec<LogLine>, Result<(), Failure>) {
    let (out, mut batches) = mpsc::channel(64);
    let stream = source(&engine.url(), 5).unwrap().logs(ask, LogOut::new(out));
    let mut lines = Vec::new();
    let take = async {
        while let Some(LogBatch { lines: more, .. }) = batches.recv().await {
            lines.extend(more);
        }
    };
    let both = futures::future::join(stream, take);
    let (ended, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    (lines, ended)
}

#[tokio::test]
async fn lines_of_both_streams_come_with_their_times() {
    let time = "2026-11-21T07:09:47.890284218Z";
    let body = [framed(1, &format!("{time} hello\n")), framed(2, &format!("{time} oh\x1b]52;c;x\x07\n"))].concat();
    let (engine, id) = engine(Answer::Whole(200, String::new(), body));
    let (lines, ended) = all(&engine, LogAsk { tail: Some(9), ..ask(&id) }).await;
    ended.unwrap();
    assert_eq!((lines[0].stream, lines[0].text.shown()), (Stream::Out, "hello"));
    assert_eq!((lines[1].stream, lines[1].text.shown()), (Stream::Err, "oh␛]52;c;x␇"));
    assert_eq!(lines[0].at.unwrap().to_string(), time);
    assert!(engine.asked().iter().any(|path| path.ends_with("timestamps=1&tail=9")), "{:?}", engine.asked());
}

#[tokio::test]
async fn a_container_that_is_gone_or_did_not_run_before_says_so() {
    let (engine, id) = engine(Answer::Whole(200, String::new(), Vec::new()));
    assert_eq!(all(&engine, ask("gone")).await.1.unwrap_err().kind, FailureKind::Absent);
    let previous = LogAsk { previous: true, ..ask(&id) };
    let failure = all(&engine, previous).await.1.unwrap_err();
    assert!(failure.kind == FailureKind::Absent && failure.to_string().contains("no previous log"), "{failure}");
}

#[tokio::test]
async fn c_a_line_that_never_ends_grows_nothing_and_stops_with_its_reader() {
    let (engine, id) = engine(Answer::Endless(framed(1, &"x".repeat(16 << 10))));
    let (out, batches) = mpsc::channel(4);
    let stream = source(&engine.url(), 5).unwrap().logs(LogAsk { follow: true, ..ask(&id) }, LogOut::new(out));
    let stream = tokio::spawn(stream);
    tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>()).await.unwrap_err();
    assert!(!stream.is_finished());
    drop(batches);
    tokio::time::timeout(Duration::from_secs(10), stream).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn c16_a_flood_is_dropped_and_counted_where_nobody_reads_fast_enough() {
    let (engine, id) = engine(Answer::Endless(framed(1, "2026-11-21T07:09:47Z spam\n").repeat(64)));
    let (out, mut batches) = mpsc::channel(2);
    let stream = source(&engine.url(), 5).unwrap().logs(LogAsk { follow: true, ..ask(&id) }, LogOut::new(out));
    let stream = tokio::spawn(stream);
    let dropped = async {
        loop {
            if batches.recv().await.unwrap().dropped > 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), dropped).await.unwrap();
    drop(batches);
    tokio::time::timeout(Duration::from_secs(10), stream).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_is_cut_says_so_after_its_last_line() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 4000\r\n\r\n".to_vec();
    bytes.extend(framed(1, "last words"));
    let (engine, id) = engine(Answer::Bytes(bytes));
    let (lines, ended) = all(&engine, ask(&id)).await;
    assert_eq!(lines[0].text.shown(), "last words");
    assert!(ended.unwrap_err().to_string().contains("mid-answer"));
}

#[tokio::test]
async fn m_descriptions_have_their_secrets_masked() {
    let engine = Engine::recorded("1.41");
    let source: Arc<_> = source(&engine.url(), 5).unwrap();
    let list = engine.named("plain");
    let key = Key::new(&SourceName::new("docker:local"), Kind::Instance, &list);
    let ask = RawAsk { key, kind: None, scope: Text::empty(), name: Text::empty() };
    let document = source.raw(ask).await.unwrap();
    let text: Vec<&str> = document.lines.iter().map(Text::raw).collect();
    assert!(text.iter().any(|line| line.contains("DB_PASSWORD")) && !text.iter().any(|line| line.contains("hunter2")));
}
