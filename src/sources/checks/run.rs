//! The runner: starts what is due, tells what came of it, hears what else is to be run. A slow Check delays no other.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use super::ask::Ask;
use super::book::{Book, Entry};
use super::seen::Seen;
use super::{Checks, convert};
use crate::model::{CheckSpec, Fact, Freshness, SourceStatus, Table, Update};
use crate::sources::port::{CheckOrder, Desk, Failure};

/// Checks that begin at once.
const BEGINNING: usize = 8;
/// After this time a Check only waits for somebody else: it gives its place to the next.
const BEGUN: Duration = Duration::from_millis(500);
/// Most that wait at once, all in all.
const WAITING: usize = 64;
/// The configured Checks have been looked at once after this time at the latest, hanging ones or not.
const FIRST_LOOK_MS: i64 = 3_000;
/// How often we say that we are here.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// The places that running Checks take.
struct Places {
    beginning: Semaphore,
    all: Semaphore,
}

type Done = (Entry, Seen);

/// Runs Checks until cancelled.
pub(super) async fn run(checks: Arc<Checks>, desk: Desk) -> Result<(), Failure> {
    let table = Table::whole(convert::TABLE);
    let mut book = Book::new(checks.name.clone(), &checks.configured, desk.now());
    checks.again();
    open(&checks, &desk, &book, &table).await?;
    let places = Arc::new(Places { beginning: Semaphore::new(BEGINNING), all: Semaphore::new(WAITING) });
    let mut under_way: FuturesUnordered<BoxFuture<'static, Done>> = FuturesUnordered::new();
    let (began, mut synced) = (desk.now(), false);
    loop {
        let now = desk.now();
        for entry in book.start(now) {
            under_way.push(Box::pin(one(checks.clone(), desk.clone(), places.clone(), entry)));
        }
        let looked = now.as_millisecond() - began.as_millisecond() >= FIRST_LOOK_MS;
        if !synced && (looked || book.all_ran()) {
            synced = true;
            desk.send(vec![Update::Synced]).await?;
        }
        let first = if synced { SIGN_OF_LIFE } else { Duration::from_millis(250) };
        let wait = book.until_due(now).map_or(first, |ms| first.min(Duration::from_millis(ms.max(10))));
        tokio::select! {
            Some((entry, seen)) = under_way.next(), if !under_way.is_empty() => {
                desk.called(seen.latency_ms.map(|ms| Duration::from_millis(u64::from(ms))));
                if book.ended(&entry, desk.now()) {
                    let fact = checks.tell(&entry, seen, desk.now());
                    desk.send(vec![Update::Put(table.clone(), Fact::Check(Box::new(fact)))]).await?;
                }
            }
            () = checks.ordered() => {
                for order in checks.orders() {
                    obey(&checks, &desk, &mut book, &table, order).await?;
                }
            }
            () = tokio::time::sleep(wait) => desk.alive(),
        }
    }
}

/// Tells which Checks there are; what is known of them from before stays.
async fn open(checks: &Checks, desk: &Desk, book: &Book, table: &Table) -> Result<(), Failure> {
    let mut updates = vec![Update::Begin(table.clone())];
    let facts = book.entries().map(|entry| Fact::Check(Box::new(checks.known(entry))));
    updates.extend(facts.map(|fact| Update::Put(table.clone(), fact)));
    updates.push(Update::Commit(table.clone()));
    updates.push(Update::Status(SourceStatus { state: Freshness::Fresh, ..SourceStatus::default() }));
    Ok(desk.send(updates).await?)
}

async fn obey(checks: &Checks, desk: &Desk, book: &mut Book, table: &Table, order: CheckOrder) -> Result<(), Failure> {
    match order {
        CheckOrder::Now(services) => book.hurry(&services, desk.now()),
        CheckOrder::Found(found) => {
            let (new, gone) = book.found(&found, desk.now());
            let puts = new.iter().map(|entry| Fact::Check(Box::new(checks.known(entry))));
            let mut updates: Vec<Update> = puts.map(|fact| Update::Put(table.clone(), fact)).collect();
            checks.forget(&gone);
            updates.extend(gone.into_iter().map(Update::Drop));
            if !updates.is_empty() {
                desk.send(updates).await?;
            }
        }
    }
    Ok(())
}

/// One run within its places and its deadline.
async fn one(checks: Arc<Checks>, desk: Desk, places: Arc<Places>, entry: Entry) -> Done {
    // A place is never refused: the semaphores live as long as we do.
    let _one_of_all = places.all.acquire().await;
    let beginning = places.beginning.acquire().await;
    let clock = desk.clock();
    let spec: Arc<CheckSpec> = entry.spec.clone();
    let ask = Ask::new(&spec, &checks.trust, &*clock);
    let mut run = Box::pin(ask.run());
    let early = tokio::time::timeout(BEGUN, &mut run).await;
    drop(beginning);
    let seen = match early {
        Ok(seen) => seen,
        Err(_) => run.await,
    };
    (entry, seen)
}
