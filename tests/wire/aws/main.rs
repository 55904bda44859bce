//! Source `aws` on the wire: answers of the shapes that AWS documents for each API (JSON 1.0 and 1.1, query with XML, Smithy RPC
//! v2 with CBOR), and every fault that a healthy account does not show. The lab proves the same Source on moto.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests may unwrap, and start what they test"
)]

mod alarms;
mod cloud;
mod faults;
mod permissions;
mod reading;
mod server;
mod shape;
#[path = "../watched.rs"]
mod shared;
mod watched;
