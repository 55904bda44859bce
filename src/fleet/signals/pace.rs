//! How a queue fares, judged by its counts over time: idle, draining, steady, growing, stuck or unknown, and when it will be
//! empty. A pace that changes for one look only changes nothing, so that noise does not make the state flap.

use std::collections::VecDeque;

use crate::fleet::words::seconds_between;
use crate::model::{Queue, QueueState, Timestamp};

/// How far back the net rate is averaged, in seconds.
const WINDOW_SECONDS: i64 = 60;
/// Work that waits this long without any progress is stuck, in seconds: most jobs are done sooner.
const PATIENCE_SECONDS: i64 = 120;
/// Looks in a row that must agree before a pace gives way to another.
const AGREE: u8 = 2;

/// One look at a queue.
#[derive(Clone, Debug)]
struct Look {
    at: Timestamp,
    backlog: u64,
    /// Per second, in minus out, where both were told.
    net: Option<f64>,
    /// Per second, how its length changes by the broker's own looks.
    slope: Option<f64>,
    /// Per second, the greater of both.
    traffic: f64,
    out: Option<f64>,
}

/// How fast a backlog becomes longer (negative: shorter), and how much of that may be noise; per second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    net: f64,
    noise: f64,
}

/// What its looks tell of a queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    looks: VecDeque<Look>,
    state: QueueState,
    since: Option<Timestamp>,
    /// Another state that the newest looks speak for, and how many of them.
    doubt: Option<(QueueState, u8)>,
    rate: Option<Rate>,
}

impl Pace {
    /// Takes a look in.
    pub(super) fn take(&mut self, queue: &Queue) {
        let rates = (
            queue.in_per_second.map(crate::model::Quantity::get),
            queue.out_per_second.map(crate::model::Quantity::get),
        );
        if let Some(backlog) = queue.ready {
            let net = rates.0.zip(rates.1).map(|(into, out)| into - out);
            let traffic = rates.0.unwrap_or(0.0).max(rates.1.unwrap_or(0.0));
            // A clock that went back makes what was seen before worthless.
            if self.looks.back().is_some_and(|last| last.at > queue.at) {
                self.looks.clear();
            }
            let slope = queue.net_per_second.map(crate::model::Quantity::get);
            self.looks.push_back(Look { at: queue.at, backlog, net, slope, traffic, out: rates.1 });
        }
        while self
            .looks
            .front()
            .is_some_and(|look| seconds_between(look.at, queue.at) > PATIENCE_SECONDS + WINDOW_SECONDS)
        {
            self.looks.pop_front();
        }
        self.rate = self.rate(queue.at);
        let seen = self.judge(queue);
        self.settle(seen, queue.at);
    }

    /// Its state, since when, and the seconds until it is empty where it drains.
    pub(super) fn state(&self) -> QueueState {
        self.state
    }

    pub(super) fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whole seconds until nothing waits any more, if it goes on like this; only of a queue that drains.
    pub(super) fn empty_in(&self) -> Option<u64> {
        let backlog = self.looks.back()?.backlog;
        let rate = self.rate.filter(|_| self.state == QueueState::Draining && backlog > 0)?;
        let seconds = backlog as f64 / -rate.net;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded to a century")]
        (seconds.is_finite() && seconds > 0.0).then(|| seconds.min(3.2e9).ceil() as u64)
    }

    /// Jobs per second by which it becomes longer (or, negative, shorter).
    pub(super) fn net(&self) -> Option<f64> {
        self.rate.map(|rate| rate.net)
    }

    /// The looks of the window, newest first.
    fn newest(&self, now: Timestamp) -> impl Iterator<Item = &Look> {
        self.looks.iter().rev().take_while(move |look| seconds_between(look.at, now) <= WINDOW_SECONDS)
    }

    /// The average of the newest told rates, else the slope of the backlog over the window. Where the told rates have it
    /// grow while it falls they speak of a burst that is over: then its length is believed.
    fn rate(&self, now: Timestamp) -> Option<Rate> {
        let last = self.newest(now).next()?;
        // Noise is less than a tenth of the traffic. Rates that are told are averages: a backlog that would take three hours to
        // double or go stands still. A slope of our own looks wobbles with each batch: there it is a quarter of an hour.
        let noise = |traffic: f64, share: f64| (traffic * 0.1).max(last.backlog as f64 * share).max(0.05);
        let told: Vec<f64> = self.newest(now).map_while(|look| look.net).take(3).collect();
        if told.is_empty() {
            let net = slope(self.newest(now).last()?, last)?;
            return Some(Rate { net, noise: noise(last.traffic, 0.001) });
        }
        let told = Rate { net: told.iter().sum::<f64>() / told.len() as f64, noise: noise(last.traffic, 0.0001) };
        let seen = self.fall(now).map(|net| Rate { net, noise: noise(last.out.unwrap_or(0.0), 0.0001) });
        Some(seen.filter(|seen| told.net > told.noise && seen.net < -seen.noise).unwrap_or(told))
    }

    /// How fast the newest looks saw it fall, back to where it last grew; else by the broker's own newest looks.
    fn fall(&self, now: Timestamp) -> Option<f64> {
        let last = self.newest(now).next()?;
        let mut later = last.backlog;
        let falling = |look: &&Look| look.backlog >= std::mem::replace(&mut later, look.backlog);
        let first = self.newest(now).skip(1).take_while(falling).last();
        first.and_then(|first| slope(first, last)).filter(|net| *net < 0.0).or(last.slope)
    }

    fn judge(&self, queue: &Queue) -> QueueState {
        let Some(look) = self.looks.back().filter(|_| queue.ready.is_some()) else { return QueueState::Unknown };
        if look.backlog == 0 {
            let busy = look.traffic > 0.0 || queue.unacked.is_some_and(|n| n > 0);
            return if busy { QueueState::Steady } else { QueueState::Idle };
        }
        if queue.paused || queue.consumers == Some(0) || self.rests(queue.at) {
            return QueueState::Stuck;
        }
        match self.rate {
            None => QueueState::Unknown,
            Some(Rate { net, noise }) if net > noise => QueueState::Growing,
            Some(Rate { net, noise }) if net < -noise => QueueState::Draining,
            Some(_) => QueueState::Steady,
        }
    }

    /// Whether nothing was taken for so long that somebody should look.
    fn rests(&self, now: Timestamp) -> bool {
        let (Some(first), Some(last)) = (self.looks.front(), self.looks.back()) else { return false };
        let quiet = self.looks.iter().all(|look| look.out.is_none_or(|out| out == 0.0));
        let never_less = self.looks.iter().zip(self.looks.iter().skip(1)).all(|(a, b)| b.backlog >= a.backlog);
        // Without a rate, a backlog that stands exactly still may also be taken from as fast as it is filled.
        let proven = last.out == Some(0.0) || (last.out.is_none() && first.backlog < last.backlog);
        quiet && never_less && proven && seconds_between(first.at, now) >= PATIENCE_SECONDS
    }

    fn settle(&mut self, seen: QueueState, at: Timestamp) {
        if seen == self.state {
            self.doubt = None;
            return;
        }
        let moving = |state| matches!(state, QueueState::Draining | QueueState::Steady | QueueState::Growing);
        let agreed = match self.doubt {
            Some((state, n)) if state == seen => n + 1,
            _ => 1,
        };
        // What was judged by one look alone was a guess: the second one may correct it.
        if moving(self.state) && moving(seen) && agreed < AGREE && self.looks.len() > 2 {
            self.doubt = Some((seen, agreed));
            return;
        }
        (self.state, self.since, self.doubt) = (seen, Some(at), None);
    }
}

/// By how much the backlog changed per second from one look to a later one.
fn slope(first: &Look, last: &Look) -> Option<f64> {
    let millis = last.at.as_millisecond() - first.at.as_millisecond();
    (millis >= 1000).then(|| (last.backlog as f64 - first.backlog as f64) * 1000.0 / millis as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::diagnose::fixture::at;
    use crate::model::{Broker, Key, Kind, Quantity, SourceName, Text};

    pub(in crate::fleet) fn queue(second: i64, ready: u64, rates: Option<(f64, f64)>, consumers: Option<u32>) -> Queue {
        Queue {
            key: Key::new(&SourceName::new("rabbit"), Kind::Queue, "/jobs"),
            broker: Broker::RabbitMq,
            scope: Text::empty(),
            name: Text::name("jobs"),
            ready: Some(ready),
            unacked: Some(0),
            delayed: None,
            failed: None,
            dead_letters: None,
            dead_letter_queue: None,
            oldest_at: None,
            in_per_second: rates.and_then(|r| Quantity::new(r.0)),
            out_per_second: rates.and_then(|r| Quantity::new(r.1)),
            net_per_second: None,
            consumers,
            paused: false,
            trouble: None,
            approximate: false,
            at: at(second),
        }
    }

    fn judged(looks: &[Queue]) -> (QueueState, Option<u64>) {
        let mut pace = Pace::default();
        for look in looks {
            pace.take(look);
        }
        (pace.state(), pace.empty_in())
    }

    #[test]
    fn one_look_with_rates_tells_whether_it_drains_and_when_it_is_empty() {
        assert_eq!(judged(&[queue(0, 600, Some((0.0, 5.0)), Some(1))]), (QueueState::Draining, Some(120)));
        assert_eq!(judged(&[queue(0, 40, Some((20.0, 2.0)), Some(1))]), (QueueState::Growing, None));
        assert_eq!(judged(&[queue(0, 40, Some((20.0, 19.0)), Some(1))]), (QueueState::Steady, None));
        let slow = "a backlog that doubles in half an hour grows, however long it is";
        assert_eq!(judged(&[queue(0, 1653, Some((4.2, 3.3)), Some(2))]), (QueueState::Growing, None), "{slow}");
        assert_eq!(judged(&[queue(0, 2047, Some((7.0, 8.9)), Some(6))]), (QueueState::Draining, Some(1078)));
        assert_eq!(judged(&[queue(0, 0, None, Some(1))]), (QueueState::Idle, None));
    }

    #[test]
    fn after_a_burst_its_length_is_believed_and_not_the_rate_that_still_speaks_of_it() {
        let burst = |second, ready| queue(second, ready, Some((115.0, 5.0)), Some(1));
        let told = Queue { net_per_second: Quantity::new(-5.0), ..burst(0, 556) };
        assert_eq!(judged(std::slice::from_ref(&told)), (QueueState::Draining, Some(112)), "by one look");
        assert_eq!(judged(&[burst(0, 600), burst(5, 575)]), (QueueState::Draining, Some(115)), "by two");
        // The broker counts now and then: two looks may see the same.
        assert_eq!(judged(&[burst(0, 600), burst(5, 575), burst(10, 575)]).0, QueueState::Draining);
        let still = Queue { net_per_second: Quantity::new(110.0), ..burst(5, 1150) };
        assert_eq!(judged(&[burst(0, 600), still]), (QueueState::Growing, None), "while it lasts it grows");
        let rises = Queue { net_per_second: Quantity::new(-0.2), ..burst(0, 556) };
        assert_eq!(judged(&[rises]).0, QueueState::Growing, "a tenth of what is taken is noise");
    }

    #[test]
    fn one_look_that_falls_in_a_queue_that_grows_changes_nothing() {
        let mut looks: Vec<Queue> =
            (0..6_i64).map(|n| queue(n * 5, 100 + n.unsigned_abs() * 50, Some((12.0, 2.0)), Some(1))).collect();
        looks.push(queue(30, 340, Some((12.0, 2.0)), Some(1)));
        assert_eq!(judged(&looks).0, QueueState::Growing);
        looks.push(queue(35, 390, Some((12.0, 2.0)), Some(1)));
        assert_eq!(judged(&looks).0, QueueState::Growing);
    }

    #[test]
    fn work_without_a_consumer_is_stuck_and_without_a_count_unknown() {
        assert_eq!(judged(&[queue(0, 500, None, Some(0))]), (QueueState::Stuck, None));
        assert_eq!(judged(&[queue(0, 500, None, None)]), (QueueState::Unknown, None));
        let unknown = Queue { ready: None, ..queue(10, 0, None, Some(1)) };
        assert_eq!(judged(&[queue(0, 5, Some((9.0, 1.0)), Some(1)), unknown]).0, QueueState::Unknown);
    }

    #[test]
    fn without_rates_two_looks_tell() {
        let looks = [queue(0, 100, None, Some(1)), queue(5, 90, None, Some(1))];
        assert_eq!(judged(&looks), (QueueState::Draining, Some(45)));
        assert_eq!(judged(&[queue(0, 100, None, Some(1)), queue(5, 150, None, Some(1))]).0, QueueState::Growing);
    }

    #[test]
    fn a_consumer_that_takes_nothing_for_two_minutes_is_stuck() {
        let looks: Vec<Queue> = (0..=25).map(|n| queue(n * 5, 100, Some((0.0, 0.0)), Some(1))).collect();
        assert_eq!(judged(&looks[..20]).0, QueueState::Steady);
        assert_eq!(judged(&looks).0, QueueState::Stuck);
    }

    #[test]
    fn noise_does_not_make_the_state_flap() {
        let mut pace = Pace::default();
        let mut changes = 0;
        let mut last = None;
        for n in 0..200_i64 {
            // Around a thousand jobs, thirty up and down, as workers take batches.
            let wobble = [0, 30, -12, 17, -30, 8, 25, -19][usize::try_from(n % 8).unwrap()];
            pace.take(&queue(n * 5, u64::try_from(1000 + wobble).unwrap(), None, Some(3)));
            if last.is_some_and(|state| state != pace.state()) {
                changes += 1;
            }
            last = Some(pace.state());
        }
        assert!(changes <= 2, "{changes} changes");
        assert_eq!(pace.state(), QueueState::Steady);
        // One look that speaks otherwise is no change; two are.
        pace.take(&queue(1000, 1600, None, Some(3)));
        assert_eq!(pace.state(), QueueState::Steady);
        pace.take(&queue(1005, 1900, None, Some(3)));
        assert_eq!(pace.state(), QueueState::Growing);
    }
}
