//! Source `demo`: a seeded simulated world behind the same traits as the real ones. Five fleets play, incidents unfold by
//! script, and the same seed tells the same story, to the frame.
//!
//! | File | Duty |
//! |---|---|
//! | `cast/` | the five fleets as data: who plays, in which numbers, what happens to whom |
//! | `part`, `voice` | the words that the cast is written in; what simulated programs log |
//! | `dice`, `moment` | chance from a seed; story time that notices until when its answers hold |
//! | `history`, `play` | a part's releases and numbers so far; its Instances at a moment |
//! | `stage`, `compose`, `kube`, `ecs`, `jobs`, `events` | the play in the words of each platform |
//! | `changes`, `operate`, `target` | what people change in it, where that is kept, and what they find there before |
//! | `world`, `teller` | facts as a pure function of seed, site and story time; only what changed is told |
//! | `source`, `band`, `samples`, `logs`, `raw` | the trait: by the clock, with measurements, logs and descriptions |

use std::sync::Arc;

use super::port::{Failure, FailureKind, Watch};
use crate::model::{Connection, SourceName, SourceSpec, Timestamp};

mod alarm;
mod band;
mod cast;
mod changes;
mod compose;
mod dice;
mod ecs;
mod events;
mod history;
mod jobs;
mod kube;
mod logs;
mod moment;
mod operate;
mod part;
mod play;
mod raw;
mod readings;
mod samples;
mod signals;
mod source;
mod stage;
mod target;
pub mod teller;
mod voice;
pub mod world;

pub use teller::Teller;
pub use world::World;

/// The Sources of the demo: every site of the five fleets, in a story that began at `start`. Story time is what the
/// engine's clock shows minus `start`; with a clock that stands still (`--at`) the world does too.
#[must_use]
pub fn specs(seed: u64, start: Timestamp) -> Vec<SourceSpec> {
    cast::sites().iter().map(|site| spec(seed, &site.name, start)).collect()
}

/// The spec of a site of `pods` pods behind the same trait, for tests and benches.
#[must_use]
pub fn big(seed: u64, pods: u32, start: Timestamp) -> SourceSpec {
    spec(seed, &format!("big:{pods}"), start)
}

fn spec(seed: u64, site: &str, start: Timestamp) -> SourceSpec {
    SourceSpec {
        name: SourceName::new(site),
        connection: Connection::Demo { seed, site: site.to_owned(), start, changes: None, still: None },
        connect: true,
        found_by: format!("demo, seed {seed}"),
        timeout_seconds: None,
    }
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind, or names a site that is not in the cast.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Demo { seed, site, start, changes, still } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let world = World::of(&spec.name, *seed, site, *start).ok_or_else(|| {
        let sites: Vec<_> = cast::sites().iter().map(|site| site.name.to_string()).collect();
        let hint = format!("the demo's sites are {}", sites.join(", "));
        Failure::new(FailureKind::Absent, format!("the demo has no site {site}")).hint(hint)
    })?;
    let ledger = changes::Ledger::new(site, changes.clone());
    Ok(Arc::new(source::DemoSource::new(world, ledger, *still)))
}
