//! Checks of the path that a readiness probe asks: each pod is asked through the API server's own proxy, and only when somebody
//! wants to know. The kubelet asks the same all the time; whether a pod is ready says the platform already.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use tokio::sync::Notify;

use super::super::port::CheckOrder;
use super::feed::Shared;
use super::link::Want;
use super::list::query;
use super::trouble::Trouble;
use crate::model::{Check, CheckSpec, Fact, Key, Outcome, PodDoor, Table, Text, Timestamp, Update};

/// Pods of one Workload that are asked at once.
const AT_ONCE: usize = 4;
/// How long an answer says something of now; after that it counts as not checked again.
const KEPT: Duration = Duration::from_mins(2);
/// Wishes that are kept apart.
const WISHES: usize = 16;
/// What stands where nobody has asked.
const UNASKED: &str = "the kubelet asks it; run now, each pod is asked through the API server";

/// What the engine wants of this Source's pods.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    inner: Mutex<Wanted>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    found: Arc<[CheckSpec]>,
    now: Vec<Arc<[Text]>>,
}

impl Doors {
    /// Hears the engine.
    pub(crate) fn order(&self, order: CheckOrder) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match order {
            CheckOrder::Found(found) => inner.found = found,
            // Whoever asks so often gets one answer for all.
            CheckOrder::Now(_) if inner.now.len() >= WISHES => inner.now = vec![Arc::from([])],
            CheckOrder::Now(services) => inner.now.push(services),
        }
        drop(inner);
        self.woken.notify_one();
    }

    fn take(&self) -> (Arc<[CheckSpec]>, Vec<Arc<[Text]>>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.found.clone(), std::mem::take(&mut inner.now))
    }
}

/// What came of asking one pod.
enum Answer {
    Well(u32),
    Wrong(String),
    /// It could not be asked.
    Unheard(String),
    Denied,
    /// It is gone meanwhile.
    Gone,
}

/// Tells which of these Checks there are, and runs those that somebody asks for, until the engine is gone.
pub(crate) async fn keep(shared: Arc<Shared>, doors: Arc<Doors>) {
    let table = Table::whole("readiness checks");
    let mut known: BTreeMap<Arc<str>, (CheckSpec, Check)> = BTreeMap::new();
    let mut updates = vec![Update::Begin(table.clone()), Update::Commit(table.clone())];
    loop {
        let source = shared.desk.source();
        let (found, wishes) = doors.take();
        let own = |spec: &&CheckSpec| spec.pods.as_ref().is_some_and(|door| door.source == *source);
        let found: BTreeMap<Arc<str>, &CheckSpec> =
            found.iter().filter(own).map(|spec| (spec.key(source).uid, spec)).collect();
        let gone: Vec<Arc<str>> = known.keys().filter(|uid| !found.contains_key(*uid)).cloned().collect();
        updates.extend(gone.iter().filter_map(|uid| Some(Update::Drop(known.remove(uid)?.1.key))));
        for (uid, spec) in found {
            if known.get(&uid).is_none_or(|(before, _)| before != spec) {
                let check = unasked(spec, spec.key(source));
                updates.push(put(&table, &check));
                known.insert(uid, (spec.clone(), check));
            }
        }
        let wanted = |spec: &CheckSpec| {
            wishes.iter().any(|names| names.is_empty() || names.iter().any(|name| spec.concerns(name.raw())))
        };
        for (spec, check) in known.values_mut().filter(|(spec, _)| wanted(spec)) {
            *check = run(&shared, spec, check).await;
            updates.push(put(&table, check));
        }
        let now = shared.desk.now();
        for (spec, check) in known.values_mut().filter(|(_, check)| left(check, now) == Some(Duration::ZERO)) {
            *check = unasked(spec, check.key.clone());
            updates.push(put(&table, check));
        }
        if !updates.is_empty() && shared.desk.send(std::mem::take(&mut updates)).await.is_err() {
            return;
        }
        let next = known.values().filter_map(|(_, check)| left(check, now)).min().unwrap_or(Duration::from_hours(1));
        tokio::select! {
            () = doors.woken.notified() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
}

fn put(table: &Table, check: &Check) -> Update {
    Update::Put(table.clone(), Fact::Check(Box::new(check.clone())))
}

/// How long what was seen still counts; `None`: nothing was.
fn left(check: &Check, now: Timestamp) -> Option<Duration> {
    let passed = now.duration_since(check.checked_at?);
    Some(KEPT.saturating_sub(passed.try_into().unwrap_or(Duration::ZERO)))
}

fn unasked(spec: &CheckSpec, key: Key) -> Check {
    Check {
        key,
        kind: spec.kind,
        service: spec.service.clone(),
        target: spec.target.clone(),
        found_by: spec.found_by.clone(),
        outcome: Outcome::NotChecked,
        since: None,
        latency_ms: None,
        message: Text::line(UNASKED),
        checked_at: None,
        certificate_expires_at: None,
        connections: None,
    }
}

async fn run(shared: &Shared, spec: &CheckSpec, before: &Check) -> Check {
    let Some(door) = &spec.pods else { return before.clone() };
    let mut asked: Vec<BoxFuture<'_, Answer>> = Vec::with_capacity(door.pods.len());
    for pod in &door.pods {
        asked.push(ask(shared, door, pod).boxed());
    }
    let answers: Vec<Answer> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let answers: Vec<(&Text, Answer)> = door.pods.iter().zip(answers).collect();
    let (outcome, message, latency_ms) = judge(door, &answers);
    let now = shared.desk.now();
    let since = before.since.filter(|_| before.outcome == outcome).or(Some(now));
    let checked_at = Some(now).filter(|_| outcome != Outcome::NotChecked);
    let message = Text::line(&message);
    Check { outcome, since, latency_ms, message, checked_at, ..unasked(spec, before.key.clone()) }
}

/// One pod through the proxy of the API server (Kubernetes API, `connect GET requests to proxy of Pod`).
async fn ask(shared: &Shared, door: &PodDoor, pod: &Text) -> Answer {
    let scheme = if door.tls { "https" } else { "http" };
    // As the kubelet has it: a path that may carry a query, written for an HTTP request already.
    let asked = door.path.raw().trim_start_matches('/');
    let (scope, name) = (query(door.scope.raw()), query(pod.raw()));
    let path = format!("/api/v1/namespaces/{scope}/pods/{scheme}:{name}:{}/proxy/{}", door.port, safe(asked));
    let begun = shared.desk.now();
    let answer = shared.link.get(&path, Want::Log, false, Some(&shared.desk)).await;
    let took = shared.desk.now().duration_since(begun).as_millis();
    match answer {
        Ok(_) => Answer::Well(u32::try_from(took).unwrap_or(u32::MAX)),
        Err(trouble) => read(&trouble, took),
    }
}

/// Without what a request line cannot carry.
fn safe(path: &str) -> String {
    path.chars().filter(|c| c.is_ascii_graphic() && *c != '#').collect()
}

/// What a refusal means: the API server's own, or the pod's answer passed on.
fn read(trouble: &Trouble, took: i128) -> Answer {
    let said = trouble.failure.message.raw();
    match trouble.status {
        Some(300..400) => Answer::Well(u32::try_from(took).unwrap_or(u32::MAX)),
        Some(403) if said.contains("pods/proxy") => Answer::Denied,
        Some(404) if said.contains("pods \"") => Answer::Gone,
        None => Answer::Unheard(said.to_owned()),
        Some(_) if said.contains("error trying to reach service") => Answer::Unheard(said.to_owned()),
        Some(status) => Answer::Wrong(format!("answered {status}")),
    }
}

/// What follows from the answers of all pods.
fn judge(door: &PodDoor, answers: &[(&Text, Answer)]) -> (Outcome, String, Option<u32>) {
    if answers.iter().any(|(_, answer)| matches!(answer, Answer::Denied)) {
        let words = format!("not asked: needs get on pods/proxy in {}", door.scope);
        return (Outcome::NotChecked, words, None);
    }
    let there: Vec<&(&Text, Answer)> = answers.iter().filter(|(_, answer)| !matches!(answer, Answer::Gone)).collect();
    let all = there.len();
    let well = || there.iter().filter_map(|(_, answer)| if let Answer::Well(ms) = answer { Some(*ms) } else { None });
    let latency = well().max();
    let wrong = there.iter().find_map(|(pod, answer)| match answer {
        Answer::Wrong(words) => Some(format!("{pod} {words}")),
        _ => None,
    });
    let unheard = there.iter().find_map(|(pod, answer)| match answer {
        Answer::Unheard(words) => Some(format!("{pod} cannot be asked: {words}")),
        _ => None,
    });
    let count = format!("{} of {all} pods answer", well().count());
    match (wrong, unheard, latency) {
        (Some(words), ..) => (Outcome::Failing, format!("{count}; {words}"), latency),
        (None, Some(words), _) => (Outcome::Unknown, format!("{count}; {words}"), latency),
        (None, None, Some(ms)) => (Outcome::Passing, format!("{count}, the slowest in {ms} ms"), latency),
        (None, None, None) => (Outcome::Unknown, "no pod is there to be asked".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceName;
    use crate::sources::port::{Failure, FailureKind};

    fn trouble(status: Option<u16>, words: &str) -> Trouble {
        Trouble { status, failure: Failure::new(FailureKind::Garbled, words) }
    }

    #[test]
    fn what_the_api_server_refuses_is_told_apart_from_what_a_pod_answers() {
        let read = |status, words| read(&trouble(status, words), 5);
        assert!(matches!(
            read(Some(403), "pods \"a\" is forbidden: cannot get resource \"pods/proxy\""),
            Answer::Denied
        ));
        assert!(matches!(read(Some(403), "<html>"), Answer::Wrong(words) if words == "answered 403"));
        assert!(matches!(read(Some(404), "pods \"a\" not found"), Answer::Gone));
        assert!(matches!(read(Some(404), "no such page"), Answer::Wrong(_)));
        assert!(matches!(read(Some(503), "error trying to reach service: dial tcp"), Answer::Unheard(_)));
        assert!(matches!(read(Some(302), ""), Answer::Well(5)));
    }

    #[test]
    fn one_pod_that_fails_fails_the_check_and_what_may_not_be_asked_is_not_checked() {
        let door = PodDoor {
            source: SourceName::new("k"),
            scope: Text::name("shop"),
            pods: Vec::new(),
            port: 80,
            path: Text::name("/"),
            tls: false,
        };
        let (a, b) = (Text::name("a"), Text::name("b"));
        let of = |answers: Vec<(&Text, Answer)>| {
            let (outcome, words, _) = judge(&door, &answers);
            (outcome, words)
        };
        let wrong = || Answer::Wrong("answered 500".to_owned());
        let said = of(vec![(&a, Answer::Well(3)), (&b, wrong())]);
        assert_eq!(said, (Outcome::Failing, "1 of 2 pods answer; b answered 500".to_owned()));
        let said = of(vec![(&a, Answer::Well(3)), (&b, Answer::Gone)]);
        assert_eq!(said, (Outcome::Passing, "1 of 1 pods answer, the slowest in 3 ms".to_owned()));
        assert_eq!(of(vec![(&a, wrong()), (&b, Answer::Denied)]).0, Outcome::NotChecked);
        assert_eq!(of(vec![(&a, Answer::Unheard("dial".to_owned()))]).0, Outcome::Unknown);
        assert_eq!(of(Vec::new()).0, Outcome::Unknown);
    }
}
