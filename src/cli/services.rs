//! `services`: every Service with its health, counts, images and reasons.

use super::args::{Format, Global};
use super::output::items::ServiceItem;
use super::output::table::{Side, Table};
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};
use crate::model::{Service, Timestamp};

/// Prints them.
///
/// # Errors
/// No Sources, an unknown Environment, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let narrowed = address::narrowed(&session, global.environment.as_deref())?;
    let state = &session.console.state;
    let wanted = |service: &&Service| narrowed.as_ref().is_none_or(|n| service.address.environment == *n);
    let services: Vec<&Service> = state.fleet.services().filter(wanted).collect();
    match global.output {
        Format::Json => {
            let alarms = state.fleet.alarms();
            let items: Vec<_> = services.iter().map(|s| ServiceItem::of(s, &state.fleet, alarms)).collect();
            output::json("Service", state, items)?;
        }
        format => {
            output::text(&table(&session, &services, state.now, format == Format::Wide))?;
            session.remark_silent();
        }
    }
    Ok(session.exit())
}

fn table(session: &Session, services: &[&Service], now: Timestamp, wide: bool) -> String {
    let mut head = vec![
        ("SERVICE", Side::Left),
        ("TIER", Side::Left),
        ("HEALTH", Side::Left),
        ("READY", Side::Right),
        ("RESTARTS", Side::Right),
        ("IMAGE", Side::Left),
        ("CHANGED", Side::Right),
    ];
    if wide {
        head.extend([
            ("SOURCE", Side::Left),
            ("SCOPE", Side::Left),
            ("CPU cores", Side::Right),
            ("MEMORY MiB", Side::Right),
        ]);
    }
    head.push(("WHY", Side::Left));
    let mut table = Table::new(&head);
    for service in services {
        let mut cells = vec![
            service.address.to_string(),
            service.tier.to_string(),
            service.health.state.to_string(),
            words::ready(service.ready, service.desired),
            service.restarts.to_string(),
            images(service),
            words::maybe_ago(now, service.last_change_at),
        ];
        if wide {
            let workloads = || service.workloads.iter().filter_map(|key| session.console.state.fleet.workload(key));
            let mut sources: Vec<String> = workloads().map(|w| w.key.source.to_string()).collect();
            let mut scopes: Vec<String> = workloads().map(|w| w.scope.to_string()).collect();
            sources.dedup();
            scopes.dedup();
            let cpu = service.cpu_cores.map(|cores| format!("{cores:.2}")).unwrap_or_default();
            cells.extend([sources.join(","), scopes.join(","), cpu, words::mebibytes(service.memory_bytes)]);
        }
        let reasons = service.health.reasons.iter().map(|reason| reason.text.shown());
        cells.push(reasons.take(if wide { 3 } else { 1 }).collect::<Vec<_>>().join("; "));
        table.row(cells);
    }
    if table.is_empty() { "no services\n".to_owned() } else { table.text() }
}

/// Tag and digest: what tells two Releases apart in the room there is.
fn images(service: &Service) -> String {
    let Some(image) = service.images.first() else { return String::new() };
    let more = if service.images.len() > 1 { format!(" +{}", service.images.len() - 1) } else { String::new() };
    let parts = [image.tag(), image.short_digest()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ") + &more
}
