//! The byte stream to a Redis: it ends an answer that is longer than it may be, and remembers how the first one began, so
//! that what is no Redis can be told by its words.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream, whatever it runs over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Most bytes of one answer: the list of ten thousand clients has an eighth of it.
const LARGEST: u64 = 32 << 20;
/// How much of the beginning is kept.
const BEGINNING: usize = 64;

/// What is known of the bytes that came in; shared with the one who asks.
#[derive(Debug, Default)]
pub(super) struct Meter {
    taken: AtomicU64,
    /// The server ended the stream, or it broke.
    ended: AtomicBool,
    begun: Mutex<Vec<u8>>,
}

impl Meter {
    /// A new request begins: its answer may have the whole allowance.
    pub(super) fn reset(&self) {
        self.taken.store(0, Ordering::Relaxed);
    }

    /// Whether the answer under way has had more than its allowance.
    pub(super) fn is_too_long(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > LARGEST
    }

    /// Whether the stream ended by itself: else it was given up because of what came.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// The first bytes that ever came.
    pub(super) fn beginning(&self) -> Vec<u8> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn took(&self, bytes: &[u8]) -> bool {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let room = BEGINNING.saturating_sub(begun.len()).min(bytes.len());
        begun.extend_from_slice(&bytes[..room]);
        let length = bytes.len() as u64;
        self.taken.fetch_add(length, Ordering::Relaxed) + length <= LARGEST
    }
}

/// The stream and its meter.
pub(super) struct Metered {
    wire: Box<dyn Wire>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(super) fn new(wire: Box<dyn Wire>, meter: Arc<Meter>) -> Self {
        Self { wire, meter }
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.wire).poll_read(cx, buf);
        let news = &buf.filled()[before..];
        if matches!(result, Poll::Ready(Ok(()))) && news.is_empty() || matches!(result, Poll::Ready(Err(_))) {
            self.meter.ended.store(true, Ordering::Relaxed);
        }
        if self.meter.took(news) { result } else { Poll::Ready(Err(io::Error::other("the answer is too long"))) }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
