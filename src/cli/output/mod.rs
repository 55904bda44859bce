//! How answers are written: the JSON envelope of DESIGN section 7, and aligned columns.

pub mod items;
pub mod json;
pub mod signals;
pub mod table;
pub mod words;

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use self::items::SourceItem;
use super::Failure;
use crate::engine::State;
use crate::model::Timestamp;

/// The one shape of every JSON answer.
#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: &'static str,
    kind: &'static str,
    at: Timestamp,
    items: T,
    sources: Vec<SourceItem<'a>>,
}

/// Writes one JSON object and a line break.
///
/// # Errors
/// Where standard output cannot be written.
pub fn json<T: Serialize>(kind: &'static str, state: &State, items: T) -> Result<(), Failure> {
    let sources = state.fleet.sources().map(|source| SourceItem::of(source, state.now)).collect();
    let envelope = Envelope { schema: "quarterdeck/v1", kind, at: state.now, items, sources };
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    json::write(&mut out, &envelope)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// The same for what concerns no Source.
///
/// # Errors
/// Where standard output cannot be written.
pub fn plain_json<T: Serialize>(kind: &'static str, at: Timestamp, items: T) -> Result<(), Failure> {
    let envelope = Envelope { schema: "quarterdeck/v1", kind, at, items, sources: Vec::new() };
    let mut out = BufWriter::new(io::stdout().lock());
    json::write(&mut out, &envelope)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// Writes text to standard output.
///
/// # Errors
/// Where it cannot be written.
pub fn text(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

/// Writes bytes that are known to be clean to standard output.
///
/// # Errors
/// Where it cannot be written.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// A remark beside the answer, for people: standard error, one line.
pub fn remark(text: &str) {
    for line in text.lines() {
        // Remarks matter to whoever reads them; where nobody does, nothing is lost.
        drop(writeln!(io::stderr().lock(), "{}", crate::model::Text::line(line)));
    }
}
