//! Reads RDS: each database instance as a Store, with its last backup, and its connections and free storage from CloudWatch.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbInstance, DbSnapshot};

use super::failure::{Loss, Trouble};
use super::metrics::{self, Wanted};
use super::price::Charge;
use super::watch::{Area, Session};
use super::{moment, name};
use crate::model::{Fact, HealthState, Key, Kind, SourceName, Store, StoreKind, Text, Timestamp};

/// Metrics cost a little each: so seldom they are asked for.
const METRICS_SECONDS: i64 = 300;
const METRICS: [&str; 2] = ["DatabaseConnections", "FreeStorageSpace"];
/// Backups are made once a day: so seldom they are looked for, and of so many instances at most.
const BACKUP_SECONDS: i64 = 600;
const BACKUPS: usize = 50;
/// Less free storage than this share of what was allocated is told.
const STORAGE_LOW: f64 = 0.1;

type Values = BTreeMap<Wanted, (i64, f64)>;

/// When each instance was backed up, and up to when each cluster of instances can be brought back.
#[derive(Default)]
struct Copies {
    backed_up: BTreeMap<String, Timestamp>,
    restorable: BTreeMap<String, Timestamp>,
    asked: Option<i64>,
}

/// The last metrics, and when they were asked for.
#[derive(Default)]
pub(super) struct Gauges {
    values: Values,
    asked: Option<i64>,
    copies: Copies,
}

impl Gauges {
    /// One poll of all instances.
    pub(super) async fn round(&mut self, session: &Session<'_>) -> Result<(), Trouble> {
        let asker = session.asker;
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let request = asker.clients.rds.describe_db_instances().max_records(100).set_marker(next).send();
            let page = asker.ask("rds:DescribeDBInstances", request).await?;
            found.extend(page.db_instances.unwrap_or_default());
            next = page.marker.filter(|marker| !marker.is_empty());
            if next.is_none() {
                break;
            }
        }
        self.measure(session, &found).await?;
        self.copies.round(session, &found).await?;
        let known = (&self.values, &self.copies);
        let convert = |one: &DbInstance| Fact::Store(Box::new(convert(asker.desk.source(), one, known)));
        session.tell("databases", found.iter().map(convert).collect()).await
    }

    async fn measure(&mut self, session: &Session<'_>, found: &[DbInstance]) -> Result<(), Trouble> {
        let now = session.asker.desk.now().as_second();
        if found.is_empty() || self.asked.is_some_and(|at| now - at < METRICS_SECONDS) {
            return Ok(());
        }
        self.asked = Some(now);
        let names = found.iter().filter_map(DbInstance::db_instance_identifier);
        let wanted: Vec<Wanted> = names.flat_map(|name| METRICS.map(|metric| of(name, metric))).collect();
        session.charge(Charge::DatabaseMetrics, wanted.len(), METRICS_SECONDS);
        match session.spare(Area::Rds, metrics::newest(session.asker, &wanted).await) {
            Ok(values) => self.values = values.unwrap_or_default(),
            Err(trouble) if trouble.loss == Loss::Service => self.values.clear(),
            Err(trouble) => return Err(trouble),
        }
        Ok(())
    }
}

impl Copies {
    async fn round(&mut self, session: &Session<'_>, found: &[DbInstance]) -> Result<(), Trouble> {
        let now = session.asker.desk.now().as_second();
        if found.is_empty() || self.asked.is_some_and(|at| now - at < BACKUP_SECONDS) {
            return Ok(());
        }
        self.asked = Some(now);
        self.backed_up = snapshots(session, found).await?;
        self.restorable = match found.iter().any(|one| one.db_cluster_identifier().is_some()) {
            true => clusters(session).await?,
            false => BTreeMap::new(),
        };
        Ok(())
    }
}

/// The newest whole snapshot of each instance.
async fn snapshots(session: &Session<'_>, found: &[DbInstance]) -> Result<BTreeMap<String, Timestamp>, Trouble> {
    let (asker, mut newest) = (session.asker, BTreeMap::new());
    // Instances of a cluster are backed up with it.
    let own = found.iter().filter(|one| one.db_cluster_identifier().is_none());
    for id in own.filter_map(DbInstance::db_instance_identifier).take(BACKUPS) {
        let request = asker.clients.rds.describe_db_snapshots().db_instance_identifier(id).max_records(100).send();
        let answer = asker.ask("rds:DescribeDBSnapshots", request).await;
        let answer = match session.spare(Area::Rds, answer) {
            Ok(Some(answer)) => answer,
            // Denied once is denied for all of them.
            Ok(None) => break,
            // An instance without its last backup is still worth telling.
            Err(Trouble { loss: Loss::Service, .. }) => continue,
            Err(trouble) => return Err(trouble),
        };
        let made = answer.db_snapshots().iter().filter(|one| one.status() == Some("available"));
        newest.extend(made.filter_map(moment_of).max().map(|at| (id.to_owned(), at)));
    }
    Ok(newest)
}

fn moment_of(snapshot: &DbSnapshot) -> Option<Timestamp> {
    moment(snapshot.snapshot_create_time())
}

/// Up to when each Aurora cluster can be brought back: its instances do not say so themselves.
async fn clusters(session: &Session<'_>) -> Result<BTreeMap<String, Timestamp>, Trouble> {
    let asker = session.asker;
    let request = asker.clients.rds.describe_db_clusters().max_records(100).send();
    let answer = asker.ask("rds:DescribeDBClusters", request).await;
    let answer = match session.spare(Area::Rds, answer) {
        Ok(answer) => answer,
        Err(Trouble { loss: Loss::Service, .. }) => None,
        Err(trouble) => return Err(trouble),
    };
    let clusters = answer.and_then(|answer| answer.db_clusters).unwrap_or_default();
    let known = |one: &aws_sdk_rds::types::DbCluster| {
        Some((one.db_cluster_identifier()?.to_owned(), moment(one.latest_restorable_time())?))
    };
    Ok(clusters.iter().filter_map(known).collect())
}

fn of(instance: &str, metric: &'static str) -> Wanted {
    let (namespace, dimension, statistic) = ("AWS/RDS", "DBInstanceIdentifier", "Average");
    Wanted { namespace, metric, dimension, value: instance.to_owned(), statistic }
}

fn convert(source: &SourceName, one: &DbInstance, (values, copies): (&Values, &Copies)) -> Store {
    let id = one.db_instance_identifier().unwrap_or_default();
    let status = one.db_instance_status().unwrap_or("unknown");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts and bytes, never negative")]
    let value = |metric| values.get(&of(id, metric)).map(|(_, value)| value.max(0.0) as u64);
    let free = value("FreeStorageSpace");
    let mut reasons = Vec::new();
    let mut health = health(status);
    if health != HealthState::Healthy {
        reasons.push(Text::line(&format!("RDS says: {status}")));
    }
    for info in one.status_infos().iter().filter(|info| info.normal() == Some(false)) {
        let words = [info.status_type(), info.status(), info.message()].into_iter().flatten().collect::<Vec<_>>();
        reasons.push(Text::line(&words.join(": ")));
        health = health.max(HealthState::Degraded);
    }
    let allocated = one.allocated_storage().and_then(|gib| u64::try_from(gib).ok()).map(|gib| gib << 30);
    if let (Some(free), Some(allocated)) = (free, allocated)
        && (free as f64) < allocated as f64 * STORAGE_LOW
        && one.max_allocated_storage().is_none()
    {
        let percent = free as f64 / allocated.max(1) as f64 * 100.0;
        reasons.push(Text::line(&format!("{percent:.0} % of its storage is free")));
        health = health.max(HealthState::Degraded);
    }
    let engine = [one.engine(), one.engine_version()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Store {
        key: Key::new(source, Kind::Store, one.db_instance_arn().unwrap_or(id)),
        kind: StoreKind::Rds,
        // Its own name says the Environment better than a region does, where it has the shape of one.
        scope: Text::empty(),
        name: name(Some(id)),
        version: (!engine.is_empty()).then(|| Text::name(&engine)),
        health,
        reasons,
        connections: value("DatabaseConnections"),
        connections_max: None,
        memory_bytes: None,
        memory_limit_bytes: None,
        evicted: None,
        storage_free_bytes: free,
        replication: replication(one),
        last_backup_at: copies.backed_up.get(id).copied(),
        restorable_at: moment(one.latest_restorable_time())
            .or_else(|| copies.restorable.get(one.db_cluster_identifier()?).copied()),
    }
}

/// By the table of states in the RDS user guide ("Viewing DB instance status").
fn health(status: &str) -> HealthState {
    match status {
        "available"
        | "backing-up"
        | "configuring-log-exports"
        | "configuring-enhanced-monitoring"
        | "storage-optimization"
        | "storage-config-upgrade"
        | "configuring-iam-database-auth" => HealthState::Healthy,
        "stopped" => HealthState::Idle,
        "failed"
        | "storage-full"
        | "inaccessible-encryption-credentials"
        | "restore-error"
        | "inaccessible-encryption-credentials-recoverable"
        | "insufficient-capacity" => HealthState::Down,
        other if other.starts_with("incompatible-") => HealthState::Down,
        "unknown" => HealthState::Unknown,
        _ => HealthState::Degraded,
    }
}

fn replication(one: &DbInstance) -> Option<Text> {
    if let Some(of) = one.read_replica_source_db_instance_identifier() {
        return Some(Text::line(&format!("replica of {of}")));
    }
    let replicas = one.read_replica_db_instance_identifiers().len();
    match (replicas, one.multi_az()) {
        (0, Some(true)) => Some(Text::line("primary with a standby in another zone")),
        (0, _) => None,
        (n, _) => Some(Text::line(&format!("primary of {n}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(status: &str) -> aws_sdk_rds::types::builders::DbInstanceBuilder {
        DbInstance::builder()
            .db_instance_identifier("shop-prod-db")
            .db_instance_status(status)
            .engine("postgres")
            .engine_version("16.3")
            .allocated_storage(100)
    }

    #[test]
    fn a_database_is_a_store_with_what_cloudwatch_knows_of_it() {
        let gib = f64::from(1 << 30);
        let values = Values::from([
            (of("shop-prod-db", "DatabaseConnections"), (0, 42.0)),
            (of("shop-prod-db", "FreeStorageSpace"), (0, 4.0 * gib)),
        ]);
        let backed_up = BTreeMap::from([("shop-prod-db".to_owned(), Timestamp::from_second(9).unwrap())]);
        let copies = Copies { backed_up, ..Copies::default() };
        let store = convert(&SourceName::new("aws"), &database("available").build(), (&values, &copies));
        assert_eq!((store.last_backup_at.map(Timestamp::as_second), store.restorable_at), (Some(9), None));
        assert_eq!((store.connections, store.storage_free_bytes), (Some(42), Some(4 << 30)));
        assert_eq!((store.health, store.reasons[0].raw()), (HealthState::Degraded, "4 % of its storage is free"));
        assert_eq!(store.version.unwrap().raw(), "postgres 16.3");
    }

    #[test]
    fn states_are_told_apart_and_what_is_not_measured_is_not_known() {
        let known = (&Values::new(), &Copies::default());
        let store = |status: &str| convert(&SourceName::new("aws"), &database(status).build(), known);
        assert_eq!((store("available").health, store("available").connections), (HealthState::Healthy, None));
        assert_eq!(store("storage-full").health, HealthState::Down);
        assert_eq!(store("incompatible-network").health, HealthState::Down);
        assert_eq!(store("rebooting").health, HealthState::Degraded);
        assert_eq!(store("rebooting").reasons[0].raw(), "RDS says: rebooting");
    }
}
