//! Work that waits: a queue of a broker, as the broker tells it. What the Fleet concludes of it (is it stuck, how long
//! until it is empty, who takes from it) stands in [`QueueState`] and beside it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Key, Quantity, Text, Timestamp};

/// Which broker holds a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broker {
    RabbitMq,
    BullMq,
    Celery,
    Sqs,
}

impl Broker {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RabbitMq => "rabbitmq",
            Self::BullMq => "bullmq",
            Self::Celery => "celery",
            Self::Sqs => "sqs",
        }
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A fact: a queue. Counts are jobs or messages; `None` is *not known* (or no such thing at this broker), never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    pub key: Key,
    pub broker: Broker,
    /// The virtual host (empty for `/`), the Redis prefix where it is not the usual one, else empty.
    pub scope: Text,
    pub name: Text,
    /// Waiting to be taken, by anybody, now.
    pub ready: Option<u64>,
    /// Taken, not yet finished (RabbitMQ unacked, BullMQ active, SQS in flight).
    pub unacked: Option<u64>,
    /// Waiting for their time.
    pub delayed: Option<u64>,
    /// Kept by the broker as failed.
    pub failed: Option<u64>,
    /// What lies in the queue that takes its dead letters.
    pub dead_letters: Option<u64>,
    /// The name of that queue.
    pub dead_letter_queue: Option<Text>,
    /// When the oldest waiting one came.
    pub oldest_at: Option<Timestamp>,
    /// What comes in and what is finished per second, where the broker (or its counters) tells.
    pub in_per_second: Option<Quantity>,
    pub out_per_second: Option<Quantity>,
    /// How fast it becomes longer (negative: shorter) by the broker's own looks at its length, where it tells that. Rates
    /// of a burst are told for a while after it; this is not.
    #[serde(default)]
    pub net_per_second: Option<Quantity>,
    /// Who takes from it now: consumers, workers.
    pub consumers: Option<u32>,
    /// Somebody stopped it on purpose.
    pub paused: bool,
    /// The broker itself blocks or limits it (`flow`, memory alarm), in words.
    pub trouble: Option<Text>,
    /// Whether the counts are estimates (SQS says *approximate*).
    pub approximate: bool,
    /// When it was counted.
    pub at: Timestamp,
}

/// How a queue fares, judged by its counts over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueState {
    /// Nothing waits.
    Idle,
    /// It becomes shorter.
    Draining,
    /// What comes in is taken out.
    Steady,
    #[default]
    Unknown,
    /// It becomes longer.
    Growing,
    /// There is work, and nobody to take it or no progress.
    Stuck,
}

impl QueueState {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Draining => "draining",
            Self::Steady => "steady",
            Self::Unknown => "unknown",
            Self::Growing => "growing",
            Self::Stuck => "stuck",
        }
    }
}

impl fmt::Display for QueueState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
