//! AI Community Platform: a Fargate monolith with its worker, a small Compose project on a laptop for dev. In every
//! cycle a release answers 500 until CodeDeploy takes it back, and the laptop sleeps for a while.

use crate::model::Platform;
use crate::sources::demo::part::{Fault, Outage, Part, Scene, Site};
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
    Scene::new("community-prod", parts).labelled(&[("Environment", "prod")])
}
