//! `journal`: every change and every attempt, whether it is whole, and all of it as it stands.

use serde::Serialize;

use super::args::{Format, Global, JournalCommand};
use super::change::books_alone;
use super::output;
use super::output::json::Raw;
use super::output::table::{Side, Table};
use super::{Exit, Failure};
use crate::engine::clock::{Clock, SystemClock};
use crate::journal::{Reading, Record};
use crate::model::{Text, Timestamp};

/// A Record in JSON.
#[derive(Serialize)]
struct RecordItem<'a> {
    seq: u64,
    at: Timestamp,
    kind: &'static str,
    actor: String,
    run: Option<Raw<'a>>,
    target: Option<Raw<'a>>,
    reason: Option<Raw<'a>>,
    detail: &'a serde_json::Value,
    hash: &'a str,
    previous: &'a str,
}

impl<'a> RecordItem<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            seq: record.seq,
            at: record.at,
            kind: record.entry.kind.word(),
            actor: record.actor.to_string(),
            run: record.entry.run.as_ref().map(Raw),
            target: record.entry.target.as_ref().map(Raw),
            reason: record.entry.reason.as_ref().map(Raw),
            detail: &record.entry.detail,
            hash: &record.hash,
            previous: &record.previous,
        }
    }
}

/// Lists, verifies or exports the journal.
///
/// # Errors
/// It cannot be read, or is not whole.
pub fn run(global: &Global, command: &JournalCommand) -> Result<Exit, Failure> {
    let books = books_alone(global)?;
    let reading = books.journal().read().map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    match command {
        JournalCommand::List => list(&reading, global.output)?,
        JournalCommand::Export => {
            for record in &reading.records {
                let line = serde_json::to_string(record)?;
                output::text(&format!("{line}\n"))?;
            }
        }
        JournalCommand::Verify if reading.fault.is_none() => {
            let end = format!("{} Records, the last {}", reading.records.len(), &reading.end.hash[..12]);
            output::text(&format!("whole: {end}; it agrees with its anchor\n"))?;
        }
        JournalCommand::Verify => {}
    }
    match reading.fault {
        None => Ok(Exit::Done),
        Some(fault) => Err(Failure::new(Exit::Failed, fault.to_string()).hint(format!(
            "{} is kept as it is; nothing is changed until that is settled",
            books.journal().path().display()
        ))),
    }
}

fn list(reading: &Reading, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        let items: Vec<_> = reading.records.iter().map(RecordItem::of).collect();
        return output::plain_json("Record", SystemClock.now(), items);
    }
    let head = [
        ("SEQ", Side::Right),
        ("AT", Side::Left),
        ("KIND", Side::Left),
        ("RUN", Side::Left),
        ("TARGET", Side::Left),
        ("WHO", Side::Left),
        ("WHAT", Side::Left),
    ];
    let mut table = Table::new(&head);
    for record in &reading.records {
        let word = |text: &Option<Text>| text.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let entry = &record.entry;
        table.row([
            record.seq.to_string(),
            format!("{:.0}", record.at),
            entry.kind.word().replace('_', " "),
            word(&entry.run),
            word(&entry.target),
            record.actor.to_string(),
            what(record),
        ]);
    }
    output::text(&if table.is_empty() { "the journal is empty\n".to_owned() } else { table.text() })
}

/// The most telling words of a Record.
fn what(record: &Record) -> String {
    let detail = &record.entry.detail;
    let told = ["refused", "writes", "message", "until"].iter().find_map(|key| detail.get(key)?.as_str());
    let told = told.or_else(|| detail.get("plan")?.get("after")?.as_str());
    let reason = record.entry.reason.as_ref().map(Text::raw);
    Text::line(told.or(reason).unwrap_or_default()).to_string()
}
