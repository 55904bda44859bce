//! Source `rabbitmq` on the wire: against recorded answers of a real broker, and against every fault that can be scripted.
//!
//! `recorded/3.10.8.json` was answered by RabbitMQ 3.10.8 of Debian 12 (the lab's part `rabbit`), refusals included; only the
//! cluster's name was changed. `recorded/4.x.json` was written by hand after the documentation of the management API of 4.1 (no
//! broker of that line can be installed here): it proves that rows of that shape are read, not that a broker sends them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod faults;
mod raw;
#[path = "../served.rs"]
mod served;
mod server;
#[path = "../watched.rs"]
mod shared;
mod watch;
mod watched;
