//! AI Community Platform: a Fargate monolith with its worker, a small Compose project on a laptop for dev. In every
//! cycle a release answers 500 until CodeDeploy takes it back, and the laptop sleeps for a while.

use crate::model::{Broker, Platform, Severity, StoreKind};
use crate::sources::demo::part::{Bell, Bells, Fault, Flow, MIB, Outage, Part, Scene, Site, Vault};
use crate::sources::demo::voice::Voice;

const MERGE: &str = "ci: merge to main";

pub(crate) fn sites() -> Vec<Site> {
    let laptop = Site::new("compose:community", Platform::Compose, "28.3.0", &["laptop"], vec![dev()]).outage(
        480,
        570,
        Outage::Silent,
    );
    let zones = &["eu-central-1a", "eu-central-1b", "eu-central-1c"];
    let fargate = Site::new("ecs:community", Platform::Ecs, "1.4.0", zones, vec![staging(), prod()]);
    vec![laptop, fargate]
}

fn app() -> Part {
    Part::new("app", "community/app", "0.48.3", Voice::NextJs).limits(1000, 2048).takes(0.27, 690).starts_in(20)
}

fn worker() -> Part {
    Part::new("worker", "community/app", "0.48.3", Voice::BullMq).limits(512, 1024).takes(0.16, 410).starts_in(12)
}

fn dev() -> Scene {
    let parts = vec![
        app().behind("port", &[], &[3000], false),
        Part::new("postgres", "pgvector/pgvector", "pg16", Voice::Postgres).takes(0.02, 96),
        Part::new("redis", "redis", "7.2", Voice::Redis).takes(0.01, 12),
    ];
    Scene::new("community-dev", parts)
}

fn staging() -> Scene {
    let parts = vec![
        app().release(2400, MERGE).behind("target group", &["staging.community.example"], &[443], true),
        worker().release(2420, MERGE),
    ];
    Scene::new("community-staging", parts).labelled(&[("Environment", "staging")])
}

fn prod() -> Scene {
    let says = "Health checks failed with these codes: [500]: {\"status\":\"error\",\"vector_index\":\"missing\"}";
    let parts = vec![
        app()
            .times(3)
            .scaled_by("ScalableTarget", (3, 8), &["cpu 80 %"])
            .bad_release(300, "ci: promoted from staging", Fault::Failing { after: 45, says }, 2)
            .back(760, "CodeDeploy: automatic rollback")
            .behind("target group", &["community.example"], &[443], true),
        worker(),
    ];
    let queues = vec![
        Flow::new("embeddings", Broker::BullMq, "worker", (1.2, 2.4)),
        Flow::new("emails", Broker::BullMq, "worker", (0.4, 4.0)).failed(2),
    ];
    Scene::new("community-prod", parts)
        .labelled(&[("Environment", "prod")])
        .queues(queues)
        .alarm(Bell {
            name: "community-alb-unhealthy-hosts",
            service: "app",
            severity: Severity::Critical,
            rings: Bells::Between(390, 800, 2.0, 0.0),
            summary: "targets of the load balancer that are not healthy",
            runbook: None,
        })
        .store(Vault {
            name: "community-prod-db",
            kind: StoreKind::Rds,
            version: "postgres 16.3",
            connections: (28, 112),
            memory: None,
            free: Some(21_900 * MIB),
        })
        .store(Vault {
            name: "community-prod-cache",
            kind: StoreKind::Elasticache,
            version: "redis 7.1",
            connections: (14, 65_000),
            memory: Some((212 * MIB, 1_386 * MIB)),
            free: None,
        })
}
