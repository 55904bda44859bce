//! Source `aws`: one profile in one region. ECS services as Workloads, SQS queues, CloudWatch alarms, target groups, RDS
//! instances, and the logs of tasks; everything by polling, in batches, within one budget of requests.
//!
//! `client` is the way to AWS, `ask` one request within the budget, `failure` what its refusals mean, `watch` the plan of
//! polls; the other files read one service each, and what ends in `_convert` turns its answers into facts.

mod alarm;
mod alarm_convert;
mod ask;
mod board;
pub mod changing;
mod client;
mod cloudwatch;
mod cloudwatch_convert;
mod ecs;
mod ecs_convert;
mod elb;
mod elb_convert;
mod failure;
mod logs;
mod metrics;
mod operate;
pub mod permissions;
mod price;
mod raw;
mod rds;
mod scaling;
mod shared;
mod sqs;
mod task_convert;
mod watch;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;

use self::ask::Asker;
use self::client::Clients;
use super::last_read::LastRead;
use super::port::{Desk, Failure, FailureKind, LogOut, Operate, RawAsk, RawDocument, Watch};
use crate::model::{AlarmAsk, AlarmDetail, Connection, LogAsk, SourceKind, SourceName, SourceSpec, Text, Timestamp};

/// How long one request with its second try may take where the configuration does not say.
const PATIENCE: Duration = Duration::from_secs(10);

/// How one account and region is reached and what of it is wanted.
#[derive(Clone, Debug)]
struct Options {
    profile: String,
    region: Option<String>,
    clusters: Vec<String>,
    queues: Vec<String>,
    config_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    patience: Duration,
}

impl Options {
    /// Whether a cluster is wanted.
    fn wants_cluster(&self, name: &str) -> bool {
        is_wanted(&self.clusters, name)
    }

    /// Whether a queue is wanted.
    fn wants_queue(&self, name: &str) -> bool {
        is_wanted(&self.queues, name)
    }
}

/// Names that are wanted, `*` allowed at their end; an empty list wants all.
fn is_wanted(wanted: &[String], name: &str) -> bool {
    let fits = |pattern: &String| match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => pattern == name,
    };
    wanted.is_empty() || wanted.iter().any(fits)
}

/// The Source.
struct Aws {
    name: SourceName,
    options: Options,
    /// What the watch asks by, shared with whatever is asked beside it.
    line: Mutex<Option<Line>>,
    read: LastRead,
}

/// A way to ask: who counts, and the clients of the login that was last found.
#[derive(Clone)]
struct Line {
    desk: Desk,
    clients: Arc<Clients>,
}

impl Line {
    fn asker(&self) -> Asker<'_> {
        Asker { desk: &self.desk, clients: &self.clients }
    }
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Aws { profile, region, clusters, queues, config_file, ca_file } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let options = Options {
        profile: profile.clone(),
        region: region.clone(),
        clusters: clusters.clone(),
        queues: queues.clone(),
        config_file: config_file.clone(),
        ca_file: ca_file.clone(),
        patience: spec.timeout_seconds.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.max(1).into())),
    };
    Ok(Arc::new(Aws { name: spec.name.clone(), options, line: Mutex::new(None), read: LastRead::default() }))
}

impl Aws {
    /// New clients: a login in the meantime, or a changed profile, is seen by them.
    async fn connect(&self, desk: Desk) -> Result<Line, Failure> {
        let clients = Arc::new(client::connect(&self.options, &desk.clock()).await?);
        let line = Line { desk, clients };
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
        Ok(line)
    }

    /// What the watch asks by now.
    fn line(&self) -> Result<Line, Failure> {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner).clone();
        line.ok_or_else(|| Failure::new(FailureKind::Unreachable, "there is no login so far"))
    }
}

impl Watch for Aws {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Aws
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let line = self.connect(desk).await?;
            watch::Session::new(line.asker(), &self.options, &self.read).run().await
        })
    }

    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move { logs::stream(self.line()?.asker(), ask, out).await })
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        Box::pin(async move { raw::describe(self.line()?.asker(), &ask).await })
    }

    fn alarm_detail(self: Arc<Self>, ask: AlarmAsk) -> BoxFuture<'static, Result<AlarmDetail, Failure>> {
        Box::pin(async move { alarm::tell(self.line()?.asker(), &ask).await })
    }

    fn operate(self: Arc<Self>) -> Option<Arc<dyn Operate>> {
        Some(self)
    }
}

/// A moment as AWS writes it.
fn moment(at: Option<&aws_sdk_ecs::primitives::DateTime>) -> Option<Timestamp> {
    Timestamp::from_millisecond(at?.to_millis().ok()?).ok()
}

/// The last part of an ARN: `…:task-definition/web:3` is `web:3`, `…:dead-letters` is `dead-letters`.
fn last_part(arn: &str) -> &str {
    let tail = arn.rsplit('/').next().unwrap_or(arn);
    if tail == arn && arn.starts_with("arn:") { arn.rsplit(':').next().unwrap_or(arn) } else { tail }
}

/// A count that AWS gives as a signed number.
fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A name, where there is one.
fn name(text: Option<&str>) -> Text {
    Text::name(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_end_in_a_name_whatever_stands_before_it() {
        assert_eq!(last_part("arn:aws:ecs:eu-central-1:1:task-definition/web:3"), "web:3");
        assert_eq!(last_part("arn:aws:sqs:eu-central-1:1:dead-letters"), "dead-letters");
        assert_eq!(last_part("web:2"), "web:2");
    }

    #[test]
    fn no_list_wants_all_and_a_star_ends_a_beginning() {
        let wanted = ["shop-*".to_owned(), "infra".to_owned()];
        assert!(is_wanted(&wanted, "shop-prod") && is_wanted(&wanted, "infra") && is_wanted(&[], "x"));
        assert!(!is_wanted(&wanted, "infra-2"));
    }
}
