//! The simulated world in the place of all real Sources; where its story began is kept in the state folder.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::args::Global;
use super::{Exit, Failure, Wiring, dispatch, output};
use crate::config::paths::StateError;
use crate::config::{Machine, Settings, StateFolder};
use crate::engine::clock::{Clock, FixedClock, SystemClock};
use crate::fleet::rules::{AlarmRule, EnvironmentRule, LimitRule, Rules, ScaleOut};
use crate::model::{Connection, Timestamp};

/// Where a story begins whose time is given: a Monday at three in the morning, in seconds since 1970.
const STILL: i64 = 1_767_582_000;

/// What is kept of a seed's story.
#[derive(Debug, Serialize, Deserialize)]
struct Story {
    start: Timestamp,
}

/// Starts the story of the seed over.
///
/// # Errors
/// The state folder cannot be used.
pub fn reset(global: &Global) -> Result<Exit, Failure> {
    let state = folder(&dispatch::settings(global, &Machine::here())?).map_err(unusable)?;
    state.remove(&file(global.seed)).map_err(unusable)?;
    state.remove(&changes(global.seed)).map_err(unusable)?;
    output::text(&format!("the story of seed {} begins anew at its next use\n", global.seed))?;
    Ok(Exit::Done)
}

/// Puts the simulated world in the place of all real Sources; the clock stands still where `--at` says so.
///
/// # Errors
/// The state folder cannot be used.
pub fn enter(global: &Global, wiring: &Wiring, settings: &mut Settings) -> Result<Arc<dyn Clock>, Failure> {
    let (start, clock): (Timestamp, Arc<dyn Clock>) = match global.at {
        Some(at) => {
            let start = Timestamp::from_second(STILL).unwrap_or_default();
            let now = start
                .checked_add(at.0)
                .map_err(|error| Failure::new(Exit::Usage, "--at lies beyond the end of time").cause(error))?;
            (start, Arc::new(FixedClock(now)))
        }
        None => (begun(global.seed, settings).map_err(unusable)?, Arc::new(SystemClock)),
    };
    settings.sources = (wiring.demo)(global.seed, start);
    let kept = match global.at {
        Some(_) => None,
        None => Some(folder(settings).map_err(unusable)?.path().join(changes(global.seed))),
    };
    for source in &mut settings.sources {
        if let Connection::Demo { changes, still, .. } = &mut source.connection {
            *still = kept.is_none().then(|| clock.now());
            changes.clone_from(&kept);
        }
    }
    settings.rules = rules();
    settings.tried.clear();
    settings.warnings.clear();
    Ok(clock)
}

/// What the configuration of the simulated world says: the default rules for alarms, and how far CompetitorIQ's api and
/// worker scale (CPU > 70 %: 2 to 8; more than 500 jobs: 1 to 4).
#[must_use]
pub fn rules() -> Rules {
    let limit = |service: &str, (min, max), scale_out| LimitRule {
        service: service.to_owned(),
        min: Some(min),
        max: Some(max),
        scale_out: Some(scale_out),
    };
    let limits = vec![
        limit("api", (2, 8), ScaleOut::Cpu { percent: 70 }),
        limit("worker", (1, 4), ScaleOut::Queue { name: "crawl-jobs".to_owned(), above: 500 }),
    ];
    let prod = EnvironmentRule {
        system: Some("competitoriq".to_owned()),
        name: "prod".to_owned(),
        limits,
        ..EnvironmentRule::default()
    };
    Rules { environments: vec![prod], alarms: AlarmRule::defaults(), ..Rules::default() }
}

/// When this seed's story began: now, where it was never told.
fn begun(seed: u64, settings: &Settings) -> Result<Timestamp, StateError> {
    let state = folder(settings)?;
    let kept = state.read(&file(seed))?.and_then(|text| serde_json::from_str::<Story>(&text).ok());
    if let Some(story) = kept {
        return Ok(story.start);
    }
    let start = SystemClock.now();
    state.write(&file(seed), &format!("{{\"start\":\"{start}\"}}\n"))?;
    Ok(start)
}

fn folder(settings: &Settings) -> Result<StateFolder, StateError> {
    let missing = || StateError::NoFolder("the state folder (no home folder, no XDG_STATE_HOME)".into());
    let paths = settings.paths.as_ref().ok_or_else(missing)?;
    StateFolder::open(&paths.state)?.folder("demo")
}

fn file(seed: u64) -> String {
    format!("seed-{seed}.json")
}

/// Where what people change in a seed's world is kept, for every process that shows it.
fn changes(seed: u64) -> String {
    format!("seed-{seed}.changes.jsonl")
}

fn unusable(error: StateError) -> Failure {
    Failure::new(Exit::Failed, "the demo's story cannot be kept")
        .cause(error)
        .hint("put the folder right, name another by XDG_STATE_HOME, or stop the story with --at 10m")
}
