//! The events stream: asked for with a filter that leaves out what health checks do every second, read on a task of its
//! own so that the engine never waits for us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::connect::Client;
use super::lines::Lines;
use super::wire::EventLine;
use crate::sources::port::{Desk, Failure, FailureKind};

/// Events that may wait for us; what comes on top is lost, and a list makes up for it.
const ROOM: usize = 1024;
/// Longest event: its attributes are all labels of a container.
const LONGEST: usize = 4 << 20;
/// What changes a container. Engines compare by the beginning of the word where `health_status` stands among them.
const WANTED: &[&str] = &[
    "create",
    "start",
    "restart",
    "stop",
    "die",
    "kill",
    "oom",
    "pause",
    "unpause",
    "destroy",
    "rename",
    "update",
    "health_status",
];

/// An open stream. It ends when this is dropped.
pub(super) struct Events {
    lines: mpsc::Receiver<EventLine>,
    lost: Arc<AtomicBool>,
}

impl Events {
    /// Opens the stream; events since `since` (Unix nanoseconds) come first, as far as the engine remembers.
    ///
    /// # Errors
    /// Where the engine does not give it.
    pub(super) async fn open(client: &Client, desk: &Desk, since: i64) -> Result<Self, Failure> {
        let filters = serde_json::json!({ "type": ["container"], "event": WANTED }).to_string();
        let (seconds, nanos) = (since / 1_000_000_000, since % 1_000_000_000);
        let path = format!("/events?since={seconds}.{nanos:09}&filters={}", percent(&filters));
        let body = client.stream(&path).await?;
        let (out, lines) = mpsc::channel(ROOM);
        let lost = Arc::new(AtomicBool::new(false));
        desk.spawn(read(body, out, lost.clone()));
        Ok(Self { lines, lost })
    }

    /// The next event; `None`: the stream has ended.
    pub(super) async fn next(&mut self) -> Option<EventLine> {
        self.lines.recv().await
    }

    /// Another event that is there already.
    pub(super) fn ready(&mut self) -> Option<EventLine> {
        self.lines.try_recv().ok()
    }

    /// Whether events were lost since the last call: then only a list tells what is.
    pub(super) fn lost_some(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }
}

async fn read(mut body: Incoming, out: mpsc::Sender<EventLine>, lost: Arc<AtomicBool>) {
    let mut lines = Lines::new(LONGEST);
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = out.closed() => return,
        };
        let Some(Ok(frame)) = frame else { return };
        let Some(data) = frame.data_ref() else { continue };
        lines.feed(data, |line| {
            if line.bytes.is_empty() {
                return;
            }
            let sent = match serde_json::from_slice(&line.bytes) {
                Ok(event) => out.try_send(event).is_ok(),
                Err(_) => false,
            };
            if !sent {
                lost.store(true, Ordering::Relaxed);
            }
        });
    }
}

/// Whether this failure means that only the events are not to be had.
pub(super) fn is_refusal(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Denied | FailureKind::Absent | FailureKind::Unsupported)
}

/// As a query wants it.
pub(super) fn percent(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, b| {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}
