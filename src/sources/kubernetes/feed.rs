//! One table kept up to date: a list, then a watch from where the list stood, again and again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::port::{Closed, Desk, Failure};
use super::board::{Board, Cell, Place};
use super::convert::{Converter, Row};
use super::follow::{End, follow};
use super::link::Link;
use super::list::list;
use super::recent::Recent;
use super::resource::Resource;
use super::scope::Scope;
use super::trouble::Trouble;
use crate::model::{Fact, Key, Table, Text, Timestamp, Update};

/// First pause after a failed request of a table; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Pause before what was denied or absent for the first times is tried again.
const EARLY_PAUSE: Duration = Duration::from_secs(10);
/// Pause before what was denied is tried again: somebody may have granted it.
const DENIED_PAUSE: Duration = Duration::from_mins(1);
/// Pause before a kind that the server does not have is looked for again.
const ABSENT_PAUSE: Duration = Duration::from_mins(10);
/// Failures of a table after which the others are taken for whole without it.
const PATIENCE: u32 = 3;
/// Longest that watches wait for the first lists of all tables: what is on screen first comes first.
const GATE: Duration = Duration::from_secs(3);
/// Pause between lists where watching is not allowed.
const POLL_PAUSE: Duration = Duration::from_secs(30);

/// What all feeds of one run share.
pub(crate) struct Shared {
    pub(crate) desk: Desk,
    pub(crate) link: Arc<Link>,
    pub(crate) board: Board,
    pub(crate) scope: Scope,
    /// True once every table has been read.
    pub(crate) gate: tokio::sync::watch::Sender<bool>,
    /// Woken when a request failed without an answer: the sign of life is looked for at once.
    pub(crate) doubt: tokio::sync::Notify,
    /// Told the namespaces after each list, and as they come and go.
    pub(crate) namespaces: super::namespaces::Roll,
    pub(crate) tables: Arc<super::tables::Tables>,
    /// Told where pods are, for measurements; `None`: nobody wants them.
    pub(crate) pods: Option<super::metrics::Index>,
}

impl Shared {
    /// Sends what has changed on the board.
    ///
    /// # Errors
    /// [`Closed`] when the engine is gone.
    pub(crate) async fn tell(&self) -> Result<(), Closed> {
        let tidings = self.board.tidings(self.desk.gauge(), &self.tables.doubted());
        if tidings.synced {
            self.gate.send_replace(true);
        }
        let mut updates: Vec<Update> = tidings.status.into_iter().map(Update::Status).collect();
        updates.extend(tidings.synced.then_some(Update::Synced));
        if updates.is_empty() { Ok(()) } else { self.desk.send(updates).await }
    }
}

/// One table of one kind, of the whole cluster or of one namespace.
pub(crate) struct Feed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) resource: &'static Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) table: Table,
    pub(crate) converter: Converter,
    /// Whether the server is still asked for protobuf.
    pub(crate) protobuf: bool,
    /// Whether watching it is denied, so that it is listed now and then.
    pub(crate) unwatched: bool,
    /// Whether lists come page by page, because the whole one took too long.
    pub(crate) paged: bool,
    /// Facts told last, where the platform writes objects again and again in which nothing changed that matters.
    pub(crate) steady: Option<HashMap<Key, Fact>>,
    /// Newest facts only, for events.
    pub(crate) recent: Option<Recent>,
}

/// Why a feed ended.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The whole run must end for this reason.
    Fatal(Failure),
    /// The token is not accepted any more.
    LoggedOut(Failure),
    /// Not allowed for the whole cluster: single namespaces may be.
    Forbidden,
}

impl From<Closed> for Stop {
    fn from(closed: Closed) -> Self {
        Self::Fatal(closed.into())
    }
}

impl Feed {
    /// A feed that has not begun.
    #[must_use]
    pub(crate) fn new(shared: Arc<Shared>, resource: &'static Resource, namespace: Option<String>) -> Self {
        let scope = namespace.as_deref().map(Text::name);
        Self {
            table: Table { name: Text::name(resource.plural), scope },
            converter: Converter::new(shared.desk.source()),
            protobuf: resource.codec.protobuf.is_some(),
            unwatched: false,
            paged: false,
            steady: resource.beats().then(HashMap::new),
            recent: (resource.plural == "events").then(Recent::default),
            shared,
            resource,
            namespace,
        }
    }

    /// Its place on the board.
    #[must_use]
    pub(crate) fn place(&self) -> Place {
        Place { resource: self.resource.full_name(), namespace: self.namespace.clone() }
    }

    /// Keeps the table up to date until that is no longer possible.
    pub(crate) async fn run(mut self) -> Stop {
        let mut pause = FIRST_PAUSE;
        let mut failed = 0;
        let mut again = FIRST_PAUSE;
        loop {
            let trouble = match list(&mut self).await {
                Ok(version) => {
                    (pause, failed) = (FIRST_PAUSE, 0);
                    let began = self.shared.desk.now();
                    match self.watch(version).await {
                        // A watch that expires is no trouble, but a server that says so at once must not be hurried.
                        Ok(()) => {
                            again = if self.seconds_since(began) < 30 {
                                (again * 2).min(LONGEST_PAUSE)
                            } else {
                                FIRST_PAUSE
                            };
                            tokio::time::sleep(again).await;
                            continue;
                        }
                        Err(trouble) => trouble,
                    }
                }
                Err(trouble) => trouble,
            };
            failed += 1;
            match self.judge(trouble, pause, failed >= PATIENCE).await {
                Err(stop) => return stop,
                Ok(wait) => tokio::time::sleep(wait).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Follows from `version` until a new list is needed.
    async fn watch(&mut self, mut version: String) -> Result<(), Trouble> {
        self.set(if self.unwatched { Cell::Denied("watch") } else { Cell::Fresh }).await?;
        let mut gate = self.shared.gate.subscribe();
        drop(tokio::time::timeout(GATE, gate.wait_for(|open| *open)).await);
        let mut failed = 0;
        loop {
            let began = self.shared.desk.now();
            match follow(self, &version).await {
                Ok(End::Resume(newer)) => {
                    (version, failed) = (newer, 0);
                    if std::mem::take(&mut self.unwatched) {
                        self.set(Cell::Fresh).await?;
                    }
                    if self.seconds_since(began) < 1 {
                        tokio::time::sleep(FIRST_PAUSE).await;
                    }
                }
                Ok(End::Relist) => return Ok(()),
                Err(trouble) if trouble.status == Some(403) => {
                    self.unwatched = true;
                    self.set(Cell::Denied("watch")).await?;
                    tokio::time::sleep(POLL_PAUSE).await;
                    return Ok(());
                }
                Err(trouble) if failed >= 3 || matches!(trouble.status, Some(401 | 404)) => return Err(trouble),
                Err(trouble) => {
                    if trouble.status.is_none() {
                        self.shared.doubt.notify_one();
                    }
                    let wait = trouble.failure.retry_after.unwrap_or(FIRST_PAUSE * 2_u32.pow(failed));
                    failed += 1;
                    tokio::time::sleep(wait.min(LONGEST_PAUSE)).await;
                }
            }
        }
    }

    /// What follows from a failed list or watch: how long to wait before the next try.
    async fn judge(&mut self, trouble: Trouble, pause: Duration, settled: bool) -> Result<Duration, Stop> {
        let cell = match trouble.status {
            Some(401) => return Err(Stop::LoggedOut(trouble.failure)),
            Some(403) if self.namespace.is_none() && self.resource.namespaced => return Err(Stop::Forbidden),
            Some(403) => Cell::Denied("list"),
            Some(404) => Cell::Absent,
            _ => Cell::Failing { why: Text::line(&trouble.failure.to_string()), settled },
        };
        let wait = match cell {
            // A server that has just started denies and lacks for some seconds what it soon allows and has.
            Cell::Denied(_) | Cell::Absent if !settled => EARLY_PAUSE,
            Cell::Denied(_) => DENIED_PAUSE,
            Cell::Absent => ABSENT_PAUSE,
            _ => trouble.failure.retry_after.unwrap_or(pause).max(pause),
        };
        // A large list that is late, or too much for the server at once, may come in pieces.
        self.paged |= matches!(trouble.status, None | Some(429 | 504));
        if trouble.status.is_none() {
            self.shared.doubt.notify_one();
        }
        self.set(cell).await?;
        Ok(wait)
    }

    fn seconds_since(&self, began: Timestamp) -> i64 {
        self.shared.desk.now().as_second() - began.as_second()
    }

    async fn set(&self, cell: Cell) -> Result<(), Closed> {
        let denied = matches!(cell, Cell::Denied(_) | Cell::Absent);
        if self.resource.plural == "namespaces" && denied {
            self.shared.namespaces.unknown();
        }
        if denied && cell != Cell::Denied("watch") || matches!(cell, Cell::Failing { .. }) {
            self.shared.tables.doubt(&self.table, self.shared.desk.now());
        }
        self.shared.board.set(self.place(), cell);
        self.shared.tell().await
    }

    /// Whether a fact says something that was not said before.
    pub(crate) fn is_news(&mut self, fact: &Fact) -> bool {
        let Some(steady) = &mut self.steady else { return true };
        match steady.get_mut(fact.key()) {
            Some(known) if known == fact => false,
            Some(known) => {
                known.clone_from(fact);
                true
            }
            None => {
                steady.insert(fact.key().clone(), fact.clone());
                true
            }
        }
    }

    /// Whether a row lies in scope; where the server could not leave it out itself.
    #[must_use]
    pub(crate) fn in_scope(&self, row: &Row) -> bool {
        let scope = row.facts.first().and_then(Fact::scope);
        scope.is_none_or(|scope| {
            !self.resource.namespaced && self.resource.plural != "namespaces" || self.shared.scope.holds(scope.raw())
        })
    }
}
