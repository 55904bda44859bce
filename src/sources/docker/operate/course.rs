//! The course of one operation: what it reads and what it writes, every write announced before it is made, and every way
//! in which a write can end told apart (SAFETY G6, G20, G21).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;

use super::replace::Well;
use super::row::{self, Row};
use super::way::{ByTool, Up, Way, settings};
use crate::action::Order;
use crate::model::{Answer, CheckState, Target, Text};
use crate::sources::docker::Docker;
use crate::sources::docker::connect::{Ask, Client, Lost, NoAnswer};
use crate::sources::docker::container::Stage;
use crate::sources::docker::project::Host;
use crate::sources::port::{Boundary, Failure, FailureKind};

/// How long a call of Compose may take.
const TOOL: Duration = Duration::from_secs(180);
/// How long the engine may take for something small.
const SMALL: Duration = Duration::from_secs(30);
/// Between two looks at what becomes of a container.
const LOOK: Duration = Duration::from_millis(400);
/// Looks in a row at which a container without a health check must have been found running as before.
const STEADY: u32 = 12;
/// How often the engine may fail to answer a look in a row, after something was written.
const SILENT: u32 = 25;
/// What stands in front of the Instances is left so much time to see that another one is there.
const NOTICE: Duration = Duration::from_secs(3);

/// One operation under way. `Err` ends it with that answer.
pub(super) struct Course<'a> {
    pub(super) docker: &'a Docker,
    pub(super) order: &'a Order,
    pub(super) client: Arc<Client>,
    pub(super) host: Host,
    boundary: &'a Boundary,
    /// Something was written: from here on no failure means that nothing changed.
    wrote: AtomicBool,
}

/// What is remembered of a container between two looks: since when it runs, and at how many looks it was so.
pub(super) type Steady = BTreeMap<String, (Option<crate::model::Timestamp>, u32, u32)>;

impl<'a> Course<'a> {
    pub(super) async fn begin(docker: &'a Docker, order: &'a Order, boundary: &'a Boundary) -> Result<Self, Answer> {
        let client = docker.client().await.map_err(|failure| refused(&failure))?;
        let host = docker.host(&client);
        Ok(Self { docker, order, client, host, boundary, wrote: AtomicBool::new(false) })
    }

    pub(super) fn target(&self) -> &Target {
        self.order.target()
    }

    /// The service's name, as Compose knows it.
    pub(super) fn service(&self) -> &str {
        self.target().name.raw()
    }

    /// Reads the containers, and compares them with those that the order was given for (SAFETY G3).
    pub(super) async fn first_rows(&self) -> Result<Vec<Row>, Answer> {
        let rows = self.read().await.map_err(|failure| refused(&failure))?;
        let found = Target { instances: ids(&rows), ..self.target().clone() };
        let moved = self.target().moved(&found);
        if moved.is_empty() { Ok(rows) } else { Err(Answer::Stale { moved }) }
    }

    /// Reads the containers again; an engine that restarts is waited for.
    pub(super) async fn rows(&self) -> Result<Vec<Row>, Answer> {
        let mut tries = 0;
        loop {
            match self.read().await {
                Ok(rows) => return Ok(rows),
                Err(failure) if tries >= SILENT => return Err(unknown(&failure)),
                Err(_) => tries += 1,
            }
            self.pause(LOOK).await?;
        }
    }

    async fn read(&self) -> Result<Vec<Row>, Failure> {
        let target = self.target();
        row::rows(&self.client, target.kind, target.scope.raw(), target.name.raw()).await
    }

    /// The way by which containers are made, as the last look found it or found now.
    pub(super) async fn way(&self, rows: &[Row]) -> Result<Way, Answer> {
        self.docker
            .way(&self.client, &self.host, self.target(), rows)
            .await
            .map_err(|failure| self.failed_read(&failure))
    }

    /// Lets time pass.
    pub(super) async fn pause(&self, span: Duration) -> Result<(), Answer> {
        tokio::select! {
            () = tokio::time::sleep(span) => Ok(()),
            () = self.boundary.stop().cancelled() => Err(Answer::Stopped),
        }
    }

    /// Lets time pass between two looks.
    pub(super) async fn tick(&self) -> Result<(), Answer> {
        self.pause(LOOK).await
    }

    /// How many looks there are in a span.
    pub(super) fn looks(span: Duration) -> u32 {
        u32::try_from(span.as_millis() / LOOK.as_millis()).unwrap_or(u32::MAX)
    }

    /// Gives proxies in front the time to see a new Instance before an old one goes.
    pub(super) async fn notice(&self) -> Result<(), Answer> {
        self.pause(NOTICE).await
    }

    /// Says what is written next, and goes on when that is recorded.
    pub(super) async fn about_to(&self, words: &str) -> Result<(), Answer> {
        self.boundary.about_to(words).await.map_err(|_| Answer::Stopped)
    }

    /// Something of ours was written.
    pub(super) fn wrote(&self) {
        self.wrote.store(true, Ordering::Relaxed);
    }

    /// One announced request to the engine. `Ok(false)`: what it was about is not there.
    async fn write(&self, words: &str, method: Method, path: &str, limit: Duration) -> Result<bool, Answer> {
        self.about_to(words).await?;
        let ask = Ask { method, path, body: None, registry_login: None, limit };
        match self.client.send(ask).await {
            Ok(_) => {
                self.wrote();
                Ok(true)
            }
            Err(NoAnswer::Refused(failure)) if failure.kind == FailureKind::Absent => Ok(false),
            Err(lost) => Err(self.no_answer(&lost)),
        }
    }

    /// One announced request with a body; its answer.
    pub(super) async fn post(&self, words: &str, path: &str, body: Option<String>) -> Result<bytes::Bytes, Answer> {
        self.about_to(words).await?;
        let ask = Ask { method: Method::POST, path, body, registry_login: None, limit: SMALL };
        let answer = self.client.send(ask).await.map_err(|lost| self.no_answer(&lost))?;
        self.wrote();
        Ok(answer)
    }

    /// Stops a container gently, then removes it; its volumes stay.
    pub(super) async fn remove(&self, row: &Row) -> Result<(), Answer> {
        let (id, called) = (&row.container.id, row.called());
        if row.is_up() {
            let limit = Duration::from_secs(row.body.stop_seconds) + SMALL;
            self.write(&format!("stop {called}"), Method::POST, &format!("/containers/{id}/stop"), limit).await?;
        }
        self.remove_id(&format!("remove {called}"), id).await
    }

    /// Removes a container that does not run; its volumes stay.
    pub(super) async fn remove_id(&self, words: &str, id: &str) -> Result<(), Answer> {
        let path = format!("/containers/{id}?v=false&force=false");
        self.write(words, Method::DELETE, &path, SMALL).await.map(drop)
    }

    /// Starts a container anew as it is.
    pub(super) async fn restart(&self, row: &Row) -> Result<bool, Answer> {
        let limit = Duration::from_secs(row.body.stop_seconds) + SMALL;
        let path = format!("/containers/{}/restart", row.container.id);
        self.write(&format!("restart {}", row.called()), Method::POST, &path, limit).await
    }

    /// One announced call of Compose's `up`.
    pub(super) async fn up(&self, by: &ByTool, pin: Option<&str>, words: &str, up: Up) -> Result<(), Answer> {
        let scale = up.scale(self.service());
        let argv = by.up(pin, self.service(), &scale, up);
        self.about_to(words).await?;
        self.call(&argv, TOOL).await
    }

    /// A program on the engine's machine that may change something.
    pub(super) async fn call(&self, argv: &[&str], limit: Duration) -> Result<(), Answer> {
        let settings = settings(&self.docker.address, &self.host);
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.host.run_within(&settings, argv, limit).await {
            Ok(output) if output.status.success() => {
                self.wrote();
                Ok(())
            }
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                // ssh's own word for a link that broke.
                if matches!(self.host, Host::There(_)) && output.status.code() == Some(255) {
                    return Err(Answer::Unknown { message: Text::line(&format!("the link broke: {}", end_of(&said))) });
                }
                Err(self.said_no(&said).await)
            }
            Err(Lost::Unsent(failure)) => Err(self.failed_read(&failure)),
            Err(Lost::Unanswered(failure)) => Err(unknown(&failure)),
        }
    }

    /// A program said no: whether something was changed is seen by looking.
    async fn said_no(&self, said: &str) -> Answer {
        let words = end_of(said);
        let lost = [
            "Cannot connect to the Docker daemon",
            "error during connect",
            "connection reset",
            "unexpected EOF",
            "broken pipe",
        ];
        if lost.iter().any(|sign| said.contains(sign)) {
            return Answer::Unknown { message: Text::line(&words) };
        }
        let unchanged = match self.read().await {
            Ok(rows) => ids(&rows) == self.target().instances,
            Err(failure) => return unknown(&failure),
        };
        let hint = if said.contains("permission denied") || said.contains("403") {
            "; it needs the right to write to the engine's socket"
        } else {
            ""
        };
        let message = Text::line(&format!("{words}{hint}"));
        if unchanged && !self.wrote.load(Ordering::Relaxed) {
            Answer::Refused { message }
        } else {
            Answer::Failed { message }
        }
    }

    /// What a request without a good answer means here.
    fn no_answer(&self, lost: &NoAnswer) -> Answer {
        let wrote = self.wrote.load(Ordering::Relaxed);
        match lost {
            NoAnswer::Refused(failure) if wrote => Answer::Failed { message: Text::line(&failure.to_string()) },
            NoAnswer::Refused(failure) => refused(failure),
            NoAnswer::Unsent(failure) => self.failed_read(failure),
            NoAnswer::Lost(failure) => unknown(failure),
        }
    }

    /// Something that changes nothing failed: nothing was changed if nothing was written before.
    pub(super) fn failed_read(&self, failure: &Failure) -> Answer {
        if self.wrote.load(Ordering::Relaxed) { unknown(failure) } else { refused(failure) }
    }

    /// How well a container is. One without a health check must run on for some looks; one of ours must not have ended.
    pub(super) fn well(row: &Row, ours: bool, steady: &mut Steady) -> Well {
        let container = &row.container;
        let trouble = || row.trouble().map_or_else(|| "it does not run".to_owned(), |words| words.to_string());
        let detail = container.detail.as_ref();
        let restarts = detail.map_or(0, |detail| detail.restarts);
        if ours && restarts > 0 && container.check != CheckState::Passing {
            return Well::Bad(format!("it ended and was started again {restarts} times"));
        }
        match (container.stage, container.check) {
            (Stage::Running, CheckState::Passing) => Well::Ready,
            (Stage::Running, CheckState::Failing) => Well::Bad(trouble()),
            (Stage::Running, CheckState::Absent) => {
                let started = detail.and_then(|detail| detail.started_at);
                let seen = steady.entry(container.id.clone()).or_insert((started, restarts, 0));
                let same = seen.0 == started && seen.1 == restarts;
                *seen = (started, restarts, if same { seen.2 + 1 } else { 0 });
                if !ours || seen.2 >= STEADY { Well::Ready } else { Well::Starting }
            }
            (Stage::Running, _) => Well::Starting,
            (Stage::Created, _) if detail.is_none_or(|detail| detail.start_error.is_none()) && ours => Well::Starting,
            (Stage::Restarting | Stage::Paused, _) => Well::Bad(trouble()),
            _ => Well::Ended(trouble()),
        }
    }
}

/// Their ids, sorted: what pins a Compose service.
pub(super) fn ids(rows: &[Row]) -> Vec<Text> {
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.container.id.as_str()).collect();
    ids.into_iter().map(Text::name).collect()
}

/// Nothing was changed; what would help stands in the failure's hint.
pub(super) fn refused(failure: &Failure) -> Answer {
    Answer::Refused { message: Text::line(&failure.to_string()) }
}

/// The same in words of ours.
pub(super) fn no(words: &str) -> Answer {
    Answer::Refused { message: Text::line(words) }
}

/// Something was changed, and it did not come to what was wanted.
pub(super) fn failed(words: &str) -> Answer {
    Answer::Failed { message: Text::line(words) }
}

fn unknown(failure: &Failure) -> Answer {
    Answer::Unknown { message: Text::line(&failure.to_string()) }
}

/// The last lines of what a program said: there its reason stands.
fn end_of(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.len().saturating_sub(3);
    if lines.is_empty() { "it ended without a word".to_owned() } else { lines[last..].join("; ") }
}
