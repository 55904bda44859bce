//! A Source at work, and a mirror of what it has told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{
    Alarm, Connection, Endpoint, Fact, Key, Queue, SecretPlace, SourceName, SourceSpec, SourceStatus, Table, Update,
};
use quarterdeck::sources::port::{Desk, Failure, Gauge, News, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use quarterdeck::sources::supervisor::{Surroundings, supervise};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(30);

/// The Source of an address, with the virtual hosts and queues it is narrowed to, for a user who may read everything.
pub(crate) fn source(url: &str, vhosts: &[&str], queues: &[&str]) -> Arc<dyn Watch> {
    source_as(url, ("reader", "reader-secret"), vhosts, queues)
}

/// The same for another user with a password.
pub(crate) fn source_as(url: &str, (user, password): (&str, &str), vhosts: &[&str], queues: &[&str]) -> Arc<dyn Watch> {
    // Another test may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    let argv = ["printf", password].map(str::to_owned).to_vec();
    let endpoint = Endpoint {
        url: url.to_owned(),
        user: Some(user.to_owned()),
        password: Some(SecretPlace::Command(argv)),
        ca_file: None,
    };
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let spec = SourceSpec {
        name: SourceName::new("rabbit"),
        connection: Connection::RabbitMq { endpoint, vhosts: owned(vhosts), queues: owned(queues) },
        connect: true,
        found_by: "test".to_owned(),
        timeout_seconds: Some(2),
    };
    Registry.open(&spec).unwrap()
}

/// What a Source told so far.
#[derive(Default)]
pub(crate) struct Mirror {
    pub(crate) facts: HashMap<Key, Fact>,
    tables: HashMap<Key, Table>,
    relists: HashMap<Table, HashSet<Key>>,
    pub(crate) committed: HashSet<Table>,
    pub(crate) status: SourceStatus,
    pub(crate) synced: u32,
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
            Update::Drop(key) => drop(self.facts.remove(&key)),
            Update::Commit(table) => {
                let seen = self.relists.remove(&table).unwrap_or_default();
                self.facts.retain(|key, _| self.tables.get(key) != Some(&table) || seen.contains(key));
                self.committed.insert(table);
            }
            Update::Status(status) => self.status = status,
            Update::Synced => self.synced += 1,
            Update::Sample(_) => {}
        }
    }

    /// The queue `scope/name`, or `name` where its scope is empty.
    pub(crate) fn queue(&self, address: &str) -> Option<&Queue> {
        self.queues().find(|q| match q.scope.raw() {
            "" => q.name.raw() == address,
            scope => format!("{scope}/{}", q.name.raw()) == address,
        })
    }

    pub(crate) fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.facts.values().filter_map(|fact| match fact {
            Fact::Queue(queue) => Some(queue.as_ref()),
            _ => None,
        })
    }

    /// Alarms by the order of their names.
    pub(crate) fn alarms(&self) -> Vec<&Alarm> {
        let mut alarms: Vec<&Alarm> = self
            .facts
            .values()
            .filter_map(|fact| match fact {
                Fact::Alarm(alarm) => Some(alarm.as_ref()),
                _ => None,
            })
            .collect();
        alarms.sort_by_key(|alarm| alarm.name.clone());
        alarms
    }

    /// What the Source says is wrong.
    pub(crate) fn detail(&self) -> String {
        self.status.detail.as_ref().map(|detail| detail.shown().to_owned()).unwrap_or_default()
    }
}

/// A Source that runs under its supervisor, with backoff and reconnects as in the engine.
pub(crate) struct Watched {
    pub(crate) mirror: Mirror,
    news: mpsc::Receiver<News>,
    _visible: watch::Sender<Arc<[Key]>>,
    cancel: CancellationToken,
}

impl Watched {
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
        Self { mirror: Mirror::default(), news, _visible: visible, cancel }
    }

    /// Runs it until its first picture is whole.
    pub(crate) async fn synced(source: Arc<dyn Watch>) -> Self {
        let mut watched = Self::supervised(source);
        watched.until("the first picture", |mirror| mirror.synced == 1).await;
        watched
    }

    /// Takes news in until `done` holds.
    pub(crate) async fn until(&mut self, what: &str, done: impl Fn(&Mirror) -> bool) {
        self.until_within(DEADLINE, what, done).await;
    }

    /// The same with a deadline of its own.
    pub(crate) async fn until_within(&mut self, deadline: Duration, what: &str, done: impl Fn(&Mirror) -> bool) {
        let wait = async {
            while !done(&self.mirror) {
                let Some(news) = self.news.recv().await else { return false };
                news.updates.into_iter().for_each(|update| self.mirror.apply(update));
            }
            true
        };
        match tokio::time::timeout(deadline, wait).await {
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

/// Why one try of this Source ends.
pub(crate) async fn failure(source: Arc<dyn Watch>) -> Failure {
    let (out, mut news) = mpsc::channel(256);
    let (_visible, seen) = watch::channel(Arc::from([]));
    let name = SourceName::new("rabbit");
    let desk = Desk::new(name, out, seen, Arc::new(SystemClock), CancellationToken::new(), Arc::new(Gauge::default()));
    let drain = async { while news.recv().await.is_some() {} };
    let tried = tokio::time::timeout(DEADLINE, futures::future::select(source.watch(desk), Box::pin(drain)));
    match tried.await {
        Ok(futures::future::Either::Left((Err(failure), _))) => failure,
        Ok(_) => panic!("the watch ended well"),
        Err(elapsed) => panic!("the watch goes on: {elapsed}"),
    }
}
