//! Cells that several screens share, drawn one way everywhere.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::HealthState;
use crate::tui::theme::Role;
use crate::tui::widget::{rule, words};

use super::View;
use super::figure::When;
use super::row::Release;

/// The two moments of a view.
#[must_use]
pub fn when(view: &View<'_>) -> When {
    When { now: view.now, minute: view.minute }
}

/// Cells that a text takes.
#[must_use]
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// A body below its one line of heading.
#[must_use]
pub fn below(area: Rect) -> Rect {
    Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area }
}

/// The second line of a body, inside its edges; nothing where there is none.
#[must_use]
pub fn second_line(area: Rect) -> Rect {
    let below = below(area);
    Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: below.height.min(1), ..below }
}

/// Lines that [`whole`] takes: a rule and two lines of text.
const WHOLE: u16 = 3;
/// Lines of a body from which on there is room for it.
const ROOM_FOR_WHOLE: u16 = 12;

/// Parts a body into the list and the place below it where the row under the cursor is told whole.
#[must_use]
pub fn split_whole(area: Rect) -> (Rect, Rect) {
    let height = if area.height >= ROOM_FOR_WHOLE { WHOLE } else { 0 };
    let above = area.height - height;
    (Rect { height: above, ..area }, Rect { y: area.y + above, height, ..area })
}

/// Tells a text whole that its row in the list may have cut.
pub fn whole(view: &View<'_>, text: &str, area: Rect, buf: &mut Buffer) {
    if area.height < WHOLE {
        return;
    }
    rule::draw(view, Rect { height: 1, ..area }, buf);
    let inner = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), ..area };
    let pieces = words::wrap(text, usize::from(inner.width));
    for (n, y) in (inner.top() + 1..inner.bottom()).enumerate() {
        // The last line takes what is left; the mark at its end says that a page tells more.
        let last = y + 1 == inner.bottom();
        let piece = if last {
            pieces.get(n..).unwrap_or_default().join(" ")
        } else {
            pieces.get(n).cloned().unwrap_or_default()
        };
        words::draw(&Line::styled(piece, view.style(Role::Text)), Rect { y, height: 1, ..inner }, buf, view.glyphs);
    }
}

/// A quiet sentence on a line of its own: an empty list says why it is empty.
pub fn quiet_line(view: &View<'_>, sentence: &str, area: Rect, buf: &mut Buffer) {
    words::draw(&Line::styled(sentence.to_owned(), view.style(Role::Quiet)), area, buf, view.glyphs);
}

/// Health as shape and word; of stale facts without its colour and with their age.
#[must_use]
pub fn health<'a>(view: &View<'_>, state: HealthState, stale: Option<&str>) -> Line<'a> {
    let word = if state == HealthState::Healthy { "ok" } else { state.shown() };
    match stale {
        None => Line::styled(format!("{} {word}", view.glyphs.health(state)), view.style(Role::health(state))),
        Some(age) => Line::styled(format!("{} {} {age}", view.glyphs.hollow, state.word()), view.style(Role::Quiet)),
    }
}

/// Ready against desired; the first number stands out where it is short.
#[must_use]
pub fn ready<'a>(view: &View<'_>, ready: Option<&str>, short: bool, stale: bool) -> Line<'a> {
    let Some((have, want)) = ready.and_then(|ready| ready.split_once('/')) else { return Line::default() };
    let role = if stale { Role::Quiet } else { Role::Text };
    let first = if short && !stale { Role::Bad } else { role };
    Line::from(vec![
        Span::styled(have.to_owned(), view.style(first)),
        Span::styled(format!("/{want}"), view.style(role)),
    ])
}

/// Cells of a Release column.
pub const RELEASE: usize = 17;

/// The tag, and dim beside it which bytes it stands for.
#[must_use]
pub fn release<'a>(view: &View<'_>, release: &Release, stale: bool) -> Line<'a> {
    let mut spans = vec![Span::styled(release.tag.clone(), view.style(if stale { Role::Quiet } else { Role::Text }))];
    let gap = if release.tag.is_empty() || release.digest.is_empty() { "" } else { " " };
    // A long tag says enough by itself: half a digest would say nothing.
    if release.tag.chars().count() + 8 <= RELEASE {
        spans.push(Span::styled(format!("{gap}{}", release.digest), view.style(Role::Dim)));
        if release.more > 0 && release.tag.len() + release.digest.len() + 4 <= RELEASE {
            spans.push(Span::styled(format!(" +{}", release.more), view.style(Role::Dim)));
        }
    }
    Line::from(spans)
}
