//! A session that stays open while its servers go: the Docker daemon restarts, the API server restarts, one freezes. What was known
//! stays, is called stale, and is right again after.
use serde_json::json;

use crate::fixtures::answer::Want;
use crate::fixtures::cluster::{Namespace, deployment, kubectl};
use crate::fixtures::part::{KUBE, SECOND, alone, part, server};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::session::Session;
use crate::fixtures::wait::{until, until_true};

/// Brings a server back whatever becomes of the test that took it away.
struct Back(&'static str);

impl Drop for Back {
    fn drop(&mut self) {
        server("start", self.0);
    }
}

#[test]
fn status_watch_lives_through_a_restart_of_the_docker_daemon() {
    let _alone = alone();
    let engine = part(&SECOND);
    let services = |count: u64| json!({ "app": { "image": image(engine, "infra/app", "1"), "scale": count, "restart": "always" } });
    let project = Project::up(engine, "lives-prod", &services(1));
    let program = Program::on_docker(engine.get("DOCKER_HOST"));
    let watch = Session::start(&program, &["status", "--watch"]);
    watch.shows("the environment is healthy", &["lives", "prod", "healthy"], 40);
    let back = Back(engine.get("SERVER"));
    server("stop", engine.get("SERVER"));
    watch.shows("the lost engine is told", &["vm", "stale"], 30);
    drop(back);
    until_true("the engine answers again", 60, || {
        std::process::Command::new(engine.get("DOCKER"))
            .args(["-H", engine.get("DOCKER_HOST"), "version"])
            .output()
            .is_ok_and(|o| o.status.success())
    });
    project.write(&services(2));
    project.compose(&["up", "-d"]).expect("the project after the restart");
    watch.shows("what happened after the restart is seen", &["lives/prod", "healthy", "2/2"], 60);
    until("a new reading agrees", 40, || {
        let answer = program.services();
        if answer.source("vm")?["state"] == "fresh" {
            answer.find("lives/prod/app").map(|_| ())
        } else {
            Err(format!("{:?}", answer.sources))
        }
    });
}

#[test]
fn the_console_lives_through_a_restart_of_the_api_server() {
    let _alone = alone();
    let kube = part(&KUBE);
    let here = Namespace::new("survives-prod");
    here.apply(&[deployment("api", 2, "")]);
    let program = Program::on_kube(kube.get("READER"));
    until("the service is well", 40, || {
        Want { address: "survives/prod/api", desired: 2, ready: 2, health: &["healthy"], says: &[] }
            .met(&program.services())
    });
    let mut console = Session::start(&program, &[]);
    console.shows("the environment is on the screen", &["prod", "2/2"], 40);
    let back = Back(kube.get("SERVER"));
    server("kill", kube.get("SERVER"));
    console.shows("the lost cluster is told", &["cluster", "stale"], 30);
    drop(back);
    until_true("the API server answers again", 60, || kubectl(&["get", "--raw", "/readyz"]).is_ok_and(|s| s == "ok"));
    here.kubectl(&["scale", "deployment/api", "--replicas=5"]);
    console.keys("2");
    console.shows("the change after the restart is on the screen", &["api", "5/5"], 60);
    console.keys("q");
    assert_eq!(console.ended(10), 0);
}

#[test]
fn an_api_server_that_falls_silent_is_stale_within_seconds_and_fresh_after() {
    let _alone = alone();
    let kube = part(&KUBE);
    let here = Namespace::new("silent-prod");
    here.apply(&[deployment("api", 1, "")]);
    let program = Program::on_kube(kube.get("READER"));
    let watch = Session::start(&program, &["status", "--watch"]);
    watch.shows("the environment is healthy", &["silent", "prod", "healthy"], 40);
    server("freeze", kube.get("SERVER"));
    let thaw = Thaw(kube.get("SERVER"));
    watch.shows("the silence is told", &["cluster", "stale"], 15);
    drop(thaw);
    watch.shows("the environment is healthy again", &["silent", "prod", "healthy"], 60);
}

/// Lets a frozen server go on, whatever becomes of the test.
struct Thaw(&'static str);

impl Drop for Thaw {
    fn drop(&mut self) {
        server("thaw", self.0);
    }
}
