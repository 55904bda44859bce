//! `releases`: which Release runs where, and which ran before, as the Fleet and the journal's ledger know.

use serde::Serialize;

use super::args::{Format, Global};
use super::output::json::Raw;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address, change};
use crate::action::release::release_id;
use crate::fleet::Fleet;
use crate::journal::{Ledger, Release};
use crate::model::{EnvironmentAddress, Image, Service, Text, Timestamp};

/// A Release in JSON.
#[derive(Serialize)]
struct ReleaseItem<'a> {
    system: Option<Raw<'a>>,
    environment: Raw<'a>,
    service: String,
    id: Option<Text>,
    images: Vec<ImageItem<'a>>,
    first_seen_at: Option<Timestamp>,
    by: Option<Raw<'a>>,
    verified: bool,
    verified_at: Option<Timestamp>,
    current: bool,
}

#[derive(Serialize)]
struct ImageItem<'a> {
    reference: Raw<'a>,
    digest: Option<Raw<'a>>,
}

/// One Release of a Service, from both sides.
struct Row<'a> {
    service: &'a Service,
    id: Option<Text>,
    images: Vec<&'a Image>,
    known: Option<&'a Release>,
    current: bool,
}

/// Prints them.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let environment = address::narrowed(&session, global.environment.as_deref())?;
    let books = change::books(global, &session.settings)?;
    let ledger = books.ledger().map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let state = &session.console.state;
    let rows = rows(&state.fleet, &ledger, environment.as_ref());
    if global.output == Format::Json {
        output::json("Release", state, rows.iter().map(item).collect::<Vec<_>>())?;
        return Ok(session.exit());
    }
    let head = [
        ("SERVICE", Side::Left),
        ("RELEASE", Side::Left),
        ("IMAGE", Side::Left),
        ("RUNS", Side::Left),
        ("VERIFIED", Side::Left),
        ("SINCE", Side::Right),
        ("BY", Side::Left),
    ];
    let mut table = Table::new(&head);
    for row in &rows {
        let ago = |at: Option<Timestamp>| {
            at.map_or_else(|| "-".to_owned(), |at| format!("{} ago", words::ago(state.now, at)))
        };
        let image = |image: &&Image| {
            let short = image.short_digest().map(|digest| format!(" {digest}")).unwrap_or_default();
            format!("{}{short}", image.reference)
        };
        table.row([
            row.service.address.to_string(),
            row.id.as_ref().map_or_else(|| "by tag".to_owned(), ToString::to_string),
            row.images.iter().map(image).collect::<Vec<_>>().join(", "),
            if row.current { "now".to_owned() } else { "before".to_owned() },
            row.known.map_or_else(|| "no".to_owned(), |known| ago(known.verified_at)),
            ago(row.known.map(|known| known.first_seen_at)),
            row.known.and_then(|known| known.by.as_ref()).map_or_else(|| "-".to_owned(), ToString::to_string),
        ]);
    }
    output::text(&table.text())?;
    session.remark_silent();
    Ok(session.exit())
}

fn rows<'a>(fleet: &'a Fleet, ledger: &'a Ledger, environment: Option<&EnvironmentAddress>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let services = fleet.services().filter(|s| environment.is_none_or(|wanted| *wanted == s.address.environment));
    for service in services {
        let current = release_id(&service.images);
        let known = ledger.releases(&service.address);
        let of = |id: Option<&Text>| known.iter().find(|release| Some(&release.id) == id);
        rows.push(Row {
            service,
            images: service.images.iter().collect(),
            known: of(current.as_ref()),
            current: true,
            id: current.clone(),
        });
        let before = known.iter().rev().filter(|release| Some(&release.id) != current.as_ref());
        rows.extend(before.map(|release| Row {
            service,
            id: Some(release.id.clone()),
            images: release.containers.iter().map(|contained| &contained.image).collect(),
            known: Some(release),
            current: false,
        }));
    }
    rows
}

fn item<'a>(row: &Row<'a>) -> ReleaseItem<'a> {
    let address = &row.service.address;
    let image = |image: &&'a Image| ImageItem {
        reference: Raw(&image.reference),
        digest: image.digest.as_ref().or(image.id.as_ref()).map(Raw),
    };
    let verified_at = row.known.and_then(|known| known.verified_at);
    ReleaseItem {
        system: address.environment.system.as_ref().map(Raw),
        environment: Raw(&address.environment.environment),
        service: address.service.raw().to_owned(),
        id: row.id.clone(),
        images: row.images.iter().map(image).collect(),
        first_seen_at: row.known.map(|known| known.first_seen_at),
        by: row.known.and_then(|known| known.by.as_ref()).map(Raw),
        verified: verified_at.is_some(),
        verified_at,
        current: row.current,
    }
}
