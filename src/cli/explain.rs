//! `explain`: which rules put a Service into its System, Environment and tier.

use serde::Serialize;

use super::args::{Format, Global, Target};
use super::output::{self, json::Raw};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};

/// The explanation of one Workload.
#[derive(Serialize)]
struct Item<'a> {
    address: String,
    source: Raw<'a>,
    workload: Option<Raw<'a>>,
    scope: Option<Raw<'a>>,
    lines: Vec<Raw<'a>>,
}

/// Prints it, one paragraph per Workload.
///
/// # Errors
/// No such Service, or an answer that cannot be written.
pub async fn run(global: &Global, target: &Target, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let address = address::required(&session, &target.address)?;
    let state = &session.console.state;
    let explanations = state.fleet.explain(&address);
    if global.output == Format::Json {
        let items: Vec<Item<'_>> = explanations
            .iter()
            .map(|explanation| {
                let workload = state.fleet.workload(&explanation.workload);
                Item {
                    address: address::raw(&address),
                    source: Raw(&explanation.workload.source.0),
                    workload: workload.map(|w| Raw(&w.name)),
                    scope: workload.map(|w| Raw(&w.scope)),
                    lines: explanation.lines.iter().map(Raw).collect(),
                }
            })
            .collect();
        output::json("Explanation", state, items)?;
        return Ok(session.exit_for(&address));
    }
    let mut text = format!("{address}\n");
    for explanation in &explanations {
        match state.fleet.workload(&explanation.workload) {
            Some(w) => text.push_str(&format!("  {} {}/{} on {}\n", w.kind, w.scope, w.name, w.key.source)),
            None => text.push_str(&format!("  {}\n", explanation.workload.source)),
        }
        for line in &explanation.lines {
            text.push_str(&format!("    {line}\n"));
        }
    }
    output::text(&text)?;
    Ok(session.exit_for(&address))
}
