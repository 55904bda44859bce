//! The watch over one engine: a list, then events; inspections for what the list does not tell; a sign of life every few
//! seconds; a list again whenever something may have been missed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Interval, MissedTickBehavior};

use super::book::Book;
use super::connect::Client;
use super::container::Container;
use super::events::{self, Events};
use super::project::{self, Reading};
use super::stats;
use super::wire::{EventLine, Inspected, Listed};
use crate::model::{Denial, Freshness, SourceStatus, Text, Timestamp, Update};
use crate::sources::port::{Desk, Failure, FailureKind};

/// Between two signs of life.
const PING: Duration = Duration::from_secs(5);
/// A burst of events is waited for this long before the engine is asked what became of it.
const SETTLE: Duration = Duration::from_millis(150);
/// A list as a safety net while events flow, and in their place where they are denied.
const LIST: Duration = Duration::from_secs(60);
const LIST_WITHOUT_EVENTS: Duration = Duration::from_secs(10);
/// How long the first picture waits for what projects declare.
const FILES: Duration = Duration::from_millis(1500);
/// Inspections at once.
const AT_ONCE: usize = 4;
/// More changed containers than this are read by one list.
const MANY: usize = 64;
/// How far back events are asked for at the first connection.
const HISTORY_SECONDS: i64 = 3600;

/// One connection's watch.
pub(super) struct Watcher<'a> {
    pub(super) client: Arc<Client>,
    pub(super) desk: &'a Desk,
    pub(super) book: &'a mut Book,
    pub(super) reading: Reading,
    pub(super) version: Option<Text>,
    /// What a person should know although all is well (a plain connection).
    pub(super) warning: Option<Text>,
    pub(super) denials: BTreeSet<Denial>,
    /// Everything has been read once.
    pub(super) steady: bool,
    /// When this connection began, by the engine's clock (Unix nanoseconds): events before it are history.
    pub(super) began: Option<i64>,
    /// Containers that events spoke of, not yet read again.
    pub(super) changed: BTreeSet<String>,
}

impl Watcher<'_> {
    /// Runs until the connection fails or the desk is cancelled.
    ///
    /// # Errors
    /// Why it cannot go on.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let mut events = self.begin().await?;
        let cancelled = self.desk.cancelled();
        let (mut ping, mut list) = (every(PING), every(if events.is_some() { LIST } else { LIST_WITHOUT_EVENTS }));
        self.desk.spawn(stats::run(self.client.clone(), self.desk.clone()));
        loop {
            tokio::select! {
                () = cancelled.cancelled() => return Ok(()),
                event = next(&mut events) => if let Some(event) = event { self.burst(event, &mut events).await? } else {
                    events = self.reopen().await?;
                    self.list().await?;
                },
                _ = ping.tick() => self.ping().await?,
                _ = list.tick() => self.list().await?,
                (project, declaration) = self.reading.next() => {
                    self.book.declared.insert(project, declaration);
                    self.tell().await?;
                }
                () = settled(self.book.settles_at, self.desk) => self.tell().await?,
            }
            if events.as_ref().is_some_and(Events::lost_some) {
                self.list().await?;
            }
            if !self.changed.is_empty() {
                self.inspect().await?;
            }
        }
    }

    /// Everything is read once; events are opened first, so that nothing is missed in between.
    async fn begin(&mut self) -> Result<Option<Events>, Failure> {
        let events = self.open_events().await?;
        self.status().await?;
        self.list().await?;
        let updates = self.book.relist(self.desk.now());
        self.desk.send(updates).await?;
        self.changed = self.book.containers.keys().cloned().collect();
        self.inspect().await?;
        self.steady = true;
        self.declarations().await?;
        self.status().await?;
        self.desk.send(vec![Update::Synced]).await?;
        Ok(events)
    }

    async fn open_events(&mut self) -> Result<Option<Events>, Failure> {
        let start = self.desk.now().as_second() - HISTORY_SECONDS;
        let since = self.book.last_event.map_or(start.saturating_mul(1_000_000_000), |last| last + 1);
        match self.timed(Events::open(&self.client, self.desk, since)).await {
            Ok(events) => Ok(Some(events)),
            Err(failure) if events::is_refusal(&failure) => {
                self.deny("watch", "events");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The first picture waits a little for what the projects' files say; what takes longer comes later.
    async fn declarations(&mut self) -> Result<(), Failure> {
        let wanted = project::of(self.book.containers.values());
        let read = async {
            while wanted.iter().any(|project| !self.book.declared.contains_key(&project.name)) {
                let (project, declaration) = self.reading.next().await;
                self.book.declared.insert(project, declaration);
            }
        };
        // Too late is no failure.
        drop(tokio::time::timeout(FILES, read).await);
        self.tell().await
    }

    /// The stream ended: a daemon that restarts ends it, and so do proxies that think it was long enough.
    async fn reopen(&mut self) -> Result<Option<Events>, Failure> {
        tokio::time::sleep(SETTLE * 2).await;
        self.ping().await?;
        self.open_events().await
    }

    /// Takes an event and all that follow at once, then reads what they were about.
    async fn burst(&mut self, first: EventLine, events: &mut Option<Events>) -> Result<(), Failure> {
        let mut updates = Vec::new();
        self.take(first, &mut updates);
        tokio::time::sleep(SETTLE).await;
        while let Some(event) = events.as_mut().and_then(Events::ready) {
            self.take(event, &mut updates);
        }
        if !updates.is_empty() {
            self.desk.send(updates).await?;
        }
        if self.changed.len() > MANY { self.list().await } else { Ok(()) }
    }

    fn take(&mut self, event: EventLine, updates: &mut Vec<Update>) {
        updates.extend(self.book.event(&event));
        let is_history = self.began.zip(event.time_nano).is_some_and(|(began, at)| at < began);
        if !is_history {
            self.changed.insert(event.actor.id);
        }
    }

    /// Lists all containers; what has changed is inspected next.
    async fn list(&mut self) -> Result<(), Failure> {
        let rows: Vec<Listed> = self.timed(self.client.get("/containers/json?all=true")).await?;
        let listed = rows.iter().filter(|row| !row.id.is_empty()).map(Container::listed).collect();
        self.changed = self.book.list(listed).into_iter().collect();
        self.desk.alive();
        if self.changed.is_empty() { self.tell().await } else { Ok(()) }
    }

    /// Reads the changed containers again, and the images that are new.
    async fn inspect(&mut self) -> Result<(), Failure> {
        let changed = std::mem::take(&mut self.changed);
        let (client, desk, steady) = (&self.client, self.desk, self.steady);
        let mut reads = futures::stream::iter(changed)
            .map(|id| async move {
                // The first picture is not made to wait; after it a storm of events is held to the budget.
                let _permit = if steady { desk.permit().await } else { None };
                let read = client.get::<Inspected>(&format!("/containers/{id}/json")).await;
                desk.called(None);
                (id, read)
            })
            .buffer_unordered(AT_ONCE);
        let mut denied = false;
        while let Some((id, read)) = reads.next().await {
            match read {
                Ok(row) => {
                    self.desk.alive();
                    self.book.inspected(&id, Some(Container::inspected(&row)));
                }
                Err(failure) if failure.kind == FailureKind::Absent => self.book.inspected(&id, None),
                Err(failure) if failure.kind == FailureKind::Denied => denied = true,
                Err(failure) => return Err(failure),
            }
        }
        drop(reads);
        if denied {
            self.deny("get", "containers");
        }
        self.images().await?;
        self.tell().await
    }

    async fn images(&mut self) -> Result<(), Failure> {
        let client = &self.client;
        let desk = self.desk;
        let mut reads = futures::stream::iter(self.book.images_wanted())
            .map(|id| async move {
                desk.called(None);
                (client.image(&id).await, id)
            })
            .buffer_unordered(AT_ONCE);
        let mut denied = false;
        let mut known = Vec::new();
        while let Some((read, id)) = reads.next().await {
            match read {
                Ok(image) => known.push((id, image.repo_digests.unwrap_or_default())),
                Err(failure) => {
                    denied |= failure.kind == FailureKind::Denied;
                    known.push((id, Vec::new()));
                }
            }
        }
        drop(reads);
        self.book.digests.extend(known);
        if denied {
            self.deny("get", "images");
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<(), Failure> {
        let projects = project::of(self.book.containers.values());
        self.book.declared.retain(|name, _| projects.iter().any(|project| project.name == *name));
        self.reading.want(projects);
        let updates = self.book.changes(self.desk.now());
        if !updates.is_empty() {
            self.desk.send(updates).await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Failure> {
        self.timed(self.client.ping()).await?;
        self.desk.alive();
        Ok(())
    }

    async fn timed<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let before = self.desk.now().as_millisecond();
        let result = work.await;
        let took = u64::try_from(self.desk.now().as_millisecond() - before).unwrap_or(0);
        self.desk.called(Some(Duration::from_millis(took)));
        result
    }

    fn deny(&mut self, verb: &str, resource: &str) {
        self.denials.insert(Denial { verb: Text::name(verb), resource: Text::name(resource), scope: None });
    }

    async fn status(&self) -> Result<(), Failure> {
        let gauge = self.desk.gauge();
        let missing: Vec<String> = self.denials.iter().map(|d| format!("{} {}", d.verb, d.resource)).collect();
        let partial = (!missing.is_empty()).then(|| Text::line(&format!("not allowed here: {}", missing.join(", "))));
        let status = SourceStatus {
            state: if partial.is_some() { Freshness::Partial } else { Freshness::Fresh },
            detail: partial.or_else(|| self.warning.clone()),
            version: self.version.clone(),
            denials: self.denials.iter().cloned().collect(),
            lapses: Vec::new(),
            calls: gauge.calls(),
            latency_ms: gauge.latency_ms(),
            answered_at: gauge.answered_at(),
            cost_usd_per_day: None,
        };
        Ok(self.desk.send(vec![Update::Status(status)]).await?)
    }
}

/// Waits until facts change by time alone.
async fn settled(at: Option<Timestamp>, desk: &Desk) {
    match at {
        None => std::future::pending().await,
        Some(at) => {
            let left = at.as_millisecond() - desk.now().as_millisecond();
            tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0) + 50)).await;
        }
    }
}

async fn next(events: &mut Option<Events>) -> Option<EventLine> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// Ticks that begin one period from now and are never made up for.
fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.reset();
    interval
}
