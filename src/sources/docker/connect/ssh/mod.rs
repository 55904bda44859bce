//! Engines behind an SSH login: one OpenSSH master per host, and a channel through it for each connection, at whose far
//! end `docker system dial-stdio` joins us to the engine's socket.
//!
//! Host keys are always checked, nothing is ever asked (`BatchMode`), and a master that nobody uses ends after a minute
//! even if we are gone.

mod folder;
mod words;

use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Output, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use super::address::SshAddress;
use super::meter::Wire;
use crate::sources::port::{Failure, FailureKind};
use crate::sources::process;

/// How long a login or a command on the far side may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes read of what a far command says.
const LONGEST: u64 = 8 << 20;

/// What every call of `ssh` is told: it decides nothing by itself and opens nothing beside the channel.
const MANNERS: &[&str] = &[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ConnectTimeout=8",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=2",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "EscapeChar=none",
    "LogLevel=ERROR",
];

/// Why a command or a request has no answer: it was never begun, or nobody knows what became of it.
#[derive(Debug)]
pub(in crate::sources::docker) enum Lost {
    Unsent(Failure),
    Unanswered(Failure),
}

/// The login to one host.
pub(in crate::sources::docker) struct Ssh {
    address: SshAddress,
    /// Held while a master is being started.
    starting: Mutex<()>,
}

impl Ssh {
    /// Nothing runs yet.
    pub(super) fn new(address: SshAddress) -> Self {
        Self { address, starting: Mutex::new(()) }
    }

    /// Logs in and makes sure that an engine can be reached there, with words of its own for everything that may be
    /// missing.
    ///
    /// # Errors
    /// No `ssh`, host key unknown or changed, login refused, no `docker` there, no permission on its socket, no engine.
    pub(super) async fn prepare(&self) -> Result<(), Failure> {
        let mut channel = self.channel(&self.dial()?).await?;
        let asked = channel.stdin.write_all(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n").await;
        let (mut head, mut said) = ([0; 5], Vec::new());
        let read = async {
            if asked.is_ok() && channel.stdout.read_exact(&mut head).await.is_ok() {
                return true;
            }
            if let Some(stderr) = channel.child.stderr.take() {
                drop(stderr.take(4096).read_to_end(&mut said).await);
            }
            false
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(true) if head == *b"HTTP/" => Ok(()),
            Ok(true) => Err(words::no_engine(&self.address, &String::from_utf8_lossy(&head))),
            Ok(false) => Err(words::no_engine(&self.address, &String::from_utf8_lossy(&said))),
            Err(_) => Err(words::silent(&self.address, PATIENCE)),
        }
    }

    /// Opens a stream to the engine.
    ///
    /// # Errors
    /// Where the login does not stand any more and cannot be had again.
    pub(super) async fn open(&self) -> Result<Box<dyn Wire>, Failure> {
        Ok(Box::new(self.channel(&self.dial()?).await?))
    }

    /// Runs a program on the far side; the arguments reach it as they are, whatever they hold.
    ///
    /// # Errors
    /// Where there is no login, or the program does not end in time.
    pub(in crate::sources::docker) async fn run(&self, argv: &[&str]) -> Result<Output, Failure> {
        self.run_within(argv, PATIENCE).await.map_err(|lost| match lost {
            Lost::Unsent(failure) | Lost::Unanswered(failure) => failure,
        })
    }

    /// The same with a time limit of its own, and told apart whether it was begun at all.
    ///
    /// # Errors
    /// As [`Ssh::run`].
    pub(in crate::sources::docker) async fn run_within(&self, argv: &[&str], limit: Duration) -> Result<Output, Lost> {
        let line = argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let socket = self.master().await.map_err(Lost::Unsent)?;
        let mut command = self.ssh(&socket);
        command.args(["-T", "--", &self.address.login(), &line]);
        match bounded(command, limit).await {
            Ok(output) => Ok(output),
            Err(Some(failure)) => Err(Lost::Unsent(failure)),
            Err(None) => Err(Lost::Unanswered(words::silent(&self.address, limit))),
        }
    }

    /// The engine's socket on the far side, where it is not the default one.
    pub(in crate::sources::docker) fn socket(&self) -> Option<&str> {
        self.address.socket.as_deref()
    }

    async fn channel(&self, line: &str) -> Result<Channel, Failure> {
        let socket = self.master().await?;
        let mut command = self.ssh(&socket);
        command.args(["-T", "--", &self.address.login(), line]).stdin(Stdio::piped());
        let mut child = command.spawn().map_err(|error| words::no_program(&error))?;
        let piped = || Failure::new(FailureKind::Unreachable, "ssh started without its pipes");
        let stdin = child.stdin.take().ok_or_else(piped)?;
        let stdout = child.stdout.take().ok_or_else(piped)?;
        Ok(Channel { stdin, stdout, child })
    }

    /// The command that joins us to the engine's socket. The far login shell reads it, so it holds nothing that one acts on.
    fn dial(&self) -> Result<String, Failure> {
        let Some(socket) = &self.address.socket else { return Ok("docker system dial-stdio".to_owned()) };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@');
        if socket.chars().all(is_plain) {
            return Ok(format!("docker --host unix://{socket} system dial-stdio"));
        }
        Err(Failure::new(
            FailureKind::Unsupported,
            "the path in the ssh:// address holds characters that no socket has",
        ))
    }

    /// The socket of the master; starts it where it does not run.
    async fn master(&self) -> Result<PathBuf, Failure> {
        let _one_at_a_time = self.starting.lock().await;
        let socket = folder::ready()?.join(self.socket_name());
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(socket);
        }
        // A socket that nobody listens on would keep the new master from making its own.
        drop(std::fs::remove_file(&socket));
        let mut command = self.ssh(&socket);
        command.args(["-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-f", "-N", "--", &self.address.login()]);
        match bounded(command, PATIENCE).await {
            Ok(output) if output.status.success() => Ok(socket),
            Ok(output) => Err(words::no_login(&self.address, &String::from_utf8_lossy(&output.stderr))),
            Err(Some(failure)) => Err(failure),
            Err(None) => Err(words::silent(&self.address, PATIENCE)),
        }
    }

    fn ssh(&self, socket: &std::path::Path) -> Command {
        let mut command = process::command("ssh");
        for option in MANNERS {
            command.args(["-o", option]);
        }
        command.arg("-o").arg(format!("ControlPath={}", socket.display()));
        if let Some(port) = self.address.port {
            command.args(["-p", &port.to_string()]);
        }
        command
    }

    /// Short, since a socket's path has little room; one master per host and process.
    fn socket_name(&self) -> String {
        let place = format!("{}:{:?}", self.address.login(), self.address.port);
        let digest = Sha256::digest(place.as_bytes());
        let hex = digest.iter().take(5).fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        format!("{hex}-{}", std::process::id())
    }
}

/// Runs a command to its end, bounded in time and in what it may say. `Err(None)`: it took too long.
async fn bounded(mut command: Command, limit: Duration) -> Result<Output, Option<Failure>> {
    let mut child = command.spawn().map_err(|error| Some(words::no_program(&error)))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = async {
        let (stdout, stderr) = futures::future::join(all(stdout), all(stderr)).await;
        child.wait().await.map(|status| Output { status, stdout, stderr })
    };
    match tokio::time::timeout(limit, read).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(Some(words::no_program(&error))),
        Err(_) => Err(None),
    }
}

async fn all(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(from) = from {
        drop(from.take(LONGEST).read_to_end(&mut said).await);
    }
    said
}

/// For the far login shell, which would read a line of words: each word in quotes is one word, and nothing in it is acted on.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A child's output and input as one stream; the child ends with it.
struct Channel {
    stdin: ChildStdin,
    stdout: ChildStdout,
    child: Child,
}

impl AsyncRead for Channel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

impl AsyncWrite for Channel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_words_are_quoted_for_the_far_shell() {
        assert_eq!(quoted("$(touch x); `y` 'z'"), r"'$(touch x); `y` '\''z'\'''");
    }

    #[test]
    fn r_a_far_socket_with_shell_words_in_it_is_refused() {
        let address =
            |socket: &str| SshAddress { user: None, host: "vm1".into(), port: None, socket: Some(socket.to_owned()) };
        assert!(Ssh::new(address("/run/user/1000/docker.sock")).dial().is_ok());
        assert!(Ssh::new(address("/run/x;reboot")).dial().is_err());
    }
}
