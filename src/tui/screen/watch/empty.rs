//! Watch with nothing to show: what was tried, how each Source fares, and what to do next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::fleet::SourceView;
use crate::model::Freshness;
use crate::tui::screen::sources::source_row::{self, SourceRow};
use crate::tui::screen::{View, cells};
use crate::tui::theme::Role;
use crate::tui::widget::words;

/// Draws the whole body.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let mut sources: Vec<&SourceView> = view.state.fleet.sources().collect();
    sources.sort_by_key(|source| source.state == Freshness::Idle);
    let connecting = sources.iter().any(|source| source.state == Freshness::Connecting);
    let width = usize::from(area.width.saturating_sub(2));
    let mut lines = vec![title(view, &sources, connecting), Line::default()];
    let name_width = sources.iter().map(|source| source.name.0.shown().chars().count()).max().unwrap_or(0).min(32);
    for source in &sources {
        lines.extend(source_lines(view, source, name_width, width));
    }
    if !connecting {
        lines.push(Line::default());
        lines.extend(tried(view, width, sources.is_empty()));
        lines.extend(ways_out(view));
    }
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    for (line, y) in lines.iter().zip(inner.top()..inner.bottom()) {
        words::draw(line, Rect { y, height: 1, ..inner }, buf, view.glyphs);
    }
}

fn title<'a>(view: &View<'_>, sources: &[&SourceView], connecting: bool) -> Line<'a> {
    let words = if connecting {
        "CONNECTING"
    } else if sources.is_empty() {
        "NOTHING FOUND"
    } else if sources.iter().any(|source| source.state.is_live()) {
        "NOTHING RUNS HERE YET"
    } else {
        "NO SOURCE ANSWERS"
    };
    Line::styled(words, view.style(Role::Strong))
}

/// State and name on the first line; why it failed below it, broken into as many lines as it needs.
fn source_lines<'a>(view: &View<'_>, source: &SourceView, name_width: usize, width: usize) -> Vec<Line<'a>> {
    let row = SourceRow::of(source, cells::when(view));
    let grade = source_row::grade(source.state);
    let head = vec![
        Span::styled(format!("{} ", view.glyphs.health(grade)), view.style(Role::health(grade))),
        Span::styled(format!("{:<name_width$}  ", row.name), view.style(Role::Strong)),
        Span::styled(format!("{:<11}  ", row.state.word()), view.style(Role::health(grade))),
    ];
    let indent: usize = head.iter().map(Span::width).sum();
    let detail = words::wrap(&row.detail, width.saturating_sub(indent).max(20));
    let mut detail = detail.into_iter().map(|line| Span::styled(line, view.style(Role::Text)));
    let mut first = head;
    first.extend(detail.next());
    let mut lines = vec![Line::from(first)];
    lines.extend(detail.map(|line| Line::from(vec![Span::raw(" ".repeat(indent)), line])));
    lines
}

/// What discovery tried and what came of it.
fn tried<'a>(view: &View<'_>, width: usize, nothing: bool) -> Vec<Line<'a>> {
    const PLACES: &str = "the Docker engine (DOCKER_HOST, docker context, the usual sockets), \
                          every context of the kubeconfig, the configuration's own Sources";
    let mut told: Vec<String> = view.ui.tried.iter().map(|line| line.shown().to_owned()).collect();
    if told.is_empty() && nothing {
        told.push(PLACES.to_owned());
    }
    if told.is_empty() {
        return Vec::new();
    }
    let quiet = view.style(Role::Quiet);
    let mut lines = vec![Line::styled("WHAT WAS TRIED", view.style(Role::Strong))];
    let pieces = told.iter().flat_map(|line| words::wrap(line, width));
    lines.extend(pieces.map(|piece| Line::styled(piece, quiet)));
    lines.push(Line::default());
    lines
}

fn ways_out<'a>(view: &View<'_>) -> Vec<Line<'a>> {
    let ways = [
        ("quarterdeck demo", "a simulated fleet, to look around without any server"),
        ("quarterdeck doctor", "what was tried, step by step, and what would help"),
        ("quarterdeck init", "writes what was found as a configuration to edit"),
    ];
    let line = |(command, about): (&str, &'static str)| {
        let command = Span::styled(format!("{command:<20}"), view.style(Role::Accent));
        Line::from(vec![command, Span::styled(about, view.style(Role::Quiet))])
    };
    ways.into_iter().map(line).collect()
}
