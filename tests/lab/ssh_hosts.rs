//! Docker over `ssh://`: a host that is well, one whose key was never seen, one whose key changed, one without docker.
use serde_json::{Value, json};

use crate::fixtures::answer::Want;
use crate::fixtures::part::{DOCKER, SSH, part};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::wait::until;

/// A user whose only Source is an `ssh://` host of the lab.
fn on(host: &str) -> Program {
    let ssh = part(&SSH);
    Program::on_docker(ssh.get(host)).path_first(ssh.get("PATH_FIRST"))
}

/// What the Source `vm` says once it has failed.
fn failed(program: &Program) -> Value {
    until("the Source tells why it is not there", 30, || {
        let answer = program.items(&["sources", "--wait", "20s"]);
        let source = answer.source("vm")?.clone();
        if source["state"] == "unreachable" || source["state"] == "denied" {
            Ok(source)
        } else {
            Err(source.to_string())
        }
    })
}

#[test]
fn services_behind_ssh_are_read_as_if_they_were_here() {
    let engine = part(&DOCKER);
    let _project =
        Project::up(engine, "far-prod", &json!({ "app": { "image": image(engine, "infra/app", "1"), "scale": 2 } }));
    let program = on("HOST");
    until("the services of the far engine", 60, || {
        Want { address: "far/prod/app", desired: 2, ready: 2, health: &["healthy"], says: &[] }
            .met(&program.items(&["services", "--wait", "20s"]))
    });
    let said = program.run(&["logs", "far/prod/app", "--wait", "20s"]);
    assert!(said.out.contains("infra/app 1 is up on"), "{}{}", said.out, said.err);
}

#[test]
fn an_unknown_host_key_is_refused_and_says_to_log_in_once() {
    let program = on("UNKNOWN");
    let source = failed(&program);
    let detail = source["detail"].to_string().to_lowercase();
    assert!(detail.contains("host key"), "{detail}");
    assert!(detail.contains("ssh lab-unknown"), "the command that would help is not named: {detail}");
    assert_eq!(program.services().code, 8);
}

#[test]
fn a_changed_host_key_is_told_as_a_change_and_never_accepted() {
    let detail = failed(&on("CHANGED"))["detail"].to_string().to_lowercase();
    assert!(detail.contains("host key") && detail.contains("changed"), "{detail}");
}

#[test]
fn a_host_without_docker_is_told_apart_from_a_host_that_cannot_be_reached() {
    let detail = failed(&on("BARE"))["detail"].to_string().to_lowercase();
    assert!(detail.contains("no docker") && detail.contains("lab-bare"), "{detail}");
}
