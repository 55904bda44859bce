//! The port: what a Source must be able to do, and the desk through which it speaks to the engine.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::budget::Budget;
pub use super::changing::{Announcement, Boundary, Look, Operate, Stop};
use crate::model::{
    AlarmAsk, AlarmDetail, CheckSpec, Key, LogAsk, LogLine, Sample, SourceKind, SourceName, Text, Timestamp, Update,
    redact,
};

/// The door to the time of day; Sources get it through their desk and never ask the system.
pub trait Clock: Send + Sync {
    /// The present moment (or the story's, in the demo and on a tape).
    fn now(&self) -> Timestamp;
}

/// A connection that can be read.
///
/// Every method can be called at any time and by several tasks; a Source keeps its client behind itself and makes it on
/// first use. All work ends soon after the returned future is dropped.
pub trait Watch: Send + Sync {
    /// The name that it was opened under.
    fn name(&self) -> &SourceName;

    /// Its kind, for the Sources screen and JSON.
    fn kind(&self) -> SourceKind;

    /// Connects, lists, sends [`Update::Synced`] after the first complete list, then watches until an error or until the
    /// desk is cancelled. It must call [`Desk::alive`] (or send anything) at least every five seconds while all is well,
    /// *on evidence*: an answer from the server, not a timer alone. The supervisor repeats it with backoff.
    ///
    /// # Errors
    /// The reason why it can go on no longer; the supervisor shows it and tries again.
    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>>;

    /// Streams the logs of one Instance until their end, or until the receiver is gone.
    ///
    /// # Errors
    /// Why they cannot be read (denied, no such container, no previous one).
    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>>;

    /// The platform's own description of a thing, secrets masked.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>>;

    /// More of one alarm than its fact tells: history, curves, the alarms it is made of. Asked while somebody looks at it.
    ///
    /// # Errors
    /// Why nothing can be told; by default that this kind of Source keeps nothing more.
    fn alarm_detail(self: Arc<Self>, _ask: AlarmAsk) -> BoxFuture<'static, Result<AlarmDetail, Failure>> {
        let words = format!("a Source of kind {} keeps no history and no curve of an alarm", self.kind());
        Box::pin(std::future::ready(Err(Failure::new(FailureKind::Unsupported, words))))
    }

    /// What can change things behind this connection; `None`: it only reads.
    fn operate(self: Arc<Self>) -> Option<Arc<dyn Operate>> {
        None
    }

    /// Hears what the engine wants checked; only the Source of the Checks has a use for it. It never waits.
    fn order(&self, _order: CheckOrder) {}
}

/// What the engine wants of the Source of the Checks.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckOrder {
    /// All Checks that were found, instead of those found before.
    Found(Arc<[CheckSpec]>),
    /// Run now what concerns the Services with these whole addresses; all Checks where none is named.
    Now(Arc<[Text]>),
}

/// Opens Sources by their specs; the registry is the real one, tests have their own.
pub trait Opener: Send + Sync {
    /// Makes the Source; it does not connect yet.
    ///
    /// # Errors
    /// Where this build or this machine cannot open such a Source.
    fn open(&self, spec: &crate::model::SourceSpec) -> Result<Arc<dyn Watch>, Failure>;
}

/// Whose raw description is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawAsk {
    pub key: Key,
    /// The platform's kind, where the fact is a Workload (`Deployment`).
    pub kind: Option<crate::model::WorkloadKind>,
    pub scope: Text,
    pub name: Text,
}

/// A description as the platform gives it, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawDocument {
    /// `yaml` or `json`.
    pub format: Text,
    pub lines: Vec<Text>,
}

impl RawDocument {
    /// JSON as a person reads it, secrets masked.
    #[must_use]
    pub fn json(mut value: serde_json::Value) -> Self {
        redact::mask_json(&mut value);
        let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
        Self { format: Text::name("json"), lines: pretty.lines().map(Text::line).collect() }
    }
}

/// What kind of trouble a failure is: it decides the state that the Source is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No connection: refused, no such socket, name not found, timeout, TLS or SSH handshake failed.
    Unreachable,
    /// The server answered and said no (401, 403, permission of a socket, host key).
    Denied,
    /// It answered something that is not what it should be.
    Garbled,
    /// It said that it has too much to do (429, 503).
    Busy,
    /// What was asked for is not there (no such container, no previous log, 404).
    Absent,
    /// This build or this server cannot do that.
    Unsupported,
}

/// Why a Source could not do something: what failed, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
pub struct Failure {
    pub kind: FailureKind,
    pub message: Text,
    /// The command or the grant that would help.
    pub hint: Option<Text>,
    /// The server's own wish (Retry-After).
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with its message, cleaned.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl AsRef<str>) -> Self {
        Self { kind, message: Text::line(message.as_ref()), hint: None, retry_after: None }
    }

    /// The same with what would help.
    #[must_use]
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(Text::line(hint.as_ref()));
        self
    }
}

/// What goes from a Source to the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub source: SourceName,
    pub updates: Vec<Update>,
}

/// The engine does not listen any more: the Source should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine does not listen any more")]
pub struct Closed;

impl From<Closed> for Failure {
    fn from(closed: Closed) -> Self {
        Self::new(FailureKind::Unreachable, closed.to_string())
    }
}

/// Counts of what a Source asked its server, kept for the Sources screen.
#[derive(Debug, Default)]
pub struct Gauge {
    calls: AtomicU64,
    /// Milliseconds plus one; zero: nothing measured yet.
    latency: AtomicU32,
    /// Unix milliseconds of the last sign of life; zero: none yet.
    answered: AtomicU64,
}

impl Gauge {
    /// Requests so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Milliseconds that the last timed request took.
    #[must_use]
    pub fn latency_ms(&self) -> Option<u32> {
        self.latency.load(Ordering::Relaxed).checked_sub(1)
    }

    /// When the server last showed a sign of life.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        match self.answered.load(Ordering::Relaxed) {
            0 => None,
            ms => Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok(),
        }
    }
}

/// A Source's desk: where it puts its news, and where it sees what is wanted of it.
#[derive(Clone)]
pub struct Desk {
    source: SourceName,
    out: mpsc::Sender<News>,
    visible: watch::Receiver<Arc<[Key]>>,
    clock: Arc<dyn Clock>,
    cancel: CancellationToken,
    gauge: Arc<Gauge>,
    budget: Arc<Budget>,
}

impl Desk {
    /// Made by the supervisor; tests make their own with a channel.
    #[must_use]
    pub fn new(
        source: SourceName,
        out: mpsc::Sender<News>,
        visible: watch::Receiver<Arc<[Key]>>,
        clock: Arc<dyn Clock>,
        cancel: CancellationToken,
        gauge: Arc<Gauge>,
    ) -> Self {
        let budget = Arc::new(Budget::new(clock.clone()));
        Self { source, out, visible, clock, cancel, gauge, budget }
    }

    /// Sends lifecycle news, waiting for room: it is never dropped.
    ///
    /// # Errors
    /// [`Closed`] when the engine is gone.
    pub async fn send(&self, updates: Vec<Update>) -> Result<(), Closed> {
        self.alive();
        let news = News { source: self.source.clone(), updates };
        self.out.send(news).await.map_err(|_| Closed)
    }

    /// Sends what is no sign of life of the server: words about what is being waited for.
    ///
    /// # Errors
    /// [`Closed`] when the engine is gone.
    pub async fn say(&self, updates: Vec<Update>) -> Result<(), Closed> {
        let news = News { source: self.source.clone(), updates };
        self.out.send(news).await.map_err(|_| Closed)
    }

    /// Sends measurements if there is room; otherwise they are dropped, since newer ones follow.
    pub fn sample(&self, samples: Vec<Sample>) {
        self.alive();
        let updates = samples.into_iter().map(Update::Sample).collect();
        // A full channel means that the engine is busy with news that matter more.
        drop(self.out.try_send(News { source: self.source.clone(), updates }));
    }

    /// The server has just shown a sign of life.
    pub fn alive(&self) {
        let ms = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        self.gauge.answered.store(ms, Ordering::Relaxed);
    }

    /// Counts one request, with its time where it was measured.
    pub fn called(&self, took: Option<Duration>) {
        self.gauge.calls.fetch_add(1, Ordering::Relaxed);
        if let Some(took) = took {
            let ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX - 1);
            self.gauge.latency.store(ms.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Waits until the Source may send one more request; hold the permit while it is under way.
    pub async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.budget.permit().await
    }

    /// The counts, for a Status.
    #[must_use]
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Keys of what is on screen now: measurements are wanted of these only. It can be awaited for changes.
    #[must_use]
    pub fn visible(&self) -> watch::Receiver<Arc<[Key]>> {
        self.visible.clone()
    }

    /// The name that news are sent under.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.source
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock itself, for what a Source does outside of its watch (the demo's log streams).
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Ends when the Source is to stop.
    #[must_use]
    pub fn cancelled(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// The door to spawning for Sources: the task ends with the desk.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let cancel = self.cancel.clone();
        #[expect(clippy::disallowed_methods, reason = "this is the door to spawning for Sources")]
        tokio::spawn(async move { cancel.run_until_cancelled(work).await })
    }
}

/// Lines that come together, and how many were lost before them because nobody read fast enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBatch {
    pub lines: Vec<LogLine>,
    pub dropped: u64,
}

/// Where a Source puts log lines. It never waits: what does not fit is counted.
pub struct LogOut {
    out: mpsc::Sender<LogBatch>,
    dropped: u64,
}

impl LogOut {
    /// Writes to a bounded channel.
    #[must_use]
    pub fn new(out: mpsc::Sender<LogBatch>) -> Self {
        Self { out, dropped: 0 }
    }

    /// Passes lines on (at best a few hundred at once), or counts them as dropped where the reader is behind.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub fn push(&mut self, lines: Vec<LogLine>) -> Result<(), Closed> {
        let count = lines.len() as u64;
        match self.out.try_send(LogBatch { lines, dropped: self.dropped }) {
            Ok(()) => self.dropped = 0,
            Err(mpsc::error::TrySendError::Full(_)) => self.dropped += count,
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(Closed),
        }
        Ok(())
    }

    /// As [`LogOut::push`], waiting for room: for a stream that is not followed, of which every line is wanted.
    ///
    /// # Errors
    /// [`Closed`] when nobody reads any more.
    pub async fn push_all(&mut self, lines: Vec<LogLine>) -> Result<(), Closed> {
        let dropped = std::mem::take(&mut self.dropped);
        self.out.send(LogBatch { lines, dropped }).await.map_err(|_| Closed)
    }

    /// Ends when nobody reads any more.
    pub async fn closed(&self) {
        self.out.closed().await;
    }
}
