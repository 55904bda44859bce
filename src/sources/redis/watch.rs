//! The watch over one Redis: every few seconds the server itself, its clients, and all queues in a few pipelines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::Cmd;

use super::bullmq::{self, Counts, Details};
use super::clients::Clients;
use super::info::Info;
use super::judge::{Memory, Poll};
use super::link::Link;
use super::name::Name;
use super::reply::Reply;
use super::scan::Scan;
use super::{ask, celery, failure, store};
use crate::model::{Denial, Fact, Freshness, Queue, SourceStatus, Table, Text, Timestamp, Update};
use crate::sources::port::{Desk, Failure, FailureKind};

/// Between two polls: the second comes soon, since rates need two; the others as the server bears them.
const SECOND: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_millis(4500);
/// A poll may take this share of the time.
const SHARE: u32 = 20;
/// From so many clients on their list is read more rarely.
const MANY_CLIENTS: u64 = 1000;
const CLIENTS_EVERY: i64 = 30;
/// Active jobs whose locks are looked at in one poll, of all queues together.
const LOCKS: usize = 2000;

/// What outlives a connection.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) queues: Memory,
    pub(super) evictions: store::Evictions,
    pub(super) scan: Scan,
}

/// What is configured, as Redis has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) bullmq: Vec<String>,
    pub(super) celery: Vec<String>,
}

impl Wanted {
    /// Whether the queues are looked for.
    pub(super) fn looks(&self) -> bool {
        self.bullmq.is_empty() && self.celery.is_empty()
    }
}

/// One connection's watch.
pub(super) struct Watcher<'a> {
    pub(super) link: Link,
    pub(super) desk: &'a Desk,
    pub(super) past: &'a mut Past,
    pub(super) wanted: &'a Wanted,
    /// What a person should know although all is well.
    pub(super) warning: Option<&'static str>,
    bullmq: Vec<Name>,
    celery: Vec<Vec<u8>>,
    clients: Option<(Timestamp, Clients)>,
    /// Commands that were refused, with what for.
    refused: BTreeMap<&'static str, Text>,
    elsewhere: usize,
    version: Option<Text>,
    synced: bool,
}

impl<'a> Watcher<'a> {
    /// On a connection that is logged in.
    pub(super) fn new(
        link: Link,
        desk: &'a Desk,
        past: &'a mut Past,
        wanted: &'a Wanted,
        warning: Option<&'static str>,
    ) -> Self {
        let celery = wanted.celery.iter().map(|name| name.clone().into_bytes()).collect();
        Self {
            link,
            desk,
            past,
            wanted,
            warning,
            bullmq: Vec::new(),
            celery,
            clients: None,
            refused: BTreeMap::new(),
            elsewhere: 0,
            version: None,
            synced: false,
        }
    }

    /// Polls until the connection fails or the desk is cancelled.
    ///
    /// # Errors
    /// Why it cannot go on.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let cancelled = self.desk.cancelled();
        self.past.queues.forget_counts();
        self.bullmq = self.configured().await?;
        loop {
            let begun = self.desk.now().as_millisecond();
            let second_poll = !self.synced;
            self.poll().await?;
            let took = u64::try_from(self.desk.now().as_millisecond() - begun).unwrap_or(0);
            let pause =
                if second_poll { SECOND } else { (Duration::from_millis(took) * SHARE).clamp(SHORTEST, LONGEST) };
            tokio::select! {
                () = cancelled.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The configured names. In one with a colon its first part may be a prefix: Redis is asked which there is.
    async fn configured(&mut self) -> Result<Vec<Name>, Failure> {
        let mut names = Vec::new();
        for configured in &self.wanted.bullmq {
            let usual = Name::usual(configured.as_bytes());
            let Some(prefixed) = Name::prefixed(configured.as_bytes()) else {
                names.push(usual);
                continue;
            };
            let exists = |name: &Name| ask::how_many(&[&name.key(b"meta"), &name.key(b"id")]);
            let answers = self.link.ask(Some(self.desk), vec![exists(&usual), exists(&prefixed)]).await?;
            let is_there = |n: usize| answers.get(n).and_then(Reply::yes) == Some(true);
            names.push(if !is_there(0) && is_there(1) { prefixed } else { usual });
        }
        Ok(names)
    }

    async fn poll(&mut self) -> Result<(), Failure> {
        (self.refused, self.elsewhere) = (BTreeMap::new(), 0);
        let info = self.server().await?;
        if self.wanted.looks() {
            self.past.scan.go_on(&mut self.link, self.desk).await?;
            self.bullmq = self.past.scan.bullmq.iter().cloned().collect();
            self.celery = self.past.scan.celery.iter().cloned().collect();
        }
        let queues = self.queues().await?;
        self.past.queues.keep(&queues);
        let store = store::store(self.desk.source(), info.as_ref(), &mut self.past.evictions, self.desk.now());
        let mut updates = relist("queues", queues.into_iter().map(|queue| Fact::Queue(Box::new(queue))));
        updates.extend(relist("stores", std::iter::once(Fact::Store(Box::new(store)))));
        updates.push(Update::Status(self.status(info.as_ref())));
        if !self.synced {
            updates.push(Update::Synced);
            self.synced = true;
        }
        Ok(self.desk.send(updates).await?)
    }

    /// INFO, and who is connected. A server that still loads says so here; nothing else would be answered.
    async fn server(&mut self) -> Result<Option<Info>, Failure> {
        let answers = self.ask(vec![ask::info()]).await?;
        let info = answers.first().and_then(Reply::bytes).map(Info::read);
        self.version = info.as_ref().and_then(Info::version);
        if let Some(info) = &info {
            let place = &self.link.address().place;
            if info.is("redis_mode", "sentinel") {
                let words = format!("{place} is a Sentinel: it holds no queues");
                return Err(Failure::new(FailureKind::Unsupported, words).hint("name the Redis that it watches"));
            }
            if info.is("loading", "1") {
                let source = self.desk.source();
                let store = store::store(source, Some(info), &mut self.past.evictions, self.desk.now());
                self.desk.send(relist("stores", std::iter::once(Fact::Store(Box::new(store))))).await?;
                let done = info.get("loading_loaded_perc").unwrap_or("?");
                let words = format!("Redis at {place} is still loading its data set ({done} %)");
                let mut failure = Failure::new(FailureKind::Busy, words);
                failure.retry_after = Some(Duration::from_secs(2));
                return Err(failure);
            }
        }
        let many =
            info.as_ref().and_then(|info| info.number::<u64>("connected_clients")).is_some_and(|n| n > MANY_CLIENTS);
        let now = self.desk.now();
        let rests =
            self.clients.as_ref().is_some_and(|(at, _)| many && now.as_second() - at.as_second() < CLIENTS_EVERY);
        if !rests {
            let answers = self.ask(vec![ask::clients()]).await?;
            let database = self.link.address().database;
            let list = answers.first().and_then(Reply::bytes);
            self.clients = list.map(|list| (now, Clients::read(list, database)));
        }
        Ok(info)
    }

    /// Asks, and notes what is refused.
    async fn ask(&mut self, commands: Vec<Cmd>) -> Result<Vec<Reply>, Failure> {
        let names: Vec<&'static str> = commands.iter().map(ask::name).collect();
        let answers = self.link.ask(Some(self.desk), commands).await?;
        for (name, answer) in names.into_iter().zip(&answers) {
            let Some(refusal) = answer.refusal() else { continue };
            if refusal.code == "NOPERM" || refusal.words.starts_with("unknown command") {
                self.refused.entry(name).or_insert_with(|| Text::line(&refusal.said()));
            }
        }
        Ok(answers)
    }

    async fn queues(&mut self) -> Result<Vec<Queue>, Failure> {
        let (bullmq, celery) = (self.bullmq.clone(), self.celery.clone());
        let mut commands: Vec<Cmd> = bullmq.iter().flat_map(bullmq::first).collect();
        let of_bullmq = commands.len();
        if !celery.is_empty() {
            commands.extend(celery::common());
            commands.extend(celery.iter().flat_map(|name| celery::queue(name)));
        }
        let answers = self.ask(commands).await?;
        self.nothing_but_refusals(&answers)?;
        let at = self.desk.now();
        let (first, rest) = answers.split_at(of_bullmq);
        let mut counts: Vec<Counts> = first.chunks(bullmq::FIRST_ROUND).map(Counts::read).collect();
        let locks = (LOCKS / counts.len().max(1)).max(1);
        for counts in &mut counts {
            counts.oldest_active.truncate(locks);
        }
        self.elsewhere =
            counts.iter().filter(|c| c.refused.as_ref().is_some_and(|r| r.raw().starts_with("MOVED"))).count();
        let details = self.details(&bullmq, &counts).await?;
        let mut queues = Vec::with_capacity(bullmq.len() + celery.len());
        let clients = self.clients.as_ref().map(|(_, clients)| clients);
        let poll = Poll { source: self.desk.source(), at, clients };
        let looks = self.wanted.looks();
        for ((name, counts), details) in bullmq.iter().zip(&counts).zip(&details) {
            if looks && !is_bullmq(name, counts) {
                if counts.exists() == Some(false) {
                    self.past.scan.forget(name);
                } else {
                    self.past.scan.reject(name);
                }
                continue;
            }
            queues.push(poll.bullmq(name, counts, details, &mut self.past.queues));
        }
        let (common, each) = rest.split_at(if celery.is_empty() { 0 } else { celery::COMMON });
        let common = celery::Common::read(common);
        for (name, answers) in celery.iter().zip(each.chunks(celery::EACH)) {
            let counts = celery::Counts::read(answers);
            queues.push(poll.celery((name, celery.len()), &counts, common, &mut self.past.queues));
        }
        Ok(queues)
    }

    /// The second round of all BullMQ queues.
    async fn details(&mut self, names: &[Name], counts: &[Counts]) -> Result<Vec<Details>, Failure> {
        let commands: Vec<Vec<Cmd>> =
            names.iter().zip(counts).map(|(name, counts)| bullmq::second(name, counts)).collect();
        let lengths: Vec<usize> = commands.iter().map(Vec::len).collect();
        let mut answers = self.ask(commands.into_iter().flatten().collect()).await?.into_iter();
        let take = |(length, counts): (usize, &Counts)| {
            Details::read(counts, &answers.by_ref().take(length).collect::<Vec<_>>())
        };
        Ok(lengths.into_iter().zip(counts).map(take).collect())
    }

    /// A user who may do nothing is denied, not partly read.
    fn nothing_but_refusals(&self, answers: &[Reply]) -> Result<(), Failure> {
        let is_refused = |answer: &Reply| answer.refusal().is_some_and(|refusal| refusal.code == "NOPERM");
        match self.refused.get("info") {
            Some(said) if answers.iter().all(is_refused) => {
                Err(failure::nothing_allowed(&self.link.address().place, said.raw()))
            }
            _ => Ok(()),
        }
    }

    fn status(&self, info: Option<&Info>) -> SourceStatus {
        let mut partial = Vec::new();
        if !self.refused.is_empty() {
            partial.push(failure::missing(&self.refused.keys().copied().collect::<Vec<_>>()));
        }
        if self.elsewhere > 0 {
            partial.push(format!(
                "this is one node of a cluster, {} queues lie on others: name those nodes too",
                self.elsewhere
            ));
        }
        let scan = &self.past.scan;
        if self.wanted.looks() && (scan.refused || !scan.whole || scan.is_full()) {
            let keys = info.and_then(|info| info.keys(self.link.address().database));
            let seen = keys.map_or(String::new(), |keys| format!(" ({} of {keys} keys seen)", scan.seen.min(keys)));
            let why = if scan.refused {
                "queues cannot be looked for".to_owned()
            } else if scan.is_full() {
                "there are more queues than are shown".to_owned()
            } else {
                format!("queues are still being looked for{seen}")
            };
            partial.push(format!("{why}: name them in [[queue]]"));
        }
        let state = if partial.is_empty() { Freshness::Fresh } else { Freshness::Partial };
        partial.extend(self.warning.map(str::to_owned));
        let gauge = self.desk.gauge();
        SourceStatus {
            state,
            detail: (!partial.is_empty()).then(|| Text::line(&partial.join("; "))),
            version: self.version.clone(),
            denials: self.denials().into_iter().collect(),
            lapses: Vec::new(),
            calls: gauge.calls(),
            latency_ms: gauge.latency_ms(),
            answered_at: gauge.answered_at(),
            cost_usd_per_day: None,
        }
    }

    fn denials(&self) -> BTreeSet<Denial> {
        let of = |(name, said): (&&'static str, &Text)| {
            let about_keys = said.raw().contains(" key");
            let resource = if about_keys { "keys" } else { "command" };
            Denial { verb: Text::name(&format!("+{name}")), resource: Text::name(resource), scope: None }
        };
        self.refused.iter().map(of).collect()
    }
}

/// Whether keys that were found are those of a BullMQ queue: its mark, or the usual prefix with what belongs to it.
fn is_bullmq(name: &Name, counts: &Counts) -> bool {
    counts.marked || name.scope().is_empty() && counts.refused.is_none() && counts.exists() == Some(true)
}

fn relist(table: &str, facts: impl Iterator<Item = Fact>) -> Vec<Update> {
    let table = Table::whole(table);
    let mut updates = vec![Update::Begin(table.clone())];
    updates.extend(facts.map(|fact| Update::Put(table.clone(), fact)));
    updates.push(Update::Commit(table));
    updates
}
