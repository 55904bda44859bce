//! What the wire tests share: a Source at work under its supervisor, and a mirror of what it has told.
#![allow(dead_code, reason = "each crate of tests uses its part")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{
    Alarm, Fact, Instance, Key, Queue, Reading, Sample, SourceName, SourceStatus, Store, Table, Update, Workload,
};
use quarterdeck::sources::port::{Desk, Failure, Gauge, News, Watch};
use quarterdeck::sources::supervisor::{Surroundings, supervise};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long anything may take here.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a Source is made of in a test.
pub(crate) trait Opened {
    /// The Source, or why it cannot be one.
    fn opened(self) -> Result<Arc<dyn Watch>, Failure>;
}

impl Opened for Arc<dyn Watch> {
    fn opened(self) -> Result<Arc<dyn Watch>, Failure> {
        Ok(self)
    }
}

impl Opened for Result<Arc<dyn Watch>, Failure> {
    fn opened(self) -> Result<Arc<dyn Watch>, Failure> {
        self
    }
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
    pub(crate) samples: Vec<Sample>,
    pub(crate) drops: u32,
    /// Whole lists of queues so far.
    pub(crate) polls: u32,
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
                self.polls += u32::from(table.name.raw() == "queues");
                self.committed.insert(table);
            }
            Update::Status(status) => self.status = status,
            Update::Synced => self.synced += 1,
            Update::Sample(sample) => self.samples.push(sample),
        }
    }

    /// Facts that `pick` takes.
    pub(crate) fn all<'a, T>(&'a self, pick: impl Fn(&'a Fact) -> Option<T>) -> Vec<T> {
        self.facts.values().filter_map(pick).collect()
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
        let mut found =
            self.all(|fact| if let Fact::Instance(i) = fact { Some(i.as_ref()).filter(|i| of(i)) } else { None });
        found.sort_by_key(|i| (i.number, i.name.clone()));
        found
    }

    /// Queues by their keys.
    pub(crate) fn queues(&self) -> Vec<&Queue> {
        let mut queues = self.all(|fact| if let Fact::Queue(queue) = fact { Some(queue.as_ref()) } else { None });
        queues.sort_by(|a, b| a.key.cmp(&b.key));
        queues
    }

    /// The queue `scope/name`, or `name` where its scope is empty.
    pub(crate) fn queue(&self, address: &str) -> Option<&Queue> {
        self.queues().into_iter().find(|q| match q.scope.raw() {
            "" => q.name.raw() == address,
            scope => format!("{scope}/{}", q.name.raw()) == address,
        })
    }

    /// The queue of that uid.
    #[track_caller]
    pub(crate) fn queue_of(&self, uid: &str) -> &Queue {
        let found = self.queues().into_iter().find(|queue| &*queue.key.uid == uid);
        found.unwrap_or_else(|| panic!("no {uid} among {:?}", self.facts.keys()))
    }

    /// The only Store.
    pub(crate) fn store(&self) -> &Store {
        self.all(|fact| if let Fact::Store(store) = fact { Some(store.as_ref()) } else { None })[0]
    }

    /// Alarms by the order of their names.
    pub(crate) fn alarms(&self) -> Vec<&Alarm> {
        let mut alarms = self.all(|fact| if let Fact::Alarm(alarm) = fact { Some(alarm.as_ref()) } else { None });
        alarms.sort_by_key(|alarm| (alarm.name.clone(), alarm.key.clone()));
        alarms
    }

    /// The only alarm of that name.
    #[track_caller]
    pub(crate) fn alarm(&self, name: &str) -> &Alarm {
        let all = self.alarms();
        let found: Vec<_> = all.iter().copied().filter(|alarm| alarm.name.raw() == name).collect();
        assert_eq!(found.len(), 1, "{name} among {all:?}");
        found[0]
    }

    /// What is read of the thing with this label.
    pub(crate) fn reading(&self, key: &str, value: &str) -> Option<&Reading> {
        let told = |reading: &&Reading| reading.labels.iter().any(|(k, v)| (k.raw(), v.raw()) == (key, value));
        self.all(|fact| if let Fact::Reading(one) = fact { Some(one.as_ref()).filter(told) } else { None }).pop()
    }

    /// What the Source says of itself.
    pub(crate) fn detail(&self) -> &str {
        self.status.detail.as_ref().map_or("", |detail| detail.shown())
    }
}

/// A Source that runs under its supervisor, with backoff and reconnects as in the engine.
pub(crate) struct Watched {
    pub(crate) mirror: Mirror,
    news: mpsc::Receiver<News>,
    pub(crate) visible: watch::Sender<Arc<[Key]>>,
    cancel: CancellationToken,
}

impl Watched {
    pub(crate) fn supervised(source: impl Opened) -> Self {
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
        tokio::spawn(supervise(source.opened().unwrap(), around));
        Self { mirror: Mirror::default(), news, visible, cancel }
    }

    /// Runs it until its first picture is whole.
    pub(crate) async fn synced(source: impl Opened) -> Self {
        let mut watched = Self::supervised(source);
        watched.until("the first picture", |mirror| mirror.synced > 0).await;
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

    /// Takes news in until one more list of queues is whole.
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

/// Why one try of this Source ends.
pub(crate) async fn failure(source: impl Opened) -> Failure {
    let source = match source.opened() {
        Ok(source) => source,
        Err(failure) => return failure,
    };
    let (out, mut news) = mpsc::channel(256);
    let (_visible, seen) = watch::channel(Arc::from([]));
    let name = SourceName::new("test");
    let desk = Desk::new(name, out, seen, Arc::new(SystemClock), CancellationToken::new(), Arc::new(Gauge::default()));
    let drain = async { while news.recv().await.is_some() {} };
    let tried = tokio::time::timeout(DEADLINE, futures::future::select(source.watch(desk), Box::pin(drain)));
    match tried.await {
        Ok(futures::future::Either::Left((Err(failure), _))) => failure,
        Ok(_) => panic!("the watch ended well"),
        Err(elapsed) => panic!("the watch goes on: {elapsed}"),
    }
}
