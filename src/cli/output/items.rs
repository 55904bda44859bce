//! JSON items: the field names of DESIGN section 7, borrowed from the Fleet; what is absent is null.

use serde::Serialize;

use super::json::Raw;
use super::words;
use crate::cli::address;
use crate::fleet::{AlarmView, Attention, CheckView, Fleet, SourceView};
use crate::model::{
    AlarmState, Change, Denial, Environment, Finding, Image, Instance, Key, Lapse, LogLine, Owner, Quantity, Reason,
    Service, Stream, Timestamp, Workload,
};

/// A Service.
#[derive(Serialize)]
pub struct ServiceItem<'a> {
    system: Option<Raw<'a>>,
    environment: Raw<'a>,
    tier: &'static str,
    name: Raw<'a>,
    address: String,
    health: &'static str,
    health_since: Option<Timestamp>,
    reasons: Vec<Raw<'a>>,
    desired: Option<u32>,
    ready: Option<u32>,
    restarts: u32,
    images: Vec<ImageItem<'a>>,
    workloads: Vec<WorkloadItem<'a>>,
    cpu_cores: Option<f64>,
    memory_bytes: Option<u64>,
    /// From 0 to 1.
    error_ratio: Option<f64>,
    p95_ms: Option<f64>,
    queues: Vec<Raw<'a>>,
    /// Those that fire.
    alarms: Vec<Raw<'a>>,
    last_change_at: Option<Timestamp>,
    stale_since: Option<Timestamp>,
}

#[derive(Serialize)]
struct ImageItem<'a> {
    reference: Raw<'a>,
    digest: Option<Raw<'a>>,
    /// The engine's own id, for an image that has no repository digest.
    id: Option<Raw<'a>>,
}

#[derive(Serialize)]
struct WorkloadItem<'a> {
    source: Raw<'a>,
    platform: &'static str,
    kind: &'static str,
    scope: Raw<'a>,
    name: Raw<'a>,
    uid: &'a str,
    desired: Option<u32>,
    ready: Option<u32>,
    owners: Vec<OwnerItem<'a>>,
}

#[derive(Serialize)]
struct OwnerItem<'a> {
    kind: Raw<'a>,
    name: Raw<'a>,
}

impl<'a> ServiceItem<'a> {
    /// Of a Service, the Workloads that it is made of, and the signals beside it among all `alarms`.
    #[must_use]
    pub fn of(service: &'a Service, fleet: &'a Fleet, alarms: &'a [AlarmView]) -> Self {
        let fires = |view: &&AlarmView| {
            view.alarm.state == AlarmState::Firing && view.service.as_ref() == Some(&service.address)
        };
        let workloads = service.workloads.iter().filter_map(|key| fleet.workload(key));
        let place = &service.address.environment;
        Self {
            system: place.system.as_ref().map(Raw),
            environment: Raw(&place.environment),
            tier: service.tier.word(),
            name: Raw(&service.address.service),
            address: address::raw(&service.address),
            health: service.health.state.word(),
            health_since: service.health_since,
            reasons: reasons(&service.health.reasons),
            desired: service.desired,
            ready: service.ready,
            restarts: service.restarts,
            images: service.images.iter().map(ImageItem::of).collect(),
            workloads: workloads.map(WorkloadItem::of).collect(),
            cpu_cores: service.cpu_cores,
            memory_bytes: service.memory_bytes,
            error_ratio: service.error_ratio,
            // To the microsecond: what a histogram tells is not more exact than that.
            p95_ms: service.p95_seconds.map(|seconds| (seconds * 1e6).round() / 1e3),
            queues: fleet.queues_of(&service.address).iter().map(|view| Raw(&view.queue.name)).collect(),
            alarms: alarms.iter().filter(fires).map(|view| Raw(&view.alarm.name)).collect(),
            last_change_at: service.last_change_at,
            stale_since: service.stale_since,
        }
    }
}

fn reasons(all: &[Reason]) -> Vec<Raw<'_>> {
    all.iter().map(|reason| Raw(&reason.text)).collect()
}

impl<'a> ImageItem<'a> {
    fn of(image: &'a Image) -> Self {
        Self {
            reference: Raw(&image.reference),
            digest: image.digest.as_ref().map(Raw),
            id: image.id.as_ref().map(Raw),
        }
    }
}

impl<'a> WorkloadItem<'a> {
    fn of(workload: &'a Workload) -> Self {
        let owner = |owner: &'a Owner| OwnerItem { kind: Raw(&owner.kind), name: Raw(&owner.name) };
        Self {
            source: Raw(&workload.key.source.0),
            platform: workload.platform.word(),
            kind: workload.kind.word(),
            scope: Raw(&workload.scope),
            name: Raw(&workload.name),
            uid: &workload.key.uid,
            desired: workload.desired,
            ready: workload.ready,
            owners: workload.owners.iter().map(owner).collect(),
        }
    }
}

/// An Environment.
#[derive(Serialize)]
pub struct EnvironmentItem<'a> {
    system: Option<Raw<'a>>,
    name: Raw<'a>,
    address: String,
    tier: &'static str,
    health: &'static str,
    reasons: Vec<Raw<'a>>,
    desired: Option<u32>,
    ready: Option<u32>,
    services: usize,
    bad: u32,
    unchecked: u32,
    attention: Vec<AttentionItem<'a>>,
    last_change_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct AttentionItem<'a> {
    service: Option<String>,
    severity: &'static str,
    text: Raw<'a>,
    since: Option<Timestamp>,
}

impl<'a> EnvironmentItem<'a> {
    /// With those of `attention` that concern it.
    #[must_use]
    pub fn of(environment: &'a Environment, attention: &'a [Attention]) -> Self {
        let own = |a: &&Attention| {
            let place = a.service.as_ref().map(|service| &service.environment);
            let place = place.or(a.signal.as_ref().map(|signal| &signal.environment));
            place == Some(&environment.address)
        };
        let item = |a: &'a Attention| AttentionItem {
            service: a.service.as_ref().map(address::raw),
            severity: a.severity.word(),
            text: Raw(&a.text),
            since: a.since,
        };
        Self {
            system: environment.address.system.as_ref().map(Raw),
            name: Raw(&environment.address.environment),
            address: address::raw_environment(&environment.address),
            tier: environment.tier.word(),
            health: environment.health.state.word(),
            reasons: reasons(&environment.health.reasons),
            desired: environment.desired,
            ready: environment.ready,
            services: environment.services.len(),
            bad: environment.bad,
            unchecked: environment.unchecked,
            attention: attention.iter().filter(own).map(item).collect(),
            last_change_at: environment.last_change_at,
        }
    }
}

/// A Source.
#[derive(Serialize)]
pub struct SourceItem<'a> {
    name: Raw<'a>,
    kind: &'static str,
    state: &'static str,
    since: Timestamp,
    age_seconds: Option<i64>,
    detail: Option<Raw<'a>>,
    denials: Vec<DenialItem<'a>>,
    old: Vec<LapseItem<'a>>,
    version: Option<Raw<'a>>,
    calls: u64,
    latency_ms: Option<u32>,
    cost_usd_per_day: Option<Quantity>,
    objects: u64,
    found_by: Raw<'a>,
}

#[derive(Serialize)]
struct DenialItem<'a> {
    verb: Raw<'a>,
    resource: Raw<'a>,
    scope: Option<Raw<'a>>,
}

/// What of a Source was read before and cannot be read now.
#[derive(Serialize)]
struct LapseItem<'a> {
    what: Raw<'a>,
    scope: Option<Raw<'a>>,
    since: Timestamp,
    age_seconds: i64,
    reason: Raw<'a>,
}

impl<'a> SourceItem<'a> {
    /// As it is now.
    #[must_use]
    pub fn of(source: &'a SourceView, now: Timestamp) -> Self {
        let denial = |denial: &'a Denial| DenialItem {
            verb: Raw(&denial.verb),
            resource: Raw(&denial.resource),
            scope: denial.scope.as_ref().map(Raw),
        };
        let lapse = |lapse: &'a Lapse| LapseItem {
            what: Raw(&lapse.what),
            scope: lapse.table.scope.as_ref().map(Raw),
            since: lapse.since,
            age_seconds: words::whole_seconds(lapse.since, now),
            reason: Raw(&lapse.why),
        };
        Self {
            name: Raw(&source.name.0),
            kind: source.kind.word(),
            state: source.state.word(),
            since: source.since,
            age_seconds: age_seconds(source, now),
            detail: source.status.detail.as_ref().map(Raw),
            denials: source.status.denials.iter().map(denial).collect(),
            old: source.status.lapses.iter().map(lapse).collect(),
            version: source.status.version.as_ref().map(Raw),
            calls: source.status.calls,
            latency_ms: source.status.latency_ms,
            cost_usd_per_day: source.status.cost_usd_per_day,
            objects: source.objects,
            found_by: Raw(&source.found_by),
        }
    }
}

/// How old its newest answer is; `None`: it never answered.
#[must_use]
pub fn age_seconds(source: &SourceView, now: Timestamp) -> Option<i64> {
    let answered = source.status.answered_at.or_else(|| source.state.is_live().then_some(source.since))?;
    Some(words::whole_seconds(answered, now))
}

/// A Check.
#[derive(Serialize)]
pub struct CheckItem<'a> {
    /// Of the Service that it speaks of; as it was written where no such Service is known.
    address: String,
    kind: &'static str,
    target: Raw<'a>,
    state: &'static str,
    since: Option<Timestamp>,
    latency_ms: Option<u32>,
    message: Raw<'a>,
    checked_at: Option<Timestamp>,
    certificate_expires_at: Option<Timestamp>,
    connections: Option<u32>,
    connections_max: Option<u32>,
    found_by: Raw<'a>,
    source: Raw<'a>,
}

impl<'a> CheckItem<'a> {
    /// As it ended last.
    #[must_use]
    pub fn of(view: &CheckView<'a>) -> Self {
        let check = view.check;
        Self {
            address: view.service.as_ref().map_or_else(|| check.service.raw().to_owned(), address::raw),
            kind: check.kind.word(),
            target: Raw(&check.target),
            state: check.outcome.word(),
            since: check.since,
            latency_ms: check.latency_ms,
            message: Raw(&check.message),
            checked_at: check.checked_at,
            certificate_expires_at: check.certificate_expires_at,
            connections: check.connections.map(|(used, _)| used),
            connections_max: check.connections.map(|(_, most)| most),
            found_by: Raw(&check.found_by),
            source: Raw(&check.key.source.0),
        }
    }
}

/// A finding of `why`.
#[derive(Serialize)]
pub struct FindingItem<'a> {
    address: String,
    rule: Raw<'a>,
    severity: &'static str,
    summary: Raw<'a>,
    evidence: Vec<Raw<'a>>,
    advice: Raw<'a>,
    about: Vec<&'a str>,
    since: Option<Timestamp>,
}

impl<'a> FindingItem<'a> {
    /// About the Service at `address`.
    #[must_use]
    pub fn of(address: &str, finding: &'a Finding) -> Self {
        Self {
            address: address.to_owned(),
            rule: Raw(&finding.rule),
            severity: finding.severity.word(),
            summary: Raw(&finding.summary),
            evidence: finding.evidence.iter().map(Raw).collect(),
            advice: Raw(&finding.advice),
            about: finding.about.iter().map(|key: &Key| key.uid.as_ref()).collect(),
            since: finding.since,
        }
    }
}

/// A line of the Timeline.
#[derive(Serialize)]
pub struct ChangeItem<'a> {
    at: Timestamp,
    kind: &'static str,
    source: Option<Raw<'a>>,
    service: Option<String>,
    text: Raw<'a>,
    bad: bool,
}

impl<'a> ChangeItem<'a> {
    /// As the watch saw it.
    #[must_use]
    pub fn of(change: &'a Change) -> Self {
        Self {
            at: change.at,
            kind: change.kind.word(),
            source: change.source.as_ref().map(|source| Raw(&source.0)),
            service: change.service.as_ref().map(address::raw),
            text: Raw(&change.text),
            bad: change.bad,
        }
    }
}

/// A line of a log.
#[derive(Serialize)]
pub struct LogItem<'a> {
    at: Option<Timestamp>,
    instance: &'a str,
    container: Option<Raw<'a>>,
    stream: Option<&'static str>,
    text: Raw<'a>,
}

impl<'a> LogItem<'a> {
    /// With the Instance's name, where it is still known.
    #[must_use]
    pub fn of(line: &'a LogLine, instance: Option<&'a Instance>) -> Self {
        let stream = match line.stream {
            Stream::Out => Some("out"),
            Stream::Err => Some("err"),
            Stream::Note => Some("note"),
            Stream::Both => None,
        };
        Self {
            at: line.at,
            instance: instance.map_or(line.instance.uid.as_ref(), |instance| instance.name.raw()),
            container: line.container.as_ref().map(Raw),
            stream,
            text: Raw(&line.text),
        }
    }
}
