//! The answer of INFO: fields by their names, numbers where they are numbers.

use std::collections::HashMap;
use std::str::FromStr;

use crate::model::Text;

/// What INFO said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Info(HashMap<String, String>);

impl Info {
    /// Reads `name:value` lines.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let field =
            |line: &str| line.trim_end().split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(field).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn number<N: FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.parse().ok()
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }

    /// `Redis 7.0.15` or `Valkey 8.1.0`.
    pub(super) fn version(&self) -> Option<Text> {
        match self.get("valkey_version") {
            Some(version) => Some(Text::name(&format!("Valkey {version}"))),
            None => self.get("redis_version").map(|version| Text::name(&format!("Redis {version}"))),
        }
    }

    /// How many keys a database holds.
    pub(super) fn keys(&self, database: u32) -> Option<u64> {
        let line = self.get(&format!("db{database}"))?;
        line.split(',').find_map(|part| part.strip_prefix("keys=")?.parse().ok())
    }

    /// A replica's line: `ip=…,port=…,state=online,offset=…,lag=0`.
    pub(super) fn replica(&self, number: u32) -> Option<Replica<'_>> {
        let line = self.get(&format!("slave{number}"))?;
        let part = |name: &str| line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        Some(Replica {
            place: format!("{}:{}", part("ip").unwrap_or("?"), part("port").unwrap_or("?")),
            state: part("state").unwrap_or("unknown"),
            lag: part("lag").and_then(|n| n.parse().ok()),
        })
    }

    /// Every field, in order of the names.
    pub(super) fn fields(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.sort_unstable();
        all
    }
}

/// One replica, as its primary sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replica<'a> {
    pub(super) place: String,
    pub(super) state: &'a str,
    /// Seconds since it last acknowledged.
    pub(super) lag: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_numbers_are_read_and_nonsense_is_not_known() {
        let info = Info::read(
            b"# Server\r\nredis_version:7.0.15\r\nempty:\r\nmaxmemory:x\r\nno colon\r\ndb0:keys=12,expires=0\r\n",
        );
        assert_eq!(info.version().unwrap().shown(), "Redis 7.0.15");
        assert_eq!((info.get("empty"), info.number::<u64>("maxmemory"), info.keys(0)), (None, None, Some(12)));
        assert_eq!(Info::read(b"\xff\xfe\r\n:").version(), None);
    }

    #[test]
    fn a_replica_is_read_from_its_line() {
        let info = Info::read(b"slave0:ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=3\r\n");
        let replica = info.replica(0).unwrap();
        assert_eq!((replica.place.as_str(), replica.state, replica.lag), ("10.0.0.2:6379", "wait_bgsave", Some(3)));
        assert_eq!(info.replica(1), None);
    }
}
