//! What lies over a screen: one box at a time, everything behind it dim.

mod actions;
mod debug;
mod fuzzy;
mod help;
mod narrow;
mod palette;
mod picker;
mod reader;
mod themes;
mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::keymap::{Action, Chord, Context};
use super::screen::{Command, Overlay, View};
use super::theme::Role;
use super::widget::words;

/// An open overlay.
pub trait Layer {
    /// What stands in its upper edge.
    fn title(&self, view: &View<'_>) -> String;

    /// Cells that it would like inside its frame; it gets less where the screen is smaller.
    fn wants(&self, view: &View<'_>) -> (u16, u16);

    /// Before every draw: bring lists up to date and scroll.
    fn prepare(&mut self, view: &View<'_>, inner: Rect);

    /// Draws inside the frame.
    fn draw(&self, view: &View<'_>, inner: Rect, buf: &mut Buffer);

    /// A key; `action` is what the keymap knows of it. The shell closes on `Back` by itself.
    fn key(&mut self, chord: Chord, action: Option<Action>, view: &View<'_>) -> Vec<Command>;

    /// Pasted text.
    fn paste(&mut self, _text: &str, _view: &View<'_>) -> Vec<Command> {
        Vec::new()
    }

    /// A click inside the frame.
    fn click(&mut self, _x: u16, _y: u16, _inner: Rect, _view: &View<'_>) -> Vec<Command> {
        Vec::new()
    }

    /// Whether it takes letters as text, so that no letter is a command.
    fn types(&self) -> bool {
        false
    }

    /// It goes away without having been used.
    fn dismissed(&mut self, _view: &View<'_>) -> Vec<Command> {
        Vec::new()
    }
}

/// What an overlay is opened over.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// The contexts of the screen below.
    pub contexts: &'a [Context],
}

/// Makes an overlay.
#[must_use]
pub fn open(overlay: &Overlay, under: Under<'_>, view: &View<'_>) -> Box<dyn Layer> {
    match overlay {
        Overlay::Help => Box::new(help::open(under.contexts, view)),
        Overlay::Palette => Box::new(palette::open(view)),
        Overlay::Themes => Box::new(themes::open(view)),
        Overlay::Narrow => Box::new(narrow::open(view)),
        Overlay::Debug => Box::new(debug::Debug::default()),
        Overlay::Actions(subject) => Box::new(actions::open(subject, view)),
        Overlay::Why(address) => Box::new(why::Why::new(address.clone())),
    }
}

/// The place inside an overlay's frame; empty where the screen is too small for one.
#[must_use]
pub fn inner(layer: &dyn Layer, view: &View<'_>, screen: Rect) -> Rect {
    let (wide, high) = layer.wants(view);
    let width = wide.saturating_add(4).min(screen.width);
    let height = high.saturating_add(2).min(screen.height.saturating_sub(2)).max(3.min(screen.height));
    let x = screen.x + (screen.width - width) / 2;
    // A little above the middle: what the eye was on stays in view below.
    let y = screen.y + (screen.height - height) / 3;
    Rect { x: x + 2, y: y + 1, width: width.saturating_sub(4), height: height.saturating_sub(2) }
}

/// Dims the screen and draws an overlay over it.
pub fn draw(layer: &dyn Layer, view: &View<'_>, screen: Rect, buf: &mut Buffer) {
    let inner = inner(layer, view, screen);
    if inner.is_empty() {
        return;
    }
    dim(view, screen, buf);
    let outer = Rect { x: inner.x - 2, y: inner.y - 1, width: inner.width + 4, height: inner.height + 2 };
    clear(view, outer, buf);
    frame(view, outer, buf, &layer.title(view));
    layer.draw(view, inner, buf);
}

fn dim(view: &View<'_>, screen: Rect, buf: &mut Buffer) {
    let style = view.style(Role::Dim);
    let ground = view.style(Role::Background);
    for position in screen.intersection(buf.area).positions() {
        let cell = &mut buf[position];
        cell.modifier = Modifier::empty();
        cell.set_style(ground).set_style(style);
    }
}

fn clear(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let style = view.style(Role::Text).patch(view.style(Role::Dialog));
    for position in area.intersection(buf.area).positions() {
        buf[position].reset();
        buf[position].set_style(style);
    }
}

fn frame(view: &View<'_>, area: Rect, buf: &mut Buffer, title: &str) {
    let [top_left, top_right, bottom_left, bottom_right, across, down] = view.glyphs.frame;
    let (left, right) = (area.x, area.right() - 1);
    let (top, bottom) = (area.y, area.bottom() - 1);
    let mut put = |x: u16, y: u16, symbol: &str| {
        if let Some(cell) = buf.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(view.style(Role::Accent));
        }
    };
    for x in left + 1..right {
        put(x, top, across);
        put(x, bottom, across);
    }
    for y in top + 1..bottom {
        put(left, y, down);
        put(right, y, down);
    }
    for (x, y, symbol) in
        [(left, top, top_left), (right, top, top_right), (left, bottom, bottom_left), (right, bottom, bottom_right)]
    {
        put(x, y, symbol);
    }
    let place = Rect { x: left + 2, y: top, width: area.width.saturating_sub(4), height: 1 };
    words::draw(&Line::styled(format!(" {title} "), view.style(Role::Strong)), place, buf, view.glyphs);
}
