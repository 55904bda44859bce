//! The Records of a journal's text, and the first thing that is wrong with it.

use super::chain::{self, Line};
use super::record::Record;

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The last line has no end: a write was cut (power, full disk).
    #[error("the journal is torn after Record {after}: its last line was cut while it was written")]
    Torn { after: u64 },
    /// A line that is no Record, or not the one that was written.
    #[error("line {line} of the journal {what}")]
    Broken { line: u64, what: String },
    /// A line that does not follow the one before it: something was taken out, put in or moved.
    #[error("Record {found} of the journal does not follow Record {after}: lines are missing or were moved")]
    Gap { after: u64, found: u64 },
    /// The second place knows of more than the journal holds.
    #[error("the journal ends with Record {last}, but its anchor knows Record {anchored}: its end was taken away")]
    Short { last: u64, anchored: u64 },
    /// The second place knows another Record under that number.
    #[error("Record {seq} of the journal is not the one that its anchor knows: the journal was written anew")]
    Rewritten { seq: u64 },
}

/// A journal as far as it can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// In their order, up to the first fault.
    pub records: Vec<Record>,
    pub end: Line,
    /// Bytes up to the end of the last whole Record.
    pub whole: u64,
    pub fault: Option<Fault>,
}

/// Reads a journal's text; `anchor` is the end of the chain as the second place knows it.
#[must_use]
pub fn read(text: &str, anchor: Option<&Line>) -> Reading {
    read_on(text, Line::genesis(), anchor)
}

/// The same for the text that follows `after`; `whole` counts from there.
#[must_use]
pub fn read_on(text: &str, after: Line, anchor: Option<&Line>) -> Reading {
    let first = after.seq;
    let known_end = after.clone();
    let mut reading = Reading { records: Vec::new(), end: after, whole: 0, fault: None };
    for (number, line) in text.split_inclusive('\n').enumerate() {
        match follow(line, &reading.end, number as u64 + 1) {
            Ok(record) => {
                reading.end = Line { seq: record.seq, hash: record.hash.clone() };
                reading.whole += line.len() as u64;
                reading.records.push(record);
            }
            Err(fault) => {
                reading.fault = Some(fault);
                return reading;
            }
        }
    }
    reading.fault = anchor.and_then(|anchor| {
        if anchor.seq == first {
            return (anchor.hash != known_end.hash && first > 0).then_some(Fault::Rewritten { seq: first });
        }
        against(anchor, first, &reading)
    });
    reading
}

fn follow(line: &str, end: &Line, number: u64) -> Result<Record, Fault> {
    let Some(whole) = line.strip_suffix('\n') else { return Err(Fault::Torn { after: end.seq }) };
    let record = chain::open(whole).map_err(|what| Fault::Broken { line: number, what })?;
    if record.seq != end.seq + 1 || record.previous != end.hash {
        return Err(Fault::Gap { after: end.seq, found: record.seq });
    }
    Ok(record)
}

/// The anchor is written after the line: it may be one Record behind, never ahead.
fn against(anchor: &Line, first: u64, reading: &Reading) -> Option<Fault> {
    if anchor.seq > reading.end.seq {
        return Some(Fault::Short { last: reading.end.seq, anchored: anchor.seq });
    }
    let place = usize::try_from(anchor.seq.checked_sub(first + 1)?).ok()?;
    let known = reading.records.get(place)?;
    (known.hash != anchor.hash).then_some(Fault::Rewritten { seq: anchor.seq })
}

#[cfg(test)]
mod tests {
    use super::super::record::{Actor, Entry, Event};
    use super::*;

    fn journal(count: u64) -> (String, Vec<Line>) {
        let (mut text, mut end, mut ends) = (String::new(), Line::genesis(), Vec::new());
        for n in 0..count {
            let at = crate::model::Timestamp::from_second(1_800_000_000 + i64::try_from(n).unwrap()).unwrap();
            let (line, record) = end.next(at, &Actor::default(), Entry::new(Event::Note)).unwrap();
            text.push_str(&line);
            end = Line { seq: record.seq, hash: record.hash };
            ends.push(end.clone());
        }
        (text, ends)
    }

    #[test]
    fn a_whole_journal_is_read_to_its_end() {
        let (text, ends) = journal(3);
        let reading = read(&text, ends.last());
        assert_eq!((reading.records.len(), reading.fault), (3, None));
        assert_eq!(reading.end, ends[2]);
        assert_eq!(read("", None).end, Line::genesis());
    }

    #[test]
    fn attack_54_a_line_taken_out_moved_or_changed_is_told_with_its_number() {
        let (text, _) = journal(4);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let without = [lines[0], lines[2], lines[3]].concat();
        assert_eq!(read(&without, None).fault, Some(Fault::Gap { after: 1, found: 3 }));
        let moved = [lines[0], lines[2], lines[1], lines[3]].concat();
        assert_eq!(read(&moved, None).fault, Some(Fault::Gap { after: 1, found: 3 }));
        let changed = text.replacen("\"seq\":3", "\"seq\":7", 1);
        assert!(matches!(read(&changed, None).fault, Some(Fault::Broken { line: 3, .. })));
    }

    #[test]
    fn attack_54_an_end_that_was_taken_away_is_told_by_the_anchor() {
        let (text, ends) = journal(4);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let short = lines[..2].concat();
        assert_eq!(read(&short, None).fault, None, "without an anchor nothing can tell");
        assert_eq!(read(&short, ends.last()).fault, Some(Fault::Short { last: 2, anchored: 4 }));
        let mut other = ends[1].clone();
        other.hash = "f".repeat(64);
        assert_eq!(read(&text, Some(&other)).fault, Some(Fault::Rewritten { seq: 2 }));
    }

    #[test]
    fn attack_56_a_torn_end_is_told_and_what_stands_before_it_is_read() {
        let (text, _) = journal(3);
        for cut in 1..40 {
            let reading = read(&text[..text.len() - cut], None);
            assert_eq!((reading.records.len(), reading.fault), (2, Some(Fault::Torn { after: 2 })), "cut {cut}");
        }
    }
}
