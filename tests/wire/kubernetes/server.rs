//! A server that answers as an API server was recorded to answer, or as a test wants it to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub(crate) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
pub(crate) const JSON: &str = "application/json";

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) accept: String,
    pub(crate) token: String,
    /// The content type, and the body as JSON where it is some.
    pub(crate) kind: String,
    pub(crate) host: String,
    pub(crate) body: serde_json::Value,
    /// How often this path was asked for in the same way (list or watch) before.
    pub(crate) before: usize,
}

impl Asked {
    pub(crate) fn is_watch(&self) -> bool {
        self.query.contains("watch=true")
    }

    /// The last part of the path: `pods`.
    pub(crate) fn plural(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn wants_protobuf(&self) -> bool {
        self.accept.contains(PROTOBUF)
    }
}

/// What the body does after its pieces.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    End,
    /// Nothing more, for ever.
    Hold,
    /// The connection is cut.
    Break,
    /// The same again and again.
    Repeat(Vec<u8>),
}

/// An answer; `status` 0 means none at all.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
    pub(crate) then: Then,
}

impl Reply {
    pub(crate) fn of(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, headers: Vec::new(), body: body.into(), then: Then::End }
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::of(200, JSON, body)
    }

    /// A refusal as an API server words it.
    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "kind": "Status", "status": "Failure", "message": message, "code": status });
        Self::of(status, JSON, body.to_string())
    }

    pub(crate) fn silence() -> Self {
        Self::of(0, JSON, "")
    }

    pub(crate) fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

type Script = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// The server; it ends with its handle.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _running: AbortOnDropHandle<()>,
}

impl Server {
    /// Answers by `script`, and where that has no opinion as the recorded server did.
    pub(crate) async fn start(script: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let desk = Desk { asked: asked.clone(), seen: Arc::default(), script: Arc::new(script) };
        let running = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let desk = desk.clone();
                open.spawn(async move {
                    let service = service_fn(move |request| {
                        let desk = desk.clone();
                        async move { Ok::<_, Infallible>(desk.answer(request).await) }
                    });
                    drop(http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
                });
            }
        });
        Self { address, asked, _running: AbortOnDropHandle::new(running) }
    }

    /// All requests so far that `wanted` picks.
    pub(crate) fn asked(&self, wanted: impl Fn(&Asked) -> bool) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|a| wanted(a)).cloned().collect()
    }
}

#[derive(Clone)]
struct Desk {
    asked: Arc<Mutex<Vec<Asked>>>,
    seen: Arc<Mutex<HashMap<(String, bool), usize>>>,
    script: Arc<Script>,
}

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (request, sent) = request.into_parts();
        let sent = sent.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let header =
            |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let mut asked = Asked {
            method: request.method.to_string(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().unwrap_or_default().to_owned(),
            accept: header("accept"),
            token: header("authorization"),
            kind: header("content-type"),
            host: header("host"),
            body: serde_json::from_slice(&sent).unwrap_or_default(),
            before: 0,
        };
        {
            let mut seen = self.seen.lock().unwrap();
            let count = seen.entry((asked.path.clone(), asked.is_watch())).or_default();
            asked.before = *count;
            *count += 1;
        }
        self.asked.lock().unwrap().push(asked.clone());
        let reply = (self.script)(&asked).unwrap_or_else(|| recorded(&asked));
        if reply.status == 0 {
            std::future::pending::<()>().await;
        }
        let mut response = Response::builder().status(reply.status).header("content-type", reply.kind);
        for (name, value) in &reply.headers {
            response = response.header(*name, *value);
        }
        response.body(body(reply)).unwrap()
    }
}

fn body(reply: Reply) -> Body {
    let piece = |bytes: Vec<u8>| Ok(Frame::data(Bytes::from(bytes)));
    let first = stream::iter([piece(reply.body)]);
    let rest = match reply.then {
        Then::End => stream::empty().boxed(),
        Then::Hold => stream::pending().boxed(),
        Then::Break => stream::iter([Err(std::io::Error::other("cut"))]).boxed(),
        Then::Repeat(bytes) => stream::repeat(bytes).map(move |b| Ok(Frame::data(Bytes::from(b)))).boxed(),
    };
    UnsyncBoxBody::new(StreamBody::new(first.chain(rest)))
}

/// What the recorded server said: its lists in both encodings; watches that stay quiet.
pub(crate) fn recorded(asked: &Asked) -> Reply {
    match asked.path.as_str() {
        "/version" => return Reply::json(r#"{"gitVersion":"v1.36.3"}"#),
        "/apis" => return Reply::json(r#"{"groups":[{"name":"apps"}]}"#),
        _ => {}
    }
    let kind = if asked.wants_protobuf() { PROTOBUF } else { JSON };
    if asked.is_watch() {
        return Reply::of(200, kind, "").then(Then::Hold);
    }
    match answer(asked.plural(), asked.wants_protobuf()) {
        Some(body) => Reply::of(200, kind, body),
        None => Reply::refusal(404, "the server could not find the requested resource"),
    }
}

/// A recorded list.
pub(crate) fn answer(plural: &str, protobuf: bool) -> Option<Vec<u8>> {
    file(&format!("{plural}.{}", if protobuf { "pb" } else { "json" }))
}

/// A recorded file.
pub(crate) fn file(name: &str) -> Option<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/kubernetes/answers");
    std::fs::read(folder.join(name)).ok()
}
