//! One run of the watch: hello, feeds for every kind, a sign of life, credentials kept fresh, until something ends it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use tokio::task::JoinHandle;

use super::super::port::{Desk, Failure};
use super::board::{Board, Cell};
use super::feed::{Feed, Shared, Stop};
use super::kubeconfig::Login;
use super::link::Link;
use super::narrow::narrow;
use super::resource::{COMMON, CUSTOM, EVENTS, NAMESPACES, Resource};
use super::trouble::Trouble;
use super::{Kubernetes, metrics, namespaces, readiness};
use crate::model::{Freshness, SourceStatus, Text, Update};

/// Longest silence before a sign of life is asked for, and how long its answer may take: together under ten seconds.
const SILENCE: Duration = Duration::from_secs(5);
const SIGN_DEADLINE: Duration = Duration::from_secs(4);
/// How often it is said what a login still waits for.
const STILL_WAITING: Duration = Duration::from_secs(2);
const DISCOVERY_LIMIT: usize = 4 * 1024 * 1024;

type Feeds = FuturesUnordered<JoinHandle<Option<Stop>>>;

/// Runs until an error, or until a new run is wanted (`Ok`): after a fresh login.
///
/// # Errors
/// Why it cannot go on.
pub(crate) async fn run(source: &Kubernetes, desk: Desk) -> Result<(), Failure> {
    let mut login = patient_login(source, &desk).await?;
    let mut link = source.adopt(&login);
    let hello = match hello(&link, &desk).await {
        Err(trouble) if trouble.status == Some(401) && source.forget_login(&login) => {
            login = patient_login(source, &desk).await?;
            link = source.adopt(&login);
            hello(&link, &desk).await
        }
        other => other,
    };
    let hello = hello.map_err(|trouble| trouble.failure)?;
    let shared = Arc::new(Shared {
        board: Board::new(link.marks.clone(), hello.version),
        scope: source.scope(),
        gate: tokio::sync::watch::channel(false).0,
        doubt: tokio::sync::Notify::new(),
        namespaces: namespaces::Roll::new(source.scope()),
        tables: source.tables(),
        pods: hello.groups.iter().any(|g| g == "metrics.k8s.io").then(metrics::Index::default),
        desk: desk.clone(),
        link: link.clone(),
    });
    let mut feeds = start(&shared, &hello.groups).await?;
    let measuring = desk.spawn(metrics::measure(shared.clone()));
    let asking = desk.spawn(readiness::keep(shared.clone(), source.doors.clone()));
    let ended = tokio::select! {
        () = async { desk.cancelled().cancelled().await } => Ok(()),
        failure = signs_of_life(&shared) => Err(failure),
        failure = keep_login(source, &login, &shared) => Err(Stop::Fatal(failure)),
        stop = feeds.next() => match stop {
            Some(Ok(Some(stop))) => Err(stop),
            // A task that was cancelled, or that died: the run ends, and another begins.
            _ => Ok(()),
        },
    };
    shared.tables.doubt_all(desk.now());
    measuring.abort();
    asking.abort();
    for feed in &feeds {
        feed.abort();
    }
    // Credentials that were good for everything once are not to blame for being new.
    login.fresh &= !*shared.gate.borrow();
    match ended {
        Err(Stop::LoggedOut(_)) if source.forget_login(&login) => Ok(()),
        Err(Stop::LoggedOut(failure) | Stop::Fatal(failure)) => Err(failure),
        Ok(()) | Err(Stop::Forbidden) => Ok(()),
    }
}

/// A login plugin may wait for a person: while it does, the Source says what it waits for.
async fn patient_login(source: &Kubernetes, desk: &Desk) -> Result<Login, Failure> {
    let began = desk.now();
    let mut login = std::pin::pin!(source.login(began));
    loop {
        tokio::select! {
            ended = &mut login => return ended,
            () = tokio::time::sleep(STILL_WAITING) => {
                let Some(plugin) = source.plugin() else { continue };
                let seconds = (desk.now().as_second() - began.as_second()).max(0);
                let words = format!("waiting for the login plugin {plugin}, {seconds} s");
                let status =
                    SourceStatus { state: Freshness::Connecting, detail: Some(Text::line(&words)), ..SourceStatus::default() };
                desk.say(vec![Update::Status(status)]).await?;
            }
        }
    }
}

/// What the server says of itself.
struct Hello {
    version: Option<Text>,
    groups: Vec<String>,
}

/// Its version, which proves that it is there and takes our credentials, and its API groups.
async fn hello(link: &Link, desk: &Desk) -> Result<Hello, Trouble> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: Option<String>,
    }
    #[derive(Deserialize)]
    struct Groups {
        groups: Vec<Group>,
    }
    #[derive(Deserialize)]
    struct Group {
        name: String,
    }
    let version = link.json::<Version>("/version", DISCOVERY_LIMIT, Some(desk));
    let groups = link.json::<Groups>("/apis", DISCOVERY_LIMIT, Some(desk));
    let (version, groups) = futures::future::join(version, groups).await;
    let version = match version {
        Ok(version) => version.git_version.map(|v| Text::name(&v)),
        // Some gateways hide it; that they answered is what counts.
        Err(trouble) if matches!(trouble.status, Some(403 | 404)) => None,
        Err(trouble) => return Err(trouble),
    };
    let groups = groups.map(|g| g.groups.into_iter().map(|g| g.name).collect()).unwrap_or_default();
    Ok(Hello { version, groups })
}

/// Starts a feed for every kind that the server has.
async fn start(shared: &Arc<Shared>, groups: &[String]) -> Result<Feeds, Failure> {
    let feeds = Feeds::new();
    let custom = CUSTOM.iter().filter(|r| groups.iter().any(|g| g == r.group));
    let all: Vec<&'static Resource> = COMMON.iter().chain([&NAMESPACES, &EVENTS]).chain(custom).collect();
    let mut planned = Vec::new();
    for resource in all {
        match shared.scope.named() {
            Some(names) if resource.namespaced => {
                planned.extend(names.iter().map(|n| Feed::new(shared.clone(), resource, Some(n.clone()))));
            }
            _ => planned.push(Feed::new(shared.clone(), resource, None)),
        }
    }
    for feed in &planned {
        shared.board.set(feed.place(), Cell::Waiting);
    }
    shared.tell().await?;
    for feed in planned {
        feeds.push(shared.desk.spawn(wide(feed)));
    }
    Ok(feeds)
}

/// A feed of the whole cluster, or of single namespaces where that is denied.
async fn wide(mut feed: Feed) -> Stop {
    let (shared, resource) = (feed.shared.clone(), feed.resource);
    loop {
        match feed.run().await {
            Stop::Forbidden => {}
            stop => return stop,
        }
        if let Some(stop) = narrow(&shared, resource).await {
            return stop;
        }
        feed = Feed::new(shared.clone(), resource, None);
    }
}

/// Asks for a sign of life whenever the server has been silent for a while; ends when there is none.
async fn signs_of_life(shared: &Shared) -> Stop {
    loop {
        let doubted = tokio::select! {
            () = tokio::time::sleep(SILENCE) => false,
            () = shared.doubt.notified() => true,
        };
        let since =
            shared.desk.gauge().answered_at().map(|at| shared.desk.now().as_millisecond() - at.as_millisecond());
        if !doubted && since.is_some_and(|ms| ms < 4000) {
            continue;
        }
        match shared.link.sign_of_life(SIGN_DEADLINE, &shared.desk).await {
            Ok(()) => {}
            Err(trouble) if trouble.status == Some(401) => return Stop::LoggedOut(trouble.failure),
            Err(trouble) => return Stop::Fatal(trouble.failure),
        }
        if doubted {
            // One look is enough for all the requests that a broken connection fails at once.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Runs the login plugin again before its credentials end; the feeds go on undisturbed.
async fn keep_login(source: &Kubernetes, login: &Login, shared: &Shared) -> Failure {
    let mut end = login.credentials.as_ref().and_then(|c| c.expiration_timestamp);
    loop {
        let Some(at) = end else { return std::future::pending().await };
        let left = at.as_second() - shared.desk.now().as_second() - 60;
        // At least so long, should the plugin give credentials that have ended already.
        tokio::time::sleep(Duration::from_secs(u64::try_from(left).unwrap_or(0).clamp(30, 24 * 3600))).await;
        if at.as_second() - shared.desk.now().as_second() > 90 {
            continue;
        }
        match source.login(shared.desk.now()).await {
            Err(failure) => return failure,
            Ok(login) => {
                shared.link.renew(login.client.clone());
                end = login.credentials.and_then(|c| c.expiration_timestamp);
            }
        }
    }
}
