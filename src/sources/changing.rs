//! The port for changes: how a Workload is read for a Plan, and how one Step of an approved Plan is carried out. Only
//! `engine/execute.rs` calls [`Operate::perform`]; what it takes, an [`Order`], only an approval can make.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::port::Failure;
use crate::action::Order;
use crate::model::{Answer, Contained, Image, Key, Operation, Rehearsal, Target, Text, WorkloadKind};

/// A connection that can change what it shows, always by compare-and-swap.
pub trait Operate: Send + Sync {
    /// Reads one Workload afresh from its platform: not from what a watch keeps.
    ///
    /// # Errors
    /// Why it cannot be read: gone (`Absent`), denied, no answer. Never a guess.
    fn look(self: Arc<Self>, look: Look) -> BoxFuture<'static, Result<Target, Failure>>;

    /// Asks the platform whether it would take the operation, without doing it (SAFETY G23).
    ///
    /// # Errors
    /// Where it does not answer.
    fn rehearse(
        self: Arc<Self>,
        target: Target,
        operation: Operation,
    ) -> BoxFuture<'static, Result<Rehearsal, Failure>>;

    /// Where exactly this image could be had for the Workload: on its engine, or in its registry. The answer names the
    /// image as it would be written into the declaration (by digest). `None`: nowhere.
    ///
    /// # Errors
    /// Where that cannot be found out; what is not known is not there.
    fn find_image(
        self: Arc<Self>,
        target: Target,
        image: Contained,
    ) -> BoxFuture<'static, Result<Option<Image>, Failure>>;

    /// Carries out one Step. Before each write to the platform it says so through `boundary`, and goes on only when that
    /// was recorded. It ends when the platform has taken everything (for Compose: when every Instance is replaced); that
    /// the Instances also become well is for the engine to see by looking.
    fn perform(self: Arc<Self>, order: Order, boundary: Boundary) -> BoxFuture<'static, Answer>;
}

/// Which Workload is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub key: Key,
    pub kind: WorkloadKind,
    pub scope: Text,
    pub name: Text,
}

/// One thing that an operation is about to write, and the way to say that it is recorded.
#[derive(Debug)]
pub struct Announcement {
    pub words: Text,
    pub recorded: oneshot::Sender<()>,
}

/// Where an operation says what it does, before it does it.
#[derive(Clone, Debug)]
pub struct Boundary {
    out: mpsc::Sender<Announcement>,
    stop: CancellationToken,
}

/// The operation is to end here: a person aborted it, or the journal takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was told to stop")]
pub struct Stop;

impl Boundary {
    /// A boundary whose announcements go to `out`; `stop` ends the operation at its next one.
    #[must_use]
    pub fn new(out: mpsc::Sender<Announcement>, stop: CancellationToken) -> Self {
        Self { out, stop }
    }

    /// Says what is written next, and waits until that stands in the journal. To be called before every single write.
    ///
    /// # Errors
    /// [`Stop`]: nothing more may be written; the operation answers [`Answer::Stopped`].
    pub async fn about_to(&self, words: impl AsRef<str>) -> Result<(), Stop> {
        if self.stop.is_cancelled() {
            return Err(Stop);
        }
        let (recorded, done) = oneshot::channel();
        let announcement = Announcement { words: Text::line(words.as_ref()), recorded };
        self.out.send(announcement).await.map_err(|_| Stop)?;
        done.await.map_err(|_| Stop)
    }

    /// Whether the operation was told to stop; to be looked at while it waits for something.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}
