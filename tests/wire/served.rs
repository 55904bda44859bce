//! What the wire tests share: an HTTP server that answers from a book of recorded answers, and with every fault that a healthy
//! server does not show.
#![allow(dead_code, reason = "each crate of tests uses its part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status, extra header lines, body.
    Whole(u16, &'static str, Vec<u8>),
    /// Bytes as they are, then the connection ends.
    Bytes(Vec<u8>),
    /// A head, then this piece again and again without end.
    Endless(Vec<u8>),
    /// Nothing at all.
    Silence,
}

impl Answer {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Whole(200, "", value.to_string().into_bytes())
    }
}

/// A request as a script sees it.
pub(crate) struct Asked<'a> {
    /// With its query, as it was sent.
    pub(crate) path: &'a str,
    /// The `Authorization` header.
    pub(crate) login: Option<&'a str>,
}

type Script = Arc<dyn Fn(&Asked<'_>) -> Option<Answer> + Send + Sync>;

/// A running server on loopback.
pub(crate) struct Served {
    port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    book: Mutex<Map<String, Value>>,
    script: Mutex<Option<Script>>,
    asked: Mutex<Vec<(String, Instant)>>,
    logins: Mutex<Vec<Option<String>>>,
    /// Requests under way, and the most that ever were.
    under_way: AtomicUsize,
    at_once: AtomicUsize,
    cut: watch::Sender<u32>,
}

impl Served {
    /// A server that answers these bodies by their paths; 404 to everything else.
    pub(crate) async fn book(book: Map<String, Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            book: Mutex::new(book),
            script: Mutex::new(None),
            asked: Mutex::new(Vec::new()),
            logins: Mutex::new(Vec::new()),
            under_way: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            cut: watch::channel(0).0,
        });
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(serve(listener, shared.clone()));
        Self { port, shared, task }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers of this script go before the book's; it is asked with the path as it was sent.
    pub(crate) fn script(&self, script: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) {
        self.judge(move |asked| script(asked.path));
    }

    /// The same with who asks.
    pub(crate) fn judge(&self, script: impl Fn(&Asked<'_>) -> Option<Answer> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Some(Arc::new(script));
    }

    /// `Authorization` headers so far, in order.
    pub(crate) fn logins(&self) -> Vec<Option<String>> {
        self.shared.logins.lock().unwrap().clone()
    }

    /// Changes what the book says.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut Map<String, Value>)) {
        change(&mut self.shared.book.lock().unwrap());
    }

    /// Paths that were asked for so far, each with its moment.
    pub(crate) fn asked(&self) -> Vec<(String, Instant)> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Most requests that were under way at the same moment.
    pub(crate) fn at_once(&self) -> usize {
        self.shared.at_once.load(Ordering::SeqCst)
    }

    /// Ends with all its connections, as a server that is killed.
    pub(crate) fn die(&self) {
        self.task.abort();
        self.shared.cut.send_modify(|n| *n += 1);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.die();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let mut cut = shared.cut.subscribe();
            cut.mark_unchanged();
            tokio::select! {
                _ = connection(stream, &shared) => {}
                _ = cut.changed() => {}
            }
        });
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some((path, login)) = request(&mut stream).await? {
        let now = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.at_once.fetch_max(now, Ordering::SeqCst);
        shared.asked.lock().unwrap().push((path.clone(), Instant::now()));
        shared.logins.lock().unwrap().push(login.clone());
        let answer = answer(&Asked { path: &path, login: login.as_deref() }, shared);
        let ended = say(&mut stream, answer).await;
        shared.under_way.fetch_sub(1, Ordering::SeqCst);
        if ended? {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers; true where the connection ends with it.
async fn say(stream: &mut TcpStream, answer: Answer) -> std::io::Result<bool> {
    match answer {
        Answer::Whole(status, headers, body) => {
            let head = format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await?;
            Ok(false)
        }
        Answer::Bytes(bytes) => stream.write_all(&bytes).await.map(|()| true),
        Answer::Endless(piece) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Answer::Silence => std::future::pending().await,
    }
}

/// The path of the next request and its `Authorization`; none of ours has a body.
async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Option<String>)>> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        seen.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&seen);
    assert!(text.starts_with("GET "), "only reading: {text}");
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization").then(|| value.trim().to_owned())
    };
    let login = text.lines().find_map(header);
    Ok(text.split(' ').nth(1).map(|path| (path.to_owned(), login)))
}

/// By the script, else by the book: under the path alone, or with the first word of its query.
fn answer(asked: &Asked<'_>, shared: &Shared) -> Answer {
    let path = asked.path;
    let script = shared.script.lock().unwrap().clone();
    if let Some(answer) = script.and_then(|script| script(asked)) {
        return answer;
    }
    let plain = path.split('?').next().unwrap_or(path);
    let book = shared.book.lock().unwrap();
    match book.get(path.split('=').next().unwrap_or(path)).or_else(|| book.get(plain)) {
        Some(value) => Answer::json(value),
        None => Answer::Whole(404, "", br#"{"error":"Object Not Found","reason":"Not Found"}"#.to_vec()),
    }
}
