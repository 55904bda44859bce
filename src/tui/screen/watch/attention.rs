//! NEEDS ATTENTION: one line for each thing that does, worst first, with the reason in words and the key that helps.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::fleet::Attention;
use crate::tui::keymap::Action;
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::index::Index;
use super::place::Places;

/// Cells of the name column at least and at most.
const NAMES: (usize, usize) = (12, 32);

/// Draws the part.
pub fn draw(view: &View<'_>, places: &Places, index: &Index, cursor: Option<usize>, buf: &mut Buffer) {
    let area = places.attention;
    heading(view, index, places, Rect { height: area.height.min(1), ..area }, buf);
    let shown: Vec<&Attention> =
        index.attention.iter().skip(places.attention_top).take(places.attention_room).collect();
    let names: Vec<String> = shown.iter().map(|line| name(view, index, line)).collect();
    let widest = names.iter().map(|name| Span::raw(name.as_str()).width()).max().unwrap_or(0);
    let width = u16::try_from(widest.clamp(NAMES.0, NAMES.1)).unwrap_or(12).min(area.width / 3);
    for (n, (line, name)) in shown.iter().zip(names).enumerate() {
        let Some(y) = u16::try_from(n).ok().map(|n| area.y + 1 + n) else { break };
        let place = Rect { y, height: 1, ..area };
        row(view, line, &name, width, place, buf);
        if cursor == Some(places.attention_top + n) {
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
        let calm = [
            Span::styled(format!("{} ", view.glyphs.ok), view.style(Role::Ok)),
            Span::styled("nothing needs attention", view.style(Role::Text)),
        ];
        words::draw(&Line::from(calm.to_vec()), left, buf, view.glyphs);
        return;
    }
    let below = index.attention.len().saturating_sub(places.attention_top + places.attention_room);
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
        (None, None) => view.glyphs.dot.to_owned(),
    }
}

fn row(view: &View<'_>, line: &Attention, name: &str, width: u16, area: Rect, buf: &mut Buffer) {
    let inner = inset(area);
    let role = Role::health(line.severity);
    let (action, hint) = help(view, line);
    let key = view.keymap.shown(action, view.glyphs.ascii);
    let age = line.since.map(|since| cells::when(view).age(since)).unwrap_or_default();
    let narrow = inner.width < 100;
    let hint_width = if narrow { 0 } else { 15 };
    let mut end = vec![Span::styled(format!("{age:>5}"), view.style(Role::Quiet))];
    if hint_width > 0 && !key.is_empty() {
        end.push(Span::styled(format!("   {key} "), view.style(Role::Accent)));
        end.push(Span::styled(format!("{hint:<hint_width$}"), view.style(Role::Quiet)));
    } else if !key.is_empty() {
        end.push(Span::styled(format!(" {key}"), view.style(Role::Accent)));
    }
    let left = words::draw_right(&Line::from(end), inner, buf, view.glyphs);
    let mark = Rect { width: left.width.min(2), ..left };
    words::draw(&Line::styled(view.glyphs.health(line.severity), view.style(role)), mark, buf, view.glyphs);
    let names = Rect { x: left.x + mark.width, width: width.min(left.width - mark.width), ..left };
    words::draw(&Line::styled(name.to_owned(), view.style(Role::Strong)), names, buf, view.glyphs);
    let x = names.right().saturating_add(2);
    let reason = Rect { x, width: left.right().saturating_sub(x), ..left };
    words::draw(&Line::styled(line.text.shown(), view.style(Role::Text)), reason, buf, view.glyphs);
}

/// The key that helps most with this kind of trouble.
fn help(view: &View<'_>, line: &Attention) -> (Action, &'static str) {
    let Some(address) = &line.service else { return (Action::Open, "source") };
    let service = view.state.fleet.service(address);
    let rule = service.and_then(|service| service.health.reasons.first()).map_or("", |reason| reason.rule.shown());
    match rule {
        "crash loop" | "restart burst" | "OOM kill" => (Action::LogsPrevious, "previous logs"),
        "failing probe" => (Action::Logs, "logs"),
        "image pull failure" | "unschedulable" | "stuck rollout" => (Action::Events, "events"),
        _ => (Action::Why, "why"),
    }
}

fn inset(area: Rect) -> Rect {
    Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area }
}
