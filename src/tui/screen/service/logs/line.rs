//! One log line as it is drawn: time, whose it is, level, message, fields.

use std::collections::HashMap;

use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::redact;
use crate::model::{Address, Key, LogLine, Stream};
use crate::tui::screen::reader::marked;
use crate::tui::screen::{View, figure};
use crate::tui::theme::Role;

use super::shape::{Level, shape};

/// How lines look.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// Long lines are broken; else cut at the edge.
    pub wrap: bool,
    /// JSON is taken apart.
    pub fields: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self { wrap: false, fields: true }
    }
}

/// An Instance's name beside its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What tells it from the others.
    pub short: String,
    pub whole: String,
    /// Its place among the Service's Instances: its colour.
    pub series: usize,
}

/// Names of a Service's Instances.
#[must_use]
pub fn names(view: &View<'_>, address: &Address) -> HashMap<Key, Name> {
    let Some(service) = view.state.fleet.service(address) else { return HashMap::new() };
    let instances = service.instances.iter().filter_map(|key| view.state.fleet.instance(key)).enumerate();
    instances
        .map(|(series, instance)| {
            let whole = instance.name.shown().to_owned();
            (instance.key.clone(), Name { short: short(&whole).to_owned(), whole, series })
        })
        .collect()
}

/// The part of a name after its last dash: `x2x` of `api-7d9f-x2x`, `1` of `shop-api-1`.
fn short(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(_, last)| last)
}

/// A line ready to be drawn.
pub struct Drawn {
    head: Vec<Span<'static>>,
    body: Line<'static>,
}

/// Makes a line ready; `search` is marked in it.
#[must_use]
pub fn draw(view: &View<'_>, line: &LogLine, names: &HashMap<Key, Name>, looks: Looks, search: &str) -> Drawn {
    let quiet = view.style(Role::Quiet);
    let time = line.at.map_or_else(|| " ".repeat(8), figure::time_of_day);
    let mut head = vec![Span::styled(format!("{time} "), quiet)];
    let several = names.len() > 1;
    if let Some(name) = names.get(&line.instance).filter(|_| several) {
        head.push(Span::styled(format!("{:<5} ", name.short), view.style(Role::series(name.series))));
    }
    if let Some(container) = &line.container {
        head.push(Span::styled(format!("{container} "), quiet));
    }
    let masked = redact::mask(line.text.shown());
    let shaped = shape(&masked, looks.fields);
    let role = match (line.stream, shaped.level) {
        (Stream::Note, _) => Role::Accent,
        (_, Level::Error) => Role::Bad,
        (_, Level::Warn) => Role::Warn,
        (_, Level::Other) => Role::Text,
    };
    let mut body = vec![Span::styled(shaped.message, view.style(role))];
    if !shaped.fields.is_empty() {
        body.push(Span::styled(format!("  {}", shaped.fields), quiet));
    }
    let body = Line::from(body);
    let body = if search.is_empty() { body } else { marked(view, &body, search) };
    Drawn { head, body }
}

/// Rows of the screen that a line takes when it is broken.
#[must_use]
pub fn rows(view: &View<'_>, line: &LogLine, names: &HashMap<Key, Name>, looks: Looks, width: usize) -> usize {
    draw(view, line, names, looks, "").render(width, true).len()
}

impl Drawn {
    /// The rows of the screen: one, or as many as it needs where it is broken.
    #[must_use]
    pub fn render(self, width: usize, wrap: bool) -> Vec<Line<'static>> {
        let indent: usize = self.head.iter().map(Span::width).sum();
        let room = width.saturating_sub(indent).max(20);
        if !wrap || self.body.width() <= room {
            let mut spans = self.head;
            spans.extend(self.body.spans);
            return vec![Line::from(spans)];
        }
        let mut rows = vec![self.head];
        let mut taken = 0;
        for span in self.body.spans {
            for letter in span.content.graphemes(true) {
                let width = letter.width();
                if taken + width > room {
                    rows.push(vec![Span::raw(" ".repeat(indent))]);
                    taken = 0;
                }
                taken += width;
                match rows.last_mut().and_then(|row| row.last_mut()).filter(|_| taken > width) {
                    Some(last) if last.style == span.style => last.content.to_mut().push_str(letter),
                    _ => {
                        if let Some(row) = rows.last_mut() {
                            row.push(Span::styled(letter.to_owned(), span.style));
                        }
                    }
                }
            }
        }
        rows.into_iter().map(Line::from).collect()
    }
}
