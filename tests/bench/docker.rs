//! T3, T7, T12 on a real Docker engine: 500 containers listed, and what watching 200 costs the engine itself.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::figure;
use super::lab::{Home, binary, timed, up};
use super::process::{load, quantile};
use super::pty::Program;

const LISTED: usize = 500;
const RUNNING: usize = 200;
/// How long the engine is watched with and without us: the list that is made once a minute falls into it.
const WATCHED: Duration = Duration::from_secs(60);
const LABELS: [&str; 4] =
    ["--label", "com.docker.compose.project=bench-dev", "--label", "com.docker.compose.oneoff=False"];

/// Measures, or says why it could not.
pub(crate) fn measure() -> Vec<Value> {
    match figures() {
        Ok(figures) => figures,
        Err(why) => vec![json!({ "id": "docker", "error": why })],
    }
}

/// The engine of the lab, filled with containers of ours that are gone at the end.
struct Engine {
    docker: String,
    env: Vec<(String, String)>,
    ids: Vec<String>,
}

impl Engine {
    fn run(&self, args: &[&str]) -> Result<String, String> {
        let (said, _) = timed(Path::new(&self.docker), args, &self.env)?;
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }

    fn add(&mut self, image: &str, verb: &str, count: usize) -> Result<(), String> {
        for _ in 0..count {
            let service = format!("com.docker.compose.service=s{:03}", self.ids.len() / 4);
            let mut args = vec![verb];
            args.extend(if verb == "run" { &["-d"][..] } else { &[] });
            args.extend(LABELS.iter().copied().chain([
                "--label",
                &service,
                "--network",
                "none",
                image,
                "sleep",
                "86400",
            ]));
            let id = self.run(&args)?;
            self.ids.push(id);
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for some in self.ids.chunks(50) {
            let mut args = vec!["rm", "-f"];
            args.extend(some.iter().map(String::as_str));
            drop(self.run(&args));
        }
    }
}

fn figures() -> Result<Vec<Value>, String> {
    let lab = up(&["docker"])?;
    let of = |name: &str| lab[name].as_str().unwrap_or_default().to_owned();
    let (home, host) = (Home::new(), of("DOCKER_HOST"));
    let env = home.env(&[("DOCKER_HOST", &host)]);
    let mut engine = Engine { docker: of("DOCKER"), env: env.clone(), ids: Vec::new() };
    let image = engine.run(&["image", "ls", "-q"])?.lines().next().ok_or("the lab's engine has no image")?.to_owned();
    let daemon = pid_of(&["dockerd", host.trim_start_matches("unix://")]).ok_or("the lab's dockerd is not running")?;

    engine.add(&image, "run", RUNNING)?;
    // What the engine does by itself is none of ours.
    let alone = load(daemon, WATCHED);
    let program = Program::start(&binary(), &[], (200, 50), &env);
    program.until("bench", Duration::from_secs(20)).ok_or_else(|| program.text())?;
    program.settle(Duration::from_secs(3), Duration::from_secs(30));
    let with_us = load(daemon, WATCHED);
    let before = program.written();
    let ours = load(program.pid(), Duration::from_secs(30));
    let rate = (program.written() - before) as f64 / 30.0;
    drop(program);

    engine.add(&image, "create", LISTED - RUNNING)?;
    let mut listed = Vec::new();
    for _ in 0..5 {
        listed.push(timed(&binary(), &["services", "-o", "json"], &env)?.1 * 1e3);
    }
    let server = timed(Path::new(&engine.docker), &["ps", "-a", "-q"], &env)?.1 * 1e3;
    let mut list = figure("T3 docker", "500 containers: `services -o json`, ms", quantile(&listed, 0.5), 300.0);
    list["docker_ps_ms"] = json!(server.round());
    let cost = (with_us - alone).max(0.0);
    let mut engine_load =
        figure("T7 dockerd", "what watching 200 containers costs dockerd, % of a core", Some(cost), 1.0);
    engine_load["with_us"] = json!(with_us);
    engine_load["alone"] = json!(alone);
    Ok(vec![
        list,
        engine_load,
        figure("T7 docker", "idle with 200 containers, % of a core", Some(ours), 0.5),
        figure("T12 docker", "bytes a second with 200 containers and the Watch screen", Some(rate), 1000.0),
    ])
}

/// The process whose command line holds all of `words`.
fn pid_of(words: &[&str]) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").ok()?;
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        words.iter().all(|word| line.contains(word)) && !line.contains("containerd")
    })
}
