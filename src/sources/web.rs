//! The door to HTTP for Sources: one client per server with its time limits, its credentials and its trust, answers read up
//! to a bound and decoded straight to rows. Credentials never follow a redirect, and are read again where they lie once a
//! server that took them refuses them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::port::{Desk, Failure, FailureKind};
use super::secret;
use crate::model::{Endpoint, SecretPlace, redact};

const CONNECT: Duration = Duration::from_secs(3);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer, in bytes: the largest list of a thousand queues has less than a tenth of it.
const LARGEST: usize = 32 << 20;

/// How a server is reached, with the client that was made last: a watch makes a new one at its start, since passwords and
/// certificates may have changed; a look at the raw form of a thing uses the watch's.
pub struct Reach {
    who: &'static str,
    endpoint: Endpoint,
    timeout: Option<Duration>,
    last: Mutex<Option<Arc<Web>>>,
}

impl Reach {
    /// For the server at `endpoint`; nothing is read or connected yet.
    #[must_use]
    pub fn new(who: &'static str, endpoint: Endpoint, timeout: Option<Duration>) -> Self {
        Self { who, endpoint, timeout, last: Mutex::new(None) }
    }

    /// Where the server is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A new client.
    ///
    /// # Errors
    /// As [`Web::open`].
    pub async fn anew(&self) -> Result<Arc<Web>, Failure> {
        let web = Arc::new(Web::open(self.who, &self.endpoint, self.timeout).await?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(web.clone());
        Ok(web)
    }

    /// The client that was made last.
    ///
    /// # Errors
    /// As [`Web::open`], where there is none yet.
    pub async fn last(&self) -> Result<Arc<Web>, Failure> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(web) => Ok(web),
            None => self.anew().await,
        }
    }
}

/// A password, and where it lies.
struct Password {
    place: SecretPlace,
    read: Mutex<SecretString>,
    /// The server has taken it: where it refuses it later, another may lie there by now.
    taken: AtomicBool,
}

/// One server.
pub struct Web {
    client: Client,
    url: String,
    /// Without a user the password is sent as a token.
    user: Option<String>,
    password: Option<Password>,
    /// What the words of a failure begin with: `RabbitMQ`.
    who: &'static str,
}

impl Web {
    /// A client for `endpoint`; the password is read now.
    ///
    /// # Errors
    /// Where the password or the certificates cannot be read.
    pub async fn open(who: &'static str, endpoint: &Endpoint, timeout: Option<Duration>) -> Result<Self, Failure> {
        let unusable = |why: String| Failure::new(FailureKind::Unsupported, why);
        let mut builder = Client::builder()
            .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(timeout.unwrap_or(DEFAULT_TIMEOUT))
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(2);
        if let Some(path) = &endpoint.ca_file {
            let pem = tokio::fs::read(path).await;
            let pem = pem.map_err(|error| unusable(format!("{} cannot be read: {error}", path.display())))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unusable(format!("{} holds no certificates: {error}", path.display())))?;
            builder = certificates.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        let client = builder.build().map_err(|error| unusable(format!("no HTTP client can be made: {error}")))?;
        let password = match &endpoint.password {
            Some(place) => Some(Password {
                place: place.clone(),
                read: Mutex::new(secret::read(place).await?),
                taken: AtomicBool::new(false),
            }),
            None => None,
        };
        let url = endpoint.url.trim_end_matches('/').to_owned();
        Ok(Self { client, url, user: endpoint.user.clone(), password, who })
    }

    /// Reads `path` (which begins with `/`) as JSON, within the desk's budget.
    ///
    /// # Errors
    /// What the server (or the way to it) has against it.
    pub async fn get<T: DeserializeOwned>(&self, desk: &Desk, path: &str) -> Result<T, Failure> {
        let permit = desk.permit().await;
        let begun = desk.now();
        let answer = self.read(path).await;
        let took = u64::try_from(desk.now().as_millisecond() - begun.as_millisecond()).unwrap_or(0);
        desk.called(Some(Duration::from_millis(took)));
        drop(permit);
        let answer = answer?;
        desk.alive();
        Ok(answer)
    }

    /// The same where no desk is at hand (a look at the raw form of a thing).
    ///
    /// # Errors
    /// What the server (or the way to it) has against it.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let bytes = self.bytes(path).await?;
        if bytes.trim_ascii_start().starts_with(b"<") {
            let failure = self.failure(FailureKind::Garbled, "answered a web page where data was asked for");
            return Err(failure.hint("is the URL right, or does a login page stand before it?"));
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            self.failure(FailureKind::Garbled, &format!("answered what is not understood: {error}: {begin}"))
        })
    }

    /// Whether somebody listens there: a connection that asks for nothing, so that a server that went away is noticed between
    /// two requests. Where a proxy stands between, it may be that only a request can tell.
    pub async fn knock(&self, desk: &Desk) -> bool {
        let Ok(url) = Url::parse(&self.url) else { return false };
        let Some((host, port)) = url.host_str().zip(url.port_or_known_default()) else { return false };
        let open = TcpStream::connect((host.trim_matches(['[', ']']), port));
        let listens = matches!(tokio::time::timeout(CONNECT, open).await, Ok(Ok(_)));
        if listens {
            desk.alive();
        }
        listens
    }

    /// The body of an answer. Where the password is refused that was taken before, and another one lies in its place now,
    /// that one is tried at once: a rotated password is no outage.
    async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let used = self.secret();
        let answer = self.once(path, used.as_ref()).await;
        let Some(password) = &self.password else { return answer };
        match answer {
            Ok(bytes) => {
                password.taken.store(true, Ordering::Relaxed);
                Ok(bytes)
            }
            Err(failure) if failure.kind == FailureKind::Denied && password.taken.load(Ordering::Relaxed) => {
                let Ok(now) = secret::read(&password.place).await else { return Err(failure) };
                if used.is_some_and(|used| used.expose_secret() == now.expose_secret()) {
                    return Err(failure);
                }
                *password.read.lock().unwrap_or_else(PoisonError::into_inner) = now.clone();
                self.once(path, Some(&now)).await
            }
            Err(failure) => Err(failure),
        }
    }

    fn secret(&self) -> Option<SecretString> {
        self.password.as_ref().map(|known| known.read.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn request(&self, path: &str, password: Option<&SecretString>) -> RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.url));
        match (&self.user, password) {
            (Some(user), password) => request.basic_auth(user, Some(password.map_or("", |word| word.expose_secret()))),
            (None, Some(token)) => request.bearer_auth(token.expose_secret()),
            (None, None) => request,
        }
    }

    async fn once(&self, path: &str, password: Option<&SecretString>) -> Result<Vec<u8>, Failure> {
        let mut response = self.request(path, password).send().await.map_err(|error| self.lost(&error))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        self.body(&mut response, LARGEST).await
    }

    async fn body(&self, response: &mut Response, most: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error))? {
            if body.len() + chunk.len() > most {
                return Err(self.failure(FailureKind::Garbled, &format!("its answer has more than {most} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn refused(&self, mut response: Response) -> Failure {
        let status = response.status();
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let to = response.headers().get("location").and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let said = said(&self.body(&mut response, 4096).await.unwrap_or_default());
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FailureKind::Denied,
            StatusCode::NOT_FOUND => FailureKind::Absent,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => FailureKind::Busy,
            _ => FailureKind::Garbled,
        };
        let mut words = format!("answered {status}");
        if let Some(to) = to.filter(|_| status.is_redirection()) {
            words = format!("wants to send us to {to} ({status}); credentials never follow");
        } else if !said.is_empty() {
            words = format!("{words}: {said}");
        }
        let mut failure = self.failure(kind, &words);
        failure.retry_after = after.map(Duration::from_secs);
        failure
    }

    fn lost(&self, error: &reqwest::Error) -> Failure {
        let kind = if error.is_decode() { FailureKind::Garbled } else { FailureKind::Unreachable };
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let words = if error.is_timeout() { "did not answer in time".to_owned() } else { cause.to_string() };
        self.failure(kind, &words)
    }

    fn failure(&self, kind: FailureKind, words: &str) -> Failure {
        let place = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        Failure::new(kind, redact::mask(&format!("{} at {place}: {words}", self.who)))
    }
}

/// What the body of a refusal says: the reason in the usual JSON forms, else its beginning; nothing of a page for browsers.
fn said(body: &[u8]) -> String {
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(body) {
        let words =
            ["reason", "message", "error_description", "error"].iter().find_map(|name| fields.get(*name)?.as_str());
        if let Some(words) = words {
            return words.to_owned();
        }
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') { String::new() } else { text.chars().take(300).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_reason_and_not_by_its_form() {
        assert_eq!(said(br#"{"error":"not_authorised","reason":"Login failed"}"#), "Login failed");
        assert_eq!(said(br#"{"status":"error","error":"no such query"}"#), "no such query");
        assert_eq!(said(b" too many requests\n"), "too many requests");
        assert_eq!(said(b"<html><body>502</body></html>"), "");
        assert_eq!(said(&[b'x'; 4000]).len(), 300);
    }
}
