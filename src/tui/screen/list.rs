//! A list with a cursor for the screens that are one list: the row under the cursor stays on its line of the screen when
//! rows come, go or change places, until the person moves it.

use crate::tui::keymap::Action;
use crate::tui::widget::cursor::Cursor;

/// Identities of the rows, the cursor among them, and how far the list is scrolled.
#[derive(Clone, Debug)]
pub struct List<I> {
    rows: Vec<I>,
    cursor: Cursor<I>,
    top: usize,
    room: usize,
    /// The line, counted from the first on screen, that the cursor was last drawn on.
    anchor: Option<usize>,
    moved: bool,
}

impl<I> Default for List<I> {
    fn default() -> Self {
        Self { rows: Vec::new(), cursor: Cursor::default(), top: 0, room: 1, anchor: None, moved: true }
    }
}

impl<I: Clone + PartialEq> List<I> {
    /// Takes the rows as they are now.
    pub fn take(&mut self, rows: Vec<I>) {
        self.rows = rows;
    }

    /// Finds the cursor again and scrolls it into `room` lines.
    pub fn settle(&mut self, room: usize) {
        self.room = room.max(1);
        self.cursor.settle(&self.rows, self.room);
        let Some(at) = self.cursor.index() else {
            (self.top, self.anchor) = (0, None);
            return;
        };
        if let (false, Some(line)) = (self.moved, self.anchor) {
            self.top = at.saturating_sub(line);
        }
        self.top = scrolled(self.top, at, self.room, self.rows.len());
        self.anchor = Some(at - self.top);
        self.moved = false;
    }

    /// Does the movements that all lists share; false where the action is none of them.
    pub fn moves(&mut self, action: Action) -> bool {
        let moves = self.cursor.moves(action, &self.rows);
        self.moved |= moves;
        moves
    }

    /// The person asked for another order: its beginning is what they want to see, as far as the cursor allows.
    pub fn from_the_top(&mut self) {
        (self.top, self.moved) = (0, true);
    }

    /// Puts the cursor on what has this identity; false where that is not in the list.
    pub fn find(&mut self, wanted: &I) -> bool {
        self.moved = true;
        self.cursor.find(&self.rows, wanted)
    }

    /// A click on a line, counted from the first row on screen. True: it was on the cursor's row already.
    pub fn click(&mut self, line: usize) -> bool {
        let row = self.top + line;
        if line >= self.room || row >= self.rows.len() {
            return false;
        }
        if self.cursor.index() == Some(row) {
            return true;
        }
        self.cursor.place(&self.rows, row);
        self.moved = true;
        false
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[I] {
        &self.rows
    }

    /// The rows on screen.
    #[must_use]
    pub fn shown(&self) -> &[I] {
        let end = (self.top + self.room).min(self.rows.len());
        self.rows.get(self.top..end).unwrap_or_default()
    }

    /// What the cursor stands on.
    #[must_use]
    pub fn on(&self) -> Option<&I> {
        self.cursor.on()
    }

    /// The index of that.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.cursor.index()
    }

    /// The first row on screen.
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }
}

/// The nearest first line at which `at` is among `room` of `count` rows, with no empty line where rows could stand.
#[must_use]
pub fn scrolled(top: usize, at: usize, room: usize, count: usize) -> usize {
    let room = room.max(1);
    top.clamp((at + 1).saturating_sub(room), at).min(count.saturating_sub(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_change_places_flow_around_the_one_under_the_cursor() {
        let mut list = List::default();
        list.take((0..100).collect());
        list.settle(10);
        for _ in 0..30 {
            assert!(list.moves(Action::Down));
        }
        list.settle(10);
        assert_eq!((list.on(), list.top()), (Some(&30), 21));
        list.take((0..100).rev().collect());
        list.settle(10);
        assert_eq!((list.on(), list.top()), (Some(&30), 60), "still on the last line");
        list.take((200..300).chain([30]).collect());
        list.settle(10);
        assert_eq!(list.shown().last(), Some(&30));
    }

    #[test]
    fn the_second_click_on_a_row_is_more_than_the_first() {
        let mut list = List::default();
        list.take(vec!["a", "b", "c"]);
        list.settle(10);
        assert!(!list.click(1) && list.on() == Some(&"b"));
        assert!(list.click(1));
        assert!(!list.click(7), "there is no row");
    }

    #[test]
    fn an_empty_list_has_no_cursor() {
        let mut list = List::<u8>::default();
        list.settle(0);
        assert_eq!((list.on(), list.at(), list.shown()), (None, None, &[][..]));
    }
}
