//! Measures the release binary as a whole process and prints one JSON object: figures, targets, and the machine.
//!
//! `cargo bench --bench bench` measures what needs no server; `-- start kube docker` names parts. The servers of `kube`
//! (10,000 pods; `PODS=400` makes it small) and `docker` (500 containers) come from `tests/lab/up`.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock, waits, and runs the program it measures")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program of its own that ends at a fault"
)]

mod docker;
mod kube;
mod lab;
mod process;
mod pty;
mod start;

use serde_json::{Value, json};

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let parts = if named.is_empty() { vec!["start".to_owned()] } else { named };
    let figures: Vec<Value> = parts
        .iter()
        .flat_map(|part| match part.as_str() {
            "start" => start::measure(),
            "kube" => kube::measure(),
            "docker" => docker::measure(),
            other => vec![json!({ "id": other, "error": "no such part; there are start, kube, docker" })],
        })
        .collect();
    let report = json!({ "schema": "quarterdeck/bench/v1", "machine": machine(), "figures": figures });
    println!("{report:#}");
    let missed = figures.iter().filter(|f| f["holds"] == json!(false) || f.get("error").is_some()).count();
    eprintln!("{} figures, {missed} miss their target", figures.len());
}

/// One measured figure beside its target; `holds` is null where nothing could be measured.
fn figure(id: &str, what: &str, value: Option<f64>, target: f64) -> Value {
    let rounded = value.map(|v| (v * 1000.0).round() / 1000.0);
    json!({ "id": id, "what": what, "value": rounded, "at_most": target, "holds": value.map(|v| v <= target) })
}

fn machine() -> Value {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches(['\t', ' ', ':']));
    json!({ "cores": cpus, "cpu": model, "profile": if cfg!(debug_assertions) { "debug" } else { "release" } })
}
