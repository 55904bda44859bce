//! NEEDS ATTENTION: one line for each thing that does, worst first, with the reason in words and the key that helps. Where
//! there is room a long reason goes on on a second line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::fleet::Attention;
use crate::model::{HealthState, Kind};
use crate::tui::keymap::Action;
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::index::Index;
use super::place::Places;

/// Cells of the name column at least and at most.
const NAMES: (usize, usize) = (12, 32);
/// Cells before the name: its mark; behind the reason: age and key, with the key's word from this width on.
const MARK: usize = 2;
const AGE_AND_KEY: usize = 5 + 7;
const HINT: usize = 14;
const ROOM_FOR_HINT: usize = 100;

/// From this many lines on none is broken: a storm is read down, not across.
const STORM: usize = 24;

/// Lines as they will be drawn.
#[derive(Clone, Debug, Default)]
struct Told {
    /// For each its name and its reason, broken into lines.
    lines: Vec<(String, Vec<String>)>,
    name_width: usize,
    with_hint: bool,
}

impl Told {
    /// Breaks the reasons of some lines for a width.
    fn of(view: &View<'_>, index: &Index, width: u16, lines: &[Attention]) -> Self {
        let inner = usize::from(width.saturating_sub(2));
        let with_hint = inner >= ROOM_FOR_HINT;
        let names: Vec<String> = lines.iter().map(|line| name(view, index, line)).collect();
        let widest = names.iter().map(|name| Span::raw(name.as_str()).width()).max().unwrap_or(0);
        let name_width = widest.clamp(NAMES.0, NAMES.1).min(inner / 3);
        let end = AGE_AND_KEY + if with_hint { HINT } else { 0 };
        let room = inner.saturating_sub(MARK + name_width + 2 + end + 2).max(16);
        let reasons = lines.iter().map(|line| words::wrap(line.text.shown(), room));
        Self { lines: names.into_iter().zip(reasons).collect(), name_width, with_hint }
    }
}

/// Lines of the screen that each attention line would like.
#[must_use]
pub fn heights(view: &View<'_>, index: &Index, width: u16) -> Vec<usize> {
    if index.attention.len() > STORM {
        return vec![1; index.attention.len()];
    }
    Told::of(view, index, width, &index.attention).lines.iter().map(|(_, reason)| reason.len()).collect()
}

/// Draws the part.
pub fn draw(view: &View<'_>, places: &Places, index: &Index, cursor: Option<usize>, buf: &mut Buffer) {
    let area = places.attention;
    heading(view, index, places, Rect { height: area.height.min(1), ..area }, buf);
    let shown: Vec<_> = places.attention_lines().collect();
    let range = places.attention_top..places.attention_top + shown.len();
    let lines = index.attention.get(range).unwrap_or_default();
    let told = Told::of(view, index, area.width, lines);
    for ((line, (name, reason)), (n, y, height)) in lines.iter().zip(&told.lines).zip(shown) {
        let place = Rect { y, height, ..area }.intersection(area);
        row(view, line, (name, reason), &told, place, buf);
        if cursor == Some(n) {
            buf.set_style(place.intersection(buf.area), view.style(Role::Selection));
        }
    }
}

fn heading(view: &View<'_>, index: &Index, places: &Places, area: Rect, buf: &mut Buffer) {
    let inner = inset(area);
    let services = figure::of(index.services as u64, "service");
    if index.attention.is_empty() {
        let unchecked = match index.unchecked {
            0 => String::new(),
            n => format!(", {n} not checked"),
        };
        let right = Line::styled(format!("{services}{unchecked}"), view.style(Role::Quiet));
        let left = words::draw_right(&right, inner, buf, view.glyphs);
        // What a filter hides may well be broken.
        let calm =
            if index.filtered { "nothing that the filter shows needs attention" } else { "nothing needs attention" };
        let calm = [
            Span::styled(format!("{} ", view.glyphs.ok), view.style(Role::Ok)),
            Span::styled(calm, view.style(Role::Text)),
        ];
        words::draw(&Line::from(calm.to_vec()), left, buf, view.glyphs);
        return;
    }
    let below = index.attention.len().saturating_sub(places.attention_lines().last().map_or(0, |(n, ..)| n + 1));
    let mut right = format!("{} of {services}", index.troubled);
    if below > 0 {
        right = format!("{below} more below {} {right}", view.glyphs.dot);
    }
    let left = words::draw_right(&Line::styled(right, view.style(Role::Quiet)), inner, buf, view.glyphs);
    words::draw(&Line::styled("NEEDS ATTENTION", view.style(Role::Strong)), left, buf, view.glyphs);
}

fn name(view: &View<'_>, index: &Index, line: &Attention) -> String {
    match (&line.service, &line.source) {
        (Some(address), _) if index.several_systems => address.to_string(),
        (Some(address), _) => address.short(),
        (None, Some(source)) => source.to_string(),
        (None, None) => match &line.signal {
            Some(signal) if index.several_systems => format!("{}/{}", signal.environment, signal.name),
            Some(signal) => format!("{}/{}", signal.environment.environment, signal.name),
            None => view.glyphs.dot.to_owned(),
        },
    }
}

fn row(
    view: &View<'_>,
    line: &Attention,
    (name, reason): (&str, &[String]),
    told: &Told,
    area: Rect,
    buf: &mut Buffer,
) {
    let inner = inset(area);
    let (mark, role) = mark(view, line.severity);
    let (action, hint) = help(view, line);
    let key = view.keymap.shown(action, view.glyphs.ascii);
    // How long a Source has been silent must be right to the second: somebody waits for it.
    let since = |at| if line.source.is_some() { cells::when(view).exact_age(at) } else { cells::when(view).age(at) };
    let age = line.since.map(since).unwrap_or_default();
    let mut end = vec![Span::styled(format!("{age:>5}"), view.style(Role::Quiet))];
    end.push(Span::styled(format!("  {key:>5}"), view.style(Role::Accent)));
    if told.with_hint {
        end.push(Span::styled(format!(" {hint:<width$}", width = HINT - 1), view.style(Role::Quiet)));
    }
    let left = words::draw_right(&Line::from(end), inner, buf, view.glyphs);
    let names = u16::try_from(told.name_width).unwrap_or(0);
    words::draw(&Line::styled(mark, view.style(role)), Rect { width: left.width.min(2), ..left }, buf, view.glyphs);
    let place = Rect { x: left.x + 2, width: names.min(left.width.saturating_sub(2)), ..left };
    words::draw(&Line::styled(name.to_owned(), view.style(Role::Strong)), place, buf, view.glyphs);
    let x = place.right().saturating_add(2);
    let place = Rect { x, width: left.right().saturating_sub(x), height: 1, ..left };
    let rows = usize::from(inner.height);
    for (n, (piece, y)) in reason.iter().zip(inner.top()..inner.bottom()).enumerate() {
        // The last line that fits takes the rest, cut with a mark, so that nobody thinks it ended there.
        let piece = if n + 1 == rows { reason[n..].join(" ") } else { piece.clone() };
        words::draw(&Line::styled(piece, view.style(Role::Text)), Rect { y, ..place }, buf, view.glyphs);
    }
}

/// Shape and colour of a line: what is worth a look although nothing is broken is neither red nor green.
fn mark(view: &View<'_>, severity: HealthState) -> (&'static str, Role) {
    match severity {
        HealthState::Unknown => (view.glyphs.warn, Role::Warn),
        HealthState::Unchecked => (view.glyphs.hollow, Role::Warn),
        state => (view.glyphs.health(state), Role::health(state)),
    }
}

/// The key that helps most with this kind of trouble.
fn help(view: &View<'_>, line: &Attention) -> (Action, &'static str) {
    let Some(address) = &line.service else {
        return match &line.signal {
            Some(signal) if signal.key.kind == Kind::Queue => (Action::Open, "queues"),
            Some(_) => (Action::Open, "alarm"),
            None => (Action::Open, "source"),
        };
    };
    let service = view.state.fleet.service(address);
    let reasons = service.map(|service| service.health.reasons.as_slice()).unwrap_or_default();
    let rules = reasons.iter().map(|reason| reason.rule.shown());
    let known = rules.filter_map(|rule| match rule {
        "crash loop" | "restart burst" | "OOM kill" | "exited" => Some((Action::LogsPrevious, "previous logs")),
        "failing probe" | "job failed" => Some((Action::Logs, "logs")),
        "image pull failure" | "unschedulable" | "stuck rollout" | "cannot start" => Some((Action::Events, "events")),
        _ => None,
    });
    known.into_iter().next().unwrap_or((Action::Why, "why"))
}

fn inset(area: Rect) -> Rect {
    Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area }
}
