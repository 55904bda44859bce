//! `schema`: the JSON schema of the config file.

use std::io::Write;

use super::{Exit, Failure};

/// Prints it.
///
/// # Errors
/// Where it cannot be written.
pub fn run() -> Result<Exit, Failure> {
    std::io::stdout().lock().write_all(crate::config::schema::text().as_bytes())?;
    Ok(Exit::Done)
}
