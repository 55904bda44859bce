//! A Source at work, and a mirror of what it has told.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{
    Connection, Fact, Instance, Key, Sample, SourceName, SourceSpec, SourceStatus, Table, Update, Workload,
};
use quarterdeck::sources::port::{Desk, Failure, Gauge, News, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use quarterdeck::sources::supervisor::{Surroundings, supervise};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(20);

/// Makes the Source of an address.
pub(crate) fn source(url: &str, seconds: u32) -> Result<Arc<dyn Watch>, Failure> {
    source_with(url, seconds, None, None)
}

/// The same with keys for TLS, or with an authority to trust.
pub(crate) fn source_with(
    url: &str,
    seconds: u32,
    tls: Option<PathBuf>,
    ca_file: Option<PathBuf>,
) -> Result<Arc<dyn Watch>, Failure> {
    Registry.open(&SourceSpec {
        name: SourceName::new("docker:local"),
        connection: Connection::Docker { url: url.to_owned(), tls, ca_file },
        connect: true,
        found_by: "test".to_owned(),
        timeout_seconds: Some(seconds),
    })
}

/// What a Source told so far.
#[derive(Default)]
pub(crate) struct Mirror {
    pub(crate) facts: HashMap<Key, Fact>,
    tables: HashMap<Key, Table>,
    relists: HashMap<Table, HashSet<Key>>,
    pub(crate) status: SourceStatus,
    pub(crate) synced: u32,
    pub(crate) samples: Vec<Sample>,
    pub(crate) drops: u32,
}

impl Mirror {
    fn apply(&mut self, update: Update) {
        match update {
            Update::Begin(table) => drop(self.relists.insert(table, HashSet::new())),
            Update::Put(table, fact) => {
                let key = fact.key().clone();
                if let Some(seen) = self.relists.get_mut(&table) {
                    seen.insert(key.clone());
                }
                self.tables.insert(key.clone(), table);
                self.facts.insert(key, fact);
            }
            Update::Drop(key) => {
                self.drops += 1;
                self.facts.remove(&key);
            }
            Update::Commit(table) => {
                let seen = self.relists.remove(&table).unwrap_or_default();
                self.facts.retain(|key, _| self.tables.get(key) != Some(&table) || seen.contains(key));
            }
            Update::Status(status) => self.status = status,
            Update::Synced => self.synced += 1,
            Update::Sample(sample) => self.samples.push(sample),
        }
    }

    /// The Workload `scope/name`.
    pub(crate) fn workload(&self, address: &str) -> Option<&Workload> {
        self.facts.values().find_map(|fact| match fact {
            Fact::Workload(w) if format!("{}/{}", w.scope, w.name) == address => Some(w.as_ref()),
            _ => None,
        })
    }

    /// The Instances of `scope/name`, by number and name.
    pub(crate) fn instances(&self, address: &str) -> Vec<&Instance> {
        let of = |i: &Instance| i.workload.as_ref().is_some_and(|(_, name)| format!("{}/{name}", i.scope) == address);
        let mut found: Vec<&Instance> = self
            .facts
            .values()
            .filter_map(|fact| match fact {
                Fact::Instance(i) if of(i) => Some(i.as_ref()),
                _ => None,
            })
            .collect();
        found.sort_by_key(|i| (i.number, i.name.clone()));
        found
    }

    /// Facts that `pick` takes.
    pub(crate) fn all<'a, T>(&'a self, pick: impl Fn(&'a Fact) -> Option<T>) -> Vec<T> {
        self.facts.values().filter_map(pick).collect()
    }
}

/// A Source that runs, watched by its supervisor or by itself.
pub(crate) struct Watched {
    pub(crate) mirror: Mirror,
    news: mpsc::Receiver<News>,
    pub(crate) visible: watch::Sender<Arc<[Key]>>,
    cancel: CancellationToken,
}

impl Watched {
    /// Runs it as the engine does: with backoff and reconnects.
    pub(crate) fn supervised(source: Arc<dyn Watch>) -> Self {
        let (out, news) = mpsc::channel(256);
        let (visible, seen) = watch::channel(Arc::from([]));
        let cancel = CancellationToken::new();
        let around = Surroundings {
            news: out,
            visible: seen,
            clock: Arc::new(SystemClock),
            cancel: cancel.clone(),
            refresh: Arc::new(Notify::new()),
            gauge: Arc::new(Gauge::default()),
        };
        tokio::spawn(supervise(source, around));
        Self { mirror: Mirror::default(), news, visible, cancel }
    }

    /// Takes news in until `done` holds.
    pub(crate) async fn until(&mut self, what: &str, done: impl Fn(&Mirror) -> bool) {
        let wait = async {
            while !done(&self.mirror) {
                let Some(news) = self.news.recv().await else { return false };
                news.updates.into_iter().for_each(|update| self.mirror.apply(update));
            }
            true
        };
        match tokio::time::timeout(DEADLINE, wait).await {
            Ok(true) => {}
            _ => panic!("never: {what}; status {:?}, {} facts", self.mirror.status, self.mirror.facts.len()),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Why one try to watch ends.
pub(crate) async fn failure(url: &str, seconds: u32) -> Failure {
    match source(url, seconds) {
        Ok(source) => failure_of(source).await,
        Err(failure) => failure,
    }
}

/// Why one try of this Source ends.
pub(crate) async fn failure_of(source: Arc<dyn Watch>) -> Failure {
    let (out, mut news) = mpsc::channel(256);
    let (_visible, seen) = watch::channel(Arc::from([]));
    let desk = Desk::new(
        SourceName::new("docker:local"),
        out,
        seen,
        Arc::new(SystemClock),
        CancellationToken::new(),
        Arc::new(Gauge::default()),
    );
    let drain = async { while news.recv().await.is_some() {} };
    let tried = tokio::time::timeout(DEADLINE, futures::future::select(source.watch(desk), Box::pin(drain)));
    match tried.await {
        Ok(futures::future::Either::Left((Err(failure), _))) => failure,
        Ok(_) => panic!("the watch ended well"),
        Err(elapsed) => panic!("the watch goes on: {elapsed}"),
    }
}
