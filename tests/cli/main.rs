//! The command line as scripts and people meet it: help, the JSON contract, text, exit codes, errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

mod checks;
mod contract;
mod doctor;
mod failures;
mod help;
mod program;
mod text;
