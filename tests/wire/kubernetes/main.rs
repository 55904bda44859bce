//! Source `kubernetes` against recorded answers of a real API server (v1.36, `answers/objects.yaml`), and against a server
//! that refuses, breaks, stalls and lies.
#![allow(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise, as the tests do")]
#![allow(clippy::disallowed_methods, reason = "tests start servers, wait for conditions and make their own programs")]

mod changes;
mod console;
mod faults;
mod images;
mod login;
mod logs;
#[path = "../ordered.rs"]
mod ordered;
mod reading;
mod ready;
mod rights;
mod server;
