//! The action menu: every verb for what is under the cursor, and why one is not available; what can be read comes first.

use super::picker::{Entry, Picker};
use crate::action::verb::{Availability, VERBS, availability};
use crate::tui::keymap::Action;
use crate::tui::screen::{Command, Subject, View};

/// The menu for a subject.
pub(super) fn open(subject: &Subject, view: &View<'_>) -> Picker {
    let mut entries: Vec<Entry> = reads(subject)
        .iter()
        .map(|action| Entry {
            name: action.row().id.to_owned(),
            about: action.row().does.to_owned(),
            key: view.keymap.shown(*action, view.glyphs.ascii),
            does: vec![Command::Act(*action)],
            ..Entry::default()
        })
        .collect();
    if subject.service().is_some() {
        entries.extend(VERBS.iter().map(|verb| {
            let (about, withheld) = match availability(verb) {
                Availability::Offered => (verb.does.to_owned(), false),
                Availability::Withheld(why) => (why.to_owned(), true),
            };
            let key = verb.key.map(String::from).unwrap_or_default();
            Entry { name: verb.name.to_owned(), about, key, withheld, ..Entry::default() }
        }));
    }
    Picker::new("Actions", "letters find an action", entries)
}

fn reads(subject: &Subject) -> &'static [Action] {
    match subject {
        Subject::Service(_) | Subject::Instance(..) => &[
            Action::Open,
            Action::Why,
            Action::Logs,
            Action::LogsPrevious,
            Action::Events,
            Action::Describe,
            Action::Raw,
            Action::CheckNow,
            Action::Url,
            Action::Runbook,
            Action::Copy,
            Action::Mark,
        ],
        Subject::Environment(_) => {
            &[Action::Unfold, Action::Fold, Action::CheckNow, Action::Narrow, Action::Url, Action::Copy]
        }
        Subject::Source(_) => &[Action::Open, Action::Connect, Action::Refresh, Action::Copy],
    }
}
