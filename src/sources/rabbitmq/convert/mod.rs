//! From a queue's row to the fact. Names become safe here, and what the broker did not say stays unknown.

use super::book::Rows;
use super::dead::{Bindings, target};
use super::wire::{Length, Lengths, MessageStats, QueueRow};
use crate::model::{Broker, Key, Kind, Quantity, Queue, SourceName, Text, Timestamp};

/// What every row of one picture is seen with.
pub(super) struct View<'a> {
    pub(super) source: &'a SourceName,
    pub(super) at: Timestamp,
    /// Why nobody can publish anywhere on this broker.
    pub(super) blocked: Option<&'a str>,
    pub(super) bindings: &'a Bindings,
    /// All queues that are known.
    pub(super) rows: &'a Rows,
}

/// The queue, or nothing where it has no name.
pub(super) fn queue(row: &QueueRow, view: &View<'_>) -> Option<Queue> {
    let (name, vhost) = (row.name.as_deref()?, row.vhost.as_deref().unwrap_or("/"));
    let dead = target(row, view.bindings).filter(|dead| *dead != name);
    let depth = |queue: &str| messages(view.rows.get(&(vhost.to_owned(), queue.to_owned()))?);
    let ready = row.messages_ready.filter(|_| !is_stream(row));
    Some(Queue {
        key: Key::new(view.source, Kind::Queue, &uid(vhost, name)),
        broker: Broker::RabbitMq,
        scope: scope(vhost),
        name: Text::name(name),
        ready,
        unacked: row.messages_unacknowledged,
        delayed: None,
        failed: None,
        dead_letters: dead.and_then(depth),
        dead_letter_queue: dead.map(Text::name),
        oldest_at: row.head_message_timestamp.filter(|_| ready != Some(0)).and_then(|at| oldest(at, view.at)),
        in_per_second: row.message_stats.as_ref().and_then(|stats| rate(&[stats.publish_details?.rate])),
        out_per_second: row.message_stats.as_ref().and_then(finished),
        net_per_second: row.messages_ready_details.as_ref().filter(|_| ready.is_some()).and_then(lately),
        consumers: row.consumers,
        paused: false,
        trouble: trouble(row, view.blocked),
        approximate: false,
        at: view.at,
    })
}

/// All that lies in a queue.
fn messages(row: &QueueRow) -> Option<u64> {
    Some(row.messages_ready?.saturating_add(row.messages_unacknowledged.unwrap_or(0)))
}

/// The identity of a queue: virtual host and name. A host whose name holds a `/` (but is not just that) has it written out, so
/// that no two queues are one.
pub(super) fn uid(vhost: &str, name: &str) -> String {
    if vhost != "/" && vhost.contains(['/', '%']) {
        format!("{}/{name}", vhost.replace('%', "%25").replace('/', "%2F"))
    } else {
        format!("{vhost}/{name}")
    }
}

/// The scope to show: none for the virtual host that every broker has.
fn scope(vhost: &str) -> Text {
    Text::name(if vhost == "/" { "" } else { vhost })
}

/// A stream keeps what has been read: what lies in it does not wait.
fn is_stream(row: &QueueRow) -> bool {
    row.form.as_deref() == Some("stream")
}

/// Messages that are done with per second: acknowledged, or handed out to somebody who never acknowledges. What is delivered
/// and comes back (`redeliver`) is done with only once.
fn finished(stats: &MessageStats) -> Option<Quantity> {
    let parts = [stats.ack_details, stats.deliver_no_ack_details, stats.get_no_ack_details];
    let known: Vec<Option<f64>> = parts.into_iter().flatten().map(|rate| rate.rate).collect();
    rate(&known)
}

/// The sum of rates, where all of them are known and none is below zero.
fn rate(parts: &[Option<f64>]) -> Option<Quantity> {
    if parts.is_empty() {
        return None;
    }
    let sum = parts.iter().try_fold(0.0, |sum, part| part.filter(|rate| *rate >= 0.0).map(|rate| sum + rate));
    sum.and_then(Quantity::new)
}

/// How fast a length became greater (or, negative, less) lately, back to where it turned.
fn lately(lengths: &Lengths) -> Option<Quantity> {
    let mut samples = lengths.samples.as_deref()?;
    // Until the queue tells its length again the broker repeats the last one.
    if let [newest, before, ..] = samples
        && newest.sample == before.sample
    {
        samples = &samples[1..];
    }
    let newest = samples.first()?;
    let step = |pair: &[Length]| pair[1].sample.cmp(&pair[0].sample);
    let way = samples.windows(2).map(step).find(|way| way.is_ne());
    let goes_on = |pair: &&[Length]| step(pair).is_eq() || Some(step(pair)) == way;
    let first = samples.windows(2).take_while(goes_on).last()?[1];
    let millis = newest.timestamp - first.timestamp;
    let grown = newest.sample as f64 - first.sample as f64;
    (millis >= 1000).then(|| grown * 1000.0 / millis as f64).and_then(Quantity::new)
}

/// When the oldest message came, by the time that its publisher wrote on it: in seconds by the protocol, in milliseconds by
/// many a client. What lies in the future was not written by a clock that runs right.
fn oldest(written: i64, now: Timestamp) -> Option<Timestamp> {
    const MILLISECONDS_FROM: i64 = 100_000_000_000;
    const SKEW_SECONDS: i64 = 60;
    let at = match written {
        n if n <= 0 => return None,
        n if n >= MILLISECONDS_FROM => Timestamp::from_millisecond(n).ok()?,
        n => Timestamp::from_second(n).ok()?,
    };
    (at.as_second() <= now.as_second() + SKEW_SECONDS).then(|| at.min(now))
}

/// What the broker itself has against the queue, in words.
fn trouble(row: &QueueRow, blocked: Option<&str>) -> Option<Text> {
    let state = match row.state.as_deref().unwrap_or_default() {
        "" | "running" | "idle" | "live" => None,
        "flow" => Some("flow: its publishers are slowed down".to_owned()),
        "down" => Some("down: the node that holds it does not run".to_owned()),
        "minority" => Some("minority: most nodes that hold it do not run".to_owned()),
        "crashed" => Some("crashed: the broker could not start it again".to_owned()),
        "stopped" => Some("stopped: its virtual host does not run".to_owned()),
        "syncing" => Some("syncing: a mirror is being filled".to_owned()),
        other => Some(other.to_owned()),
    };
    let lost = match (&row.members, &row.online) {
        (Some(members), Some(online)) if online.len() < members.len() => {
            Some(format!("{} of {} copies online", online.len(), members.len()))
        }
        _ => None,
    };
    let all: Vec<String> = state.into_iter().chain(lost).chain(blocked.map(str::to_owned)).collect();
    (!all.is_empty()).then(|| Text::line(&all.join("; ")))
}

#[cfg(test)]
mod tests;
