//! TCP: somebody listens, and does not hang up at once.

use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::ask::Ask;
use super::dial;
use super::seen::Seen;

/// A proxy that has nobody behind it (docker's, a load balancer's) accepts and hangs up within this time.
const HANGS_UP: Duration = Duration::from_millis(200);

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    let target = ask.spec.target.raw();
    let Some((host, port)) = dial::split(target) else { return Seen::unknown(&format!("{target} has no port")) };
    let mut stream = match dial::connect(ask, host, port).await {
        Ok(stream) => stream,
        Err(seen) => return seen,
    };
    let took = ask.took();
    let mut first = [0; 1];
    let hung_up = match tokio::time::timeout(HANGS_UP, stream.read(&mut first)).await {
        // It waits for us to speak, or speaks itself: both prove that somebody is there.
        Err(_) | Ok(Ok(1..)) => None,
        Ok(Ok(0)) => Some(io::Error::from(io::ErrorKind::UnexpectedEof)),
        Ok(Err(error)) => Some(error),
    };
    match hung_up {
        None => Seen::passing(&format!("connected in {took} ms")).took(took),
        Some(error) => {
            let words = if error.kind() == io::ErrorKind::UnexpectedEof { "closed" } else { "reset" };
            Seen::failing(&format!("connected, and {words} at once: nobody seems to be behind the port")).took(took)
        }
    }
}
