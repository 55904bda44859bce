//! Redis: `PING`, by hand over a socket: four lines of protocol need no client.

use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::ask::Ask;
use super::seen::Seen;
use super::{dial, tls};
use crate::sources::secret;

/// Longest line that is read of an answer, in bytes.
const LONGEST: u64 = 1024;

pub(super) async fn check(ask: &Ask<'_>) -> Seen {
    match run(ask).await {
        Ok(seen) | Err(seen) => seen,
    }
}

async fn run(ask: &Ask<'_>) -> Result<Seen, Seen> {
    let target = ask.spec.target.raw();
    let (scheme, rest) = target.split_once("://").unwrap_or(("redis", target));
    let place = rest.split(['/', '?']).next().unwrap_or(rest);
    let (host, port) = dial::split(place).unwrap_or((place, 6379));
    ask.preparing("the password was not read");
    let password = match &ask.spec.password {
        Some(place) => Some(secret::read(place).await.map_err(|why| Seen::unknown(&format!("not asked: {why}")))?),
        None => None,
    };
    let mut words = Vec::new();
    if let Some(password) = &password {
        let user = ask.spec.user.as_ref().map(crate::model::Text::raw);
        words.push([Some("AUTH"), user, Some(password.expose_secret())].into_iter().flatten().collect::<Vec<_>>());
    }
    words.push(vec!["PING"]);
    if scheme == "rediss" {
        let witness = ask.trust.witness(ask, true).await?;
        let stream = dial::connect(ask, host, port).await?;
        let stream = tls::secure(ask, &witness, host, stream).await?;
        let ends = witness.shown().and_then(|shown| shown.certificate.ends);
        let seen = talk(ask, stream, &words).await?;
        let late = witness.shown().and_then(|shown| shown.judged(ask));
        return Ok(late.unwrap_or(seen).expires(ends));
    }
    let stream = dial::connect(ask, host, port).await?;
    talk(ask, stream, &words).await
}

async fn talk(
    ask: &Ask<'_>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    commands: &[Vec<&str>],
) -> Result<Seen, Seen> {
    ask.waiting("no answer to PING");
    let broken = |error: std::io::Error| dial::refused("Redis", &error);
    let mut stream = BufReader::new(stream);
    for words in commands {
        stream.write_all(&command(words)).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
        let mut line = Vec::new();
        (&mut stream).take(LONGEST).read_until(b'\n', &mut line).await.map_err(broken)?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        match (words[0], line.as_str()) {
            ("AUTH", "+OK") => {}
            ("PING", "+PONG") => {
                let took = ask.took();
                return Ok(Seen::passing(&format!("PONG in {took} ms")).took(took));
            }
            (asked, _) => return Err(refused(ask, asked, &line)),
        }
    }
    Err(Seen::unknown("it was not asked"))
}

/// Words as Redis reads them, whatever bytes stand in them.
fn command(words: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend(format!("${}\r\n", word.len()).into_bytes());
        out.extend(word.as_bytes());
        out.extend(b"\r\n");
    }
    out
}

/// What an answer means that is not the one hoped for.
fn refused(ask: &Ask<'_>, asked: &str, line: &str) -> Seen {
    let said = line.strip_prefix('-').unwrap_or(line);
    let seen = match said.split_whitespace().next().unwrap_or_default() {
        "" => Seen::failing("it closed the connection without an answer"),
        "NOAUTH" => Seen::unknown("it wants a password, and none is given: PING says nothing"),
        "DENIED" | "NOPERM" => Seen::unknown(&format!("we are not let in: {said}")),
        "WRONGPASS" => Seen::failing("the login was refused: WRONGPASS"),
        "LOADING" => Seen::failing("it is loading its data"),
        "MASTERDOWN" => Seen::failing(&format!("it has lost its primary: {said}")),
        "ERR" if asked == "AUTH" => Seen::failing(&format!("the login was refused: {said}")),
        _ if line.starts_with('-') => Seen::failing(&format!("{asked} was refused: {said}")),
        _ => Seen::failing(&format!("it does not speak Redis; it said: {}", said.chars().take(60).collect::<String>())),
    };
    seen.took(ask.took())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_so_that_none_can_become_a_command() {
        assert_eq!(command(&["PING"]), b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(command(&["AUTH", "a\r\nFLUSHALL"]), b"*2\r\n$4\r\nAUTH\r\n$11\r\na\r\nFLUSHALL\r\n");
    }
}
