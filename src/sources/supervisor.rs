//! Keeps one Source running: backoff between tries, the state that a failure puts it in, silence noticed, cancel.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::port::{Clock, Desk, Failure, FailureKind, Gauge, News, Watch};
use crate::model::{Freshness, Key, SourceName, SourceStatus, Update};

/// First pause after a failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two tries: a server that comes back is seen within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A try that lived this long counts as a success: the next pause is the first again.
const GOOD_RUN_SECONDS: i64 = 30;

/// What the supervisor needs beside the Source itself.
#[derive(Clone)]
pub struct Surroundings {
    pub news: mpsc::Sender<News>,
    pub visible: watch::Receiver<Arc<[Key]>>,
    pub clock: Arc<dyn Clock>,
    pub cancel: CancellationToken,
    /// Woken when somebody asks to refresh now.
    pub refresh: Arc<Notify>,
    pub gauge: Arc<Gauge>,
}

/// Runs `source` until cancelled. Between tries it waits longer and longer, with a jitter that differs by Source, so that
/// a hundred Sources do not knock at the same moment.
pub async fn supervise(source: Arc<dyn Watch>, around: Surroundings) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = around.clock.now();
        let round = around.cancel.child_token();
        let desk = Desk::new(
            source.name().clone(),
            around.news.clone(),
            around.visible.clone(),
            around.clock.clone(),
            round.clone(),
            around.gauge.clone(),
        );
        let ended = tokio::select! {
            () = around.cancel.cancelled() => None,
            () = around.refresh.notified() => Some(Ok(())),
            result = source.clone().watch(desk) => Some(result),
        };
        round.cancel();
        let Some(result) = ended else { return };
        let Err(failure) = result else {
            pause = FIRST_PAUSE;
            continue;
        };
        if around.clock.now().as_second() - started.as_second() >= GOOD_RUN_SECONDS {
            pause = FIRST_PAUSE;
        }
        if tell(source.name(), &failure, &around).await.is_err() {
            return;
        }
        let wait = failure.retry_after.unwrap_or(pause).min(LONGEST_PAUSE * 4) + jitter(source.name(), pause);
        tokio::select! {
            () = around.cancel.cancelled() => return,
            () = around.refresh.notified() => pause = FIRST_PAUSE,
            () = tokio::time::sleep(wait) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

async fn tell(name: &SourceName, failure: &Failure, around: &Surroundings) -> Result<(), ()> {
    let status = SourceStatus {
        state: state_of(failure.kind),
        detail: Some(crate::model::Text::line(&failure.to_string())),
        version: None,
        denials: Vec::new(),
        lapses: Vec::new(),
        calls: around.gauge.calls(),
        latency_ms: around.gauge.latency_ms(),
        answered_at: around.gauge.answered_at(),
        cost_usd_per_day: None,
    };
    let news = News { source: name.clone(), updates: vec![Update::Status(status)] };
    around.news.send(news).await.map_err(|_| ())
}

/// The state that a failed connection puts a Source in; the Fleet makes `stale` of `unreachable` where facts are known.
fn state_of(kind: FailureKind) -> Freshness {
    match kind {
        FailureKind::Denied => Freshness::Denied,
        _ => Freshness::Unreachable,
    }
}

/// Up to a quarter of the pause, by the Source's name.
fn jitter(name: &SourceName, pause: Duration) -> Duration {
    let spread = name.0.raw().bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b))) % 100;
    pause * spread / 400
}
