//! The client of one engine: bollard for what it types well, and a bounded `get` into our own lean rows for the rest.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bollard::models::{ContainerStatsResponse, ImageInspect};
use bollard::query_parameters::StatsOptionsBuilder;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, body_full};
use bytes::Bytes;
use futures::StreamExt;
use http::uri::PathAndQuery;
use http::{Method, Uri, header};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::Address;
use super::dial::Dialler;
use super::failure;
use super::pool::{Pool, SendError};
use super::ssh::Ssh;
use crate::model::Timestamp;
use crate::sources::port::{Failure, FailureKind};

/// Most bytes of a list: some thousand containers with labels of the longest kind.
const LIST: u64 = 256 << 20;
/// Most bytes of any other answer.
const ANSWER: u64 = 16 << 20;
/// Most bytes read of an answer that is an error.
const ERROR_ANSWER: usize = 64 << 10;
/// Most connections at once, and how many of them streams may take: an SSH login carries ten channels (MaxSessions).
const LOCAL: (usize, usize) = (64, 56);
const SSH: (usize, usize) = (8, 5);

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::docker) struct About {
    pub(in crate::sources::docker) version: Option<String>,
    /// The host's name, where it may be asked.
    pub(in crate::sources::docker) host: Option<String>,
    /// The time by the engine's own clock, in Unix nanoseconds.
    pub(in crate::sources::docker) clock: Option<i64>,
}

/// A request that may change something; only `operate` makes one.
pub(in crate::sources::docker) struct Ask<'a> {
    pub(in crate::sources::docker) method: Method,
    pub(in crate::sources::docker) path: &'a str,
    pub(in crate::sources::docker) body: Option<String>,
    /// For the engine to hand on to a registry.
    pub(in crate::sources::docker) registry_login: Option<&'a str>,
    pub(in crate::sources::docker) limit: Duration,
}

/// Why such a request has no good answer.
#[derive(Debug)]
pub(in crate::sources::docker) enum NoAnswer {
    /// It never left.
    Unsent(Failure),
    /// The engine said no.
    Refused(Failure),
    /// It left, and what became of it is not known.
    Lost(Failure),
}

/// One engine, version negotiated.
pub(in crate::sources::docker) struct Client {
    pool: Arc<Pool>,
    docker: Docker,
    /// `/v1.41`, once negotiated; put before every path that has no version.
    prefix: Arc<RwLock<String>>,
    place: String,
    limit: Duration,
    streams: Arc<Semaphore>,
    login: Option<Arc<Ssh>>,
}

impl Client {
    /// Connects and negotiates the API version.
    ///
    /// # Errors
    /// Every way in which an engine can be out of reach, or be no engine, in words.
    pub(in crate::sources::docker) async fn connect(address: &Address, limit: Duration) -> Result<Self, Failure> {
        let place = address.shown();
        let (connections, streams) = if matches!(address, Address::Ssh(_)) { SSH } else { LOCAL };
        let dialler = Dialler::new(address)?;
        dialler.prepare().await?;
        let login = dialler.login();
        let pool = Arc::new(Pool::new(dialler, connections));
        let prefix = Arc::new(RwLock::new(String::new()));
        let transport = {
            let (pool, prefix, place) = (pool.clone(), prefix.clone(), place.clone());
            move |request: BollardRequest| {
                let (pool, request, place) = (pool.clone(), versioned(request, &prefix), place.clone());
                async move {
                    let sent = pool.send(request?, ANSWER).await;
                    sent.map_err(|e| std::io::Error::other(failure::of_send(&place, e)).into())
                }
            }
        };
        let seconds = limit.as_secs().max(1);
        let docker =
            Docker::connect_with_custom_transport(transport, Some("http://docker"), seconds, API_DEFAULT_VERSION)
                .map_err(|error| failure::of_bollard(&place, error, limit))?;
        let client = Self { pool, docker, prefix, place, limit, login, streams: Arc::new(Semaphore::new(streams)) };
        client.greet().await?;
        let negotiated = client.bounded(client.docker.clone().negotiate_version()).await?;
        let version = negotiated.client_version();
        *client.prefix.write().unwrap_or_else(PoisonError::into_inner) = format!("/v{version}");
        Ok(client)
    }

    /// Makes sure that an engine answers, before its answers are believed.
    async fn greet(&self) -> Result<(), Failure> {
        let check = |headers: &http::HeaderMap| match headers.contains_key("api-version") {
            true => Ok(()),
            false => Err(failure::not_docker(&self.place, "it answers HTTP without an API version")),
        };
        self.whole("/_ping", ANSWER, check).await.map(drop)
    }

    /// A sign of life.
    ///
    /// # Errors
    /// Where there is none in time.
    pub(in crate::sources::docker) async fn ping(&self) -> Result<(), Failure> {
        self.bounded(self.docker.ping()).await.map(drop)
    }

    /// The engine's version and its host's name; what it will not tell is left out.
    pub(in crate::sources::docker) async fn about(&self) -> About {
        let version = self.bounded(self.docker.version()).await.ok().and_then(|v| v.version);
        let info = self.get::<Info>("/info").await.unwrap_or_default();
        let clock = info.system_time.and_then(|time| time.parse::<Timestamp>().ok());
        let clock = clock.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        About { version, host: info.name, clock }
    }

    /// The image that an id or reference names.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(in crate::sources::docker) async fn image(&self, id: &str) -> Result<ImageInspect, Failure> {
        self.bounded(self.docker.inspect_image(id)).await
    }

    /// One reading of a container's counters, without waiting for a second one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(in crate::sources::docker) async fn stats(&self, id: &str) -> Result<ContainerStatsResponse, Failure> {
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let mut readings = Box::pin(self.docker.stats(id, Some(options)));
        let none = || Failure::new(FailureKind::Absent, "no counters");
        self.bounded(async { readings.next().await.transpose() }).await?.ok_or_else(none)
    }

    /// Reads one answer straight into `T`.
    ///
    /// # Errors
    /// Where it does not come in time, is refused, too long, or is not what it should be.
    pub(in crate::sources::docker) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let allowance = if path.starts_with("/containers/json") { LIST } else { ANSWER };
        let body = self.whole(path, allowance, |_| Ok(())).await?;
        serde_json::from_slice(&body).map_err(|error| failure::of_json(&self.place, &error))
    }

    /// Sends a request that may change something, once, and reads its answer to the end. It is never repeated.
    ///
    /// # Errors
    /// Told apart: not sent, refused, no answer (SAFETY G6).
    pub(in crate::sources::docker) async fn send(&self, ask: Ask<'_>) -> Result<Bytes, NoAnswer> {
        let wrong = |error: http::Error| NoAnswer::Unsent(Failure::new(FailureKind::Unsupported, error.to_string()));
        let mut request = http::Request::builder().method(ask.method).uri(ask.path).header(header::HOST, "docker");
        if ask.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(login) = ask.registry_login {
            request = request.header("X-Registry-Auth", login);
        }
        let request = request.body(body_full(Bytes::from(ask.body.unwrap_or_default()))).map_err(wrong)?;
        let request = versioned(request, &self.prefix).map_err(wrong)?;
        let work = async {
            let answer = self.pool.send(request, ANSWER).await.map_err(|error| match error {
                SendError::Failed(failure) => NoAnswer::Unsent(failure),
                broken @ SendError::Broken(_) => NoAnswer::Lost(failure::of_send(&self.place, broken)),
            })?;
            let (head, body) = answer.into_parts();
            // 304: it is so already.
            if !head.status.is_success() && head.status != http::StatusCode::NOT_MODIFIED {
                let said = refusal(body).await;
                return Err(NoAnswer::Refused(failure::of_status(&self.place, head.status, &head.headers, &said)));
            }
            let body = body.collect().await.map_err(|error| NoAnswer::Lost(failure::of_hyper(&self.place, &error)))?;
            Ok(body.to_bytes())
        };
        let silent = |_| NoAnswer::Lost(failure::silent(&self.place, ask.limit));
        tokio::time::timeout(ask.limit, work).await.map_err(silent)?
    }

    /// Opens an answer that is read piece by piece and may have no end.
    ///
    /// # Errors
    /// Where its head does not come in time, or is a refusal.
    pub(in crate::sources::docker) async fn stream(&self, path: &str) -> Result<Incoming, Failure> {
        self.request(path, u64::MAX).await.map(Response::into_body)
    }

    /// Room for one more stream that stays open; over SSH there is little. With `wait` it waits for room.
    ///
    /// # Errors
    /// Where there is none.
    pub(in crate::sources::docker) async fn slot(&self, wait: bool) -> Result<OwnedSemaphorePermit, Failure> {
        let full = || {
            Failure::new(FailureKind::Busy, format!("all streams that {} carries at once are in use", self.place))
                .hint("close another log, or follow fewer Instances")
        };
        if wait {
            self.streams.clone().acquire_owned().await.map_err(|_| full())
        } else {
            self.streams.clone().try_acquire_owned().map_err(|_| full())
        }
    }

    /// The login to the engine's host, where there is one.
    pub(in crate::sources::docker) fn login(&self) -> Option<Arc<Ssh>> {
        self.login.clone()
    }

    /// What a broken stream means, in words.
    pub(in crate::sources::docker) fn broken(&self, error: &hyper::Error) -> Failure {
        failure::of_hyper(&self.place, error)
    }

    /// Reads one answer to its end, if its head passes `check`.
    async fn whole(
        &self,
        path: &str,
        allowance: u64,
        check: impl FnOnce(&http::HeaderMap) -> Result<(), Failure>,
    ) -> Result<Bytes, Failure> {
        let work = async {
            let answer = self.request(path, allowance).await?;
            check(answer.headers())?;
            let body = answer.into_body().collect().await;
            body.map(http_body_util::Collected::to_bytes).map_err(|error| failure::of_hyper(&self.place, &error))
        };
        tokio::time::timeout(self.limit, work).await.map_err(|_| failure::silent(&self.place, self.limit))?
    }

    /// Sends a request and waits for the head of its answer; refusals become failures here.
    async fn request(&self, path: &str, allowance: u64) -> Result<Response<Incoming>, Failure> {
        let wrong = |error: String| Failure::new(FailureKind::Unsupported, error);
        let request = http::Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::HOST, "docker")
            .body(body_full(Bytes::new()))
            .map_err(|error| wrong(error.to_string()))?;
        let request = versioned(request, &self.prefix).map_err(|error| wrong(error.to_string()))?;
        let sent = tokio::time::timeout(self.limit, self.pool.send(request, allowance)).await;
        let sent = sent.map_err(|_| failure::silent(&self.place, self.limit))?;
        let answer = sent.map_err(|error| failure::of_send(&self.place, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (head, body) = answer.into_parts();
        let said = tokio::time::timeout(self.limit, refusal(body)).await.unwrap_or_default();
        Err(failure::of_status(&self.place, head.status, &head.headers, &said))
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T, bollard::errors::Error>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(result) => result.map_err(|error| failure::of_bollard(&self.place, error, self.limit)),
            Err(_) => Err(failure::silent(&self.place, self.limit)),
        }
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    name: Option<String>,
    system_time: Option<String>,
}

/// A request as the wire wants it: the path alone, with the API version before it.
fn versioned(request: BollardRequest, prefix: &RwLock<String>) -> Result<BollardRequest, http::Error> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let prefix = prefix.read().unwrap_or_else(PoisonError::into_inner);
    let has_version = path.starts_with("/v1.") || path.starts_with("/_ping") || path.starts_with("/version");
    let path = if has_version { path.to_owned() } else { format!("{prefix}{path}") };
    head.uri = Uri::builder().path_and_query(path).build()?;
    head.headers.entry(header::HOST).or_insert(header::HeaderValue::from_static("docker"));
    Ok(BollardRequest::from_parts(head, body))
}

/// What an error answer says: the engine's `message`, or its first line; only its beginning is read.
async fn refusal(mut body: Incoming) -> String {
    let mut said = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            said.extend_from_slice(&data[..data.len().min(ERROR_ANSWER - said.len())]);
        }
        if said.len() >= ERROR_ANSWER {
            break;
        }
    }
    #[derive(serde::Deserialize)]
    struct Message {
        message: String,
    }
    match serde_json::from_slice::<Message>(&said) {
        Ok(answer) => answer.message,
        Err(_) => String::from_utf8_lossy(&said).trim().chars().take(300).collect(),
    }
}
