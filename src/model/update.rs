//! News from a Source: state by `Begin / Put / Drop / Commit`, its own health by `Status`, measurements by `Sample`.

use serde::{Deserialize, Serialize};

use super::{Fact, Key, Sample, SourceStatus, Text};

/// What one list covers: a part of a Source's facts that is replaced as a whole by a relist.
///
/// `name` tells lists of one Source apart (`pods`, `deployments`, `containers`); `scope` is the namespace where a list
/// covers one only. A fact belongs to the table it was last put under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Table {
    pub name: Text,
    pub scope: Option<Text>,
}

impl Table {
    /// A table that covers the whole Source.
    #[must_use]
    pub fn whole(name: &str) -> Self {
        Self { name: Text::name(name), scope: None }
    }
}

/// One piece of news. The order in which a Source sends them is the order in which they are applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// A relist of a table begins: what it held stays visible until `Commit`.
    Begin(Table),
    /// A fact is there, or changed.
    Put(Table, Fact),
    /// A fact is gone.
    Drop(Key),
    /// The relist is whole: what was not put since `Begin` is gone, at once.
    Commit(Table),
    /// The table cannot be read any more (denied, unreachable): its facts stay as they are, marked by the Status.
    Status(SourceStatus),
    /// Every table has been read once: from now on the Source's absence of a thing means that it is not there.
    Synced,
    /// A measurement; only the newest of an Instance matters.
    Sample(Sample),
}
