//! A curve of one line: eight heights, the newest at the right, a blank where nothing was measured.

use ratatui::text::Span;

use crate::tui::screen::View;
use crate::tui::theme::Role;

/// The newest `width` values as bars between zero and `top` (the largest value where `None`).
#[must_use]
pub fn curve<'a>(view: &View<'_>, values: &[Option<f64>], width: usize, top: Option<f64>) -> Span<'a> {
    let shown = &values[values.len().saturating_sub(width)..];
    let highest = shown.iter().flatten().copied().fold(0.0, f64::max);
    let top = top.unwrap_or(highest);
    let mut out = " ".repeat(width.saturating_sub(shown.len()));
    for value in shown {
        out.push_str(value.map_or(" ", |value| view.glyphs.bars[height(value, top)]));
    }
    Span::styled(out, view.style(Role::Accent))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=7 before")]
fn height(value: f64, top: f64) -> usize {
    if top > 0.0 { (value / top * 7.0).round().clamp(0.0, 7.0) as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_go_from_the_floor_to_the_top_and_never_beyond() {
        assert_eq!([0.0, 5.0, 10.0, 99.0, -1.0].map(|v| height(v, 10.0)), [0, 4, 7, 7, 0]);
        assert_eq!(height(3.0, 0.0), 0);
    }
}
