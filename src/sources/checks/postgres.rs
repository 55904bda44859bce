//! Postgres: login and `SELECT 1`, and how many connections are left; over TLS where the server wants it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, Either, select};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};

use super::ask::Ask;
use super::seen::Seen;
use super::trust::Witness;
use super::{dial, tls};
use crate::sources::secret;

/// Everybody may read these, whoever they log in as.
const CONNECTIONS: &str = "SELECT sum(numbackends), current_setting('max_connections') FROM pg_stat_database";

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    match run(ask).await {
        Ok(seen) | Err(seen) => seen,
    }
}

async fn run(ask: &Ask<'_>) -> Result<Seen, Seen> {
    let target = ask.spec.target.raw();
    let mut config: Config = target.parse().map_err(|error| Seen::unknown(&format!("not asked: {}", chain(&error))))?;
    let Some(Host::Tcp(host)) = config.get_hosts().first().cloned() else {
        return Err(Seen::unknown("not asked: the host is missing"));
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    ask.preparing("the password was not read");
    if let Some(place) = &ask.spec.password {
        let password = secret::read(place).await.map_err(|why| Seen::unknown(&format!("not asked: {why}")))?;
        config.password(password.expose_secret());
    }
    if let Some(user) = &ask.spec.user {
        config.user(user.raw());
    }
    config.application_name("quarterdeck");
    if !target.contains("sslmode=") {
        config.ssl_mode(usual_mode(&host, ask.spec.password.is_some()));
    }
    let witness = ask.trust.witness(ask, true).await?;
    let stream = dial::connect(ask, &host, port).await?;
    ask.waiting("the login was not answered");
    let name = rustls::pki_types::ServerName::try_from(host.clone())
        .map_err(|_| Seen::unknown(&format!("{host} is no name that a certificate could have")))?;
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(witness.client()?));
    let connected = config.connect_raw(stream, Secure { connector, name }).await;
    let ends = witness.shown().and_then(|shown| shown.certificate.ends);
    ask.shown(ends);
    let (client, connection) = connected.map_err(|error| refused(ask, &witness, &host, &error))?;
    let asked = match select(Box::pin(questions(ask, &client)), Box::pin(connection)).await {
        Either::Left((asked, _)) => asked,
        Either::Right((Err(error), _)) => Err(error),
        Either::Right((Ok(()), _)) => return Err(Seen::failing("it closed the connection").took(ask.took())),
    };
    let seen = asked.map_err(|error| refused(ask, &witness, &host, &error))?;
    let late = witness.shown().and_then(|shown| shown.judged(ask));
    Ok(late.unwrap_or(seen).expires(ends))
}

/// Nobody listens between this machine and itself. Elsewhere a password does not travel in clear unless that is asked for.
fn usual_mode(host: &str, password: bool) -> SslMode {
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match (here, password) {
        (true, _) => SslMode::Disable,
        (false, true) => SslMode::Require,
        (false, false) => SslMode::Prefer,
    }
}

async fn questions(ask: &Ask<'_>, client: &Client) -> Result<Seen, Error> {
    ask.waiting("logged in, but SELECT 1 was not answered");
    client.simple_query("SELECT 1").await?;
    let took = ask.took();
    ask.waiting("SELECT 1 was answered, but not how many connections there are");
    let rows = client.simple_query(CONNECTIONS).await?;
    let connections = rows.iter().find_map(|row| match row {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?.parse().ok()?, row.get(1)?.parse().ok()?)),
        _ => None,
    });
    let counted =
        connections.map(|(used, most): (u32, u32)| format!(", {used} of {most} connections")).unwrap_or_default();
    let seen = Seen::passing(&format!("SELECT 1 in {took} ms{counted}")).took(took);
    Ok(Seen { connections, ..seen })
}

fn refused(ask: &Ask<'_>, witness: &Witness, host: &str, error: &Error) -> Seen {
    if let Some(db) = error.as_db_error() {
        let said = db.message();
        let words = match db.code().code() {
            "53300" => format!("no connection is left: {said}"),
            "57P03" => format!("it does not take logins now: {said}"),
            "28P01" | "28000" => format!("the login was refused: {said}"),
            "3D000" => said.to_owned(),
            code => format!("{said} (SQLSTATE {code})"),
        };
        let hint = if said.contains("no encryption") { "; `?sslmode=require` asks for TLS" } else { "" };
        return Seen::failing(&format!("{words}{hint}")).took(ask.took());
    }
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(at) = cause {
        if let Some(error) = at.downcast_ref::<io::Error>() {
            return tls::handshake(ask, witness, host, error);
        }
        cause = at.source();
    }
    let words = chain(error);
    if words.contains("server does not support TLS") {
        return Seen::unknown(
            "not asked: it offers no TLS, and the password would travel in clear; `?sslmode=disable` allows it",
        );
    }
    Seen::failing(&format!("it does not speak Postgres as expected: {words}"))
}

fn chain(error: &Error) -> String {
    use std::error::Error as _;
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

/// Our TLS for a client that brings none.
struct Secure {
    connector: tokio_rustls::TlsConnector,
    name: rustls::pki_types::ServerName<'static>,
}

impl TlsConnect<TcpStream> for Secure {
    type Stream = Stream;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Stream>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.name, stream).await.map(Stream) })
    }
}

/// A TLS stream as that client wants it.
struct Stream(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, out)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
