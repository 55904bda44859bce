//! `completions`: a script for a shell, generated from the arguments.

use std::io::Write;

use clap::CommandFactory;

use super::{Cli, Exit, Failure, args};

/// Prints it.
///
/// # Errors
/// Where it cannot be written.
pub fn run(args: &args::Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "quarterdeck", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
