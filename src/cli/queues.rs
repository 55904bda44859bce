//! `queues`: every queue with what waits in it, who takes from it, and when it will be empty.

use std::collections::BTreeMap;

use super::args::{Format, Global};
use super::output::signals::QueueItem;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::fleet::{Bounds, Fleet, QueueView};
use crate::model::{Key, Quantity, QueueState, SourceKind, Text, Timestamp};

/// The kinds of Sources that hold queues.
const BROKERS: &[SourceKind] = &[SourceKind::RabbitMq, SourceKind::Redis, SourceKind::Aws];

/// Prints them.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let mut session = Session::gathered(global, wiring).await?;
    let first: BTreeMap<Key, Timestamp> =
        session.console.state.fleet.queues().iter().map(|view| (view.queue.key.clone(), view.queue.at)).collect();
    session.go_on_until(|fleet| fleet.queues().iter().all(|view| is_known(fleet, view, &first))).await;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let state = &session.console.state;
    let mut queues = state.fleet.queues();
    queues.retain(|view| narrowed.as_ref().is_none_or(|only| view.environment == *only));
    if global.output == Format::Json {
        let items: Vec<_> = queues.iter().map(|view| QueueItem::of(view, state.now)).collect();
        output::json("Queue", state, items)?;
    } else {
        output::text(&table(&state.fleet, &queues, state.now, global.output == Format::Wide))?;
        session.remark_silent();
    }
    Ok(session.exit_needing(BROKERS))
}

/// Whether a further look would tell no more of a queue: its pace is known, or it was looked at twice. Only Redis leaves its
/// rates to us; what another broker does not tell at once it does not tell. A broker by whose rates it grows may still speak of
/// a burst: where it says nothing of how its length changes, a second look does.
fn is_known(fleet: &Fleet, view: &QueueView<'_>, first: &BTreeMap<Key, Timestamp>) -> bool {
    let queue = view.queue;
    let is_of = |kind| fleet.source(&queue.key.source).is_some_and(|source| source.kind == kind);
    let ours = is_of(SourceKind::Redis);
    let doubtful = is_of(SourceKind::RabbitMq) && view.state == QueueState::Growing && queue.net_per_second.is_none();
    let told = view.state != QueueState::Unknown && !doubtful && (!ours || queue.in_per_second.is_some());
    let twice = first.get(&queue.key).is_some_and(|at| queue.at > *at);
    told || twice || queue.ready.is_none() || view.stale_since.is_some()
}

fn table(fleet: &Fleet, queues: &[QueueView<'_>], now: Timestamp, wide: bool) -> String {
    if queues.is_empty() {
        return nothing(fleet.sources().any(|source| BROKERS.contains(&source.kind)));
    }
    let mut head = vec![
        ("QUEUE", Side::Left),
        ("BROKER", Side::Left),
        ("READY", Side::Right),
        ("UNACKED", Side::Right),
        ("DELAYED", Side::Right),
        ("FAILED", Side::Right),
        ("DEAD", Side::Right),
        ("OLDEST", Side::Right),
        ("IN/s", Side::Right),
        ("OUT/s", Side::Right),
        ("CONSUMER", Side::Left),
        ("STATE", Side::Left),
        ("EMPTY", Side::Right),
    ];
    if wide {
        head.extend([
            ("CONSUMERS", Side::Right),
            ("LIMIT", Side::Right),
            ("SCALING", Side::Left),
            ("NET/s", Side::Right),
            ("FOR", Side::Right),
            ("SOURCE", Side::Left),
            ("SCOPE", Side::Left),
            ("CONSUMER BY", Side::Left),
        ]);
    }
    head.push(("NOTE", Side::Left));
    let mut table = Table::new(&head);
    for view in queues {
        table.row(row(fleet, view, now, wide));
    }
    table.text()
}

fn nothing(has_broker: bool) -> String {
    let why =
        if has_broker { "" } else { ": no Source here is a broker (`rabbitmq`, `redis` or `aws` in the config file)" };
    format!("no queues{why}\n")
}

fn row(fleet: &Fleet, view: &QueueView<'_>, now: Timestamp, wide: bool) -> Vec<String> {
    let queue = view.queue;
    let about = if queue.approximate { "~" } else { "" };
    let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let rate = |rate: Option<Quantity>| rate.map(|rate| rate.to_string()).unwrap_or_default();
    let mut cells = vec![
        format!("{}/{}", view.environment, queue.name),
        queue.broker.to_string(),
        queue.ready.map(|n| format!("{about}{n}")).unwrap_or_default(),
        count(queue.unacked),
        count(queue.delayed),
        count(queue.failed),
        count(queue.dead_letters),
        words::maybe_ago(now, queue.oldest_at),
        rate(queue.in_per_second),
        rate(queue.out_per_second),
        consumer(fleet, view),
        state(view, now),
        empty(view),
    ];
    if wide {
        let net = view.net_per_second.and_then(Quantity::new);
        cells.extend([
            queue.consumers.map(|n| n.to_string()).unwrap_or_default(),
            count(view.limit),
            view.bounds.as_ref().map(Bounds::words).unwrap_or_default(),
            rate(net),
            words::maybe_ago(now, view.since),
            queue.key.source.to_string(),
            queue.scope.to_string(),
            view.because.to_string(),
        ]);
    }
    cells.push(note(view));
    cells
}

/// The Service that takes from it with how many of it are ready; else as many as the broker counts.
fn consumer(fleet: &Fleet, view: &QueueView<'_>) -> String {
    if let Some(address) = &view.consumer {
        let ready = fleet.service(address).map(|service| words::ready(service.ready, service.desired));
        return format!("{address} {}", ready.unwrap_or_default()).trim_end().to_owned();
    }
    view.queue.consumers.filter(|n| *n > 0).map(|n| words::count(n as usize, "consumer")).unwrap_or_default()
}

/// Of a Source that tells nothing only how long it has been so.
fn state(view: &QueueView<'_>, now: Timestamp) -> String {
    match view.stale_since {
        Some(since) => format!("stale {}", words::ago(now, since)),
        None => view.state.to_string(),
    }
}

/// When nothing will wait any more, if it goes on like this.
fn empty(view: &QueueView<'_>) -> String {
    match view.empty_in_seconds {
        Some(seconds) => format!("~{}", words::length(i64::try_from(seconds).unwrap_or(i64::MAX))),
        None if view.is_endless() => "never".to_owned(),
        None => String::new(),
    }
}

fn note(view: &QueueView<'_>) -> String {
    let over = view.limit.zip(view.queue.ready).filter(|(limit, ready)| ready > limit);
    let over = over.map(|(limit, _)| format!("more than {limit}"));
    let parts: Vec<String> = view.note.as_ref().map(Text::to_string).into_iter().chain(over).collect();
    parts.join(", ")
}
