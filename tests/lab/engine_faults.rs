//! Engines that are not there, or not engines: each is a clear message on its Source while the others live on.
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use serde_json::json;

use crate::fixtures::answer::Want;
use crate::fixtures::part::{DOCKER, part};
use crate::fixtures::program::Program;
use crate::fixtures::project::{Project, image};
use crate::fixtures::wait::until;

#[test]
fn a_socket_that_is_not_there_is_unreachable_with_its_path_and_exit_8() {
    let program = Program::on_docker("unix:///nowhere/docker.sock");
    let answer = program.services();
    let source = answer.source("vm").expect("the Source stands beside the items");
    assert_eq!(source["state"], "unreachable", "{source}");
    assert!(source["detail"].to_string().contains("/nowhere/docker.sock"), "{source}");
    assert_eq!(answer.code, 8);
}

#[test]
fn a_server_that_is_silent_does_not_keep_the_others_waiting() {
    let engine = part(&DOCKER);
    let _project = Project::up(engine, "beside-prod", &json!({ "app": { "image": image(engine, "infra/app", "1") } }));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent.sock");
    let _silent = UnixListener::bind(&path).expect("a socket that accepts and never answers");
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
    let program = Program::configured(&format!(
        "[[source]]\nname = \"vm\"\ndocker = \"{}\"\n[[source]]\nname = \"silent\"\ndocker = \"unix://{}\"\n",
        engine.get("DOCKER_HOST"),
        path.display()
    ));
    until("the living engine's services", 40, || {
        let answer = program.services();
        let silent = answer.source("silent")?;
        if silent["state"] == "fresh" {
            return Err(format!("a silent server is called fresh: {silent}"));
        }
        Want { address: "beside/prod/app", desired: 1, ready: 1, health: &["healthy"], says: &[] }.met(&answer)
    });
}
