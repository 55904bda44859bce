//! Which logs are wanted: of whom, from before the last restart or now, since when.

use jiff::SignedDuration;

use crate::engine::{Ask, LogsWanted, PaneId};
use crate::model::{Address, Key, Timestamp};

/// How far back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// The last lines, however old.
    #[default]
    Tail,
    Minutes(i64),
    All,
}

/// Lines from before now that are asked of each Instance, where no time is given.
const TAIL: u32 = 500;
/// Lines of each Instance when all are wanted: more than that fit into no pane.
const MOST: u32 = 20_000;

impl Since {
    /// The next of the choices; after the last the first again.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Tail => Self::Minutes(1),
            Self::Minutes(1) => Self::Minutes(5),
            Self::Minutes(5) => Self::Minutes(15),
            Self::Minutes(15) => Self::Minutes(60),
            Self::Minutes(_) => Self::All,
            Self::All => Self::Tail,
        }
    }

    /// As the heading says it.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Tail => format!("last {TAIL} of each"),
            Self::Minutes(60) => "since 1h".to_owned(),
            Self::Minutes(minutes) => format!("since {minutes}m"),
            Self::All => "all that is kept".to_owned(),
        }
    }
}

/// The choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// One Instance; `None`: all.
    pub instance: Option<Key>,
    pub previous: bool,
    pub since: Since,
}

impl Choice {
    /// What the engine is asked for.
    #[must_use]
    pub fn ask(&self, service: &Address, pane: PaneId, now: Timestamp) -> Ask {
        let (since, tail) = match self.since {
            Since::Tail => (None, Some(TAIL)),
            Since::Minutes(minutes) => (now.checked_sub(SignedDuration::from_mins(minutes)).ok(), None),
            Since::All => (None, Some(MOST)),
        };
        let wanted = LogsWanted {
            service: service.clone(),
            instance: self.instance.clone(),
            follow: !self.previous,
            previous: self.previous,
            since,
            tail,
        };
        Ask::OpenLogs { pane, wanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_goes_through_its_choices_and_round() {
        let mut words = Vec::new();
        let mut since = Since::default();
        for _ in 0..7 {
            words.push(since.word());
            since = since.next();
        }
        let expected = [
            "last 500 of each",
            "since 1m",
            "since 5m",
            "since 15m",
            "since 1h",
            "all that is kept",
            "last 500 of each",
        ];
        assert_eq!(words, expected);
    }
}
