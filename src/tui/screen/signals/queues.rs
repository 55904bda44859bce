//! Queues: the backlog beside its consumer, what somebody should look at first.

use std::cmp::Reverse;

use ratatui::text::{Line, Span};

use crate::fleet::{Bounds, QueueView};
use crate::model::{Address, EnvironmentAddress, Key, Quantity, Queue, QueueState, Text, Timestamp};
use crate::tui::screen::{Place, View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::table::{Column, Row};
use crate::tui::widget::{ages, spark};

use super::board::{Order, Signal};
use super::depth::{Depth, HEIGHT};

/// Cells of a curve of depth: two minutes.
const CURVE: usize = 12;

/// The screen.
pub struct Queues;

/// A queue on one line, but for ages.
pub struct QueueRow {
    queue: Queue,
    environment: EnvironmentAddress,
    address: String,
    consumer: Option<Address>,
    /// The consumer with how many of it are ready.
    taker: String,
    because: Text,
    state: QueueState,
    since: Option<Timestamp>,
    empty: String,
    limit: Option<u64>,
    limit_rule: Option<&'static str>,
    bounds: Option<Bounds>,
    note: Option<Text>,
    stale_since: Option<Timestamp>,
    bad: bool,
    /// Its oldest job has waited for minutes.
    slow: bool,
}

impl QueueRow {
    fn of(view: &View<'_>, queue: &QueueView<'_>) -> Self {
        let taker = queue.consumer.as_ref().map(|address| {
            let service = view.state.fleet.service(address);
            let ready = service.and_then(|service| figure::ready(service.ready, service.desired));
            // Beside its queue the Environment of the consumer is said only where it is another.
            let near = address.environment == queue.environment;
            let name = if near { address.service.to_string() } else { view.address(address) };
            format!("{name} {}", ready.unwrap_or_default()).trim_end().to_owned()
        });
        Self {
            queue: queue.queue.clone(),
            environment: queue.environment.clone(),
            address: format!("{}/{}", view.environment(&queue.environment), queue.queue.name),
            consumer: queue.consumer.clone(),
            taker: taker.unwrap_or_default(),
            because: queue.because.clone(),
            state: queue.state,
            since: queue.since,
            empty: empty(queue),
            limit: queue.limit,
            limit_rule: queue.limit_rule,
            bounds: queue.bounds.clone(),
            note: queue.note.clone(),
            stale_since: queue.stale_since,
            bad: queue.is_bad() && queue.stale_since.is_none(),
            slow: queue.waits_long(),
        }
    }
}

/// When nothing will wait any more, if it goes on like this: `~4m`, `never`.
#[must_use]
pub fn empty(queue: &QueueView<'_>) -> String {
    match queue.empty_in_seconds {
        Some(seconds) => format!("~{}", ages::short(i64::try_from(seconds.max(1)).unwrap_or(i64::MAX))),
        None if queue.is_endless() && queue.stale_since.is_none() => "never".to_owned(),
        None => String::new(),
    }
}

/// Shape and colour of how a queue fares.
#[must_use]
pub fn mark(view: &View<'_>, state: QueueState, bad: bool) -> (&'static str, Role) {
    match state {
        QueueState::Stuck if bad => (view.glyphs.bad, Role::Bad),
        QueueState::Growing if bad => (view.glyphs.bad, Role::Growth),
        QueueState::Stuck | QueueState::Growing => (view.glyphs.warn, Role::Warn),
        QueueState::Unknown => (view.glyphs.hollow, Role::Warn),
        QueueState::Draining | QueueState::Steady if bad => (view.glyphs.warn, Role::Warn),
        QueueState::Draining | QueueState::Steady => (view.glyphs.ok, Role::Ok),
        QueueState::Idle => (view.glyphs.idle, Role::Quiet),
    }
}

/// The last two minutes of how many waited.
#[must_use]
pub fn curve<'a>(view: &View<'_>, key: &Key, width: usize) -> Span<'a> {
    let values = view.state.fleet.queue_curve(key, view.now, width);
    let values: Vec<Option<f64>> = values.into_iter().map(|value| value.map(f64::from)).collect();
    spark::curve(view, &values, width, None)
}

impl Signal for Queues {
    type Row = QueueRow;
    const TITLE: &'static str = "QUEUES";
    const NOUN: &'static str = "queue";
    const HELP: &'static str = "words that the line holds: a queue, a broker, a consumer, stuck, growing, paused";
    const NOTHING: &'static str = "no broker has told of a queue yet; 9 shows how the Sources fare";
    const COLUMNS: &'static [Column] = &[
        Column::text("QUEUE", 20).grows(),
        Column::text("BROKER", 8).rank(7),
        Column::number("READY", 7),
        Column::number("UNACKED", 7).rank(5),
        Column::number("DELAYED", 7).rank(6),
        Column::number("FAILED", 6).rank(4),
        Column::number("OLDEST", 6).rank(1),
        Column::number("IN/s", 6).rank(2),
        Column::number("OUT/s", 6).rank(2),
        Column::text("CONSUMER", 12),
        Column::text("OF MAX", 7).rank(5),
        Column::text("STATE", 12),
        Column::text("2 MIN", 12).rank(3),
        Column::number("EMPTY", 6),
        Column::text("NOTE", 34).rank(8),
    ];
    const WANT: &'static [(usize, u16)] = &[(0, 44), (9, 28)];
    const ORDERS: &'static [Order<QueueRow>] = &[
        ("what to look at first", |_, _| std::cmp::Ordering::Equal),
        ("address", |a, b| a.address.cmp(&b.address)),
        ("what waits most", |a, b| b.queue.ready.cmp(&a.queue.ready)),
        ("what waits longest", |a, b| {
            // The smallest moment is the oldest; what nobody knows the age of comes last.
            let age = |row: &QueueRow| (row.queue.oldest_at.is_none(), row.queue.oldest_at);
            age(a).cmp(&age(b))
        }),
        ("failed", |a, b| Reverse(a.queue.failed).cmp(&Reverse(b.queue.failed))),
    ];

    fn place() -> Place {
        Place::Queues
    }

    fn wants(row: &QueueRow, column: usize) -> u16 {
        cells::width(if column == 0 { &row.address } else { &row.taker })
    }

    fn gather(view: &View<'_>) -> Vec<QueueRow> {
        view.state.fleet.queues().iter().map(|queue| QueueRow::of(view, queue)).collect()
    }

    fn key(row: &QueueRow) -> &Key {
        &row.queue.key
    }

    fn environment(row: &QueueRow) -> Option<&EnvironmentAddress> {
        Some(&row.environment)
    }

    fn service(row: &QueueRow) -> Option<&Address> {
        row.consumer.as_ref()
    }

    fn name(row: &QueueRow) -> String {
        format!("{}/{}", row.environment, row.queue.name)
    }

    fn words(row: &QueueRow) -> String {
        let note = row.note.as_ref().map(Text::shown).unwrap_or_default();
        let paused = if row.queue.paused { "paused" } else { "" };
        let (broker, source) = (row.queue.broker, &row.queue.key.source);
        format!("{} {broker} {source} {} {} {note} {paused}", row.address, row.taker, row.state).to_lowercase()
    }

    fn is_bad(row: &QueueRow) -> bool {
        row.bad
    }

    fn line<'a>(view: &View<'_>, row: &QueueRow) -> Row<'a> {
        let queue = &row.queue;
        let stale = row.stale_since.is_some();
        let quiet = view.style(Role::Quiet);
        let plain = if stale { Role::Quiet } else { Role::Text };
        let about = if queue.approximate { "~" } else { "" };
        let number = |n: Option<u64>| Line::styled(n.map(figure::count).unwrap_or_default(), view.style(plain));
        let rate = |n: Option<Quantity>| Line::styled(n.map(|n| n.to_string()).unwrap_or_default(), view.style(plain));
        let depth = match row.state {
            _ if stale => Role::Quiet,
            QueueState::Growing => Role::Growth,
            _ if row.bad => Role::Strong,
            _ => Role::Text,
        };
        let ready = queue.ready.map(|n| format!("{about}{}", figure::count(n))).unwrap_or_default();
        let failed = if queue.failed.is_some_and(|n| n > 0) && !stale { Role::Warn } else { plain };
        let note = row.note.as_ref().map(Text::to_string).unwrap_or_default();
        Row::of(vec![
            Line::styled(row.address.clone(), view.style(if stale { Role::Quiet } else { Role::Strong })),
            Line::styled(queue.broker.word(), quiet),
            Line::styled(ready, view.style(depth)),
            number(queue.unacked),
            number(queue.delayed),
            Line::styled(queue.failed.map(figure::count).unwrap_or_default(), view.style(failed)),
            Line::styled(queue.oldest_at.map(|at| cells::when(view).age(at)).unwrap_or_default(), view.style(plain)),
            rate(queue.in_per_second),
            rate(queue.out_per_second),
            taker(view, row),
            of_max(view, row),
            state(view, row),
            if stale { Line::default() } else { Line::from(curve(view, &queue.key, CURVE)) },
            Line::styled(row.empty.clone(), view.style(plain)),
            Line::styled(note, quiet),
        ])
    }

    fn whole(view: &View<'_>, row: &QueueRow) -> String {
        let queue = &row.queue;
        let dot = view.glyphs.dot;
        let mut parts = vec![format!("{} in {} {}", row.address, queue.broker, queue.key.source)];
        parts.extend(row.note.as_ref().map(Text::to_string));
        if let Some(since) = row.stale_since {
            parts.push(format!("told {} ago, its Source is silent", cells::when(view).exact_age(since)));
        } else if let Some(since) = row.since {
            parts.push(format!("{} {}", row.state, cells::when(view).lasting(since)));
        }
        parts.extend(limit(row.queue.ready.filter(|_| row.stale_since.is_none()), row.limit, row.limit_rule));
        if let (Some(bounds), Some(consumer)) = (&row.bounds, &row.consumer) {
            parts.push(format!("{} {} ({})", consumer.service, bounds.words(), bounds.by));
        }
        parts.extend(queue.consumers.map(|n| figure::of(u64::from(n), "consumer")));
        if let Some(dead) = queue.dead_letters {
            let name = queue.dead_letter_queue.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
            parts.push(format!("{}{name}", figure::of(dead, "dead letter")));
        }
        if row.consumer.is_some() {
            parts.push(format!("consumer by {}", row.because));
        }
        parts.join(&format!(" {dot} "))
    }

    fn because(row: &QueueRow) -> String {
        row.because.to_string()
    }

    const FOOT: u16 = 1 + HEIGHT;

    fn foot(view: &View<'_>, row: &QueueRow, width: u16) -> Vec<Line<'static>> {
        let taker = if row.consumer.is_some() { row.taker.as_str() } else { "no Service takes from it" };
        let mut lines = vec![Line::from(vec![
            Span::styled(row.address.clone(), view.style(Role::Strong)),
            Span::styled(format!("  and its consumer {taker}, on one axis of time"), view.style(Role::Quiet)),
        ])];
        let depth = Depth {
            queue: &row.queue.key,
            ready: row.queue.ready.filter(|_| row.stale_since.is_none()),
            limit: row.limit,
            consumer: row.consumer.as_ref(),
            bounds: row.bounds.as_ref(),
        };
        lines.extend(depth.lines(view, usize::from(width)));
        lines
    }
}

/// What waits against its limit, and what sets that: `backlog 620 > 500, scale-out rule`.
#[must_use]
pub fn limit(ready: Option<u64>, limit: Option<u64>, rule: Option<&str>) -> Option<String> {
    let (limit, rule) = (limit?, rule.unwrap_or_default());
    let limit_words = figure::count(limit);
    Some(match ready {
        Some(ready) if ready > limit => format!("backlog {} > {limit_words}, {rule}", figure::count(ready)),
        Some(ready) => format!("backlog {} of {limit_words}, {rule}", figure::count(ready)),
        None => format!("limit {limit_words}, {rule}"),
    })
}

/// How many of its consumer there are, of as many as there may be; loud where there is no room left and work runs away.
fn of_max<'a>(view: &View<'_>, row: &QueueRow) -> Line<'a> {
    let Some((now, max)) = row.bounds.as_ref().and_then(|bounds| Some((bounds.now?, bounds.max?))) else {
        return Line::default();
    };
    let stuck = row.bad && now >= max;
    Line::styled(format!("{now} of {max}"), view.style(if stuck { Role::Warn } else { Role::Quiet }))
}

/// Who takes from it; that nobody does stands where one looks for it.
fn taker<'a>(view: &View<'_>, row: &QueueRow) -> Line<'a> {
    let stale = row.stale_since.is_some();
    let none = row.note.as_ref().is_some_and(|note| note.shown().starts_with("NO CONSUMERS"));
    if none && row.taker.is_empty() && !stale {
        return Line::styled("NO CONSUMERS", view.style(Role::Bad));
    }
    if row.taker.is_empty() {
        let counted = row.queue.consumers.filter(|n| *n > 0).map(|n| figure::of(u64::from(n), "consumer"));
        return Line::styled(counted.unwrap_or_default(), view.style(Role::Quiet));
    }
    let role = if none && !stale { Role::Bad } else { Role::Quiet };
    Line::styled(row.taker.clone(), view.style(role))
}

fn state<'a>(view: &View<'_>, row: &QueueRow) -> Line<'a> {
    if let Some(since) = row.stale_since {
        let age = cells::when(view).exact_age(since);
        return Line::styled(format!("{} stale {age}", view.glyphs.hollow), view.style(Role::Quiet));
    }
    if row.queue.paused {
        return Line::styled(format!("{} paused", view.glyphs.paused), view.style(Role::Warn));
    }
    let (mark, role) = match row.state {
        // What keeps its pace and yet makes people wait for minutes is not green.
        QueueState::Steady if row.slow && !row.bad => (view.glyphs.warn, Role::Warn),
        state => mark(view, state, row.bad),
    };
    Line::styled(format!("{mark} {}", row.state), view.style(role))
}
