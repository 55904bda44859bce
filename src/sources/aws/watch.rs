//! The plan of polls: each service of AWS by its own period, none waiting for another; what is denied or fails is named while
//! the rest goes on; when nothing answers any more, the watch ends with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use tokio::sync::Notify;

use super::super::last_read::LastRead;
use super::super::port::{Failure, FailureKind};
use super::ask::Asker;
use super::board::Board;
use super::ecs::Ecs;
use super::failure::{Loss, Trouble};
use super::price::{Bill, Charge};
use super::shared::Shared;
use super::{Options, cloudwatch, elb, rds, scaling, sqs};
use crate::model::{Denial, Fact, Freshness, Lapse, SourceStatus, Table, Text, Update};

/// A Source that has not told everything after so long is taken as read: what hangs is named in its state.
const FIRST_PICTURE_MS: i64 = 4000;

/// A service of AWS that is read by its own plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Area {
    Ecs,
    Alarms,
    Sqs,
    Scaling,
    Targets,
    Rds,
}

const AREAS: [Area; 6] = [Area::Ecs, Area::Alarms, Area::Sqs, Area::Scaling, Area::Targets, Area::Rds];

impl Area {
    fn word(self) -> &'static str {
        match self {
            Self::Ecs => "ECS",
            Self::Alarms => "CloudWatch",
            Self::Sqs => "SQS",
            Self::Scaling => "autoscaling",
            Self::Targets => "load balancers",
            Self::Rds => "RDS",
        }
    }

    /// What it fills.
    fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Ecs => &["clusters", "services", "tasks", "task definitions", "events"],
            Self::Alarms => &["alarms"],
            Self::Sqs => &["queues"],
            Self::Scaling => &["scalable targets"],
            Self::Targets => &["target groups", "target health"],
            Self::Rds => &["databases"],
        }
    }

    /// The services of ECS are looked at every five seconds, so that silence is noticed; their tasks every second time.
    pub(super) fn period(self) -> Duration {
        Duration::from_secs(match self {
            Self::Ecs => 5,
            Self::Alarms | Self::Sqs | Self::Targets => 30,
            Self::Scaling => 60,
            Self::Rds => 120,
        })
    }
}

/// How the areas fared at their last poll.
#[derive(Default)]
struct Fortunes {
    last: BTreeMap<Area, Option<Failure>>,
    denied: BTreeMap<Area, BTreeSet<&'static str>>,
    synced: bool,
}

/// One connection's watch.
pub(super) struct Session<'a> {
    pub(super) asker: Asker<'a>,
    pub(super) options: &'a Options,
    pub(super) shared: Shared,
    board: Board,
    ecs: tokio::sync::Mutex<Ecs>,
    ages: tokio::sync::Mutex<sqs::Ages>,
    stores: tokio::sync::Mutex<rds::Gauges>,
    doors: tokio::sync::Mutex<elb::Doors>,
    fortunes: Mutex<Fortunes>,
    /// Wakes all areas: one has lost its server, so the others look now.
    hurry: Notify,
    bill: Mutex<Bill>,
    began: i64,
    read: &'a LastRead,
}

impl<'a> Session<'a> {
    pub(super) fn new(asker: Asker<'a>, options: &'a Options, read: &'a LastRead) -> Self {
        Self {
            asker,
            options,
            shared: Shared::default(),
            board: Board::default(),
            ecs: tokio::sync::Mutex::default(),
            ages: tokio::sync::Mutex::default(),
            stores: tokio::sync::Mutex::default(),
            doors: tokio::sync::Mutex::default(),
            fortunes: Mutex::default(),
            hurry: Notify::new(),
            bill: Mutex::default(),
            began: asker.desk.now().as_millisecond(),
            read,
        }
    }

    /// Polls until the desk is cancelled.
    ///
    /// # Errors
    /// Why nothing can be read any more.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let cancelled = self.asker.desk.cancelled();
        let areas = AREAS.iter().map(|area| self.keep(*area));
        tokio::select! {
            () = cancelled.cancelled() => Ok(()),
            ended = try_join_all(areas) => ended.map(drop),
        }
    }

    async fn keep(&self, area: Area) -> Result<(), Failure> {
        loop {
            let woken = self.hurry.notified();
            let begun = self.asker.desk.now().as_millisecond();
            self.fortunes().denied.remove(&area);
            let outcome = self.round(area).await;
            self.settle(area, outcome.err())?;
            self.status().await?;
            let took = u64::try_from(self.asker.desk.now().as_millisecond() - begun).unwrap_or(0);
            let rest = area.period().saturating_sub(Duration::from_millis(took)).max(Duration::from_secs(1));
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = woken => {}
            }
        }
    }

    fn round(&self, area: Area) -> BoxFuture<'_, Result<(), Trouble>> {
        match area {
            Area::Ecs => async { self.ecs.lock().await.round(self).await }.boxed(),
            Area::Alarms => cloudwatch::round(self).boxed(),
            Area::Sqs => async { self.ages.lock().await.round(self).await }.boxed(),
            Area::Scaling => scaling::round(self).boxed(),
            Area::Targets => async { self.doors.lock().await.round(self).await }.boxed(),
            Area::Rds => async { self.stores.lock().await.round(self).await }.boxed(),
        }
    }

    fn fortunes(&self) -> std::sync::MutexGuard<'_, Fortunes> {
        self.fortunes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what differs from the last poll of a table.
    pub(super) async fn tell(&self, table: &'static str, facts: Vec<Fact>) -> Result<(), Trouble> {
        let updates = self.board.tell(table, facts);
        if updates.is_empty() { Ok(()) } else { Ok(self.asker.desk.send(updates).await?) }
    }

    /// A poll asked so often for something that is charged, and asks again after so many seconds.
    pub(super) fn charge(&self, charge: Charge, count: usize, period_seconds: i64) {
        self.bill.lock().unwrap_or_else(PoisonError::into_inner).enter(charge, count, period_seconds);
    }

    /// What an optional request gave: where its action is denied that is noted, and the poll goes on without it.
    pub(super) fn spare<T>(&self, area: Area, answer: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(Trouble { loss: Loss::Action(action), .. }) => {
                self.fortunes().denied.entry(area).or_default().insert(action);
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Notes how a poll went; ends the watch where the login is lost, or where nothing is left that answers.
    fn settle(&self, area: Area, trouble: Option<Trouble>) -> Result<(), Failure> {
        let mut fortunes = self.fortunes();
        let was_well = fortunes.last.get(&area).is_some_and(Option::is_none);
        if trouble.is_none() {
            let now = self.asker.desk.now();
            area.tables().iter().for_each(|table| self.read.read(Table::whole(table), now));
        }
        if let Some(trouble) = &trouble {
            match trouble.loss {
                Loss::Account => return Err(trouble.failure.clone()),
                Loss::Action(action) => drop(fortunes.denied.entry(area).or_default().insert(action)),
                Loss::Service if was_well && trouble.failure.kind == FailureKind::Unreachable => {
                    self.hurry.notify_waiters();
                }
                Loss::Service => {}
            }
        }
        fortunes.last.insert(area, trouble.map(|trouble| trouble.failure));
        // Target groups are those that ECS names: without ECS nothing is asked about them, which is no sign of life.
        let mut asked = AREAS.iter().filter(|area| **area != Area::Targets);
        let all_failed = asked.all(|area| fortunes.last.get(area).is_some_and(Option::is_some));
        if all_failed { Err(worst(&fortunes)) } else { Ok(()) }
    }

    async fn status(&self) -> Result<(), Failure> {
        let desk = self.asker.desk;
        let (status, synced) = {
            let mut fortunes = self.fortunes();
            let known = AREAS.iter().all(|area| fortunes.last.contains_key(area));
            let late = desk.now().as_millisecond() - self.began > FIRST_PICTURE_MS;
            let ready = known || (late && fortunes.last.contains_key(&Area::Ecs));
            let synced = ready && !fortunes.synced;
            fortunes.synced |= ready;
            let lapses = if fortunes.synced { fortunes.lapses(self.read) } else { Vec::new() };
            (SourceStatus { lapses, ..fortunes.status(self.asker) }, synced)
        };
        let cost = self.bill.lock().unwrap_or_else(PoisonError::into_inner).usd_per_day();
        let status = SourceStatus { cost_usd_per_day: cost, ..status };
        let mut updates = vec![Update::Status(status)];
        updates.extend(synced.then_some(Update::Synced));
        Ok(desk.send(updates).await?)
    }
}

impl Fortunes {
    /// What was read before, and failed at the last poll.
    fn lapses(&self, read: &LastRead) -> Vec<Lapse> {
        let failed = self.last.iter().filter_map(|(area, failure)| Some((area, failure.as_ref()?)));
        let lapse = |(area, failure): (&Area, &Failure)| {
            let why = failure.to_string();
            let old = area.tables().iter().map(|table| read.lapse(&Table::whole(table), area.word(), &why));
            old.flatten().collect::<Vec<_>>()
        };
        failed.flat_map(lapse).collect()
    }

    fn status(&self, asker: Asker<'_>) -> SourceStatus {
        let denials: BTreeSet<Denial> = self
            .denied
            .values()
            .flatten()
            .map(|action| Denial { verb: Text::name(action), resource: Text::name("*"), scope: None })
            .collect();
        let mut words: Vec<String> = Vec::new();
        let actions: BTreeSet<&str> = self.denied.values().flatten().copied().collect();
        if !actions.is_empty() {
            let actions: Vec<&str> = actions.into_iter().collect();
            words.push(format!("not allowed here: {}", actions.join(", ")));
        }
        for (area, failure) in &self.last {
            if let Some(failure) = failure.as_ref().filter(|failure| failure.kind != FailureKind::Denied) {
                words.push(format!("{}: {failure}", area.word()));
            }
        }
        let gauge = asker.desk.gauge();
        SourceStatus {
            state: if words.is_empty() { Freshness::Fresh } else { Freshness::Partial },
            detail: (!words.is_empty()).then(|| Text::line(&words.join("; "))),
            version: Some(Text::name(&asker.clients.region)),
            denials: denials.into_iter().collect(),
            lapses: Vec::new(),
            calls: gauge.calls(),
            latency_ms: gauge.latency_ms(),
            answered_at: gauge.answered_at(),
            cost_usd_per_day: None,
        }
    }
}

/// Nothing answers: where all is denied that is said with every action, else what is not a denial says most.
fn worst(fortunes: &Fortunes) -> Failure {
    let failures: Vec<&Failure> = fortunes.last.values().flatten().collect();
    if let Some(failure) = failures.iter().find(|failure| failure.kind != FailureKind::Denied) {
        return (*failure).clone();
    }
    let actions: BTreeSet<&str> = fortunes.denied.values().flatten().copied().collect();
    let actions: Vec<&str> = actions.into_iter().collect();
    Failure::new(FailureKind::Denied, "this login may read nothing here")
        .hint(format!("it needs the IAM actions {}", actions.join(", ")))
}
