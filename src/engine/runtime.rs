//! The live side of the engine: opens Sources, merges their news into one ordered stream, and performs effects.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::effect::Effect;
use super::msg::{Msg, PaneId, Stamped};
use crate::model::{AlarmAsk, CheckSpec, Key, LogAsk, SourceKind, SourceName, SourceSpec, SourceStatus, Text, Update};
use crate::sources::port::{
    CheckOrder, Clock, Failure, FailureKind, Gauge, LogOut, News, Opener, Operate, RawAsk, Watch,
};
use crate::sources::supervisor::{Surroundings, supervise};

/// Room for news and for answers: a Source that is faster than the engine waits here (PERFORMANCE T10: bounded queues).
const ROOM: usize = 256;
/// Batches of log lines of one stream that may wait; more are dropped and counted.
const LOG_ROOM: usize = 64;
const TICK: Duration = Duration::from_secs(1);

/// One Source that is open.
struct Running {
    source: Arc<dyn Watch>,
    cancel: CancellationToken,
    refresh: Arc<Notify>,
    gauge: Arc<Gauge>,
    /// Calls at the last tick: a Gauge message is sent when they moved.
    told: (u64, Option<crate::model::Timestamp>),
}

/// The live feed of messages.
pub struct Runtime {
    clock: Arc<dyn Clock>,
    opener: Arc<dyn Opener>,
    specs: BTreeMap<SourceName, SourceSpec>,
    running: HashMap<SourceName, Running>,
    own: VecDeque<Msg>,
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
    answers: (mpsc::Sender<Msg>, mpsc::Receiver<Msg>),
    visible: watch::Sender<Arc<[Key]>>,
    /// The Checks that were found last: told to the Source of the Checks whenever it is opened.
    found: Arc<[CheckSpec]>,
    panes: HashMap<PaneId, CancellationToken>,
    cancel: CancellationToken,
    ticks: Interval,
}

impl Runtime {
    /// Starts with these Sources; those that say so are connected at once. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(specs: Vec<SourceSpec>, opener: Arc<dyn Opener>, clock: Arc<dyn Clock>) -> Self {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut runtime = Self {
            clock,
            opener,
            specs: BTreeMap::new(),
            running: HashMap::new(),
            own: VecDeque::new(),
            news: mpsc::channel(ROOM),
            answers: mpsc::channel(ROOM),
            visible: watch::channel(Arc::from([])).0,
            found: Arc::from([]),
            panes: HashMap::new(),
            cancel: CancellationToken::new(),
            ticks,
        };
        for spec in specs {
            runtime.add(spec);
        }
        runtime
    }

    /// The Sources of a reloaded configuration: new ones are opened, missing ones closed, the rest left alone.
    pub fn reconfigure(&mut self, mut specs: Vec<SourceSpec>) {
        if self.found.iter().any(|spec| spec.pods.is_none())
            && !specs.iter().any(|spec| spec.kind() == SourceKind::Checks)
        {
            specs.push(SourceSpec::checks(Vec::new()));
        }
        let gone: Vec<_> = self.specs.values().filter(|old| !specs.contains(old)).map(|old| old.name.clone()).collect();
        for name in gone {
            self.disconnect(&name);
            self.specs.remove(&name);
            self.own.push_back(Msg::Forgotten { source: name });
        }
        for spec in specs {
            if !self.specs.contains_key(&spec.name) {
                self.add(spec);
            }
        }
    }

    /// What can change things behind a Source; `None`: it only reads, or is not connected.
    #[must_use]
    pub fn operator(&self, name: &SourceName) -> Option<Arc<dyn Operate>> {
        self.running.get(name)?.source.clone().operate()
    }

    /// Puts a message of the engine's own into the stream.
    pub fn inject(&mut self, msg: Msg) {
        self.own.push_back(msg);
    }

    fn add(&mut self, spec: SourceSpec) {
        self.own.push_back(Msg::Known {
            source: spec.name.clone(),
            kind: spec.kind(),
            found_by: Text::line(&spec.found_by),
            connect: spec.connect,
        });
        let (name, connect) = (spec.name.clone(), spec.connect);
        self.specs.insert(name.clone(), spec);
        if connect {
            self.connect(&name);
        }
    }

    fn connect(&mut self, name: &SourceName) {
        if self.running.contains_key(name) {
            return;
        }
        let Some(spec) = self.specs.get(name) else { return };
        match self.opener.open(spec) {
            Err(failure) => self.own.push_back(unopened(name, &failure)),
            Ok(source) => {
                source.order(CheckOrder::Found(self.found.clone()));
                let connecting = SourceStatus { state: crate::model::Freshness::Connecting, ..SourceStatus::default() };
                self.own.push_back(Msg::News { source: name.clone(), updates: vec![Update::Status(connecting)] });
                let (cancel, refresh, gauge) =
                    (self.cancel.child_token(), Arc::new(Notify::new()), Arc::new(Gauge::default()));
                let around = Surroundings {
                    news: self.news.0.clone(),
                    visible: self.visible.subscribe(),
                    clock: self.clock.clone(),
                    cancel: cancel.clone(),
                    refresh: refresh.clone(),
                    gauge: gauge.clone(),
                };
                spawn(supervise(source.clone(), around));
                self.running.insert(name.clone(), Running { source, cancel, refresh, gauge, told: (0, None) });
            }
        }
    }

    fn disconnect(&mut self, name: &SourceName) {
        if let Some(running) = self.running.remove(name) {
            running.cancel.cancel();
        }
    }

    /// The next message, stamped. Cancel-safe: it can stand in a `select!`.
    pub async fn next(&mut self) -> Stamped {
        if let Some(msg) = self.own.pop_front() {
            return self.stamp(msg);
        }
        let msg = tokio::select! {
            Some(news) = self.news.1.recv() => Msg::News { source: news.source, updates: news.updates },
            Some(msg) = self.answers.1.recv() => msg,
            _ = self.ticks.tick() => self.tick(),
        };
        self.stamp(msg)
    }

    /// A message that is there already, if any.
    pub fn ready(&mut self) -> Option<Stamped> {
        let msg = self.own.pop_front().or_else(|| self.answers.1.try_recv().ok()).or_else(|| {
            let news = self.news.1.try_recv().ok()?;
            Some(Msg::News { source: news.source, updates: news.updates })
        })?;
        Some(self.stamp(msg))
    }

    /// Stamps a message with the present moment.
    #[must_use]
    pub fn stamp(&self, msg: Msg) -> Stamped {
        Stamped { at: self.clock.now(), msg }
    }

    /// Puts a tick into the stream, with the counts that moved.
    pub fn tick_now(&mut self) {
        let first = self.tick();
        self.own.push_front(first);
    }

    /// Counts that moved since the last tick come first, the tick itself last.
    fn tick(&mut self) -> Msg {
        for (name, running) in &mut self.running {
            let told = (running.gauge.calls(), running.gauge.answered_at());
            if told != running.told {
                running.told = told;
                self.own.push_back(Msg::Gauge {
                    source: name.clone(),
                    calls: told.0,
                    latency_ms: running.gauge.latency_ms(),
                    answered_at: told.1,
                });
            }
        }
        self.own.push_back(Msg::Tick);
        self.own.pop_front().unwrap_or(Msg::Tick)
    }

    /// Does what the update asked for.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(name) => {
                if let Some(spec) = self.specs.get_mut(&name) {
                    spec.connect = true;
                }
                self.connect(&name);
            }
            Effect::Disconnect(name) => {
                self.disconnect(&name);
                if let Some(spec) = self.specs.get(&name) {
                    self.own.push_back(Msg::Forgotten { source: name.clone() });
                    self.own.push_back(Msg::Known {
                        source: name,
                        kind: spec.kind(),
                        found_by: Text::line(&spec.found_by),
                        connect: false,
                    });
                }
            }
            Effect::Refresh(one) => {
                for (name, running) in &self.running {
                    if one.as_ref().is_none_or(|wanted| wanted == name) {
                        running.refresh.notify_one();
                    }
                }
            }
            Effect::OpenLogs { pane, asks } => self.open_logs(pane, asks),
            Effect::MoreLogs { pane, asks } => self.more_logs(pane, asks),
            Effect::CloseLogs(pane) => {
                if let Some(cancel) = self.panes.remove(&pane) {
                    cancel.cancel();
                }
            }
            Effect::Raw(ask) => self.raw(ask),
            Effect::AlarmDetail(ask) => self.alarm_detail(ask),
            Effect::Check(order) => self.check(order),
            Effect::Visible(keys) => {
                self.visible.send_if_modified(|now| {
                    let changed = **now != *keys;
                    *now = keys;
                    changed
                });
            }
        }
    }

    fn open_logs(&mut self, pane: PaneId, asks: Vec<LogAsk>) {
        let cancel = self.cancel.child_token();
        if let Some(earlier) = self.panes.insert(pane, cancel) {
            earlier.cancel();
        }
        self.more_logs(pane, asks);
    }

    fn more_logs(&mut self, pane: PaneId, asks: Vec<LogAsk>) {
        let Some(cancel) = self.panes.get(&pane) else { return };
        for ask in asks {
            let answers = self.answers.0.clone();
            let source = self.running.get(&ask.instance.source).map(|r| r.source.clone());
            spawn(cancel.clone().run_until_cancelled_owned(stream_logs(pane, source, ask, answers)));
        }
    }

    /// The Source of the Checks is there as soon as there is one to run. A wish to run some now is for every Source that
    /// has any.
    fn check(&mut self, order: CheckOrder) {
        let name = SourceName::new(SourceSpec::CHECKS);
        if let CheckOrder::Found(found) = &order {
            self.found = found.clone();
            if found.iter().any(|spec| spec.pods.is_none()) && !self.specs.contains_key(&name) {
                self.add(SourceSpec::checks(Vec::new()));
                return;
            }
        }
        for running in self.running.values() {
            running.source.order(order.clone());
        }
    }

    fn raw(&mut self, ask: RawAsk) {
        let answers = self.answers.0.clone();
        let Some(source) = self.running.get(&ask.key.source).map(|r| r.source.clone()) else {
            self.own.push_back(Msg::Raw { key: ask.key, result: Err(Text::line("its Source is not connected")) });
            return;
        };
        let cancel = self.cancel.clone();
        spawn(cancel.run_until_cancelled_owned(async move {
            let key = ask.key.clone();
            let result = source.raw(ask).await.map_err(|failure| Text::line(&failure.to_string()));
            drop(answers.send(Msg::Raw { key, result }).await);
        }));
    }

    fn alarm_detail(&mut self, ask: AlarmAsk) {
        let answers = self.answers.0.clone();
        let Some(source) = self.running.get(&ask.key.source).map(|r| r.source.clone()) else {
            let result = Box::new(Err(Text::line("its Source is not connected")));
            self.own.push_back(Msg::AlarmDetail { key: ask.key, result });
            return;
        };
        let cancel = self.cancel.clone();
        spawn(cancel.run_until_cancelled_owned(async move {
            let key = ask.key.clone();
            let told = source.alarm_detail(ask).await.map_err(|failure| Text::line(&failure.to_string()));
            drop(answers.send(Msg::AlarmDetail { key, result: Box::new(told) }).await);
        }));
    }
}

/// Quitting never waits for a server: tasks are told to end and left behind.
impl Drop for Runtime {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Reads one stream to its end; lines pass through a small bounded channel, so that a flood is dropped and counted there
/// and never fills the engine's own.
async fn stream_logs(pane: PaneId, source: Option<Arc<dyn Watch>>, ask: LogAsk, answers: mpsc::Sender<Msg>) {
    let instance = ask.instance.clone();
    let result = match source {
        None => Err(Failure::new(FailureKind::Unreachable, "its Source is not connected")),
        Some(source) => {
            let (out, mut batches) = mpsc::channel(LOG_ROOM);
            let forward = async {
                while let Some(batch) = batches.recv().await {
                    if answers.send(Msg::Logs { pane, batch }).await.is_err() {
                        break;
                    }
                }
            };
            futures::future::join(source.logs(ask, LogOut::new(out)), forward).await.0
        }
    };
    let failure = result.err().map(|failure| Text::line(&failure.to_string()));
    drop(answers.send(Msg::LogsEnded { pane, instance, failure }).await);
}

fn unopened(name: &SourceName, failure: &Failure) -> Msg {
    let status = SourceStatus {
        state: crate::model::Freshness::Unreachable,
        detail: Some(Text::line(&failure.to_string())),
        ..SourceStatus::default()
    };
    Msg::News { source: name.clone(), updates: vec![Update::Status(status)] }
}

fn spawn<F>(work: F)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the engine's door to spawning")]
    drop(tokio::spawn(work));
}
