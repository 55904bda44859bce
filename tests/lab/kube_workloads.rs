//! Workloads of every kind on a real control plane: rollouts, owners, counts, and what is idle.
use serde_json::{Value, json};

use crate::fixtures::answer::Want;
use crate::fixtures::cluster::{Namespace, deployment, workload};
use crate::fixtures::part::{KUBE, alone, part, script};
use crate::fixtures::program::Program;
use crate::fixtures::wait::until;

fn reader() -> Program {
    Program::on_kube(part(&KUBE).get("READER"))
}

fn comes(program: &Program, want: &Want<'_>) {
    until("the service as it is on the cluster", 40, || want.met(&program.services()));
}

fn well(address: &str, count: u64) -> Want<'_> {
    Want { address, desired: count, ready: count, health: &["healthy"], says: &[] }
}

#[test]
fn a_deployment_is_read_with_its_counts_its_kind_and_its_digest() {
    let here = Namespace::new("reads-prod");
    here.apply(&[deployment("api", 3, "")]);
    let program = reader();
    comes(&program, &well("reads/prod/api", 3));
    let answer = program.services();
    let service = answer.find("reads/prod/api").expect("it is listed");
    let form = &service["workloads"][0];
    assert_eq!(
        (&form["platform"], &form["kind"], &form["scope"], &service["tier"]),
        (&json!("kubernetes"), &json!("Deployment"), &json!("reads-prod"), &json!("production"))
    );
    assert!(form["uid"].as_str().is_some_and(|u| u.len() == 36), "{form}");
    assert!(service["images"].to_string().contains(&format!("sha256:{}", "a".repeat(64))), "{}", service["images"]);
}

#[test]
fn a_rollout_by_somebody_else_ends_with_the_new_digest_and_full_counts() {
    let here = Namespace::new("rolls-staging");
    here.apply(&[deployment("ml-service", 2, "")]);
    let program = reader();
    comes(&program, &well("rolls/staging/ml-service", 2));
    let next = format!("registry.example/ml-service@sha256:{}", "b".repeat(64));
    here.kubectl(&["set", "image", "deployment/ml-service", &format!("ml-service={next}")]);
    until("the new digest runs", 60, || {
        let answer = program.services();
        let service = answer.find("rolls/staging/ml-service")?;
        let images = service["images"].to_string();
        let done = images.contains(&"b".repeat(64)) && !images.contains(&"a".repeat(64));
        if done { well("rolls/staging/ml-service", 2).met(&answer) } else { Err(images) }
    });
}

#[test]
fn scaled_up_down_and_to_zero_the_counts_follow_and_zero_is_idle() {
    let here = Namespace::new("scales-dev");
    here.apply(&[deployment("worker", 1, "")]);
    let program = reader();
    comes(&program, &well("scales/dev/worker", 1));
    here.kubectl(&["scale", "deployment/worker", "--replicas=4"]);
    comes(&program, &well("scales/dev/worker", 4));
    here.kubectl(&["scale", "deployment/worker", "--replicas=0"]);
    comes(
        &program,
        &Want { address: "scales/dev/worker", desired: 0, ready: 0, health: &["idle"], says: &["zero", "scaled"] },
    );
}

#[test]
fn stateful_sets_daemon_sets_and_cron_jobs_are_services_too() {
    let here = Namespace::new("kinds-staging");
    let cron = json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "nightly" }, "spec": { "schedule": "0 3 * * *",
        "jobTemplate": { "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [{ "name": "nightly", "image": "registry.example/nightly:1" }] } } } } } });
    here.apply(&[workload("StatefulSet", "db", 2, ""), workload("DaemonSet", "agent", 0, ""), cron]);
    let program = reader();
    comes(&program, &well("kinds/staging/db", 2));
    comes(&program, &well("kinds/staging/agent", 20));
    let answer = program.services();
    let kind = |name: &str| answer.find(&format!("kinds/staging/{name}")).map(|s| s["workloads"][0]["kind"].clone());
    assert_eq!(kind("db"), Ok(json!("StatefulSet")));
    assert_eq!(kind("agent"), Ok(json!("DaemonSet")));
    assert_eq!(kind("nightly"), Ok(json!("CronJob")));
}

/// The owners of a Service's Workloads, as text.
fn owners(program: &Program, address: &str, words: &[&str]) {
    until("the owner is named", 40, || {
        let answer = program.services();
        let forms = answer.find(address)?["workloads"].clone();
        let owners: Vec<String> =
            forms.as_array().into_iter().flatten().map(|w| w["owners"].to_string().to_lowercase()).collect();
        let named = words.iter().any(|word| owners.iter().any(|o| o.contains(word)));
        if named { Ok(()) } else { Err(forms.to_string()) }
    });
}

#[test]
fn an_autoscaler_and_a_keda_object_are_named_as_owners_of_the_count() {
    let here = Namespace::new("owned-prod");
    let target = |name: &str| json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name });
    let hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "ml-service" }, "spec": {
        "minReplicas": 2, "maxReplicas": 8, "scaleTargetRef": target("ml-service"),
        "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } }] } });
    let keda = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": { "name": "airflow-worker" }, "spec": {
        "minReplicaCount": 1, "maxReplicaCount": 6, "scaleTargetRef": { "name": "airflow-worker" },
        "triggers": [{ "type": "rabbitmq", "metadata": { "queueName": "default", "mode": "QueueLength", "value": "50" } }] } });
    here.apply(&[deployment("ml-service", 2, ""), deployment("airflow-worker", 1, ""), hpa, keda]);
    let program = reader();
    owners(&program, "owned/prod/ml-service", &["hpa", "horizontalpodautoscaler"]);
    owners(&program, "owned/prod/airflow-worker", &["keda", "scaledobject"]);
}

#[test]
fn an_argo_rollout_is_a_workload_where_its_definition_exists() {
    let here = Namespace::new("argo-prod");
    here.apply(&[workload("Rollout", "frontend", 2, "")]);
    let status = json!({ "status": { "replicas": 2, "readyReplicas": 2, "availableReplicas": 2, "updatedReplicas": 2, "phase": "Healthy", "observedGeneration": "1" } });
    here.kubectl(&["patch", "rollout", "frontend", "--subresource=status", "--type=merge", "-p", &status.to_string()]);
    let program = reader();
    until("the Rollout is read", 40, || {
        let answer = program.services();
        let service = answer.find("argo/prod/frontend")?;
        let right = service["workloads"][0]["kind"] == "Rollout" && service["desired"] == 2 && service["ready"] == 2;
        if right { Ok(()) } else { Err(service.to_string()) }
    });
}

#[test]
fn two_namespaces_with_the_same_names_stay_apart() {
    let (staging, prod) = (Namespace::new("same-staging"), Namespace::new("same-prod"));
    staging.apply(&[deployment("api", 1, "")]);
    prod.apply(&[deployment("api", 3, "")]);
    let program = reader();
    comes(&program, &well("same/staging/api", 1));
    comes(&program, &well("same/prod/api", 3));
}

#[test]
fn the_log_lines_of_a_pod_come_through_the_api_server() {
    let here = Namespace::new("lines-staging");
    here.apply(&[deployment("api", 1, "")]);
    let program = reader();
    comes(&program, &well("lines/staging/api", 1));
    let said = program.run(&["logs", "lines/staging/api"]);
    assert!(said.out.contains("request 1999 done"), "{:.300}{}", said.out, said.err);
}

/// Brings the cluster to this many pods more.
fn scale(count: &str) {
    let done =
        std::process::Command::new(script("up")).args(["kube", "--scale", count]).output().expect("tests/lab/up");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Takes the load away whatever becomes of the test.
struct Load;

impl Drop for Load {
    fn drop(&mut self) {
        scale("0");
    }
}

#[test]
fn a_cluster_raised_to_hundreds_of_pods_by_the_flag_is_counted_whole() {
    let _alone = alone();
    let _gone = Load;
    scale("600");
    let ready = |answer: &crate::fixtures::answer::Answer| -> u64 {
        answer
            .items
            .iter()
            .filter(|s| s["name"].as_str().is_some_and(|n| n.starts_with("svc-")))
            .filter_map(|s: &Value| s["ready"].as_u64())
            .sum()
    };
    let program = reader();
    until("every pod is counted", 60, || match ready(&program.services()) {
        600 => Ok(()),
        other => Err(other.to_string()),
    });
}
