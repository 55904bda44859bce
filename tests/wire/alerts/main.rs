//! Sources `alertmanager` and `prometheus` on the wire: against recorded answers of real servers, and against every fault that
//! can be scripted.
//!
//! `recorded` was answered by Alertmanager 0.25 and Prometheus 2.42 of Debian 12 (the lab's part `alerts`, one silence made);
//! only the folder of the rules was changed, and moments are moved to the present when they are read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod alertmanager;
mod faults;
mod opened;
mod prometheus;
mod secrets;
#[path = "../served.rs"]
mod served;
#[path = "../watched.rs"]
mod shared;
