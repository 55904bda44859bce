//! Deployments that break on a real control plane, and what is said of them: crash loop, image pull, out of memory, a failing probe,
//! unschedulable, a rollout that hangs.
use serde_json::json;

use crate::fixtures::answer::{BROKEN, Want};
use crate::fixtures::cluster::{Namespace, deployment};
use crate::fixtures::part::{KUBE, part};
use crate::fixtures::program::Program;
use crate::fixtures::wait::until;

/// Deploys one service that breaks in a way of the lab, and checks that list and `why` both name the cause.
fn tells(namespace: &'static str, way: &str, desired: u64, words: &[&str]) {
    let here = Namespace::new(namespace);
    here.apply(&[deployment("api", desired, way)]);
    let program = Program::on_kube(part(&KUBE).get("READER"));
    let address = format!("{}/api", namespace.replacen("-prod", "/prod", 1));
    told(&program, &Want { address: &address, desired, ready: 0, health: BROKEN, says: words });
}

fn told(program: &Program, want: &Want<'_>) {
    until("the cause is told", 40, || {
        want.met(&program.services())?;
        let said = program.run(&["why", want.address]);
        let text = said.out.to_lowercase();
        if said.code == 0 && want.says.iter().any(|w| text.contains(w)) {
            Ok(())
        } else {
            Err(format!("why: {}{}", said.out, said.err))
        }
    });
}

#[test]
fn a_crash_loop_is_told_by_its_name() {
    tells("crash-prod", "crash-loop", 2, &["crash"]);
}

#[test]
fn an_image_that_cannot_be_pulled_is_told_by_its_name() {
    tells("pull-prod", "image-pull", 1, &["image"]);
}

#[test]
fn a_pod_killed_for_its_memory_is_told_as_out_of_memory() {
    tells("hungry-prod", "oom", 1, &["oom", "out of memory"]);
}

#[test]
fn a_readiness_probe_that_fails_is_told_as_such() {
    tells("unready-prod", "not-ready", 2, &["probe", "not ready", "ready"]);
}

#[test]
fn a_pod_that_fits_on_no_node_is_told_as_unschedulable_with_the_schedulers_words() {
    let here = Namespace::new("wide-prod");
    let mut wide = deployment("ai-inference", 1, "");
    wide["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({ "requests": { "cpu": "9999" } });
    here.apply(&[wide]);
    let program = Program::on_kube(part(&KUBE).get("READER"));
    told(
        &program,
        &Want {
            address: "wide/prod/ai-inference",
            desired: 1,
            ready: 0,
            health: BROKEN,
            says: &["insufficient", "unschedulable", "schedul"],
        },
    );
}

#[test]
fn a_bad_release_hangs_its_rollout_while_the_old_pods_still_serve() {
    let here = Namespace::new("hangs-prod");
    let mut service = deployment("backend", 2, "");
    service["spec"]["progressDeadlineSeconds"] = json!(4);
    service["spec"]["strategy"] = json!({ "rollingUpdate": { "maxUnavailable": 0, "maxSurge": 1 } });
    here.apply(&[service]);
    let program = Program::on_kube(part(&KUBE).get("READER"));
    until("the good release runs", 40, || {
        Want { address: "hangs/prod/backend", desired: 2, ready: 2, health: &["healthy"], says: &[] }
            .met(&program.services())
    });
    let bad = json!({ "spec": { "template": { "metadata": { "labels": { "lab": "image-pull" } } } } });
    here.kubectl(&["patch", "deployment", "backend", "-p", &bad.to_string()]);
    until("the controller gives the rollout up", 40, || {
        let reasons = here.kubectl(&["get", "deployment", "backend", "-o", "jsonpath={.status.conditions[*].reason}"]);
        if reasons.contains("ProgressDeadlineExceeded") { Ok(()) } else { Err(reasons) }
    });
    told(
        &program,
        &Want {
            address: "hangs/prod/backend",
            desired: 2,
            ready: 2,
            health: &["degraded"],
            says: &["rollout", "progress", "image"],
        },
    );
}

#[test]
fn status_with_exit_code_tells_scripts_of_a_broken_deployment() {
    let here = Namespace::new("scripted-prod");
    here.apply(&[deployment("api", 1, "crash-loop")]);
    let program = Program::on_kube(part(&KUBE).get("READER"));
    until("the broken service is listed", 40, || {
        Want { address: "scripted/prod/api", desired: 1, ready: 0, health: BROKEN, says: &["crash"] }
            .met(&program.services())
    });
    assert_eq!(program.run(&["status", "--exit-code"]).code, 7);
}
