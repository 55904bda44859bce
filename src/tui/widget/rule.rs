//! The thin line that parts the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::screen::View;
use crate::tui::theme::Role;

/// Draws a rule over the first row of `area`.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
    for x in area.left()..area.right() {
        buf[(x, area.y)].set_symbol(view.glyphs.rule).set_style(view.style(Role::Rule));
    }
}
