//! Follows a table by a watch: each change as it comes, bookmarks remembered, until the server ends it.

use std::time::Duration;

use prost::Message;
use serde::Deserialize;

use super::super::port::{Failure, FailureKind};
use super::feed::Feed;
use super::lean::Meta;
use super::lean::meta::Status;
use super::link::Want;
use super::list::{query, selector};
use super::trouble::Trouble;
use super::wire::frames::{Frames, Word};
use super::wire::{Format, Garbled};
use crate::model::{Fact, Key, Update};

/// How long the server is asked to keep a watch open. Bookmarks come about each minute.
const LENGTH_SECONDS: u64 = 290;
/// Silence after which a watch is begun anew from where it stood: its connection may be half open.
const SILENCE: Duration = Duration::from_secs(150);

/// How a watch ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Go on from this version.
    Resume(String),
    /// The version is too old: list again.
    Relist,
}

/// Follows from `version`.
///
/// # Errors
/// Where the watch cannot be begun, or its answer is not what it should be.
pub(crate) async fn follow(feed: &mut Feed, version: &str) -> Result<End, Trouble> {
    let path = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={LENGTH_SECONDS}&resourceVersion={}{}",
        feed.resource.path(feed.namespace.as_deref()),
        query(version),
        selector(feed),
    );
    let link = feed.shared.link.clone();
    let mut answer = match link.get(&path, Want::Watch, feed.protobuf, Some(&feed.shared.desk)).await {
        Err(trouble) if trouble.status == Some(410) => return Ok(End::Relist),
        Err(trouble) if feed.protobuf && matches!(trouble.status, Some(406 | 415)) => {
            feed.protobuf = false;
            return Ok(End::Resume(version.to_owned()));
        }
        other => other?,
    };
    answer.lasts();
    let format = answer.format().ok_or(Garbled::NoMagic)?;
    let (mut frames, mut version) = (Frames::new(format), version.to_owned());
    loop {
        // The usual end of a watch, and an unusual one: both go on where it stood.
        let Ok(Some(piece)) = answer.piece_within(SILENCE).await else { return Ok(End::Resume(version)) };
        frames.push(&piece);
        feed.shared.desk.alive();
        let mut updates = Vec::new();
        let end = read(feed, &mut frames, format, &mut version, &mut updates);
        if !updates.is_empty() {
            feed.shared.desk.send(updates).await?;
        }
        if let Some(end) = end? {
            return Ok(end);
        }
    }
}

/// Reads all whole events at hand.
fn read(
    feed: &mut Feed,
    frames: &mut Frames,
    format: Format,
    version: &mut String,
    updates: &mut Vec<Update>,
) -> Result<Option<End>, Trouble> {
    let read = match format {
        Format::Protobuf => feed.resource.codec.protobuf.ok_or(Garbled::Object)?,
        Format::Json => feed.resource.codec.json,
    };
    while let Some((word, object)) = frames.next_event()? {
        match word {
            Word::Added | Word::Modified | Word::Deleted => {
                let row = read(&mut feed.converter, object)?;
                if !row.version.is_empty() {
                    version.clone_from(&row.version);
                }
                if feed.in_scope(&row) {
                    feed.apply(row, word == Word::Deleted, updates);
                }
            }
            Word::Bookmark => {
                if let Some(newer) = bookmark(format, object) {
                    *version = newer;
                }
            }
            Word::Error => return refusal(format, object),
            Word::Other => {}
        }
    }
    Ok(None)
}

impl Feed {
    fn apply(&mut self, row: super::convert::Row, deleted: bool, updates: &mut Vec<Update>) {
        updates.extend(row.gone.iter().cloned().map(Update::Drop));
        if deleted {
            for fact in &row.facts {
                self.forget(fact);
                updates.push(Update::Drop(fact.key().clone()));
            }
            return;
        }
        self.note(&row);
        if self.resource.plural == "namespaces" {
            self.shared.namespaces.settle();
        }
        for fact in row.facts {
            if !self.is_news(&fact) {
                continue;
            }
            let oldest: Option<Key> = self.recent.as_mut().and_then(|recent| recent.push(&fact));
            updates.push(Update::Put(self.table.clone(), fact));
            updates.extend(oldest.map(Update::Drop));
        }
    }

    fn forget(&mut self, fact: &Fact) {
        self.steady.iter_mut().for_each(|steady| drop(steady.remove(fact.key())));
        match fact {
            Fact::Scope(scope) => self.shared.namespaces.remove(scope.name.raw()),
            Fact::Instance(instance) => {
                if let Some(pods) = &self.shared.pods {
                    pods.remove(&instance.key);
                }
            }
            _ => {}
        }
    }
}

/// The version that a bookmark carries.
fn bookmark(format: Format, object: &[u8]) -> Option<String> {
    #[derive(Clone, PartialEq, Message, Deserialize)]
    struct Marker {
        #[prost(message, optional, tag = "1")]
        metadata: Option<Meta>,
    }
    let marker = match format {
        Format::Protobuf => Marker::decode(object).ok()?,
        Format::Json => Marker::deserialize(&mut serde_json::Deserializer::from_slice(object)).ok()?,
    };
    marker.metadata.map(|m| m.resource_version).filter(|v| !v.is_empty())
}

/// An error inside a watch: 410 means that the version has expired.
fn refusal(format: Format, object: &[u8]) -> Result<Option<End>, Trouble> {
    let status = match format {
        Format::Protobuf => Status::decode(object).ok(),
        Format::Json => Status::deserialize(&mut serde_json::Deserializer::from_slice(object)).ok(),
    };
    let status = status.unwrap_or_default();
    if status.code == 410 || matches!(status.reason.as_str(), "Expired" | "Gone") {
        return Ok(Some(End::Relist));
    }
    let words = format!("the watch ended: {}", String::from_utf8_lossy(&status.message));
    let status = u16::try_from(status.code).ok().filter(|c| *c != 0);
    Err(Trouble { status, failure: Failure::new(FailureKind::Garbled, words) })
}
