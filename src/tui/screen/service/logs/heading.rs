//! What stands above the lines: what is shown, whether it follows, what was lost, which streams ended and why.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::engine::LogPane;
use crate::tui::screen::{View, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::Logs;

/// Draws the heading into one line.
pub fn draw(view: &View<'_>, logs: &Logs, pane: &LogPane, area: Rect, buf: &mut Buffer) {
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let right = Line::from(right(view, logs, pane));
    let left = words::draw_right(&right, inner, buf, view.glyphs);
    words::draw(&Line::from(left_side(view, logs, pane)), left, buf, view.glyphs);
}

fn left_side<'a>(view: &View<'_>, logs: &Logs, pane: &LogPane) -> Vec<Span<'a>> {
    let quiet = view.style(Role::Quiet);
    let mut out = Vec::new();
    let (mark, word, role) = match (logs.choice.previous, logs.window.follows()) {
        (true, _) => (view.glyphs.dot, "before the last restart", Role::Warn),
        (false, true) => (view.glyphs.playing, "following", Role::Accent),
        (false, false) => (view.glyphs.paused, "standing still", Role::Warn),
    };
    out.push(Span::styled(format!("{mark} {word}"), view.style(role)));
    let of = match &logs.choice.instance {
        Some(key) => logs.names.get(key).map_or_else(|| "one Instance".to_owned(), |name| name.whole.clone()),
        None => figure::of(pane.asked.len() as u64, "Instance"),
    };
    out.push(Span::styled(format!("  {of}  {}", logs.choice.since.word()), quiet));
    let lost = pane.dropped;
    if lost > 0 {
        let words = format!("  {} lost: they came too fast", figure::of(lost, "line"));
        out.push(Span::styled(words, view.style(Role::Warn)));
    }
    let failed = pane.endings.iter().filter_map(|(_, why)| why.as_ref()).next_back();
    match failed {
        Some(why) => out.push(Span::styled(format!("  ended: {why}"), view.style(Role::Warn))),
        None if pane.open == 0 && !logs.choice.previous => {
            out.push(Span::styled("  all have ended; what starts again is followed", quiet));
        }
        None => {}
    }
    out
}

fn right<'a>(view: &View<'_>, logs: &Logs, pane: &LogPane) -> Vec<Span<'a>> {
    let mut out = Vec::new();
    if !logs.search.is_empty() {
        let only = match logs.window.kept() {
            Some(kept) => format!(" only {}", figure::count(kept as u64)),
            None => String::new(),
        };
        out.push(Span::styled(format!("/{}{only}  ", logs.search), view.style(Role::Accent)));
    }
    let mut words = figure::of(pane.lines.len() as u64, "line");
    if pane.forgotten > 0 {
        words.push_str(&format!(", {} older gone", figure::count(pane.forgotten)));
    }
    out.push(Span::styled(words, view.style(Role::Quiet)));
    out
}
