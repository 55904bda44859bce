//! Why a Service is as it is: its health in words, then each finding with its evidence and what would help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Layer;
use super::reader::Reader;
use crate::model::{Address, Finding};
use crate::tui::keymap::{Action, Chord};
use crate::tui::screen::{Command, Place, Tab, View};
use crate::tui::theme::Role;
use crate::tui::widget::{ages, health, words};

/// The findings about one Service.
pub(super) struct Why {
    address: Address,
    reader: Reader,
}

const WIDTH: u16 = 92;

impl Why {
    pub(super) fn new(address: Address) -> Self {
        Self { address, reader: Reader::default() }
    }

    fn lines(&self, view: &View<'_>, width: u16) -> Vec<Line<'static>> {
        let Some(service) = view.state.fleet.service(&self.address) else {
            return vec![Line::styled("This Service is not there any more.", view.style(Role::Text))];
        };
        let mut lines = vec![Line::from(health::span(view, service.health.state)), Line::default()];
        let findings = view.state.fleet.findings(&self.address);
        if findings.is_empty() {
            for reason in &service.health.reasons {
                lines.extend(wrapped(reason.text.shown(), "", width, view, Role::Text));
            }
            if service.health.reasons.is_empty() {
                lines.push(Line::styled("Nothing is wrong that any rule knows of.", view.style(Role::Text)));
            }
        }
        for finding in &findings {
            lines.extend(told(finding, view, width));
        }
        lines
    }
}

fn told(finding: &Finding, view: &View<'_>, width: u16) -> Vec<Line<'static>> {
    let since = finding.since.map(|since| format!("  {}", ages::ago(since, view.minute))).unwrap_or_default();
    let mark = view.glyphs.health(finding.severity);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{mark} "), view.style(Role::health(finding.severity))),
        Span::styled(finding.rule.to_string(), view.style(Role::Strong)),
        Span::styled(since, view.style(Role::Quiet)),
    ])];
    lines.extend(wrapped(finding.summary.shown(), "  ", width, view, Role::Text));
    for evidence in &finding.evidence {
        lines.extend(wrapped(evidence.shown(), "    ", width, view, Role::Quiet));
    }
    if !finding.advice.is_empty() {
        let advice = format!("{} {}", view.glyphs.arrow, finding.advice.shown());
        lines.extend(wrapped(&advice, "  ", width, view, Role::Accent));
    }
    lines.push(Line::default());
    lines
}

fn wrapped(text: &str, indent: &str, width: u16, view: &View<'_>, role: Role) -> Vec<Line<'static>> {
    let room = usize::from(width).saturating_sub(indent.len());
    words::wrap(text, room).into_iter().map(|line| Line::styled(format!("{indent}{line}"), view.style(role))).collect()
}

impl Layer for Why {
    fn title(&self, view: &View<'_>) -> String {
        format!("Why {}", view.address(&self.address))
    }

    fn wants(&self, view: &View<'_>) -> (u16, u16) {
        let width = WIDTH.min(view.ui.size.width.saturating_sub(4));
        (WIDTH, u16::try_from(self.lines(view, width).len()).unwrap_or(u16::MAX).clamp(4, 30))
    }

    fn prepare(&mut self, view: &View<'_>, inner: Rect) {
        let lines = self.lines(view, inner.width);
        self.reader.settle(lines, inner.height);
    }

    fn draw(&self, view: &View<'_>, inner: Rect, buf: &mut Buffer) {
        self.reader.draw(view, inner, buf);
    }

    fn key(&mut self, _chord: Chord, action: Option<Action>, _view: &View<'_>) -> Vec<Command> {
        let go = |tab| vec![Command::Close, Command::Go(Place::Service(self.address.clone(), tab))];
        match action {
            Some(Action::Why | Action::Quit) => vec![Command::Close],
            Some(Action::Open) => go(Tab::Instances),
            Some(Action::Logs) => go(Tab::Logs),
            Some(Action::LogsPrevious) => go(Tab::LogsPrevious),
            Some(Action::Events) => go(Tab::Events),
            Some(action) => {
                self.reader.moves(action);
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}
