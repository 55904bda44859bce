//! Source `docker` on the wire: against recorded answers of real engines, against every fault that can be scripted, and
//! (where the lab's engines run) against those.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod faults;
mod logs;
mod server;
#[path = "../watched.rs"]
mod shared;
mod tls;
mod watch;
mod watched;
