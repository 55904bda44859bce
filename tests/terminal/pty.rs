//! A program in a pseudo-terminal, with all that it wrote and the screen that follows from it. Waits for conditions only.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// How long a condition may take on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Seen {
    raw: Vec<u8>,
    screen: Option<vt100::Parser>,
    paused: bool,
    closing: bool,
    closed: bool,
}

/// The program and its terminal.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    /// Our own end of the program's side, to read its modes from, also when the program is gone.
    side: Option<OwnedFd>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    _home: tempfile::TempDir,
}

/// How a program is started.
pub(crate) struct Start<'a> {
    pub(crate) arguments: &'a [&'a str],
    pub(crate) size: (u16, u16),
    pub(crate) environment: &'a [(&'a str, &'a str)],
    pub(crate) ignoring_hangup: bool,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self { arguments: &["demo"], size: (100, 30), environment: &[], ignoring_hangup: false }
    }
}

impl Pty {
    /// The demo, with its Watch on screen.
    pub(crate) fn demo() -> Self {
        Self::start(&Start::default()).shows("Quarterdeck")
    }

    /// Starts it in a home of its own.
    pub(crate) fn start(start: &Start<'_>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (cols, rows) = start.size;
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let name = pair.master.tty_name().unwrap();
        let side = std::fs::File::options().read(true).write(true).open(name).unwrap();
        let child = pair.slave.spawn_command(command(start, home.path())).unwrap();
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        seen.0.lock().unwrap().screen = Some(vt100::Parser::new(cells(rows), cells(cols), 0));
        let theirs = seen.clone();
        std::thread::Builder::new().spawn(move || read(reader, &theirs)).unwrap();
        let writer = pair.master.take_writer().unwrap();
        Self { child, master: Some(pair.master), writer: Some(writer), side: Some(side.into()), seen, _home: home }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// Waits until this is true of everything written and of the screen; panics with the screen where it never is.
    fn until(&self, what: &str, mut holds: impl FnMut(&Seen) -> bool) {
        let seen = self.seen();
        let (seen, waited) = self.seen.1.wait_timeout_while(seen, DEADLINE, |seen| !holds(seen)).unwrap();
        assert!(!waited.timed_out(), "{what} never came; the screen is\n{}", screen(&seen));
    }

    /// Waits until this text is on the screen.
    pub(crate) fn shows(self, text: &str) -> Self {
        self.until(&format!("`{text}`"), |seen| screen(seen).contains(text));
        self
    }

    /// Waits until this text is no longer on the screen.
    pub(crate) fn hides(self, text: &str) -> Self {
        self.until(&format!("the end of `{text}`"), |seen| !screen(seen).contains(text));
        self
    }

    /// Types bytes.
    pub(crate) fn types(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
        writer.flush().unwrap();
        self
    }

    /// Sends a signal.
    pub(crate) fn signal(self, signal: Signal) -> Self {
        kill_process(self.pid(), signal).unwrap();
        self
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }

    /// Another size of the terminal.
    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        let mut seen = self.seen();
        seen.screen.as_mut().unwrap().screen_mut().set_size(cells(rows), cells(cols));
    }

    /// The terminal does not read any more, or does again.
    pub(crate) fn pause(&self, paused: bool) {
        self.seen().paused = paused;
        self.seen.1.notify_all();
    }

    /// Closes the terminal as a dropped link does.
    pub(crate) fn hang_up(&mut self) {
        self.seen().closing = true;
        self.side = None;
        // Any output wakes the reading thread, which then lets go of its side.
        self.writer.as_mut().unwrap().write_all(b"\x0c").unwrap();
        self.until("the end of reading", |seen| seen.closed);
        self.writer = None;
        self.master = None;
    }

    /// Waits until it has written nothing for this long; the bytes before that.
    pub(crate) fn quiet_for(&self, span: Duration) -> usize {
        let mut seen = self.seen();
        let end = Instant::now() + DEADLINE;
        loop {
            assert!(Instant::now() < end, "it never falls silent");
            let before = seen.raw.len();
            let waited = self.seen.1.wait_timeout_while(seen, span, |seen| seen.raw.len() == before).unwrap();
            if waited.1.timed_out() {
                return before;
            }
            seen = waited.0;
        }
    }

    /// Waits for its end; the exit code, or the signal that killed it.
    pub(crate) fn ends(&mut self) -> Result<u32, String> {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.signal().map_or(Ok(status.exit_code()), |signal| Err(signal.to_owned()));
            }
            assert!(Instant::now() < end, "it does not end; the screen is\n{}", screen(&self.seen()));
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits until the process is stopped.
    pub(crate) fn stopped(self) -> Self {
        let end = Instant::now() + DEADLINE;
        let stat = format!("/proc/{}/stat", self.pid().as_raw_nonzero());
        loop {
            let told = std::fs::read_to_string(&stat).unwrap();
            if told.rsplit(')').next().unwrap().trim_start().starts_with('T') {
                return self;
            }
            assert!(Instant::now() < end, "it is not stopped: {told}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// All that it wrote so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// Waits until this text was written, wherever it went.
    pub(crate) fn wrote(&self, text: &str) {
        self.until(&format!("`{text}`"), |seen| seen.raw.windows(text.len()).any(|w| w == text.as_bytes()));
    }

    /// Whether the line discipline is as a shell wants it: lines, echo, signals from keys.
    pub(crate) fn is_cooked(&self) -> bool {
        let wanted = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcgetattr(self.side.as_ref().unwrap()).unwrap().local_modes.contains(wanted)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Only where a test failed: it still runs.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
        }
        self.seen().closing = true;
        self.seen.1.notify_all();
    }
}

fn command(start: &Start<'_>, home: &Path) -> CommandBuilder {
    let program = env!("CARGO_BIN_EXE_quarterdeck");
    let mut command = if start.ignoring_hangup {
        let mut shell = CommandBuilder::new("/bin/sh");
        shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", program]);
        shell
    } else {
        CommandBuilder::new(program)
    };
    command.args(start.arguments);
    command.cwd(home);
    command.env_clear();
    let nowhere = home.join("nowhere");
    for (name, value) in [("HOME", home), ("XDG_RUNTIME_DIR", home), ("KUBECONFIG", nowhere.as_path())] {
        command.env(name, value);
    }
    for (name, value) in
        [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")]
    {
        command.env(name, value);
    }
    for (name, value) in start.environment {
        command.env(name, value);
    }
    command
}

fn read(mut from: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut bytes = [0; 16 * 1024];
    loop {
        let guard = seen.0.lock().unwrap();
        let guard = seen.1.wait_while(guard, |seen| seen.paused && !seen.closing).unwrap();
        drop(guard);
        let count = from.read(&mut bytes).unwrap_or(0);
        let mut guard = seen.0.lock().unwrap();
        guard.raw.extend_from_slice(&bytes[..count]);
        if let Some(screen) = &mut guard.screen {
            screen.process(&bytes[..count]);
        }
        if count == 0 || guard.closing {
            drop(from);
            guard.closed = true;
            seen.1.notify_all();
            return;
        }
        seen.1.notify_all();
    }
}

/// A model of a terminal has at least one cell.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap_or(NonZero::<u16>::MIN)
}

fn screen(seen: &Seen) -> String {
    seen.screen.as_ref().map(|parser| parser.screen().contents()).unwrap_or_default()
}
