//! The watch over one broker: a first picture with one request after the other, then one request every five seconds and never
//! two at once, whatever the broker's size.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::ask;
use super::book::Book;
use super::lists::{Lists, Way};
use super::wire::{NodeRow, Overview};
use super::{RabbitMq, words};
use crate::model::{Denial, Freshness, Lapse, SourceStatus, Table, Text, Update};
use crate::sources::port::{Desk, Failure, FailureKind};
use crate::sources::web::Web;

/// Between two requests.
const PERIOD: Duration = Duration::from_secs(5);
/// Every so many requests one goes to the nodes, for their alarms; fewer where that failed or is denied.
const NODES_TURNS: u64 = 6;
const NODES_SILENT_TURNS: u64 = 12;
const NODES_DENIED_TURNS: u64 = 60;
/// So many requests later the bindings of dead-letter exchanges are read anew.
const BINDINGS_TURNS: u64 = 120;
/// Most of these exchanges that the first picture waits for.
const FIRST_EXCHANGES: usize = 3;

/// The way to the broker, and who asks.
pub(super) struct Line<'a> {
    pub(super) source: &'a RabbitMq,
    pub(super) desk: &'a Desk,
    web: Arc<Web>,
}

impl Line<'_> {
    /// One request.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.web.get(self.desk, path).await;
        if !answer.as_ref().is_err_and(|failure: &Failure| failure.kind == FailureKind::Unreachable) {
            self.source.asked(self.desk.now());
        }
        answer
    }

    /// Where the first few dead-letter exchanges lead to.
    pub(super) async fn exchanges(&self, book: &mut Book) -> Result<(), Failure> {
        for exchange in book.exchanges().into_iter().take(FIRST_EXCHANGES) {
            self.bindings(book, exchange).await?;
        }
        Ok(())
    }

    async fn bindings(&self, book: &mut Book, exchange: (String, String)) -> Result<(), Failure> {
        let rows = match self.get::<ask::BindingRows>(&ask::bindings(&exchange)).await {
            Ok(rows) => rows,
            Err(failure) if failure.kind == FailureKind::Unreachable => return Err(failure),
            // No such exchange, or not for us: then it is not known where it leads to.
            Err(_) => Vec::new(),
        };
        book.bind(exchange, rows);
        Ok(())
    }

    /// What a request before this watch leaves of the distance between two.
    async fn keep_distance(&self) {
        let passed = self.source.asked_at().map(|at| self.desk.now().as_millisecond() - at.as_millisecond());
        if let Some(passed) = passed.and_then(|ms| u64::try_from(ms).ok()) {
            tokio::time::sleep(PERIOD.saturating_sub(Duration::from_millis(passed))).await;
        }
    }
}

/// Runs until the connection fails or the desk is cancelled.
///
/// # Errors
/// Why it cannot go on.
pub(super) async fn run(source: &RabbitMq, desk: &Desk) -> Result<(), Failure> {
    let line = Line { source, desk, web: source.reach.anew().await? };
    line.keep_distance().await;
    let mut book = source.book.lock().await;
    let overview: Overview = line.get(ask::OVERVIEW).await?;
    let Some(version) = overview.rabbitmq_version.clone() else {
        return Err(Failure::new(
            FailureKind::Garbled,
            "its overview is not understood: it names no version of RabbitMQ",
        ));
    };
    book.cluster.clone_from(&overview.cluster_name);
    let statistics = overview.disable_stats != Some(true);
    let queues = overview.object_totals.as_ref().and_then(|totals| totals.queues);
    let watcher = Watcher {
        lists: Lists::new(source, Way::of(statistics, queues)),
        line,
        book: &mut book,
        version: Text::name(&version),
        warning: warning(&overview),
        nodes: None,
        turn: 0,
        told: None,
    };
    watcher.run().await
}

/// What the broker does not tell because of how it is set up.
fn warning(overview: &Overview) -> Option<&'static str> {
    match (overview.disable_stats, overview.rates_mode.as_deref()) {
        (Some(true), _) => Some("the broker collects no statistics: rates and consumers are not known"),
        (_, Some("none")) => Some("the broker counts no rates (rates_mode = none)"),
        _ => None,
    }
}

/// One connection's watch.
struct Watcher<'a> {
    line: Line<'a>,
    book: &'a mut Book,
    lists: Lists,
    version: Text,
    warning: Option<&'static str>,
    /// Why alarms of nodes are not known.
    nodes: Option<(Text, FailureKind)>,
    turn: u64,
    /// What the last Status said.
    told: Option<(Option<Text>, Vec<Denial>)>,
}

impl Watcher<'_> {
    async fn run(mut self) -> Result<(), Failure> {
        let mut updates = self.alarms().await;
        updates.extend(self.lists.first(&self.line, self.book).await?);
        updates.extend(self.status());
        updates.push(Update::Synced);
        self.line.desk.send(updates).await?;
        let cancelled = self.line.desk.cancelled();
        loop {
            tokio::select! {
                () = cancelled.cancelled() => return Ok(()),
                () = tokio::time::sleep(PERIOD) => {}
            }
            let mut updates = self.step().await?;
            updates.extend(self.status());
            if !updates.is_empty() {
                self.line.desk.send(updates).await?;
            }
        }
    }

    /// The one request of this turn; a second only where nodes gave no answer, since that says nothing of the queues.
    async fn step(&mut self) -> Result<Vec<Update>, Failure> {
        self.turn += 1;
        if self.turn.is_multiple_of(BINDINGS_TURNS) {
            self.book.doubt_bindings();
        }
        let turns = match &self.nodes {
            None => NODES_TURNS,
            Some((_, FailureKind::Denied)) => NODES_DENIED_TURNS,
            Some(_) => NODES_SILENT_TURNS,
        };
        if self.turn.is_multiple_of(turns) {
            let updates = self.alarms().await;
            if !self.nodes.as_ref().is_some_and(|(_, kind)| *kind == FailureKind::Unreachable) {
                return Ok(updates);
            }
        }
        let exchange = self.book.exchanges().pop_first().filter(|_| self.turn % NODES_TURNS == NODES_TURNS / 2);
        if let Some(exchange) = exchange {
            self.line.bindings(self.book, exchange).await?;
            return Ok(Vec::new());
        }
        self.lists.next(&self.line, self.book).await
    }

    /// The alarms of the nodes. That they cannot be read is no reason to know nothing of the queues.
    async fn alarms(&mut self) -> Vec<Update> {
        match self.line.get::<Vec<NodeRow>>(ask::NODES).await {
            Ok(rows) => {
                self.nodes = None;
                self.line.source.read.read(Table::whole("alarms"), self.line.desk.now());
                self.book.alarms(rows, &self.line.source.name, self.line.desk.now())
            }
            Err(failure) => {
                self.nodes = Some((words::of_nodes(&failure, self.line.source.endpoint()), failure.kind));
                Vec::new()
            }
        }
    }

    /// A Status where it says something new.
    fn status(&mut self) -> Option<Update> {
        let nodes = self.nodes.as_ref().map(|(words, _)| words.raw());
        let missing: Vec<&str> = self.lists.refusals().chain(nodes).collect();
        let is_partial = !missing.is_empty();
        let all: Vec<&str> = missing.into_iter().chain(self.warning).collect();
        let detail = (!all.is_empty()).then(|| Text::line(&all.join("; ")));
        let mut denials: Vec<Denial> = self.lists.denials().collect();
        if self.nodes.as_ref().is_some_and(|(_, kind)| *kind == FailureKind::Denied) {
            denials.push(Denial { verb: Text::name("get"), resource: Text::name("nodes"), scope: None });
        }
        let read = &self.line.source.read;
        let nodes = self.nodes.as_ref().and_then(|(why, _)| read.lapse(&Table::whole("alarms"), "alarms", why.raw()));
        let lapses: Vec<Lapse> = self.lists.lapses(read).chain(nodes).collect();
        let says = (detail.clone(), denials.clone());
        if self.told.as_ref() == Some(&says) {
            return None;
        }
        self.told = Some(says);
        let gauge = self.line.desk.gauge();
        Some(Update::Status(SourceStatus {
            state: if is_partial { Freshness::Partial } else { Freshness::Fresh },
            detail,
            version: Some(self.version.clone()),
            denials,
            lapses,
            calls: gauge.calls(),
            latency_ms: gauge.latency_ms(),
            answered_at: gauge.answered_at(),
            cost_usd_per_day: None,
        }))
    }
}
