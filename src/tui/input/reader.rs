//! The thread that reads the terminal. It waits in `poll`, so that it costs nothing while nobody types.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::mpsc::Sender;

use super::Input;
use super::parser::Parser;

/// How long a lone escape may wait for the rest of a sequence; links that split one further apart are not known.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 25_000_000 };

/// Starts it; it ends when nobody listens any more or when the terminal is gone.
///
/// # Errors
/// Where no thread can be made.
pub fn start(to: Sender<Input>) -> io::Result<()> {
    std::thread::Builder::new().name("terminal-in".into()).spawn(move || read(&to)).map(drop)
}

fn read(to: &Sender<Input>) {
    let stdin = rustix::stdio::stdin();
    let mut parser = Parser::default();
    let mut bytes = [0; 16 * 1024];
    let mut out = Vec::new();
    loop {
        let wait = parser.waits().then_some(PAUSE);
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut fds, wait.as_ref()) {
            Ok(0) => parser.pause(&mut out),
            Ok(_) => match rustix::io::read(stdin, &mut bytes) {
                Ok(0) => out.push(Input::Gone),
                Ok(count) => parser.feed(&bytes[..count], &mut out),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => out.push(Input::Gone),
            },
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => out.push(Input::Gone),
        }
        for input in out.drain(..) {
            let last = input == Input::Gone;
            if to.blocking_send(input).is_err() || last {
                return;
            }
        }
    }
}
