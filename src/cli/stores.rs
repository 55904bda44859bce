//! `stores`: databases and caches with their connections, memory and backups.

use super::args::{Format, Global};
use super::output::signals::{StoreItem, health};
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::fleet::{Fleet, StoreView};
use crate::model::{SourceKind, Text, Timestamp};

/// The kinds of Sources that hold Stores.
const HOLDERS: &[SourceKind] = &[SourceKind::Redis, SourceKind::Aws, SourceKind::Checks];

/// Prints them.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let state = &session.console.state;
    let mut stores = state.fleet.stores();
    stores.retain(|view| narrowed.as_ref().is_none_or(|only| view.environment == *only));
    if global.output == Format::Json {
        let items: Vec<_> = stores.iter().map(StoreItem::of).collect();
        output::json("Store", state, items)?;
    } else {
        output::text(&table(&state.fleet, &stores, state.now, global.output == Format::Wide))?;
        session.remark_silent();
    }
    Ok(session.exit_needing(HOLDERS))
}

fn table(fleet: &Fleet, stores: &[StoreView<'_>], now: Timestamp, wide: bool) -> String {
    if stores.is_empty() {
        let told = fleet.sources().any(|source| HOLDERS.contains(&source.kind));
        let why = if told { "" } else { ": no Source here holds any (`redis` or `aws` in the config file)" };
        return format!("no stores{why}\n");
    }
    let mut head = vec![
        ("STORE", Side::Left),
        ("KIND", Side::Left),
        ("HEALTH", Side::Left),
        ("CONNECTIONS", Side::Right),
        ("MEMORY MiB", Side::Right),
        ("FREE GiB", Side::Right),
        ("BACKUP", Side::Right),
    ];
    if wide {
        head.extend([
            ("RESTORABLE", Side::Right),
            ("EVICTED", Side::Right),
            ("VERSION", Side::Left),
            ("REPLICATION", Side::Left),
            ("SERVICE", Side::Left),
            ("SOURCE", Side::Left),
        ]);
    }
    head.push(("WHY", Side::Left));
    let mut table = Table::new(&head);
    for view in stores {
        table.row(row(view, now, wide));
    }
    table.text()
}

fn row(view: &StoreView<'_>, now: Timestamp, wide: bool) -> Vec<String> {
    let store = view.store;
    let text = |text: Option<&Text>| text.map(Text::to_string).unwrap_or_default();
    let mut cells = vec![
        format!("{}/{}", view.environment, store.name),
        store.kind.to_string(),
        health(view).to_string(),
        against(store.connections.map(|n| n.to_string()), store.connections_max.map(|n| n.to_string())),
        against(
            store.memory_bytes.map(|n| words::mebibytes(Some(n))),
            store.memory_limit_bytes.map(|n| words::mebibytes(Some(n))),
        ),
        store.storage_free_bytes.map(|n| format!("{:.1}", n as f64 / 1_073_741_824.0)).unwrap_or_default(),
        words::maybe_ago(now, store.last_backup_at),
    ];
    if wide {
        cells.extend([
            words::maybe_ago(now, store.restorable_at),
            store.evicted.map(|n| n.to_string()).unwrap_or_default(),
            text(store.version.as_ref()),
            text(store.replication.as_ref()),
            view.service.as_ref().map(ToString::to_string).unwrap_or_default(),
            store.key.source.to_string(),
        ]);
    }
    let stale = view.stale_since.map(|since| format!("stale {}", words::ago(now, since)));
    let reasons = store.reasons.iter().map(Text::to_string).take(if wide { 3 } else { 1 });
    cells.push(stale.into_iter().chain(reasons).collect::<Vec<_>>().join("; "));
    cells
}

/// `12/100`; a limit that is not known is left out.
fn against(used: Option<String>, limit: Option<String>) -> String {
    match (used, limit) {
        (Some(used), Some(limit)) => format!("{used}/{limit}"),
        (Some(used), None) => used,
        (None, Some(limit)) => format!("?/{limit}"),
        (None, None) => String::new(),
    }
}
