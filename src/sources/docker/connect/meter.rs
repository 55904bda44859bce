//! A byte stream that counts what comes in and ends an answer that is longer than it may be.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream to an engine, whatever it runs over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// How many bytes the answer under way may still have; shared with the request that it belongs to.
pub(super) type Allowance = Arc<AtomicU64>;

/// What the error of an answer that is too long says.
pub(super) const TOO_LONG: &str = "the answer is longer than it may be";

/// The stream and its allowance.
pub(super) struct Metered<W> {
    wire: W,
    left: Allowance,
}

impl<W> Metered<W> {
    pub(super) fn new(wire: W, left: Allowance) -> Self {
        Self { wire, left }
    }
}

impl<W: Wire> AsyncRead for Metered<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.wire).poll_read(cx, buf);
        let read = (buf.filled().len() - before) as u64;
        let left = self.left.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::other(TOO_LONG)));
        }
        if left != u64::MAX {
            self.left.store(left - read, Ordering::Relaxed);
        }
        result
    }
}

impl<W: Wire> AsyncWrite for Metered<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn an_answer_over_its_allowance_ends_in_an_error() {
        let (near, mut far) = tokio::io::duplex(64);
        let left = Arc::new(AtomicU64::new(4));
        let mut metered = Metered::new(near, left.clone());
        far.write_all(b"abcdef").await.unwrap();
        let mut buf = [0; 4];
        metered.read_exact(&mut buf).await.unwrap();
        assert_eq!(metered.read(&mut buf).await.unwrap_err().to_string(), TOO_LONG);
    }
}
