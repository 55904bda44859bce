//! The last hour of a Service in a bounded ring: one point per ten seconds, kept only where something changed.

use std::collections::VecDeque;

use crate::model::Timestamp;

/// Seconds that one point stands for.
pub const STEP_SECONDS: i64 = 10;
/// How far back it reaches.
pub const SPAN_SECONDS: i64 = 3600;

/// What is drawn as a curve. `None`: not known then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    Ready,
    /// Thousandths of a core.
    Cpu,
    /// Kibibytes.
    Memory,
    Restarts,
}

/// The values of one moment; the highest number stands for *not known*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    step: u32,
    values: [u32; 4],
}

const UNKNOWN: u32 = u32::MAX;

impl Point {
    pub(super) fn new(ready: Option<u32>, cpu_cores: Option<f64>, memory_bytes: Option<u64>, restarts: u32) -> Self {
        let small = |n: u64| u32::try_from(n).unwrap_or(UNKNOWN - 1).min(UNKNOWN - 1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is kept by clamp")]
        let cpu = cpu_cores.filter(|c| c.is_finite()).map(|cores| (cores * 1000.0).round().clamp(0.0, 4e9) as u64);
        let memory = memory_bytes.map(|bytes| bytes / 1024);
        let number = |n: Option<u64>| n.map_or(UNKNOWN, small);
        Self { step: 0, values: [number(ready.map(u64::from)), number(cpu), number(memory), small(restarts.into())] }
    }

    /// Counts of any kind; one too large for a point is the largest.
    pub(super) fn of(counts: [Option<u64>; 4]) -> Self {
        let small = |n: u64| u32::try_from(n).unwrap_or(UNKNOWN - 1).min(UNKNOWN - 1);
        Self { step: 0, values: counts.map(|count| count.map_or(UNKNOWN, small)) }
    }
}

/// A Service's last hour.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    points: VecDeque<Point>,
}

impl History {
    /// Takes the values of now. Within one step the last ones count; equal ones cost nothing.
    pub(super) fn record(&mut self, point: Point, now: Timestamp) {
        let step = step(now);
        match self.points.back_mut() {
            Some(last) if last.values == point.values => {}
            Some(last) if last.step == step => last.values = point.values,
            _ => self.points.push_back(Point { step, ..point }),
        }
        let first = step.saturating_sub(steps(SPAN_SECONDS));
        // The one before the hour tells what its first step was.
        while self.points.get(1).is_some_and(|second| second.step <= first) {
            self.points.pop_front();
        }
    }

    /// The last `count` steps up to `now`, oldest first; `None` before the first point and where the value was not known.
    pub(super) fn curve(&self, curve: Curve, now: Timestamp, count: usize) -> Vec<Option<u32>> {
        self.line(curve as usize, now, count)
    }

    /// The same of the value that stands at `index` in its points.
    pub(super) fn line(&self, index: usize, now: Timestamp, count: usize) -> Vec<Option<u32>> {
        let count = count.min(usize::try_from(steps(SPAN_SECONDS)).unwrap_or(count));
        let end = step(now);
        let mut values = Vec::with_capacity(count);
        let mut at = 0;
        for back in (0..count).rev() {
            let step = end.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
            while self.points.get(at + 1).is_some_and(|next| next.step <= step) {
                at += 1;
            }
            let point = self.points.get(at).filter(|point| point.step <= step);
            values.push(point.and_then(|point| point.values.get(index).copied()).filter(|value| *value != UNKNOWN));
        }
        values
    }
}

/// Ten-second steps since 1970 fit into 32 bits until the year 3331.
fn step(at: Timestamp) -> u32 {
    steps(at.as_second())
}

fn steps(seconds: i64) -> u32 {
    u32::try_from(seconds.div_euclid(STEP_SECONDS)).unwrap_or(0)
}

/// The last hour of one number that is no count, in the same steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    points: VecDeque<(u32, Option<f64>)>,
}

impl Values {
    /// Takes the number of now. Within one step the last one counts; an equal one costs nothing.
    pub(super) fn record(&mut self, value: Option<f64>, now: Timestamp) {
        let (step, value) = (step(now), value.filter(|value| value.is_finite()));
        match self.points.back_mut() {
            Some(last) if last.1 == value => {}
            Some(last) if last.0 == step => last.1 = value,
            _ => self.points.push_back((step, value)),
        }
        let first = step.saturating_sub(steps(SPAN_SECONDS));
        while self.points.get(1).is_some_and(|second| second.0 <= first) {
            self.points.pop_front();
        }
    }

    /// The last `count` steps up to `now`, oldest first; `None` where it was not known.
    pub(super) fn line(&self, now: Timestamp, count: usize) -> Vec<Option<f64>> {
        let count = count.min(usize::try_from(steps(SPAN_SECONDS)).unwrap_or(count));
        let end = step(now);
        let mut at = 0;
        let value = |back: usize| {
            let step = end.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
            while self.points.get(at + 1).is_some_and(|next| next.0 <= step) {
                at += 1;
            }
            self.points.get(at).filter(|point| point.0 <= step).and_then(|point| point.1)
        };
        (0..count).rev().map(value).collect()
    }

    /// Whether its oldest point lies so many seconds back.
    pub(super) fn spans_at_least(&self, seconds: i64, now: Timestamp) -> bool {
        self.points.front().is_some_and(|(first, _)| *first <= step(now).saturating_sub(steps(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnose::fixture::at;
    use super::*;

    #[test]
    fn a_curve_repeats_the_last_value_until_the_next_and_knows_nothing_before_the_first() {
        let mut history = History::default();
        history.record(Point::new(Some(1), None, None, 0), at(0));
        history.record(Point::new(Some(2), Some(0.25), Some(2048), 0), at(30));
        history.record(Point::new(Some(3), Some(0.25), Some(2048), 0), at(39));
        let ready = history.curve(Curve::Ready, at(50), 8);
        assert_eq!(ready, [None, None, Some(1), Some(1), Some(1), Some(3), Some(3), Some(3)]);
        assert_eq!(history.curve(Curve::Cpu, at(50), 4), [None, Some(250), Some(250), Some(250)]);
        assert_eq!(history.curve(Curve::Memory, at(30), 1), [Some(2)]);
    }

    #[test]
    fn a_number_is_kept_in_the_same_steps_with_its_gaps() {
        let mut values = Values::default();
        for (second, value) in [(0, Some(1.5)), (20, Some(f64::NAN)), (40, Some(2.5)), (41, Some(3.5))] {
            values.record(value, at(second));
        }
        assert_eq!(values.line(at(50), 6), [Some(1.5), Some(1.5), None, None, Some(3.5), Some(3.5)]);
        (0..9_000).for_each(|n| values.record(Some(n as f64), at(n * 10)));
        assert!(values.points.len() <= 362 && values.spans_at_least(3600, at(90_000)));
    }

    #[test]
    fn it_is_bounded_and_equal_values_cost_nothing() {
        let mut history = History::default();
        for second in 0..20_000 {
            history.record(Point::new(Some(1), None, None, 0), at(second));
        }
        assert_eq!(history.points.len(), 1);
        for second in 20_000..40_000 {
            history.record(Point::new(Some(u32::try_from(second % 7).unwrap()), None, None, 0), at(second));
        }
        assert!(history.points.len() <= 362, "{}", history.points.len());
        assert_eq!(history.curve(Curve::Ready, at(40_000), 10_000).len(), 360);
    }
}
