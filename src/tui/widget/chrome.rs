//! What stands on every screen: the header line with each Environment, the footer with the keys that help here.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{ages, words};
use crate::model::HealthState;
use crate::tui::keymap::Action;
use crate::tui::screen::View;
use crate::tui::state::Replaying;
use crate::tui::theme::Role;

/// Draws the header over the first row of `area`.
pub fn header(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: 1, ..area };
    let mut right = sources(view, area.width < NARROW);
    if let Some(tape) = view.ui.replaying {
        right = vec![Span::styled(told(view, tape), view.style(Role::Accent))];
    }
    if view.ui.frozen.is_some() {
        right.insert(0, Span::styled("frozen  ", view.style(Role::Warn)));
    }
    right.push(Span::styled(format!("   {}  ", ages::clock(view.now)), view.style(Role::Quiet)));
    right.push(Span::styled(view.keymap.shown(Action::Help, view.glyphs.ascii), view.style(Role::Accent)));
    let left = words::draw_right(&Line::from(right), inner, buf, view.glyphs);
    words::draw(&Line::from(environments(view, left.width)), left, buf, view.glyphs);
}

fn environments(view: &View<'_>, width: u16) -> Vec<Span<'static>> {
    let mut out = vec![Span::styled("Quarterdeck", view.style(Role::Strong))];
    if let Some(narrowed) = &view.ui.narrowed {
        out.push(Span::styled(format!("  only {}", view.environment(narrowed)), view.style(Role::Accent)));
    }
    let mut taken: usize = out.iter().map(Span::width).sum();
    let mut all = view.state.fleet.environments();
    all.retain(|environment| view.ui.shows(&environment.address));
    // What is bad is said first: where there is no room for all, nobody misses the others.
    all.sort_by_key(|environment| {
        std::cmp::Reverse(environment.health.state.is_bad().then_some(environment.health.state))
    });
    for (n, environment) in all.iter().enumerate() {
        let state = environment.health.state;
        let mark = Span::styled(format!("   {} ", view.glyphs.health(state)), view.style(Role::health(state)));
        let name = Span::styled(view.environment(&environment.address), view.style(Role::Text));
        let plain = matches!(state, HealthState::Healthy | HealthState::Idle | HealthState::Unchecked);
        let word = if plain { String::new() } else { format!(" {}", state.shown()) };
        let word = Span::styled(word, view.style(Role::health(state)));
        taken += mark.width() + name.width() + word.width();
        let more = if n + 1 == all.len() { 0 } else { 6 };
        if taken + more > usize::from(width) {
            out.push(Span::styled(format!("  +{}", all.len() - n), view.style(Role::Quiet)));
            break;
        }
        out.extend([mark, name, word]);
    }
    out
}

/// Below this width a Source in trouble is counted, not named: the Environments need the room.
const NARROW: u16 = 110;

fn sources(view: &View<'_>, narrow: bool) -> Vec<Span<'static>> {
    use crate::model::Freshness;
    let wanted: Vec<_> = view.state.fleet.sources().filter(|source| source.state != Freshness::Idle).collect();
    let bad: Vec<_> = wanted.iter().filter(|source| !source.state.is_live()).collect();
    let plural = if wanted.len() == 1 { "" } else { "s" };
    let mut out = vec![Span::styled(format!("{} source{plural}", wanted.len()), view.style(Role::Quiet))];
    match bad.as_slice() {
        [] => {}
        [one] => {
            let role = if one.state == Freshness::Connecting { Role::Quiet } else { Role::Warn };
            let age = if one.state == Freshness::Stale {
                format!(" {}", ages::ago(one.since, view.now))
            } else {
                String::new()
            };
            let name = if narrow { "1".to_owned() } else { one.name.to_string() };
            let text = format!(" {} {name} {}{age}", view.glyphs.dot, one.state.word());
            out.push(Span::styled(text, view.style(role)));
        }
        several => {
            let text = format!(" {} {} not fresh", view.glyphs.dot, several.len());
            out.push(Span::styled(text, view.style(Role::Warn)));
        }
    }
    out
}

/// Where the tape stands: `tape ‖ 12 of 340`, `tape ▸ ×2 12 of 340`.
fn told(view: &View<'_>, tape: Replaying) -> String {
    let (played, all) = tape.progress;
    if tape.speed > 0.0 {
        format!("tape {} x{} {played} of {all}", view.glyphs.playing, tape.speed)
    } else {
        format!("tape {} {played} of {all}", view.glyphs.paused)
    }
}

/// Draws the footer over the first row of `area`: a toast while there is one, else the filter in force and the keys that
/// help.
pub fn footer(view: &View<'_>, area: Rect, buf: &mut Buffer, hints: &[Action], filter: Option<&str>) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: 1, ..area };
    if let Some(toast) = &view.ui.toast {
        let role = if toast.bad { Role::Warn } else { Role::Text };
        words::draw(&Line::styled(toast.text.clone(), view.style(role)), inner, buf, view.glyphs);
        return;
    }
    let mut line = Vec::new();
    if let Some(filter) = filter.filter(|filter| !filter.is_empty()) {
        line.push(Span::styled(format!("/ {filter}   "), view.style(Role::Accent)));
    }
    let mut taken: usize = line.iter().map(Span::width).sum();
    let mut gap = "";
    for action in hints {
        let key = view.keymap.shown(*action, view.glyphs.ascii);
        if key.is_empty() {
            continue;
        }
        let hint = [
            Span::raw(gap),
            Span::styled(key, view.style(Role::Accent)),
            Span::styled(format!(" {}", action.row().hint), view.style(Role::Quiet)),
        ];
        taken += hint.iter().map(Span::width).sum::<usize>();
        // A hint that does not fit whole is left out.
        if taken > usize::from(inner.width) {
            break;
        }
        line.extend(hint);
        gap = "  ";
    }
    words::draw(&Line::from(line), inner, buf, view.glyphs);
}
