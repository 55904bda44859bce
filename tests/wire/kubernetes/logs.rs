//! Logs and raw descriptions of a pod.

use quarterdeck::model::{Instance, LogAsk, LogLine, Stream};
use quarterdeck::sources::port::{Failure, LogBatch, LogOut, RawAsk};
use tokio::sync::mpsc;

use super::console::{Console, Setup};
use super::server::{Reply, Server, Then, answer};

const TEXT: &str = "text/plain";
/// How long anything may take here.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

/// What the recorded server has under a pod's own path.
fn one_pod(path: &str) -> Option<Reply> {
    let list: serde_json::Value = serde_json::from_slice(&answer("pods", false)?).ok()?;
    let name = path.strip_prefix("/api/v1/namespaces/wire-rec/pods/")?;
    let pod = list["items"].as_array()?.iter().find(|p| p["metadata"]["name"] == name)?;
    Some(Reply::json(&pod.to_string()))
}

fn ask(pod: &Instance, containers: &[&str]) -> LogAsk {
    LogAsk {
        instance: pod.key.clone(),
        scope: pod.scope.clone(),
        name: pod.name.clone(),
        containers: containers.iter().map(|c| (*c).into()).collect(),
        follow: false,
        previous: false,
        since: None,
        tail: None,
    }
}

fn web(c: &Console) -> Instance {
    c.instances().find(|i| i.restarts == 7).unwrap().clone()
}

async fn read(c: &Console, ask: LogAsk) -> (Vec<LogLine>, Result<(), Failure>) {
    let (out, mut batches) = mpsc::channel::<LogBatch>(64);
    let reading = tokio::spawn(c.source.clone().logs(ask, LogOut::new(out)));
    let mut lines = Vec::new();
    while let Some(batch) = batches.recv().await {
        lines.extend(batch.lines);
    }
    (lines, reading.await.unwrap())
}

#[tokio::test]
async fn lines_have_their_time_and_container_and_no_secret_or_escape() {
    let server = Server::start(|asked| {
        if !asked.path.ends_with("/log") {
            return one_pod(&asked.path);
        }
        let mut body =
            b"2026-01-01T00:00:01.5Z level=info DB_PASSWORD=hunter2\n2026-01-01T00:00:02Z \x1b[31mred\xff\n".to_vec();
        body.extend([b"2026-01-01T00:00:03Z ", &b"x".repeat(3_000_000)[..], b"\n2026-01-01T00:00:04Z last"].concat());
        Some(Reply::of(200, TEXT, body))
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let (lines, end) = read(&c, ask(&web(&c), &[])).await;
    assert!(end.is_ok());
    let main: Vec<_> = lines.iter().filter(|l| l.container.as_ref().is_some_and(|c| c.raw() == "main")).collect();
    assert_eq!((main.len(), lines.len()), (4, 8));
    assert_eq!(main[0].text.shown(), "level=info DB_PASSWORD=••••••");
    assert_eq!(main[0].at.unwrap().to_string(), "2026-01-01T00:00:01.5Z");
    assert_eq!(main[1].text.shown(), "␛[31mred⟦xFF⟧");
    assert!(main[2].text.shown().len() < 17 * 1024 && main[2].text.shown().contains("bytes"));
    assert_eq!(main[3].text.shown(), "last");
    let asked = server.asked(|a| a.path.ends_with("/log"));
    assert!(asked.iter().all(|a| a.query.contains("timestamps=true")) && asked.len() == 2);
}

#[tokio::test]
async fn a_followed_stream_that_drops_is_taken_up_without_a_line_twice() {
    let server = Server::start(|asked| {
        if !asked.path.ends_with("/log") {
            return one_pod(&asked.path);
        }
        let first = "2026-01-01T00:00:01.1Z one\n2026-01-01T00:00:01.2Z two\n";
        let second = "2026-01-01T00:00:01.1Z one\n2026-01-01T00:00:01.2Z two\n2026-01-01T00:00:01.3Z three\n";
        Some(match asked.before {
            0 => Reply::of(200, TEXT, first),
            1 => Reply::of(200, TEXT, second).then(Then::Hold),
            _ => Reply::silence(),
        })
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let (out, mut batches) = mpsc::channel::<LogBatch>(64);
    let follow = LogAsk { follow: true, tail: Some(10), ..ask(&web(&c), &["main"]) };
    let reading = tokio::spawn(c.source.clone().logs(follow, LogOut::new(out)));
    let mut lines = Vec::new();
    while lines.len() < 3 {
        let batch = batches.recv().await.unwrap();
        lines.extend(batch.lines.into_iter().filter(|l| l.stream != Stream::Note).map(|l| l.text.shown().to_owned()));
    }
    assert_eq!(lines, ["one", "two", "three"]);
    let asked = server.asked(|a| a.path.ends_with("/log"));
    assert!(asked[0].query.contains("tailLines=10") && asked[0].query.contains("follow=true"));
    assert!(asked[1].query.contains("sinceTime=2026-01-01T00%3A00%3A01.2Z") && !asked[1].query.contains("tailLines"));
    reading.abort();
}

#[tokio::test]
async fn a_lost_stream_of_one_of_several_containers_is_told_once_and_one_that_waits_is_not() {
    let server = Server::start(|asked| {
        if !asked.path.ends_with("/log") {
            return one_pod(&asked.path);
        }
        Some(match (asked.query.contains("container=main"), asked.before) {
            (false, _) => Reply::refusal(400, "container \"proxy\" in pod \"web\" is waiting to start"),
            (true, 0 | 1) => Reply::of(200, TEXT, "2026-01-01T00:00:01.1Z one\n"),
            (true, 2 | 3) => Reply::refusal(503, "the node does not answer"),
            (true, _) => Reply::of(200, TEXT, "2026-01-01T00:00:02.2Z two\n").then(Then::Hold),
        })
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let (out, mut batches) = mpsc::channel::<LogBatch>(64);
    let follow = LogAsk { follow: true, ..ask(&web(&c), &[]) };
    let reading = tokio::spawn(c.source.clone().logs(follow, LogOut::new(out)));
    let mut lines: Vec<LogLine> = Vec::new();
    while lines.iter().filter(|l| l.stream != Stream::Note).count() < 2 {
        let batch = tokio::time::timeout(DEADLINE, batches.recv()).await;
        lines.extend(batch.unwrap_or_else(|_| panic!("only {lines:?}")).unwrap().lines);
    }
    let of = |line: &LogLine| (line.container.as_ref().unwrap().raw().to_owned(), line.text.shown().to_owned());
    let [one, lost, two] = &lines.iter().map(of).collect::<Vec<_>>()[..] else { panic!("{lines:?}") };
    assert_eq!((one, two), (&("main".to_owned(), "one".to_owned()), &("main".to_owned(), "two".to_owned())));
    assert!(
        lost.0 == "main" && lost.1.starts_with("the stream was lost (") && lost.1.ends_with("; reading on"),
        "{lost:?}"
    );
    reading.abort();
}

#[tokio::test]
async fn where_one_of_several_containers_waits_the_others_are_read_to_their_end() {
    let server = Server::start(|asked| {
        if !asked.path.ends_with("/log") {
            return one_pod(&asked.path);
        }
        Some(match asked.query.contains("container=main") {
            true => Reply::of(200, TEXT, "2026-01-01T00:00:01.1Z one\n"),
            false => Reply::refusal(400, "container \"proxy\" in pod \"web\" is waiting to start"),
        })
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let (lines, end) = tokio::time::timeout(DEADLINE, read(&c, ask(&web(&c), &[]))).await.unwrap();
    assert!(end.is_ok() && lines.len() == 1, "{end:?} {lines:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_explained() {
    let server = Server::start(|asked| match asked.path.ends_with("/log") {
        false => one_pod(&asked.path),
        true if asked.query.contains("previous") => {
            Some(Reply::refusal(400, "previous terminated container \"main\" in pod \"web\" not found"))
        }
        true => Some(Reply::refusal(403, "pods \"web\" is forbidden")),
    })
    .await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let previous = LogAsk { previous: true, ..ask(&web(&c), &["main"]) };
    let failure = read(&c, previous).await.1.unwrap_err();
    assert!(failure.to_string().contains("previous terminated container"), "{failure}");
    let failure = read(&c, ask(&web(&c), &["main"])).await.1.unwrap_err();
    assert!(failure.to_string().contains("needs get on pods and pods/log in wire-rec"), "{failure}");
}

#[tokio::test]
async fn a_raw_description_hides_secrets() {
    let server = Server::start(|asked| one_pod(&asked.path)).await;
    let c = Console::start(Setup::of(&server)).synced().await;
    let pod = web(&c);
    let ask = RawAsk { key: pod.key.clone(), kind: None, scope: pod.scope.clone(), name: pod.name.clone() };
    let raw = c.source.clone().raw(ask).await.unwrap();
    let text = raw.lines.iter().map(|l| l.shown().to_owned()).collect::<Vec<_>>().join("\n");
    assert!(
        text.contains("- name: DB_PASSWORD") && text.contains("value: \"••••••\"") && !text.contains("hunter2"),
        "{text}"
    );
    assert!(text.contains("image: registry.example/proxy:1.2"), "{text}");
}
