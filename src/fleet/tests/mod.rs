//! The Fleet as a whole: news in, Services, Environments, findings and the Timeline out.

use crate::model::{
    Address, Fact, Freshness, HealthState, Instance, Key, Kind, Labels, Phase, Platform, SourceKind, SourceName,
    SourceStatus, Table, Text, Update, Workload, WorkloadKind,
};

use super::diagnose::fixture::{at, deployment, pod, waiting};
use super::{Fleet, Rules};

mod asking;
mod freshness;
mod order;
mod placing;
mod relist;
mod rules;
mod signals;
mod watching;

/// A Fleet of one Kubernetes Source, `kubernetes:lab`, that is read as a whole and fresh at second 0.
pub(super) struct Lab {
    pub(super) fleet: Fleet,
    pub(super) source: SourceName,
}

pub(super) fn status(state: Freshness) -> SourceStatus {
    SourceStatus { state, ..SourceStatus::default() }
}

impl Lab {
    /// A Source that has just been made known.
    pub(super) fn connecting() -> Self {
        let source = super::diagnose::fixture::source();
        let mut fleet = Fleet::new(Rules::default());
        fleet.know(&source, SourceKind::Kubernetes, Text::line("test"), true, at(0));
        Self { fleet, source }
    }

    /// A Source whose first list held these facts.
    pub(super) fn of(facts: impl IntoIterator<Item = Fact>) -> Self {
        let mut lab = Self::connecting();
        lab.relist(facts, 0);
        lab.news(vec![Update::Status(status(Freshness::Fresh)), Update::Synced], 0);
        lab
    }

    pub(super) fn news(&mut self, updates: Vec<Update>, second: i64) {
        for update in updates {
            self.fleet.apply(&self.source.clone(), update, at(second));
        }
        self.fleet.settle(at(second));
    }

    pub(super) fn relist(&mut self, facts: impl IntoIterator<Item = Fact>, second: i64) {
        let mut updates: Vec<Update> = TABLES.iter().map(|name| Update::Begin(Table::whole(name))).collect();
        updates.extend(facts.into_iter().map(put));
        updates.extend(TABLES.iter().map(|name| Update::Commit(Table::whole(name))));
        self.news(updates, second);
    }

    pub(super) fn put(&mut self, fact: impl Into<Fact>, second: i64) {
        self.news(vec![put(fact.into())], second);
    }

    pub(super) fn addresses(&self) -> Vec<String> {
        self.fleet.services().map(|service| service.address.to_string()).collect()
    }

    pub(super) fn health(&self, typed: &str) -> (HealthState, String) {
        let address = self.fleet.resolve(typed).unwrap();
        let health = &self.fleet.service(&address).unwrap().health;
        (health.state, health.reasons.iter().map(|reason| reason.text.to_string()).collect::<Vec<_>>().join("; "))
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let words = |c: &crate::model::Change| {
            let who = c.service.as_ref().map(Address::short).or(c.source.as_ref().map(ToString::to_string));
            format!("{} {} {}", c.kind.word(), who.unwrap_or_default(), c.text)
        };
        self.fleet.timeline().iter().map(words).collect()
    }
}

const TABLES: [&str; 4] = ["workload", "instance", "autoscaler", "scope"];

/// The table that this test world lists a fact in.
pub(super) fn table(kind: Kind) -> Table {
    Table::whole(match kind {
        Kind::Workload => "workload",
        Kind::Instance => "instance",
        Kind::Autoscaler => "autoscaler",
        _ => "scope",
    })
}

pub(super) fn put(fact: Fact) -> Update {
    Update::Put(table(fact.kind()), fact)
}

impl From<Workload> for Fact {
    fn from(workload: Workload) -> Self {
        Self::Workload(Box::new(workload))
    }
}

impl From<Instance> for Fact {
    fn from(instance: Instance) -> Self {
        Self::Instance(Box::new(instance))
    }
}

pub(super) fn facts(workloads: Vec<Workload>, instances: Vec<Instance>) -> Vec<Fact> {
    workloads.into_iter().map(Fact::from).chain(instances.into_iter().map(Fact::from)).collect()
}

#[test]
fn a_deployment_with_its_pods_is_one_healthy_service() {
    let lab = Lab::of(facts(vec![deployment("web", 2, 2)], vec![pod("web", 1), pod("web", 2)]));
    assert_eq!(lab.addresses(), ["shop/prod/web"]);
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.desired, service.ready, service.health.state), (Some(2), Some(2), HealthState::Healthy));
    assert_eq!((service.workloads.len(), service.instances.len()), (1, 2));
    assert_eq!(service.tier, crate::model::Tier::Production);
    let environment = lab.fleet.environments()[0];
    assert_eq!((environment.address.to_string(), environment.health.state), ("shop/prod".into(), HealthState::Healthy));
    assert!(lab.lines().is_empty(), "{:?}", lab.lines());
    assert!(lab.fleet.attention().is_empty());
}

#[test]
fn with_pods_denied_health_comes_from_the_deployment_alone() {
    let mut lab = Lab::of(facts(vec![deployment("web", 3, 3)], vec![]));
    let denial = crate::model::Denial {
        verb: Text::name("list"),
        resource: Text::name("pods"),
        scope: Some(Text::name("shop-prod")),
    };
    let partial = SourceStatus { denials: vec![denial], ..status(Freshness::Partial) };
    lab.news(vec![Update::Status(partial)], 1);
    assert_eq!(lab.health("web").0, HealthState::Healthy);
    lab.put(Workload { ready: None, ..deployment("web", 3, 3) }, 2);
    let (state, reasons) = lab.health("web");
    assert_eq!(state, HealthState::Unknown, "{reasons}");
    assert_eq!(lab.fleet.services().next().unwrap().ready, None);
}

#[test]
fn jobs_fold_into_their_cron_job_and_pods_of_a_rollout_into_the_rollout() {
    let cron = Workload {
        kind: WorkloadKind::CronJob,
        desired: None,
        ready: None,
        job: Some(crate::model::JobState::Waiting),
        ..deployment("backup", 0, 0)
    };
    let job = Workload {
        key: Key::new(&super::diagnose::fixture::source(), Kind::Workload, "job-1"),
        kind: WorkloadKind::Job,
        name: Text::name("backup-1"),
        parent: Some((WorkloadKind::CronJob, Text::name("backup"))),
        job: Some(crate::model::JobState::Succeeded { at: None }),
        ..cron.clone()
    };
    let of_job = Instance {
        workload: Some((WorkloadKind::Job, Text::name("backup-1"))),
        phase: Phase::Succeeded,
        ready: Some(false),
        ..pod("backup-1", 1)
    };
    let rollout = Workload { kind: WorkloadKind::Rollout, ..deployment("web", 1, 1) };
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]] {
        let mut all = facts(vec![cron.clone(), job.clone(), rollout.clone()], vec![of_job.clone(), pod("web", 1)]);
        all = order.iter().map(|n| all[*n].clone()).collect();
        let lab = Lab::of(all);
        assert_eq!(lab.addresses(), ["shop/prod/backup", "shop/prod/web"]);
        assert_eq!(lab.health("backup").0, HealthState::Idle, "{}", lab.health("backup").1);
        assert_eq!(lab.health("web").0, HealthState::Healthy);
        let services: Vec<_> = lab.fleet.services().collect();
        assert_eq!((services[0].instances.len(), services[1].instances.len()), (1, 1));
    }
}

#[test]
fn pods_of_no_workload_are_services_of_their_own() {
    let bare = Instance { workload: None, ..pod("debug", 1) };
    let lab = Lab::of(facts(vec![], vec![bare.clone()]));
    assert_eq!(lab.addresses(), ["shop/prod/debug-1"]);
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.desired, service.ready), (Some(1), Some(1)));
    assert_eq!(lab.fleet.service_of(&bare.key), Some(service));
}

#[test]
fn an_autoscaler_is_an_owner_of_its_workload_whichever_comes_first() {
    let autoscaler = |target: &str| {
        Fact::Autoscaler(Box::new(crate::model::Autoscaler {
            key: Key::new(&super::diagnose::fixture::source(), Kind::Autoscaler, "hpa"),
            kind: Text::name("HorizontalPodAutoscaler"),
            scope: Text::name("shop-prod"),
            name: Text::name("web"),
            target: (WorkloadKind::Deployment, Text::name(target)),
            min: Some(2),
            max: Some(8),
            current: None,
            wanted: None,
            triggers: vec![],
            paused: false,
            last_scaled_at: None,
            problem: None,
        }))
    };
    let owners = |lab: &Lab, name: &str| {
        let owners = &lab.fleet.workload(&deployment(name, 0, 0).key).unwrap().owners;
        owners.iter().map(|owner| owner.kind.to_string()).collect::<Vec<_>>()
    };
    for first in [true, false] {
        let mut all = facts(vec![deployment("web", 2, 2), deployment("api", 2, 2)], vec![]);
        all.insert(if first { 0 } else { 2 }, autoscaler("web"));
        let mut lab = Lab::of(all);
        assert_eq!(owners(&lab, "web"), ["HorizontalPodAutoscaler"]);
        lab.put(Workload { ready: Some(1), ..deployment("web", 2, 2) }, 1);
        assert_eq!(owners(&lab, "web"), ["HorizontalPodAutoscaler"]);
        lab.news(vec![put(autoscaler("api"))], 2);
        assert_eq!((owners(&lab, "web").len(), owners(&lab, "api").len()), (0, 1));
        lab.news(vec![Update::Drop(autoscaler("api").key().clone())], 3);
        assert_eq!(owners(&lab, "api").len(), 0);
    }
}

#[test]
fn what_needs_attention_stands_worst_first_production_before_staging() {
    let broken = |scope: &str, name: &str, ready: u32| Workload {
        key: Key::new(&super::diagnose::fixture::source(), Kind::Workload, &format!("{scope}/{name}")),
        scope: Text::name(scope),
        ..deployment(name, 2, ready)
    };
    let all = vec![broken("a-staging", "one", 0), broken("a-prod", "two", 1), broken("b-prod", "three", 0)];
    let mut lab = Lab::of(facts(all, vec![]));
    let told = |lab: &Lab| {
        let name = |a: &super::Attention| a.service.as_ref().map_or("source".into(), Address::short);
        lab.fleet.attention().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(told(&lab), ["prod/three", "staging/one", "prod/two"]);
    lab.news(vec![Update::Status(status(Freshness::Unreachable))], 1);
    assert_eq!(told(&lab), ["source"]);
}

#[test]
fn a_crash_looping_pod_makes_its_service_down_and_is_named_by_why() {
    let looping = Instance {
        waiting: waiting("CrashLoopBackOff", "back-off 5m0s"),
        ready: Some(false),
        restarts: 7,
        ..pod("worker", 1)
    };
    let lab = Lab::of(facts(vec![deployment("worker", 1, 0)], vec![looping]));
    let (state, reasons) = lab.health("prod/worker");
    assert_eq!(state, HealthState::Down);
    assert!(reasons.contains("crash loop") && reasons.contains("7 restarts"), "{reasons}");
    let findings = lab.fleet.findings(&lab.fleet.resolve("worker").unwrap());
    assert_eq!(findings[0].rule.shown(), "not enough ready");
    assert_eq!(findings[1].rule.shown(), "crash loop");
}

pub(super) fn compose(source: &SourceName, project: &str, name: &str) -> Workload {
    Workload {
        key: Key::new(source, Kind::Workload, &format!("{project}/{name}")),
        platform: Platform::Compose,
        kind: WorkloadKind::ComposeService,
        scope: Text::name(project),
        updated: None,
        available: None,
        labels: Labels::default(),
        ..deployment(name, 1, 1)
    }
}
