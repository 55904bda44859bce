//! `why`: what is wrong with a Service, the evidence, and what would help.

use super::args::{Format, Global, Target};
use super::output::items::FindingItem;
use super::output::{self, words};
use super::session::Session;
use super::{Exit, Failure, Wiring, address};

/// Prints the findings, worst first.
///
/// # Errors
/// No such Service, or an answer that cannot be written.
pub async fn run(global: &Global, target: &Target, wiring: &Wiring) -> Result<Exit, Failure> {
    let session = Session::gathered(global, wiring).await?;
    let address = address::required(&session, &target.address)?;
    let state = &session.console.state;
    let findings = state.fleet.findings(&address);
    if global.output == Format::Json {
        let raw = address::raw(&address);
        let items: Vec<_> = findings.iter().map(|finding| FindingItem::of(&raw, finding)).collect();
        output::json("Finding", state, items)?;
        return Ok(session.exit_for(&address));
    }
    let mut text = String::new();
    if let Some(service) = state.fleet.service(&address) {
        let ready = words::ready(service.ready, service.desired);
        text.push_str(&format!("{address} is {}, {ready} ready\n", service.health.state));
        if findings.is_empty() {
            for reason in &service.health.reasons {
                text.push_str(&format!("  {}: {}\n", reason.rule, reason.text));
            }
        }
    }
    for finding in &findings {
        let since = finding.since.map(|at| format!(", for {}", words::ago(state.now, at))).unwrap_or_default();
        text.push_str(&format!("\n{} ({}{since})\n  {}\n", finding.rule, finding.severity, finding.summary));
        for line in &finding.evidence {
            text.push_str(&format!("    {line}\n"));
        }
        if !finding.advice.is_empty() {
            text.push_str(&format!("  what would help: {}\n", finding.advice));
        }
    }
    output::text(&text)?;
    Ok(session.exit_for(&address))
}
