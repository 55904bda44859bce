//! Source `docker` on the wire: against recorded answers of real engines, against every fault that can be scripted, and
//! (where the lab's engines run) against those.

#![allow(clippy::disallowed_methods, reason = "tests spawn what they need")]

mod faults;
mod logs;
mod server;
mod watch;
mod watched;
