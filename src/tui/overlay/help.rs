//! Help: every key that works on the screen below, from the keymap's table, searchable.

use super::picker::{Entry, Picker};
use crate::tui::keymap::{Context, ROWS};
use crate::tui::screen::{Command, View};

/// The keys of these contexts and of everywhere.
pub(super) fn open(contexts: &[Context], view: &View<'_>) -> Picker {
    let mut entries = Vec::new();
    for context in contexts.iter().chain([&Context::Everywhere]) {
        for row in ROWS.iter().filter(|row| row.context == *context) {
            let keys: Vec<String> =
                view.keymap.keys(row.action).iter().map(|chord| chord.shown(view.glyphs.ascii)).collect();
            if keys.is_empty() {
                continue;
            }
            entries.push(Entry {
                name: format!("{:<12}", keys.join(" ")),
                about: row.does.to_owned(),
                does: vec![Command::Act(row.action)],
                ..Entry::default()
            });
        }
    }
    Picker::new("Keys on this screen", "letters find a key, Enter does it", entries)
}
