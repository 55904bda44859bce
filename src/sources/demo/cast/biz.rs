//! Biz Stratosphere: everything on one Compose VM for dev, Kubernetes for staging and prod; a migration is under way, so
//! that prod's frontend still has one Instance on the VM.

use crate::model::{Broker, Platform, Severity, WorkloadKind};
use crate::sources::demo::part::{Bell, Bells, Flow, Ill, Part, Scene, Site};
use crate::sources::demo::voice::Voice;

const DEVELOP: &str = "ci: push to develop";
const RELEASE: &str = "ci: release branch";
const AIRFLOW: &str = "apache/airflow";

pub(crate) fn sites() -> Vec<Site> {
    let vm = Site::new("compose:biz-vm", Platform::Compose, "27.5.1", &["biz-vm"], vec![dev(), left_on_the_vm()]);
    let nodes = &["ip-10-20-1-17", "ip-10-20-1-44", "ip-10-20-2-9", "ip-10-20-2-71"];
    let eks = Site::new("eks:biz", Platform::Kubernetes, "v1.33.4", nodes, vec![staging(), prod()]);
    vec![vm, eks]
}

fn frontend() -> Part {
    Part::new("frontend", "biz/frontend", "1.12.0", Voice::Nginx).limits(250, 128).takes(0.02, 38)
}

fn ml_service() -> Part {
    Part::new("ml-service", "biz/ml-service", "1.12.0", Voice::FastApi)
        .limits(1000, 1536)
        .takes(0.34, 780)
        .starts_in(11)
}

fn airflow(name: &'static str, voice: Voice) -> Part {
    Part::new(name, AIRFLOW, "2.8.0", voice).limits(1000, 2048).takes(0.11, 610).starts_in(14)
}

fn rabbitmq() -> Part {
    Part::new("rabbitmq", "rabbitmq", "3.12-management", Voice::RabbitMq).limits(500, 1024).takes(0.06, 214)
}

fn dev() -> Scene {
    let parts = vec![
        Part::new("traefik", "traefik", "v2.10", Voice::Traefik).takes(0.01, 46).behind("port", &[], &[80, 443], true),
        frontend().release(35, DEVELOP).release(1320, DEVELOP).behind(
            "traefik",
            &["dev.bizstratosphere.ai"],
            &[443],
            true,
        ),
        ml_service().times(2).release(48, DEVELOP).release(1335, DEVELOP).behind(
            "traefik",
            &["api.dev.bizstratosphere.ai"],
            &[443],
            true,
        ),
        airflow("airflow-web", Voice::AirflowWeb).behind("port", &[], &[8080], false),
        airflow("airflow-scheduler", Voice::AirflowScheduler).takes(0.18, 420),
        airflow("airflow-worker", Voice::Celery).takes(0.3, 940),
        rabbitmq().behind("port", &[], &[15672], false),
        Part::new("postgres", "postgres", "15", Voice::Postgres).limits(1000, 1024).takes(0.05, 190),
        Part::new("prometheus", "prom/prometheus", "v2.53.1", Voice::Prometheus).unchecked().takes(0.04, 310),
        Part::new("grafana", "grafana/grafana", "11.1.4", Voice::Grafana).unchecked().takes(0.01, 120),
    ];
    Scene::new("biz-dev", parts).noted("files in /srv/biz-dev")
}

fn left_on_the_vm() -> Scene {
    let frontend = frontend().behind("traefik", &["app.bizstratosphere.com"], &[443], true);
    Scene::new("biz-prod", vec![frontend]).noted("files in /srv/biz-prod; moving to eks:biz")
}

fn staging() -> Scene {
    let parts = vec![
        frontend().release(900, RELEASE).behind("Ingress", &["staging.bizstratosphere.ai"], &[443], true),
        ml_service()
            .times(2)
            .release(915, RELEASE)
            .scaled_by("HorizontalPodAutoscaler", (2, 4), &["cpu 70 %", "memory 80 %"])
            .behind("Ingress", &["api.staging.bizstratosphere.ai"], &[443], true),
        airflow("airflow-web", Voice::AirflowWeb).behind("Service", &[], &[8080], false),
        airflow("airflow-scheduler", Voice::AirflowScheduler),
        // Scaled to zero until somebody has work for it.
        airflow("airflow-worker", Voice::Celery)
            .times(0)
            .scaled_by("ScaledObject", (0, 4), &["rabbitmq default > 20"])
            .step(930, 1)
            .step(1200, 0),
        rabbitmq().of_kind(WorkloadKind::StatefulSet).behind("Service", &[], &[5672], false),
        Part::new("db-migrate", "biz/migrate", "1.12.0", Voice::Job).of_kind(WorkloadKind::Job),
    ];
    let queue = Flow::new("default", Broker::RabbitMq, "airflow-worker", (0.0, 1.1)).surge(930, 1100, 0.9);
    Scene::new("biz-staging", parts).queues(vec![queue])
}

/// The backlog that outgrows its workers: KEDA goes to its limit, three workers are killed for memory meanwhile.
fn prod() -> Scene {
    let worker = airflow("airflow-worker", Voice::Celery)
        .times(2)
        .takes(0.42, 1180)
        .scaled_by("ScaledObject", (2, 6), &["rabbitmq default > 20"])
        .step(-660, 3)
        .step(-480, 4)
        .step(-240, 6)
        .step(1500, 4)
        .step(1740, 2)
        .trouble(Ill::Busy, 0..6, -720, 1440)
        .trouble(Ill::OutOfMemory, 1..2, -150, -136)
        .trouble(Ill::OutOfMemory, 3..4, 205, 219)
        .trouble(Ill::OutOfMemory, 0..1, 640, 654);
    let parts = vec![
        frontend().times(2).behind("Ingress", &["app.bizstratosphere.com"], &[443], true),
        ml_service()
            .times(3)
            .scaled_by("HorizontalPodAutoscaler", (2, 8), &["cpu 70 %", "memory 80 %"])
            .trouble(Ill::Busy, 0..5, 330, 700)
            .step(360, 4)
            .step(480, 5)
            .step(1260, 4)
            .step(1520, 3)
            .behind("Ingress", &["api.bizstratosphere.com"], &[443], true),
        airflow("airflow-web", Voice::AirflowWeb).behind("Service", &[], &[8080], false),
        airflow("airflow-scheduler", Voice::AirflowScheduler),
        worker,
        rabbitmq().times(3).of_kind(WorkloadKind::StatefulSet).behind("Service", &[], &[5672], false),
    ];
    let queue = Flow::new("default", Broker::RabbitMq, "airflow-worker", (2.0, 1.1)).surge(-720, 900, 5.5).failed(4);
    Scene::new("biz-prod", parts).queues(vec![queue]).alarm(Bell {
        name: "RabbitMQBacklog",
        service: "airflow-worker",
        severity: Severity::Critical,
        rings: Bells::Backlog("default", 1500),
        summary: "more than 1500 tasks wait in the queue default",
        runbook: Some("https://runbooks.bizstratosphere.example/airflow-backlog"),
    })
}
