//! What a metrics server of the simulated world reads of each part: requests that fail, how long they take, CPU and memory.

use super::part::{Part, Scene};
use super::play::State;
use super::samples::sample;
use super::stage::Stage;
use crate::model::{Fact, Kind, Quantity, Reading, Text};

/// Seconds between two readings.
const READ_EVERY: i64 = 30;
/// Scenes without a metrics server: a rented machine with nothing but Docker.
const BARE: &str = "infra-";

impl Stage<'_> {
    /// The newest reading of a part; none of what runs to an end, or of a scene where nobody measures.
    pub(super) fn reading(&self, scene: &Scene, part: &Part) -> Option<Fact> {
        if part.schedule.is_some() || scene.name.starts_with(BARE) {
            return None;
        }
        let at = self.each(READ_EVERY);
        let mut players = Vec::new();
        self.listen(scene, part, &mut players);
        let samples: Vec<_> = players.iter().map(|player| sample(player, self.start, at)).collect();
        let cpu: Vec<f64> = samples.iter().filter_map(|sample| sample.cpu_cores).collect();
        let memory: Vec<u64> = samples.iter().filter_map(|sample| sample.memory_bytes).collect();
        if cpu.is_empty() {
            return None;
        }
        let busy = players.iter().any(|player| player.busy);
        let (errors, p95) = self.requests(scene, part, at, busy).unzip();
        let labels = [("namespace", &*scene.name), ("service", &*part.service)];
        Some(Fact::Reading(Box::new(Reading {
            key: self.signal(Kind::Reading, scene, &part.name),
            labels: labels.iter().map(|(key, value)| (Text::name(key), Text::name(value))).collect(),
            error_ratio: errors.and_then(Quantity::new),
            p95_seconds: p95.and_then(Quantity::new),
            cpu_cores: Quantity::new(rounded(cpu.iter().sum(), 1000.0)),
            memory_bytes: Some(memory.iter().sum()),
        })))
    }

    /// The share of failed requests and the seconds that nearly all took; of what has a front door and serves.
    fn requests(&self, scene: &Scene, part: &Part, at: i64, busy: bool) -> Option<(f64, f64)> {
        if part.doors.is_empty() {
            return None;
        }
        let play = self.play(scene, part);
        let failing = play.actors.iter().filter(|actor| matches!(actor.state, State::Failing(_))).count();
        let serving = play.actors.iter().filter(|actor| matches!(actor.state, State::Serving)).count();
        if failing + serving == 0 {
            return None;
        }
        let dice = self.dice.on(&scene.name).on("requests").on(&part.name);
        let (usual, now) = (dice.share(), dice.nth(at));
        let errors = 0.001 + 0.004 * now.share() + 0.7 * failing as f64 / (failing + serving) as f64;
        let slow = if busy { 3.0 } else { 1.0 };
        let p95 = (0.06 + 0.18 * usual) * (0.9 + 0.2 * now.on("p95").share()) * slow;
        Some((rounded(errors, 10_000.0), rounded(p95, 1000.0)))
    }
}

fn rounded(n: f64, parts: f64) -> f64 {
    (n * parts).round() / parts
}
