//! A cluster of any size, for tests and benches: Services of ten pods in namespaces of fifty Services. One Service in
//! fifty is released once in a cycle, and one in a hundred has a pod that crashes from time to time.

use crate::model::Platform;
use crate::sources::demo::moment::{CYCLE, LEAD};
use crate::sources::demo::part::{Ill, Part, Scene, Site};
use crate::sources::demo::voice::Voice;

const PODS: u32 = 10;
const SERVICES: u32 = 50;
const TIERS: [&str; 3] = ["dev", "staging", "prod"];

/// A site of `pods` pods, at most a million.
pub(crate) fn site(pods: u32) -> Site {
    let services = pods.min(1_000_000).div_ceil(PODS);
    let scenes = (0..services.div_ceil(SERVICES))
        .map(|scene| {
            let parts = (scene * SERVICES..services.min((scene + 1) * SERVICES)).map(|n| part(n, pods)).collect();
            Scene::new(&format!("team{:02}-{}", scene / 3, TIERS[(scene % 3) as usize]), parts)
        })
        .collect();
    let nodes = &["node-a", "node-b", "node-c", "node-d", "node-e", "node-f", "node-g", "node-h"];
    Site::new(&format!("big:{pods}"), Platform::Kubernetes, "v1.33.4", nodes, scenes)
}

fn part(n: u32, pods: u32) -> Part {
    let count = PODS.min(pods.saturating_sub(n * PODS));
    let part = Part::new(&format!("service-{n:04}"), "load/service", "1.0.0", Voice::NestJs).times(count);
    let part = part.limits(500, 512).takes(0.1, 180);
    let when = i64::from(n) * 37 % (CYCLE - 1200) - LEAD + 60;
    match n {
        n if n % 50 == 7 => part.release(when, "ci"),
        n if n % 100 == 13 => part.trouble(Ill::OutOfMemory, 0..1, when, when),
        _ => part,
    }
}
