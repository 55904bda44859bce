//! TE-explico: Kubernetes by Helm, a blue and a green backend that take turns, GPU inference. Staging gets an image that
//! was never pushed; prod wants one more GPU than there is; a certificate is near its end.

use crate::model::Platform;
use crate::sources::demo::part::{Fault, Ill, Part, Scene, Site, Turn};
use crate::sources::demo::voice::Voice;

const SYSTEM: &[(&str, &str)] = &[("app.kubernetes.io/part-of", "te-explico"), ("helm.sh/chart", "te-explico-0.9.0")];

pub(crate) fn sites() -> Vec<Site> {
    let compose = Site::new("compose:te-explico", Platform::Compose, "27.5.1", &["minibox"], vec![dev()]);
    let nodes = &["gpu-a", "gpu-b", "node-a", "node-b", "node-c", "node-d"];
    let eks = Site::new("eks:te-explico", Platform::Kubernetes, "v1.32.7", nodes, vec![staging(), prod()]);
    vec![compose, eks]
}

fn backend(name: &'static str) -> Part {
    Part::new(name, "te-explico/backend", "3.4.1", Voice::FastApi)
        .of_service("backend")
        .limits(1000, 1024)
        .takes(0.22, 430)
        .starts_in(10)
}

fn inference() -> Part {
    Part::new("ai-inference", "te-explico/ai-inference", "0.9.3", Voice::Inference)
        .limits(4000, 8192)
        .takes(1.6, 5200)
        .starts_in(25)
}

fn frontend() -> Part {
    Part::new("frontend", "te-explico/frontend", "3.4.1", Voice::Nginx).limits(250, 128).takes(0.01, 27)
}

fn dev() -> Scene {
    let parts = vec![
        backend("backend").behind("port", &[], &[8000], false),
        inference().limits(2000, 4096).takes(0.4, 2100),
        frontend().unchecked().behind("port", &[], &[5173], false),
        Part::new("postgres", "postgres", "16", Voice::Postgres).takes(0.02, 88),
        Part::new("redis", "redis", "7.2", Voice::Redis).takes(0.01, 11),
    ];
    Scene::new("te-explico-dev", parts)
}

fn staging() -> Scene {
    let parts = vec![
        backend("backend").times(2).behind("Ingress", &["staging.te-explico.example"], &[443], true),
        inference()
            .times(2)
            .bad_release(130, "ci: push to develop", Fault::Pull, 1)
            .back(1200, "jonas: helm rollback")
            .behind("Service", &[], &[8001], false),
        frontend().behind("Ingress", &["staging.te-explico.example"], &[443], true),
        Part::new("usage-report", "te-explico/report", "1.2.0", Voice::Job).every(
            3600,
            38,
            Some("RuntimeError: S3 bucket te-explico-reports-staging: Access Denied"),
        ),
    ];
    Scene::new("te-explico-staging", parts).labelled(SYSTEM).owned_by("Helm", "te-explico")
}

/// Green comes up, takes the traffic, and blue goes; in the next cycle the other way round.
fn prod() -> Scene {
    let host = &["app.te-explico.example"];
    let blue = backend("backend-blue")
        .times(3)
        .step_on(Turn::Even, 2760, 0)
        .release_on(Turn::Odd, 2280, "deploy: switch to blue")
        .step_on(Turn::Odd, 2281, 3)
        .behind("Service", &[], &[8000], false);
    let green = backend("backend-green")
        .times(0)
        .release_on(Turn::Even, 2280, "deploy: switch to green")
        .step_on(Turn::Even, 2281, 3)
        .step_on(Turn::Odd, 2760, 0);
    let parts = vec![
        blue,
        green,
        inference()
            .times(3)
            .scaled_by("HorizontalPodAutoscaler", (2, 6), &["cpu 75 %"])
            .step(1560, 4)
            .trouble(Ill::Busy, 0..3, 1500, 2100)
            .trouble(Ill::Unschedulable, 3..4, 1500, 1860)
            .step(2400, 3)
            .behind("Service", &[], &[8001], false),
        frontend().times(2).behind("Ingress", host, &[443], true),
        Part::new("db-backup", "te-explico/backup", "1.2.0", Voice::Job).every(1800, 45, None),
    ];
    Scene::new("te-explico-prod", parts).labelled(SYSTEM).owned_by("Helm", "te-explico").notice(
        -240,
        "CertificateExpiring",
        "certificate frontend-tls for app.te-explico.example ends on {expires}; renewal failed: ACME challenge timed out",
        ("Ingress", "frontend"),
    )
}
