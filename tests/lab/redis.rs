//! A real Redis with real BullMQ and Celery: jobs that wait, fail, are delayed, stall; users with few rights; TLS; a server
//! that goes. Each test has a database of its own.
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use quarterdeck::model::{Freshness, HealthState, Quantity, Text, Timestamp};
use quarterdeck::sources::port::FailureKind;

use self::watched::{Settings, Watched, failure};
use crate::fixtures::part::{Part, REDIS, part, server};

#[path = "../wire/redis/watched.rs"]
pub(crate) mod watched;

const PASSWORD: &str = "lab-secret";

/// Runs `redis-cli` as the owner of the server.
fn cli(port: &str, words: &[&str]) -> String {
    let redis = part(&REDIS);
    let done = Command::new(redis.get("CLI"))
        .args(["-p", redis.get(port), "--no-auth-warning", "-a", PASSWORD])
        .args(words)
        .output()
        .expect("redis-cli");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A database of its own, empty.
fn database(number: &'static str) -> (&'static Part, String, String) {
    let redis = part(&REDIS);
    assert_eq!(cli("PORT", &["-n", number, "FLUSHDB"]), "OK");
    (redis, format!("{}/{number}", redis.get("URL")), format!("{}/{number}", redis.get("FULL")))
}

fn settings(url: &str, bullmq: &[&'static str]) -> Settings {
    Settings { password: Some(PASSWORD), ..Settings::bullmq(url, bullmq) }
}

/// A program in the lab's Python that works until the test ends or kills it.
struct Script(
    Child,
    #[expect(dead_code, reason = "what it prints later needs somewhere to go")] BufReader<ChildStdout>,
);

impl Script {
    /// Starts it and waits until it says `ready`.
    fn start(code: &str, full: &str) -> Self {
        let mut child = Command::new(part(&REDIS).get("PYTHON"))
            .args(["-B", "-c", code, full])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the lab's Python");
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "ready");
        Self(child, said)
    }

    /// Runs one to its end.
    fn run(code: &str, full: &str) {
        let done = Command::new(part(&REDIS).get("PYTHON")).args(["-B", "-c", code, full]).output().expect("Python");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// SIGKILL: it has no chance to say goodbye.
    fn kill(mut self) {
        self.0.kill().expect("a process of ours");
        self.0.wait().expect("its end");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

const ADD: &str = "
import asyncio, sys
from bullmq import Queue
async def main():
    crawl, process, held, idle = (Queue(n, {'connection': sys.argv[1]}) for n in ('crawl', 'process', 'held', 'analysis'))
    for i in range(40): await crawl.add('page', {'n': i})
    for i in range(5): await crawl.add('later', {}, {'delay': 3600000})
    for i in range(4): await crawl.add('urgent', {}, {'priority': 1 + i})
    for i in range(3): await process.add('bad', {})
    for i in range(6): await held.add('x', {'payload': '\\x1b[2J' * 2500000 if i == 0 else ''})
    for i in range(17): await idle.add('think', {})
    await held.pause()
asyncio.run(main())
";
const WORK: &str = "
import asyncio, sys
from bullmq import Worker
async def job(job, token):
    if job.name == 'bad': raise ValueError('no such table \\x1b[31m')
    await asyncio.sleep(3600)
async def main():
    options = {'connection': sys.argv[1], 'lockDuration': 2000, 'stalledInterval': 600000}
    workers = [Worker(n, job, {**options, 'concurrency': c}) for n, c in (('crawl', 3), ('process', 1))]
    print('ready', flush=True)
    await asyncio.sleep(100000)
asyncio.run(main())
";

#[tokio::test]
async fn bullmq_is_counted_as_it_is_with_its_workers_and_loses_them() {
    let (_, url, full) = database("2");
    let began = Timestamp::now();
    Script::run(ADD, &full);
    let worker = Script::start(WORK, &full);
    let mut watched = Watched::synced(&settings(&url, &["crawl", "process", "held", "analysis", "nowhere"])).await;
    let active = |uid: &'static str, n: u64| move |m: &watched::Mirror| m.queue_of(uid).unacked == Some(n);
    watched.until("three jobs are active", active("bullmq/crawl", 3)).await;
    watched.until("three jobs have failed", |m| m.queue_of("bullmq/process").failed == Some(3)).await;
    let waiting = cli("PORT", &["-n", "2", "LLEN", "bull:crawl:wait"]).parse::<u64>().expect("a count")
        + cli("PORT", &["-n", "2", "ZCARD", "bull:crawl:prioritized"]).parse::<u64>().expect("a count");
    let crawl = watched.mirror.queue_of("bullmq/crawl");
    assert_eq!((crawl.ready, crawl.delayed, crawl.consumers), (Some(waiting), Some(5), Some(1)), "{crawl:?}");
    assert_eq!(watched.mirror.queue_of("bullmq/process").ready, Some(0));
    let held = watched.mirror.queue_of("bullmq/held");
    assert_eq!((held.ready, held.paused, held.consumers), (Some(6), true, Some(0)), "{held:?}");
    let idle = watched.mirror.queue_of("bullmq/analysis");
    let oldest = idle.oldest_at.expect("the oldest job's moment");
    assert!(oldest >= began && oldest <= Timestamp::now(), "{oldest}");
    assert_eq!((idle.ready, idle.consumers, idle.trouble.as_ref()), (Some(17), Some(0), None));
    assert_eq!(watched.mirror.queue_of("bullmq/nowhere").ready, None);
    assert_eq!((watched.mirror.status.state, watched.mirror.detail()), (Freshness::Fresh, ""));
    worker.kill();
    watched.until("no worker", |m| m.queue_of("bullmq/crawl").consumers == Some(0)).await;
    watched
        .until("its jobs are stalled", |m| {
            m.queue_of("bullmq/crawl").trouble.as_ref().is_some_and(|t| t.shown().contains("3 active jobs are stalled"))
        })
        .await;
    assert!(!cli("PORT", &["INFO", "commandstats"]).contains("cmdstat_keys"), "KEYS was used");
}

const MANY: &str = "
import asyncio, sys
from bullmq import Queue
async def main():
    q = Queue('burst', {'connection': sys.argv[1]})
    for n in range(10): await q.addBulk([{'name': 'x', 'data': {}} for i in range(1000)])
asyncio.run(main())
";

#[tokio::test]
async fn ten_thousand_jobs_are_seen_with_their_rate_within_two_polls() {
    let (_, url, full) = database("4");
    Script::run(
        "import asyncio, sys\nfrom bullmq import Queue\nasync def main(): await Queue('burst', {'connection': sys.argv[1]}).add('one', {})\nasyncio.run(main())",
        &full,
    );
    let mut watched = Watched::synced(&settings(&url, &[])).await;
    assert_eq!(watched.mirror.queue_of("bullmq/burst").ready, Some(1));
    tokio::task::spawn_blocking(move || Script::run(MANY, &full)).await.expect("ten thousand jobs");
    let polls = watched.mirror.polls;
    let mut came = 0.0;
    // Polls that were made while they came wait in the channel: what they counted adds up to all.
    while watched.mirror.queue_of("bullmq/burst").ready != Some(10_001) {
        watched.next_poll().await;
        came += watched.mirror.queue_of("bullmq/burst").in_per_second.map_or(0.0, Quantity::get);
        assert!(watched.mirror.polls < polls + 60, "{:?}", watched.mirror.queue_of("bullmq/burst"));
    }
    let burst = watched.mirror.queue_of("bullmq/burst");
    assert!(came > 100.0 && burst.out_per_second.expect("a rate").get() < 0.01, "{came} {burst:?}");
    watched.next_poll().await;
    watched.next_poll().await;
    assert_eq!(watched.mirror.queue_of("bullmq/burst").in_per_second, Quantity::new(0.0));
}

const CELERY: &str = "
import sys, time
from celery import Celery
app = Celery('lab', broker=sys.argv[1])
app.conf.update(worker_prefetch_multiplier=1, task_acks_late=True, broker_connection_retry_on_startup=True)
@app.task(name='lab.work')
def work(n): time.sleep(3600)
";

#[tokio::test]
async fn celery_is_counted_over_its_priorities_and_its_worker_is_seen_and_missed() {
    let (_, url, full) = database("3");
    let add = "for n in range(12): work.apply_async(args=[n], priority=9 if n > 9 else 0)";
    Script::run(&format!("{CELERY}{add}"), &full);
    let mut settings = settings(&url, &[]);
    settings.celery = vec!["celery"];
    let mut watched = Watched::synced(&settings).await;
    let queue = watched.mirror.queue_of("celery/celery");
    assert_eq!((queue.ready, queue.unacked, queue.consumers), (Some(12), Some(0), Some(0)), "{queue:?}");
    // One process without children: when it is killed, all of it is gone.
    let work = "print('ready', flush=True)\napp.worker_main(['worker', '-P', 'threads', '-c', '1', '-l', 'critical'])";
    let worker = Script::start(&format!("{CELERY}{work}"), &full);
    watched.until("a worker has taken one", |m| m.queue_of("celery/celery").unacked.is_some_and(|n| n > 0)).await;
    watched.until("it is counted", |m| m.queue_of("celery/celery").consumers == Some(1)).await;
    let queue = watched.mirror.queue_of("celery/celery");
    let length = |key: &str| cli("PORT", &["-n", "3", "LLEN", key]).parse::<u64>().expect("a count");
    assert_eq!(queue.ready, Some(length("celery") + length("celery\u{6}\u{16}9")));
    assert_eq!((queue.oldest_at, queue.failed, queue.in_per_second), (None, None, None));
    worker.kill();
    watched.until("no worker", |m| m.queue_of("celery/celery").consumers == Some(0)).await;
}

#[tokio::test]
async fn what_a_denied_user_is_told_to_ask_for_is_enough() {
    let (_, url, full) = database("5");
    Script::run(ADD, &full);
    cli("PORT", &["ACL", "SETUSER", "watch", "reset", "on", ">watch-secret"]);
    let watch = Settings { user: Some("watch"), password: Some("watch-secret"), ..Settings::of(&url) };
    let denied = failure(&watch).await;
    assert_eq!(denied.kind, FailureKind::Denied, "{denied}");
    let said = denied.to_string();
    let rule = said.split("~* ").nth(1).expect("the grants").to_owned();
    let words: Vec<&str> = ["ACL", "SETUSER", "watch", "~*"].into_iter().chain(rule.split(' ')).collect();
    assert_eq!(cli("PORT", &words), "OK", "{words:?}");
    let mut watched = Watched::synced(&watch).await;
    assert_eq!((watched.mirror.status.state, watched.mirror.detail()), (Freshness::Fresh, ""));
    assert_eq!(watched.mirror.queues().len(), 4);
    // One grant less: what it is for is unknown, and it is named.
    cli("PORT", &["ACL", "SETUSER", "watch", "-client|list", "-zcard"]);
    watched.until("partial", |m| m.status.state == Freshness::Partial).await;
    let queue = watched.mirror.queue_of("bullmq/analysis");
    assert_eq!((queue.consumers, queue.ready, queue.unacked), (None, None, Some(0)));
    assert!(watched.mirror.detail().contains("client|list, zcard"), "{}", watched.mirror.detail());
    cli("PORT", &["ACL", "DELUSER", "watch"]);
    watched.until("denied", |m| m.status.state == Freshness::Denied).await;
    assert!(!format!("{:?}", watched.mirror.status).contains("watch-secret"));
}

#[tokio::test]
async fn over_tls_it_is_read_only_where_its_certificate_holds() {
    let redis = part(&REDIS);
    let trusting = Settings {
        password: Some(PASSWORD),
        ca_file: Some(redis.get("CA").into()),
        ..Settings::of(&format!("{}/9", redis.get("TLS")))
    };
    let watched = Watched::synced(&trusting).await;
    assert!(watched.mirror.store().connections.is_some(), "{:?}", watched.mirror.store());
    let stranger = failure(&Settings { ca_file: None, ..trusting.clone() }).await;
    assert!(stranger.kind == FailureKind::Denied && stranger.to_string().contains("ca_file"), "{stranger}");
    let plain = failure(&Settings { url: redis.get("TLS").replace("rediss", "redis"), ..trusting.clone() }).await;
    assert!(plain.to_string().contains("TLS") || plain.to_string().contains("closed"), "{plain}");
    let over_plain = failure(&Settings { url: redis.get("URL").replace("redis:", "rediss:"), ..trusting }).await;
    // Without a line break among the random bytes of the handshake a plain server waits for more of it.
    let said = over_plain.to_string();
    assert!(said.contains("does not speak TLS") || said.contains("no connection"), "{said}");
}

#[tokio::test]
async fn a_wrong_password_and_none_are_denied() {
    let redis = part(&REDIS);
    let wrong = failure(&Settings { password: Some("wrong"), ..Settings::of(redis.get("URL")) }).await;
    assert!(wrong.kind == FailureKind::Denied && wrong.to_string().contains("WRONGPASS"), "{wrong}");
    let none = failure(&Settings::of(redis.get("URL"))).await;
    assert!(none.kind == FailureKind::Denied && none.to_string().contains("NOAUTH"), "{none}");
}

#[tokio::test]
async fn a_replica_that_loses_its_primary_freezes_and_goes_is_told_and_its_facts_stay() {
    let redis = part(&REDIS);
    let mut watched = Watched::supervised(&settings(redis.get("REPLICA"), &[]));
    let health = |state: HealthState| move |m: &watched::Mirror| m.synced > 0 && m.store().health == state;
    watched.until("in good order", health(HealthState::Healthy)).await;
    let replication = watched.mirror.store().replication.clone().expect("it is a replica");
    assert!(replication.shown().starts_with("replica of 127.0.0.1:22637"), "{replication}");
    cli("REPLICA_PORT", &["REPLICAOF", "127.0.0.1", "1"]);
    watched.until("degraded", health(HealthState::Degraded)).await;
    assert!(watched.mirror.store().reasons[0].shown().contains("127.0.0.1:1 is down"), "{:?}", watched.mirror.store());
    cli("REPLICA_PORT", &["REPLICAOF", "NO", "ONE"]);
    watched.until("in good order again", health(HealthState::Healthy)).await;
    cli("REPLICA_PORT", &["CONFIG", "SET", "maxmemory", &cli_number("used_memory:")]);
    watched.until("memory is near its limit", health(HealthState::Degraded)).await;
    assert!(watched.mirror.store().reasons[0].shown().contains("% of its limit"), "{:?}", watched.mirror.store());
    cli("REPLICA_PORT", &["CONFIG", "SET", "maxmemory", "0"]);
    server("freeze", "redis-replica");
    watched.until("silence is told", |m| m.status.state == Freshness::Unreachable).await;
    assert!(watched.mirror.detail().contains("no answer within 2 s"), "{}", watched.mirror.detail());
    server("thaw", "redis-replica");
    watched.until("it is back", |m| m.status.state == Freshness::Fresh).await;
    server("kill", "redis-replica");
    watched.until("its end is told", |m| m.detail().contains("connection refused")).await;
    assert_eq!(watched.mirror.store().replication.as_ref().map(Text::shown), Some("primary"));
    server("start", "redis-replica");
    watched.until("it is back", |m| m.status.state == Freshness::Fresh).await;
}

/// A number of the replica's INFO.
fn cli_number(name: &str) -> String {
    let info = cli("REPLICA_PORT", &["INFO", "memory"]);
    info.lines().find_map(|line| line.trim().strip_prefix(name)).expect("a number").to_owned()
}
