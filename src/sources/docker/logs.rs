//! Logs of a container: which lines are asked for, and the stream of them to its end.

use std::sync::Arc;

use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};

use super::connect::Client;
use super::frames::Reader;
use super::wire::Inspected;
use crate::model::{LogAsk, Timestamp};
use crate::sources::port::{Failure, FailureKind, LogOut};

/// Lines passed on at once.
const BATCH: usize = 256;

/// Streams the logs until their end, or until nobody reads them any more.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn stream(client: Arc<Client>, ask: LogAsk, mut out: LogOut) -> Result<(), Failure> {
    let id = &ask.instance.uid;
    let row: Inspected = client.get(&format!("/containers/{id}/json")).await?;
    let _slot = client.slot(!ask.follow).await?;
    let mut body = client.stream(&path(&ask, &row)?).await?;
    let mut reader = Reader::new(ask.instance.clone(), row.config.tty);
    loop {
        let first = tokio::select! {
            frame = body.frame() => frame,
            () = out.closed() => return Ok(()),
        };
        let mut open = take(&client, &mut reader, first);
        // What has come together goes out together.
        while matches!(open, Ok(true)) && reader.lines.len() < BATCH {
            let Some(frame) = body.frame().now_or_never() else { break };
            open = take(&client, &mut reader, frame);
        }
        let lines = std::mem::take(&mut reader.lines);
        if !lines.is_empty() {
            let passed = if ask.follow { out.push(lines) } else { out.push_all(lines).await };
            if passed.is_err() {
                return Ok(());
            }
        }
        if !open? {
            return Ok(());
        }
    }
}

/// Feeds what came; false: the stream has ended.
fn take(
    client: &Client,
    reader: &mut Reader,
    frame: Option<Result<Frame<Bytes>, hyper::Error>>,
) -> Result<bool, Failure> {
    match frame {
        Some(Ok(frame)) => {
            if let Some(data) = frame.data_ref() {
                reader.feed(data);
            }
            Ok(true)
        }
        Some(Err(error)) => {
            reader.end();
            Err(client.broken(&error))
        }
        None => {
            reader.end();
            Ok(false)
        }
    }
}

/// The request. Docker keeps one log per container: the run before the last start is what was written until then.
fn path(ask: &LogAsk, row: &Inspected) -> Result<String, Failure> {
    let mut path = format!("/containers/{}/logs?stdout=1&stderr=1&timestamps=1", ask.instance.uid);
    if ask.previous {
        let first = row.restart_count.unwrap_or(0) == 0 && !row.state.finished_at.parse().is_ok_and(after_epoch);
        let started = row.state.started_at.parse::<Timestamp>().ok().filter(|t| after_epoch(*t));
        match started.filter(|_| !first) {
            Some(started) => path.push_str(&format!("&until={}", seconds(started))),
            None => return Err(Failure::new(FailureKind::Absent, "it has not run before: there is no previous log")),
        }
    } else if ask.follow {
        path.push_str("&follow=1");
    }
    if let Some(since) = ask.since {
        path.push_str(&format!("&since={}", seconds(since)));
    }
    if let Some(tail) = ask.tail {
        path.push_str(&format!("&tail={tail}"));
    }
    Ok(path)
}

fn after_epoch(time: Timestamp) -> bool {
    time.as_second() > 0
}

/// `seconds.nanoseconds`, as the engine reads times.
fn seconds(time: Timestamp) -> String {
    format!("{}.{:09}", time.as_second(), time.subsec_nanosecond().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Key, Kind, SourceName, Text};

    fn ask() -> LogAsk {
        LogAsk {
            instance: Key::new(&SourceName::new("docker:local"), Kind::Instance, "abc"),
            scope: Text::empty(),
            name: Text::empty(),
            containers: Vec::new(),
            follow: true,
            previous: false,
            since: Timestamp::new(5, 7).ok(),
            tail: Some(20),
        }
    }

    fn row(state: serde_json::Value) -> Inspected {
        serde_json::from_value(serde_json::json!({ "Id": "abc", "State": state })).unwrap()
    }

    #[test]
    fn follow_since_and_tail_stand_in_the_request() {
        let path = path(&ask(), &row(serde_json::json!({}))).unwrap();
        assert!(path.ends_with("timestamps=1&follow=1&since=5.000000007&tail=20"), "{path}");
    }

    #[test]
    fn the_run_before_ends_where_this_one_started() {
        let again =
            row(serde_json::json!({ "StartedAt": "1970-01-01T00:01:00.5Z", "FinishedAt": "1970-01-01T00:00:59Z" }));
        let previous = LogAsk { previous: true, since: None, tail: None, ..ask() };
        assert!(path(&previous, &again).unwrap().ends_with("timestamps=1&until=60.500000000"));
        let first =
            row(serde_json::json!({ "StartedAt": "1970-01-01T00:01:00Z", "FinishedAt": "0001-01-01T00:00:00Z" }));
        assert_eq!(path(&previous, &first).unwrap_err().kind, FailureKind::Absent);
    }
}
