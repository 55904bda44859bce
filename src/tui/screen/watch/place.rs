//! Where the parts of Watch stand, and how far each is scrolled: unless the person moved, the row under the cursor stays
//! on its line of the screen, whatever comes or goes above it.

use ratatui::layout::Rect;

use crate::tui::screen::curves;
use crate::tui::screen::list::scrolled;

use super::index::Index;

/// Lines of a body from which on the selected Service's curves are drawn below.
const ROOM_FOR_FOOT: u16 = 26;
/// Most lines that one reason takes.
const MOST_EACH: usize = 4;
/// Lines from which on a blank one parts attention and tree.
const ROOM_FOR_AIR: u16 = 18;

/// The parts and their scroll positions.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub(super) attention: Rect,
    /// Its heading is the first line.
    pub(super) tree: Rect,
    pub(super) foot: Rect,
    pub(super) attention_top: usize,
    pub(super) tree_top: usize,
    /// Lines of the attention part that hold rows.
    pub(super) attention_room: usize,
    /// Lines of the screen that each attention line takes.
    heights: Vec<u16>,
    /// The line of the screen that the cursor's row in the tree was last drawn on.
    anchor: Option<u16>,
}

impl Places {
    /// Shares the area out. `told`: lines that each attention line would like; it gets them where all have room. `held`: the
    /// attention part may grow, for news, but not shrink, so that nothing moves.
    pub fn arrange(&mut self, area: Rect, told: &[usize], has_tree: bool, held: bool) {
        let air = u16::from(area.height >= ROOM_FOR_AIR);
        let before = if held { self.attention.height } else { 0 };
        // A part that may not shrink has room for what was cut while there was more to tell.
        let kept = usize::from(before.saturating_sub(1 + air).min(area.height / 2));
        let most = usize::from((area.height / 4).max(2)).max(kept);
        let most_each = most_each(told, most);
        self.heights = told.iter().map(|height| u16::try_from((*height).clamp(1, most_each)).unwrap_or(1)).collect();
        let lines = u16::try_from(self.heights.iter().map(|h| usize::from(*h)).sum::<usize>().min(most)).unwrap_or(0);
        let attention = (1 + lines + air).max(before).min(area.height / 2);
        let foot = if area.height >= ROOM_FOR_FOOT && has_tree { curves::HEIGHT } else { 0 };
        let tree = area.height - attention - foot;
        self.attention = Rect { height: attention, ..area };
        self.tree = Rect { y: area.y + attention, height: tree, ..area };
        self.foot = Rect { y: area.y + attention + tree, height: foot, ..area };
        self.attention_room = usize::from(attention.saturating_sub(1 + air));
    }

    /// The attention lines on screen: which, its first line of the screen, and how many it takes.
    pub fn attention_lines(&self) -> impl Iterator<Item = (usize, u16, u16)> {
        let (mut y, end) = (self.attention.y.saturating_add(1), self.attention_end());
        self.heights.iter().enumerate().skip(self.attention_top).map_while(move |(n, height)| {
            let (at, height) = (y, (*height).min(end.saturating_sub(y)));
            y = y.saturating_add(height);
            (height > 0).then_some((n, at, height))
        })
    }

    fn attention_end(&self) -> u16 {
        let room = u16::try_from(self.attention_room).unwrap_or(0);
        self.attention.y.saturating_add(1).saturating_add(room)
    }

    /// Lines of the tree below its heading.
    pub fn tree_room(&self) -> usize {
        usize::from(self.tree.height.saturating_sub(1))
    }

    /// Scrolls both parts so that the row under the cursor is on screen.
    pub fn scroll(&mut self, index: &Index, cursor: Option<usize>, held: bool) {
        let lines = index.attention.len();
        let (room, count) = (self.tree_room(), index.tree.len());
        let in_tree = cursor.and_then(|at| at.checked_sub(lines));
        if in_tree.is_none() {
            let at = cursor.unwrap_or(0);
            self.attention_top = scrolled(self.attention_top, at, self.attention_room, lines);
        } else {
            self.attention_top = 0;
        }
        let first = self.tree.y.saturating_add(1);
        match (in_tree, self.anchor.filter(|_| held)) {
            (Some(at), Some(line)) => self.tree_top = at.saturating_sub(usize::from(line.saturating_sub(first))),
            (None, _) => self.tree_top = self.tree_top.min(count.saturating_sub(room)),
            (Some(_), None) => {}
        }
        if let Some(at) = in_tree {
            self.tree_top = scrolled(self.tree_top, at, room, count);
        }
        self.anchor = in_tree.and_then(|at| u16::try_from(at - self.tree_top).ok()).map(|line| first + line);
    }

    /// The row at a line of the screen, counted as the cursor counts.
    pub fn row_at(&self, y: u16, index: &Index) -> Option<usize> {
        if let Some((n, ..)) = self.attention_lines().find(|(_, at, height)| (*at..at + height).contains(&y)) {
            return Some(n);
        }
        let line = usize::from(y.checked_sub(self.tree.y.saturating_add(1))?);
        let row = self.tree_top + line;
        (line < self.tree_room() && row < index.tree.len()).then_some(row + index.attention.len())
    }
}

/// How many lines each attention line may take, so that all of them have room for theirs.
fn most_each(told: &[usize], room: usize) -> usize {
    let wanted = told.iter().copied().max().unwrap_or(1).clamp(1, MOST_EACH);
    let fits = |most: &usize| told.iter().map(|height| (*height).clamp(1, *most)).sum::<usize>() <= room;
    (1..=wanted).rev().find(fits).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, EnvironmentAddress, HealthState, Text};
    use crate::tui::screen::watch::rows::TreeRow;

    fn address(n: usize) -> Address {
        let environment = EnvironmentAddress { system: None, environment: Text::name("prod") };
        Address { environment, service: Text::name(&format!("s{n}")) }
    }

    fn index(attention: usize, services: usize) -> Index {
        let line = |n| crate::fleet::Attention {
            service: Some(address(n)),
            source: None,
            signal: None,
            severity: HealthState::Down,
            text: Text::line("down"),
            since: None,
        };
        let mut index = Index::default();
        index.attention.extend((0..attention).map(line));
        index.tree = (0..services).map(|n| TreeRow::Service(address(n))).collect();
        index
    }

    fn line_of(places: &Places, index: &Index, cursor: usize) -> u16 {
        let row = cursor - index.attention.len();
        places.tree.y + 1 + u16::try_from(row - places.tree_top).unwrap()
    }

    #[test]
    fn the_row_under_the_cursor_stays_on_its_line_when_attention_grows_and_shrinks() {
        let area = Rect::new(0, 2, 80, 20);
        let mut places = Places::default();
        let (calm, alarmed) = (index(0, 60), index(3, 60));
        places.arrange(area, &[], true, false);
        places.scroll(&calm, Some(8), false);
        let before = line_of(&places, &calm, 8);
        places.arrange(area, &[1, 1, 1], true, true);
        places.scroll(&alarmed, Some(11), true);
        assert_eq!(line_of(&places, &alarmed, 11), before, "three lines came above");
        places.arrange(area, &[], true, true);
        places.scroll(&calm, Some(8), true);
        assert_eq!(line_of(&places, &calm, 8), before, "and went again");
    }

    #[test]
    fn a_click_finds_the_row_that_is_drawn_there() {
        let (area, mixed) = (Rect::new(0, 2, 80, 20), index(2, 60));
        let mut places = Places::default();
        places.arrange(area, &[1, 1], true, false);
        places.scroll(&mixed, Some(40), false);
        assert_eq!(places.row_at(2, &mixed), None, "a heading");
        assert_eq!(places.row_at(4, &mixed), Some(1));
        let line = line_of(&places, &mixed, 40);
        assert_eq!(places.row_at(line, &mixed), Some(40));
        assert_eq!(places.row_at(99, &mixed), None);
    }

    #[test]
    fn long_reasons_get_a_second_line_where_all_of_them_have_room() {
        let mut places = Places::default();
        places.arrange(Rect::new(0, 0, 80, 20), &[2, 1], true, false);
        assert_eq!(places.attention_lines().collect::<Vec<_>>(), [(0, 1, 2), (1, 3, 1)]);
        places.arrange(Rect::new(0, 0, 80, 20), &[3, 2, 2], true, false);
        assert_eq!(places.attention_lines().collect::<Vec<_>>(), [(0, 1, 1), (1, 2, 1), (2, 3, 1)]);
    }

    #[test]
    fn reasons_that_were_cut_are_told_whole_when_the_list_shrinks_under_a_cursor_that_holds() {
        let (area, mut places) = (Rect::new(0, 0, 80, 40), Places::default());
        places.arrange(area, &[3, 2, 2, 3, 3, 2], true, false);
        assert!(places.attention_lines().all(|(_, _, height)| height == 1));
        let before = places.tree.y;
        places.arrange(area, &[3, 2], true, true);
        assert_eq!(places.attention_lines().collect::<Vec<_>>(), [(0, 1, 3), (1, 4, 2)]);
        assert_eq!(places.tree.y, before);
    }

    #[test]
    fn every_height_can_be_shared_out() {
        for height in 0..80 {
            let area = Rect::new(0, 0, 80, height);
            let mut places = Places::default();
            places.arrange(area, &[2; 9], true, true);
            places.scroll(&index(9, 100), Some(50), true);
            assert_eq!(places.attention.height + places.tree.height + places.foot.height, height);
        }
    }
}
