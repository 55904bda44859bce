//! A Source's page: everything it says of itself, what is denied, and the exact grant that would help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::fleet::SourceView;
use crate::model::{Freshness, SourceName};
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::reader::Reader;
use crate::tui::screen::{Answer, Command, Place, Screen, Subject, View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::{ages, words};

use super::source_row::{self, SourceRow};

/// The page of one Source.
pub struct SourcePage {
    name: SourceName,
    reader: Reader,
}

impl SourcePage {
    /// The page of the Source of that name.
    #[must_use]
    pub fn new(name: SourceName) -> Self {
        Self { name, reader: Reader::default() }
    }
}

impl Screen for SourcePage {
    fn place(&self) -> Place {
        Place::Source(self.name.clone())
    }

    fn contexts(&self) -> &'static [Context] {
        &[Context::Sources, Context::List]
    }

    fn hints(&self, _view: &View<'_>) -> Vec<Action> {
        vec![Action::Back, Action::Connect, Action::Refresh, Action::Copy, Action::Sources, Action::Palette]
    }

    fn prepare(&mut self, view: &View<'_>, area: Rect) {
        let width = usize::from(area.width.saturating_sub(2));
        let lines = match view.state.fleet.source(&self.name) {
            Some(source) => lines(view, source, width),
            None => vec![Line::styled("this Source is not configured any more", view.style(Role::Quiet))],
        };
        self.reader.take(lines, area.height);
    }

    fn draw(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        self.reader.draw(view, area, buf);
    }

    fn on(&mut self, action: Action, view: &View<'_>) -> Answer {
        if self.reader.moves(action) {
            return Answer::DONE;
        }
        let state = view.state.fleet.source(&self.name).map(|source| source.state);
        match action {
            Action::Open | Action::Connect if state == Some(Freshness::Idle) => super::connect(self.name.clone()),
            Action::Connect => super::disconnect(self.name.clone()),
            Action::Copy => {
                let grants = view
                    .state
                    .fleet
                    .source(&self.name)
                    .map(|source| source_row::grants(source.kind, &source.status.denials).join("\n"));
                let text = grants.filter(|text| !text.is_empty()).unwrap_or_else(|| self.name.to_string());
                Answer::one(Command::Copy(text))
            }
            _ => Answer::Pass,
        }
    }

    fn subject(&self, _view: &View<'_>) -> Option<Subject> {
        Some(Subject::Source(self.name.clone()))
    }
}

fn lines(view: &View<'_>, source: &SourceView, width: usize) -> Vec<Line<'static>> {
    let row = SourceRow::of(source, cells::when(view));
    let (text, quiet) = (view.style(Role::Text), view.style(Role::Quiet));
    let mark = format!("{} {}", view.glyphs.health(row.grade), row.state.word());
    let mut out = vec![
        Line::from(vec![
            Span::styled(row.name.clone(), view.style(Role::Strong)),
            Span::styled(format!("   {mark}"), view.style(Role::health(row.grade))),
            Span::styled(format!("  for {}", row.since), quiet),
        ]),
        Line::default(),
    ];
    let mut field = |name: &str, value: String, style: Style| {
        if value.is_empty() {
            return;
        }
        for (n, piece) in words::wrap(&value, width.saturating_sub(12).max(16)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            out.push(Line::from(vec![Span::styled(format!("{name:<12}"), quiet), Span::styled(piece, style)]));
        }
    };
    field("detail", source.status.detail.as_ref().map(|d| d.shown().to_owned()).unwrap_or_default(), text);
    field("kind", row.kind.to_owned(), text);
    field("found by", source.found_by.shown().to_owned(), text);
    field("version", row.version, text);
    field("since", ages::exact(source.since), text);
    field("answered", source.status.answered_at.map(ages::exact).unwrap_or_default(), text);
    field("latency", row.latency.unwrap_or_default(), text);
    field("calls", format!("{} since the start", row.calls), text);
    let cost = source.status.cost_usd_per_day.map(|cost| format!("about ${cost} a day, by list prices"));
    field("cost", cost.unwrap_or_default(), text);
    field("objects", row.objects, text);
    if source.state == Freshness::Idle {
        field("connect", "Enter connects it".to_owned(), view.style(Role::Accent));
    }
    old(view, source, &mut out);
    denials(view, source, &mut out);
    out
}

/// What was read before and cannot be read now, with the age of what is known of it.
fn old(view: &View<'_>, source: &SourceView, out: &mut Vec<Line<'static>>) {
    if source.status.lapses.is_empty() {
        return;
    }
    out.push(Line::default());
    out.push(Line::styled("OLD: WHAT IS KNOWN OF IT STAYS, AND IS NOT COUNTED ON", view.style(Role::Strong)));
    for lapse in &source.status.lapses {
        let since = format!("  since {}", ages::exact(lapse.since));
        out.push(Line::from(vec![
            Span::styled(format!("{} ", view.glyphs.hollow), view.style(Role::Warn)),
            Span::styled(lapse.subject().shown().to_owned(), view.style(Role::Text)),
            Span::styled(since, view.style(Role::Text)),
            Span::styled(format!("  {}", lapse.why), view.style(Role::Quiet)),
        ]));
    }
}

fn denials(view: &View<'_>, source: &SourceView, out: &mut Vec<Line<'static>>) {
    if source.status.denials.is_empty() {
        return;
    }
    let count = figure::of(source.status.denials.len() as u64, "denial");
    out.push(Line::default());
    out.push(Line::styled(count.to_uppercase(), view.style(Role::Strong)));
    for denial in &source.status.denials {
        let place = denial.scope.as_ref().map_or("in the whole cluster".to_owned(), |scope| format!("in {scope}"));
        out.push(Line::from(vec![
            Span::styled(format!("{} ", view.glyphs.no), view.style(Role::Bad)),
            Span::styled(format!("{} {}", denial.verb, denial.resource), view.style(Role::Text)),
            Span::styled(format!("  {place}"), view.style(Role::Quiet)),
        ]));
    }
    out.push(Line::default());
    out.push(Line::styled("WHAT WOULD HELP (c copies it)", view.style(Role::Strong)));
    for line in source_row::grants(source.kind, &source.status.denials) {
        out.push(Line::styled(line, view.style(Role::Accent)));
    }
}
