//! CompetitorIQ: Compose for development, Fargate for staging and prod. A release of the api to prod crashes at its start
//! from before the story's beginning until somebody rolls it back; the repaired one comes later.

use crate::model::{Broker, Platform, Severity, StoreKind};
use crate::sources::demo::part::{Bell, Bells, Fault, Flow, MIB, Part, Scene, Site, Vault};
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

/// Jobs per second that come in and that one worker gets done: 100, 200 and 50 a minute are its limits.
fn queues(share: f64) -> Vec<Flow> {
    vec![
        Flow::new("crawl-jobs", Broker::BullMq, "worker", (1.5 * share, 1.66)),
        Flow::new("process-jobs", Broker::BullMq, "worker", (2.0 * share, 3.33)).failed(3),
        Flow::new("analysis-jobs", Broker::BullMq, "worker", (0.7 * share, 0.83)).failed(11),
    ]
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
    Scene::new("competitoriq-staging", parts).queues(queues(0.2))
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
    // A customer's catalogue is crawled anew: more comes in than two workers get done.
    let mut queues = queues(1.0);
    queues[0] = queues[0].clone().surge(-420, 1080, 3.4);
    Scene::new("competitoriq-prod", parts)
        .queues(queues)
        .alarm(Bell {
            name: "competitoriq-api-5xx",
            service: "api",
            severity: Severity::Critical,
            rings: Bells::Between(-340, 1060, 6.1, 5.0),
            summary: "share of 5xx answers over 5 %, in percent",
            runbook: Some("https://runbooks.competitoriq.example/api-5xx"),
        })
        .alarm(Bell {
            name: "competitoriq-crawl-backlog",
            service: "worker",
            severity: Severity::Warning,
            rings: Bells::Backlog("crawl-jobs", 500),
            summary: "more than 500 jobs wait in crawl-jobs",
            runbook: Some("https://runbooks.competitoriq.example/queue-growing"),
        })
        .store(Vault {
            name: "competitoriq-prod-db",
            kind: StoreKind::Rds,
            version: "postgres 15.7",
            connections: (41, 170),
            memory: None,
            free: Some(68_400 * MIB),
        })
}
