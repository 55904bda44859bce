//! Redis itself as a Store: memory against its limit, keys thrown out, clients, replication, saves; degraded with reasons.

use std::collections::VecDeque;

use super::info::Info;
use crate::model::{HealthState, Key, Kind, SourceName, Store, StoreKind, Text, Timestamp};

/// From this share of a limit on it is near.
const NEAR_PERCENT: u64 = 90;
/// How long keys thrown out are spoken of, in seconds.
const SPOKEN_OF: i64 = 60;
/// A save this near to the start is none: the server takes its own start for its last save.
const AT_START: i64 = 3;

/// How many keys were thrown out when, over the last minute.
#[derive(Clone, Debug, Default)]
pub(super) struct Evictions(VecDeque<(i64, u64)>);

impl Evictions {
    /// Takes a count in, and gives how many went since the oldest count of the last minute.
    fn lately(&mut self, now: i64, count: u64) -> u64 {
        if self.0.back().is_some_and(|(_, last)| *last > count) {
            self.0.clear();
        }
        // One count from before that minute stays: without it the first seconds of the minute would be missing.
        while self.0.len() > 1 && self.0[1].0 <= now - SPOKEN_OF {
            self.0.pop_front();
        }
        self.0.push_back((now, count));
        self.0.front().map_or(0, |(_, first)| count - first)
    }
}

/// The Store of a Redis; without `info` (it is not allowed) nothing is known of it.
pub(super) fn store(source: &SourceName, info: Option<&Info>, past: &mut Evictions, now: Timestamp) -> Store {
    let mut store = Store {
        key: Key::new(source, Kind::Store, "redis"),
        kind: StoreKind::Redis,
        scope: Text::empty(),
        name: source.0.clone(),
        version: None,
        health: HealthState::Unknown,
        reasons: vec![Text::line("INFO is not allowed: nothing is known of it")],
        connections: None,
        connections_max: None,
        memory_bytes: None,
        memory_limit_bytes: None,
        evicted: None,
        storage_free_bytes: None,
        replication: None,
        last_backup_at: None,
        restorable_at: None,
    };
    let Some(info) = info else { return store };
    store.version = info.version();
    store.connections = info.number("connected_clients");
    store.connections_max = info.number("maxclients");
    store.memory_bytes = info.number("used_memory");
    store.memory_limit_bytes = info.number("maxmemory").filter(|limit| *limit > 0);
    store.evicted = info.number("evicted_keys");
    store.replication = replication(info);
    store.last_backup_at = last_save(info, now);
    let thrown_out = store.evicted.map_or(0, |count| past.lately(now.as_second(), count));
    let reasons = reasons(info, &store, thrown_out);
    store.health = match () {
        () if info.is("loading", "1") => HealthState::Down,
        () if !reasons.is_empty() => HealthState::Degraded,
        () if store.version.is_none() => HealthState::Unknown,
        () => HealthState::Healthy,
    };
    store.reasons = reasons.iter().map(|reason| Text::line(reason)).collect();
    store
}

/// What is wrong with it, worst first.
fn reasons(info: &Info, store: &Store, thrown_out: u64) -> Vec<String> {
    let mut found = Vec::new();
    if info.is("loading", "1") {
        let done = info.get("loading_loaded_perc").unwrap_or("?");
        found.push(format!("it is loading its data set ({done} %) and answers nothing else"));
    }
    if info.is("master_link_status", "down") {
        let since = info.get("master_link_down_since_seconds").filter(|n| *n != "-1");
        let since = since.map_or(String::new(), |seconds| format!(" for {seconds} s"));
        found.push(format!("its link to the primary {} is down{since}: what it shows may be old", primary(info)));
    }
    let policy = info.get("maxmemory_policy").unwrap_or("unknown");
    if let Some((used, limit)) = near(store.memory_bytes, store.memory_limit_bytes) {
        let then =
            if policy == "noeviction" { "writes are refused at the limit" } else { "keys are thrown out at the limit" };
        found.push(format!("memory is at {used} % of its limit of {} ({policy}: {then})", megabytes(limit)));
    }
    if thrown_out > 0 {
        found.push(format!("it threw out {thrown_out} keys in the last minute for want of memory ({policy})"));
    }
    if info.is("rdb_last_bgsave_status", "err") {
        found.push("its last save to disk failed".to_owned());
    }
    if info.is("aof_last_write_status", "err") {
        found.push("its append-only file cannot be written".to_owned());
    }
    if info.is("aof_last_bgrewrite_status", "err") {
        found.push("the last rewrite of its append-only file failed".to_owned());
    }
    if let Some((used, limit)) = near(store.connections, store.connections_max) {
        found.push(format!("{used} % of its {limit} connections are taken"));
    }
    for replica in replicas(info).filter(|replica| replica.state != "online") {
        found.push(format!("its replica {} is not online ({})", replica.place, replica.state));
    }
    found
}

/// The share in percent and the limit, where it is near.
fn near(used: Option<u64>, limit: Option<u64>) -> Option<(u64, u64)> {
    let (used, limit) = (used?, limit?);
    let percent = used.saturating_mul(100).checked_div(limit)?;
    (percent > NEAR_PERCENT).then_some((percent, limit))
}

fn megabytes(bytes: u64) -> String {
    if bytes >= 1 << 30 {
        format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
    } else {
        format!("{} MiB", bytes >> 20)
    }
}

fn replicas(info: &Info) -> impl Iterator<Item = super::info::Replica<'_>> {
    (0..64).map_while(|number| info.replica(number))
}

fn primary(info: &Info) -> String {
    format!("{}:{}", info.get("master_host").unwrap_or("?"), info.get("master_port").unwrap_or("?"))
}

/// `primary`, `primary of 2 replicas, 1 s behind`, `replica of host:port, 0 s behind`.
fn replication(info: &Info) -> Option<Text> {
    let words = match info.get("role")? {
        "slave" | "replica" => {
            let behind = info.number::<i64>("master_last_io_seconds_ago").filter(|n| *n >= 0);
            let behind = match behind {
                Some(seconds) if info.is("master_link_status", "up") => format!("heard of it {seconds} s ago"),
                _ => "link down".to_owned(),
            };
            format!("replica of {}, {behind}", primary(info))
        }
        "master" | "primary" => match replicas(info).map(|replica| replica.lag).collect::<Vec<_>>() {
            lags if lags.is_empty() => "primary".to_owned(),
            lags => {
                let behind = lags.iter().flatten().max().map_or(String::new(), |lag| format!(", {lag} s behind"));
                let word = if lags.len() == 1 { "replica" } else { "replicas" };
                format!("primary of {} {word}{behind}", lags.len())
            }
        },
        other => other.to_owned(),
    };
    Some(Text::line(&words))
}

/// When it last saved itself, where it ever did since it started.
fn last_save(info: &Info, now: Timestamp) -> Option<Timestamp> {
    let saved = info.number::<i64>("rdb_last_save_time")?;
    let here = info.number::<i64>("server_time_usec").map_or(now.as_second(), |us| us / 1_000_000);
    let began = here - info.number::<i64>("uptime_in_seconds")?;
    let never = match info.number::<u64>("rdb_saves") {
        Some(saves) => saves == 0,
        None => saved - began <= AT_START,
    };
    if never { None } else { Timestamp::from_second(saved).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "redis_version:7.0.15\r\nuptime_in_seconds:1000\r\nserver_time_usec:1700000000000000\r\n\
        connected_clients:12\r\nmaxclients:10000\r\nused_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n\
        loading:0\r\nrdb_last_save_time:1699999000\r\nrdb_last_bgsave_status:ok\r\nevicted_keys:0\r\nrole:master\r\n";

    fn read(more: &str, past: &mut Evictions, second: i64) -> Store {
        let info = Info::read(format!("{GOOD}{more}").as_bytes());
        store(&SourceName::new("redis"), Some(&info), past, Timestamp::from_second(second).unwrap())
    }

    fn reasons_of(more: &str) -> (HealthState, String) {
        let store = read(more, &mut Evictions::default(), 1_700_000_000);
        (store.health, store.reasons.iter().map(Text::shown).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn a_server_in_good_order_is_healthy_and_without_a_limit_there_is_none() {
        let store = read("", &mut Evictions::default(), 1_700_000_000);
        assert_eq!((store.health, store.reasons.len()), (HealthState::Healthy, 0));
        assert_eq!((store.memory_bytes, store.memory_limit_bytes), (Some(1 << 20), None));
        assert_eq!((store.connections, store.connections_max), (Some(12), Some(10_000)));
        assert_eq!(store.replication.unwrap().shown(), "primary");
    }

    #[test]
    fn the_start_of_a_server_is_no_backup() {
        assert_eq!(read("", &mut Evictions::default(), 1_700_000_000).last_backup_at, None);
        let never = "rdb_last_save_time:1699999990\r\nrdb_saves:0\r\n";
        assert_eq!(read(never, &mut Evictions::default(), 1_700_000_000).last_backup_at, None);
        let saved = read("rdb_last_save_time:1699999990\r\n", &mut Evictions::default(), 1_700_000_000);
        assert_eq!(saved.last_backup_at.unwrap().as_second(), 1_699_999_990);
    }

    #[test]
    fn limits_that_are_near_and_saves_that_fail_are_reasons() {
        let (health, words) = reasons_of("used_memory:950000000\r\nmaxmemory:1000000000\r\n");
        assert!(health == HealthState::Degraded && words.contains("95 % of its limit of 953 MiB"), "{words}");
        assert!(words.contains("writes are refused"), "{words}");
        assert!(reasons_of("rdb_last_bgsave_status:err\r\n").1.contains("last save to disk failed"));
        assert!(reasons_of("connected_clients:9900\r\n").1.contains("99 % of its 10000 connections"));
        assert_eq!(reasons_of("loading:1\r\nloading_loaded_perc:42.00\r\n").0, HealthState::Down);
    }

    #[test]
    fn a_replica_whose_link_is_down_is_degraded_and_says_of_whom() {
        let down = "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n\
            master_link_down_since_seconds:17\r\nmaster_last_io_seconds_ago:-1\r\n";
        let store = read(down, &mut Evictions::default(), 1_700_000_000);
        assert_eq!(store.health, HealthState::Degraded);
        assert!(store.reasons[0].shown().contains("10.0.0.1:6379 is down for 17 s"), "{:?}", store.reasons);
        assert_eq!(store.replication.unwrap().shown(), "replica of 10.0.0.1:6379, link down");
        let (health, words) = reasons_of("slave0:ip=10.0.0.2,port=1,state=wait_bgsave,offset=0,lag=0\r\n");
        assert!(health == HealthState::Degraded && words.contains("10.0.0.2:1 is not online"), "{words}");
    }

    #[test]
    fn keys_thrown_out_are_spoken_of_for_a_minute() {
        let mut past = Evictions::default();
        let mut at = |second: i64, count: u64| read(&format!("evicted_keys:{count}\r\n"), &mut past, second).health;
        assert_eq!(at(1000, 500), HealthState::Healthy);
        assert_eq!(at(1003, 510), HealthState::Degraded);
        assert_eq!(at(1050, 510), HealthState::Degraded);
        assert_eq!(at(1070, 510), HealthState::Healthy);
        // The server was restarted: its counter begins anew.
        assert_eq!(at(1073, 0), HealthState::Healthy);
    }

    #[test]
    fn without_info_nothing_is_known_and_nothing_is_zero() {
        let now = Timestamp::from_second(1).unwrap();
        let store = store(&SourceName::new("r"), None, &mut Evictions::default(), now);
        assert_eq!((store.health, store.memory_bytes, store.connections), (HealthState::Unknown, None, None));
        assert!(store.reasons[0].shown().contains("INFO"));
    }
}
