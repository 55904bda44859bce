//! The signals that concern a terminal program, as one stream.

use std::io;

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What a signal means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End, with this exit code.
    End(u8),
    /// The terminal has another size.
    Resized,
    /// Somebody wants us stopped (`kill -TSTP`).
    Stop,
    /// We go on after having been stopped.
    Continued,
}

/// All of them.
pub struct Signals {
    ends: [(Stream, u8); 4],
    resized: Stream,
    stop: Stream,
    continued: Stream,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// Where the system refuses one.
    pub fn install() -> io::Result<Self> {
        // 128 and the signal's number, as shells report it.
        let end = |kind: SignalKind, code| signal(kind).map(|stream| (stream, code));
        Ok(Self {
            ends: [
                end(SignalKind::hangup(), 129)?,
                end(SignalKind::interrupt(), 130)?,
                end(SignalKind::quit(), 131)?,
                end(SignalKind::terminate(), 143)?,
            ],
            resized: signal(SignalKind::window_change())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next one. Cancel-safe.
    pub async fn next(&mut self) -> Signal {
        let [a, b, c, d] = &mut self.ends;
        tokio::select! {
            _ = a.0.recv() => Signal::End(a.1),
            _ = b.0.recv() => Signal::End(b.1),
            _ = c.0.recv() => Signal::End(c.1),
            _ = d.0.recv() => Signal::End(d.1),
            _ = self.resized.recv() => Signal::Resized,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.continued.recv() => Signal::Continued,
        }
    }
}
