//! The Source of the Checks, watched as the engine watches it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::clock::SystemClock;
use quarterdeck::model::{Check, CheckKind, CheckSpec, Fact, Outcome, SourceSpec, Text, Update};
use quarterdeck::sources::port::{Desk, Gauge, News, Opener, Watch};
use quarterdeck::sources::registry::Registry;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) source: Arc<dyn Watch>,
    news: mpsc::Receiver<News>,
    cancel: CancellationToken,
    /// By target.
    pub(crate) checks: BTreeMap<String, Check>,
    pub(crate) synced: bool,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Bench {
    pub(crate) fn start(checks: Vec<CheckSpec>) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let spec = SourceSpec::checks(checks);
        let source = Registry.open(&spec).unwrap();
        let (out, news) = mpsc::channel(64);
        let (_, seen) = watch::channel(Arc::from([]));
        let cancel = CancellationToken::new();
        let gauge = Arc::new(Gauge::default());
        let desk = Desk::new(spec.name.clone(), out, seen, Arc::new(SystemClock), cancel.clone(), gauge);
        drop(tokio::spawn(cancel.clone().run_until_cancelled_owned(source.clone().watch(desk))));
        Self { source, news, cancel, checks: BTreeMap::new(), synced: false }
    }

    /// Takes news in until `done` holds.
    pub(crate) async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let wait = async {
            while !done(self) {
                let news = self.news.recv().await.expect("the watch goes on");
                for update in news.updates {
                    self.apply(update);
                }
            }
        };
        let timely = tokio::time::timeout(DEADLINE, wait).await.is_ok();
        assert!(timely, "never: {what}; {:?}", self.checks);
    }

    fn apply(&mut self, update: Update) {
        match update {
            Update::Put(_, Fact::Check(check)) => {
                self.checks.insert(check.target.raw().to_owned(), *check);
            }
            Update::Drop(key) => self.checks.retain(|_, check| check.key != key),
            Update::Synced => self.synced = true,
            _ => {}
        }
    }

    /// What came of the Check of this target.
    pub(crate) async fn ended(&mut self, target: &str) -> Check {
        self.until(target, |bench| bench.checks.get(target).is_some_and(|check| check.checked_at.is_some())).await;
        self.checks[target].clone()
    }
}

/// A configured Check with a deadline of two seconds.
pub(crate) fn spec(kind: CheckKind, target: &str) -> CheckSpec {
    let spec = CheckSpec::configured(kind, Text::line(target), Text::line("prod/api"));
    CheckSpec { timeout_seconds: 2, ..spec }
}

/// Runs one Check once.
pub(crate) async fn once(spec: CheckSpec) -> Check {
    let target = spec.target.raw().to_owned();
    Bench::start(vec![spec]).ended(&target).await
}

/// It ended so, and its message holds these words.
#[track_caller]
pub(crate) fn says(check: &Check, outcome: Outcome, words: &str) {
    assert!(check.outcome == outcome && check.message.raw().contains(words), "not {outcome} `{words}`: {check:?}");
}
