//! The one way to the API server: bounded in number and in time, counted, never repeated by itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::port::{Desk, Failure, FailureKind};
use super::trouble::Trouble;
use super::wire::Format;
use crate::model::Timestamp;

/// Requests under way at a time that no watch asked for: logs, raw descriptions. The watch has its desk's budget.
const AT_ONCE: usize = 8;
/// Most of a refusal's body that is read.
const REFUSAL_LIMIT: usize = 64 * 1024;
/// Most of what a change is answered with: the object itself, and none is larger than etcd takes.
const CHANGED_LIMIT: usize = 8 * 1024 * 1024;

/// A connection to one API server.
pub(crate) struct Link {
    client: RwLock<Client>,
    permits: Arc<Semaphore>,
    /// The server's clock in its last answer, unix seconds; zero: none so far.
    server_time: AtomicI64,
    /// Longest wait for the beginning of an answer, and for each further piece of it.
    pub(crate) patience: Duration,
    /// What must be said of this connection as long as it is used.
    pub(crate) marks: Vec<&'static str>,
    pub(crate) server: String,
    pub(crate) default_namespace: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    List,
    Watch,
    Json,
    /// Lines of text.
    Log,
}

impl Want {
    fn accept(self, protobuf: bool) -> &'static str {
        match (self, protobuf) {
            (Self::List, true) => "application/vnd.kubernetes.protobuf, application/json;q=0.5",
            (Self::Watch, true) => {
                "application/vnd.kubernetes.protobuf;stream=watch, application/json;stream=watch;q=0.5"
            }
            (Self::Log, _) => "*/*",
            _ => "application/json",
        }
    }
}

impl Link {
    /// Over a client that is made already.
    #[must_use]
    pub(crate) fn new(client: Client, server: String, patience: Duration, marks: Vec<&'static str>) -> Self {
        let default_namespace = client.default_namespace().to_owned();
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let (client, server_time) = (RwLock::new(client), AtomicI64::new(0));
        Self { client, permits, server_time, patience, marks, server, default_namespace }
    }

    /// Goes on with a client that has fresh credentials.
    pub(crate) fn renew(&self, client: Client) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Sends a GET and waits for the beginning of its answer.
    ///
    /// # Errors
    /// A refusal, a broken connection, or silence.
    pub(crate) async fn get(
        &self,
        path: &str,
        want: Want,
        protobuf: bool,
        desk: Option<&Desk>,
    ) -> Result<Answer, Trouble> {
        let permit = match desk {
            Some(desk) => desk.permit().await,
            None => self.permits.clone().acquire_owned().await.ok(),
        };
        let mut request = Request::get(path).header(ACCEPT, want.accept(protobuf));
        if matches!(want, Want::Watch | Want::Log) {
            // Newer servers compress each event by itself, which the decoder behind us reads only once.
            request = request.header(ACCEPT_ENCODING, "identity");
        }
        let request = request.body(Body::empty()).map_err(|e| Trouble::broken(&e))?;
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let started = desk.map(Desk::now);
        let sent = tokio::time::timeout(self.patience, client.send(request)).await;
        if let (Some(desk), Some(started)) = (desk, started) {
            desk.called(Duration::try_from(desk.now().duration_since(started)).ok());
        }
        let response = sent.map_err(|_| Trouble::silent(self.patience))?.map_err(|e| self.broken(&e))?;
        if let Some(desk) = desk {
            desk.alive();
        }
        self.note_time(response.headers());
        let answer = Answer { response, patience: self.patience, permit };
        if answer.response.status().is_success() { Ok(answer) } else { Err(answer.refusal().await) }
    }

    /// Gets a whole JSON document of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Link::get`], or where it is larger or no JSON.
    pub(crate) async fn json<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        limit: usize,
        desk: Option<&Desk>,
    ) -> Result<T, Trouble> {
        let mut answer = self.get(path, Want::Json, false, desk).await?;
        let body = answer.whole(limit).await?;
        serde_json::from_slice(&body).map_err(|_| {
            let text = format!("{path} answered something that is not what it should be");
            Trouble { status: None, failure: Failure::new(FailureKind::Garbled, text) }
        })
    }

    /// Asks for the smallest thing there is, beside all limits on requests; a refusal is a sign of life too.
    ///
    /// # Errors
    /// Where nothing, a server's failure, or 401 comes back.
    pub(crate) async fn sign_of_life(&self, deadline: Duration, desk: &Desk) -> Result<(), Trouble> {
        let request = Request::get("/version").body(Body::empty()).map_err(|e| Trouble::broken(&e))?;
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let started = desk.now();
        let sent = tokio::time::timeout(deadline, client.send(request)).await;
        desk.called(Duration::try_from(desk.now().duration_since(started)).ok());
        let response = sent.map_err(|_| Trouble::silent(deadline))?.map_err(|e| self.broken(&e))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED || status.is_server_error() {
            return Err(Answer { response, patience: deadline, permit: None }.refusal().await);
        }
        desk.alive();
        // Read to its end, so that the connection can be used again.
        drop(Answer { response, patience: deadline, permit: None }.whole(REFUSAL_LIMIT).await);
        Ok(())
    }

    /// Sends a request that changes something, once: its status and the beginning of its body.
    ///
    /// # Errors
    /// Where no answer came, told apart by whether the server can have it.
    pub(crate) async fn change(&self, request: Request<Body>) -> Result<(u16, Vec<u8>), Lost> {
        let permit = self.permits.clone().acquire_owned().await.ok();
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let response = match tokio::time::timeout(self.patience, client.send(request)).await {
            Err(_) => return Err(Lost::Unanswered(Trouble::silent(self.patience))),
            Ok(Err(error)) if was_never_sent(&error) => return Err(Lost::Unsent(self.broken(&error))),
            Ok(Err(error)) => return Err(Lost::Unanswered(self.broken(&error))),
            Ok(Ok(response)) => response,
        };
        self.note_time(response.headers());
        let status = response.status().as_u16();
        let mut answer = Answer { response, patience: self.patience, permit };
        let mut body = Vec::new();
        // The status decides; a body that breaks off changes nothing of it.
        while let Ok(Some(piece)) = answer.piece().await {
            body.extend_from_slice(&piece);
            if body.len() > CHANGED_LIMIT {
                break;
            }
        }
        Ok((status, body))
    }

    /// The server's clock when it last answered.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        let seconds = self.server_time.load(Ordering::Relaxed);
        if seconds == 0 { None } else { Timestamp::from_second(seconds).ok() }
    }

    fn note_time(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(at) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            self.server_time.store(at.timestamp().as_second(), Ordering::Relaxed);
        }
    }

    fn broken(&self, error: &kube::Error) -> Trouble {
        let mut trouble = Trouble::broken(error);
        let failure = &mut trouble.failure;
        failure.message = format!("cannot reach {}: {}", self.server, failure.message.raw()).into();
        trouble
    }
}

/// A change that was not answered.
pub(crate) enum Lost {
    /// It never left: there was no connection, or no login to send it with.
    Unsent(Trouble),
    /// It may have been received.
    Unanswered(Trouble),
}

/// Whether an error came before anything of the request went out.
fn was_never_sent(error: &kube::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        let connecting = one.downcast_ref::<hyper_util::client::legacy::Error>();
        if connecting.is_some_and(hyper_util::client::legacy::Error::is_connect) {
            return true;
        }
        cause = one.source();
    }
    matches!(error, kube::Error::Auth(_) | kube::Error::BuildRequest(_))
}

/// An answer whose body is still to come.
pub(crate) struct Answer {
    response: Response<Body>,
    patience: Duration,
    permit: Option<OwnedSemaphorePermit>,
}

impl Answer {
    /// The encoding that the server chose.
    #[must_use]
    pub(crate) fn format(&self) -> Option<Format> {
        Format::of_content_type(self.response.headers().get(CONTENT_TYPE)?.to_str().ok()?)
    }

    /// It goes on for long: others may begin meanwhile.
    pub(crate) fn lasts(&mut self) {
        self.permit = None;
    }

    /// The next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// Where the connection breaks, or stays silent for longer than allowed.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Trouble> {
        self.piece_within(self.patience).await
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// As [`Answer::piece`].
    pub(crate) async fn piece_within(&mut self, patience: Duration) -> Result<Option<Bytes>, Trouble> {
        loop {
            let frame = tokio::time::timeout(patience, self.response.body_mut().frame()).await;
            match frame.map_err(|_| Trouble::silent(patience))? {
                None => return Ok(None),
                Some(Err(error)) => return Err(Trouble::broken(&error)),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Answer::piece`], or where it is larger than `limit`.
    pub(crate) async fn whole(&mut self, limit: usize) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len() + piece.len() > limit {
                return Err(super::wire::Garbled::TooLarge.into());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    async fn refusal(mut self) -> Trouble {
        let status = self.response.status().as_u16();
        let retry_after = retry_after(self.response.headers());
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.piece().await {
            body.extend_from_slice(&piece);
            if body.len() > REFUSAL_LIMIT {
                break;
            }
        }
        Trouble::refused(status, retry_after, &body)
    }
}

/// Whole seconds; a server of Kubernetes never sends the other form, a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(300)))
}
