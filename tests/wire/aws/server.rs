//! An endpoint of AWS that answers by a script, else as [`crate::cloud`] has it, and remembers what it was asked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cloud;
use crate::shape::Form;
use crate::watched::Profile;

/// What the endpoint does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Fine(Value),
    /// A refusal with its code and words.
    Refused(&'static str, &'static str),
    /// A status with a body as it is.
    Raw(u16, &'static [u8]),
    /// Announces more than it sends, then hangs up.
    Cut,
    /// Nothing at all.
    Silence,
}

/// One request: its operation and what it says (nothing is read of CBOR).
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) body: Value,
}

type Script = Arc<dyn Fn(&Asked) -> Option<Answer> + Send + Sync>;

/// A running endpoint on loopback.
pub(crate) struct Cloud {
    port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    script: Script,
    asked: Mutex<Vec<Asked>>,
}

impl Cloud {
    /// Answers of this script go before the usual ones.
    pub(crate) async fn scripted(script: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { script: Arc::new(script), asked: Mutex::default() });
        Self { port, shared: shared.clone(), task: tokio::spawn(serve(listener, shared)) }
    }

    /// A healthy account.
    pub(crate) async fn usual() -> Self {
        Self::scripted(|_| None).await
    }

    /// A profile with a key that no other has: accounts are told apart by it.
    pub(crate) fn profile(&self) -> Profile {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let key = format!("KEY{}", NEXT.fetch_add(1, Ordering::SeqCst));
        Profile::new(&format!("http://127.0.0.1:{}", self.port), &key)
    }

    /// What was asked of an operation so far.
    pub(crate) fn asked(&self, operation: &str) -> Vec<Value> {
        let all = self.shared.asked.lock().unwrap();
        all.iter().filter(|one| one.operation == operation).map(|one| one.body.clone()).collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move { connection(stream, &shared).await });
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some((form, asked)) = request(&mut stream).await? {
        shared.asked.lock().unwrap().push(asked.clone());
        let answer = (shared.script)(&asked).unwrap_or_else(|| Answer::Fine(cloud::answer(&asked)));
        let (status, body) = match answer {
            Answer::Fine(value) => (200, form.answer(&asked.operation, &value)),
            Answer::Refused(code, words) => (400, form.refusal(code, words)),
            Answer::Raw(status, body) => (status, body.to_vec()),
            Answer::Cut => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"clusterArns\": [").await?;
                return Ok(());
            }
            Answer::Silence => std::future::pending().await,
        };
        let kind = form.content_type();
        let head =
            format!("HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
    }
    Ok(())
}

async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(Form, Asked)>> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        seen.push(byte[0]);
    }
    let text = String::from_utf8(seen).unwrap();
    let header = |name: &str| {
        let line = text.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")))?;
        Some(line.split_once(": ")?.1.to_owned())
    };
    let mut body = vec![0; header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let path = text.split(' ').nth(1).unwrap();
    if let Some((_, operation)) = path.split_once("/operation/") {
        return Ok(Some((Form::Cbor, Asked { operation: operation.to_owned(), body: Value::Null })));
    }
    if let Some(target) = header("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap().to_owned();
        return Ok(Some((Form::Json, Asked { operation, body: serde_json::from_slice(&body).unwrap() })));
    }
    let form = String::from_utf8(body).unwrap();
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let body: Map<String, Value> = pairs.map(|(key, value)| (key.to_owned(), plain(value).into())).collect();
    let operation = body["Action"].as_str().unwrap().to_owned();
    Ok(Some((Form::Xml, Asked { operation, body: body.into() })))
}

/// `%3A` and `%2F` as ARNs hold them.
fn plain(value: &str) -> String {
    value.replace("%3A", ":").replace("%2F", "/")
}
