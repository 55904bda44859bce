//! What a Source may ask of its server: so many requests at once, and so many in a stretch of time (PERFORMANCE T20).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::port::Clock;

/// Requests in flight at once.
const AT_ONCE: usize = 8;
/// Requests that may come in one burst (a first list of every kind), and how many a second refill it.
const BURST: f64 = 100.0;
const PER_SECOND: f64 = 10.0;
/// How long a server is left alone that said it has too much to do.
const REST_SECONDS: f64 = 2.0;

/// A token bucket with a limit on requests in flight. Whoever drops the permit gives the place back.
pub struct Budget {
    places: Arc<Semaphore>,
    tokens: Mutex<(f64, i64)>,
    clock: Arc<dyn Clock>,
}

impl Budget {
    /// A full bucket.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.now().as_millisecond();
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), tokens: Mutex::new((BURST, now)), clock }
    }

    /// Waits for a place and a token. `None` never happens while the budget lives; it spares an `unwrap`.
    pub async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.places.clone().acquire_owned().await.ok();
        while let Some(wait) = self.take() {
            tokio::time::sleep(wait).await;
        }
        place
    }

    /// The server says that it has too much to do: nothing goes for `REST_SECONDS`, and no burst after it.
    pub fn rest(&self) {
        let now = self.clock.now().as_millisecond();
        if let Ok(mut bucket) = self.tokens.lock() {
            *bucket = (-PER_SECOND * REST_SECONDS, now);
        }
    }

    /// Takes a token, or says how long until there is one.
    fn take(&self) -> Option<Duration> {
        let now = self.clock.now().as_millisecond();
        let Ok(mut bucket) = self.tokens.lock() else { return None };
        let (tokens, since) = *bucket;
        let passed = (now - since).max(0) as f64 / 1000.0;
        let tokens = (tokens + passed * PER_SECOND).min(BURST);
        if tokens >= 1.0 {
            *bucket = (tokens - 1.0, now);
            return None;
        }
        *bucket = (tokens, now);
        Some(Duration::from_secs_f64((1.0 - tokens) / PER_SECOND))
    }
}

/// Budgets that several Sources share, by who counts their requests together.
static SHARED: LazyLock<Mutex<HashMap<String, Weak<Budget>>>> = LazyLock::new(Mutex::default);

/// The budget of `whose` (an account and region), which lives as long as somebody holds it; `clock` is used where it is new.
#[must_use]
pub fn shared(whose: &str, clock: &Arc<dyn Clock>) -> Arc<Budget> {
    let mut known = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|_, budget| budget.strong_count() > 0);
    if let Some(budget) = known.get(whose).and_then(Weak::upgrade) {
        return budget;
    }
    let budget = Arc::new(Budget::new(clock.clone()));
    known.insert(whose.to_owned(), Arc::downgrade(&budget));
    budget
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::model::Timestamp;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
        }
    }

    #[test]
    fn a_burst_is_let_through_and_then_ten_a_second() {
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
        let budget = Budget::new(clock.clone());
        for _ in 0..100 {
            assert_eq!(budget.take(), None);
        }
        assert_eq!(budget.take(), Some(Duration::from_millis(100)));
        clock.0.fetch_add(1_000, Ordering::SeqCst);
        let let_through = (0..50).take_while(|_| budget.take().is_none()).count();
        assert_eq!(let_through, 10);
    }

    #[test]
    fn after_too_many_requests_nothing_goes_for_two_seconds_and_then_ten_a_second() {
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
        let budget = Budget::new(clock.clone());
        budget.rest();
        assert_eq!(budget.take(), Some(Duration::from_millis(2_100)));
        clock.0.fetch_add(2_500, Ordering::SeqCst);
        let let_through = (0..50).take_while(|_| budget.take().is_none()).count();
        assert_eq!(let_through, 5);
    }

    #[test]
    fn one_account_and_region_has_one_budget_however_many_sources_read_it() {
        let clock: Arc<dyn Clock> = Arc::new(Hand(AtomicI64::new(1)));
        let first = shared("a test's account/eu", &clock);
        assert!(Arc::ptr_eq(&first, &shared("a test's account/eu", &clock)));
        assert!(!Arc::ptr_eq(&first, &shared("a test's account/us", &clock)));
    }

    #[tokio::test]
    async fn no_more_than_eight_requests_are_under_way() {
        let budget = Budget::new(Arc::new(Hand(AtomicI64::new(0))));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(budget.permit().await);
        }
        assert_eq!(budget.places.available_permits(), 0);
        held.pop();
        assert_eq!(budget.places.available_permits(), 1);
    }
}
