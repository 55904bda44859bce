//! Logs of a task from CloudWatch Logs: the streams that its containers write to by the `awslogs` driver, followed by asking
//! again.

use std::time::Duration;

use aws_sdk_ecs::types::{LogDriver, Task};
use futures::future::try_join_all;
use tokio::sync::Mutex;

use super::ask::Asker;
use super::failure::Trouble;
use super::last_part;
use crate::model::redact::mask;
use crate::model::{LogAsk, LogLine, Stream, Text, Timestamp};
use crate::sources::port::{Failure, FailureKind, LogOut};

/// Between two looks for new lines; it doubles while nothing comes: many quiet tasks share one budget of requests.
const PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// What AWS gives in one answer at most.
const LARGEST: u32 = 10_000;

/// Where one container writes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    container: String,
    group: String,
    stream: String,
}

/// Streams the lines of a task until their end, or until nobody reads any more.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn stream(asker: Asker<'_>, ask: LogAsk, out: LogOut) -> Result<(), Failure> {
    let places = places(asker, &ask).await?;
    let several = places.len() > 1;
    let out = Mutex::new(out);
    let reads = places.iter().map(|place| read(asker, &ask, (place, several), &out));
    try_join_all(reads).await.map(drop)
}

async fn places(asker: Asker<'_>, ask: &LogAsk) -> Result<Vec<Place>, Failure> {
    let (arn, ecs) = (&*ask.instance.uid, &asker.clients.ecs);
    let request = ecs.describe_tasks().cluster(ask.scope.raw()).tasks(arn).send();
    let answer = asker.ask("ecs:DescribeTasks", request).await?;
    let gone = || Failure::new(FailureKind::Absent, format!("{} is not known to ECS any more", ask.name));
    let task = answer.tasks().first().ok_or_else(gone)?.clone();
    let request = ecs.describe_task_definition().set_task_definition(task.task_definition_arn.clone()).send();
    let answer = asker.ask("ecs:DescribeTaskDefinition", request).await?;
    let definition = answer.task_definition().ok_or_else(gone)?;
    let wanted = |name: &str| ask.containers.is_empty() || ask.containers.iter().any(|one| one.raw() == name);
    let mut drivers = Vec::new();
    let mut found = Vec::new();
    for container in definition.container_definitions() {
        let name = container.name().unwrap_or_default();
        let log = container.log_configuration().filter(|_| wanted(name));
        match log.map(|log| (log.log_driver(), log)) {
            Some((LogDriver::Awslogs, log)) => found.extend(place(&task, name, log.options())),
            Some((other, _)) => drivers.push(other.as_str().to_owned()),
            None => {}
        }
    }
    if found.is_empty() {
        let how = if drivers.is_empty() { "declares no log driver".to_owned() } else { drivers.join(", ") };
        let words = format!("the logs of {} do not go to CloudWatch: its task definition says {how}", ask.name);
        return Err(
            Failure::new(FailureKind::Unsupported, words).hint("use the awslogs driver with awslogs-stream-prefix")
        );
    }
    Ok(found)
}

/// `PREFIX/CONTAINER/TASK`; without a prefix the stream's name is the container's runtime id.
fn place(task: &Task, container: &str, options: Option<&std::collections::HashMap<String, String>>) -> Option<Place> {
    let options = options?;
    let group = options.get("awslogs-group")?.clone();
    let stream = match options.get("awslogs-stream-prefix") {
        Some(prefix) => format!("{prefix}/{container}/{}", last_part(task.task_arn()?)),
        None => task.containers().iter().find(|one| one.name() == Some(container))?.runtime_id()?.to_owned(),
    };
    Some(Place { container: container.to_owned(), group, stream })
}

async fn read(
    asker: Asker<'_>,
    ask: &LogAsk,
    (place, several): (&Place, bool),
    out: &Mutex<LogOut>,
) -> Result<(), Failure> {
    let (mut next, mut tries, mut pause): (Option<String>, u32, Duration) = (None, 0, PAUSE);
    loop {
        let page = match page(asker, ask, place, next.clone()).await {
            Ok(page) => page,
            // A container that has said nothing so far has no stream.
            Err(trouble) if trouble.failure.kind == FailureKind::Absent && ask.follow => Page::default(),
            Err(trouble) if trouble.failure.kind == FailureKind::Absent && several => return Ok(()),
            Err(trouble) if ask.follow && tries < 5 && trouble.failure.kind != FailureKind::Denied => {
                tries += 1;
                Page::default()
            }
            Err(trouble) => return Err(trouble.failure),
        };
        let ended = page.next.is_none() || page.next == next;
        let lines: Vec<LogLine> = page.lines.into_iter().map(|line| told(ask, (place, several), line)).collect();
        let quiet = lines.is_empty();
        let mut out = out.lock().await;
        let pushed = match (quiet, ask.follow) {
            (true, _) => Ok(()),
            (false, true) => out.push(lines),
            (false, false) => out.push_all(lines).await,
        };
        drop(out);
        if pushed.is_err() || (ended && !ask.follow) || (ask.tail.is_some() && ask.since.is_none() && !ask.follow) {
            return Ok(());
        }
        if page.next.is_some() {
            (next, tries) = (page.next, 0);
        }
        pause = if quiet { (pause * 2).min(LONGEST_PAUSE) } else { PAUSE };
        if quiet || ended {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Lines with their moments (Unix milliseconds), and where the next ones begin.
#[derive(Default)]
struct Page {
    lines: Vec<(Option<i64>, String)>,
    next: Option<String>,
}

async fn page(asker: Asker<'_>, ask: &LogAsk, place: &Place, next: Option<String>) -> Result<Page, Trouble> {
    let first = next.is_none();
    let logs = &asker.clients.logs;
    let mut request =
        logs.get_log_events().log_group_name(&place.group).log_stream_name(&place.stream).set_next_token(next);
    // The end of the stream is asked for by a number of lines, everything since a moment from its beginning.
    let tail = ask.tail.filter(|_| ask.since.is_none());
    request = request.start_from_head(tail.is_none());
    if let Some(since) = ask.since.filter(|_| first) {
        request = request.start_time(since.as_millisecond());
    }
    if let Some(tail) = tail.filter(|_| first) {
        request = request.limit(i32::try_from(tail.clamp(1, LARGEST)).unwrap_or(1));
    }
    let answer = asker.ask("logs:GetLogEvents", request.send()).await?;
    let lines = answer.events().iter().map(|event| (event.timestamp(), event.message().unwrap_or_default().to_owned()));
    Ok(Page { lines: lines.collect(), next: answer.next_forward_token().map(str::to_owned) })
}

fn told(ask: &LogAsk, (place, several): (&Place, bool), (at, message): (Option<i64>, String)) -> LogLine {
    LogLine {
        instance: ask.instance.clone(),
        at: at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        stream: Stream::Both,
        container: several.then(|| Text::name(&place.container)),
        text: Text::line(&mask(message.trim_end_matches(['\n', '\r']))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_stream_is_named_by_prefix_container_and_task() {
        let task = Task::builder().task_arn("arn:aws:ecs:eu-central-1:1:task/shop-prod/0123").build();
        let options = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<HashMap<_, _>>()
        };
        let found =
            place(&task, "api", Some(&options(&[("awslogs-group", "/shop"), ("awslogs-stream-prefix", "ecs")])));
        assert_eq!(found.unwrap().stream, "ecs/api/0123");
        assert_eq!(place(&task, "api", Some(&options(&[("awslogs-group", "/shop")]))), None);
    }
}
