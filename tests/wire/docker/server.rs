//! An engine that answers from a book: recorded answers, and every fault that a healthy engine does not show.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::{broadcast, watch};

/// What an engine does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status, extra header lines, body.
    Whole(u16, String, Vec<u8>),
    /// Bytes as they are, then the connection ends.
    Bytes(Vec<u8>),
    /// A head, then this piece again and again without end.
    Endless(Vec<u8>),
    /// A head, then what is published to the stream, until the engine goes.
    Stream(Vec<u8>),
    /// Nothing at all.
    Silence,
}

impl Answer {
    /// A good answer with this body.
    pub(crate) fn json(value: &Value) -> Self {
        Self::Whole(200, String::new(), value.to_string().into_bytes())
    }

    /// A refusal in the engine's own form.
    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        Self::Whole(status, String::new(), serde_json::json!({ "message": message }).to_string().into_bytes())
    }
}

type Script = Arc<dyn Fn(&str) -> Option<Answer> + Send + Sync>;

/// A running fake engine on a socket of its own.
pub(crate) struct Engine {
    url: String,
    _folder: Option<tempfile::TempDir>,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    version: String,
    book: Mutex<serde_json::Map<String, Value>>,
    script: Mutex<Option<Script>>,
    events: broadcast::Sender<Vec<u8>>,
    asked: Mutex<Vec<String>>,
    open: AtomicUsize,
    cut: watch::Sender<u32>,
}

impl Engine {
    /// An engine that answers what was recorded at that API version; [`crate::watch`] says of which engine.
    pub(crate) fn recorded(version: &str) -> Self {
        let shared = Self::shared(version, recorded_book(version));
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let url = format!("unix://{}", folder.path().join("docker.sock").display());
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { url, _folder: Some(folder), shared, task }
    }

    /// The same behind TLS on loopback, with the certificate of that name; with `asks` it wants one of the client.
    pub(crate) async fn behind_tls(certificate: &str, asks: bool) -> Self {
        let shared = Self::shared("1.41", recorded_book("1.41"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        let acceptor = crate::tls::acceptor(certificate, asks);
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, shared) = (acceptor.clone(), serving.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(connection(stream, &shared).await);
                    }
                });
            }
        });
        Self { url, _folder: None, shared, task }
    }

    fn shared(version: &str, book: serde_json::Map<String, Value>) -> Arc<Shared> {
        Arc::new(Shared {
            version: version.to_owned(),
            book: Mutex::new(book),
            script: Mutex::new(None),
            events: broadcast::channel(64).0,
            asked: Mutex::new(Vec::new()),
            open: AtomicUsize::new(0),
            cut: watch::channel(0).0,
        })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers of this script go before the book's.
    pub(crate) fn script(&self, script: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Some(Arc::new(script));
    }

    /// Changes what the book says.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
        change(&mut self.shared.book.lock().unwrap());
    }

    /// Tells an event to whoever listens.
    pub(crate) fn tell(&self, event: &Value) {
        drop(self.shared.events.send(format!("{event}\n").into_bytes()));
    }

    /// Ends every open connection, as a daemon that restarts does.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|n| *n += 1);
    }

    /// Paths that were asked for so far, without their version.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

fn recorded_book(version: &str) -> serde_json::Map<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/docker/recorded");
    serde_json::from_str(&std::fs::read_to_string(folder.join(format!("api-{version}.json"))).unwrap()).unwrap()
}

async fn serve(listener: UnixListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            let mut cut = shared.cut.subscribe();
            cut.mark_unchanged();
            tokio::select! {
                _ = connection(stream, &shared) => {}
                _ = cut.changed() => {}
            }
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn connection(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> std::io::Result<()> {
    loop {
        let Some(path) = request(&mut stream).await? else { return Ok(()) };
        match answer(&path, shared) {
            Answer::Whole(status, headers, body) => {
                let head = head(status, &shared.version, &format!("{headers}Content-Length: {}\r\n", body.len()));
                stream.write_all(&[head.as_bytes(), &body].concat()).await?;
            }
            Answer::Bytes(bytes) => return stream.write_all(&bytes).await,
            Answer::Endless(piece) => {
                stream.write_all(head(200, &shared.version, "Connection: close\r\n").as_bytes()).await?;
                loop {
                    stream.write_all(&piece).await?;
                }
            }
            Answer::Stream(first) => {
                let mut events = shared.events.subscribe();
                let head = head(200, &shared.version, "Transfer-Encoding: chunked\r\n");
                stream.write_all(head.as_bytes()).await?;
                chunk(&mut stream, &first).await?;
                while let Ok(event) = events.recv().await {
                    chunk(&mut stream, &event).await?;
                }
                return Ok(());
            }
            Answer::Silence => std::future::pending().await,
        }
    }
}

async fn chunk(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    stream.write_all(&framed).await
}

fn head(status: u16, version: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\nApi-Version: {version}\r\nContent-Type: application/json\r\n{headers}\r\n")
}

/// The path of the next request; none of ours has a body.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        seen.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&seen);
    Ok(text.split(' ').nth(1).map(str::to_owned))
}

fn answer(path: &str, shared: &Shared) -> Answer {
    let prefix = format!("/v{}", shared.version);
    let plain = path.strip_prefix(&prefix).unwrap_or(path);
    shared.asked.lock().unwrap().push(plain.to_owned());
    if path.starts_with("/v") && !path.starts_with("/version") && plain == path {
        return Answer::refusal(400, "client version is too new");
    }
    let script = shared.script.lock().unwrap().clone();
    if let Some(answer) = script.and_then(|script| script(plain)) {
        return answer;
    }
    let name = plain.split('?').next().unwrap_or(plain);
    let book = shared.book.lock().unwrap();
    match (name, book.get(name)) {
        ("/_ping", _) => Answer::Whole(200, String::new(), b"OK".to_vec()),
        ("/events", Some(Value::Array(lines))) => {
            Answer::Stream(lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect())
        }
        (_, Some(value)) => Answer::json(value),
        (_, None) => Answer::refusal(404, &format!("No such thing: {name}")),
    }
}

impl Engine {
    /// The id of the container whose counters were recorded.
    pub(crate) fn shown(&self) -> String {
        let book = self.shared.book.lock().unwrap();
        let path = book.keys().find(|path| path.ends_with("/stats")).unwrap();
        path.split('/').nth(2).unwrap().to_owned()
    }

    /// The id of the container of that name.
    pub(crate) fn named(&self, name: &str) -> String {
        let book = self.shared.book.lock().unwrap();
        let list = book["/containers/json"].as_array().unwrap();
        let found = list.iter().find(|c| c["Names"][0] == format!("/{name}")).unwrap();
        found["Id"].as_str().unwrap().to_owned()
    }
}
