//! Servers on loopback that do as they are told, and remember what they were asked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a server does with whatever it is asked.
#[derive(Clone)]
pub(crate) enum Act {
    /// Says this and ends.
    Say(Vec<u8>),
    /// Says this, then nothing, and holds the line.
    Hold(Vec<u8>),
    /// Says this, then the other again and again without end.
    Endless(Vec<u8>, Vec<u8>),
    /// Cuts the connection with a reset.
    Reset,
}

/// A page.
pub(crate) fn page(head: &str, body: &str) -> Act {
    Act::Say(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn that(act: Act) -> Self {
        Self::answering(move |_| act.clone(), None).await
    }

    /// The same behind TLS, with the certificate of that name.
    pub(crate) async fn behind(certificate: &str, act: Act) -> Self {
        Self::answering(move |_| act.clone(), Some(acceptor(certificate))).await
    }

    pub(crate) async fn answering(act: impl Fn(&str) -> Act + Send + Sync + 'static, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, act) = (asked.clone(), Arc::new(act));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, act, tls) = (seen.clone(), act.clone(), tls.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else { return drop(plain(stream, &seen, &*act).await) };
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(serve(stream, &seen, &*act).await);
                    }
                });
            }
        });
        Self { port, asked, task }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

type Acts = dyn Fn(&str) -> Act + Send + Sync;

async fn plain(stream: TcpStream, seen: &Mutex<Vec<String>>, act: &Acts) -> std::io::Result<()> {
    if matches!(act(""), Act::Reset) {
        stream.set_zero_linger()?;
        return Ok(());
    }
    serve(stream, seen, act).await
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<String>>,
    act: &Acts,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 4096];
    loop {
        let n = stream.read(&mut bytes).await?;
        if n == 0 {
            return Ok(());
        }
        let asked = String::from_utf8_lossy(&bytes[..n]).into_owned();
        seen.lock().unwrap().push(asked.clone());
        match act(&asked) {
            Act::Say(words) => {
                stream.write_all(&words).await?;
                return stream.shutdown().await;
            }
            Act::Hold(words) => stream.write_all(&words).await?,
            Act::Endless(head, piece) => {
                stream.write_all(&head).await?;
                loop {
                    stream.write_all(&piece).await?;
                }
            }
            Act::Reset => return Ok(()),
        }
    }
}

pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/checks/tls").join(name)
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let chain = vec![CertificateDer::from_pem_file(file(&format!("{certificate}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}
