//! Reads a table from scratch: what it held stays visible until the list is whole.

use std::time::Duration;

use super::super::port::{Failure, FailureKind};
use super::convert::Row;
use super::feed::Feed;
use super::lean::ListMeta;
use super::link::{Answer, Want};
use super::trouble::Trouble;
use super::wire::list::Splitter;
use super::wire::{Format, Garbled};
use crate::model::Update;

/// Objects a page, where the server pages (a list from its cache comes whole, and costs it least).
const PAGE: u32 = 500;
/// Facts sent together: large enough to be cheap, small enough to be seen soon.
const BATCH: usize = 256;
/// A page of JSON is held whole before it is read.
const JSON_LIMIT: usize = 64 * 1024 * 1024;
/// Longest that one list may take in all.
const DEADLINE: Duration = Duration::from_mins(3);

/// Lists the table and gives the version to watch from.
///
/// # Errors
/// Where it cannot be read whole: nothing of it counts then.
pub(crate) async fn list(feed: &mut Feed) -> Result<String, Trouble> {
    let listed = tokio::time::timeout(DEADLINE, pages(feed)).await;
    listed.unwrap_or_else(|_| {
        let text = format!("the list of {} did not end within {} s", feed.resource.plural, DEADLINE.as_secs());
        Err(Trouble { status: None, failure: Failure::new(FailureKind::Garbled, text) })
    })
}

async fn pages(feed: &mut Feed) -> Result<String, Trouble> {
    feed.converter.forget();
    feed.steady.iter_mut().for_each(std::collections::HashMap::clear);
    if feed.resource.plural == "namespaces" {
        feed.shared.namespaces.restart();
    }
    let mut batch = Batch { updates: vec![Update::Begin(feed.table.clone())] };
    let mut next = String::new();
    loop {
        let path = path(feed, &next);
        let link = feed.shared.link.clone();
        let answer = link.get(&path, Want::List, feed.protobuf, Some(&feed.shared.desk)).await;
        let mut answer = match answer {
            // Not acceptable, or a media type that it does not know: from now on JSON.
            Err(trouble) if feed.protobuf && matches!(trouble.status, Some(406 | 415)) => {
                feed.protobuf = false;
                continue;
            }
            other => other?,
        };
        let meta = match (answer.format(), feed.protobuf) {
            (Some(Format::Protobuf), true) => binary_page(feed, &mut answer, &mut batch).await?,
            // It did not take our wish: what it would send is not paged, so it is asked again.
            (Some(Format::Json), true) => {
                feed.protobuf = false;
                continue;
            }
            (Some(Format::Json), false) => json_page(feed, &mut answer, &mut batch).await?,
            _ => return Err(Garbled::NoMagic.into()),
        };
        if meta.next.is_empty() || meta.next == next {
            feed.finish_list(&mut batch).await?;
            return Ok(meta.resource_version);
        }
        next = meta.next;
    }
}

fn path(feed: &Feed, next: &str) -> String {
    let mut path = format!("{}?limit={PAGE}", feed.resource.path(feed.namespace.as_deref()));
    if !next.is_empty() {
        path.push_str(&format!("&continue={}", query(next)));
    } else if feed.protobuf && !feed.paged {
        // From the watch cache: no read of etcd, and written out object by object.
        path.push_str("&resourceVersion=0");
    }
    path + &selector(feed)
}

/// The field selector of a table of the whole cluster, as a query parameter.
pub(super) fn selector(feed: &Feed) -> String {
    let wanted = feed.namespace.is_none() && feed.resource.namespaced;
    let selector = feed.shared.scope.field_selector().filter(|_| wanted);
    selector.map(|s| format!("&fieldSelector={s}")).unwrap_or_default()
}

/// Percent-encodes a value of a query (RFC 3986, everything but unreserved characters).
pub(super) fn query(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

async fn binary_page(feed: &mut Feed, answer: &mut Answer, batch: &mut Batch) -> Result<ListMeta, Trouble> {
    let read = feed.resource.codec.protobuf.ok_or(Garbled::Object)?;
    let mut splitter = Splitter::default();
    while let Some(piece) = answer.piece().await? {
        splitter.push(&piece);
        feed.shared.desk.alive();
        while let Some(item) = splitter.next_item()? {
            let row = read(&mut feed.converter, item)?;
            feed.put(row, batch);
            if batch.updates.len() >= BATCH {
                feed.send(batch).await?;
            }
        }
    }
    Ok(splitter.finish()?)
}

async fn json_page(feed: &mut Feed, answer: &mut Answer, batch: &mut Batch) -> Result<ListMeta, Trouble> {
    let body = answer.whole(JSON_LIMIT).await?;
    let (meta, rows) = (feed.resource.codec.json_list)(&mut feed.converter, &body)?;
    for row in rows {
        feed.put(row, batch);
        if batch.updates.len() >= BATCH {
            feed.send(batch).await?;
        }
    }
    Ok(meta)
}

/// Updates that wait to be sent together.
pub(crate) struct Batch {
    pub(crate) updates: Vec<Update>,
}

impl Feed {
    fn put(&mut self, row: Row, batch: &mut Batch) {
        if !self.in_scope(&row) {
            return;
        }
        self.note(&row);
        for fact in row.facts {
            self.is_news(&fact);
            match &mut self.recent {
                Some(recent) => recent.gather(fact),
                None => batch.updates.push(Update::Put(self.table.clone(), fact)),
            }
        }
    }

    /// Tells those who keep an index.
    pub(super) fn note(&mut self, row: &Row) {
        for fact in &row.facts {
            match fact {
                crate::model::Fact::Scope(scope) => self.shared.namespaces.gather(scope.name.raw()),
                crate::model::Fact::Instance(instance) => {
                    if let Some(pods) = &self.shared.pods {
                        pods.put(instance);
                    }
                }
                _ => {}
            }
        }
    }

    async fn send(&mut self, batch: &mut Batch) -> Result<(), Trouble> {
        let full = std::mem::replace(&mut batch.updates, Vec::with_capacity(BATCH));
        Ok(self.shared.desk.send(full).await?)
    }

    async fn finish_list(&mut self, batch: &mut Batch) -> Result<(), Trouble> {
        if let Some(recent) = &mut self.recent {
            batch.updates.extend(recent.settle().map(|fact| Update::Put(self.table.clone(), fact)));
        }
        batch.updates.push(Update::Commit(self.table.clone()));
        for other in self.shared.tables.settle(&self.table) {
            batch.updates.extend([Update::Begin(other.clone()), Update::Commit(other)]);
        }
        self.send(batch).await?;
        if self.resource.plural == "namespaces" {
            self.shared.namespaces.settle();
        }
        Ok(())
    }
}
