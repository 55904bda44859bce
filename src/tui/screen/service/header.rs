//! The head of the Service page: which Service, how it is and why, what it runs, who else decides about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::{Address, Autoscaler, Service, Text, Tier, Workload};
use crate::tui::screen::row::{Release, is_short, short_source};
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

/// Lines that the head takes of a body.
#[must_use]
pub fn height(view: &View<'_>, address: &Address, area: Rect) -> u16 {
    let lines = u16::try_from(lines(view, address, area).len()).unwrap_or(u16::MAX);
    // The tab needs room as well, on the smallest screen too.
    lines.min(area.height / 2)
}

/// Draws it.
pub fn draw(view: &View<'_>, address: &Address, area: Rect, buf: &mut Buffer) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    for (line, y) in lines(view, address, area).iter().zip(inner.top()..inner.bottom()) {
        words::draw(line, Rect { y, height: 1, ..inner }, buf, view.glyphs);
    }
}

fn lines<'a>(view: &View<'_>, address: &Address, area: Rect) -> Vec<Line<'a>> {
    let fleet = &view.state.fleet;
    let Some(service) = fleet.service(address) else {
        let gone = format!("{} is not there any more", view.address(address));
        return vec![Line::styled(gone, view.style(Role::Warn)), Line::default()];
    };
    let mut lines = vec![title(view, service)];
    let most = if area.height >= 28 { 4 } else { 2 };
    let width = usize::from(area.width.saturating_sub(4)).max(10);
    for reason in service.health.reasons.iter().take(most) {
        let pieces = words::wrap(reason.text.shown(), width);
        let role = if service.health.state.is_bad() { Role::Text } else { Role::Quiet };
        for (n, piece) in pieces.into_iter().take(2).enumerate() {
            let mark = if n == 0 { view.glyphs.dot } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!("{mark} "), view.style(Role::health(service.health.state))),
                Span::styled(piece, view.style(role)),
            ]));
        }
    }
    if service.health.reasons.len() > most {
        let more = format!("  and {} more: w tells all", service.health.reasons.len() - most);
        lines.push(Line::styled(more, view.style(Role::Quiet)));
    }
    for workload in service.workloads.iter().filter_map(|key| fleet.workload(key)).take(2) {
        lines.push(Line::styled(place(view, address, workload), view.style(Role::Quiet)));
    }
    let limits: Vec<String> = fleet.autoscalers(address).into_iter().map(autoscaler).collect();
    if !limits.is_empty() {
        lines.push(Line::styled(limits.join(&format!(" {} ", view.glyphs.dot)), view.style(Role::Warn)));
    }
    if area.height >= 24 {
        lines.push(Line::default());
    }
    lines
}

fn title<'a>(view: &View<'_>, service: &Service) -> Line<'a> {
    let quiet = view.style(Role::Quiet);
    let stale = service.stale_since.map(|since| cells::when(view).exact_age(since));
    let mut spans = vec![Span::styled(view.address(&service.address), view.style(Role::Strong))];
    match service.tier {
        Tier::Production => spans.push(Span::styled("  production, locked", view.style(Role::Bad))),
        Tier::Unknown => spans.push(Span::styled("  unknown tier", view.style(Role::Warn))),
        tier => spans.push(Span::styled(format!("  {tier}"), quiet)),
    }
    spans.push(Span::raw("   "));
    spans.extend(styled(cells::health(view, service.health.state, stale.as_deref())));
    if let Some(since) = service.health_since {
        spans.push(Span::styled(format!(" {}", cells::when(view).age(since)), quiet));
    }
    let ready = figure::ready(service.ready, service.desired);
    if ready.is_some() {
        spans.push(Span::raw("   "));
        let short = is_short(service.ready, service.desired);
        spans.extend(styled(cells::ready(view, ready.as_deref(), short, stale.is_some())));
        spans.push(Span::styled(" ready", quiet));
    }
    spans.push(Span::raw("   "));
    spans.extend(styled(cells::release(view, &Release::of(&service.images), stale.is_some())));
    Line::from(spans)
}

/// The spans of a line with the line's own style in each.
fn styled(line: Line<'_>) -> Vec<Span<'_>> {
    let style = line.style;
    line.spans.into_iter().map(|span| Span::styled(span.content, style.patch(span.style))).collect()
}

/// Where a Workload runs and who else decides about it.
fn place(view: &View<'_>, address: &Address, workload: &Workload) -> String {
    let dot = view.glyphs.dot;
    let source = short_source(&workload.key.source);
    let mut line =
        format!("{} {source} {dot} {} {}/{}", workload.platform.word(), workload.kind, workload.scope, workload.name);
    let scales = |kind: &Text| view.state.fleet.autoscalers(address).iter().any(|scaler| scaler.kind == *kind);
    // Who scales it stands on a line of its own, with its limits.
    for owner in workload.owners.iter().filter(|owner| !scales(&owner.kind)) {
        line.push_str(&format!(" {dot} {} {}", owner.kind, owner.name));
    }
    if let Some(revision) = &workload.revision {
        line.push_str(&format!(" {dot} revision {revision}"));
    }
    line
}

/// Between which limits something else scales it, and by what.
#[must_use]
pub fn autoscaler(autoscaler: &Autoscaler) -> String {
    let limit = |n: Option<u32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let mut line = format!(
        "{} {} scales it {}–{}",
        autoscaler.kind,
        autoscaler.name,
        limit(autoscaler.min),
        limit(autoscaler.max)
    );
    if !autoscaler.triggers.is_empty() {
        let triggers: Vec<&str> = autoscaler.triggers.iter().map(crate::model::text::Text::shown).collect();
        line.push_str(&format!(" by {}", triggers.join(", ")));
    }
    if let Some(wanted) = autoscaler.wanted {
        line.push_str(&format!(", wants {wanted}"));
    }
    if autoscaler.paused {
        line.push_str(", paused");
    }
    if let Some(problem) = &autoscaler.problem {
        line.push_str(&format!(", does not work: {problem}"));
    }
    line
}
