//! A program in a pseudo-terminal, its output stamped on arrival: what a person in front of it would feel.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// What has come out so far.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    /// When each piece arrived, and how long the output was then.
    arrivals: Vec<(Instant, usize)>,
    ended: bool,
}

/// A running program and everything it wrote.
pub(crate) struct Program {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    output: Arc<(Mutex<Output>, Condvar)>,
    started: Instant,
    size: (u16, u16),
    _master: Box<dyn MasterPty + Send>,
}

impl Program {
    /// Starts `path` with a clean environment made of `env`.
    pub(crate) fn start(path: &Path, args: &[&str], size: (u16, u16), env: &[(String, String)]) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { cols: size.0, rows: size.1, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(path);
        command.args(args);
        command.env_clear();
        for (name, value) in env {
            command.env(name, value);
        }
        let output = Arc::new((Mutex::new(Output::default()), Condvar::new()));
        let (mut reader, sink) = (pair.master.try_clone_reader().expect("a reader"), output.clone());
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let at = Instant::now();
                let mut out = sink.0.lock().expect("output");
                out.bytes.extend_from_slice(&buffer[..n]);
                let length = out.bytes.len();
                out.arrivals.push((at, length));
                sink.1.notify_all();
            }
            sink.0.lock().expect("output").ended = true;
            sink.1.notify_all();
        });
        let writer = pair.master.take_writer().expect("a writer");
        Self { child, writer, output, started, size, _master: pair.master }
    }

    /// Waits until `test` holds for the output; false after `limit`.
    fn wait(&self, limit: Duration, mut test: impl FnMut(&Output) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut out = self.output.0.lock().expect("output");
        while !test(&out) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || out.ended {
                return false;
            }
            out = self.output.1.wait_timeout(out, left).expect("output").0;
        }
        true
    }

    /// Milliseconds from the start to the output that made the screen show something.
    pub(crate) fn first_paint(&self, limit: Duration) -> Option<f64> {
        self.wait(limit, |out| is_painted(&out.bytes, self.size));
        let out = self.output.0.lock().expect("output");
        let (at, _) = out.arrivals.iter().find(|(_, length)| is_painted(&out.bytes[..*length], self.size))?;
        Some(at.duration_since(self.started).as_secs_f64() * 1e3)
    }

    /// Waits until the screen shows `words`; the seconds since the start.
    pub(crate) fn until(&self, words: &str, limit: Duration) -> Option<f64> {
        let size = self.size;
        let seen = self.wait(limit, |out| screen(&out.bytes, size).contains(words));
        seen.then(|| self.started.elapsed().as_secs_f64())
    }

    /// The screen as text.
    pub(crate) fn text(&self) -> String {
        screen(&self.output.0.lock().expect("output").bytes, self.size)
    }

    /// Waits until nothing was written for `quiet`.
    pub(crate) fn settle(&self, quiet: Duration, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let written = self.written();
            let more = self.wait(quiet, |out| out.bytes.len() > written);
            if !more || Instant::now() > deadline {
                return;
            }
        }
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> usize {
        self.output.0.lock().expect("output").bytes.len()
    }

    /// Types `keys`.
    pub(crate) fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the terminal takes keys");
    }

    /// Milliseconds from each key to the first byte that answers it; keys without an answer within a second are left out.
    pub(crate) fn latencies(&mut self, keys: &[&str], count: usize) -> Vec<f64> {
        let mut all = Vec::with_capacity(count);
        for n in 0..count {
            self.settle(Duration::from_millis(40), Duration::from_secs(2));
            let before = self.written();
            let sent = Instant::now();
            self.send(keys[n % keys.len()]);
            if self.wait(Duration::from_secs(1), |out| out.bytes.len() > before) {
                let out = self.output.0.lock().expect("output");
                let at = out.arrivals.iter().find(|(_, length)| *length > before).map(|(at, _)| *at);
                all.extend(at.map(|at| at.duration_since(sent).as_secs_f64() * 1e3));
            }
        }
        all
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// Sends `keys` and waits for the end: milliseconds, `None` if it stays.
    pub(crate) fn quit(&mut self, keys: &str, limit: Duration) -> Option<f64> {
        let sent = Instant::now();
        self.send(keys);
        while sent.elapsed() < limit {
            if self.child.try_wait().expect("its state").is_some() {
                return Some(sent.elapsed().as_secs_f64() * 1e3);
            }
            std::thread::yield_now();
        }
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn screen(bytes: &[u8], size: (u16, u16)) -> String {
    let [columns, rows] = [size.0, size.1].map(|n| NonZeroU16::new(n).expect("a size"));
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(bytes);
    parser.screen().contents()
}

fn is_painted(bytes: &[u8], size: (u16, u16)) -> bool {
    bytes.len() > 200 && !screen(bytes, size).trim().is_empty()
}
