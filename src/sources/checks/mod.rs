//! The Checks that we run ourselves: HTTP, TCP, TLS, DNS, Postgres, Redis; those of the configuration and those that were
//! found. Passing only on evidence; what cannot be asked from here is unknown.

mod ask;
mod book;
mod certificate;
mod convert;
mod dial;
mod dns;
mod http;
mod postgres;
mod redis;
mod run;
mod seen;
mod tcp;
mod tls;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::Notify;

use self::book::Entry;
use self::seen::Seen;
use self::trust::Trust;
use crate::model::{Check, CheckSpec, Connection, Key, LogAsk, SourceKind, SourceName, SourceSpec, Text, Timestamp};
use crate::sources::port::{CheckOrder, Desk, Failure, FailureKind, LogOut, RawAsk, RawDocument, Watch};
use crate::sources::registry::mismatched;

/// Most wishes that wait to be heard.
const WISHES: usize = 64;

/// The Source of the Checks.
struct Checks {
    name: SourceName,
    configured: Vec<CheckSpec>,
    trust: Trust,
    ordered: Notify,
    memory: Mutex<Memory>,
}

/// What outlives one watch: wishes of the engine, and what came of each Check last.
#[derive(Default)]
struct Memory {
    found: Option<Arc<[CheckSpec]>>,
    /// What was found has not been told to the runner so far.
    untold: bool,
    now: Vec<Arc<[Text]>>,
    last: HashMap<Arc<str>, (Arc<CheckSpec>, Check)>,
}

/// Makes the Source; nothing is asked yet.
///
/// # Errors
/// A spec of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Checks { checks } = &spec.connection else { return Err(mismatched(spec)) };
    Ok(Arc::new(Checks {
        name: spec.name.clone(),
        configured: checks.clone(),
        trust: Trust::default(),
        ordered: Notify::new(),
        memory: Mutex::default(),
    }))
}

impl Checks {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new watch begins: what was found before is to be told to it.
    fn again(&self) {
        let mut memory = self.memory();
        memory.untold = memory.found.is_some();
        if memory.untold {
            self.ordered.notify_one();
        }
    }

    /// Ends when the engine has said something.
    async fn ordered(&self) {
        self.ordered.notified().await;
    }

    /// What the engine has said since, what was found first.
    fn orders(&self) -> Vec<CheckOrder> {
        let mut memory = self.memory();
        let found = memory.found.clone().filter(|_| memory.untold).map(CheckOrder::Found);
        memory.untold = false;
        let now = std::mem::take(&mut memory.now);
        found.into_iter().chain(now.into_iter().map(CheckOrder::Now)).collect()
    }

    /// What is known of a Check.
    fn known(&self, entry: &Entry) -> Check {
        let mut memory = self.memory();
        let known = memory.last.get(&entry.key.uid).filter(|(spec, _)| *spec == entry.spec);
        let check = known.map_or_else(|| convert::unseen(&entry.key, &entry.spec), |(_, check)| check.clone());
        memory.last.insert(entry.key.uid.clone(), (entry.spec.clone(), check.clone()));
        check
    }

    /// Remembers what came of a run, as a fact.
    fn tell(&self, entry: &Entry, seen: Seen, now: Timestamp) -> Check {
        let mut memory = self.memory();
        let before = memory.last.get(&entry.key.uid).map(|(_, check)| check);
        let check = convert::fact(&entry.key, &entry.spec, seen, before, now);
        memory.last.insert(entry.key.uid.clone(), (entry.spec.clone(), check.clone()));
        check
    }

    fn forget(&self, gone: &[Key]) {
        let mut memory = self.memory();
        for key in gone {
            memory.last.remove(&key.uid);
        }
    }
}

impl Watch for Checks {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Checks
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(run::run(self, desk))
    }

    fn logs(self: Arc<Self>, _ask: LogAsk, _out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async { Err(Failure::new(FailureKind::Unsupported, "a Check has no logs")) })
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        Box::pin(async move {
            let memory = self.memory();
            let (spec, check) = memory
                .last
                .get(&ask.key.uid)
                .ok_or_else(|| Failure::new(FailureKind::Absent, "there is no such Check any more"))?;
            Ok(RawDocument { format: Text::name("yaml"), lines: convert::described(spec, Some(check)) })
        })
    }

    fn order(&self, order: CheckOrder) {
        let mut memory = self.memory();
        match order {
            CheckOrder::Found(found) => {
                // What only a platform has the way to is asked by that platform's Source.
                memory.found = Some(found.iter().filter(|spec| spec.pods.is_none()).cloned().collect());
                memory.untold = true;
            }
            // Whoever asks so often gets one answer for all.
            CheckOrder::Now(_) if memory.now.len() >= WISHES => memory.now = vec![Arc::from([])],
            CheckOrder::Now(services) => memory.now.push(services),
        }
        drop(memory);
        self.ordered.notify_one();
    }
}
