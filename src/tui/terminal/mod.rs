//! The terminal as a thing that is borrowed and given back: on quit, on an error, on a panic in any thread, on a signal,
//! and as well as it can be when it hangs or is gone.

mod hangup;
mod modes;
mod panics;
mod signals;
mod writer;

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::Size;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{QueueSelector, isatty, tcflush, tcgetwinsize};

pub use signals::{Signal, Signals};
pub use writer::Writer;

/// How long giving back waits for a terminal that does not read (SAFETY C7: quit ≤ 1 s).
const PATIENCE: Duration = Duration::from_millis(300);

/// Why the screen cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0} is not a terminal")]
    NoTerminal(&'static str),
    #[error("the terminal cannot be set up: {0}")]
    Setup(#[from] io::Error),
}

/// The borrowed terminal; dropping it gives it back.
pub struct Terminal {
    writer: Arc<Writer>,
    mouse: bool,
    entered: bool,
}

impl Terminal {
    /// Takes the terminal. While it is held, what libraries write to standard error goes to `log`, where there is one.
    ///
    /// # Errors
    /// Standard input or output is no terminal, or it refuses.
    pub fn take(mouse: bool, log: Option<File>) -> Result<Self, Refused> {
        for (there, name) in [(isatty(stdin()), "standard input"), (isatty(stdout()), "standard output")] {
            if !there {
                return Err(Refused::NoTerminal(name));
            }
        }
        modes::keep(log)?;
        panics::install();
        let mut terminal = Self { writer: Arc::new(Writer::start()?), mouse, entered: false };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Where frames are written.
    #[must_use]
    pub fn writer(&self) -> Arc<Writer> {
        self.writer.clone()
    }

    /// Starts the thread that ends the program when the terminal is gone and the loop does not see it.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub fn watch_for_hangup(&self) -> io::Result<()> {
        hangup::watch()
    }

    /// Cells of the terminal; 80×24 where it does not say.
    #[must_use]
    pub fn size() -> Size {
        match tcgetwinsize(stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
            Ok(_) => Size::new(0, 0),
            Err(_) => Size::new(80, 24),
        }
    }

    fn enter(&mut self) -> io::Result<()> {
        modes::raw()?;
        self.entered = true;
        self.writer.send(modes::enter(self.mouse));
        Ok(())
    }

    /// Mouse reports on or off.
    pub fn mouse(&mut self, on: bool) {
        self.mouse = on;
        self.writer.send(modes::mouse(on).to_vec());
    }

    /// Puts text on the clipboard of the person's terminal (OSC 52); `Err` where it is too long for one.
    ///
    /// # Errors
    /// The text's length in bytes.
    pub fn copy(&self, text: &str) -> Result<(), usize> {
        if text.len() > modes::COPY_LIMIT {
            return Err(text.len());
        }
        self.writer.send(modes::clipboard(text));
        Ok(())
    }

    /// Gives the terminal back.
    pub fn leave(&mut self) {
        if !std::mem::take(&mut self.entered) {
            return;
        }
        let farewell = modes::leave();
        if !self.writer.finish(farewell.clone(), PATIENCE) {
            // It does not read. What waits in the kernel is thrown away, so that the end of our words may still get through.
            tcflush(stdout(), QueueSelector::OFlush).unwrap_or_default();
            self.writer.finish(Vec::new(), PATIENCE / 3);
        }
        modes::cooked();
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// The terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.leave();
        modes::stop();
        self.enter()
    }

    /// The same where somebody sent SIGTSTP: only this process stops.
    ///
    /// # Errors
    /// The terminal cannot be taken again.
    pub fn stop(&mut self) -> io::Result<()> {
        self.leave();
        modes::stop_alone();
        self.enter()
    }

    /// Sets the terminal up again after the process was stopped without having been told, and went on.
    ///
    /// # Errors
    /// The terminal cannot be set up.
    pub fn again(&mut self) -> io::Result<()> {
        modes::raw()?;
        self.writer.send(modes::again(self.mouse));
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
        modes::forget();
    }
}
