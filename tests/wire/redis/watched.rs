//! A Source at work, and a mirror of what it has told.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{
    Connection, Endpoint, Fact, Key, Queue, SecretPlace, SourceName, SourceSpec, SourceStatus, Store, Table, Update,
};
use quarterdeck::sources::port::{Desk, Failure, Gauge, News, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use quarterdeck::sources::supervisor::{Surroundings, supervise};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(20);

/// What somebody configured.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) bullmq: Vec<&'static str>,
    pub(crate) celery: Vec<&'static str>,
    pub(crate) user: Option<&'static str>,
    /// The password itself; it is laid where the Source finds it.
    pub(crate) password: Option<&'static str>,
    pub(crate) ca_file: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn of(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    pub(crate) fn bullmq(url: &str, names: &[&'static str]) -> Self {
        Self { bullmq: names.to_vec(), ..Self::of(url) }
    }

    /// The Source.
    pub(crate) fn open(&self) -> Result<Arc<dyn Watch>, Failure> {
        let print = |word: &str| SecretPlace::Command(vec!["printf".into(), "%s".into(), word.to_owned()]);
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Registry.open(&SourceSpec {
            name: SourceName::new("redis"),
            connection: Connection::Redis {
                endpoint: Endpoint {
                    url: self.url.clone(),
                    user: self.user.map(str::to_owned),
                    password: self.password.map(print),
                    ca_file: self.ca_file.clone(),
                },
                bullmq: owned(&self.bullmq),
                celery: owned(&self.celery),
            },
            connect: true,
            found_by: "test".to_owned(),
            timeout_seconds: None,
        })
    }
}

/// What a Source told so far.
#[derive(Default)]
pub(crate) struct Mirror {
    pub(crate) facts: HashMap<Key, Fact>,
    tables: HashMap<Key, Table>,
    relists: HashMap<Table, HashSet<Key>>,
    pub(crate) status: SourceStatus,
    pub(crate) synced: u32,
    /// Whole lists of queues so far.
    pub(crate) polls: u32,
}

impl Mirror {
    fn apply(&mut self, update: Update) {
        match update {
            Update::Begin(table) => drop(self.relists.insert(table, HashSet::new())),
            Update::Put(table, fact) => {
                let key = fact.key().clone();
                self.relists.get_mut(&table).unwrap().insert(key.clone());
                self.tables.insert(key.clone(), table);
                self.facts.insert(key, fact);
            }
            Update::Commit(table) => {
                let seen = self.relists.remove(&table).unwrap();
                self.facts.retain(|key, _| self.tables.get(key) != Some(&table) || seen.contains(key));
                self.polls += u32::from(table.name.raw() == "queues");
            }
            Update::Status(status) => self.status = status,
            Update::Synced => self.synced += 1,
            Update::Drop(_) | Update::Sample(_) => panic!("Redis drops nothing by itself and has no samples"),
        }
    }

    pub(crate) fn queues(&self) -> Vec<&Queue> {
        let mut all: Vec<&Queue> = self
            .facts
            .values()
            .filter_map(|fact| if let Fact::Queue(queue) = fact { Some(queue.as_ref()) } else { None })
            .collect();
        all.sort_by(|a, b| a.key.uid.cmp(&b.key.uid));
        all
    }

    /// The queue of that uid.
    #[track_caller]
    pub(crate) fn queue(&self, uid: &str) -> &Queue {
        let found = self.queues().into_iter().find(|queue| &*queue.key.uid == uid);
        found.unwrap_or_else(|| panic!("no {uid} among {:?}", self.facts.keys()))
    }

    pub(crate) fn store(&self) -> &Store {
        let mut stores =
            self.facts.values().filter_map(|fact| if let Fact::Store(store) = fact { Some(store) } else { None });
        stores.next().unwrap()
    }

    /// What the Source says of itself.
    pub(crate) fn detail(&self) -> &str {
        self.status.detail.as_ref().map_or("", |detail| detail.shown())
    }
}

/// A Source that runs under its supervisor.
pub(crate) struct Watched {
    pub(crate) mirror: Mirror,
    news: mpsc::Receiver<News>,
    cancel: CancellationToken,
}

impl Watched {
    /// Runs it as the engine does: with backoff and reconnects.
    pub(crate) fn supervised(settings: &Settings) -> Self {
        let (out, news) = mpsc::channel(256);
        let (_visible, seen) = watch::channel(Arc::from([]));
        let cancel = CancellationToken::new();
        let around = Surroundings {
            news: out,
            visible: seen,
            clock: Arc::new(SystemClock),
            cancel: cancel.clone(),
            refresh: Arc::new(Notify::new()),
            gauge: Arc::new(Gauge::default()),
        };
        tokio::spawn(supervise(settings.open().unwrap(), around));
        Self { mirror: Mirror::default(), news, cancel }
    }

    /// The same, once everything has been read.
    pub(crate) async fn synced(settings: &Settings) -> Self {
        let mut watched = Self::supervised(settings);
        watched.until("synced", |mirror| mirror.synced > 0).await;
        watched
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
            _ => panic!("never: {what}; status {:?}, {:?}", self.mirror.status, self.mirror.queues()),
        }
    }

    /// Takes news in until one more poll is whole.
    pub(crate) async fn next_poll(&mut self) {
        let polls = self.mirror.polls;
        self.until("one more poll", |mirror| mirror.polls > polls).await;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Why one try to watch ends.
pub(crate) async fn failure(settings: &Settings) -> Failure {
    let source = match settings.open() {
        Ok(source) => source,
        Err(failure) => return failure,
    };
    let (out, mut news) = mpsc::channel(256);
    let (_visible, seen) = watch::channel(Arc::from([]));
    let (clock, gauge) = (Arc::new(SystemClock), Arc::new(Gauge::default()));
    let desk = Desk::new(SourceName::new("redis"), out, seen, clock, CancellationToken::new(), gauge);
    let drain = async { while news.recv().await.is_some() {} };
    let tried = tokio::time::timeout(DEADLINE, futures::future::select(source.watch(desk), Box::pin(drain)));
    match tried.await {
        Ok(futures::future::Either::Left((Err(failure), _))) => failure,
        Ok(_) => panic!("the watch ended well"),
        Err(elapsed) => panic!("the watch goes on: {elapsed}"),
    }
}
