//! A kind that may not be read in the whole cluster, read namespace by namespace, as these come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;

use super::super::port::Closed;
use super::board::Place;
use super::feed::{Feed, Shared, Stop};
use super::link::Want;
use super::namespaces::Known;
use super::resource::Resource;
use crate::model::{Table, Text, Update};

/// One object is no larger.
const LIMIT: usize = 16 * 1024 * 1024;
/// Pauses before the whole cluster is asked again: soon at first, for a server that has just started denies for some
/// seconds what it soon allows.
const PAUSES: [Duration; 2] = [Duration::from_secs(15), Duration::from_mins(5)];

/// Follows the namespaces that are known (else the context's own one) with a feed each; `None`: the whole cluster may be
/// read now.
pub(crate) async fn narrow(shared: &Arc<Shared>, resource: &'static Resource) -> Option<Stop> {
    let mut known = shared.namespaces.watch();
    let mut feeds = FuturesUnordered::new();
    let mut running: BTreeMap<String, AbortHandle> = BTreeMap::new();
    let mut again = std::pin::pin!(tokio::time::sleep(PAUSES[0]));
    let table =
        |scope: Option<&String>| Table { name: Text::name(resource.plural), scope: scope.map(|name| Text::name(name)) };
    shared.tables.doubt(&table(None), shared.desk.now());
    loop {
        let names = match known.borrow_and_update().clone() {
            Known::NotYet => None,
            Known::Hidden => Some(fallback(shared)),
            Known::Listed(names) => Some((*names).clone()),
        };
        if let Some(names) = names {
            let gone: Vec<String> = running.keys().filter(|name| !names.contains(*name)).cloned().collect();
            for name in gone {
                if let Some(feed) = running.remove(&name) {
                    feed.abort();
                }
                if let Err(closed) = leave(shared, resource, name).await {
                    return Some(closed.into());
                }
            }
            let new: Vec<String> = names.iter().filter(|name| !running.contains_key(*name)).cloned().collect();
            shared.board.split(&Place { resource: resource.full_name(), namespace: None }, &new);
            if let Err(closed) = shared.tell().await {
                return Some(closed.into());
            }
            for name in new {
                let (handle, registration) = AbortHandle::new_pair();
                let feed = Feed::new(shared.clone(), resource, Some(name.clone()));
                feeds.push(Abortable::new(feed.run(), registration));
                running.insert(name, handle);
            }
        }
        tokio::select! {
            changed = known.changed() => if changed.is_err() { return Some(Stop::Forbidden) },
            Some(Ok(stop)) = feeds.next(), if !feeds.is_empty() => return Some(stop),
            () = &mut again => {
                if is_allowed(shared, resource).await {
                    for name in running.keys() {
                        shared.tables.doubt(&table(Some(name)), shared.desk.now());
                    }
                    let namespaces = running.into_keys().map(Some);
                    shared.board.merge(&resource.full_name(), namespaces);
                    return None;
                }
                again.set(tokio::time::sleep(PAUSES[1]));
            }
        }
    }
}

/// Whether the whole cluster may be read: one object is asked for.
async fn is_allowed(shared: &Shared, resource: &'static Resource) -> bool {
    let path = format!("{}?limit=1", resource.path(None));
    let Ok(mut answer) = shared.link.get(&path, Want::Json, false, Some(&shared.desk)).await else { return false };
    answer.whole(LIMIT).await.is_ok()
}

/// Where the server does not tell its namespaces: the one that the context names.
fn fallback(shared: &Shared) -> BTreeSet<String> {
    let name = shared.link.default_namespace.clone();
    if shared.scope.holds(&name) { BTreeSet::from([name]) } else { BTreeSet::new() }
}

/// A namespace is gone: so is what its table held.
async fn leave(shared: &Shared, resource: &'static Resource, name: String) -> Result<(), Closed> {
    let table = Table { name: Text::name(resource.plural), scope: Some(Text::name(&name)) };
    shared.board.remove(&Place { resource: resource.full_name(), namespace: Some(name) });
    if shared.tables.remove(&table) {
        shared.desk.send(vec![Update::Begin(table.clone()), Update::Commit(table)]).await?;
    }
    shared.tell().await
}
