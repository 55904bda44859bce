//! The one state of the console: what is known, and the panes that faces have open.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::SignedDuration;

use crate::fleet::{Fleet, Rules};
use crate::model::{AlarmDetail, CheckSpec, Key, LogLine, Text, Timestamp};
use crate::sources::port::{LogBatch, RawDocument};

use super::msg::{LogsWanted, PaneId};

/// Most lines that a log pane keeps, and most bytes of text among them (PERFORMANCE T16).
const PANE_LINES: usize = 50_000;
const PANE_BYTES: usize = 32 << 20;

/// Everything that faces read.
#[derive(Clone, Debug)]
pub struct State {
    pub fleet: Fleet,
    pub panes: BTreeMap<PaneId, LogPane>,
    /// The raw description asked for last, if one is open.
    pub raw: Option<RawPane>,
    /// The alarm of which more was asked for last.
    pub alarm: Option<AlarmPane>,
    /// The moment of the newest message.
    pub now: Timestamp,
    /// Messages applied so far: the debug panel shows it, a replay counts by it.
    pub applied: u64,
    /// Moves when something that a face shows may have changed; ticks and signs of life alone do not move it.
    pub moved: u64,
    /// Moves when only the counts of what was asked of Sources changed.
    pub gauged: u64,
    /// The Checks that were found among what is known, and when that was last looked at.
    pub probes: Arc<[CheckSpec]>,
    pub probed: Option<Probed>,
}

/// When front doors were last looked for, and what had moved by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    pub at: Timestamp,
    pub moved: u64,
}

impl State {
    /// An empty console that will assign by `rules`.
    #[must_use]
    pub fn new(rules: Rules, now: Timestamp) -> Self {
        Self {
            fleet: Fleet::new(rules),
            panes: BTreeMap::new(),
            raw: None,
            alarm: None,
            now,
            applied: 0,
            moved: 0,
            gauged: 0,
            probes: Arc::from([]),
            probed: None,
        }
    }
}

/// The raw description of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct RawPane {
    pub key: Key,
    /// `None` while it is on its way.
    pub result: Option<Result<RawDocument, Text>>,
}

/// More of one alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmPane {
    pub key: Key,
    /// `None` while the first answer is on its way.
    pub result: Option<Result<AlarmDetail, Text>>,
    /// When it was asked for last: a face that shows it asks again now and then.
    pub asked_at: Timestamp,
}

/// A bounded ring of log lines of a Service's Instances, merged in the order of their arrival.
#[derive(Clone, Debug)]
pub struct LogPane {
    pub wanted: LogsWanted,
    pub lines: VecDeque<LogLine>,
    bytes: usize,
    /// Lines that were lost because they came too fast, and lines that fell out of the ring.
    pub dropped: u64,
    pub forgotten: u64,
    /// Instances whose streams were asked for, and when the run that is read began.
    pub asked: BTreeMap<Key, Option<Timestamp>>,
    /// The time of the newest line of each Instance.
    heard: BTreeMap<Key, Timestamp>,
    /// Streams still open, and why others ended.
    pub open: usize,
    pub endings: Vec<(Key, Option<Text>)>,
}

impl LogPane {
    /// An empty pane.
    #[must_use]
    pub fn new(wanted: LogsWanted) -> Self {
        Self {
            wanted,
            lines: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            forgotten: 0,
            asked: BTreeMap::new(),
            heard: BTreeMap::new(),
            open: 0,
            endings: Vec::new(),
        }
    }

    /// Takes lines in; the oldest fall out. A line with a time is put behind the last line that is not younger, looking
    /// back a little, so that several Instances read in the order of time.
    pub fn take(&mut self, batch: LogBatch) {
        self.dropped += batch.dropped;
        for line in batch.lines {
            self.bytes += cost(&line);
            self.hear(&line);
            let at = self.place(&line);
            self.lines.insert(at, line);
            while self.lines.len() > PANE_LINES || self.bytes > PANE_BYTES {
                let Some(old) = self.lines.pop_front() else { break };
                self.bytes -= cost(&old);
                self.forgotten += 1;
            }
        }
    }

    /// Takes all lines out: for a face that has printed them and needs them no more.
    pub fn drain(&mut self) -> VecDeque<LogLine> {
        self.bytes = 0;
        std::mem::take(&mut self.lines)
    }

    /// From where an Instance is read on, so that no line comes twice; `None`: nothing of it was read.
    #[must_use]
    pub fn heard_until(&self, instance: &Key) -> Option<Timestamp> {
        let newest = *self.heard.get(instance)?;
        newest.checked_add(SignedDuration::from_nanos(1)).ok()
    }

    fn hear(&mut self, line: &LogLine) {
        let Some(at) = line.at else { return };
        match self.heard.get_mut(&line.instance) {
            Some(newest) => *newest = at.max(*newest),
            None => drop(self.heard.insert(line.instance.clone(), at)),
        }
    }

    fn place(&self, line: &LogLine) -> usize {
        const LOOK_BACK: usize = 4096;
        let end = self.lines.len();
        let Some(at) = line.at else { return end };
        let younger = self.lines.iter().rev().take(LOOK_BACK).take_while(|l| l.at.is_some_and(|t| t > at)).count();
        end - younger
    }
}

fn cost(line: &LogLine) -> usize {
    line.text.raw().len() + 96
}
