//! Everything that can happen, as values that can be written to a tape.

use serde::{Deserialize, Serialize};

use crate::fleet::Rules;
use crate::model::{Address, AlarmDetail, Key, SourceKind, SourceName, Text, Timestamp, Update};
use crate::sources::port::{LogBatch, RawAsk, RawDocument};

/// A message with the moment at which the engine took it; the update knows no other time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    pub at: Timestamp,
    pub msg: Msg,
}

/// One open log view; faces number theirs.
pub type PaneId = u32;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Msg {
    /// A Source is known from now on.
    Known {
        source: SourceName,
        kind: SourceKind,
        found_by: Text,
        connect: bool,
    },
    /// A Source is not configured any more: its facts go.
    Forgotten {
        source: SourceName,
    },
    /// A Source sent news.
    News {
        source: SourceName,
        updates: Vec<Update>,
    },
    /// What was asked of a Source so far, for the Sources screen; sent when it changed and somebody looks.
    Gauge {
        source: SourceName,
        calls: u64,
        latency_ms: Option<u32>,
        answered_at: Option<Timestamp>,
    },
    Logs {
        pane: PaneId,
        batch: LogBatch,
    },
    /// The stream of one Instance ended; with the reason where it was an error.
    LogsEnded {
        pane: PaneId,
        instance: Key,
        failure: Option<Text>,
    },
    Raw {
        key: Key,
        result: Result<RawDocument, Text>,
    },
    AlarmDetail {
        key: Key,
        result: Box<Result<AlarmDetail, Text>>,
    },
    /// Assignment rules were loaded (again).
    Rules(Box<Rules>),
    /// A face wants something.
    Ask(Ask),
    /// Time went on; sent once a second, and at once after the machine slept.
    Tick,
}

/// What a face can ask for. Reading only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Connect(SourceName),
    Disconnect(SourceName),
    /// Read again now: one Source, or all.
    Refresh(Option<SourceName>),
    OpenLogs {
        pane: PaneId,
        wanted: LogsWanted,
    },
    CloseLogs(PaneId),
    Raw(RawAsk),
    /// More of the alarm with this key; asked again while its page is open, what was told before stays until then.
    AlarmDetail(Key),
    /// These Instances are on screen: measurements are wanted of them.
    Visible(Vec<Key>),
    /// Run the Checks of the Services with these addresses now; all Checks where none is named.
    CheckNow(Vec<Text>),
}

/// Which logs a pane shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogsWanted {
    pub service: Address,
    /// One Instance, or all of the Service's.
    pub instance: Option<Key>,
    pub follow: bool,
    pub previous: bool,
    pub since: Option<Timestamp>,
    /// Lines from before now, of each Instance.
    pub tail: Option<u32>,
}
