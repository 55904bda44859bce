//! The Checks on the wire: against servers of this test that are well, slow, endless, hostile, or no servers of that kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod bench;
mod certificates;
mod many;
mod pages;
mod server;
mod stores;
