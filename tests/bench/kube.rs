//! T3, T5, T7, T9, T12 on a real API server with 10,000 pods.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::figure;
use super::lab::{Home, binary, timed, up};
use super::process::{load, quantile, rss_mib, young_minute};
use super::pty::Program;

/// Measures, or says why it could not.
pub(crate) fn measure() -> Vec<Value> {
    match figures() {
        Ok(figures) => figures,
        Err(why) => vec![json!({ "id": "kube", "error": why })],
    }
}

fn figures() -> Result<Vec<Value>, String> {
    let pods = std::env::var("PODS").unwrap_or_else(|_| "10000".into());
    let lab = up(&["kube", "--scale", &pods])?;
    let of = |name: &str| lab[name].as_str().unwrap_or_default().to_owned();
    let home = Home::new();
    let env = home.env(&[("KUBECONFIG", &of("KUBECONFIG"))]);
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (said, seconds) = timed(&binary(), &["services", "-o", "json", "--wait", "60s"], &env)?;
        let services: Value = serde_json::from_slice(&said).map_err(|e| e.to_string())?;
        let ready: u64 = services["items"].as_array().into_iter().flatten().filter_map(|s| s["ready"].as_u64()).sum();
        if ready < pods.parse().unwrap_or(0) {
            return Err(format!("`services` counts {ready} ready of {pods}"));
        }
        ours.push(seconds);
        raw.push(timed(Path::new(&of("KUBECTL")), &["get", "--raw", "/api/v1/pods"], &env)?.1);
    }
    let (ours, raw) = (quantile(&ours, 0.5), quantile(&raw, 0.5));
    let ratio = ours.zip(raw).map(|(ours, raw)| ours / raw);
    let mut all = vec![
        figure("T3 complete", "`services -o json` with every pod in memory, s", ours, raw.unwrap_or(0.0) * 0.4),
        figure("T3 ratio", "of the time of one raw JSON list of all pods", ratio, 0.4),
    ];
    all.extend(screen(&env)?);
    Ok(all)
}

fn screen(env: &[(String, String)]) -> Result<Vec<Value>, String> {
    let mut program = Program::start(&binary(), &[], (120, 40), env);
    let counted = program.until("load-", Duration::from_secs(30)).ok_or_else(|| program.text())?;
    program.settle(Duration::from_secs(2), Duration::from_secs(30));
    program.send("2");
    program.settle(Duration::from_secs(2), Duration::from_secs(30));
    let rss = rss_mib(program.pid());
    let keys = program.latencies(&["j", "j", "k"], 120);
    program.settle(Duration::from_secs(2), Duration::from_secs(20));
    young_minute();
    let before = program.written();
    let idle = load(program.pid(), Duration::from_secs(20));
    let wrote = program.written() - before;
    Ok(vec![
        figure("T3 counts", "start to counts of Services on screen, s", Some(counted), 0.45),
        figure("T9 10k", "resident memory with all pods, MiB", Some(rss), 60.0),
        figure("T5 p50", "key to first byte, ms", quantile(&keys, 0.5), 1.5),
        figure("T5 p99", "key to first byte, ms", quantile(&keys, 0.99), 3.5),
        figure("T7 10k", "idle, % of a core (nodes and leases of the lab still beat)", Some(idle), 0.15),
        figure("T12 idle", "bytes in 20 s with nothing changing", Some(wrote as f64), 0.0),
    ])
}
