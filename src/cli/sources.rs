//! `sources`: every Source with its state, its age, and what is denied.

use super::args::{Format, Global};
use super::output::items::{self, SourceItem};
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring};

/// Prints them. That one does not answer is an answer here, not a failure.
///
/// # Errors
/// No Sources, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let state = &session.console.state;
    if global.output == Format::Json {
        let items: Vec<_> = state.fleet.sources().map(|source| SourceItem::of(source, state.now)).collect();
        output::json("Source", state, items)?;
        return Ok(Exit::Done);
    }
    let mut head = vec![
        ("SOURCE", Side::Left),
        ("KIND", Side::Left),
        ("STATE", Side::Left),
        ("AGE", Side::Right),
        ("OBJECTS", Side::Right),
        ("VERSION", Side::Left),
    ];
    let wide = global.output == Format::Wide;
    if wide {
        head.extend([("CALLS", Side::Right), ("LATENCY ms", Side::Right), ("FOUND BY", Side::Left)]);
    }
    head.push(("DETAIL", Side::Left));
    let mut table = Table::new(&head);
    for source in state.fleet.sources() {
        let status = &source.status;
        let mut cells = vec![
            source.name.to_string(),
            source.kind.to_string(),
            source.state.word().to_owned(),
            items::age_seconds(source, state.now).map(words::length).unwrap_or_default(),
            source.objects.to_string(),
            status.version.as_ref().map(ToString::to_string).unwrap_or_default(),
        ];
        if wide {
            let latency = status.latency_ms.map(|ms| ms.to_string()).unwrap_or_default();
            cells.extend([status.calls.to_string(), latency, source.found_by.to_string()]);
        }
        cells.push(status.detail.as_ref().map(ToString::to_string).unwrap_or_default());
        table.row(cells);
    }
    output::text(&table.text())?;
    Ok(Exit::Done)
}
