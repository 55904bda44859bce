//! A cursor in a list, bound to the identity of what it stands on: rows may come, go and move, it stays on its own.

use crate::tui::keymap::Action;

/// The cursor and the scroll position of one list.
#[derive(Clone, Debug)]
pub struct Cursor<I> {
    on: Option<I>,
    index: usize,
    top: usize,
    room: usize,
}

impl<I> Default for Cursor<I> {
    fn default() -> Self {
        Self { on: None, index: 0, top: 0, room: 1 }
    }
}

impl<I: Clone + PartialEq> Cursor<I> {
    /// What it stands on.
    #[must_use]
    pub fn on(&self) -> Option<&I> {
        self.on.as_ref()
    }

    /// The index of that, as of the last [`Cursor::settle`]; `None` in an empty list.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.on.as_ref().map(|_| self.index)
    }

    /// The first row on screen.
    #[must_use]
    pub fn top(&self) -> usize {
        self.top
    }

    /// Finds its own again among the rows as they are now and scrolls it into `room` lines. What it stood on is gone: it
    /// takes what stands in that place.
    pub fn settle(&mut self, rows: &[I], room: usize) {
        self.room = room.max(1);
        let stands = self.on.as_ref().is_some_and(|on| rows.get(self.index) == Some(on));
        if !stands {
            let found = self.on.as_ref().and_then(|on| rows.iter().position(|row| row == on));
            self.index = found.unwrap_or(self.index).min(rows.len().saturating_sub(1));
            self.on = rows.get(self.index).cloned();
        }
        let last_top = rows.len().saturating_sub(self.room);
        self.top = self.top.clamp((self.index + 1).saturating_sub(self.room), self.index).min(last_top);
    }

    /// Puts it on a row.
    pub fn place(&mut self, rows: &[I], index: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.on = rows.get(self.index).cloned();
    }

    /// Puts it on what has this identity; false where that is not in the list.
    pub fn find(&mut self, rows: &[I], wanted: &I) -> bool {
        let found = rows.iter().position(|row| row == wanted);
        if let Some(index) = found {
            self.place(rows, index);
        }
        found.is_some()
    }

    /// Does the movements that all lists share; false where the action is none of them.
    pub fn moves(&mut self, action: Action, rows: &[I]) -> bool {
        let page = self.room.saturating_sub(1).max(1);
        let to = match action {
            Action::Down => self.index.saturating_add(1),
            Action::Up => self.index.saturating_sub(1),
            Action::PageDown => self.index.saturating_add(page),
            Action::PageUp => self.index.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            _ => return false,
        };
        self.place(rows, to);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_on_its_own_when_rows_come_and_go() {
        let mut cursor = Cursor::default();
        cursor.settle(&["a", "b", "c"], 10);
        assert!(cursor.moves(Action::Down, &["a", "b", "c"]));
        cursor.settle(&["0", "a", "b", "c"], 10);
        assert_eq!((cursor.on(), cursor.index()), (Some(&"b"), Some(2)));
        cursor.settle(&["0", "a", "c"], 10);
        assert_eq!(cursor.on(), Some(&"c"), "what it stood on is gone");
        cursor.settle(&[], 10);
        assert_eq!((cursor.on(), cursor.index()), (None, None));
    }

    #[test]
    fn it_scrolls_no_further_than_it_must() {
        let rows: Vec<u32> = (0..100).collect();
        let mut cursor = Cursor::default();
        cursor.settle(&rows, 10);
        for _ in 0..10 {
            cursor.moves(Action::Down, &rows);
            cursor.settle(&rows, 10);
        }
        assert_eq!((cursor.index(), cursor.top()), (Some(10), 1));
        cursor.moves(Action::Bottom, &rows);
        cursor.settle(&rows, 10);
        assert_eq!((cursor.index(), cursor.top()), (Some(99), 90));
        cursor.settle(&rows[..20], 10);
        assert_eq!((cursor.index(), cursor.top()), (Some(19), 10));
    }
}
