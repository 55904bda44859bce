//! The demo as a Source: tells its world's story by the clock, measures what is on screen, falls silent by script.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::band::Player;
use super::changes::Ledger;
use super::moment::Moment;
use super::part::Outage;
use super::samples::sample;
use super::stage::moment_on_clock;
use super::teller::Teller;
use super::world::World;
use crate::model::{
    AlarmAsk, AlarmDetail, Fact, Freshness, Key, LogAsk, SourceKind, SourceName, SourceStatus, Text, Timestamp, Update,
};
use crate::sources::port::{
    CheckOrder, Clock, Desk, Failure, FailureKind, LogOut, Operate, RawAsk, RawDocument, Watch,
};

/// Signs of life come this often while nothing changes.
const ALIVE: Duration = Duration::from_secs(3);
/// Other processes' changes are looked for so often.
const SHARED: Duration = Duration::from_secs(1);
/// Most wishes for Checks that wait to be heard.
const MOST_WISHES: usize = 16;
/// Seconds between two samples of one Instance.
const SAMPLE_EVERY: i64 = 2;

/// One simulated Source.
pub(super) struct DemoSource {
    world: World,
    /// What people change in it.
    pub(super) ledger: Ledger,
    /// The story stands still at this moment: what is changed is done at once.
    pub(super) still: Option<Timestamp>,
    /// Something was changed here.
    pub(super) changed: Notify,
    /// The engine's clock, known from the first watch on.
    clock: OnceLock<Arc<dyn Clock>>,
    /// Whether its facts were told before.
    known: AtomicBool,
    /// Whose Checks somebody wants run now; one without names: all.
    wanted: Mutex<Vec<Arc<[Text]>>>,
    asked: Notify,
}

impl DemoSource {
    pub(super) fn new(world: World, ledger: Ledger, still: Option<Timestamp>) -> Self {
        let (clock, known) = (OnceLock::new(), AtomicBool::new(false));
        let (asked, changed) = (Notify::new(), Notify::new());
        Self { world, ledger, still, changed, clock, known, wanted: Mutex::default(), asked }
    }

    /// The world with all that people changed so far.
    pub(super) fn world(&self) -> World {
        World { changes: self.ledger.current(), ..self.world.clone() }
    }

    /// Story time in whole seconds.
    pub(super) fn story(&self) -> i64 {
        let now = self.clock.get().map(|clock| clock.now()).or(self.still).or_else(|| self.ledger.time());
        now.map_or(0, |now| self.world.story(now))
    }

    /// How long to wait until something may happen, at most `limit`.
    fn pause(&self, until: i64, limit: Duration) -> Duration {
        let Some(clock) = self.clock.get() else { return limit };
        let passed = clock.now().duration_since(self.world.start);
        let left = i64::try_from(passed.as_millis()).ok().map(|ms| until.saturating_mul(1000).saturating_sub(ms));
        let left = left.and_then(|ms| u64::try_from(ms).ok()).map_or(Duration::ZERO, Duration::from_millis);
        left.clamp(Duration::from_millis(20), limit)
    }

    async fn tell(&self, desk: &Desk) -> Result<(), Failure> {
        let mut teller = Teller::new(self.world());
        let mut gauges = Gauges::default();
        let mut visible = desk.visible();
        let mut listed = false;
        loop {
            let story = self.story();
            let now = Moment::new(story);
            let mut limit = if self.ledger.is_shared() { SHARED } else { ALIVE };
            if teller.adopt(&self.ledger.current()) {
                gauges.until = i64::MIN;
            }
            if let Some((since, how)) = self.world.outage(&now) {
                if !self.known.swap(true, Ordering::Relaxed) {
                    self.remember(desk, &mut teller, since).await?;
                }
                if let Outage::Refused(words) = how {
                    return Err(Failure::new(FailureKind::Unreachable, words));
                }
                limit = Duration::from_secs(1);
            } else {
                let news = if listed { teller.go_on(story) } else { teller.begin(story) };
                listed = true;
                self.known.store(true, Ordering::Relaxed);
                if news.is_empty() {
                    desk.alive();
                } else {
                    desk.called(Some(self.latency(story)));
                    desk.send(news).await?;
                }
                let keys = visible.borrow_and_update().clone();
                if gauges.read(teller.world(), desk, &keys, story) {
                    limit = limit.min(Duration::from_secs(SAMPLE_EVERY.unsigned_abs()));
                }
            }
            let next = if listed { teller.until().min(now.until()) } else { now.until() };
            tokio::select! {
                () = tokio::time::sleep(self.pause(next, limit)) => {}
                () = self.asked.notified() => self.check(desk).await?,
                () = self.changed.notified() => {}
                changed = visible.changed() => if changed.is_err() { return Ok(()) },
            }
        }
    }

    /// Tells the Checks that were asked for as they are now; while the site is out of reach nobody knows.
    async fn check(&self, desk: &Desk) -> Result<(), Failure> {
        let wanted = std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        let story = self.story();
        if self.world.outage(&Moment::new(story)).is_some() {
            return Ok(());
        }
        let concerned =
            |service: &str, names: &Arc<[Text]>| names.is_empty() || names.iter().any(|n| n.raw() == service);
        let again = self.world().at(story).0.into_iter().filter_map(|fact| match fact {
            Fact::Check(mut check) if wanted.iter().any(|names| concerned(check.service.raw(), names)) => {
                check.checked_at = Some(desk.now());
                Some(Update::Put(super::teller::table(crate::model::Kind::Check), Fact::Check(check)))
            }
            _ => None,
        });
        let again: Vec<Update> = again.collect();
        if again.is_empty() { Ok(()) } else { Ok(desk.send(again).await?) }
    }

    /// A console that opens while the site is out of reach is told what was known before: a story has a past.
    async fn remember(&self, desk: &Desk, teller: &mut Teller, since: i64) -> Result<(), Failure> {
        let mut news = teller.begin(since);
        let since = moment_on_clock(self.world.start, since);
        let detail = format!("no sign of life since {}", since.strftime("%H:%M:%S UTC"));
        let status = SourceStatus { state: Freshness::Stale, detail: Some(Text::line(&detail)), ..teller.status() };
        news.push(Update::Status(status));
        Ok(desk.send(news).await?)
    }

    /// A plausible time for one request.
    fn latency(&self, story: i64) -> Duration {
        let dice = self.world.dice().on(&self.world.site.name).on("latency").nth(story);
        Duration::from_millis(4 + dice.below(38))
    }
}

/// Who was measured when.
#[derive(Default)]
struct Gauges {
    players: Vec<Player>,
    until: i64,
    measured: HashMap<Key, i64>,
}

impl Gauges {
    /// Sends samples of what is visible and due; false: nothing of this Source is visible.
    fn read(&mut self, world: &World, desk: &Desk, visible: &[Key], story: i64) -> bool {
        let visible: Vec<&Key> = visible.iter().filter(|key| key.source == world.source).collect();
        self.measured.retain(|key, _| visible.contains(&key));
        if visible.is_empty() {
            return false;
        }
        if story >= self.until {
            (self.players, self.until) = world.players(story);
        }
        let due = |key: &&Key| self.measured.get(*key).is_none_or(|last| story - last >= SAMPLE_EVERY);
        let due: std::collections::HashSet<&Key> = visible.into_iter().filter(due).collect();
        let samples: Vec<_> = self
            .players
            .iter()
            .filter(|player| due.contains(&player.key))
            .map(|player| sample(player, world.start, story))
            .collect();
        self.measured.extend(samples.iter().map(|sample| (sample.instance.clone(), story)));
        if !samples.is_empty() {
            desk.sample(samples);
        }
        true
    }
}

impl Watch for DemoSource {
    fn name(&self) -> &SourceName {
        &self.world.source
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Demo
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            self.clock.get_or_init(|| desk.clock());
            self.tell(&desk).await
        })
    }

    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move { self.stream(ask, out).await })
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        Box::pin(async move { self.world().describe(&ask, self.story()) })
    }

    fn operate(self: Arc<Self>) -> Option<Arc<dyn Operate>> {
        Some(self)
    }

    fn alarm_detail(self: Arc<Self>, ask: AlarmAsk) -> BoxFuture<'static, Result<AlarmDetail, Failure>> {
        Box::pin(async move { self.world().alarm_detail(&ask, self.story()) })
    }

    fn order(&self, order: CheckOrder) {
        let CheckOrder::Now(services) = order else { return };
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever asks so often gets one answer for all.
        if wanted.len() >= MOST_WISHES {
            *wanted = vec![Arc::from([])];
        } else {
            wanted.push(services);
        }
        drop(wanted);
        self.asked.notify_one();
    }
}
