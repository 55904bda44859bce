//! What simulated processes say: one vocabulary per kind of program, as the real ones write it.

use super::dice::Dice;
use crate::model::Stream;

/// The program that speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Traefik,
    Nginx,
    FastApi,
    Inference,
    NextJs,
    NestJs,
    BullMq,
    Celery,
    AirflowWeb,
    AirflowScheduler,
    RabbitMq,
    Postgres,
    Redis,
    Prometheus,
    Grafana,
    Job,
}

/// How the process is while it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Starting,
    Fine,
    /// More work than it can do.
    Busy,
    /// It answers with errors, for this reason.
    Broken(&'static str),
}

/// Words that a line's gaps are filled with.
struct Gaps {
    dice: Dice,
}

impl Gaps {
    fn pick(&self, gap: &str, of: &[&'static str]) -> &'static str {
        self.dice.on(gap).pick(of).unwrap_or("-")
    }

    fn number(&self, gap: &str, from: u64, to: u64) -> u64 {
        from + self.dice.on(gap).below(to - from)
    }

    fn fill(&self, template: &str) -> String {
        let paths =
            ["/", "/login", "/dashboard", "/api/v1/items?page=2", "/assets/app.3f9c1e.js", "/api/v1/search?q=pricing"];
        let jobs = ["crawl-jobs", "process-jobs", "analysis-jobs"];
        let tasks = ["ingest_orders", "score_leads", "sync_crm", "train_churn", "export_parquet"];
        let fills: [(&str, String); 12] = [
            (
                "{ip}",
                format!("10.{}.{}.{}", self.number("a", 0, 90), self.number("b", 0, 255), self.number("c", 2, 250)),
            ),
            ("{path}", self.pick("path", &paths).to_owned()),
            ("{job}", self.pick("job", &jobs).to_owned()),
            ("{task}", self.pick("task", &tasks).to_owned()),
            ("{id}", self.dice.on("id").uuid()),
            ("{hex}", self.dice.on("hex").hex(16)),
            ("{n}", self.number("n", 1, 9000).to_string()),
            ("{ms}", self.number("ms", 3, 240).to_string()),
            ("{slow}", self.number("slow", 2200, 9800).to_string()),
            ("{size}", self.number("size", 240, 48_000).to_string()),
            ("{wait}", self.number("wait", 120, 900).to_string()),
            ("{small}", self.number("small", 1, 30).to_string()),
        ];
        fills.iter().fold(template.to_owned(), |line, (gap, word)| line.replace(gap, word))
    }
}

impl Voice {
    /// Lines per second on an ordinary day.
    pub(super) fn rate(self) -> f64 {
        match self {
            Self::Traefik | Self::NextJs | Self::NestJs => 1.4,
            Self::Nginx | Self::FastApi | Self::Celery | Self::BullMq => 0.9,
            Self::Inference | Self::AirflowScheduler => 0.5,
            Self::AirflowWeb | Self::Job => 0.3,
            Self::RabbitMq | Self::Postgres | Self::Redis | Self::Prometheus | Self::Grafana => 0.04,
        }
    }

    /// One line, at a point of chance.
    pub(super) fn line(self, mood: Mood, dice: Dice) -> (Stream, String) {
        let gaps = Gaps { dice };
        let line = match mood {
            Mood::Starting => dice.pick(self.starting()),
            Mood::Fine => dice.pick(self.fine()),
            Mood::Busy if dice.on("busy").below(3) > 0 => dice.pick(self.busy()),
            Mood::Busy => dice.pick(self.fine()),
            Mood::Broken(_) if dice.on("broken").below(5) > 1 => dice.pick(self.broken()),
            Mood::Broken(_) => dice.pick(self.fine()),
        };
        let says = if let Mood::Broken(says) = mood { says } else { "" };
        let line = gaps.fill(line.unwrap_or("")).replace("{says}", &says.replace('"', "'"));
        (self.stream(&line), line)
    }

    /// The last words of a process that dies of `says`.
    pub(super) fn last_words(self, says: &str) -> Vec<String> {
        match self {
            Self::NestJs | Self::NextJs | Self::BullMq => vec![
                format!("{{\"level\":\"fatal\",\"msg\":\"startup failed\",\"err\":\"{}\"}}", says.replace('"', "'")),
                says.to_owned(),
                "    at Proxy.onModuleInit (/app/dist/prisma/prisma.service.js:21:9)".to_owned(),
                "    at async NestFactoryStatic.create (/app/node_modules/@nestjs/core/nest-factory.js:74:13)"
                    .to_owned(),
                "Node.js v20.17.0".to_owned(),
            ],
            _ => vec![
                "Traceback (most recent call last):".to_owned(),
                "  File \"/app/main.py\", line 88, in <module>".to_owned(),
                "    sys.exit(run(settings))".to_owned(),
                says.to_owned(),
            ],
        }
    }

    fn stream(self, line: &str) -> Stream {
        let wrong = ["ERROR", "error", "fatal", "Traceback", "[warn]"].iter().any(|word| line.contains(word));
        match self {
            // These write everything to standard error.
            Self::Postgres | Self::Prometheus | Self::Celery => Stream::Err,
            _ if wrong => Stream::Err,
            _ => Stream::Out,
        }
    }

    fn starting(self) -> &'static [&'static str] {
        match self {
            Self::NestJs => &[
                "[Nest] 1  - LOG [NestFactory] Starting Nest application...",
                "[Nest] 1  - LOG [InstanceLoader] PrismaModule dependencies initialized",
                "[Nest] 1  - LOG [RoutesResolver] CrawlController {/api/v1/crawl}",
            ],
            Self::NextJs => &["   ▲ Next.js 14.2.5", "   - Local:        http://0.0.0.0:3000", " ✓ Starting..."],
            Self::FastApi => &[
                "INFO:     Started server process [1]",
                "INFO:     Waiting for application startup.",
                "INFO:     loading model artefacts ({n} MB)",
            ],
            Self::Inference => &[
                "INFO inference: loading checkpoint shards: {small}/30",
                "INFO inference: cuda:0 warm-up pass took {ms} ms",
            ],
            Self::Celery => &[
                "[tasks]  . airflow.executors.celery_executor.execute_command",
                "[INFO/MainProcess] Connected to amqp://airflow:**@rabbitmq:5672//",
                "[INFO/MainProcess] mingle: searching for neighbors",
            ],
            _ => &["starting", "configuration loaded", "listening"],
        }
    }

    fn fine(self) -> &'static [&'static str] {
        match self {
            Self::Traefik => &[
                "{ip} - - \"GET {path} HTTP/2.0\" 200 {size} \"-\" \"Mozilla/5.0\" {n} \"frontend@docker\" {ms}ms",
                "{ip} - - \"POST /predict HTTP/2.0\" 200 {size} \"-\" \"python-httpx\" {n} \"ml-service@docker\" {ms}ms",
                "{ip} - - \"GET {path} HTTP/2.0\" 304 0 \"-\" \"Mozilla/5.0\" {n} \"frontend@docker\" {small}ms",
            ],
            Self::Nginx => &[
                "{ip} - - \"GET {path} HTTP/1.1\" 200 {size} \"-\" \"Mozilla/5.0\"",
                "{ip} - - \"GET {path} HTTP/1.1\" 304 0 \"-\" \"Mozilla/5.0\"",
                "{ip} - - \"GET /health HTTP/1.1\" 200 2 \"-\" \"probe\"",
                "{ip} - - \"GET /favicon.ico HTTP/1.1\" 404 153 \"-\" \"Mozilla/5.0\"",
            ],
            Self::FastApi => &[
                "INFO:     {ip}:{n} - \"POST /predict HTTP/1.1\" 200 OK",
                "INFO:     {ip}:{n} - \"GET /health HTTP/1.1\" 200 OK",
                "{\"level\":\"info\",\"event\":\"prediction\",\"request_id\":\"{id}\",\"rows\":{small},\"latency_ms\":{ms}}",
            ],
            Self::Inference => &[
                "{\"level\":\"info\",\"event\":\"generate\",\"request_id\":\"{hex}\",\"tokens\":{n},\"latency_ms\":{ms}}",
                "INFO inference: batch of {small} in {ms} ms, cache hit 0.7{small}",
                "INFO inference: queue empty",
            ],
            Self::NextJs => &[
                "{\"level\":\"info\",\"method\":\"GET\",\"path\":\"{path}\",\"status\":200,\"duration_ms\":{ms},\"request_id\":\"{id}\"}",
                "{\"level\":\"info\",\"method\":\"POST\",\"path\":\"/api/posts\",\"status\":201,\"duration_ms\":{ms},\"request_id\":\"{id}\"}",
                "{\"level\":\"debug\",\"msg\":\"embedding cached\",\"dimensions\":1536,\"key\":\"{hex}\"}",
            ],
            Self::NestJs => &[
                "{\"level\":\"info\",\"context\":\"HttpLogger\",\"method\":\"GET\",\"url\":\"{path}\",\"status\":200,\"ms\":{ms}}",
                "{\"level\":\"info\",\"context\":\"CrawlService\",\"msg\":\"enqueued\",\"queue\":\"{job}\",\"jobId\":\"{n}\"}",
                "{\"level\":\"info\",\"context\":\"HttpLogger\",\"method\":\"GET\",\"url\":\"/health\",\"status\":200,\"ms\":{small}}",
            ],
            Self::BullMq => &[
                "{\"level\":\"info\",\"queue\":\"{job}\",\"job\":\"{n}\",\"msg\":\"completed\",\"ms\":{slow}}",
                "{\"level\":\"info\",\"queue\":\"{job}\",\"job\":\"{n}\",\"msg\":\"active\",\"attempt\":1}",
                "{\"level\":\"warn\",\"queue\":\"analysis-jobs\",\"job\":\"{n}\",\"msg\":\"rate limited by upstream\",\"retryInMs\":{slow}}",
            ],
            Self::Celery => &[
                "[INFO/MainProcess] Task airflow.executors.celery_executor.execute_command[{id}] received",
                "[INFO/ForkPoolWorker-{small}] Task airflow.executors.celery_executor.execute_command[{id}] succeeded in {small}.{ms}s: None",
                "[INFO/ForkPoolWorker-{small}] Executing command in Celery: ['airflow', 'tasks', 'run', '{task}']",
            ],
            Self::AirflowWeb => &[
                "{ip} - - \"GET /home HTTP/1.1\" 200 {size}",
                "{ip} - - \"GET /health HTTP/1.1\" 200 141",
                "{ip} - - \"GET /dags/{task}/grid HTTP/1.1\" 200 {size}",
            ],
            Self::AirflowScheduler => &[
                "INFO - Sending TaskInstanceKey(dag_id='{task}', run_id='scheduled', try_number=1) to executor with priority {small} and queue default",
                "INFO - DAG {task} is at or above max_active_runs ({small}/16)",
                "INFO - Filling up the DagBag from /opt/airflow/dags",
            ],
            Self::RabbitMq => &[
                "[info] <0.{n}.0> connection <0.{n}.0> ({ip}:{n} -> 10.0.0.5:5672): user 'airflow' authenticated and granted access to vhost '/'",
                "[info] <0.{n}.0> closing AMQP connection <0.{n}.0> ({ip}:{n} -> 10.0.0.5:5672)",
            ],
            Self::Postgres => &[
                "LOG:  checkpoint complete: wrote {n} buffers ({small}.1%); write={small}.021 s, sync=0.00{small} s",
                "LOG:  checkpoint starting: time",
                "LOG:  automatic analyze of table \"app.public.events\"",
            ],
            Self::Redis => &[
                "1:M * 100 changes in 300 seconds. Saving...",
                "1:M * Background saving terminated with success",
                "1:M * DB saved on disk",
            ],
            Self::Prometheus => &[
                "level=info component=tsdb msg=\"write block\" mint={n} maxt={n} duration={ms}ms",
                "level=info component=tsdb msg=\"Head GC completed\" duration={ms}ms",
            ],
            Self::Grafana => &[
                "logger=cleanup level=info msg=\"Completed cleanup jobs\" duration={ms}ms",
                "logger=context userId=1 level=info msg=\"Request Completed\" method=GET path=/api/live/ws status=-1",
            ],
            Self::Job => {
                &["step {small} of 30 done in {ms} ms", "copied {n} rows", "uploaded part {small} ({size} bytes)"]
            }
        }
    }

    fn busy(self) -> &'static [&'static str] {
        match self {
            Self::Celery => &[
                "[WARNING/MainProcess] Task airflow.executors.celery_executor.execute_command[{id}] was queued for {wait} s",
                "[WARNING/ForkPoolWorker-{small}] task {task} runs for {wait} s, time limit 900 s",
                "[ERROR/ForkPoolWorker-{small}] {task}: MemoryError in pandas.read_parquet, chunk {n}",
                "[WARNING/MainProcess] prefetch count reached, {n} messages ready in queue default",
            ],
            Self::FastApi => &[
                "{\"level\":\"warning\",\"event\":\"slow prediction\",\"request_id\":\"{id}\",\"latency_ms\":{slow}}",
                "INFO:     {ip}:{n} - \"POST /predict HTTP/1.1\" 200 OK ({slow} ms)",
            ],
            Self::Inference => &[
                "{\"level\":\"warning\",\"event\":\"queue\",\"waiting\":{small},\"oldest_ms\":{slow}}",
                "WARNING inference: batch of 32 in {slow} ms, gpu memory 97 %",
            ],
            _ => &["{\"level\":\"warn\",\"msg\":\"event loop delayed\",\"ms\":{slow}}"],
        }
    }

    fn broken(self) -> &'static [&'static str] {
        match self {
            Self::NextJs | Self::NestJs => &[
                "{\"level\":\"error\",\"method\":\"GET\",\"path\":\"{path}\",\"status\":500,\"duration_ms\":{slow},\"request_id\":\"{id}\",\"err\":\"{says}\"}",
                "{\"level\":\"error\",\"method\":\"POST\",\"path\":\"/api/search\",\"status\":502,\"duration_ms\":{slow},\"err\":\"relation 'post_embeddings_hnsw' does not exist\"}",
                "{\"level\":\"error\",\"method\":\"GET\",\"path\":\"/api/health\",\"status\":500,\"duration_ms\":{small}}",
            ],
            _ => &["ERROR: {says}", "ERROR: request {id} failed with status 500 after {slow} ms"],
        }
    }
}
