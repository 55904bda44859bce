//! One run of a Check: what is asked, what is at hand for it, and how far it has come.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::seen::Seen;
use super::trust::Trust;
use super::{dns, http, postgres, redis, tcp, tls};
use crate::model::{CheckKind, CheckSpec, Outcome, Timestamp};
use crate::sources::port::Clock;

/// One run.
pub(super) struct Ask<'a> {
    pub(super) spec: &'a CheckSpec,
    pub(super) trust: &'a Trust,
    clock: &'a dyn Clock,
    begun: Timestamp,
    stage: Mutex<Stage>,
}

/// How far a run has come: what is said of it when its time is over.
#[derive(Clone, Debug)]
struct Stage {
    doing: String,
    /// Whether silence now is evidence against the target.
    asked: bool,
    expires: Option<Timestamp>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(spec: &'a CheckSpec, trust: &'a Trust, clock: &'a dyn Clock) -> Self {
        let stage = Stage { doing: "it was not asked".to_owned(), asked: false, expires: None };
        Self { spec, trust, clock, begun: clock.now(), stage: Mutex::new(stage) }
    }

    /// Runs it, until its own deadline at the latest.
    pub(super) async fn run(&self) -> Seen {
        let limit = Duration::from_secs(u64::from(self.spec.timeout_seconds.max(1)));
        let work = async {
            match self.spec.kind {
                CheckKind::Http => http::check(self).await,
                CheckKind::Tcp => tcp::check(self).await,
                CheckKind::Tls => tls::check(self).await,
                CheckKind::Dns => dns::check(self).await,
                CheckKind::Postgres => postgres::check(self).await,
                CheckKind::Redis => redis::check(self).await,
                CheckKind::Health => Seen::unknown("its platform runs it"),
            }
        };
        let seen = match tokio::time::timeout(limit, work).await {
            Ok(seen) => seen.within(self.spec),
            Err(_) => self.late(limit),
        };
        // The address of an Instance leads somewhere only on the network that it is on: without an answer we may be elsewhere.
        if self.spec.found_by.raw() == CheckSpec::OF_INSTANCE && seen.latency_ms.is_none() {
            return Seen { outcome: Outcome::Unknown, ..seen };
        }
        seen
    }

    fn late(&self, limit: Duration) -> Seen {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let words = format!("{} within {} s", stage.doing, limit.as_secs());
        let seen = if stage.asked { Seen::failing(&words) } else { Seen::unknown(&words) };
        seen.expires(stage.expires)
    }

    /// Our own work goes on: that it takes long says nothing about the target.
    pub(super) fn preparing(&self, late: &str) {
        self.set(late, false);
    }

    /// From now on the target is waited for; `late` is what is said if it does not come.
    pub(super) fn waiting(&self, late: &str) {
        self.set(late, true);
    }

    /// The target showed a certificate that ends then.
    pub(super) fn shown(&self, expires: Option<Timestamp>) {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).expires = expires;
    }

    fn set(&self, doing: &str, asked: bool) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.asked = asked;
        doing.clone_into(&mut stage.doing);
    }

    /// Milliseconds since the run began.
    pub(super) fn took(&self) -> u32 {
        u32::try_from((self.now().as_millisecond() - self.begun.as_millisecond()).max(0)).unwrap_or(u32::MAX)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
