//! The line of tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::model::Address;
use crate::tui::screen::{Tab, View, figure};
use crate::tui::theme::Role;
use crate::tui::widget::words;

use super::signals;

const TABS: [Tab; 7] = [Tab::Instances, Tab::Logs, Tab::Events, Tab::Signals, Tab::Releases, Tab::Describe, Tab::Raw];

/// The tabs of a Service: without any signal there is no tab for them, unless somebody stands on it.
fn shown(view: &View<'_>, address: &Address, on: Tab) -> Vec<Tab> {
    let there = |tab: &Tab| *tab != Tab::Signals || on == Tab::Signals || signals::count(view, address) > 0;
    TABS.into_iter().filter(there).collect()
}

fn turned(tabs: &[Tab], tab: Tab, by: usize) -> Tab {
    let at = tabs.iter().position(|other| *other == tab).unwrap_or(0);
    tabs.get((at + by) % tabs.len().max(1)).copied().unwrap_or(tab)
}

/// The tab to the right; after the last the first.
#[must_use]
pub fn next(view: &View<'_>, address: &Address, tab: Tab) -> Tab {
    turned(&shown(view, address, tab), tab, 1)
}

/// The tab to the left; before the first the last.
#[must_use]
pub fn before(view: &View<'_>, address: &Address, tab: Tab) -> Tab {
    let tabs = shown(view, address, tab);
    turned(&tabs, tab, tabs.len().saturating_sub(1))
}

fn title(view: &View<'_>, address: &Address, tab: Tab) -> String {
    let word = match tab {
        Tab::Instances => "Instances",
        Tab::Logs | Tab::LogsPrevious => "Logs",
        Tab::Events => "Events",
        Tab::Signals => return format!("Signals {}", figure::count(signals::count(view, address) as u64)),
        Tab::Releases => "Releases",
        Tab::Describe => "Describe",
        Tab::Raw => "Raw",
    };
    let instances = view.state.fleet.service(address).map_or(0, |service| service.instances.len());
    if tab == Tab::Instances { format!("{word} {}", figure::count(instances as u64)) } else { word.to_owned() }
}

fn spans<'a>(view: &View<'_>, address: &Address, on: Tab) -> Vec<Span<'a>> {
    let mut out = Vec::new();
    for tab in shown(view, address, on) {
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
            return shown(view, address, on).get(n / 2).copied();
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
        let last = TABS.len() - 1;
        assert_eq!((turned(&TABS, Tab::Raw, 1), turned(&TABS, Tab::Instances, last)), (Tab::Instances, Tab::Raw));
        for tab in TABS {
            assert_eq!(turned(&TABS, turned(&TABS, tab, 1), last), tab);
        }
    }
}
