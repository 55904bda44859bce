//! A Redis that answers from keys in memory, and does whatever a script wants instead.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::keys::{Keys, bulk};

/// What the server does with a command instead of answering it.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes, and it goes on.
    Bytes(Vec<u8>),
    /// These bytes, then the connection ends.
    Cut(Vec<u8>),
    /// These bytes, then this piece again and again without end.
    Endless(Vec<u8>, Vec<u8>),
    Silence,
}

impl Answer {
    /// An error in Redis' own words.
    pub(crate) fn error(words: &str) -> Self {
        Self::Bytes(format!("-{words}\r\n").into_bytes())
    }
}

type Script = Arc<dyn Fn(&str) -> Option<Answer> + Send + Sync>;

struct Shared {
    keys: Mutex<Keys>,
    info: Mutex<String>,
    clients: Mutex<String>,
    script: Mutex<Option<Script>>,
    asked: Mutex<Vec<String>>,
    cut: watch::Sender<u32>,
}

/// A running fake.
pub(crate) struct Server {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

/// What a Redis 7.0 without a limit says of itself.
pub(crate) const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nuptime_in_seconds:5000\r\n\
    server_time_usec:1700000000000000\r\n# Clients\r\nconnected_clients:4\r\nmaxclients:10000\r\n# Memory\r\nused_memory:1048576\r\n\
    maxmemory:0\r\nmaxmemory_policy:noeviction\r\n# Persistence\r\nloading:0\r\nrdb_last_save_time:1699999000\r\n\
    rdb_last_bgsave_status:ok\r\nrdb_saves:3\r\n# Stats\r\nevicted_keys:0\r\n# Replication\r\nrole:master\r\n\
    # Keyspace\r\ndb0:keys=52,expires=0,avg_ttl=0\r\n";

impl Server {
    /// One on loopback that has these keys.
    pub(crate) async fn with(keys: Keys) -> Self {
        Self::start(keys, None).await
    }

    /// The same behind TLS.
    pub(crate) async fn behind_tls(keys: Keys, acceptor: tokio_rustls::TlsAcceptor) -> Self {
        Self::start(keys, Some(acceptor)).await
    }

    async fn start(keys: Keys, acceptor: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if acceptor.is_some() { "rediss" } else { "redis" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            keys: Mutex::new(keys),
            info: Mutex::new(INFO.to_owned()),
            clients: Mutex::new(String::new()),
            script: Mutex::new(None),
            asked: Mutex::new(Vec::new()),
            cut: watch::channel(0).0,
        });
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let mut cut = shared.cut.subscribe();
                    cut.mark_unchanged();
                    let work = async {
                        match acceptor {
                            Some(acceptor) => connection(acceptor.accept(stream).await?, &shared).await,
                            None => connection(stream, &shared).await,
                        }
                    };
                    tokio::select! {
                        _ = work => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url, shared, task }
    }

    /// From now on the script has the first word: it sees a command's words with blanks between.
    pub(crate) fn script(&self, script: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Some(Arc::new(script));
    }

    /// Changes the keys.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Keys)) {
        change(&mut self.shared.keys.lock().unwrap());
    }

    /// Sets what CLIENT LIST says.
    pub(crate) fn clients(&self, list: &str) {
        list.clone_into(&mut self.shared.clients.lock().unwrap());
    }

    /// Adds lines to INFO; later ones win.
    pub(crate) fn info(&self, more: &str) {
        self.shared.info.lock().unwrap().push_str(more);
    }

    /// Every command so far, words with blanks between.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Ends every connection.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|n| *n += 1);
    }

    /// Ends every connection and listens no more.
    pub(crate) fn gone(&self) {
        self.task.abort();
        self.cut();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.gone();
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(command) = command(&mut stream).await? {
        let words = command.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
        shared.asked.lock().unwrap().push(words.clone());
        let script = shared.script.lock().unwrap().clone();
        match script.and_then(|script| script(&words)) {
            Some(Answer::Bytes(bytes)) => stream.write_all(&bytes).await?,
            Some(Answer::Cut(bytes)) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Some(Answer::Endless(first, piece)) => {
                stream.write_all(&first).await?;
                loop {
                    stream.write_all(&piece).await?;
                }
            }
            Some(Answer::Silence) => std::future::pending().await,
            None => {
                let answer = plain(&command, &words, shared);
                stream.write_all(&answer).await?;
            }
        }
    }
    Ok(())
}

fn plain(command: &[Vec<u8>], words: &str, shared: &Shared) -> Vec<u8> {
    match words.split(' ').next().unwrap_or_default() {
        "INFO" => bulk(Some(&shared.info.lock().unwrap().clone().into_bytes())),
        "CLIENT" => bulk(Some(&shared.clients.lock().unwrap().clone().into_bytes())),
        "AUTH" | "SELECT" => b"+OK\r\n".to_vec(),
        _ => shared.keys.lock().unwrap().answer(command),
    }
}

/// The next command: an array of byte strings. What is none ends the connection, as Redis does.
async fn command(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Option<Vec<Vec<u8>>>> {
    let Some(length) = header(stream, '*').await? else { return Ok(None) };
    let mut words = Vec::new();
    for _ in 0..length {
        let Some(length) = header(stream, '$').await? else { return Ok(None) };
        let mut word = vec![0; length + 2];
        stream.read_exact(&mut word).await?;
        word.truncate(length);
        words.push(word);
    }
    Ok(Some(words))
}

async fn header(stream: &mut (impl AsyncBufReadExt + Unpin), sign: char) -> std::io::Result<Option<usize>> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await?;
    Ok(String::from_utf8_lossy(&line).trim_end().strip_prefix(sign).and_then(|n| n.parse().ok()))
}
