//! The engine over a Source that a test plays: order, late answers, logs that flood, failure and recovery, the tape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use quarterdeck::engine::tape::{Player, Recorder};
use quarterdeck::engine::{Ask, Console, Effect, LogsWanted, Msg, Stamped, State, clock::SystemClock, update};
use quarterdeck::fleet::Rules;
use quarterdeck::model::{
    Address, Alarm, AlarmDetail, AlarmState, CheckState, Connection, EnvironmentAddress, Fact, Freshness, Instance,
    Key, Kind, Labels, LogAsk, LogLine, Phase, Platform, Rollout, Severity, SourceKind, SourceName, SourceSpec,
    SourceStatus, Stream, Table, Text, Timestamp, Update, Workload, WorkloadKind,
};
use quarterdeck::sources::port::{Desk, Failure, FailureKind, LogBatch, LogOut, Opener, RawAsk, RawDocument, Watch};

fn name() -> SourceName {
    SourceName::new("docker:local")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn workload() -> Fact {
    Fact::Workload(Box::new(Workload {
        key: Key::new(&name(), Kind::Workload, "shop-prod/web"),
        platform: Platform::Compose,
        kind: WorkloadKind::ComposeService,
        scope: Text::name("shop-prod"),
        name: Text::name("web"),
        labels: Labels::default(),
        parent: None,
        desired: Some(1),
        ready: Some(1),
        updated: Some(1),
        available: Some(1),
        observed: true,
        rollout: Rollout::Steady,
        job: None,
        probed: Some(true),
        images: Vec::new(),
        owners: Vec::new(),
        drift: Vec::new(),
        revision: None,
        created_at: None,
        changed_at: None,
    }))
}

fn instance() -> Fact {
    Fact::Instance(Box::new(Instance {
        key: Key::new(&name(), Kind::Instance, "c1"),
        scope: Text::name("shop-prod"),
        name: Text::name("shop-prod-web-1"),
        workload: Some((WorkloadKind::ComposeService, Text::name("web"))),
        phase: Phase::Running,
        ready: Some(true),
        check: CheckState::Passing,
        check_output: None,
        waiting: None,
        unschedulable: None,
        restarts: 0,
        last_exit: None,
        created_at: None,
        started_at: None,
        node: None,
        images: Vec::new(),
        containers: Vec::new(),
        cpu_limit_millicores: None,
        memory_limit_bytes: None,
        number: Some(1),
        template: None,
    }))
}

fn first_list() -> Vec<Update> {
    let (services, containers) = (Table::whole("services"), Table::whole("containers"));
    vec![
        Update::Begin(services.clone()),
        Update::Put(services.clone(), workload()),
        Update::Commit(services),
        Update::Begin(containers.clone()),
        Update::Put(containers.clone(), instance()),
        Update::Commit(containers),
        Update::Status(SourceStatus { state: Freshness::Fresh, ..SourceStatus::default() }),
        Update::Synced,
    ]
}

fn web() -> Address {
    let environment = EnvironmentAddress { system: Some(Text::name("shop")), environment: Text::name("prod") };
    Address { environment, service: Text::name("web") }
}

/// A Source that fails as often as told, then lists and stays; its log is a flood.
struct Played {
    name: SourceName,
    failures: AtomicUsize,
    lines: usize,
}

impl Watch for Played {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Docker
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            let left = self.failures.load(Ordering::SeqCst);
            if left > 0 {
                self.failures.store(left - 1, Ordering::SeqCst);
                return Err(Failure::new(FailureKind::Unreachable, "connection refused").hint("start it"));
            }
            desk.called(Some(Duration::from_millis(3)));
            desk.send(first_list()).await?;
            desk.cancelled().cancelled().await;
            Ok(())
        }
        .boxed()
    }

    fn logs(self: Arc<Self>, ask: LogAsk, mut out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        async move {
            for n in 0..self.lines {
                let text = Text::line(&format!("line {n}"));
                let instance = ask.instance.clone();
                out.push(vec![LogLine { instance, at: None, stream: Stream::Out, container: None, text }])?;
            }
            Err(Failure::new(FailureKind::Absent, "no such container"))
        }
        .boxed()
    }

    fn raw(self: Arc<Self>, _: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        futures::future::ready(Ok(RawDocument { format: "json".into(), lines: vec!["{}".into()] })).boxed()
    }
}

struct Plays {
    failures: usize,
    lines: usize,
}

impl Opener for Plays {
    fn open(&self, spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
        Ok(Arc::new(Played { name: spec.name.clone(), failures: AtomicUsize::new(self.failures), lines: self.lines }))
    }
}

fn spec() -> SourceSpec {
    let connection = Connection::Docker { url: "unix:///nowhere".into(), tls: None, ca_file: None };
    SourceSpec { name: name(), connection, connect: true, found_by: "test".into(), timeout_seconds: None }
}

fn console(failures: usize, lines: usize) -> Console {
    Console::live(Rules::default(), vec![spec()], Arc::new(Plays { failures, lines }), Arc::new(SystemClock))
}

/// Pumps until the state is as wanted; fails after ten seconds.
async fn until(console: &mut Console, wanted: impl Fn(&State) -> bool) {
    let waiting = async {
        while !wanted(&console.state) {
            assert!(console.pump().await, "the feed ended");
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), waiting).await.is_ok(), "not within ten seconds");
}

fn state_of(state: &State) -> Option<Freshness> {
    state.fleet.source(&name()).map(|s| s.state)
}

#[tokio::test]
async fn a_source_lists_and_its_service_stands_in_the_fleet() {
    let mut console = console(0, 0);
    until(&mut console, |s| s.fleet.source(&name()).is_some_and(|s| s.synced)).await;
    let service = console.state.fleet.service(&web()).expect("shop/prod/web");
    assert_eq!((service.desired, service.ready), (Some(1), Some(1)));
}

#[tokio::test]
async fn a_source_that_fails_says_why_and_is_tried_again() {
    let mut console = console(1, 0);
    until(&mut console, |s| state_of(s) == Some(Freshness::Unreachable)).await;
    let detail = console.state.fleet.source(&name()).unwrap().status.detail.clone().unwrap();
    assert_eq!(detail.shown(), "connection refused; start it");
    until(&mut console, |s| state_of(s) == Some(Freshness::Fresh)).await;
}

#[tokio::test]
async fn c16_a_log_flood_is_bounded_and_what_was_lost_is_counted() {
    let mut console = console(0, 20_000);
    until(&mut console, |s| s.fleet.service(&web()).is_some()).await;
    let wanted =
        LogsWanted { service: web(), instance: None, follow: true, previous: false, since: None, tail: Some(10) };
    console.ask(Ask::OpenLogs { pane: 7, wanted });
    until(&mut console, |s| s.panes.get(&7).is_some_and(|p| p.open == 0)).await;
    let pane = &console.state.panes[&7];
    assert!(!pane.lines.is_empty() && pane.lines.len() as u64 + pane.dropped <= 20_000);
    assert_eq!(pane.endings[0].1.as_ref().map(Text::shown), Some("no such container"));
}

#[test]
fn a_late_raw_answer_for_another_thing_is_ignored() {
    let mut state = State::new(Rules::default(), at(0));
    let key = |uid| Key::new(&name(), Kind::Instance, uid);
    let ask = |uid| RawAsk { key: key(uid), kind: None, scope: "s".into(), name: "n".into() };
    for uid in ["old", "new"] {
        drop(update(&mut state, Stamped { at: at(1), msg: Msg::Ask(Ask::Raw(ask(uid))) }));
    }
    let document = RawDocument { format: "json".into(), lines: vec![] };
    drop(update(&mut state, Stamped { at: at(2), msg: Msg::Raw { key: key("old"), result: Ok(document) } }));
    assert_eq!(state.raw.as_ref().map(|raw| (&*raw.key.uid, raw.result.is_some())), Some(("new", false)));
}

#[test]
fn more_of_an_alarm_is_asked_with_its_names_and_what_was_told_stays_until_the_next_answer() {
    let mut state = State::new(Rules::default(), at(0));
    let key = Key::new(&name(), Kind::Alarm, "arn");
    let mut tell = |second, msg| update(&mut state, Stamped { at: at(second), msg });
    drop(tell(1, Msg::Ask(Ask::AlarmDetail(key.clone()))));
    let alarm = Fact::Alarm(Box::new(Alarm {
        key: key.clone(),
        scope: Text::name("eu-central-1"),
        name: Text::name("backlog"),
        severity: Severity::Warning,
        state: AlarmState::Firing,
        since: None,
        summary: Text::empty(),
        value: None,
        threshold: None,
        comparison: None,
        runbook: None,
        silenced_until: None,
        suppressed_by: None,
        notifies: None,
        labels: Vec::new(),
        fingerprint: Text::empty(),
    }));
    let table = Table::whole("alarms");
    let known = Msg::Known { source: name(), kind: SourceKind::Docker, found_by: Text::empty(), connect: true };
    drop(tell(2, known));
    let updates = vec![Update::Begin(table.clone()), Update::Put(table.clone(), alarm), Update::Commit(table)];
    drop(tell(2, Msg::News { source: name(), updates }));
    let effects = tell(90_000, Msg::Ask(Ask::AlarmDetail(key.clone())));
    let [Effect::AlarmDetail(ask)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((ask.name.raw(), ask.scope.raw()), ("backlog", "eu-central-1"));
    assert_eq!((ask.history_since, ask.curves_since, ask.until), (at(3600), at(90_000 - 3 * 3600), at(90_000)));
    let told = AlarmDetail { rule: Some(Text::line("depth > 5")), ..AlarmDetail::default() };
    let other = Msg::AlarmDetail { key: Key::new(&name(), Kind::Alarm, "other"), result: Box::new(Ok(told.clone())) };
    drop(tell(90_001, other));
    drop(tell(90_001, Msg::AlarmDetail { key: key.clone(), result: Box::new(Ok(told.clone())) }));
    drop(tell(90_060, Msg::Ask(Ask::AlarmDetail(key))));
    let pane = state.alarm.unwrap();
    assert_eq!((pane.result, pane.asked_at), (Some(Ok(told)), at(90_060)));
}

#[test]
fn time_never_runs_backwards_in_the_state() {
    let mut state = State::new(Rules::default(), at(10));
    drop(update(&mut state, Stamped { at: at(5), msg: Msg::Tick }));
    assert_eq!(state.now, at(10));
}

#[tokio::test]
async fn a_tape_plays_back_to_the_same_fleet_and_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.tape");
    let mut recorder = Recorder::create(&path, &Rules::default(), at(0)).unwrap();
    let known = Msg::Known { source: name(), kind: SourceKind::Docker, found_by: "test".into(), connect: true };
    let status = SourceStatus { detail: Some("DB_PASSWORD=hunter2".into()), ..SourceStatus::default() };
    let news = |updates| Msg::News { source: name(), updates };
    let messages = [known, news(first_list()), news(vec![Update::Status(status)]), Msg::Tick];
    let mut live = State::new(Rules::default(), at(0));
    for (n, msg) in messages.into_iter().enumerate() {
        let stamped = Stamped { at: at(i64::try_from(n).unwrap()), msg };
        recorder.write(&stamped);
        drop(update(&mut live, stamped));
    }
    drop(recorder);
    assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));

    let mut replay = Console::replay(Player::open(&path).unwrap());
    let (_, end) = replay.player().unwrap().span();
    replay.jump(end);
    assert!(live.fleet.service(&web()).is_some());
    assert_eq!(replay.state.fleet.service(&web()), live.fleet.service(&web()));
    replay.jump(at(0));
    assert!(replay.state.fleet.service(&web()).is_none(), "jumping back forgets what came later");
}

#[test]
fn a_recording_never_overwrites_a_file_and_a_broken_tape_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tape");
    drop(Recorder::create(&path, &Rules::default(), at(0)).unwrap());
    assert!(Recorder::create(&path, &Rules::default(), at(0)).is_err());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.clone() + "garbage\n{}\n").unwrap();
    let error = Player::open(&path).err().unwrap().to_string();
    assert!(error.starts_with("line 2:"), "{error}");
    std::fs::write(&path, text + "{\"at\":").unwrap();
    assert!(Player::open(&path).is_ok(), "a last line cut by a crash is left out");
}

#[test]
fn a_followed_log_picks_up_instances_that_come_later() {
    let mut state = State::new(Rules::default(), at(0));
    let mut tell = |msg| update(&mut state, Stamped { at: at(1), msg });
    let known = Msg::Known { source: name(), kind: SourceKind::Docker, found_by: "test".into(), connect: true };
    drop(tell(known));
    drop(tell(Msg::News { source: name(), updates: first_list() }));
    let wanted =
        LogsWanted { service: web(), instance: None, follow: true, previous: false, since: None, tail: Some(10) };
    drop(tell(Msg::Ask(Ask::OpenLogs { pane: 1, wanted })));
    let Fact::Instance(mut second) = instance() else { unreachable!() };
    second.key = Key::new(&name(), Kind::Instance, "c2");
    let put = Update::Put(Table::whole("containers"), Fact::Instance(second));
    let effects = tell(Msg::News { source: name(), updates: vec![put] });
    let asked: Vec<_> = effects
        .iter()
        .flat_map(|effect| match effect {
            Effect::MoreLogs { pane: 1, asks } => asks.iter().map(|ask| &*ask.instance.uid).collect(),
            _ => Vec::new(),
        })
        .collect();
    assert_eq!(asked, ["c2"], "the first stream is open already");
}

#[test]
fn a_followed_log_goes_on_where_it_ended_once_its_instance_has_started_again() {
    let mut state = State::new(Rules::default(), at(0));
    let mut tell = |msg| update(&mut state, Stamped { at: at(1), msg });
    let Fact::Instance(first) = instance() else { unreachable!() };
    let key = first.key.clone();
    let started = |second| {
        let row = Instance { started_at: Some(at(second)), ..(*first).clone() };
        Update::Put(Table::whole("containers"), Fact::Instance(Box::new(row)))
    };
    drop(tell(Msg::Known { source: name(), kind: SourceKind::Docker, found_by: "test".into(), connect: true }));
    drop(tell(Msg::News { source: name(), updates: first_list() }));
    drop(tell(Msg::News { source: name(), updates: vec![started(0)] }));
    let wanted = LogsWanted {
        service: web(),
        instance: Some(key.clone()),
        follow: true,
        previous: false,
        since: None,
        tail: Some(10),
    };
    drop(tell(Msg::Ask(Ask::OpenLogs { pane: 1, wanted })));
    let line = LogLine {
        at: Some(at(5)),
        instance: key.clone(),
        container: None,
        stream: Stream::Out,
        text: Text::line("it crashed"),
    };
    drop(tell(Msg::Logs { pane: 1, batch: LogBatch { lines: vec![line], dropped: 0 } }));
    let ended =
        |failure: Option<&str>| Msg::LogsEnded { pane: 1, instance: key.clone(), failure: failure.map(Text::line) };
    let news = |updates| Msg::News { source: name(), updates };
    let asked = |effects: Vec<Effect>| match &effects[..] {
        [] => None,
        [Effect::MoreLogs { pane: 1, asks }] => {
            Some((asks.len(), asks[0].since.map(Timestamp::as_nanosecond), asks[0].tail))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(tell(news(vec![started(6)]))), None, "its stream is open yet");
    drop(tell(ended(None)));
    let after = Some((1, Some(at(5).as_nanosecond() + 1), None));
    assert_eq!(asked(tell(news(vec![started(6)]))), after, "it has started again");
    drop(tell(ended(None)));
    assert_eq!(asked(tell(news(vec![started(6), Update::Synced]))), None, "nothing has changed since it ended");
    assert_eq!(asked(tell(news(vec![started(9)]))), after);
    drop(tell(ended(Some("the connection broke"))));
    assert_eq!(asked(tell(news(vec![started(9)]))), None);
    assert_eq!(asked(tell(news(vec![Update::Synced]))), after, "its Source is back");
    assert!(state.panes[&1].endings.is_empty() && state.panes[&1].open == 1);
}
