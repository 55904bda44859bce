//! The five fleets as Compose projects on a real engine, each read back service by service; and projects that share names.
use serde_json::{Value, json};

use crate::fixtures::answer::{Answer, Want};
use crate::fixtures::part::{DOCKER, part};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::wait::until;

/// A service of a fleet with its count of Instances and how it must be called when all is well.
type Row = (&'static str, u64, &'static str);

/// Brings a fleet up as one project and checks that every service of it is read right, and none besides.
fn reads(fleet: &str, project: &'static str, place: &str, rows: &[Row]) -> (Project, Answer) {
    let engine = part(&DOCKER);
    let services: serde_json::Map<String, Value> = rows
        .iter()
        .map(|(name, count, _)| {
            ((*name).to_owned(), json!({ "image": image(engine, &format!("{fleet}/{name}"), "1"), "scale": count }))
        })
        .collect();
    let project = Project::up(engine, project, &Value::Object(services));
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    let answer = until("every service of the fleet is as it runs", 60, || {
        let answer = program.services();
        for (name, count, health) in rows {
            let address = format!("{place}/{name}");
            Want { address: &address, desired: *count, ready: *count, health: &[health], says: &[] }.met(&answer)?;
        }
        Ok(answer)
    });
    let listed: Vec<&str> = answer.addresses().into_iter().filter(|a| a.starts_with(&format!("{place}/"))).collect();
    assert_eq!(listed.len(), rows.len(), "{listed:?}");
    (project, answer)
}

#[test]
fn the_compose_vm_of_biz_stratosphere_is_read_service_by_service() {
    let rows = [
        ("traefik", 1, "healthy"),
        ("frontend", 1, "healthy"),
        ("ml-service", 2, "healthy"),
        ("airflow-web", 1, "healthy"),
        ("airflow-scheduler", 1, "unchecked"),
        ("airflow-worker", 1, "unchecked"),
        ("rabbitmq", 1, "healthy"),
        ("postgres", 1, "healthy"),
    ];
    let (_project, answer) = reads("biz", "biz-dev", "biz/dev", &rows);
    let service = answer.find("biz/dev/ml-service").expect("it is listed");
    assert_eq!(
        (&service["system"], &service["environment"], &service["tier"]),
        (&json!("biz"), &json!("dev"), &json!("dev"))
    );
    assert_eq!(service["workloads"][0]["platform"], "compose");
    assert_eq!(service["workloads"][0]["source"], "vm");
}

#[test]
fn the_local_stack_of_the_ai_community_is_read_service_by_service() {
    let rows = [("app", 1, "healthy"), ("worker", 1, "unchecked"), ("postgres", 1, "healthy"), ("redis", 1, "healthy")];
    drop(reads("aicommunity", "aicommunity-dev", "aicommunity/dev", &rows));
}

#[test]
fn te_explico_keeps_the_dash_of_its_name_as_a_system() {
    drop(reads(
        "te-explico",
        "te-explico-dev",
        "te-explico/dev",
        &[("backend", 1, "healthy"), ("ai-inference", 1, "healthy"), ("frontend", 1, "healthy")],
    ));
}

#[test]
fn the_development_stack_of_competitoriq_is_read_service_by_service() {
    let rows = [
        ("api", 1, "healthy"),
        ("worker", 1, "unchecked"),
        ("frontend", 1, "healthy"),
        ("db", 1, "healthy"),
        ("redis", 1, "healthy"),
    ];
    drop(reads("competitoriq", "competitoriq-dev", "competitoriq/dev", &rows));
}

#[test]
fn the_small_product_runs_twice_in_production_and_each_image_tells_its_digest() {
    let rows = [("app", 2, "healthy"), ("postgres", 1, "healthy"), ("redis", 1, "healthy"), ("nginx", 1, "healthy")];
    let (project, answer) = reads("infra", "infra-prod", "infra/prod", &rows);
    let service = answer.find("infra/prod/app").expect("it is listed");
    assert_eq!(service["tier"], "production");
    let known = project.docker(&[
        "image",
        "inspect",
        "-f",
        "{{index .RepoDigests 0}}",
        &image(part(&DOCKER), "infra/app", "1"),
    ]);
    let digest = known.split_once('@').expect("a repository digest").1;
    assert!(service["images"].to_string().contains(digest), "{} lacks {digest}", service["images"]);
}

#[test]
fn two_projects_with_the_same_service_names_stay_apart_and_a_short_address_is_refused() {
    let engine = part(&DOCKER);
    let one = json!({ "api": { "image": image(engine, "competitoriq/api", "1") } });
    let three = json!({ "api": { "image": image(engine, "competitoriq/api", "2"), "scale": 3 } });
    let _first = Project::up(engine, "twins-staging", &one);
    let _second = Project::up(engine, "twins-prod", &three);
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    until("both services with their own counts", 40, || {
        let answer = program.services();
        Want { address: "twins/staging/api", desired: 1, ready: 1, health: &["healthy"], says: &[] }.met(&answer)?;
        Want { address: "twins/prod/api", desired: 3, ready: 3, health: &["healthy"], says: &[] }.met(&answer)
    });
    let said = program.run(&["why", "api"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(
        said.err.contains("twins/staging/api") && said.err.contains("twins/prod/api"),
        "the candidates are not named: {}",
        said.err
    );
    assert_eq!(program.run(&["why", "twins/prod/api"]).code, 0);
}

#[test]
fn without_any_configuration_the_engine_of_docker_host_is_found() {
    let engine = part(&DOCKER);
    let _project =
        Project::up(engine, "found-staging", &json!({ "app": { "image": image(engine, "infra/app", "1") } }));
    let program = Program::discovering().with("DOCKER_HOST", engine.get("DOCKER_HOST"));
    until("the service is listed", 40, || {
        Want { address: "found/staging/app", desired: 1, ready: 1, health: &["healthy"], says: &[] }
            .met(&program.services())
    });
    let sources = program.items(&["sources"]);
    assert!(sources.items.iter().any(|s| s["kind"] == "docker" && s["state"] == "fresh"), "{:?}", sources.items);
    let said = program.run(&["explain", "found/staging/app"]);
    assert!(said.code == 0 && said.out.contains("found-staging"), "{}{}", said.out, said.err);
}

#[test]
fn the_log_lines_of_all_instances_are_merged_with_and_without_a_terminal() {
    let engine = part(&DOCKER);
    let picture = image(engine, "competitoriq/api", "1");
    let services = json!({ "api": { "image": picture, "scale": 2 }, "shell": { "image": picture, "tty": true } });
    let project = Project::up(engine, "lines-dev", &services);
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    let lines = |address: &str, service: &str, count: usize| {
        until("the lines that the containers wrote", 30, || {
            let said = program.run(&["logs", address]);
            let hosts: Vec<String> = project.ids(service).iter().map(|id| id[..12].to_owned()).collect();
            let all = hosts.len() == count && hosts.iter().all(|h| said.out.contains(&format!("is up on {h}")));
            if all { Ok(()) } else { Err(format!("exit {}: {}{}", said.code, said.out, said.err)) }
        });
    };
    lines("lines/dev/api", "api", 2);
    lines("lines/dev/shell", "shell", 1);
}
