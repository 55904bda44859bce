//! The themes, each shown while the cursor stands on its name.

use super::picker::{Entry, Picker};
use crate::tui::screen::{Command, View};

/// The shipped themes and those of the person's folder.
pub(super) fn open(view: &View<'_>) -> Picker {
    let now = view.theme.name.clone();
    let theme = |name: &str, keep| vec![Command::Theme { name: name.to_owned(), keep }];
    let entry = |name: &String| Entry {
        name: name.clone(),
        about: if *name == now { "in use".into() } else { String::new() },
        does: theme(name, true),
        looks: theme(name, false),
        ..Entry::default()
    };
    let entries = view.ui.themes.iter().map(entry).collect();
    let hint = "move to look, Enter takes it, Esc leaves it as it was";
    Picker::new("Theme", hint, entries).undoing(theme(&now, false)).on(|entry| entry.name == now)
}
