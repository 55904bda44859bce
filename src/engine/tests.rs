//! The executor against a platform that does what a test says: each guarantee of a Run by its number.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::books::Books;
use super::clock::{Clock, SystemClock};
use super::execute::{Executor, Witness};
use super::planner::Operators;
use crate::action::policy::Circumstances;
use crate::action::run::Ended;
use crate::action::verb::promote::Wanted;
use crate::action::{self, Approved, Count, Given, Intent, Material, Plan, Policy, Verdict, Wish, approve};
use crate::config::{Machine, Paths};
use crate::journal::Event;
use crate::model::{
    Address, Answer, Contained, EnvironmentAddress, Image, Key, Kind, Operation, Platform, Rehearsal, Running,
    SourceName, Target, TargetState, Text, Tier, WorkloadKind,
};
use crate::sources::port::{Boundary, Failure, FailureKind, Look, Operate, Stop};

/// A platform with one Workload: operations change it as a real one would, unless the script says otherwise.
#[derive(Default)]
struct World {
    target: Mutex<Option<Target>>,
    /// Answers instead of doing it; `Unknown` may come with the change done or not.
    script: Mutex<VecDeque<(Answer, bool)>>,
    performed: Mutex<Vec<Operation>>,
    /// Images that never get ready.
    bad: Mutex<Vec<String>>,
}

impl World {
    fn with(target: Target) -> Arc<Self> {
        let world = Self::default();
        *world.target.lock().unwrap() = Some(target);
        Arc::new(world)
    }

    fn change(&self, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.target.lock().unwrap().as_mut() {
            change(target);
            let desired = target.desired.unwrap();
            let bad = self.bad.lock().unwrap();
            let well = target.containers.iter().all(|c| !bad.contains(&c.image.reference.to_string()));
            target.state.running = (0..desired).map(|n| instance(n, &target.containers)).collect();
            target.ready = Some(if well { desired } else { 0 });
            target.generation = target.generation.map(|generation| generation + 1);
            target.state.rollout = if well {
                crate::model::Rollout::Steady
            } else {
                let message = Text::line("ProgressDeadlineExceeded");
                crate::model::Rollout::Stuck { message, since: None }
            };
        }
    }

    fn does(&self, operation: &Operation) {
        self.change(|target| match operation {
            Operation::Scale { to } => target.desired = Some(*to),
            Operation::Images { containers } => target.containers.clone_from(containers),
            _ => {}
        });
    }
}

impl Operate for World {
    fn look(self: Arc<Self>, _look: Look) -> BoxFuture<'static, Result<Target, Failure>> {
        let found = self.target.lock().unwrap().clone();
        let gone = || Failure::new(FailureKind::Absent, "it is not there");
        Box::pin(async move { found.ok_or_else(gone) })
    }

    fn rehearse(self: Arc<Self>, _: Target, _: Operation) -> BoxFuture<'static, Result<Rehearsal, Failure>> {
        Box::pin(async { Ok(Rehearsal::Accepted) })
    }

    fn find_image(self: Arc<Self>, _: Target, image: Contained) -> BoxFuture<'static, Result<Option<Image>, Failure>> {
        Box::pin(async move { Ok(Some(image.image)) })
    }

    fn perform(self: Arc<Self>, order: action::Order, boundary: Boundary) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            if boundary.about_to("patch it").await == Err(Stop) {
                return Answer::Stopped;
            }
            self.performed.lock().unwrap().push(order.operation().clone());
            let scripted = self.script.lock().unwrap().pop_front();
            if scripted.as_ref().is_none_or(|(_, done)| *done) {
                self.does(order.operation());
            }
            scripted.map_or(Answer::Taken { version: None }, |(answer, _)| answer)
        })
    }
}

fn contained(reference: &str) -> Contained {
    Contained { name: Text::name("web"), image: Image::of_reference(reference) }
}

fn instance(n: u32, containers: &[Contained]) -> Running {
    Running {
        id: Text::name(&format!("pod-{n}")),
        name: Text::name(&format!("web-{n}")),
        containers: containers.to_vec(),
        ready: Some(true),
        started_at: Some(SystemClock.now()),
        trouble: None,
    }
}

fn web(count: u32) -> Target {
    let containers = vec![contained("shop/web@sha256:aa")];
    Target {
        key: Key::new(&SourceName::new("k"), Kind::Workload, "u1"),
        platform: Platform::Kubernetes,
        kind: WorkloadKind::Deployment,
        scope: Text::name("shop"),
        name: Text::name("web"),
        uid: Some(Text::name("u1")),
        version: Some(Text::name("10")),
        generation: Some(1),
        desired: Some(count),
        ready: Some(count),
        instances: Vec::new(),
        owners: Vec::new(),
        paused: false,
        state: TargetState {
            observed: true,
            probed: Some(true),
            running: (0..count).map(|n| instance(n, &containers)).collect(),
            ..TargetState::default()
        },
        containers,
        means: None,
        remarks: Vec::new(),
    }
}

fn service() -> Address {
    let environment = EnvironmentAddress { system: Some(Text::name("shop")), environment: Text::name("dev") };
    Address { environment, service: Text::name("web") }
}

struct Bench {
    _folder: tempfile::TempDir,
    world: Arc<World>,
    executor: Executor,
}

impl Bench {
    fn new(target: Target) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_owned();
        let paths = Paths { config: home.join("config"), state: home.join("state"), data: home.join("data") };
        let books = Arc::new(Books::open(Some(&paths), &Machine::default(), None).unwrap());
        let world = World::with(target);
        let operator: Arc<dyn Operate> = world.clone();
        let operators = Operators::from([(SourceName::new("k"), operator)]);
        let witness = watch::channel(Witness::default()).1;
        let stop = CancellationToken::new();
        let executor = Executor { books, clock: Arc::new(SystemClock), operators, witness, stop };
        Self { _folder: folder, world, executor }
    }

    fn approved(&self, wish: Wish, wanted: Vec<Wanted>) -> Approved<Plan> {
        let now = SystemClock.now();
        let target = self.world.target.lock().unwrap().clone().unwrap();
        let by = Circumstances {
            now,
            policy: Policy { bake_seconds: 0, ..Policy::of(Tier::Dev) },
            unlocked_until: None,
            frozen: None,
            fact_age_seconds: Some(0),
            limits: None,
            unfinished: None,
            rehearsals: vec![Rehearsal::Accepted],
            upstream: None,
            checklist: Vec::new(),
            returns_to_verified: None,
        };
        let intent = Intent { wish, target: service(), reason: None };
        let material = Material { targets: vec![target], wanted, from: "staging".to_owned() };
        let draft = action::draft(&intent, &material).unwrap();
        let plan = action::seal(intent, Tier::Dev, draft, Vec::new(), &by);
        let given = Given { plan: plan.id.clone(), pressed: true, typed: None };
        approve(plan, &given, now).unwrap()
    }

    fn scale(&self, to: u32) -> Approved<Plan> {
        self.approved(Wish::Scale { to: Count::To(to) }, Vec::new())
    }

    fn promote(&self, reference: &str) -> Approved<Plan> {
        let target = self.world.target.lock().unwrap().clone().unwrap();
        let from = EnvironmentAddress { system: None, environment: Text::name("staging") };
        let wanted = vec![Wanted { target, containers: vec![contained(reference)] }];
        self.approved(Wish::Promote { from, release: None }, wanted)
    }

    async fn run(&self, approved: &Approved<Plan>) -> Ended {
        self.executor.begin(approved).unwrap();
        self.executor.run(approved).await.unwrap()
    }

    fn events(&self) -> Vec<Event> {
        self.executor.books.records().unwrap().iter().map(|record| record.entry.kind).collect()
    }
}

#[tokio::test]
async fn g7_a_run_is_in_the_journal_before_its_first_write_and_ends_with_its_verdict() {
    let bench = Bench::new(web(1));
    let ended = bench.run(&bench.scale(3)).await;
    assert_eq!((ended.verdict, ended.left.len()), (Verdict::Kept, 1));
    use Event::{Started, StepBegun, StepEnded, StepWrites, Verdict as Ends, Verifying};
    assert_eq!(bench.events(), [Started, StepBegun, StepWrites, StepEnded, Verifying, Ends]);
    let runs = bench.executor.books.runs().unwrap();
    assert_eq!(runs.iter().next().unwrap().verdict, Some(Verdict::Kept));
    assert!(runs.unfinished(&service()).is_none());
}

#[tokio::test]
async fn g2_what_has_moved_since_the_plan_is_not_touched() {
    let bench = Bench::new(web(1));
    let approved = bench.scale(3);
    bench.world.change(|target| target.desired = Some(2));
    let ended = bench.run(&approved).await;
    assert_eq!(ended.verdict, Verdict::Stale, "{}", ended.message);
    assert!(ended.message.shown().contains("desired 1 → 2"), "{}", ended.message);
    assert!(bench.world.performed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn g4_a_plan_is_good_for_once_and_a_run_without_an_end_stands_against_another() {
    let bench = Bench::new(web(1));
    let approved = bench.scale(3);
    bench.executor.begin(&approved).unwrap();
    assert!(bench.executor.begin(&approved).unwrap_err().to_string().contains("before"));
    let other = bench.scale(2);
    assert!(bench.executor.begin(&other).unwrap_err().to_string().contains("no end"));
}

#[tokio::test]
async fn g6_a_lost_reply_is_read_back_and_never_sent_again() {
    let lost = || Answer::Unknown { message: Text::line("the connection was lost") };
    for (done, verdict) in [(true, Verdict::Kept), (false, Verdict::Refused)] {
        let bench = Bench::new(web(1));
        bench.world.script.lock().unwrap().push_back((lost(), done));
        let ended = bench.run(&bench.scale(3)).await;
        assert_eq!(ended.verdict, verdict, "{}", ended.message);
        assert_eq!(bench.world.performed.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn g12_a_promotion_that_fails_is_taken_back_once() {
    let bench = Bench::new(web(2));
    bench.world.bad.lock().unwrap().push("shop/web@sha256:bad".to_owned());
    let ended = bench.run(&bench.promote("shop/web@sha256:bad")).await;
    assert_eq!(ended.verdict, Verdict::RolledBack, "{}", ended.message);
    let performed = bench.world.performed.lock().unwrap().clone();
    let back = Operation::Images { containers: vec![contained("shop/web@sha256:aa")] };
    assert_eq!((performed.len(), performed.last()), (2, Some(&back)));
}

#[tokio::test]
async fn g12_a_way_back_that_fails_too_is_failed_and_not_tried_again() {
    let bench = Bench::new(web(2));
    bench.world.bad.lock().unwrap().extend(["shop/web@sha256:bad".to_owned(), "shop/web@sha256:aa".to_owned()]);
    let ended = bench.run(&bench.promote("shop/web@sha256:bad")).await;
    assert_eq!(ended.verdict, Verdict::Failed);
    assert!(ended.message.shown().contains("could not be taken back"), "{}", ended.message);
    assert_eq!(bench.world.performed.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn g13_after_two_promotions_the_ledger_leads_back_once_and_not_forth() {
    let bench = Bench::new(web(1));
    for reference in ["shop/web@sha256:bb", "shop/web@sha256:cc"] {
        let ended = bench.run(&bench.promote(reference)).await;
        assert_eq!(ended.verdict, Verdict::Kept, "{}", ended.message);
    }
    let ledger = bench.executor.books.ledger().unwrap();
    let ids: Vec<_> = ledger.releases(&service()).iter().map(|release| release.id.clone()).collect();
    assert_eq!(ids.len(), 3);
    let before = |current: &Text| ledger.before(&service(), Some(current)).map(|release| release.id.clone());
    assert_eq!((before(&ids[2]), before(&ids[1]), before(&ids[0])), (Some(ids[1].clone()), Some(ids[0].clone()), None));
}

#[tokio::test]
async fn g19_a_value_that_somebody_else_set_meanwhile_is_overridden_not_done() {
    let bench = Bench::new(web(1));
    bench.world.script.lock().unwrap().push_back((Answer::Taken { version: None }, false));
    let ended = bench.run(&bench.scale(3)).await;
    assert_eq!(ended.verdict, Verdict::Overridden, "{}", ended.message);
}

#[tokio::test]
async fn g20_a_run_that_is_told_to_stop_ends_at_its_boundary_in_a_named_state() {
    let bench = Bench::new(web(1));
    let approved = bench.scale(3);
    bench.executor.stop.cancel();
    let ended = bench.run(&approved).await;
    assert_eq!(ended.verdict, Verdict::Aborted);
    assert!(bench.world.performed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn attack_56_nothing_is_begun_when_the_journal_takes_nothing() {
    let bench = Bench::new(web(1));
    let approved = bench.scale(3);
    bench.executor.begin(&approved).unwrap();
    let path = bench.executor.books.journal().path().to_owned();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 5]).unwrap();
    assert!(bench.executor.run(&approved).await.is_err());
    assert!(bench.world.performed.lock().unwrap().is_empty(), "what is not recorded is not done");
}
