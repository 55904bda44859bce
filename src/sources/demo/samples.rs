//! CPU and memory of a simulated Instance: smooth waves over story time, at the limit where it has more work than it can
//! do, in a saw towards the memory limit where it will be killed for that.

use super::band::Player;
use super::play::State;
use super::stage::moment_on_clock;
use crate::model::{Sample, Timestamp};

/// Seconds between two points of the noise; what lies between is a straight line.
const GRAIN: i64 = 15;
/// Seconds of one saw of memory.
const SAW: i64 = 350;

/// The sample of `player` at a story time; without values where no process runs.
pub(super) fn sample(player: &Player, start: Timestamp, story: i64) -> Sample {
    let runs = player.mood().is_some();
    Sample {
        instance: player.key.clone(),
        at: moment_on_clock(start, story),
        cpu_cores: runs.then(|| cpu(player, story)),
        memory_bytes: runs.then(|| memory(player, story)),
    }
}

/// From 0 to 1, changing slowly.
fn noise(player: &Player, word: &str, story: i64) -> f64 {
    let (point, within) = (story.div_euclid(GRAIN), story.rem_euclid(GRAIN) as f64 / GRAIN as f64);
    let dice = player.dice.on(word);
    dice.nth(point).share() * (1.0 - within) + dice.nth(point + 1).share() * within
}

/// The day's wave: between 0.75 and 1.25, an hour long, so that it can be seen.
fn wave(story: i64) -> f64 {
    1.0 + 0.25 * (story as f64 / 3600.0 * std::f64::consts::TAU).sin()
}

fn cpu(player: &Player, story: i64) -> f64 {
    let limit = if player.cpu > 0 { f64::from(player.cpu) / 1000.0 } else { player.load * 4.0 };
    let noise = noise(player, "cpu", story);
    let cores = match player.actor.state {
        State::Starting | State::Crashing(_) => limit * (0.55 + 0.3 * noise),
        State::Stopping => player.load * 0.1,
        State::Failing(_) => player.load * (0.3 + 0.2 * noise),
        _ if player.busy => limit * (0.9 + 0.09 * noise),
        _ => (player.load * wave(story) * (0.7 + 0.6 * noise)).min(limit),
    };
    (cores * 1000.0).round() / 1000.0
}

fn memory(player: &Player, story: i64) -> u64 {
    let resident = player.resident as f64;
    let limit = if player.memory > 0 { player.memory as f64 } else { resident * 2.0 };
    let since = story - player.actor.started;
    let bytes = if player.swelling {
        resident + (limit * 0.99 - resident).max(0.0) * (since.rem_euclid(SAW) as f64 / SAW as f64)
    } else {
        let warm = (since as f64 / 120.0).clamp(0.35, 1.0);
        (resident * warm * (0.96 + 0.08 * noise(player, "memory", story))).min(limit * 0.995)
    };
    // Whole pages, as the kernel counts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes are positive and far below 2^53"
    )]
    let pages = (bytes / 4096.0) as u64;
    pages * 4096
}
