//! The thread that writes to the terminal, so that a terminal that does not read never stops anything else. It holds one
//! piece at a time: the loop makes the next frame only when this one is written, so the newest picture wins by itself.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::stdio::stdout;
use tokio::sync::Notify;

/// Pieces that may wait: frames are one at a time, beside them a mode, a copy and the farewell.
const ROOM: usize = 16;

/// Set by a panic: from then on nothing is written but by its hook.
static DEAD: AtomicBool = AtomicBool::new(false);
/// Held while bytes go out, so that the panic hook does not write into the middle of a frame.
static OUT: Mutex<()> = Mutex::new(());

#[derive(Default)]
struct Shared {
    /// Pieces sent and written.
    sent: AtomicU64,
    written: Mutex<u64>,
    moved: Condvar,
    free: Notify,
    bytes: AtomicU64,
    gone: AtomicBool,
}

/// The sending side.
pub struct Writer {
    to: SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where none can be made.
    pub(super) fn start() -> io::Result<Self> {
        let (to, from) = sync_channel(ROOM);
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        std::thread::Builder::new().name("terminal-out".into()).spawn(move || run(&from, &theirs))?;
        Ok(Self { to, shared })
    }

    /// Whether everything sent so far is written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *lock(&self.shared.written) == self.shared.sent.load(Ordering::Acquire)
    }

    /// Waits until a piece has been written. Cancel-safe.
    pub async fn freed(&self) {
        self.shared.free.notified().await;
    }

    /// Bytes written so far, for the debug panel.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Whether the terminal refused to take any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.shared.gone.load(Ordering::Relaxed)
    }

    /// Hands bytes over; where the terminal is so far behind that there is no room they are dropped.
    pub fn send(&self, bytes: Vec<u8>) -> bool {
        let taken = self.to.try_send(bytes).is_ok();
        self.shared.sent.fetch_add(u64::from(taken), Ordering::AcqRel);
        taken
    }

    /// Hands last bytes over and waits until all is written, at most for `patience`; false if it was not.
    pub(super) fn finish(&self, bytes: Vec<u8>, patience: Duration) -> bool {
        if !bytes.is_empty() && !self.send(bytes) {
            return false;
        }
        let wanted = self.shared.sent.load(Ordering::Acquire);
        let written = lock(&self.shared.written);
        let waited = self.shared.moved.wait_timeout_while(written, patience, |written| *written < wanted);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

fn lock(mutex: &Mutex<u64>) -> MutexGuard<'_, u64> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(from: &Receiver<Vec<u8>>, shared: &Shared) {
    while let Ok(bytes) = from.recv() {
        if !DEAD.load(Ordering::Acquire) {
            let _alone = OUT.lock().unwrap_or_else(PoisonError::into_inner);
            match write(&bytes) {
                Ok(()) => shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed),
                Err(_) => u64::from(shared.gone.swap(true, Ordering::Relaxed)),
            };
        }
        *lock(&shared.written) += 1;
        shared.moved.notify_all();
        shared.free.notify_one();
    }
}

fn write(mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                let mut fds = [rustix::event::PollFd::from_borrowed_fd(stdout(), rustix::event::PollFlags::OUT)];
                rustix::event::poll(&mut fds, None).map(drop)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// For the panic hook: stops all other writing, then writes `bytes` unless the terminal does not read.
pub(super) fn last_words(bytes: &[u8]) {
    DEAD.store(true, Ordering::Release);
    // The panic may be the writer's own, or the terminal may be blocked: no waiting for ever.
    let mut held = None;
    for _ in 0..20 {
        match OUT.try_lock() {
            Ok(guard) => held = Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => held = Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => std::thread::park_timeout(Duration::from_millis(10)),
        }
        if held.is_some() {
            break;
        }
    }
    let wait = rustix::event::Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(stdout(), rustix::event::PollFlags::OUT)];
    if rustix::event::poll(&mut fds, Some(&wait)).is_ok_and(|ready| ready > 0) {
        write(bytes).unwrap_or_default();
    }
    drop(held);
}
