//! A small product on rented servers: Compose over SSH on one machine for prod and a small one for staging, images built
//! on the spot. Staging differs from its file; prod's link fails for two minutes.

use crate::model::Platform;
use crate::sources::demo::part::{Outage, Part, Scene, Site};
use crate::sources::demo::voice::Voice;

pub(crate) fn sites() -> Vec<Site> {
    let lost = "ssh: connect to host infra-vm1 port 22: Connection timed out";
    let vm = Site::new("compose:infra-vm1", Platform::Compose, "26.1.4", &["infra-vm1"], vec![prod()]).outage(
        2040,
        2150,
        Outage::Refused(lost),
    );
    let vps = Site::new("compose:infra-vps", Platform::Compose, "26.1.4", &["infra-vps"], vec![staging()]);
    vec![vm, vps]
}

fn app() -> Part {
    Part::new("app", "local/infra-app", "1.4.1", Voice::NextJs).limits(0, 1024).takes(0.14, 380).starts_in(9)
}

fn stores(postgres_mib: u64, redis_mib: u64) -> Vec<Part> {
    vec![
        Part::new("postgres", "postgres", "16", Voice::Postgres).limits(0, postgres_mib).takes(0.03, 148),
        Part::new("redis", "redis", "7.2", Voice::Redis).limits(0, redis_mib).takes(0.01, 31),
    ]
}

fn nginx(host: &'static [&'static str]) -> Part {
    Part::new("nginx", "nginx", "1.27", Voice::Nginx).limits(0, 128).takes(0.01, 19).behind(
        "port",
        host,
        &[80, 443],
        true,
    )
}

fn prod() -> Scene {
    let mut parts =
        vec![nginx(&["infra.example"]), app().times(2).release(1860, "deploy@infra-vm1: docker compose up -d")];
    parts.extend(stores(2048, 512));
    Scene::new("infra-prod", parts).noted("files in /srv/infra")
}

fn staging() -> Scene {
    let mut parts = vec![
        nginx(&["staging.infra.example"]),
        app().drifted("image", "local/infra-app:1.4.2", "local/infra-app:1.4.1"),
    ];
    parts.extend(stores(512, 256));
    Scene::new("infra-staging", parts).noted("files in /srv/infra")
}
