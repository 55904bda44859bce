//! The tape: every message as one JSON line, secrets masked, so that a bug report is a file that can be played again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::msg::Stamped;
use super::state::State;
use crate::fleet::Rules;
use crate::model::{Timestamp, redact};

/// The first line of a tape.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    quarterdeck_tape: u32,
    version: String,
    at: Timestamp,
    rules: Rules,
}

const FORMAT: u32 = 1;

/// Writes messages to a file. An error ends the recording, not the console.
pub struct Recorder {
    out: Option<BufWriter<File>>,
    /// Why the recording ended, for the debug panel.
    pub failed: Option<String>,
}

impl Recorder {
    /// Begins a tape; the file must not exist (a recording never overwrites another), and is readable by its owner only.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn create(path: &Path, rules: &Rules, at: Timestamp) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::new(options.open(path)?);
        let head =
            Head { quarterdeck_tape: FORMAT, version: env!("CARGO_PKG_VERSION").into(), at, rules: rules.clone() };
        writeln!(out, "{}", serde_json::to_string(&head)?)?;
        out.flush()?;
        Ok(Self { out: Some(out), failed: None })
    }

    /// Adds one message.
    pub fn write(&mut self, stamped: &Stamped) {
        let Some(out) = &mut self.out else { return };
        let written = serde_json::to_value(stamped)
            .map_err(io::Error::from)
            .and_then(|mut value| {
                redact::mask_json(&mut value);
                writeln!(out, "{value}")
            })
            .and_then(|()| if matches!(stamped.msg, super::msg::Msg::Tick) { out.flush() } else { Ok(()) });
        if let Err(error) = written {
            self.failed = Some(error.to_string());
            self.out = None;
        }
    }
}

/// Plays a tape: by time at a speed, or step by step.
pub struct Player {
    head: Head,
    messages: Vec<Stamped>,
    position: usize,
    /// Times as fast as it happened; zero: paused.
    pub speed: f64,
    steps: usize,
}

impl Player {
    /// Reads a whole tape.
    ///
    /// # Errors
    /// Where the file cannot be read, is no tape, or a line is broken (the message names the line); a last line that was
    /// cut by a crash is left out.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut lines = BufReader::new(File::open(path)?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let head: Head = serde_json::from_str(&first).map_err(|e| bad(1, &format!("not a tape: {e}")))?;
        if head.quarterdeck_tape != FORMAT {
            return Err(bad(1, &format!("a tape of format {}, this version plays {FORMAT}", head.quarterdeck_tape)));
        }
        let lines: Vec<String> = lines.collect::<io::Result<_>>()?;
        let mut messages = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(stamped) => messages.push(stamped),
                Err(error) if index + 1 == lines.len() && error.is_eof() => break,
                Err(error) => return Err(bad(index + 2, &error.to_string())),
            }
        }
        Ok(Self { head, messages, position: 0, speed: 1.0, steps: 0 })
    }

    /// The state before the first message.
    #[must_use]
    pub fn fresh_state(&self) -> State {
        State::new(self.head.rules.clone(), self.head.at)
    }

    /// First and last moment on the tape.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.head.at, self.messages.last().map_or(self.head.at, |m| m.at))
    }

    /// Messages played and messages there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.position, self.messages.len())
    }

    /// Plays one message although paused.
    pub fn step(&mut self) {
        self.steps += 1;
    }

    /// Back to the beginning.
    pub(super) fn rewind(&mut self) {
        self.position = 0;
    }

    /// The next message at its time; waits for ever at the end or while paused. Cancel-safe: a message is taken only when
    /// it is returned.
    pub(super) async fn next(&mut self) -> Option<Stamped> {
        if self.position >= self.messages.len() || self.speed <= 0.0 && self.steps == 0 {
            std::future::pending::<()>().await;
        }
        if self.steps > 0 {
            self.steps -= 1;
        } else {
            tokio::time::sleep(self.pause()).await;
        }
        let stamped = self.messages.get(self.position).cloned();
        self.position += 1;
        stamped
    }

    /// A further message of the same moment.
    pub(super) fn ready(&mut self) -> Option<Stamped> {
        let last = self.messages.get(self.position.checked_sub(1)?)?.at;
        let next = self.messages.get(self.position).filter(|m| m.at == last && self.speed > 0.0)?.clone();
        self.position += 1;
        Some(next)
    }

    /// The next message if it lies no later than `to`.
    pub(super) fn take_until(&mut self, to: Timestamp) -> Option<Stamped> {
        let next = self.messages.get(self.position).filter(|m| m.at <= to)?.clone();
        self.position += 1;
        Some(next)
    }

    /// How long after the message before this one came, at the present speed.
    fn pause(&self) -> Duration {
        let Some(next) = self.messages.get(self.position) else { return Duration::ZERO };
        let before = match self.position.checked_sub(1).and_then(|i| self.messages.get(i)) {
            Some(last) => last.at,
            None => self.head.at,
        };
        let real = Duration::try_from(next.at.duration_since(before)).unwrap_or_default();
        real.div_f64(self.speed.max(0.01))
    }
}

fn bad(line: usize, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {what}"))
}
