//! The console's own log: to a file that is turned over each day, and to a ring for the debug panel. Never to the screen.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::model::{Text, redact};

/// Lines that wait to be written. Their room is taken at once: the default of 128,000 costs four megabytes.
const WAITING: usize = 1024;
/// Lines that the ring holds.
const LINES: usize = 500;
/// Files of the log that are kept.
const FILES: usize = 7;

/// The newest lines, shared between the subscriber and the panel.
#[derive(Clone, Debug, Default)]
pub struct Ring(Arc<Mutex<VecDeque<String>>>);

impl Ring {
    /// The newest lines, newest first.
    #[must_use]
    pub fn newest(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().take(count).cloned().collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// A log that is being written; dropped last, since dropping it writes what still waits.
pub struct Log {
    pub ring: Ring,
    /// Where standard error goes while the screen is up.
    pub errors: Option<File>,
    _flush: WorkerGuard,
}

/// Starts logging into `folder` (made by the caller, for its owner only). What is logged follows `QUARTERDECK_LOG`
/// (`info` where it is not set). A second call in one process changes nothing but the ring it returns.
///
/// # Errors
/// Where no file can be made there.
pub fn start(folder: &Path) -> io::Result<Log> {
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("quarterdeck")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(folder)
        .map_err(io::Error::other)?;
    // Bounded and lossy: a log must never stop the program.
    let (writer, flush) = NonBlockingBuilder::default().buffered_lines_limit(WAITING).lossy(true).finish(appender);
    let ring = Ring::default();
    let filter = EnvFilter::try_from_env("QUARTERDECK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let file = fmt::layer().with_ansi(false).with_writer(writer);
    let panel = Panel(ring.clone());
    // Tests and a second console in one process may have installed one before.
    drop(tracing_subscriber::registry().with(filter).with(file).with(panel).try_init());
    let errors = private(&folder.join("stderr.log")).ok();
    Ok(Log { ring, errors, _flush: flush })
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

struct Panel(Ring);

impl<S: Subscriber> Layer<S> for Panel {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut words = Words(format!("{} {}: ", event.metadata().level(), event.metadata().target()));
        event.record(&mut words);
        // What a library logs is text from outside: it may quote a server, or a secret.
        self.0.push(Text::line(&redact::mask(&words.0)).shown().to_owned());
    }
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.push_str(&format!("{value:?}"));
        } else {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_forgets_the_oldest_and_gives_the_newest_first() {
        let ring = Ring::default();
        for n in 0..LINES + 5 {
            ring.push(n.to_string());
        }
        assert_eq!(ring.newest(2), [(LINES + 4).to_string(), (LINES + 3).to_string()]);
        assert_eq!(ring.newest(usize::MAX).len(), LINES);
    }

    #[test]
    fn lines_go_to_the_file_and_to_the_ring_made_safe() {
        let folder = tempfile::tempdir().unwrap();
        let log = start(folder.path()).unwrap();
        let subscriber = tracing_subscriber::registry().with(Panel(log.ring.clone()));
        tracing::subscriber::with_default(subscriber, || tracing::info!(host = "a\u{1b}[2Jb", "connected"));
        let lines = log.ring.newest(1);
        assert!(lines[0].contains("connected") && !lines[0].contains('\u{1b}'), "{lines:?}");
    }
}
