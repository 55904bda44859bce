//! The lab's own promises: without them the other tests prove nothing.
use serde_json::json;

use crate::fixtures::cluster::{Namespace, deployment, kubectl};
use crate::fixtures::part::{DOCKER, KUBE, SECOND, SSH, part};
use crate::fixtures::project::{Project, docker, image, output};
use crate::fixtures::wait::{until, until_true};

#[test]
fn the_images_of_the_five_fleets_have_digests_of_a_registry() {
    let engine = part(&DOCKER);
    for service in
        ["biz/ml-service", "aicommunity/app", "te-explico/ai-inference", "competitoriq/worker", "infra/nginx"]
    {
        let digests =
            docker(engine, &["image", "inspect", "-f", "{{json .RepoDigests}}", &image(engine, service, "1")]);
        assert!(digests.contains("@sha256:"), "{service}: {digests}");
    }
}

#[test]
fn two_engines_run_beside_each_other_and_do_not_see_each_others_containers() {
    let (first, second) = (part(&DOCKER), part(&SECOND));
    let project = Project::up(second, "beside-dev", &json!({ "app": { "image": image(second, "infra/app", "1") } }));
    assert_eq!(project.ids("app").len(), 1);
    assert!(!docker(first, &["ps", "-a"]).contains("beside-dev"));
}

#[test]
fn a_bad_release_fails_its_health_check_on_the_real_engine() {
    let engine = part(&DOCKER);
    let project = Project::up(engine, "itself-dev", &json!({ "app": { "image": image(engine, "infra/app", "bad") } }));
    let id = project.ids("app").remove(0);
    until_true("the container is unhealthy", 30, || {
        project.docker(&["inspect", "-f", "{{.State.Health.Status}}", &id]) == "unhealthy"
    });
}

#[test]
fn the_ssh_host_reaches_the_engine_behind_it() {
    let ssh = part(&SSH);
    let said = output(std::process::Command::new(format!("{}/ssh", ssh.get("PATH_FIRST"))).args([
        "-o",
        "BatchMode=yes",
        "lab",
        "docker",
        "version",
    ]));
    assert!(said.as_ref().is_ok_and(|s| s.contains("20.10") || s.contains("Server")), "{said:?}");
}

#[test]
fn pods_go_the_way_their_label_says() {
    let here = Namespace::new("itself-dev");
    here.apply(&[deployment("good", 2, ""), deployment("worker", 1, "crash-loop"), deployment("web", 1, "image-pull")]);
    until("the pods are as they are told to be", 40, || {
        let pods = kubectl(&["get", "pods", "-n", here.name, "--no-headers"])?;
        let count = |word: &str| pods.lines().filter(|l| l.contains(word)).count();
        if (count("Running"), count("CrashLoopBackOff"), count("ImagePullBackOff")) == (2, 1, 1) {
            Ok(())
        } else {
            Err(pods)
        }
    });
}

#[test]
fn the_users_of_the_cluster_may_do_what_their_names_say() {
    let kube = part(&KUBE);
    let pods = |user: &str| {
        output(std::process::Command::new(kube.get("KUBECTL")).args([
            "--kubeconfig",
            kube.get(user),
            "get",
            "pods",
            "-n",
            "shop-prod",
        ]))
    };
    assert!(pods("READER").is_ok(), "{:?}", pods("READER"));
    assert!(pods("PLUGIN").is_ok(), "{:?}", pods("PLUGIN"));
    assert!(pods("LIMITED").is_err_and(|e| e.contains("forbidden")));
    assert!(pods("EXPIRED").is_err_and(|e| e.contains("Unauthorized")));
    assert!(pods("STRANGER").is_err_and(|e| e.contains("Unauthorized")));
}
