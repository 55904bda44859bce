//! JSON items of signals: queues, alarms and Stores with the field names of DESIGN section 7; what is absent is null.

use serde::Serialize;

use super::json::Raw;
use super::words;
use crate::cli::address;
use crate::fleet::{AlarmView, Bounds, Fleet, QueueView, StoreView};
use crate::model::{EnvironmentAddress, HealthState, Quantity, Text, Timestamp};

/// The full address of what has a name in an Environment.
#[must_use]
pub fn within(environment: &EnvironmentAddress, name: &Text) -> String {
    format!("{}/{}", address::raw_environment(environment), name.raw())
}

/// A queue.
#[derive(Serialize)]
pub struct QueueItem<'a> {
    system: Option<Raw<'a>>,
    environment: Raw<'a>,
    tier: &'static str,
    name: Raw<'a>,
    address: String,
    source: Raw<'a>,
    broker: &'static str,
    scope: Raw<'a>,
    ready: Option<u64>,
    unacked: Option<u64>,
    delayed: Option<u64>,
    failed: Option<u64>,
    dead_letters: Option<u64>,
    dead_letter_queue: Option<Raw<'a>>,
    oldest_age_seconds: Option<i64>,
    in_per_second: Option<Quantity>,
    out_per_second: Option<Quantity>,
    net_per_second: Option<Quantity>,
    consumers: Option<u32>,
    consumer: Option<String>,
    consumer_rule: Raw<'a>,
    state: &'static str,
    since: Option<Timestamp>,
    eta_seconds: Option<u64>,
    limit: Option<u64>,
    limit_rule: Option<&'static str>,
    consumer_instances: Option<u32>,
    consumer_min: Option<u32>,
    consumer_max: Option<u32>,
    headroom: Option<u32>,
    bounds_rule: Option<Raw<'a>>,
    paused: bool,
    approximate: bool,
    note: Option<Raw<'a>>,
    counted_at: Timestamp,
    stale_since: Option<Timestamp>,
}

impl<'a> QueueItem<'a> {
    /// As it is now.
    #[must_use]
    pub fn of(view: &'a QueueView<'a>, now: Timestamp) -> Self {
        let queue = view.queue;
        let bounds = view.bounds.as_ref();
        Self {
            system: view.environment.system.as_ref().map(Raw),
            environment: Raw(&view.environment.environment),
            tier: view.tier.word(),
            name: Raw(&queue.name),
            address: within(&view.environment, &queue.name),
            source: Raw(&queue.key.source.0),
            broker: queue.broker.word(),
            scope: Raw(&queue.scope),
            ready: queue.ready,
            unacked: queue.unacked,
            delayed: queue.delayed,
            failed: queue.failed,
            dead_letters: queue.dead_letters,
            dead_letter_queue: queue.dead_letter_queue.as_ref().map(Raw),
            oldest_age_seconds: queue.oldest_at.map(|at| words::whole_seconds(at, now)),
            in_per_second: queue.in_per_second,
            out_per_second: queue.out_per_second,
            net_per_second: view.net_per_second.and_then(Quantity::new),
            consumers: queue.consumers,
            consumer: view.consumer.as_ref().map(address::raw),
            consumer_rule: Raw(&view.because),
            state: view.state.word(),
            since: view.since,
            eta_seconds: view.empty_in_seconds,
            limit: view.limit,
            limit_rule: view.limit_rule,
            consumer_instances: bounds.and_then(|bounds| bounds.now),
            consumer_min: bounds.and_then(|bounds| bounds.min),
            consumer_max: bounds.and_then(|bounds| bounds.max),
            headroom: bounds.and_then(Bounds::headroom),
            bounds_rule: bounds.map(|bounds| Raw(&bounds.by)),
            paused: queue.paused,
            approximate: queue.approximate,
            note: view.note.as_ref().map(Raw),
            counted_at: queue.at,
            stale_since: view.stale_since,
        }
    }
}

/// An alarm.
#[derive(Serialize)]
pub struct AlarmItem<'a> {
    id: String,
    source: Raw<'a>,
    sources: Vec<Raw<'a>>,
    name: Raw<'a>,
    severity: &'static str,
    state: &'static str,
    since: Option<Timestamp>,
    system: Option<Raw<'a>>,
    environment: Option<Raw<'a>>,
    service: Option<String>,
    service_rule: Raw<'a>,
    summary: Raw<'a>,
    value: Option<Quantity>,
    threshold: Option<Quantity>,
    comparison: Option<Raw<'a>>,
    runbook: Option<Raw<'a>>,
    silenced_until: Option<Timestamp>,
    suppressed_by: Option<Raw<'a>>,
    notifies: Option<bool>,
    labels: Vec<LabelItem<'a>>,
    flaps_1h: u32,
    flaps_24h: u32,
    /// Why it is taken for one with others, and the id of the alarm that speaks for them.
    cause: Option<Raw<'a>>,
    cause_id: Option<String>,
    stale_since: Option<Timestamp>,
}

#[derive(Serialize)]
struct LabelItem<'a> {
    name: Raw<'a>,
    value: Raw<'a>,
}

impl<'a> AlarmItem<'a> {
    /// As it is now.
    #[must_use]
    pub fn of(view: &'a AlarmView, fleet: &'a Fleet, now: Timestamp) -> Self {
        let alarm = &view.alarm;
        let flaps = fleet.flaps(view, now);
        let cause = fleet.cause_of(view);
        let head = cause.and_then(|cause| fleet.alarms().get(cause.head()?));
        let place = view.environment.as_ref();
        let label = |(name, value): &'a (Text, Text)| LabelItem { name: Raw(name), value: Raw(value) };
        Self {
            id: id(view),
            source: Raw(&alarm.key.source.0),
            sources: view.sources.iter().map(|source| Raw(&source.0)).collect(),
            name: Raw(&alarm.name),
            severity: alarm.severity.word(),
            state: alarm.state.word(),
            since: alarm.since,
            system: place.and_then(|place| place.system.as_ref()).map(Raw),
            environment: place.map(|place| Raw(&place.environment)),
            service: view.service.as_ref().map(address::raw),
            service_rule: Raw(&view.because),
            summary: Raw(&alarm.summary),
            value: alarm.value,
            threshold: alarm.threshold,
            comparison: alarm.comparison.as_ref().map(Raw),
            runbook: alarm.runbook.as_ref().map(Raw),
            silenced_until: alarm.silenced_until,
            suppressed_by: alarm.suppressed_by.as_ref().map(Raw),
            notifies: alarm.notifies,
            labels: alarm.labels.iter().map(label).collect(),
            flaps_1h: flaps.last_hour,
            flaps_24h: flaps.last_day,
            cause: cause.map(|cause| Raw(&cause.because)),
            cause_id: head.map(id),
            stale_since: view.stale_since,
        }
    }
}

/// What tells it apart from all others, whichever Source speaks of it: its fingerprint, else its Source and name there.
fn id(view: &AlarmView) -> String {
    let Some(fingerprint) = Some(&view.alarm.fingerprint).filter(|fingerprint| !fingerprint.is_empty()) else {
        return format!("{}/{}", view.alarm.key.source.0.raw(), view.alarm.key.uid);
    };
    fingerprint.raw().to_owned()
}

/// A Store.
#[derive(Serialize)]
pub struct StoreItem<'a> {
    system: Option<Raw<'a>>,
    environment: Raw<'a>,
    tier: &'static str,
    name: Raw<'a>,
    address: String,
    kind: &'static str,
    source: Raw<'a>,
    service: Option<String>,
    version: Option<Raw<'a>>,
    health: &'static str,
    reasons: Vec<Raw<'a>>,
    connections: Option<u64>,
    connections_max: Option<u64>,
    memory_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    evicted: Option<u64>,
    storage_free_bytes: Option<u64>,
    replication: Option<Raw<'a>>,
    last_backup_at: Option<Timestamp>,
    restorable_at: Option<Timestamp>,
    stale_since: Option<Timestamp>,
}

impl<'a> StoreItem<'a> {
    /// As it is now.
    #[must_use]
    pub fn of(view: &'a StoreView<'a>) -> Self {
        let store = view.store;
        Self {
            system: view.environment.system.as_ref().map(Raw),
            environment: Raw(&view.environment.environment),
            tier: view.tier.word(),
            name: Raw(&store.name),
            address: within(&view.environment, &store.name),
            kind: store.kind.word(),
            source: Raw(&store.key.source.0),
            service: view.service.as_ref().map(address::raw),
            version: store.version.as_ref().map(Raw),
            health: health(view).word(),
            reasons: store.reasons.iter().map(Raw).collect(),
            connections: store.connections,
            connections_max: store.connections_max,
            memory_bytes: store.memory_bytes,
            memory_limit_bytes: store.memory_limit_bytes,
            evicted: store.evicted,
            storage_free_bytes: store.storage_free_bytes,
            replication: store.replication.as_ref().map(Raw),
            last_backup_at: store.last_backup_at,
            restorable_at: store.restorable_at,
            stale_since: view.stale_since,
        }
    }
}

/// How a Store is: of a Source that tells nothing nobody knows.
#[must_use]
pub fn health(view: &StoreView<'_>) -> HealthState {
    if view.stale_since.is_some() { HealthState::Unknown } else { view.store.health }
}
