//! A small client of image registries (the OCI distribution API): whether a registry has exactly these bytes, and which bytes
//! a tag names now. It only reads, without a login, and never in clear except on this machine.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::port::{Failure, FailureKind};
use crate::model::{Image, Target, Text};

const CONNECT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Larger manifests are refused by registries themselves (the distribution API's own limit is 4 MiB).
const LARGEST: usize = 4 << 20;
/// Manifests of one image and lists of one image for several machines, in both dialects.
const KINDS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
                     application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Where an image lies: `registry.example:5000`, `shop/api`, and what names its bytes there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    registry: String,
    repository: String,
}

/// The reference without tag and digest: `registry.example/shop/api:1.8@sha256:…` lies in `registry.example/shop/api`.
#[must_use]
pub fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    name[last..].find(':').map_or(name, |colon| &name[..last + colon])
}

/// The image as a reference that names its bytes (`repository@sha256:…`); `None` where its digest is not known.
#[must_use]
pub fn by_digest(image: &Image) -> Option<String> {
    let written = image.reference.raw();
    if let Some((_, digest)) = written.split_once('@')
        && is_digest(digest)
    {
        return Some(written.to_owned());
    }
    let digest = image.digest.as_ref().map(Text::raw).filter(|digest| is_digest(digest))?;
    Some(format!("{}@{digest}", repository(written)))
}

/// `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// Looks for the image in the repositories of `places`, in this order, and then in its own; the answer is by digest. An
/// image without a digest is looked for by its tag, and the answer names the bytes that the tag has now.
///
/// # Errors
/// Where a registry does not answer, or does not let us look, and no other has it: then nobody knows.
pub async fn find(image: &Image, places: &[&str]) -> Result<Option<Image>, Failure> {
    let written = image.reference.raw();
    let digest =
        image.digest.as_ref().map(|d| d.raw().to_owned()).or_else(|| Some(written.split_once('@')?.1.to_owned()));
    // An image that only one engine has: no registry knows it by that id.
    let Some(wanted) = digest.or_else(|| image.id.is_none().then(|| image.tag().unwrap_or("latest").to_owned())) else {
        return Ok(None);
    };
    let mut repositories: Vec<&str> = Vec::new();
    for name in places.iter().copied().chain([written]).map(repository) {
        if !repositories.contains(&name) {
            repositories.push(name);
        }
    }
    let mut failure = None;
    for name in repositories {
        match has(&Place::of(name), &wanted).await {
            Ok(Some(digest)) => return Ok(Some(Image::of_reference(&format!("{name}@{digest}")))),
            Ok(None) => {}
            Err(why) => failure = failure.or(Some(why)),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// The image where the target runs it, or keeps a declaration of it, by this digest: whoever runs it has pulled it.
#[must_use]
pub fn seen(target: &Target, image: &Image) -> Option<Image> {
    let wanted = by_digest(image)?;
    let (_, digest) = wanted.split_once('@')?;
    let running = target.state.running.iter().flat_map(|one| &one.containers);
    let kept = target.state.revisions.iter().flat_map(|one| &one.containers);
    let known = running.chain(kept).filter_map(|contained| by_digest(&contained.image));
    known.into_iter().find(|known| known.ends_with(digest)).map(|known| Image::of_reference(&known))
}

impl Place {
    /// By the rules of the Docker client: the first part is a registry where it looks like a host.
    fn of(repository: &str) -> Self {
        let host = |part: &str| part.contains('.') || part.contains(':') || part == "localhost";
        match repository.split_once('/') {
            Some((registry, rest)) if host(registry) && registry != "docker.io" && registry != "index.docker.io" => {
                Self { registry: registry.to_owned(), repository: rest.to_owned() }
            }
            other => {
                let rest = other.filter(|(registry, _)| host(registry)).map_or(repository, |(_, rest)| rest);
                let rest = if rest.contains('/') { rest.to_owned() } else { format!("library/{rest}") };
                Self { registry: "registry-1.docker.io".to_owned(), repository: rest }
            }
        }
    }

    /// Whether the registry is this machine: only there nobody can listen in on plain HTTP.
    fn is_here(&self) -> bool {
        Url::parse(&format!("http://{}", self.registry)).is_ok_and(|url| is_loopback(&url))
    }

    fn manifest(&self, wanted: &str) -> Result<Url, Failure> {
        let scheme = if self.is_here() { "http" } else { "https" };
        let url = format!("{scheme}://{}/v2/{}/manifests/{wanted}", self.registry, self.repository);
        Url::parse(&url).map_err(|_| self.failure(FailureKind::Unsupported, "is no registry that can be asked"))
    }

    fn failure(&self, kind: FailureKind, words: &str) -> Failure {
        Failure::new(kind, format!("the registry {} {words}", self.registry))
    }

    fn lost(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let words = if error.is_timeout() { "within 10 s".to_owned() } else { format!("({cause})") };
        self.failure(FailureKind::Unreachable, &format!("gave no answer {words}"))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The digest under which the registry has `wanted` (a digest or a tag) there.
async fn has(place: &Place, wanted: &str) -> Result<Option<String>, Failure> {
    let client = Client::builder()
        .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none());
    let client = if place.is_here() { client.no_proxy() } else { client };
    let client = client.build().map_err(|error| Failure::new(FailureKind::Unsupported, error.to_string()))?;
    let url = place.manifest(wanted)?;
    let mut token = None;
    let mut answer = ask(&client, place, Method::HEAD, &url, None).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        let challenge = challenge(answer.headers()).ok_or_else(|| denied(place))?;
        token = Some(pass(&client, place, &challenge).await?);
        answer = ask(&client, place, Method::HEAD, &url, token.as_deref()).await?;
    }
    match answer.status() {
        StatusCode::NOT_FOUND => return Ok(None),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(denied(place)),
        status if !status.is_success() && status != StatusCode::METHOD_NOT_ALLOWED => {
            return Err(place.failure(FailureKind::Garbled, &format!("answered {status}")));
        }
        status => {
            let told = answer.headers().get("docker-content-digest").and_then(|d| d.to_str().ok()).map(str::to_owned);
            if let Some(digest) = told.filter(|digest| status.is_success() && is_digest(digest)) {
                return of_these_bytes(place, wanted, digest);
            }
        }
    }
    // It does not say which bytes it has: then they are read and counted here.
    let mut answer = ask(&client, place, Method::GET, &url, token.as_deref()).await?;
    match answer.status() {
        StatusCode::NOT_FOUND => Ok(None),
        status if !status.is_success() => Err(place.failure(FailureKind::Garbled, &format!("answered {status}"))),
        _ => {
            let body = body(place, &mut answer).await?;
            let hex = Sha256::digest(&body).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            of_these_bytes(place, wanted, format!("sha256:{hex}"))
        }
    }
}

/// What was asked for by digest must be that.
fn of_these_bytes(place: &Place, wanted: &str, digest: String) -> Result<Option<String>, Failure> {
    if is_digest(wanted) && wanted != digest {
        let words = format!("answered {digest} where {wanted} was asked for");
        return Err(place.failure(FailureKind::Garbled, &words));
    }
    Ok(Some(digest))
}

async fn ask(
    client: &Client,
    place: &Place,
    method: Method,
    url: &Url,
    token: Option<&str>,
) -> Result<Response, Failure> {
    let request = client.request(method, url.clone()).header(ACCEPT, KINDS);
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    request.send().await.map_err(|error| place.lost(&error))
}

async fn body(place: &Place, answer: &mut Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| place.lost(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(place.failure(FailureKind::Garbled, "answered more than a manifest can have"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn denied(place: &Place) -> Failure {
    place
        .failure(FailureKind::Denied, "does not let us look without a login")
        .hint("an image in a private registry is found where an engine or a cluster already runs it by this digest")
}

/// The parts of `Bearer realm="…",service="…",scope="…"` (RFC 6750, as registries use it).
#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: Option<String>,
    scope: Option<String>,
}

fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let text = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let mut rest = text.get(7..).filter(|_| text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("bearer ")))?;
    let mut found = Challenge::default();
    while let Some((name, tail)) = rest.split_once("=\"") {
        let (value, tail) = tail.split_once('"')?;
        match name.trim_matches([' ', ',']) {
            "realm" => value.clone_into(&mut found.realm),
            "service" => found.service = Some(value.to_owned()),
            "scope" => found.scope = Some(value.to_owned()),
            _ => {}
        }
        rest = tail;
    }
    (!found.realm.is_empty()).then_some(found)
}

/// A token for everybody, as the registry's own word says where to get it.
async fn pass(client: &Client, place: &Place, challenge: &Challenge) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Pass {
        token: Option<String>,
        access_token: Option<String>,
    }
    let strange = || place.failure(FailureKind::Denied, "wants a login at a place that is not asked");
    let mut url = Url::parse(&challenge.realm).map_err(|_| strange())?;
    if url.scheme() != "https" && !(place.is_here() && is_loopback(&url)) {
        return Err(strange());
    }
    for (name, value) in [("service", &challenge.service), ("scope", &challenge.scope)] {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    let mut answer = client.get(url).send().await.map_err(|error| place.lost(&error))?;
    if !answer.status().is_success() {
        return Err(denied(place));
    }
    let body = body(place, &mut answer).await?;
    let pass: Pass = serde_json::from_slice(&body).map_err(|_| denied(place))?;
    pass.token.or(pass.access_token).ok_or_else(|| denied(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: &str) -> String {
        format!("sha256:{}", digit.repeat(64))
    }

    #[test]
    fn a_reference_is_taken_apart_as_the_docker_client_does() {
        let of = |reference| {
            let place = Place::of(repository(reference));
            format!("{} {}", place.registry, place.repository)
        };
        assert_eq!(of("nginx:1.27"), "registry-1.docker.io library/nginx");
        assert_eq!(of("docker.io/library/nginx"), "registry-1.docker.io library/nginx");
        assert_eq!(of("shop/api@sha256:aa"), "registry-1.docker.io shop/api");
        assert_eq!(of("registry.example:5000/shop/api:1.8.2"), "registry.example:5000 shop/api");
        assert_eq!(of("localhost/api"), "localhost api");
        assert_eq!(repository("registry.example:5000/api"), "registry.example:5000/api");
    }

    #[test]
    fn g9_an_image_is_named_by_its_digest_or_not_at_all() {
        let mut image = Image::of_reference("registry.example/api:1.8");
        assert_eq!(by_digest(&image), None);
        image.digest = Some(Text::name("sha256:short"));
        assert_eq!(by_digest(&image), None, "half a digest names nothing");
        image.digest = Some(Text::name(&digest("a")));
        assert_eq!(by_digest(&image), Some(format!("registry.example/api@{}", digest("a"))));
        let pinned = format!("registry.example/api:1.8@{}", digest("b"));
        assert_eq!(by_digest(&Image::of_reference(&pinned)), Some(pinned));
    }

    #[test]
    fn a_challenge_says_where_a_token_is_to_be_had() {
        let mut headers = HeaderMap::new();
        let words =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#;
        headers.insert(WWW_AUTHENTICATE, words.parse().unwrap());
        let found = challenge(&headers).unwrap();
        assert_eq!(found.realm, "https://auth.example/token");
        assert_eq!(
            (found.service.as_deref(), found.scope.as_deref()),
            (Some("registry.example"), Some("repository:a/b:pull,push"))
        );
        headers.insert(WWW_AUTHENTICATE, "Basic realm=\"x\"".parse().unwrap());
        assert_eq!(challenge(&headers), None);
    }
}
