//! The command line: the same engine and the same words as the screen, one file per command.
//!
//! `main.rs` hands in a [`Wiring`], since this module knows no Source; every command ends in a [`Failure`] or an [`Exit`].

pub mod address;
pub mod alarms;
pub mod args;
pub mod change;
pub mod checks;
pub mod completions;
pub mod demo;
pub mod dispatch;
pub mod doctor;
pub mod explain;
pub mod failure;
pub mod init;
pub mod journal;
pub mod keys;
pub mod logs;
pub mod man;
pub mod output;
pub mod policy;
pub mod queues;
pub mod releases;
pub mod runs;
pub mod schema;
pub mod services;
pub mod session;
pub mod sources;
pub mod status;
pub mod stores;
pub mod themes;
pub mod timeline;
pub mod unlock;
pub mod watch;
pub mod why;

pub use args::Cli;
pub use dispatch::{Wiring, run};
pub use failure::{Exit, Failure};
