//! HTTP/1.1 over a few kept connections: each request has one for itself, and an answer read to its end gives it back.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bollard::BollardRequest;
use bytes::Bytes;
use futures::Stream;
use http_body_util::{Either, Full, StreamBody};
use hyper::Response;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::dial::Dialler;
use super::meter::{Allowance, Metered};
use crate::sources::port::{Failure, FailureKind};

/// Connections kept while nobody needs them.
const IDLE: usize = 4;

/// The body inside [`BollardRequest`], under a name that bollard does not export.
type RequestBody =
    Either<Full<Bytes>, StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>>>>;

struct Connection {
    sender: SendRequest<RequestBody>,
    left: Allowance,
}

/// Connections to one engine. They end with the pool.
pub(super) struct Pool {
    dialler: Dialler,
    room: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    /// Drives the connections; dropped with the pool.
    tasks: Mutex<JoinSet<()>>,
}

/// Why a request got no answer.
pub(super) enum SendError {
    Failed(Failure),
    Broken(hyper::Error),
}

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Pool {
    /// A pool of at most `limit` connections.
    pub(super) fn new(dialler: Dialler, limit: usize) -> Self {
        Self {
            dialler,
            room: Arc::new(Semaphore::new(limit)),
            idle: Arc::new(Mutex::new(Vec::new())),
            tasks: Mutex::new(JoinSet::new()),
        }
    }

    /// Sends a request whose answer may have `allowance` bytes; returns when its head is there.
    ///
    /// # Errors
    /// Where no connection stands, or one broke.
    pub(super) async fn send(&self, request: BollardRequest, allowance: u64) -> Result<Response<Incoming>, SendError> {
        let closed = |_| Failure::new(FailureKind::Unreachable, "the connection was closed");
        let room = self.room.clone().acquire_owned().await.map_err(closed)?;
        let mut request = request;
        loop {
            let kept = lock(&self.idle).pop();
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(kept) => kept,
                None => self.connect().await?,
            };
            connection.left.store(allowance, Ordering::Relaxed);
            match connection.sender.try_send_request(request).await {
                Ok(response) => {
                    self.give_back(connection, room);
                    return Ok(response);
                }
                // A kept connection that the server closed meanwhile: nothing was sent, another one is tried.
                Err(mut error) => match error.take_message().filter(|_| was_kept) {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Broken(error.into_error())),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let wire = self.dialler.open().await?;
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let io = TokioIo::new(Metered::new(wire, left.clone()));
        let (sender, driver) = http1::Builder::new().handshake(io).await.map_err(SendError::Broken)?;
        self.run(async move {
            // Its error reaches the request that was under way.
            drop(driver.await);
        });
        Ok(Connection { sender, left })
    }

    /// Keeps the connection once the answer was read to its end; a stream that is dropped before closes it.
    fn give_back(&self, mut connection: Connection, room: OwnedSemaphorePermit) {
        let idle = self.idle.clone();
        self.run(async move {
            if connection.sender.ready().await.is_ok() {
                let mut idle = lock(&idle);
                if idle.len() < IDLE {
                    idle.push(connection);
                }
            }
            drop(room);
        });
    }

    fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
