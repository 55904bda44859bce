//! Logs of one pod: of all its containers or some, from now on or from before, taken up again where the stream drops.

use std::time::Duration;

use futures::future::join_all;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::port::{Closed, Failure, FailureKind, LogOut};
use super::lines::Lines;
use super::link::{Link, Want};
use super::list::query;
use super::trouble::Trouble;
use crate::model::redact::mask;
use crate::model::{LogAsk, LogLine, Stream, Text, Timestamp};

/// A quiet stream is no trouble; after this long it is begun anew, should its connection be half open.
const QUIET: Duration = Duration::from_mins(5);
const LIMIT: usize = 8 * 1024 * 1024;

/// Streams until the end, or until nobody reads any more.
///
/// # Errors
/// Why the logs cannot be read.
pub(crate) async fn stream(link: &Link, ask: LogAsk, out: LogOut) -> Result<(), Failure> {
    let pod = pod(link, &ask).await.map_err(|t| explain(t, &ask))?;
    let names: Vec<String> =
        if ask.containers.is_empty() { pod.all() } else { ask.containers.iter().map(|c| c.raw().to_owned()).collect() };
    let out = Mutex::new(out);
    let several = names.len() > 1;
    let readers = names.iter().map(|name| {
        let container = several.then(|| Text::name(name));
        let reader = Reader { link, ask: &ask, name, container, last: None, out: &out };
        reader.run(several)
    });
    let ends = join_all(readers).await;
    // As long as one of them could be read to its end, the pod could.
    if ends.iter().any(Result::is_ok) { Ok(()) } else { ends.into_iter().collect() }
}

/// What is read of a pod: which containers it has, and whether they can still say something.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pod {
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    containers: Vec<Named>,
    init_containers: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    phase: String,
}

impl Pod {
    /// Init containers too while the pod waits for them.
    fn all(&self) -> Vec<String> {
        let init = self.spec.init_containers.iter().filter(|_| self.status.phase == "Pending");
        init.chain(&self.spec.containers).map(|c| c.name.clone()).collect()
    }

    fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }
}

fn place(ask: &LogAsk) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", query(ask.scope.raw()), query(ask.name.raw()))
}

async fn pod(link: &Link, ask: &LogAsk) -> Result<Pod, Trouble> {
    link.json(&place(ask), LIMIT, None).await
}

fn explain(trouble: Trouble, ask: &LogAsk) -> Failure {
    match trouble.status {
        Some(400 | 404) => Failure { kind: FailureKind::Absent, ..trouble.failure },
        Some(403) => trouble.failure.hint(format!("needs get on pods and pods/log in {}", ask.scope)),
        _ => trouble.failure,
    }
}

/// Reads one container.
struct Reader<'a> {
    link: &'a Link,
    ask: &'a LogAsk,
    name: &'a str,
    container: Option<Text>,
    /// When the last line was written.
    last: Option<Timestamp>,
    out: &'a Mutex<LogOut>,
}

impl Reader<'_> {
    /// `several`: one container that has said nothing yet is no reason to end the others.
    async fn run(mut self, several: bool) -> Result<(), Failure> {
        let mut failed = 0_u32;
        let mut told = false;
        loop {
            let before = self.last;
            let (quiet, failure) = match self.read().await {
                Ok(end) => (end == End::Quiet, None),
                Err(Read::Closed) => return Ok(()),
                Err(Read::Trouble(trouble)) => (false, Some(trouble)),
            };
            let moved = quiet || self.last > before;
            failed = if moved { 0 } else { failed + 1 };
            told &= !moved;
            match failure {
                None if !self.ask.follow => return Ok(()),
                None => {}
                // One that waits to be started (again) has nothing to read yet; the others go on meanwhile.
                Some(trouble) if several && self.ask.follow && trouble.status == Some(400) => {}
                Some(trouble) if trouble.status.is_some_and(|s| s != 429 && s < 500) || failed > 5 => {
                    return Err(explain(trouble, self.ask));
                }
                // As long as nothing is read in between, saying it again says nothing new.
                Some(_) if told => {}
                Some(trouble) => {
                    self.note(&format!("the stream was lost ({}); reading on", trouble.failure.message)).await?;
                    told = true;
                }
            }
            tokio::time::sleep(Duration::from_secs(1 << failed.min(3))).await;
            if self.ask.follow {
                match pod(self.link, self.ask).await {
                    Ok(pod) if pod.has_ended() && failed > 0 => return Ok(()),
                    Err(trouble) if trouble.status == Some(404) => {
                        self.note("the pod is gone").await?;
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
    }

    fn path(&self) -> String {
        let mut path = format!("{}/log?timestamps=true&container={}", place(self.ask), query(self.name));
        let since = self.last.or(self.ask.since);
        for (wanted, parameter) in [(self.ask.follow, "&follow=true"), (self.ask.previous, "&previous=true")] {
            path.push_str(if wanted { parameter } else { "" });
        }
        if let Some(since) = since {
            path.push_str(&format!("&sinceTime={}", query(&since.to_string())));
        }
        match self.ask.tail.filter(|_| self.last.is_none()) {
            Some(tail) => path + &format!("&tailLines={tail}"),
            None => path,
        }
    }

    /// Reads until the stream ends, or has been quiet for long.
    async fn read(&mut self) -> Result<End, Read> {
        let mut answer = self.link.get(&self.path(), Want::Log, false, None).await?;
        answer.lasts();
        let mut lines = Lines::default();
        // The server knows whole seconds only: lines of the second that was read last come again.
        let known = self.last;
        loop {
            let (piece, end) = if self.ask.follow {
                match tokio::time::timeout(QUIET, answer.piece_within(QUIET * 2)).await {
                    Ok(piece) => (piece?, End::Whole),
                    Err(_) => (None, End::Quiet),
                }
            } else {
                (answer.piece().await?, End::Whole)
            };
            let mut batch = Vec::new();
            match &piece {
                Some(piece) => lines.push(piece, |line, over| batch.extend(self.line(line, over, known))),
                None => std::mem::take(&mut lines).finish(|line, over| batch.extend(self.line(line, over, known))),
            }
            self.last = batch.iter().filter_map(|l| l.at).max().or(self.last);
            self.push(batch).await?;
            if piece.is_none() {
                return Ok(end);
            }
        }
    }

    fn line(&self, raw: &[u8], over: usize, known: Option<Timestamp>) -> Option<LogLine> {
        let (at, rest) = stamp(raw);
        if at.is_some() && at <= known {
            return None;
        }
        let text = Text::bytes(rest);
        let text = match mask(text.raw()) {
            std::borrow::Cow::Borrowed(_) => text,
            std::borrow::Cow::Owned(masked) => Text::line(&masked),
        };
        let text = if over > 0 { Text::line(&format!("{}…⟦{over} bytes more⟧", text.raw())) } else { text };
        let instance = self.ask.instance.clone();
        Some(LogLine { instance, at, stream: Stream::Both, container: self.container.clone(), text })
    }

    async fn push(&self, lines: Vec<LogLine>) -> Result<(), Closed> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut out = self.out.lock().await;
        if self.ask.follow { out.push(lines) } else { out.push_all(lines).await }
    }

    async fn note(&self, words: &str) -> Result<(), Failure> {
        let instance = self.ask.instance.clone();
        let (container, text) = (self.container.clone(), Text::line(words));
        Ok(self.push(vec![LogLine { instance, at: None, stream: Stream::Note, container, text }]).await?)
    }
}

/// How reading ended without trouble.
#[derive(PartialEq, Eq)]
enum End {
    Whole,
    /// Nothing came for long: the connection may be half open.
    Quiet,
}

enum Read {
    Closed,
    Trouble(Trouble),
}

impl From<Closed> for Read {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Trouble> for Read {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The time in front of a line, and the rest.
fn stamp(raw: &[u8]) -> (Option<Timestamp>, &[u8]) {
    let split = raw.iter().take(40).position(|b| *b == b' ');
    let stamp = split.and_then(|n| std::str::from_utf8(&raw[..n]).ok()).and_then(|t| t.parse().ok());
    match (stamp, split) {
        (Some(at), Some(n)) => (Some(at), &raw[n + 1..]),
        _ => (None, raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_in_front_or_none() {
        let (at, rest) = stamp(b"2026-01-01T00:00:00.000000005Z level=info x");
        assert_eq!((at.unwrap().to_string().as_str(), rest), ("2026-01-01T00:00:00.000000005Z", &b"level=info x"[..]));
        assert_eq!(stamp(b"no time here"), (None, &b"no time here"[..]));
        assert_eq!(stamp(b""), (None, &b""[..]));
    }
}
