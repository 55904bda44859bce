//! Source `redis` on the wire: keys as BullMQ and Celery leave them, and every fault that can be scripted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod faults;
mod keys;
mod queues;
mod rights;
mod server;
#[path = "../watched.rs"]
mod shared;
mod tls;
mod watched;
