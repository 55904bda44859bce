//! T1, T7, T9, T17: what a start costs, and what an idle console costs, with every Source dead.

use std::time::Duration;

use serde_json::Value;

use super::figure;
use super::lab::{Home, binary};
use super::process::{load, quantile, rss_mib, young_minute};
use super::pty::Program;

const STARTS: usize = 20;

/// Starts the console against closed ports.
pub(crate) fn measure() -> Vec<Value> {
    let home = Home::new();
    let env = home.dead();
    let (mut paints, mut quits) = (Vec::new(), Vec::new());
    // Once uncounted, so that the file is in memory.
    Program::start(&binary(), &[], (120, 40), &env).first_paint(Duration::from_secs(5));
    for n in 0..STARTS {
        let size = if n % 2 == 0 { (80, 24) } else { (120, 40) };
        let mut program = Program::start(&binary(), &[], size, &env);
        paints.extend(program.first_paint(Duration::from_secs(5)));
        program.settle(Duration::from_millis(200), Duration::from_secs(2));
        quits.extend(program.quit("q", Duration::from_secs(3)));
    }
    let mut program = Program::start(&binary(), &[], (120, 40), &env);
    program.first_paint(Duration::from_secs(5));
    program.settle(Duration::from_secs(5), Duration::from_secs(20));
    young_minute();
    let before = program.written();
    let idle = load(program.pid(), Duration::from_secs(20));
    let wrote = program.written() - before;
    let rss = rss_mib(program.pid());
    let keys = program.latencies(&["?", "\u{1b}"], 60);
    vec![
        figure("T1", "first frame with all Sources dead, ms, p95 of 20", quantile(&paints, 0.95), 50.0),
        figure("T17", "quit, ms, p95 of 20", quantile(&quits, 0.95), 100.0),
        figure("T7 dead", "idle with all Sources dead, % of a core", Some(idle), 0.2),
        figure("T12 dead", "bytes in 20 s with all Sources dead", Some(wrote as f64), 2000.0),
        figure("T9 empty", "resident memory, MiB", Some(rss), 20.0),
        figure("T5 empty p99", "key to first byte, ms", quantile(&keys, 0.99), 3.5),
    ]
}
