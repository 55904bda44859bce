//! What `doctor --print-policy` prints, put into force on real servers: with it everything is read, and nothing is denied; and
//! nothing else is allowed by it.
use std::fs;
use std::process::{Command, Stdio};

use quarterdeck::model::Freshness;
use serde_json::json;

use crate::fixtures::broker::{Host, undisturbed};
use crate::fixtures::cluster::{Namespace, deployment, kubectl};
use crate::fixtures::part::{KUBE, RABBIT, REDIS, alone, part};
use crate::fixtures::program::Program;
use crate::fixtures::wait::until;
use crate::shared::Watched;
use crate::watched::source_as;

const PASSWORD: &str = "policy-secret";

/// One policy as it is printed to be piped on.
fn printed(name: &str) -> String {
    let said = Program::discovering().run(&["doctor", &format!("--print-policy={name}")]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out
}

#[test]
fn the_printed_cluster_role_lets_a_service_account_read_everything_and_change_nothing() {
    let _alone = alone();
    let namespace = Namespace::new("policy-prod");
    namespace.apply(&[deployment("web", 2, "")]);
    namespace.kubectl(&["create", "serviceaccount", "reader"]);
    let program = Program::discovering();
    let role = program.home().join("role.yaml");
    fs::write(&role, printed("kubernetes-read")).expect("the policy");
    kubectl(&["apply", "-f", &role.to_string_lossy()]).expect("the printed ClusterRole is one");
    drop(kubectl(&["delete", "clusterrolebinding", "lab-policy", "--ignore-not-found"]));
    let account = "--serviceaccount=policy-prod:reader";
    kubectl(&["create", "clusterrolebinding", "lab-policy", "--clusterrole=quarterdeck-read", account]).expect("bound");
    let token = namespace.kubectl(&["create", "token", "reader", "--duration=1h"]);
    let config = program.home().join("reader.kubeconfig");
    fs::copy(part(&KUBE).get("KUBECONFIG"), &config).expect("a kubeconfig");
    let own = |words: &[&str]| {
        let done = Command::new(part(&KUBE).get("KUBECTL")).arg("--kubeconfig").arg(&config).args(words).output();
        let done = done.expect("kubectl");
        (done.status.success(), String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    assert!(own(&["config", "set-credentials", "reader", &format!("--token={}", token.trim())]).0);
    assert!(own(&["config", "set-context", "--current", "--user=reader"]).0);
    assert_eq!(own(&["auth", "can-i", "delete", "pods", "-n", "policy-prod"]).1, "no", "the reader is who asks");
    assert_eq!(own(&["auth", "can-i", "get", "secrets", "-n", "policy-prod"]).1, "no");
    let reader = Program::on_kube(&config.to_string_lossy());
    until("everything is read by the printed role", 60, || {
        let answer = reader.services();
        let web = answer.find("policy/prod/web")?;
        if (&web["ready"], &web["health"]) != (&json!(2), &json!("healthy")) {
            return Err(web.to_string());
        }
        let sources = reader.items(&["sources"]);
        let source = sources.source("cluster")?;
        let whole = source["state"] == "fresh" && source["denials"] == json!([]) && source["old"] == json!([]);
        if whole { Ok(()) } else { Err(source.to_string()) }
    });
    let logs = reader.run(&["logs", "policy/prod/web"]);
    assert_eq!(logs.code, 0, "{}", logs.err);
    assert!(!logs.err.contains("pods/log"), "{}", logs.err);
    let doctor = reader.run(&["doctor"]);
    assert!(!doctor.out.contains("denied"), "{}", doctor.out);
    kubectl(&["delete", "clusterrolebinding", "lab-policy"]).expect("unbound");
}

/// Runs printed lines of `rabbitmqctl` as a person would, with a password of ours.
fn on_the_broker(lines: &str) -> bool {
    let rabbit = part(&RABBIT);
    let tools = std::path::Path::new(rabbit.get("CTL")).parent().expect("a folder").to_string_lossy().into_owned();
    let done = Command::new("sh")
        .args(["-e", "-c", &lines.replace("PASSWORD", PASSWORD)])
        .env("PATH", format!("{tools}:{}", std::env::var("PATH").unwrap_or_default()))
        .env("HOME", rabbit.get("HOME"))
        .env("ERL_EPMD_PORT", rabbit.get("EPMD_PORT"))
        .env("RABBITMQ_NODENAME", "qdlab@localhost")
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    done.status.success()
}

/// The status of one request of the new user.
async fn as_quarterdeck(method: reqwest::Method, path: &str) -> u16 {
    let url = format!("{}/api/{path}", part(&RABBIT).get("API"));
    let request = reqwest::Client::new().request(method, url).basic_auth("quarterdeck", Some(PASSWORD));
    request.json(&json!({ "durable": true })).send().await.expect("the management API").status().as_u16()
}

#[test]
fn the_printed_rabbitmq_user_reads_queues_and_nodes_and_what_it_may_change_is_what_is_printed() {
    undisturbed(async {
        let host = Host::new("lab-policy").await;
        host.queue("kept", json!({})).await;
        host.publish("kept", 3);
        on_the_broker("rabbitmqctl delete_user quarterdeck");
        let of_host = |lines: String| lines.replace("-p / ", "-p lab-policy ");
        assert!(on_the_broker(&of_host(printed("rabbitmq-read"))), "the printed lines can be run");
        let api_url = part(&RABBIT).get("API");
        let mut watched = Watched::synced(source_as(api_url, ("quarterdeck", PASSWORD), &["lab-policy"], &[])).await;
        watched.until("the depth", |m| m.queue("lab-policy/kept").is_some_and(|q| q.ready == Some(3))).await;
        let status = &watched.mirror.status;
        assert_eq!((status.state, status.denials.len()), (Freshness::Fresh, 0), "{}", watched.mirror.detail());
        let purge = "queues/lab-policy/kept/contents";
        assert!(matches!(as_quarterdeck(reqwest::Method::DELETE, purge).await, 401 | 403), "reading purges nothing");
        assert!(on_the_broker(&of_host(printed("rabbitmq-change"))));
        assert_eq!(as_quarterdeck(reqwest::Method::DELETE, purge).await, 204, "changing does");
        let declare = as_quarterdeck(reqwest::Method::PUT, "queues/lab-policy/new").await;
        assert!(matches!(declare, 401 | 403), "nothing may be declared: {declare}");
        assert!(on_the_broker("rabbitmqctl delete_user quarterdeck"));
        host.gone().await;
    });
}

/// `redis-cli` in the database of this test, as somebody.
fn redis(user: &str, password: &str, words: &[&str]) -> String {
    let redis = part(&REDIS);
    let login = ["-p", redis.get("PORT"), "-n", "15", "--no-auth-warning", "--user", user, "--pass", password];
    let done = Command::new(redis.get("CLI")).args(login).args(words).output().expect("redis-cli");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

#[tokio::test]
async fn the_printed_redis_user_reads_queues_and_the_server_and_writes_nothing() {
    let owner = |words: &[&str]| redis("default", part(&REDIS).get("PASSWORD"), words);
    assert_eq!(owner(&["FLUSHDB"]), "OK");
    let acl = printed("redis-read").replace("PASSWORD", PASSWORD);
    assert_eq!(owner(&acl.split_whitespace().collect::<Vec<_>>()), "OK", "{acl}");
    for words in [&["HSET", "bull:mail:meta", "opts.maxLenEvents", "10"][..], &["LPUSH", "bull:mail:wait", "1", "2"]] {
        owner(words);
    }
    let settings = crate::redis::watched::Settings {
        user: Some("quarterdeck"),
        password: Some(PASSWORD),
        ..crate::redis::watched::Settings::of(&format!("{}/15", part(&REDIS).get("URL")))
    };
    let mut watched = Watched::synced(&settings).await;
    watched.until("the queue is found", |m| m.queues().iter().any(|q| q.ready == Some(2))).await;
    let status = &watched.mirror.status;
    assert_eq!((status.state, status.denials.len()), (Freshness::Fresh, 0), "{}", watched.mirror.detail());
    for words in [&["SET", "x", "1"][..], &["DEL", "bull:mail:wait"], &["FLUSHDB"], &["CONFIG", "GET", "*"]] {
        let said = redis("quarterdeck", PASSWORD, words);
        assert!(said.contains("NOPERM"), "{words:?}: {said}");
    }
    assert_eq!(owner(&["ACL", "DELUSER", "quarterdeck"]), "1");
    assert_eq!(owner(&["FLUSHDB"]), "OK");
}

/// So few are left of the burst once the broker itself must have seen it fall.
const FALLEN: u64 = 570;

#[test]
fn a_burst_that_is_over_is_not_called_growth_by_a_single_look() {
    undisturbed(async {
        let host = Host::new("burst-prod").await;
        host.queue("reports", json!({})).await;
        let rabbit = part(&RABBIT);
        let lines = format!(
            "[[source]]\nname = \"rabbit\"\nrabbitmq = \"{}\"\nuser = \"boss\"\nvhosts = [\"{}\"]\npassword = {{ env = \"QD_RABBIT\" }}\n",
            rabbit.get("API"),
            host.0
        );
        let program = Program::configured(&lines).with("QD_RABBIT", rabbit.get("BOSS_PASSWORD"));
        host.publish("reports", 600);
        let consumer = host.consume("reports", "0.1");
        let mut seen: Vec<(u64, String)> = Vec::new();
        until("it drains, with a time to empty", 90, || {
            let answer = program.items(&["queues"]);
            let queue = answer.items.first().ok_or("no queue")?;
            let (ready, state) = (queue["ready"].as_u64(), queue["state"].as_str().unwrap_or_default().to_owned());
            let Some(ready) = ready else { return Err(queue.to_string()) };
            seen.push((ready, state.clone()));
            let eta = queue["eta_seconds"].as_u64();
            if ready < FALLEN && state == "draining" && eta.is_some_and(|eta| (5..3000).contains(&eta)) {
                return Ok(());
            }
            Err(queue.to_string())
        });
        // Until the broker tells another length than at first, it has not seen the queue fall itself.
        let first = seen.first().map_or(0, |(ready, _)| *ready);
        let mut after = seen.iter().filter(|(ready, _)| *ready < FALLEN.min(first));
        assert!(after.all(|(_, state)| state != "growing"), "{seen:?}");
        drop(consumer);
        host.gone().await;
    });
}
