//! A queue's own counts and settings, or the server's INFO, as JSON. Jobs are never read.

use serde_json::{Map, Value, json};

use super::ask;
use super::bullmq;
use super::celery;
use super::info::Info;
use super::link::Link;
use super::name::{self, Name};
use super::reply::Reply;
use crate::model::Kind;
use crate::sources::port::{Failure, FailureKind, RawAsk, RawDocument};

/// Settings that a queue may have.
const SETTINGS: &[&str] = &["paused", "concurrency", "max", "duration", "opts.maxLenEvents", "version"];

/// Reads the description.
///
/// # Errors
/// Where there is no such thing, or it cannot be read.
pub(super) async fn read(link: &mut Link, ask: &RawAsk) -> Result<RawDocument, Failure> {
    let value = match (ask.key.kind, ask.key.uid.split_once('/')) {
        (Kind::Store, _) => server(link).await?,
        (Kind::Queue, Some(("bullmq", _))) => bull(link, ask).await?,
        (Kind::Queue, Some(("celery", name))) => list(link, name.as_bytes()).await?,
        _ => return Err(Failure::new(FailureKind::Unsupported, "Redis has no description of that")),
    };
    Ok(RawDocument::json(value))
}

async fn server(link: &mut Link) -> Result<Value, Failure> {
    let answer = link.one(ask::info()).await?;
    let info = answer.bytes().map(Info::read).ok_or_else(|| denied(&answer))?;
    Ok(Value::Object(info.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()))
}

fn denied(answer: &Reply) -> Failure {
    let said = answer.refusal().map_or("no answer".to_owned(), super::reply::Refusal::said);
    Failure::new(FailureKind::Denied, format!("it cannot be read ({said})"))
}

async fn bull(link: &mut Link, ask: &RawAsk) -> Result<Value, Failure> {
    let name = match ask.scope.raw() {
        "" => Name::usual(ask.name.raw().as_bytes()),
        prefix => {
            let whole = format!("{prefix}:{}", ask.name.raw());
            Name::prefixed(whole.as_bytes()).unwrap_or_else(|| Name::usual(whole.as_bytes()))
        }
    };
    let meta = name.key(b"meta");
    let mut commands: Vec<_> = bullmq::first(&name).into();
    commands.extend([ask::size_of_ranked(&name.key(b"completed")), ask::fields(&meta, SETTINGS)]);
    let answers = link.ask(None, commands).await?;
    let counts = bullmq::Counts::read(&answers);
    if counts.exists() == Some(false) {
        return Err(Failure::new(FailureKind::Absent, "Redis has no key of such a queue"));
    }
    let text = |reply: &Reply| reply.bytes().map_or(Value::Null, |bytes| json!(String::from_utf8_lossy(bytes)));
    let settings: Map<String, Value> = match answers.last() {
        Some(Reply::List(values)) => SETTINGS
            .iter()
            .zip(values)
            .filter(|(_, value)| **value != Reply::Nil)
            .map(|(name, value)| ((*name).to_owned(), text(value)))
            .collect(),
        _ => Map::new(),
    };
    Ok(json!({
        "broker": "bullmq",
        "keys": String::from_utf8_lossy(&name.key(b"*")),
        "meta": settings,
        "counts": {
            "wait": counts.waiting,
            "paused": counts.kept_by_pause,
            "active": counts.active,
            "delayed": counts.delayed,
            "prioritized": counts.prioritized,
            "failed": counts.failed,
            "waiting-children": counts.waiting_children,
            "completed": answers.get(bullmq::FIRST_ROUND).and_then(Reply::count),
        },
        "added": counts.added,
    }))
}

async fn list(link: &mut Link, queue: &[u8]) -> Result<Value, Failure> {
    let mut commands: Vec<_> = celery::queue(queue).into();
    commands.extend(celery::common());
    let answers = link.ask(None, commands).await?;
    let (own, common) = answers.split_at(celery::EACH);
    let (counts, common) = (celery::Counts::read(own), celery::Common::read(common));
    let lengths: Map<String, Value> =
        counts.by_priority.iter().enumerate().map(|(priority, length)| (priority.to_string(), json!(length))).collect();
    Ok(json!({
        "broker": "celery",
        "list": name::text(queue).raw(),
        "bound": counts.bound,
        "length": counts.ready,
        "length_by_priority": lengths,
        "unacked_of_all_queues": common.unacked,
    }))
}
