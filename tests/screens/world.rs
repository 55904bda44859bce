//! A small fleet in any state, built from the same Updates that Sources send, on a clock that stands still.

use quarterdeck::engine::{Msg, Stamped, State, update};
use quarterdeck::fleet::Rules;
use quarterdeck::model::{
    Address, Autoscaler, CheckState, Denial, Drift, EnvironmentAddress, Event, Exit, Fact, Freshness, Image, Instance,
    Key, Kind, Labels, Owner, Phase, Platform, Revision, Rollout, Sample, SourceKind, SourceName, SourceStatus, Table,
    Text, Timestamp, Update, Waiting, Workload, WorkloadKind,
};

/// 2026-11-21 03:12:20 UTC.
const NOW: i64 = 1_795_230_740;

/// The moment at which all screens are drawn.
pub(crate) fn now() -> Timestamp {
    ago(0)
}

/// So many seconds before it.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds).unwrap()
}

/// The address of a Service of the system `shop`.
pub(crate) fn address(environment: &str, service: &str) -> Address {
    let environment = EnvironmentAddress { system: Some(Text::name("shop")), environment: Text::name(environment) };
    Address { environment, service: Text::name(service) }
}

/// The engine's state, moved by messages.
pub(crate) struct World {
    pub(crate) state: State,
}

impl World {
    /// Nothing known yet.
    pub(crate) fn empty() -> Self {
        Self { state: State::new(Rules::default(), ago(7200)) }
    }

    pub(crate) fn send(&mut self, at: Timestamp, msg: Msg) {
        drop(update(&mut self.state, Stamped { at, msg }));
    }

    pub(crate) fn know(&mut self, source: &str, kind: SourceKind, found_by: &str, connect: bool) {
        let source = SourceName::new(source);
        self.send(ago(7200), Msg::Known { source, kind, found_by: Text::line(found_by), connect });
    }

    pub(crate) fn news(&mut self, at: Timestamp, source: &str, updates: Vec<Update>) {
        self.send(at, Msg::News { source: SourceName::new(source), updates });
    }

    pub(crate) fn status(&mut self, at: Timestamp, source: &str, state: Freshness, detail: Option<&str>) {
        let status = SourceStatus { state, detail: detail.map(Text::line), ..SourceStatus::default() };
        self.news(at, source, vec![Update::Status(status)]);
    }

    /// All facts of a Source at once, then `Synced`.
    fn list(&mut self, at: Timestamp, source: &str, facts: &[Fact]) {
        let mut updates = Vec::new();
        for (name, kind) in [("workloads", Kind::Workload), ("instances", Kind::Instance), ("other", Kind::Event)] {
            let table = Table::whole(name);
            updates.push(Update::Begin(table.clone()));
            let belongs = |fact: &&Fact| match kind {
                Kind::Event => !matches!(fact.kind(), Kind::Workload | Kind::Instance),
                kind => fact.kind() == kind,
            };
            updates.extend(facts.iter().filter(belongs).cloned().map(|fact| Update::Put(table.clone(), fact)));
            updates.push(Update::Commit(table));
        }
        let version = Some(Text::line(if source.starts_with("docker") { "27.3.1" } else { "v1.34.1" }));
        let status = SourceStatus { state: Freshness::Fresh, version, ..SourceStatus::default() };
        updates.extend([Update::Status(status), Update::Synced]);
        self.news(at, source, updates);
    }

    /// Every Source that was read shows signs of life until a second ago, but for those that fell silent.
    pub(crate) fn settle(&mut self, silent: &[&str]) {
        let names: Vec<SourceName> =
            self.state.fleet.sources().filter(|source| source.synced).map(|source| source.name.clone()).collect();
        for (n, source) in names.into_iter().enumerate() {
            let quiet = silent.contains(&source.0.shown());
            let answered_at = Some(if quiet { ago(47) } else { ago(1) });
            let latency_ms = Some(4 + u32::try_from(n).unwrap() * 11);
            self.send(ago(1), Msg::Gauge { source, calls: 2_140 + n as u64, latency_ms, answered_at });
        }
        self.send(now(), Msg::Tick);
    }

    /// A system `shop` in three Environments, all well since it was read eleven minutes ago.
    pub(crate) fn read() -> Self {
        let mut world = Self::connecting();
        world.list(ago(660), "kubernetes:eks-prod", &production(false));
        world.list(ago(660), "kubernetes:eks-staging", &staging());
        world.list(ago(660), "docker:local", &compose(false));
        world
    }

    pub(crate) fn healthy() -> Self {
        let mut world = Self::read();
        world.settle(&[]);
        world
    }

    /// The same with a crash loop, an image that cannot be pulled and a drift.
    pub(crate) fn broken() -> Self {
        let mut world = Self::read();
        world.go_on();
        world.settle(&[]);
        world
    }

    /// The broken one, with production's Source silent.
    pub(crate) fn stale() -> Self {
        let mut world = Self::read();
        world.go_on();
        world.settle(&["kubernetes:eks-prod"]);
        world
    }

    /// Healthy but for what production's Source may not read.
    pub(crate) fn denied() -> Self {
        let mut world = Self::healthy();
        let denial = |verb: &str, resource: &str, scope: Option<&str>| Denial {
            verb: Text::name(verb),
            resource: Text::name(resource),
            scope: scope.map(Text::name),
        };
        let partial = SourceStatus {
            state: Freshness::Partial,
            detail: Some(Text::line("events and nodes are not shown: list denied")),
            denials: vec![denial("list", "events", Some("shop-prod")), denial("list", "nodes", None)],
            ..SourceStatus::default()
        };
        world.news(ago(300), "kubernetes:eks-prod", vec![Update::Status(partial)]);
        let denied = SourceStatus {
            state: Freshness::Denied,
            detail: Some(Text::line(
                "the server answered 403: token has no rights; `kubectl auth whoami` shows who you are",
            )),
            denials: vec![denial("list", "pods", None), denial("watch", "pods", None)],
            ..SourceStatus::default()
        };
        world.news(ago(300), "kubernetes:old-cluster", vec![Update::Status(denied)]);
        world.settle(&[]);
        world
    }

    /// Sources found, none of them answered yet.
    pub(crate) fn connecting() -> Self {
        let mut world = Self::empty();
        world.know("docker:local", SourceKind::Docker, "the usual socket", true);
        world.know("kubernetes:eks-prod", SourceKind::Kubernetes, "kubeconfig", true);
        world.know("kubernetes:eks-staging", SourceKind::Kubernetes, "kubeconfig", true);
        world.know("kubernetes:old-cluster", SourceKind::Kubernetes, "kubeconfig", false);
        for source in ["docker:local", "kubernetes:eks-prod", "kubernetes:eks-staging"] {
            world.status(ago(3605), source, Freshness::Connecting, None);
        }
        world
    }

    /// Sources found, none of which answers.
    pub(crate) fn dead() -> Self {
        let mut world = Self::connecting();
        let refused = "no such file or directory: unix:///var/run/docker.sock; is the Docker engine running?";
        world.status(ago(12), "docker:local", Freshness::Unreachable, Some(refused));
        world.status(
            ago(12),
            "kubernetes:eks-prod",
            Freshness::Unreachable,
            Some("connection to 10.0.0.1:6443 refused"),
        );
        world.status(ago(12), "kubernetes:eks-staging", Freshness::Denied, Some("401: the token has expired"));
        world.send(now(), Msg::Tick);
        world
    }

    /// A bad release and a crash loop in production.
    pub(crate) fn breaks(&mut self, at: Timestamp) {
        self.list(at, "kubernetes:eks-prod", &production(true));
    }

    /// Ten thousand Services on one cluster, every hundredth of them short of an Instance.
    pub(crate) fn large() -> Self {
        let mut world = Self::empty();
        world.know("kubernetes:big", SourceKind::Kubernetes, "kubeconfig", true);
        let facts: Vec<Fact> = (0..10_000u32)
            .map(|n| {
                let (team, ready) = (n / 100, u32::from(!n.is_multiple_of(100)) + 1);
                let name = format!("svc-{n:04}");
                deployment("kubernetes:big", &format!("team{team:02}-prod"), &name, (2, ready), "1.0.0").fact()
            })
            .collect();
        world.list(ago(660), "kubernetes:big", &facts);
        world.settle(&[]);
        world
    }

    /// Ten minutes go by: measurements come, a bad release, a drift, a crash loop.
    fn go_on(&mut self) {
        for step in 0..60i64 {
            let at = ago(650 - step * 10);
            for other in ["kubernetes:eks-staging", "docker:local"] {
                let source = SourceName::new(other);
                self.send(at, Msg::Gauge { source, calls: 40, latency_ms: Some(9), answered_at: Some(at) });
            }
            self.news(at, "kubernetes:eks-prod", samples(step, at));
            match step {
                25 => self.list(at, "docker:local", &compose(true)),
                40 => self.list(at, "kubernetes:eks-prod", &production(true)),
                _ => {}
            }
        }
    }
}

fn samples(step: i64, at: Timestamp) -> Vec<Update> {
    let wave = f64::from(u32::try_from(step % 12).unwrap());
    let sample = |n: u64| {
        let instance = Key::new(&SourceName::new("kubernetes:eks-prod"), Kind::Instance, &format!("api-{n}"));
        let memory_bytes = Some((200 + 8 * n + u64::try_from(step).unwrap() * 4) << 20);
        Update::Sample(Sample { instance, at, cpu_cores: Some(0.1 + wave / 40.0), memory_bytes })
    };
    (0..4).map(sample).collect()
}

/// A Workload under construction.
pub(crate) struct Made(Workload);

impl Made {
    fn fact(self) -> Fact {
        Fact::Workload(Box::new(self.0))
    }
}

fn image(name: &str, tag: &str) -> Image {
    let reference = format!("registry.example/shop/{name}:{tag}");
    let mix = |h: u64, b: u8| h.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(b) << 17 | 1);
    let start = name.bytes().chain(tag.bytes()).fold(0x4be9_1c0a_u64, mix);
    let digest = format!("sha256:{}", format!("{start:016x}").repeat(4));
    Image { digest: Some(Text::name(&digest)), ..Image::of_reference(&reference) }
}

pub(crate) fn deployment(source: &str, scope: &str, name: &str, (desired, ready): (u32, u32), tag: &str) -> Made {
    Made(Workload {
        key: Key::new(&SourceName::new(source), Kind::Workload, &format!("{scope}/{name}")),
        platform: if source.starts_with("docker") { Platform::Compose } else { Platform::Kubernetes },
        kind: if source.starts_with("docker") { WorkloadKind::ComposeService } else { WorkloadKind::Deployment },
        scope: Text::name(scope),
        name: Text::name(name),
        labels: Labels::default(),
        parent: None,
        desired: Some(desired),
        ready: Some(ready),
        updated: Some(desired),
        available: Some(ready),
        observed: true,
        rollout: Rollout::Steady,
        job: None,
        probed: Some(true),
        images: vec![image(name, tag)],
        owners: Vec::new(),
        drift: Vec::new(),
        revision: None,
        created_at: Some(ago(41 * 86_400)),
        changed_at: Some(ago(3 * 3600)),
    })
}

fn instance(of: &Workload, n: u32) -> Instance {
    let compose = of.platform == Platform::Compose;
    let name = if compose { format!("{}-{}-{}", of.scope, of.name, n + 1) } else { format!("{}-7d9f-x{n}", of.name) };
    Instance {
        key: Key::new(&of.key.source, Kind::Instance, &format!("{}-{n}", of.name)),
        scope: of.scope.clone(),
        name: Text::name(&name),
        workload: Some((of.kind, of.name.clone())),
        phase: Phase::Running,
        ready: Some(true),
        check: CheckState::Passing,
        check_output: None,
        waiting: None,
        unschedulable: None,
        restarts: 0,
        last_exit: None,
        created_at: Some(ago(3 * 3600)),
        started_at: Some(ago(3 * 3600)),
        node: Some(Text::name(if compose { "vm1" } else { "ip-10-0-1-17" })),
        images: of.images.clone(),
        containers: Vec::new(),
        cpu_limit_millicores: Some(500),
        memory_limit_bytes: Some(512 << 20),
        number: compose.then_some(n + 1),
        template: Some(Text::name("7d9f")),
    }
}

/// The Workload and its Instances, all well.
fn running(made: Made) -> Vec<Fact> {
    let count = made.0.ready.unwrap_or(0);
    let instances = (0..count).map(|n| Fact::Instance(Box::new(instance(&made.0, n))));
    let mut facts: Vec<Fact> = instances.collect();
    facts.push(made.fact());
    facts
}

fn production(broken: bool) -> Vec<Fact> {
    let on =
        |name: &str, count: (u32, u32), tag: &str| deployment("kubernetes:eks-prod", "shop-prod", name, count, tag);
    let mut facts = running(on("frontend", (2, 2), "1.8.2"));
    facts.extend(running(on("ml-service", (2, 2), "0.7.3")));
    let mut scheduler = on("scheduler", (1, 1), "1.8.2");
    scheduler.0.probed = Some(false);
    facts.extend(running(scheduler));
    facts.extend(running(on("reports", (0, 0), "1.2.0")));
    facts.extend(revisions());
    facts.push(Fact::Autoscaler(Box::new(keda())));
    if !broken {
        facts.extend(running(on("api", (4, 4), "1.8.2")));
        facts.extend(running(on("worker", (1, 1), "1.8.2")));
        return facts;
    }
    facts.extend(crash_loop(on("api", (4, 3), "1.8.2")));
    facts.extend(image_pull(on("worker", (1, 0), "1.9.0")));
    facts
}

fn crash_loop(made: Made) -> Vec<Fact> {
    let mut made = made;
    made.0.owners = vec![Owner { kind: Text::name("Helm"), name: Text::name("shop") }];
    let mut instances: Vec<Instance> = (0..4).map(|n| instance(&made.0, n)).collect();
    let ill = &mut instances[2];
    ill.ready = Some(false);
    ill.restarts = 7;
    ill.started_at = Some(ago(40));
    ill.check = CheckState::Failing;
    let message = "back-off 2m40s restarting failed container=api pod=api-7d9f-x2";
    ill.waiting = Some(Box::new(Waiting { reason: Text::name("CrashLoopBackOff"), message: Text::line(message) }));
    let exit = Exit { code: Some(1), reason: Some(Text::name("Error")), out_of_memory: false, at: Some(ago(70)) };
    ill.last_exit = Some(Box::new(exit));
    let mut facts = vec![event(ill, "BackOff", "Back-off restarting failed container api in pod api-7d9f-x2", 31, 60)];
    facts.push(event(ill, "Pulled", "Container image already present on machine", 7, 75));
    facts.extend(instances.into_iter().map(|instance| Fact::Instance(Box::new(instance))));
    facts.push(made.fact());
    facts
}

fn image_pull(made: Made) -> Vec<Fact> {
    let mut ill = instance(&made.0, 0);
    ill.phase = Phase::Pending;
    ill.ready = Some(false);
    ill.check = CheckState::Unknown;
    ill.started_at = None;
    ill.created_at = Some(ago(400));
    let message = "Back-off pulling image registry.example/shop/worker:1.9.0: manifest unknown";
    ill.waiting = Some(Box::new(Waiting { reason: Text::name("ImagePullBackOff"), message: Text::line(message) }));
    let news = event(&ill, "Failed", "Failed to pull image: manifest unknown", 4, 90);
    vec![news, Fact::Instance(Box::new(ill)), made.fact()]
}

fn event(about: &Instance, reason: &str, message: &str, count: u32, seconds: i64) -> Fact {
    Fact::Event(Box::new(Event {
        key: Key::new(&about.key.source, Kind::Event, &format!("{reason}-{}", about.name)),
        at: Some(ago(seconds)),
        first_at: Some(ago(1500)),
        count,
        warning: reason != "Pulled",
        reason: Text::name(reason),
        message: Text::line(message),
        about_kind: Text::name("Pod"),
        scope: about.scope.clone(),
        about_name: about.name.clone(),
    }))
}

fn revisions() -> Vec<Fact> {
    let source = SourceName::new("kubernetes:eks-prod");
    let revision = |number: u64, tag: &str, days: i64, ready: u32, cause: Option<&str>| {
        Fact::Revision(Box::new(Revision {
            key: Key::new(&source, Kind::Revision, &format!("api-{number}")),
            scope: Text::name("shop-prod"),
            name: Text::name(&format!("api-{number}")),
            workload: (WorkloadKind::Deployment, Text::name("api")),
            number: Some(number),
            images: vec![image("api", tag)],
            created_at: Some(ago(days * 86_400 + 3 * 3600)),
            desired: Some(ready),
            ready: Some(ready),
            cause: cause.map(Text::line),
        }))
    };
    vec![
        revision(12, "1.8.2", 0, 3, Some("kubectl set image deployment/api api=registry.example/shop/api:1.8.2")),
        revision(11, "1.8.1", 6, 0, None),
        revision(10, "1.8.0", 13, 0, None),
    ]
}

fn keda() -> Autoscaler {
    Autoscaler {
        key: Key::new(&SourceName::new("kubernetes:eks-prod"), Kind::Autoscaler, "keda-worker"),
        kind: Text::name("ScaledObject"),
        scope: Text::name("shop-prod"),
        name: Text::name("worker"),
        target: (WorkloadKind::Deployment, Text::name("worker")),
        min: Some(1),
        max: Some(4),
        current: Some(1),
        wanted: Some(1),
        triggers: vec![Text::line("rabbitmq crawl-jobs > 500")],
        paused: false,
        last_scaled_at: Some(ago(5400)),
        problem: None,
    }
}

fn staging() -> Vec<Fact> {
    let on = |name: &str, tag: &str| deployment("kubernetes:eks-staging", "shop-staging", name, (2, 2), tag);
    ["api", "frontend", "worker"].into_iter().flat_map(|name| running(on(name, "1.9.0-rc2"))).collect()
}

fn compose(drifts: bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    for name in ["api", "db", "frontend", "redis"] {
        let mut made = deployment("docker:local", "shop-dev", name, (1, 1), "dev");
        if drifts && name == "frontend" {
            let drift = |what: &str, declared: &str, running: &str| Drift {
                what: Text::name(what),
                declared: Text::name(declared),
                running: Text::name(running),
            };
            made.0.drift = vec![drift("image", "shop/frontend:1.9.0", "shop/frontend:dev")];
        }
        facts.extend(running(made));
    }
    facts
}
