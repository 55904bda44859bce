//! The door to child processes: every program that a Source runs is started here, without a shell, without our terminal.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::process::Command;

/// A command that cannot reach the screen: no standard input, captured output and error, ended when it is dropped.
///
/// The program is looked up as the system does; arguments are passed as they are, no shell stands between.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the door to child processes")]
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// This very program once more, to outlive us: it reads what we write to it, and its first words reach us.
#[must_use]
pub fn ourselves(program: impl AsRef<OsStr>) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the door to child processes")]
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(false);
    command
}
