//! The watchdog for a terminal that goes away while SIGHUP does not reach us: `poll` with no events asked for returns as
//! soon as it is hung up (DEPENDENCIES 9-A).

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::stdio::stdin;

/// How long the loop has to end by itself; it is told by the reader at the same moment.
const GRACE: Duration = Duration::from_millis(700);
/// As a shell would report SIGHUP.
const CODE: i32 = 129;

/// Starts the thread.
pub(super) fn watch() -> io::Result<()> {
    std::thread::Builder::new().name("hang-up".into()).spawn(wait).map(drop)
}

fn wait() {
    loop {
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::empty())];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) | Ok(0) => {}
            _ => break,
        }
    }
    std::thread::park_timeout(GRACE);
    std::process::exit(CODE);
}
