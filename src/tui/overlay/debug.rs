//! What the console itself is doing: frames, bytes, messages, Sources, and the newest lines of its own log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Layer;
use super::reader::Reader;
use crate::tui::keymap::{Action, Chord};
use crate::tui::screen::{Command, View};
use crate::tui::theme::Role;

/// The panel.
#[derive(Default)]
pub(super) struct Debug {
    reader: Reader,
}

impl Debug {
    fn lines(view: &View<'_>) -> Vec<Line<'static>> {
        let stats = &view.ui.stats;
        let fleet = &view.state.fleet;
        let objects: u64 = fleet.sources().map(|source| source.objects).sum();
        let calls: u64 = fleet.sources().map(|source| source.status.calls).sum();
        let fact = |name: &str, value: String| {
            Line::from(vec![
                Span::styled(format!("{name:<12}"), view.style(Role::Quiet)),
                Span::styled(value, view.style(Role::Text)),
            ])
        };
        let mut lines = vec![
            fact("version", env!("CARGO_PKG_VERSION").to_owned()),
            fact(
                "frames",
                format!("{}, the last in {} µs, the slowest in {} µs", stats.frames, stats.last_us, stats.slowest_us),
            ),
            fact(
                "terminal",
                format!("{} bytes written, {} × {}", stats.bytes, view.ui.size.width, view.ui.size.height),
            ),
            fact("messages", format!("{} applied, {} moved the picture", view.state.applied, view.state.moved)),
            fact("sources", format!("{} with {objects} objects after {calls} calls", fleet.sources().count())),
            fact("services", fleet.services().count().to_string()),
            Line::default(),
            Line::styled("newest lines of the log", view.style(Role::Quiet)),
        ];
        lines.extend(stats.log.newest(200).into_iter().map(|line| Line::styled(line, view.style(Role::Text))));
        lines
    }
}

impl Layer for Debug {
    fn title(&self, _view: &View<'_>) -> String {
        "The console itself".into()
    }

    fn wants(&self, _view: &View<'_>) -> (u16, u16) {
        (100, 24)
    }

    fn prepare(&mut self, view: &View<'_>, inner: Rect) {
        self.reader.settle(Self::lines(view), inner.height);
    }

    fn draw(&self, view: &View<'_>, inner: Rect, buf: &mut Buffer) {
        self.reader.draw(view, inner, buf);
    }

    fn key(&mut self, _chord: Chord, action: Option<Action>, _view: &View<'_>) -> Vec<Command> {
        match action {
            Some(Action::Debug | Action::Quit) => vec![Command::Close],
            Some(action) => {
                self.reader.moves(action);
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}
