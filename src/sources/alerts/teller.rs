//! Telling the engine what a poll saw: alarms and readings as one table each, and how the Source is; what stays the same is
//! not told again.

use crate::model::{Alarm, Denial, Fact, Freshness, Reading, SourceStatus, Table, Text, Update};
use crate::sources::port::{Desk, Failure, FailureKind};

/// What was told last, and what is to be told next.
#[derive(Default)]
pub(in crate::sources) struct Teller {
    alarms: Option<Vec<Alarm>>,
    readings: Option<Vec<Reading>>,
    status: Option<SourceStatus>,
    synced: bool,
    news: Vec<Update>,
}

/// How a Source that answers is.
#[derive(Clone, Default)]
pub(in crate::sources) struct Word {
    /// What should be known of it, in words.
    pub(in crate::sources) notes: Vec<String>,
    /// What could not be read, and why.
    pub(in crate::sources) missing: Vec<(&'static str, Failure)>,
    pub(in crate::sources) version: Option<Text>,
}

impl Word {
    fn status(self, desk: &Desk) -> SourceStatus {
        let words = self.missing.iter().map(|(what, failure)| format!("{what} cannot be read: {failure}"));
        let words: Vec<String> = words.chain(self.notes).collect();
        let denied = self.missing.iter().filter(|(_, failure)| failure.kind == FailureKind::Denied);
        let denial =
            |(what, _): &(&str, Failure)| Denial { verb: Text::name("read"), resource: Text::name(what), scope: None };
        SourceStatus {
            state: if self.missing.is_empty() { Freshness::Fresh } else { Freshness::Partial },
            detail: (!words.is_empty()).then(|| Text::line(&words.join("; "))),
            version: self.version,
            denials: denied.map(denial).collect(),
            lapses: Vec::new(),
            calls: desk.gauge().calls(),
            latency_ms: desk.gauge().latency_ms(),
            answered_at: desk.gauge().answered_at(),
            cost_usd_per_day: None,
        }
    }
}

impl Teller {
    /// How the Source is.
    pub(in crate::sources) fn word(&mut self, desk: &Desk, word: Word) {
        let status = word.status(desk);
        let same = |told: &SourceStatus| {
            (told.state, &told.detail, &told.denials, &told.version)
                == (status.state, &status.detail, &status.denials, &status.version)
        };
        if !self.status.as_ref().is_some_and(same) {
            self.news.push(Update::Status(status.clone()));
            self.status = Some(status);
        }
    }

    /// All alarms that there are now.
    pub(in crate::sources) fn alarms(&mut self, alarms: Vec<Alarm>) {
        if self.alarms.as_ref() != Some(&alarms) {
            self.relist("alarms", alarms.iter().map(|alarm| Fact::Alarm(Box::new(alarm.clone()))));
            self.alarms = Some(alarms);
        }
    }

    /// All readings that there are now.
    pub(in crate::sources) fn readings(&mut self, readings: Vec<Reading>) {
        if self.readings.as_ref() != Some(&readings) {
            self.relist("readings", readings.iter().map(|reading| Fact::Reading(Box::new(reading.clone()))));
            self.readings = Some(readings);
        }
    }

    /// Everything has been read once.
    pub(in crate::sources) fn synced(&mut self) {
        if !std::mem::replace(&mut self.synced, true) {
            self.news.push(Update::Synced);
        }
    }

    /// Whether that has been told.
    pub(in crate::sources) fn is_synced(&self) -> bool {
        self.synced
    }

    /// Tells what is new.
    ///
    /// # Errors
    /// Where the engine is gone.
    pub(in crate::sources) async fn send(&mut self, desk: &Desk) -> Result<(), Failure> {
        let news = std::mem::take(&mut self.news);
        if !news.is_empty() {
            desk.send(news).await?;
        }
        Ok(())
    }

    fn relist(&mut self, name: &str, facts: impl Iterator<Item = Fact>) {
        let table = Table::whole(name);
        self.news.push(Update::Begin(table.clone()));
        self.news.extend(facts.map(|fact| Update::Put(table.clone(), fact)));
        self.news.push(Update::Commit(table));
    }
}
