//! The way from an Intent to an approved Plan: all verbs × tiers × locked or not, and each guarantee by its number.

use super::*;
use crate::model::{
    Address, Contained, EnvironmentAddress, Image, Key, Kind, Operation, Owner, Platform, Rollout, SourceName, Target,
    TargetRevision, TargetState, Text, Tier, Timestamp, WorkloadKind,
};

fn now() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + seconds).unwrap()
}

fn api() -> Address {
    let environment = EnvironmentAddress { system: Some(Text::name("biz")), environment: Text::name("prod") };
    Address { environment, service: Text::name("api") }
}

fn target(kind: WorkloadKind, platform: Platform, count: u32) -> Target {
    Target {
        key: Key::new(&SourceName::new("s"), Kind::Workload, "u1"),
        platform,
        kind,
        scope: Text::name("biz"),
        name: Text::name("api"),
        uid: Some(Text::name("u1")),
        version: Some(Text::name("88213")),
        desired: Some(count),
        ready: Some(count),
        generation: None,
        containers: vec![Contained { name: Text::name("api"), image: Image::of_reference("biz/api@sha256:aa") }],
        instances: Vec::new(),
        owners: Vec::new(),
        paused: false,
        state: TargetState { observed: true, ..TargetState::default() },
        means: None,
        remarks: Vec::new(),
    }
}

fn deployment(count: u32) -> Target {
    target(WorkloadKind::Deployment, Platform::Kubernetes, count)
}

fn open(tier: Tier) -> Circumstances {
    Circumstances {
        now: now(),
        policy: Policy::of(tier),
        unlocked_until: Some(later(600)),
        frozen: None,
        fact_age_seconds: Some(2),
        limits: None,
        unfinished: None,
        rehearsals: Vec::new(),
        upstream: None,
        checklist: Vec::new(),
        returns_to_verified: None,
    }
}

fn intent(wish: Wish) -> Intent {
    Intent { wish, target: api(), reason: Some(Text::line("INC-212")) }
}

fn scale(to: u32) -> Intent {
    intent(Wish::Scale { to: Count::To(to) })
}

fn plan(intent: Intent, target: Target, by: &Circumstances) -> Plan {
    make(intent, Tier::Production, &[target], Vec::new(), by).unwrap()
}

fn yes(plan: &Plan) -> Given {
    Given { plan: plan.id.clone(), pressed: true, typed: Some("biz/prod/api".to_owned()) }
}

fn refused_by(plan: &Plan) -> Vec<String> {
    plan.refusals().map(|guard| guard.name.to_string()).collect()
}

#[test]
fn g1_a_plan_says_what_it_is_aimed_at_what_changes_and_what_takes_it_back() {
    let plan = plan(scale(3), deployment(1), &open(Tier::Production));
    assert_eq!((plan.before.shown(), plan.after.shown()), ("1 Instance", "3 Instances"));
    let step = &plan.steps[0];
    assert_eq!(step.operation, Operation::Scale { to: 3 });
    assert_eq!(step.runs_as.shown(), "kubectl scale deployment/api -n biz --replicas=3 --resource-version=88213");
    assert!(
        plan.reversal.shown().contains("scale back to 1") && plan.reversal.shown().contains("not jobs"),
        "{}",
        plan.reversal
    );
    assert!(plan.is_whole());
}

#[test]
fn g14_who_else_decides_is_named() {
    let owner = Owner { kind: Text::name("HorizontalPodAutoscaler"), name: Text::name("api") };
    let plan = plan(scale(3), Target { owners: vec![owner], ..deployment(1) }, &open(Tier::Dev));
    assert_eq!(plan.warnings, [Text::line("HorizontalPodAutoscaler api may take the number back")]);
}

#[test]
fn g17_every_verb_in_every_tier_is_refused_where_it_is_locked_and_only_there() {
    for wish in [Wish::Scale { to: Count::To(3) }, Wish::Restart] {
        for tier in [Tier::Dev, Tier::Staging, Tier::Production, Tier::Unknown] {
            let guarded = matches!(tier, Tier::Production | Tier::Unknown);
            for (until, locked) in [(None, true), (Some(later(-1)), true), (Some(now()), true), (Some(later(1)), false)]
            {
                let by = Circumstances { unlocked_until: until, ..open(tier) };
                let plan = plan(intent(wish.clone()), deployment(2), &by);
                let expected = if guarded && locked { vec!["unlocked".to_owned()] } else { Vec::new() };
                assert_eq!(refused_by(&plan), expected, "{wish:?} {tier} until {until:?}");
                assert_eq!(approve(plan.clone(), &yes(&plan), now()).is_ok(), expected.is_empty());
            }
        }
    }
}

#[test]
fn g8_nothing_is_done_on_facts_that_are_old_or_of_a_source_that_is_silent() {
    for (age, passes) in [(Some(0), true), (Some(10), true), (Some(11), false), (None, false)] {
        let by = Circumstances { fact_age_seconds: age, ..open(Tier::Dev) };
        assert_eq!(refused_by(&plan(scale(3), deployment(1), &by)).is_empty(), passes, "{age:?}");
    }
}

#[test]
fn g15_the_floor_and_the_largest_step_hold_at_the_worst_moment_of_a_change() {
    let refused = |wish, count, tier| refused_by(&plan(intent(wish), deployment(count), &open(tier)));
    let to = |n| Wish::Scale { to: Count::To(n) };
    assert_eq!(refused(to(0), 1, Tier::Production), ["floor", "step"], "never the last one");
    assert_eq!(refused(to(1), 4, Tier::Production), ["step"], "three of four at once");
    assert!(refused(to(2), 4, Tier::Production).is_empty(), "half of them");
    assert_eq!(refused(Wish::Restart, 1, Tier::Production), ["floor", "step"]);
    assert!(refused(Wish::Restart, 2, Tier::Production).is_empty());
    assert!(refused(to(0), 3, Tier::Dev).is_empty());
    let blind = Target { ready: None, desired: None, ..deployment(2) };
    assert_eq!(
        refused_by(&plan(intent(Wish::Restart), blind, &open(Tier::Production))),
        ["floor"],
        "unknown is not enough"
    );
}

#[test]
fn g15_limits_freeze_windows_and_a_run_without_an_end_stand_against_it() {
    let by = Circumstances { limits: Some((1, 4)), ..open(Tier::Dev) };
    assert_eq!(refused_by(&plan(scale(5), deployment(1), &by)), ["limits"]);
    assert!(refused_by(&plan(scale(4), deployment(1), &by)).is_empty());
    let by = Circumstances { frozen: Some((Text::line("weekend"), later(60))), ..open(Tier::Dev) };
    assert_eq!(refused_by(&plan(scale(4), deployment(1), &by)), ["freeze"]);
    let by = Circumstances { unfinished: Some(Text::name("7f3a")), ..open(Tier::Dev) };
    assert_eq!(refused_by(&plan(scale(4), deployment(1), &by)), ["alone"]);
}

#[test]
fn g16_a_yes_belongs_to_the_plan_that_was_shown_and_is_given_as_asked() {
    let shown = plan(scale(3), deployment(2), &open(Tier::Production));
    let said = |given: Given| approve(shown.clone(), &given, now()).unwrap_err();
    let other = Given { plan: Text::name("000000000000"), ..yes(&shown) };
    assert_eq!(said(other), NotApproved::AnotherPlan);
    let pressed = Given { typed: None, ..yes(&shown) };
    assert_eq!(said(pressed), NotApproved::NotTyped(Text::name("biz/prod/api")));
    let short = Given { typed: Some("prod/api".to_owned()), ..yes(&shown) };
    assert_eq!(said(short), NotApproved::NotTyped(Text::name("biz/prod/api")));
    let mut edited = shown.clone();
    edited.steps[0].operation = Operation::Scale { to: 30 };
    assert_eq!(approve(edited, &yes(&shown), now()).unwrap_err(), NotApproved::Edited);
    assert!(approve(shown.clone(), &yes(&shown), now()).is_ok());
    let dev = plan(scale(3), deployment(2), &open(Tier::Dev));
    let nothing = Given { plan: dev.id.clone(), ..Given::default() };
    assert_eq!(approve(dev, &nothing, now()).unwrap_err(), NotApproved::NotPressed);
}

#[test]
fn g4_a_plan_expires_and_one_from_the_future_is_as_good_as_expired() {
    let shown = plan(scale(3), deployment(2), &open(Tier::Production));
    assert!(approve(shown.clone(), &yes(&shown), later(59)).is_ok());
    for at in [60, 61, -1] {
        let said = approve(shown.clone(), &yes(&shown), later(at)).unwrap_err();
        assert!(matches!(said, NotApproved::Expired(_)), "{at}");
    }
}

#[test]
fn production_asks_for_a_reason() {
    let silent = Intent { reason: Some(Text::line("  ")), ..scale(3) };
    let shown = plan(silent, deployment(2), &open(Tier::Production));
    assert_eq!(approve(shown.clone(), &yes(&shown), now()).unwrap_err(), NotApproved::NoReason);
}

#[test]
fn what_cannot_be_scaled_or_restarted_says_why() {
    let says = |wish, target: Target| {
        make(intent(wish), Tier::Dev, &[target], Vec::new(), &open(Tier::Dev)).unwrap_err().to_string()
    };
    let to = |n| Wish::Scale { to: Count::To(n) };
    let daemon = target(WorkloadKind::DaemonSet, Platform::Kubernetes, 3);
    assert_eq!(says(to(2), daemon), "a DaemonSet cannot be scaled: it has one Instance on each node");
    let job = target(WorkloadKind::Job, Platform::Kubernetes, 1);
    assert_eq!(says(Wish::Restart, job), "a Job cannot be restarted: it runs to an end");
    assert_eq!(says(to(2), deployment(2)), "api has 2 already: nothing would change");
    assert_eq!(says(Wish::Scale { to: Count::Less(3) }, deployment(2)), "3 fewer than 2 is less than zero");
    let two = [deployment(1), target(WorkloadKind::ComposeService, Platform::Compose, 1)];
    let several = make(scale(3), Tier::Dev, &two, Vec::new(), &open(Tier::Dev)).unwrap_err().to_string();
    assert!(several.contains("Deployment api (s) and Compose service api (s)"), "{several}");
    assert!(make(scale(3), Tier::Dev, &[], Vec::new(), &open(Tier::Dev)).is_err());
}

#[test]
fn the_same_intent_at_the_same_moment_has_the_same_id_and_any_difference_another() {
    let ids = |count, to| plan(scale(to), deployment(count), &open(Tier::Dev)).id;
    assert_eq!(ids(1, 3), ids(1, 3));
    assert_ne!(ids(1, 3), ids(1, 4));
    assert_ne!(ids(1, 3), ids(2, 3));
}

#[test]
fn g13_a_restart_is_no_release_to_return_to_but_what_a_rollout_under_way_came_from_is() {
    let revision = |id: &str, made: i64, current: bool, reference: &str| TargetRevision {
        id: Text::name(id),
        name: Text::name(id),
        containers: vec![Contained { name: Text::name("api"), image: Image::of_reference(reference) }],
        made_at: Some(later(made)),
        current,
    };
    let mut api = deployment(2);
    api.state.revisions = vec![
        revision("3", 30, true, "biz/api@sha256:bb"),
        revision("2", 20, false, "biz/api@sha256:bb"),
        revision("1", 10, false, "biz/api@sha256:aa"),
    ];
    let to = |target: &Target| verb::rollback::earlier(target).map(|found| found.id.to_string());
    assert_eq!(to(&api).as_deref(), Some("1"), "2 is the same Release before a restart");
    api.state.rollout = Rollout::Stuck { message: Text::line("ProgressDeadlineExceeded"), since: None };
    assert_eq!(to(&api).as_deref(), Some("2"));
    api.state.revisions.truncate(2);
    api.state.rollout = Rollout::Steady;
    assert_eq!(to(&api), None, "asked again there is nothing more to return to");
}
