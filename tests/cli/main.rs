//! The command line as scripts and people meet it: help, the JSON contract, text, exit codes, errors.

mod contract;
mod failures;
mod help;
mod program;
mod text;
