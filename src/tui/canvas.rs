//! The picture on the terminal and the next one; and how soon the next may follow.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::paint;

/// Shortest time between two frames that news alone make.
const FRAME: Duration = Duration::from_millis(33);
/// Bytes a second that news alone may write (PERFORMANCE T12: at most 32 kB/s under a storm).
const BYTES_PER_SECOND: u32 = 24_000;
/// Largest screen that is drawn; beyond it the rest stays blank.
const MOST: Size = Size::new(1_000, 500);

/// Both pictures.
pub(super) struct Canvas {
    shown: Buffer,
    next: Buffer,
    /// What the terminal shows is not known: everything is written.
    whole: bool,
    ascii: bool,
    /// When news may make the next frame.
    due: Option<Instant>,
}

impl Canvas {
    pub(super) fn new(size: Size, ascii: bool) -> Self {
        let blank = Buffer::empty(area(size));
        Self { shown: blank.clone(), next: blank, whole: true, ascii, due: None }
    }

    /// The terminal has another size: all is drawn anew.
    pub(super) fn resize(&mut self, size: Size) {
        if area(size) != self.next.area {
            self.next = Buffer::empty(area(size));
            self.shown = self.next.clone();
        }
        self.whole = true;
    }

    /// What the terminal shows is not known any more.
    pub(super) fn spoil(&mut self) {
        self.whole = true;
    }

    /// How long news still have to wait.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.due.map(|due| due.saturating_duration_since(now)).unwrap_or_default()
    }

    /// Draws the next picture and returns the bytes that show it; none where nothing changed.
    pub(super) fn frame(&mut self, now: Instant, draw: impl FnOnce(&mut Buffer)) -> Vec<u8> {
        self.next.reset();
        draw(&mut self.next);
        let bytes = if std::mem::take(&mut self.whole) {
            paint::whole(&self.next, self.ascii)
        } else {
            paint::difference(&self.shown, &self.next, self.ascii)
        };
        std::mem::swap(&mut self.shown, &mut self.next);
        let cost = Duration::from_secs(1) * u32::try_from(bytes.len()).unwrap_or(u32::MAX) / BYTES_PER_SECOND;
        self.due = Some(now + FRAME.max(cost));
        bytes
    }
}

fn area(size: Size) -> Rect {
    Rect::new(0, 0, size.width.min(MOST.width), size.height.min(MOST.height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::instant;
    use ratatui::style::Style;

    #[test]
    fn news_wait_for_the_frame_time_and_longer_where_much_was_written() {
        let mut canvas = Canvas::new(Size::new(80, 24), false);
        let now = instant();
        assert_eq!(canvas.wait(now), Duration::ZERO);
        let bytes = canvas.frame(now, |buf| {
            for y in 0..24 {
                buf.set_string(0, y, "x".repeat(80), Style::new());
            }
        });
        assert!(bytes.len() > 1_900 && canvas.wait(now) > FRAME);
        let later = now + Duration::from_secs(1);
        assert!(canvas.frame(later, |buf| buf.set_string(0, 0, "y", Style::new())).len() > 20);
    }

    #[test]
    fn any_size_is_drawn_on() {
        for (width, height) in [(0, 0), (1, 1), (65_535, 65_535), (300, 100)] {
            let mut canvas = Canvas::new(Size::new(80, 24), false);
            canvas.resize(Size::new(width, height));
            let _bytes = canvas.frame(instant(), |buf| buf.set_style(buf.area, Style::new()));
        }
    }
}
