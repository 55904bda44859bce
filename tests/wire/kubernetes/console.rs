//! The other end: runs the Source under its supervisor, applies its news as the Fleet does, and waits for conditions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{
    Connection, Event, Fact, Freshness, Instance, Key, SourceName, SourceSpec, SourceStatus, Table, Update, Workload,
};
use quarterdeck::sources::port::{Gauge, News, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use quarterdeck::sources::supervisor::{Surroundings, supervise};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::server::Server;

/// Longest wait for any condition.
const DEADLINE: Duration = Duration::from_secs(20);

/// Time between two looks at a condition while no news come.
const LOOK: Duration = Duration::from_millis(20);

/// How the Source is opened.
pub(crate) struct Setup {
    pub(crate) home: tempfile::TempDir,
    pub(crate) spec: SourceSpec,
}

impl Setup {
    /// A kubeconfig that names `server` and the user's settings given in YAML.
    pub(crate) fn new(server: &str, user: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config");
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: lab, cluster: {{server: \"{server}\"}}}}]\n\
             users: [{{name: me, user: {user}}}]\n\
             contexts: [{{name: lab, context: {{cluster: lab, user: me, namespace: mine}}}}]\n"
        );
        std::fs::write(&file, text).unwrap();
        let spec = Self::spec(vec![file], "lab");
        Self { home, spec }
    }

    pub(crate) fn of(server: &Server) -> Self {
        Self::new(&format!("http://{}", server.address), "{token: good}")
    }

    pub(crate) fn spec(kubeconfig: Vec<PathBuf>, context: &str) -> SourceSpec {
        SourceSpec {
            name: SourceName::new("kubernetes:lab"),
            connection: Connection::Kubernetes {
                context: context.to_owned(),
                kubeconfig,
                namespaces: Vec::new(),
                allow_exec: Vec::new(),
                ca_file: None,
            },
            connect: true,
            found_by: "test".into(),
            timeout_seconds: None,
        }
    }

    pub(crate) fn namespaces(mut self, names: &[&str]) -> Self {
        if let Connection::Kubernetes { namespaces, .. } = &mut self.spec.connection {
            *namespaces = names.iter().map(|n| (*n).to_owned()).collect();
        }
        self
    }

    pub(crate) fn allow(mut self, names: &[String]) -> Self {
        if let Connection::Kubernetes { allow_exec, .. } = &mut self.spec.connection {
            *allow_exec = names.to_vec();
        }
        self
    }

    pub(crate) fn patience(mut self, seconds: u32) -> Self {
        self.spec.timeout_seconds = Some(seconds);
        self
    }
}

/// What is known by now.
pub(crate) struct Console {
    pub(crate) facts: BTreeMap<Key, Fact>,
    pub(crate) status: Vec<SourceStatus>,
    pub(crate) synced: usize,
    pub(crate) commits: Vec<Table>,
    /// Fewest Instances at any time after the first whole list.
    pub(crate) fewest: usize,
    pub(crate) source: Arc<dyn Watch>,
    put: BTreeMap<Key, (Table, u64)>,
    begun: BTreeMap<Table, u64>,
    clock: u64,
    news: mpsc::Receiver<News>,
    cancel: CancellationToken,
    _visible: watch::Sender<Arc<[Key]>>,
    _home: tempfile::TempDir,
}

impl Drop for Console {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Console {
    /// Opens the Source and starts its watch.
    pub(crate) fn start(setup: Setup) -> Self {
        let source = Registry.open(&setup.spec).unwrap();
        let (out, news) = mpsc::channel(64);
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
        drop(tokio::spawn(supervise(source.clone(), around)));
        Self {
            facts: BTreeMap::new(),
            status: Vec::new(),
            synced: 0,
            commits: Vec::new(),
            fewest: usize::MAX,
            source,
            put: BTreeMap::new(),
            begun: BTreeMap::new(),
            clock: 0,
            news,
            cancel,
            _visible: visible,
            _home: setup.home,
        }
    }

    /// Takes news in until `done`.
    pub(crate) async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !done(self) {
                // A condition may hang on the server's side, which no news tell.
                let Ok(news) = tokio::time::timeout(LOOK, self.news.recv()).await else { continue };
                let news = news.unwrap();
                news.updates.into_iter().for_each(|update| self.apply(update));
                if self.synced > 0 {
                    self.fewest = self.fewest.min(self.instances().count());
                }
            }
        };
        let in_time = tokio::time::timeout(DEADLINE, waiting).await.is_ok();
        assert!(in_time, "not within {DEADLINE:?}: {what}; the last status is {:?}", self.status.last());
    }

    pub(crate) async fn synced(mut self) -> Self {
        self.until("synced", |c| c.synced > 0).await;
        self
    }

    fn apply(&mut self, update: Update) {
        self.clock += 1;
        match update {
            Update::Begin(table) => drop(self.begun.insert(table, self.clock)),
            Update::Put(table, fact) => {
                self.put.insert(fact.key().clone(), (table, self.clock));
                self.facts.insert(fact.key().clone(), fact);
            }
            Update::Drop(key) => drop(self.facts.remove(&key)),
            Update::Commit(table) => {
                let begun = self.begun.get(&table).copied().unwrap_or(0);
                let put = &self.put;
                self.facts.retain(|key, _| put.get(key).is_none_or(|(t, at)| *t != table || *at >= begun));
                self.commits.push(table);
            }
            Update::Status(status) => self.status.push(status),
            Update::Synced => self.synced += 1,
            Update::Sample(_) => {}
        }
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.facts.values().filter_map(|f| if let Fact::Instance(i) = f { Some(&**i) } else { None })
    }

    pub(crate) fn workload(&self, name: &str) -> Option<&Workload> {
        let all = self.facts.values().filter_map(|f| if let Fact::Workload(w) = f { Some(&**w) } else { None });
        let mut named = all.filter(|w| w.name.raw() == name);
        named.next()
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.facts.values().filter_map(|f| if let Fact::Event(e) = f { Some(&**e) } else { None })
    }

    pub(crate) fn state(&self) -> Option<Freshness> {
        self.status.last().map(|s| s.state)
    }

    /// The newest detail, empty where there is none.
    pub(crate) fn detail(&self) -> String {
        self.status.last().and_then(|s| s.detail.as_ref()).map(|d| d.shown().to_owned()).unwrap_or_default()
    }
}
