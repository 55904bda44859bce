//! Compose services that break on a real engine, and what is said of them: killed, out of memory, failing their health check, a bad
//! image, a crash loop, a job that ended.
use serde_json::{Value, json};

use crate::fixtures::answer::{BROKEN, Want};
use crate::fixtures::part::{DOCKER, part};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::wait::until;

/// A project on the lab's engine and the user who watches it.
fn world(name: &'static str, services: &Value) -> (Project, Program) {
    let engine = part(&DOCKER);
    (Project::up(engine, name, services), Program::on_docker(engine.get("DOCKER_HOST")))
}

fn api(version: &str) -> Value {
    json!({ "image": image(part(&DOCKER), "competitoriq/api", version) })
}

/// Waits until a Service is as wanted.
fn comes(program: &Program, want: &Want<'_>) {
    until("the service as it is on the engine", 40, || want.met(&program.services()));
}

/// `why` names the cause in one of these words.
fn why(program: &Program, address: &str, words: &[&str]) {
    let said = program.run(&["why", address]);
    let text = said.out.to_lowercase();
    assert!(
        said.code == 0 && words.iter().any(|w| text.contains(w)),
        "`why {address}` says none of {words:?}: {}{}",
        said.out,
        said.err
    );
}

#[test]
fn a_killed_instance_leaves_the_service_degraded_until_it_is_started_again() {
    let (project, program) =
        world("killed-prod", &json!({ "api": { "image": image(part(&DOCKER), "competitoriq/api", "1"), "scale": 2 } }));
    let address = "killed/prod/api";
    comes(&program, &Want { address, desired: 2, ready: 2, health: &["healthy"], says: &[] });
    let id = project.ids("api").remove(0);
    project.docker(&["kill", &id]);
    comes(
        &program,
        &Want { address, desired: 2, ready: 1, health: &["degraded"], says: &["1 of 2", "exit", "137", "not enough"] },
    );
    project.docker(&["start", &id]);
    comes(&program, &Want { address, desired: 2, ready: 2, health: &["healthy"], says: &[] });
}

#[test]
fn a_container_killed_for_its_memory_is_told_as_out_of_memory() {
    let hungry = json!({ "image": image(part(&DOCKER), "infra/redis", "1"), "mem_limit": "16m", "memswap_limit": "16m", "command": ["sh", "-c", "sleep 1; tail /dev/zero"] });
    let (_project, program) = world("memory-staging", &json!({ "redis": hungry }));
    comes(
        &program,
        &Want {
            address: "memory/staging/redis",
            desired: 1,
            ready: 0,
            health: BROKEN,
            says: &["oom", "out of memory"],
        },
    );
    why(&program, "memory/staging/redis", &["oom", "out of memory"]);
}

#[test]
fn a_health_check_that_starts_to_fail_takes_the_service_down_and_back() {
    let (project, program) = world("probe-prod", &json!({ "api": api("1") }));
    let address = "probe/prod/api";
    comes(&program, &Want { address, desired: 1, ready: 1, health: &["healthy"], says: &[] });
    let id = project.ids("api").remove(0);
    project.docker(&["exec", &id, "rm", "/www/health"]);
    comes(&program, &Want { address, desired: 1, ready: 0, health: BROKEN, says: &["health", "probe"] });
    why(&program, address, &["health", "probe"]);
    project.docker(&["exec", &id, "touch", "/www/health"]);
    comes(&program, &Want { address, desired: 1, ready: 1, health: &["healthy"], says: &[] });
}

#[test]
fn a_bad_release_rolled_out_by_compose_is_unhealthy_and_tells_its_image() {
    let (project, program) = world("release-prod", &json!({ "api": api("1") }));
    let address = "release/prod/api";
    comes(&program, &Want { address, desired: 1, ready: 1, health: &["healthy"], says: &[] });
    project.write(&json!({ "api": api("bad") }));
    project.compose(&["up", "-d"]).expect("the bad release starts");
    comes(&program, &Want { address, desired: 1, ready: 0, health: BROKEN, says: &["health", "probe"] });
    let answer = program.services();
    let images = answer.find(address).expect("it is listed")["images"].to_string();
    assert!(images.contains("competitoriq/api:bad"), "{images}");
}

#[test]
fn a_service_whose_image_does_not_exist_is_missing_from_the_engine_but_not_from_the_list() {
    let engine = part(&DOCKER);
    let project = Project::up(engine, "absent-prod", &json!({ "api": api("1") }));
    let worker = json!({ "image": image(engine, "competitoriq/worker", "9"), "restart": "always" });
    project.write(&json!({ "api": api("1"), "worker": worker }));
    assert!(project.compose(&["up", "-d"]).is_err(), "an image that is nowhere cannot be started");
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    comes(&program, &Want { address: "absent/prod/worker", desired: 1, ready: 0, health: BROKEN, says: &[] });
}

#[test]
fn a_crash_loop_is_told_with_its_restarts_and_exit_code() {
    let crash = json!({ "image": image(part(&DOCKER), "biz/airflow-worker", "1"), "restart": "always", "command": ["sh", "-c", "echo no such table; exit 3"] });
    let (_project, program) = world("crash-staging", &json!({ "airflow-worker": crash }));
    let address = "crash/staging/airflow-worker";
    until("the crash loop is told", 60, || {
        let answer = program.services();
        let reasons = answer.find(address)?["reasons"].to_string().to_lowercase();
        let health = answer.find(address)?["health"].clone();
        let told = BROKEN.iter().any(|h| health == *h) && (reasons.contains("crash") || reasons.contains("restart"));
        if told { Ok(()) } else { Err(format!("{health} {reasons}")) }
    });
    why(&program, address, &["crash loop", "crash-loop", "crashloop"]);
    let said = program.run(&["logs", address]);
    assert!(said.out.contains("no such table"), "{}{}", said.out, said.err);
}

#[test]
fn a_job_that_ended_well_is_idle_and_one_that_failed_tells_its_exit_code() {
    let job = |code: u8| json!({ "image": image(part(&DOCKER), "competitoriq/worker", "1"), "command": ["sh", "-c", format!("exit {code}")] });
    let (_project, program) = world("jobs-dev", &json!({ "migrate": job(0), "import": job(4) }));
    until("both jobs are told", 40, || {
        let answer = program.services();
        let (good, bad) = (answer.find("jobs/dev/migrate")?, answer.find("jobs/dev/import")?);
        let told = good["health"] == "idle"
            && BROKEN.iter().any(|h| bad["health"] == *h)
            && bad["reasons"].to_string().contains('4');
        if told { Ok(()) } else { Err(format!("{good} {bad}")) }
    });
}

#[test]
fn a_service_scaled_to_zero_in_its_file_is_idle_and_not_broken() {
    let engine = part(&DOCKER);
    let services =
        json!({ "api": api("1"), "worker": { "image": image(engine, "competitoriq/worker", "1"), "scale": 0 } });
    let (_project, program) = world("zero-dev", &services);
    comes(&program, &Want { address: "zero/dev/worker", desired: 0, ready: 0, health: &["idle"], says: &[] });
}

#[test]
fn a_file_that_asks_for_more_than_runs_is_told_as_drift() {
    let (project, program) = world("drift-dev", &json!({ "api": api("1") }));
    comes(&program, &Want { address: "drift/dev/api", desired: 1, ready: 1, health: &["healthy"], says: &[] });
    project.write(&json!({ "api": { "image": image(part(&DOCKER), "competitoriq/api", "2"), "scale": 3 } }));
    until("the drift is told", 40, || {
        let said = program.run(&["why", "drift/dev/api"]);
        if said.code == 0 && said.out.contains("declared 3") {
            Ok(())
        } else {
            Err(format!("{}{}", said.out, said.err))
        }
    });
}

#[test]
fn one_off_containers_of_compose_run_are_no_services() {
    let (project, program) = world("oneoff-dev", &json!({ "api": api("1") }));
    project
        .compose(&["run", "-d", "--name", "oneoff-shell", "api", "sh", "-c", "sleep 300"])
        .expect("a one-off container");
    comes(&program, &Want { address: "oneoff/dev/api", desired: 1, ready: 1, health: &["healthy"], says: &[] });
    project.docker(&["rm", "-f", "oneoff-shell"]);
}

#[test]
fn status_with_exit_code_tells_scripts_that_something_is_broken() {
    let (_project, program) = world("script-prod", &json!({ "api": api("bad") }));
    comes(
        &program,
        &Want { address: "script/prod/api", desired: 1, ready: 0, health: BROKEN, says: &["health", "probe"] },
    );
    assert_eq!(program.run(&["status", "--exit-code"]).code, 7);
    assert_eq!(program.run(&["status"]).code, 0);
}
