//! The demo's story as the Fleet reads it: every incident of the script is seen, named and over again, and the Source
//! behind the trait tells, falls silent, measures and logs as a real one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use quarterdeck::action::{Count, Wish};
use quarterdeck::engine::clock::SystemClock;
use quarterdeck::engine::{Msg, Stamped, State, update};
use quarterdeck::fleet::Rules;
use quarterdeck::model::{
    Answer, Connection, Fact, HealthState, Key, Kind, LogAsk, LogLine, Rollout, Service, SourceKind, SourceName,
    SourceSpec, Target, Text, Timestamp, Update, WorkloadKind,
};
use quarterdeck::sources::demo::{self, Teller, World};
use quarterdeck::sources::port::{
    Clock, Desk, FailureKind, Gauge, LogBatch, LogOut, Look, News, Operate, RawAsk, Watch,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

#[path = "wire/ordered.rs"]
mod ordered;

const SEED: u64 = 7;

fn start() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn at(story: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_secs(story)
}

/// Every site of the demo, told into one state.
struct Story {
    state: State,
    tellers: Vec<(SourceSpec, Teller)>,
    story: i64,
}

impl Story {
    fn begins_at(story: i64) -> Self {
        let mut state = State::new(Rules::default(), at(story));
        let tellers = demo::specs(SEED, start()).into_iter().map(|spec| {
            let Connection::Demo { seed, site, start, .. } = &spec.connection else { panic!("not a demo") };
            let world = World::of(&spec.name, *seed, site, *start).unwrap();
            (spec, Teller::new(world))
        });
        let mut told: Vec<_> = tellers.collect();
        for (spec, teller) in &mut told {
            let known = Msg::Known {
                source: spec.name.clone(),
                kind: SourceKind::Demo,
                found_by: Text::line(&spec.found_by),
                connect: true,
            };
            update(&mut state, Stamped { at: at(story), msg: known });
            let msg = Msg::News { source: spec.name.clone(), updates: teller.begin(story) };
            update(&mut state, Stamped { at: at(story), msg });
        }
        Self { state, tellers: told, story }
    }

    fn go_on_to(&mut self, story: i64) {
        while self.story < story {
            self.story += 1;
            for (spec, teller) in &mut self.tellers {
                let mut updates = teller.go_on(self.story);
                if updates.is_empty() && self.story % 5 != 0 {
                    continue;
                }
                updates.push(Update::Status(teller.status()));
                let msg = Msg::News { source: spec.name.clone(), updates };
                update(&mut self.state, Stamped { at: at(self.story), msg });
            }
            update(&mut self.state, Stamped { at: at(self.story), msg: Msg::Tick });
        }
    }

    fn service(&self, address: &str) -> &Service {
        let found = self.state.fleet.services().find(|service| service.address.to_string() == address);
        found.unwrap_or_else(|| panic!("no {address} among {:?}", self.addresses()))
    }

    fn addresses(&self) -> Vec<String> {
        self.state.fleet.services().map(|service| service.address.to_string()).collect()
    }

    /// Names of the rules that found something, worst first.
    fn why(&self, address: &str) -> Vec<String> {
        let address = &self.service(address).address;
        self.state.fleet.findings(address).iter().map(|finding| finding.rule.to_string()).collect()
    }

    fn health(&self, address: &str) -> HealthState {
        self.service(address).health.state
    }

    fn bad(&self) -> Vec<String> {
        let bad = self.state.fleet.services().filter(|service| service.health.state.is_bad());
        bad.map(|service| service.address.to_string()).collect()
    }
}

#[test]
fn fourteen_environments_of_five_systems_come_out_of_names_and_labels() {
    let story = Story::begins_at(0);
    let told = story.state.fleet.environments();
    let environments: BTreeSet<String> = told.iter().map(|e| format!("{} {}", e.address, e.tier)).collect();
    let wanted = ["biz", "community", "competitoriq", "infra", "te-explico"].iter().flat_map(|system| {
        let tiers = ["dev dev", "staging staging", "prod production"].iter().skip(usize::from(*system == "infra"));
        tiers.map(move |tier| format!("{system}/{tier}"))
    });
    assert_eq!(environments, wanted.collect());
    assert_eq!(story.service("te-explico/prod/backend").workloads.len(), 2, "blue and green are one Service");
    assert_eq!(story.service("biz/prod/frontend").workloads.len(), 2, "the migration is one Service on two platforms");
}

#[test]
fn at_minute_zero_a_few_incidents_are_live_and_most_things_are_healthy() {
    let story = Story::begins_at(0);
    let bad = story.bad();
    assert!((2..=6).contains(&bad.len()), "{bad:?}");
    assert!(bad.contains(&"competitoriq/prod/api".to_owned()) && bad.contains(&"biz/prod/airflow-worker".to_owned()));
    let healthy = story.state.fleet.services().filter(|s| s.health.state == HealthState::Healthy).count();
    assert!(healthy > 30, "{healthy}");
    assert_eq!(story.health("biz/dev/grafana"), HealthState::Unchecked);
    assert_eq!(story.health("biz/staging/airflow-worker"), HealthState::Idle);
    assert_eq!(story.health("biz/staging/db-migrate"), HealthState::Idle);
    assert!(story.why("infra/staging/app").contains(&"drift".to_owned()));
}

#[test]
fn every_incident_is_seen_by_its_rule_and_is_over_later() {
    let script = [
        (60, 1300, "competitoriq/prod/api", "crash loop"),
        (320, 1300, "competitoriq/prod/api", "stuck rollout"),
        (0, 1400, "biz/prod/airflow-worker", "OOM kill"),
        (480, 1000, "community/prod/app", "failing probe"),
        (480, 1000, "community/prod/app", "not enough ready"),
        (200, 1300, "te-explico/staging/ai-inference", "image pull failure"),
        (800, 1300, "te-explico/staging/ai-inference", "stuck rollout"),
        (1650, 1950, "te-explico/prod/ai-inference", "unschedulable"),
    ];
    for (during, after, address, rule) in script {
        let story = Story::begins_at(during);
        assert!(story.why(address).contains(&rule.to_owned()), "{address} at {during}: {:?}", story.why(address));
        assert!(story.health(address).is_bad(), "{address} at {during}");
        let story = Story::begins_at(after);
        assert!(!story.health(address).is_bad(), "{address} at {after}: {:?}", story.why(address));
    }
    let calm = Story::begins_at(4300);
    assert_eq!(calm.bad(), ["te-explico/staging/usage-report"], "at the end of a cycle all but a CronJob is well");
}

#[test]
fn changes_arrive_within_the_first_minutes_and_the_timeline_tells_them() {
    let mut story = Story::begins_at(0);
    story.go_on_to(180);
    let lines: Vec<String> = story.state.fleet.timeline().iter().map(|change| change.text.to_string()).collect();
    assert!(lines.len() >= 4, "{lines:?}");
    story.go_on_to(900);
    let told = |address: &str| {
        let mine = |change: &&quarterdeck::model::Change| {
            change.service.as_ref().is_some_and(|service| service.to_string() == address)
        };
        story.state.fleet.timeline().iter().filter(mine).count()
    };
    assert!(told("community/prod/app") >= 3 && told("biz/dev/frontend") >= 1);
}

#[test]
fn what_is_told_bit_by_bit_reads_as_what_is_told_at_once() {
    let mut story = Story::begins_at(0);
    story.go_on_to(1000);
    let fresh = Story::begins_at(1000);
    let sum = |story: &Story| {
        let services = story.state.fleet.services();
        services.map(|s| (s.address.to_string(), s.desired, s.ready, s.images.clone())).collect::<Vec<_>>()
    };
    assert_eq!(sum(&story), sum(&fresh));
}

/// A clock that a test turns, or that goes on by itself with every look at it.
struct Turned {
    story: AtomicI64,
    step: AtomicI64,
}

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        at(self.story.fetch_add(self.step.load(Ordering::Relaxed), Ordering::Relaxed))
    }
}

/// One running Source with the ends of its wires.
struct Running {
    source: Arc<dyn Watch>,
    clock: Arc<Turned>,
    gauge: Arc<Gauge>,
    visible: watch::Sender<Arc<[Key]>>,
    news: mpsc::Receiver<News>,
    ended: tokio::task::JoinHandle<Result<(), quarterdeck::sources::port::Failure>>,
}

impl Running {
    fn start(spec: &SourceSpec, story: i64) -> Self {
        let source = demo::open(spec).unwrap();
        let clock = Arc::new(Turned { story: AtomicI64::new(story), step: AtomicI64::new(0) });
        let (out, news) = mpsc::channel(64);
        let (visible, seen) = watch::channel(Arc::from([]));
        let gauge = Arc::new(Gauge::default());
        let desk = Desk::new(spec.name.clone(), out, seen, clock.clone(), CancellationToken::new(), gauge.clone());
        #[expect(clippy::disallowed_methods, reason = "a test")]
        let ended = tokio::spawn(source.clone().watch(desk));
        Self { source, clock, gauge, visible, news, ended }
    }

    fn of(site: &str, story: i64) -> Self {
        let specs = demo::specs(SEED, start());
        Self::start(specs.iter().find(|spec| spec.name.0.raw() == site).unwrap(), story)
    }

    /// Turns the clock and wakes the Source.
    fn turn(&self, story: i64, keys: &[Key]) {
        self.clock.story.store(story, Ordering::Relaxed);
        self.visible.send_replace(Arc::from(keys));
    }

    async fn hear(&mut self) -> Vec<Update> {
        let heard = tokio::time::timeout(Duration::from_secs(10), self.news.recv()).await;
        heard.expect("news within ten seconds").expect("a Source that lives").updates
    }

    async fn facts(&mut self) -> Vec<Fact> {
        let puts = self.hear().await.into_iter();
        puts.filter_map(|update| if let Update::Put(_, fact) = update { Some(fact) } else { None }).collect()
    }
}

#[tokio::test]
async fn a_source_lists_then_tells_changes_and_measures_only_what_is_visible() {
    let mut running = Running::of("compose:biz-vm", 0);
    let listed = running.hear().await;
    assert!(listed.contains(&Update::Synced));
    let instance = listed.iter().find_map(|update| match update {
        Update::Put(_, Fact::Instance(instance)) if instance.name.raw() == "biz-dev-ml-service-1" => Some(instance),
        _ => None,
    });
    let key = instance.unwrap().key.clone();
    running.turn(2, std::slice::from_ref(&key));
    let samples = running.hear().await;
    let [Update::Sample(sample)] = samples.as_slice() else { panic!("{samples:?}") };
    assert_eq!((&sample.instance, sample.at), (&key, at(2)));
    assert!(sample.cpu_cores.unwrap() > 0.0 && sample.memory_bytes.unwrap() < 1536 << 20);
    running.turn(90, &[]);
    let news = running.hear().await;
    assert!(news.len() < 30 && news.iter().any(|u| matches!(u, Update::Put(_, Fact::Workload(_)))), "{news:?}");
}

#[tokio::test]
async fn a_laptop_that_sleeps_gives_no_sign_of_life_and_comes_back() {
    let mut running = Running::of("compose:community", 470);
    running.hear().await;
    assert_eq!(running.gauge.answered_at(), Some(at(470)));
    running.turn(530, &[]);
    tokio::task::yield_now().await;
    assert!(running.news.try_recv().is_err());
    assert_eq!(running.gauge.answered_at(), Some(at(470)));
    running.turn(575, &[]);
    let deadline = tokio::time::timeout(Duration::from_secs(10), async {
        while running.gauge.answered_at() != Some(at(575)) {
            tokio::task::yield_now().await;
        }
    });
    deadline.await.expect("a sign of life");
}

#[tokio::test]
async fn a_lost_link_is_an_error_in_the_words_of_ssh() {
    let running = Running::of("compose:infra-vm1", 2060);
    let failure = running.ended.await.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.message.raw().starts_with("ssh: connect to host"), "{failure}");
}

async fn logs(running: &Running, ask: LogAsk) -> Result<Vec<LogLine>, FailureKind> {
    let (out, mut batches) = mpsc::channel::<LogBatch>(1024);
    running.source.clone().logs(ask, LogOut::new(out)).await.map_err(|failure| failure.kind)?;
    let mut lines = Vec::new();
    while let Some(batch) = batches.recv().await {
        lines.extend(batch.lines);
    }
    Ok(lines)
}

fn ask(fact: &Fact) -> LogAsk {
    let Fact::Instance(instance) = fact else { panic!("no Instance") };
    LogAsk {
        instance: instance.key.clone(),
        scope: instance.scope.clone(),
        name: instance.name.clone(),
        containers: Vec::new(),
        follow: false,
        previous: false,
        since: None,
        tail: Some(50),
    }
}

#[tokio::test]
async fn logs_are_the_same_each_time_and_end_a_crash_with_its_reason() {
    let mut running = Running::of("ecs:competitoriq", 120);
    let facts = running.facts().await;
    let find = |wanted: &dyn Fn(&quarterdeck::model::Instance) -> bool| {
        facts.iter().find(|fact| matches!(fact, Fact::Instance(i) if wanted(i))).unwrap()
    };
    let serving = find(&|i| i.name.raw().starts_with("api-") && i.ready == Some(true));
    let lines = logs(&running, ask(serving)).await.unwrap();
    assert_eq!(lines.len(), 50);
    assert!(lines.is_sorted_by_key(|line| line.at) && lines.iter().all(|line| line.at < Some(at(120))));
    assert!(lines.iter().any(|l| serde_json::from_str::<serde_json::Value>(l.text.raw()).is_ok()));
    assert_eq!(lines, logs(&running, ask(serving)).await.unwrap());
    let crashing = find(&|i| i.restarts > 3);
    let previous = LogAsk { previous: true, ..ask(crashing) };
    let words: Vec<String> = logs(&running, previous).await.unwrap().iter().map(|l| l.text.to_string()).collect();
    assert!(words.iter().any(|line| line.starts_with("PrismaClientInitializationError")), "{words:?}");
    let never = LogAsk { previous: true, ..ask(serving) };
    assert!(matches!(logs(&running, never).await, Err(FailureKind::Absent) | Ok(_)));
    let gone = LogAsk { instance: Key { uid: "nobody".into(), ..crashing.key().clone() }, ..ask(crashing) };
    assert_eq!(logs(&running, gone).await, Err(FailureKind::Absent));
}

#[tokio::test]
async fn a_followed_log_goes_on_with_the_clock() {
    let mut running = Running::of("eks:biz", 100);
    let facts = running.facts().await;
    let pod = facts.iter().find(|f| matches!(f, Fact::Instance(i) if i.name.raw().starts_with("ml-service"))).unwrap();
    let (out, mut batches) = mpsc::channel::<LogBatch>(64);
    let ask = LogAsk { follow: true, tail: Some(0), ..ask(pod) };
    let stream = running.source.clone().logs(ask, LogOut::new(out));
    running.clock.step.store(5, Ordering::Relaxed);
    let first = async { tokio::time::timeout(Duration::from_secs(10), batches.recv()).await.unwrap().unwrap() };
    tokio::select! {
        ended = stream => panic!("{ended:?}"),
        batch = first => assert!(batch.lines.iter().all(|line| line.at >= Some(at(100)))),
    }
}

#[tokio::test]
async fn raw_descriptions_mask_secrets() {
    for (site, format) in [("eks:biz", "yaml"), ("compose:biz-vm", "json")] {
        let mut running = Running::of(site, 100);
        let facts = running.facts().await;
        let fact = facts.iter().find(|fact| matches!(fact, Fact::Instance(_))).unwrap();
        let ask = RawAsk { key: fact.key().clone(), kind: None, scope: Text::empty(), name: Text::empty() };
        let raw = running.source.clone().raw(ask).await.unwrap();
        let text: Vec<&str> = raw.lines.iter().map(Text::shown).collect();
        assert_eq!(raw.format.raw(), format);
        assert!(
            text.len() > 10 && !text.join("\n").contains("correct-horse") && !text.join("\n").contains("not-a-real")
        );
    }
}

#[tokio::test]
async fn a_big_site_has_the_pods_it_was_asked_for() {
    let mut running = Running::start(&demo::big(SEED, 2_345, start()), 0);
    let facts = running.facts().await;
    let count = |wanted: fn(&Fact) -> bool| facts.iter().filter(|fact| wanted(fact)).count();
    assert!(count(|fact| matches!(fact, Fact::Instance(i) if i.phase.word() == "running")) >= 2_345);
    assert_eq!(count(|fact| matches!(fact, Fact::Workload(_))), 235);
}

#[tokio::test]
async fn a_console_that_opens_while_a_laptop_sleeps_sees_what_was_known_as_stale() {
    let mut running = Running::of("compose:community", 530);
    let news = running.hear().await;
    assert!(news.contains(&Update::Synced));
    let Some(Update::Status(status)) = news.last() else { panic!("{news:?}") };
    assert_eq!(status.state, quarterdeck::model::Freshness::Stale);
    assert!(status.detail.as_ref().is_some_and(|words| words.raw().starts_with("no sign of life since")));
}

/// One Source of a story that is kept in a file, or that stands still, opened as a process of its own would.
fn opened(
    site: &str,
    start: Timestamp,
    changes: Option<&std::path::Path>,
    still: Option<Timestamp>,
) -> Arc<dyn Operate> {
    let mut spec = demo::specs(SEED, start).into_iter().find(|spec| spec.name.0.raw() == site).unwrap();
    let Connection::Demo { changes: kept, still: stands, .. } = &mut spec.connection else { panic!("not a demo") };
    (*kept, *stands) = (changes.map(Into::into), still);
    demo::open(&spec).unwrap().operate().unwrap()
}

async fn frontend(who: &Arc<dyn Operate>) -> Target {
    let key = Key::new(&SourceName::new("eks:biz"), Kind::Workload, "");
    let (scope, name) = (Text::name("biz-prod"), Text::name("frontend"));
    who.clone().look(Look { key, kind: WorkloadKind::Deployment, scope, name }).await.unwrap()
}

#[tokio::test]
async fn g2_what_one_process_changes_every_other_sees_and_an_order_on_the_old_read_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed-7.changes.jsonl");
    let start = SystemClock.now() - jiff::SignedDuration::from_secs(1000);
    let (one, two) = (opened("eks:biz", start, Some(&file), None), opened("eks:biz", start, Some(&file), None));
    let planned = frontend(&one).await;
    assert_eq!(planned.desired, Some(2));
    let to = |count| Wish::Scale { to: Count::To(count) };
    let witness = ordered::Witness::default();
    let answer = witness.perform(one, ordered::ordered(to(4), &planned, vec![])).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(witness.said(), ["scale frontend 2 → 4 (simulated)"]);
    assert_eq!(frontend(&two).await.desired, Some(4));
    let late = ordered::perform(&two, ordered::ordered(to(6), &planned, vec![])).await;
    let Answer::Stale { moved } = late else { panic!("{late:?}") };
    assert_eq!((moved[0].what.raw(), moved[0].found.raw()), ("desired", "4"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(frontend(&two).await.desired, Some(2), "the story was reset");
}

#[tokio::test]
async fn in_a_story_that_stands_still_a_change_is_done_at_once() {
    let now = at(600);
    let who = opened("eks:biz", start(), None, Some(now));
    let before = frontend(&who).await;
    for wish in [Wish::Scale { to: Count::To(3) }, Wish::Restart] {
        let answer = ordered::perform(&who, ordered::ordered(wish, &frontend(&who).await, vec![])).await;
        assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
        let after = frontend(&who).await;
        assert_eq!((after.desired, after.ready, after.state.updated), (Some(3), Some(3), Some(3)), "{after:#?}");
        assert_eq!((after.state.running.len(), after.state.rollout.clone()), (3, Rollout::Steady));
    }
    let after = frontend(&who).await;
    assert!(after.state.running.iter().all(|one| one.started_at >= Some(now)), "{:?}", after.state.running);
    assert!(after.state.running.iter().all(|one| before.state.running.iter().all(|other| other.id != one.id)));
}

#[tokio::test]
async fn the_open_screen_of_another_process_sees_the_change_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed-7.changes.jsonl");
    let start = SystemClock.now() - jiff::SignedDuration::from_secs(1000);
    let who = opened("eks:biz", start, Some(&file), None);
    let mut spec = demo::specs(SEED, start).into_iter().find(|spec| spec.name.0.raw() == "eks:biz").unwrap();
    if let Connection::Demo { changes, .. } = &mut spec.connection {
        *changes = Some(file.clone());
    }
    let (out, mut news) = mpsc::channel(64);
    let (_visible, seen) = watch::channel(Arc::from([]));
    let cancel = CancellationToken::new();
    let desk =
        Desk::new(spec.name.clone(), out, seen, Arc::new(SystemClock), cancel.clone(), Arc::new(Gauge::default()));
    let screen = desk.clone().spawn(demo::open(&spec).unwrap().watch(desk));
    let mut wanted = async |count: u32| {
        let told = async {
            while let Some(news) = news.recv().await {
                let is = |update: &Update| {
                    matches!(update, Update::Put(_, Fact::Workload(w))
                        if (w.scope.raw(), w.name.raw()) == ("biz-prod", "frontend") && w.desired == Some(count))
                };
                if news.updates.iter().any(is) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is told");
    };
    wanted(2).await;
    let order = ordered::ordered(Wish::Scale { to: Count::To(5) }, &frontend(&who).await, vec![]);
    assert!(matches!(ordered::perform(&who, order).await, Answer::Taken { .. }));
    wanted(5).await;
    cancel.cancel();
    screen.abort();
}
