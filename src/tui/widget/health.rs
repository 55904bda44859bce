//! A health state as shape and word in its colour.

use ratatui::text::Span;

use crate::model::HealthState;
use crate::tui::screen::View;
use crate::tui::theme::Role;

/// `▲ down`: never a colour alone.
#[must_use]
pub fn span<'a>(view: &View<'_>, state: HealthState) -> Span<'a> {
    let word = if state == HealthState::Healthy { "ok" } else { state.shown() };
    Span::styled(format!("{} {word}", view.glyphs.health(state)), view.style(Role::health(state)))
}
