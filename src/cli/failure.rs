//! How a command ends: the exit codes of DESIGN section 7, and errors with their cause and what would help.

use std::fmt;
use std::io;

use crate::model::Text;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    /// Wrong usage or configuration, an unknown or ambiguous address.
    Usage = 2,
    /// Refused, or not confirmed.
    Refused = 3,
    /// The world moved since the Plan.
    Stale = 4,
    RolledBack = 5,
    Unknown = 6,
    /// Something asked for is degraded or down.
    Unhealthy = 7,
    /// A Source that was needed is not fresh.
    NotFresh = 8,
}

impl Exit {
    /// For the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
    pub cause: Option<String>,
    /// What would help.
    pub hint: Option<String>,
    /// Nobody reads what we write any more: there is nothing to say.
    pub quiet: bool,
}

impl Failure {
    /// A failure with its message.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), cause: None, hint: None, quiet: false }
    }

    /// The same with its cause.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The same with what would help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Words from outside may stand in any of the parts: each line is cleaned again.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, "quarterdeck: ", &self.message)?;
        if let Some(cause) = &self.cause {
            lines(f, "  cause: ", cause)?;
        }
        if let Some(hint) = &self.hint {
            lines(f, "  hint: ", hint)?;
        }
        Ok(())
    }
}

fn lines(f: &mut fmt::Formatter<'_>, head: &str, text: &str) -> fmt::Result {
    for (number, line) in text.lines().enumerate() {
        let lead = if number == 0 { head } else { "  " };
        writeln!(f, "{lead}{}", Text::line(line))?;
    }
    Ok(())
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let quiet = error.kind() == io::ErrorKind::BrokenPipe;
        Self { quiet, ..Self::new(Exit::Failed, "the answer cannot be written").cause(error) }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v_a_failure_never_carries_an_escape_sequence_to_the_terminal() {
        let failure = Failure::new(Exit::Failed, "it said \u{1b}[2J").cause("x\r\u{9b}1m").hint("try\nagain");
        let said = failure.to_string();
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        assert!(said.contains("cause: ") && said.contains("hint: try\n  again"));
    }
}
