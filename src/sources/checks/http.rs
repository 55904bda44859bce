//! HTTP: one GET, its status, words of its body, its time; five redirects at most, credentials only where they belong.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::LOCATION;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::ask::Ask;
use super::dial;
use super::seen::Seen;
use super::trust::Witness;
use crate::model::Redirects;
use crate::sources::secret;

/// Most of a body that is read, in bytes.
const BODY: usize = 64 << 10;
/// Most times that it is sent on.
const HOPS: usize = 5;
/// How much of an error's body is told, in characters.
const TOLD: usize = 80;

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    match run(ask).await {
        Ok(seen) | Err(seen) => seen,
    }
}

async fn run(ask: &Ask<'_>) -> Result<Seen, Seen> {
    let target = ask.spec.target.raw();
    let start = Url::parse(target).map_err(|error| Seen::unknown(&format!("not asked: no URL ({error})")))?;
    ask.preparing("the password was not read");
    let password = match &ask.spec.password {
        Some(place) => Some(secret::read(place).await.map_err(|why| Seen::unknown(&format!("not asked: {why}")))?),
        None => None,
    };
    let witness = ask.trust.witness(ask, true).await?;
    let client = client(ask, &start, &witness).await?;
    let mut url = start.clone();
    let mut hops = 0;
    loop {
        // An address that stands in the URL itself passes no resolver.
        let literal = url.host_str().and_then(|host| bare(host).parse().ok());
        if !ask.spec.is_configured() && literal.is_some_and(dial::is_special) {
            return Err(Unresolved::Forbidden.seen(ask, url.host_str().unwrap_or_default()));
        }
        let request = login(ask, client.get(url.clone()), password.as_ref(), same_origin(&start, &url));
        ask.waiting("no answer came");
        let answer = request.send().await.map_err(|error| lost(ask, &url, &witness, &error))?;
        ask.shown(ends(&witness));
        let Some(next) = sent_on(ask, &url, &answer)? else { return Ok(judge(ask, answer, &witness).await) };
        hops += 1;
        if hops > HOPS {
            return Err(Seen::failing(&format!("sent on more than {HOPS} times, last to {next}")).took(ask.took()));
        }
        url = next;
    }
}

/// A client for this run alone: what it trusts, and where names lead, belong to this Check.
async fn client(ask: &Ask<'_>, start: &Url, witness: &Arc<Witness>) -> Result<Client, Seen> {
    let host = start.host_str().unwrap_or_default().to_owned();
    let names = Names { configured: ask.spec.is_configured(), via: None, host: host.clone() };
    let names = match &ask.spec.via {
        // The machine that stands in is resolved before, so that a failure has its own words.
        Some(via) => Names { via: Some(dial::addresses(ask, via.raw(), 0).await?), ..names },
        None => names,
    };
    let mut builder = Client::builder()
        .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .gzip(false)
        .http1_only()
        .tls_backend_preconfigured(witness.client()?)
        .dns_resolver(Arc::new(names));
    // Whoever found a door on this very machine does not mean a proxy's view of it.
    if !ask.spec.is_configured() || is_loopback(&host) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| Seen::unknown(&format!("not asked: no HTTP client can be made: {error}")))
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn is_loopback(host: &str) -> bool {
    let bare = bare(host);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Credentials go to the very scheme, host and port that they were written for, wherever a redirect leads.
fn login(ask: &Ask<'_>, request: RequestBuilder, password: Option<&SecretString>, own: bool) -> RequestBuilder {
    match (password, &ask.spec.user) {
        (Some(password), Some(user)) if own => request.basic_auth(user.raw(), Some(password.expose_secret())),
        (Some(password), None) if own => request.bearer_auth(password.expose_secret()),
        _ => request,
    }
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

/// Where an answer sends us, if we go there.
fn sent_on(ask: &Ask<'_>, url: &Url, answer: &Response) -> Result<Option<Url>, Seen> {
    let expect = &ask.spec.expect;
    // Who expects a redirect wants to see it, not what is behind it.
    if !answer.status().is_redirection()
        || expect.redirects == Redirects::None
        || expect.status == Some(answer.status().as_u16())
    {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else { return Ok(None) };
    let took = ask.took();
    let words = format!("{} sends on to what is no place", number(answer.status()));
    let next = location.to_str().ok().and_then(|location| url.join(location).ok());
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https") && next.has_host());
    let next = next.ok_or_else(|| Seen::failing(&words).took(took))?;
    if next.host_str() == url.host_str() || expect.redirects == Redirects::Any {
        return Ok(Some(next));
    }
    let elsewhere =
        format!("{} in {took} ms sends on to {}", number(answer.status()), next.host_str().unwrap_or_default());
    let seen = match expect.status {
        // The status is one from 200 to 399; what stands behind it was not looked at.
        None if expect.body.is_none() => Seen::passing(&format!("{elsewhere}, another host: not followed")),
        _ => Seen::failing(&format!("{elsewhere}, another host: not followed (`redirects = \"any\"` does)")),
    };
    Err(seen.took(took))
}

/// Everything that the last answer says.
async fn judge(ask: &Ask<'_>, mut answer: Response, witness: &Witness) -> Seen {
    let status = answer.status();
    ask.waiting(&format!("{} came, but its body did not end", number(status)));
    let body = match body(ask, &mut answer).await {
        Ok(body) => body,
        Err(error) => {
            let words = format!("{}, but its body broke off: {}", number(status), root(&error));
            return Seen::failing(&words).took(ask.took()).expires(ends(witness));
        }
    };
    let took = ask.took();
    let seen = by_status(ask, status, &body, took);
    // A certificate that ends too soon is worth more than a good answer.
    let ending = witness.shown().and_then(|shown| shown.judged(ask));
    ending.filter(|_| seen.outcome == crate::model::Outcome::Passing).unwrap_or(seen).took(took).expires(ends(witness))
}

fn by_status(ask: &Ask<'_>, status: StatusCode, body: &[u8], took: u32) -> Seen {
    let (spec, code) = (ask.spec, status.as_u16());
    let plain = format!("{} in {took} ms", number(status));
    let good = spec.expect.status.map_or((200..400).contains(&code), |wanted| wanted == code);
    if !good {
        let said = String::from_utf8_lossy(&body[..body.len().min(4 * TOLD)]);
        let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TOLD).collect();
        let said = if said.is_empty() || said.starts_with('<') { String::new() } else { format!(": {said}") };
        let wanted = spec.expect.status.map(|wanted| format!(", not {wanted}")).unwrap_or_default();
        // That `/` is not there, or asks for a login, is no news of a door that was merely found.
        return match (spec.is_configured(), status.is_client_error()) {
            (false, true) => {
                Seen::unknown(&format!("{plain}: it answers; a [[check]] can name a path that proves more"))
            }
            _ => Seen::failing(&format!("{plain}{wanted}{said}")),
        };
    }
    match &spec.expect.body {
        Some(words) if !holds(body, words.raw()) => {
            let cut = if body.len() >= BODY { " in its first 64 KB" } else { "" };
            Seen::failing(&format!("{plain}, but `{words}` is not in the body{cut}"))
        }
        _ => Seen::passing(&plain),
    }
}

/// The body up to its bound, or up to the words that are looked for.
async fn body(ask: &Ask<'_>, answer: &mut Response) -> reqwest::Result<Vec<u8>> {
    let wanted = ask.spec.expect.body.as_ref().map(crate::model::Text::raw);
    let mut body = Vec::new();
    while body.len() < BODY {
        let Some(chunk) = answer.chunk().await? else { break };
        let before = body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(BODY - before)]);
        // Only what is new, and as much before it as the words could have begun in.
        if wanted.is_some_and(|words| holds(&body[before.saturating_sub(words.len())..], words)) {
            break;
        }
    }
    Ok(body)
}

fn holds(body: &[u8], words: &str) -> bool {
    words.is_empty() || body.windows(words.len()).any(|window| window == words.as_bytes())
}

/// `503 Service Unavailable`.
fn number(status: StatusCode) -> String {
    let reason = status.canonical_reason().filter(|_| !status.is_success());
    reason.map_or_else(|| status.as_str().to_owned(), |reason| format!("{} {reason}", status.as_str()))
}

fn ends(witness: &Witness) -> Option<crate::model::Timestamp> {
    witness.shown().and_then(|shown| shown.certificate.ends)
}

/// Why no answer came.
fn lost(ask: &Ask<'_>, url: &Url, witness: &Witness, error: &reqwest::Error) -> Seen {
    if let Some(seen) = witness.shown().and_then(|shown| shown.judged(ask)) {
        return seen;
    }
    let host = url.host_str().unwrap_or_default();
    let place = url.port_or_known_default().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    let mut cause: Option<&dyn StdError> = Some(error);
    let mut last = None;
    while let Some(at) = cause {
        if let Some(unresolved) = at.downcast_ref::<Unresolved>() {
            return unresolved.seen(ask, host);
        }
        if let Some(error) = at.downcast_ref::<io::Error>() {
            last = Some(error);
        }
        cause = at.source();
    }
    let words = root(error);
    let seen = match last {
        _ if words.contains("corrupt message") || words.contains("InvalidContentType") => {
            Seen::failing(&format!("{place} does not speak TLS"))
        }
        Some(error) if error.get_ref().is_none_or(|inner| !inner.is::<rustls::Error>()) => dial::refused(&place, error),
        _ if error.is_request() || error.is_connect() => Seen::failing(&format!("no answer from {place}: {words}")),
        _ => Seen::failing(&format!("{place} answered what is no HTTP: {words}")),
    };
    seen.expires(ends(witness))
}

/// The deepest cause in words.
fn root(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Where names lead for this Check: the machine that stands in for the target, and nowhere that may not be asked.
struct Names {
    configured: bool,
    via: Option<Vec<std::net::SocketAddr>>,
    host: String,
}

/// A name that leads nowhere, or where nothing is asked.
#[derive(Debug, thiserror::Error)]
enum Unresolved {
    #[error("{0}")]
    Failed(io::Error),
    #[error("nothing is asked unasked at its address")]
    Forbidden,
}

impl Unresolved {
    fn seen(&self, ask: &Ask<'_>, host: &str) -> Seen {
        match self {
            Self::Forbidden => Seen::unknown(&format!("found, not run: {host}: {self}")),
            Self::Failed(error) => dial::unresolved(ask, host, error),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let (configured, name) = (self.configured, name.as_str().to_owned());
        let via = self.via.clone().filter(|_| name.eq_ignore_ascii_case(&self.host));
        Box::pin(async move {
            let found = match via {
                Some(found) => found,
                None => tokio::net::lookup_host((name, 0)).await.map_err(Unresolved::Failed)?.collect(),
            };
            let may: Vec<_> = found.into_iter().filter(|a| configured || !dial::is_special(a.ip())).collect();
            if may.is_empty() {
                return Err(Unresolved::Forbidden.into());
            }
            Ok(Box::new(may.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_belong_to_one_scheme_host_and_port() {
        let url = |text: &str| Url::parse(text).unwrap();
        let own = url("https://api.example.com/health");
        for (other, same) in [
            ("https://api.example.com:443/login", true),
            ("http://api.example.com/", false),
            ("https://api.example.com:8443/", false),
            ("https://api.example.com.evil.net/", false),
        ] {
            assert_eq!(same_origin(&own, &url(other)), same, "{other}");
        }
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        assert!(holds(b"status: ok", "ok") && holds(b"", "") && !holds(b"o", "ok"));
    }
}
