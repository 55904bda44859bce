//! The line of tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::model::Address;
use crate::tui::screen::{Tab, View, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

const TABS: [Tab; 6] = [Tab::Instances, Tab::Logs, Tab::Events, Tab::Releases, Tab::Describe, Tab::Raw];

fn place(tab: Tab) -> usize {
    TABS.iter().position(|other| *other == tab).unwrap_or(0)
}

/// The tab to the right; after the last the first.
#[must_use]
pub fn next(tab: Tab) -> Tab {
    TABS[(place(tab) + 1) % TABS.len()]
}

/// The tab to the left; before the first the last.
#[must_use]
pub fn before(tab: Tab) -> Tab {
    TABS[(place(tab) + TABS.len() - 1) % TABS.len()]
}

fn title(view: &View<'_>, address: &Address, tab: Tab) -> String {
    let word = match tab {
        Tab::Instances => "Instances",
        Tab::Logs | Tab::LogsPrevious => "Logs",
        Tab::Events => "Events",
        Tab::Releases => "Releases",
        Tab::Describe => "Describe",
        Tab::Raw => "Raw",
    };
    let instances = view.state.fleet.service(address).map_or(0, |service| service.instances.len());
    if tab == Tab::Instances { format!("{word} {}", figure::count(instances as u64)) } else { word.to_owned() }
}

fn spans<'a>(view: &View<'_>, address: &Address, on: Tab) -> Vec<Span<'a>> {
    let mut out = Vec::new();
    for tab in TABS {
        let title = format!(" {} ", title(view, address, tab));
        // The tab in front is marked by more than a colour: themes without one show it reversed or underlined.
        let style = if tab == on {
            view.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            view.style(Role::Quiet)
        };
        out.push(Span::styled(title, style));
        out.push(Span::raw(" "));
    }
    out
}

/// Draws the line.
pub fn draw(view: &View<'_>, address: &Address, on: Tab, area: Rect, buf: &mut Buffer) {
    words::draw(&Line::from(spans(view, address, on)), area, buf, view.glyphs);
}

/// The tab that was clicked on.
#[must_use]
pub fn at(view: &View<'_>, address: &Address, on: Tab, area: Rect, x: u16) -> Option<Tab> {
    let mut left = area.x;
    for (n, span) in spans(view, address, on).iter().enumerate() {
        let right = left.saturating_add(u16::try_from(span.width()).unwrap_or(0));
        if (left..right).contains(&x) {
            return TABS.get(n / 2).copied();
        }
        left = right;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_go_round_in_both_directions() {
        assert_eq!((next(Tab::Raw), before(Tab::Instances)), (Tab::Instances, Tab::Raw));
        for tab in TABS {
            assert_eq!(before(next(tab)), tab);
        }
    }
}
