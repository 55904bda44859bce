//! CompetitorIQ: Compose for development, Fargate for staging and prod. A release of the api to prod crashes at its start
//! from before the story's beginning until somebody rolls it back; the repaired one comes later.

use crate::model::Platform;
use crate::sources::demo::part::{Fault, Part, Scene, Site};
use crate::sources::demo::voice::Voice;

const APPROVED: &str = "ci: approved release";

pub(crate) fn sites() -> Vec<Site> {
    let compose = Site::new("compose:competitoriq", Platform::Compose, "27.5.1", &["devbox"], vec![dev()]);
    let zones = &["eu-central-1a", "eu-central-1b"];
    let fargate = Site::new("ecs:competitoriq", Platform::Ecs, "1.4.0", zones, vec![staging(), prod()]);
    vec![compose, fargate]
}

fn api() -> Part {
    Part::new("api", "competitoriq/api", "2.13.4", Voice::NestJs).limits(1000, 2048).takes(0.31, 520).starts_in(16)
}

fn worker() -> Part {
    Part::new("worker", "competitoriq/worker", "2.13.4", Voice::BullMq)
        .limits(1000, 2048)
        .takes(0.44, 730)
        .starts_in(12)
}

fn frontend() -> Part {
    Part::new("frontend", "competitoriq/frontend", "2.13.4", Voice::Nginx).limits(256, 512).takes(0.01, 24)
}

fn dev() -> Scene {
    let parts = vec![
        api().behind("port", &[], &[3000], false),
        worker(),
        frontend().behind("port", &[], &[5173], false),
        Part::new("db", "postgres", "15", Voice::Postgres).takes(0.03, 110),
        Part::new("redis", "redis", "7", Voice::Redis).unchecked().takes(0.01, 14),
    ];
    Scene::new("competitoriq-dev", parts)
}

fn staging() -> Scene {
    let parts = vec![
        api().times(2).release(2700, "ci: push to main").behind(
            "target group",
            &["staging.competitoriq.com"],
            &[443],
            true,
        ),
        worker().release(2720, "ci: push to main"),
        frontend(),
    ];
    Scene::new("competitoriq-staging", parts)
}

fn prod() -> Scene {
    let says = "PrismaClientInitializationError: column \"crawl_jobs.priority\" does not exist";
    let parts = vec![
        api()
            .times(4)
            .scaled_by("ScalableTarget", (2, 8), &["cpu 70 %"])
            .bad_release(-400, APPROVED, Fault::Crash { code: 1, says }, 1)
            .back(1020, "maria@competitoriq: rollback")
            .release(3000, APPROVED)
            .behind("target group", &["app.competitoriq.com"], &[443], true),
        worker().times(2).scaled_by("ScalableTarget", (1, 4), &["queue depth > 500"]).release(3060, APPROVED),
        frontend().times(2),
    ];
    Scene::new("competitoriq-prod", parts)
}
