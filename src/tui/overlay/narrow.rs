//! Narrow everything to one Environment, or to none.

use super::picker::{Entry, Picker};
use crate::tui::screen::{Command, View};

/// All Environments, and the way out.
pub(super) fn open(view: &View<'_>) -> Picker {
    let mut entries = vec![Entry {
        name: "all".into(),
        about: "every Environment".into(),
        does: vec![Command::Narrow(None)],
        ..Entry::default()
    }];
    let narrowed = view.ui.narrowed.clone();
    for environment in view.state.fleet.environments() {
        entries.push(Entry {
            name: view.environment(&environment.address),
            about: format!("{}, {}", environment.tier, environment.health.state),
            does: vec![Command::Narrow(Some(environment.address.clone()))],
            ..Entry::default()
        });
    }
    let wanted = narrowed.map(|address| view.environment(&address));
    Picker::new("Narrow to", "an Environment", entries).on(|entry| wanted.as_ref() == Some(&entry.name))
}
