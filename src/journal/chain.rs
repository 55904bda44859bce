//! How a Record becomes a line and back. The hash is taken over the bytes of the line as they stand, so that an old
//! journal stays whole although a newer program would write its fields otherwise.

use sha2::{Digest, Sha256};

use super::record::{Actor, Entry, Record};
use crate::model::Timestamp;

/// What stands before the first Record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Between the body of a line and its hash.
const SEAL: &str = ",\"hash\":\"";
/// A line's end: the hash, its quote and the closing brace.
const SEALED: usize = 64 + 2;
/// The longest line that is written or read, bytes: a Plan of many Workloads is some ten thousand.
pub const LONGEST: usize = 1 << 20;

/// The end of a chain: what the next line is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub seq: u64,
    pub hash: String,
}

impl Line {
    /// The end of an empty journal.
    #[must_use]
    pub fn genesis() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }

    /// The next line, its line feed included, and the Record that it holds.
    ///
    /// # Errors
    /// Where the entry is no JSON or too long.
    pub fn next(&self, at: Timestamp, actor: &Actor, entry: Entry) -> Result<(String, Record), String> {
        let (seq, previous) = (self.seq + 1, self.hash.clone());
        let mut record = Record { seq, at, actor: actor.clone(), entry, previous, hash: String::new() };
        let whole = serde_json::to_string(&record).map_err(|error| error.to_string())?;
        let body = whole
            .strip_suffix(&format!("{SEAL}\"}}"))
            .ok_or_else(|| "the line does not end as lines of the journal do".to_owned())?;
        record.hash = hash(body);
        let line = format!("{body}{SEAL}{}\"}}\n", record.hash);
        if line.len() > LONGEST {
            return Err(format!("a line of {} bytes is longer than {LONGEST}", line.len()));
        }
        Ok((line, record))
    }
}

/// Reads a line without its line feed, and checks that its hash is its own.
///
/// # Errors
/// What is wrong with it, in words.
pub fn open(line: &str) -> Result<Record, String> {
    let record: Record = serde_json::from_str(line).map_err(|_| "is no Record".to_owned())?;
    let sealed = line.len().checked_sub(SEALED + SEAL.len()).filter(|at| line.is_char_boundary(*at));
    let body = sealed.map(|at| line.split_at(at)).filter(|(_, tail)| tail.starts_with(SEAL)).map(|(body, _)| body);
    match body {
        Some(body) if hash(body) == record.hash => Ok(record),
        _ => Err("was changed after it was written: its hash is another".to_owned()),
    }
}

fn hash(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::super::record::Event;
    use super::*;
    use crate::model::Text;

    fn actor() -> Actor {
        Actor { user: Text::name("ann"), host: Text::name("vm1"), ..Actor::default() }
    }

    fn at() -> Timestamp {
        "2026-03-01T03:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_line_is_read_back_as_the_record_that_was_written() {
        let entry =
            Entry::new(Event::Note).target("biz/prod/api").detail(&serde_json::json!({ "text": "quote \" and ü" }));
        let (line, record) = Line::genesis().next(at(), &actor(), entry).unwrap();
        assert_eq!(open(line.trim_end()).unwrap(), record);
        assert_eq!((record.seq, record.previous.as_str()), (1, GENESIS));
    }

    #[test]
    fn g24_a_line_of_which_one_byte_was_changed_is_told() {
        let (line, _) = Line::genesis().next(at(), &actor(), Entry::new(Event::Refused).target("api")).unwrap();
        let line = line.trim_end();
        for (from, to) in [("refused", "started"), ("ann", "bob"), ("\"api\"", "\"apj\"")] {
            assert!(line.contains(from), "{from} is in the line");
            assert!(open(&line.replacen(from, to, 1)).unwrap_err().contains("was changed"), "{from}");
        }
        assert!(open(&line[..line.len() - 3]).is_err());
        assert!(open("").is_err());
    }

    #[test]
    fn an_entry_that_would_not_fit_is_refused_before_it_is_written() {
        let entry = Entry::new(Event::Note).detail(&"x".repeat(LONGEST));
        assert!(Line::genesis().next(at(), &actor(), entry).unwrap_err().contains("longer"));
    }

    #[test]
    fn secrets_in_particulars_are_masked() {
        let entry = Entry::new(Event::Planned).detail(&serde_json::json!({ "env": { "DB_PASSWORD": "hunter2" } }));
        let (line, _) = Line::genesis().next(at(), &actor(), entry).unwrap();
        assert!(!line.contains("hunter2"), "{line}");
    }
}
