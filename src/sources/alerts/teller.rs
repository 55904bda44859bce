//! Telling the engine what a poll saw: all alarms as one table, and how the Source is; what stays the same is not told again.

use crate::model::{Alarm, Denial, Fact, Freshness, SourceStatus, Table, Text, Update};
use crate::sources::port::{Desk, Failure, FailureKind};

/// What was told last.
#[derive(Default)]
pub(in crate::sources) struct Teller {
    alarms: Option<Vec<Alarm>>,
    status: Option<SourceStatus>,
}

/// How a Source that answers is.
#[derive(Default)]
pub(in crate::sources) struct Word {
    /// What should be known of it, in words.
    pub(in crate::sources) notes: Vec<String>,
    /// What could not be read, and why.
    pub(in crate::sources) missing: Option<(&'static str, Failure)>,
    pub(in crate::sources) version: Option<Text>,
}

impl Word {
    fn status(self, desk: &Desk) -> SourceStatus {
        let missing = self.missing.as_ref();
        let words = missing.map(|(what, failure)| format!("{what} cannot be read: {failure}"));
        let words: Vec<String> = words.into_iter().chain(self.notes).collect();
        let denied = missing.filter(|(_, failure)| failure.kind == FailureKind::Denied);
        let denial =
            |(what, _): &(&str, Failure)| Denial { verb: Text::name("read"), resource: Text::name(what), scope: None };
        SourceStatus {
            state: if missing.is_some() { Freshness::Partial } else { Freshness::Fresh },
            detail: (!words.is_empty()).then(|| Text::line(&words.join("; "))),
            version: self.version,
            denials: denied.map(denial).into_iter().collect(),
            calls: desk.gauge().calls(),
            latency_ms: desk.gauge().latency_ms(),
            answered_at: desk.gauge().answered_at(),
            cost_usd_per_day: None,
        }
    }
}

impl Teller {
    /// Tells what is new; the first time it ends with *synced*.
    ///
    /// # Errors
    /// Where the engine is gone.
    pub(in crate::sources) async fn tell(
        &mut self,
        desk: &Desk,
        alarms: Vec<Alarm>,
        word: Word,
    ) -> Result<(), Failure> {
        let status = word.status(desk);
        let mut updates = Vec::new();
        let same = |told: &SourceStatus| {
            (told.state, &told.detail, &told.denials, &told.version)
                == (status.state, &status.detail, &status.denials, &status.version)
        };
        if !self.status.as_ref().is_some_and(same) {
            updates.push(Update::Status(status.clone()));
            self.status = Some(status);
        }
        if self.alarms.as_ref() != Some(&alarms) {
            let table = Table::whole("alarms");
            updates.push(Update::Begin(table.clone()));
            let facts = alarms.iter().map(|alarm| Fact::Alarm(Box::new(alarm.clone())));
            updates.extend(facts.map(|fact| Update::Put(table.clone(), fact)));
            updates.push(Update::Commit(table));
            if self.alarms.replace(alarms).is_none() {
                updates.push(Update::Synced);
            }
        }
        if !updates.is_empty() {
            desk.send(updates).await?;
        }
        Ok(())
    }
}
