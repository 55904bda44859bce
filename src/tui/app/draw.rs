//! One frame: ground, header, body, footer, and the overlay over them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line;

use super::{App, LEAST, facts, view};
use crate::engine::State;
use crate::model::Timestamp;
use crate::tui::overlay;
use crate::tui::screen::View;
use crate::tui::theme::Role;
use crate::tui::widget::{chrome, rule, words};

/// Below this height the rules give their lines to the body.
const ROOMY: u16 = 12;

/// The place of a screen between header and footer.
#[must_use]
pub(super) fn body(size: Size) -> Rect {
    let edge = if size.height >= ROOMY { 2 } else { 1 };
    Rect { x: 0, y: edge.min(size.height), width: size.width, height: size.height.saturating_sub(2 * edge) }
}

impl App {
    /// Draws the whole screen into `buf`, which has the size of the terminal.
    pub fn draw(&mut self, state: &State, now: Timestamp, buf: &mut Buffer) {
        self.ui.size = Size::new(buf.area.width, buf.area.height);
        self.ui.expire(now);
        self.follow_checks(state, now);
        let view = view(&self.ui, &self.look, facts(self.frozen.as_deref(), state), now);
        let area = buf.area;
        buf.set_style(area, view.style(Role::Text).patch(view.style(Role::Background)));
        if area.width < LEAST.width || area.height < LEAST.height {
            let line = Line::styled("too small", view.style(Role::Text));
            return words::draw(&line, Rect { height: area.height.min(1), ..area }, buf, view.glyphs);
        }
        self.screens.ensure(&view);
        let body = body(self.ui.size);
        let top = self.screens.top();
        top.prepare(&view, body);
        chrome::header(&view, Rect { height: 1, ..area }, buf);
        top.draw(&view, body, buf);
        if area.height >= ROOMY {
            rule::draw(&view, Rect { y: 1, height: 1, ..area }, buf);
            rule::draw(&view, Rect { y: area.bottom() - 2, height: 1, ..area }, buf);
        }
        let footer = Rect { y: area.bottom() - 1, height: 1, ..area };
        if let Some(prompt) = &self.prompt {
            draw_prompt(prompt, top.filter_help(), &view, footer, buf);
        } else {
            let hints = top.hints(&view);
            chrome::footer(&view, footer, buf, &hints, top.filter());
        }
        if let Some(layer) = self.layers.last_mut() {
            let inner = overlay::inner(layer.as_ref(), &view, area);
            layer.prepare(&view, inner);
            overlay::draw(layer.as_ref(), &view, area, buf);
        }
    }
}

fn draw_prompt(prompt: &super::Prompt, help: &str, view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let mark = Line::styled("/ ", view.style(Role::Accent));
    words::draw(&mark, inner, buf, view.glyphs);
    let mut place = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), ..inner };
    if let Some(problem) = &prompt.problem {
        place = words::draw_right(&Line::styled(problem.clone(), view.style(Role::Warn)), place, buf, view.glyphs);
    }
    prompt.field.draw(view, place, buf, help);
}
