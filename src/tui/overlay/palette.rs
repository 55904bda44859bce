//! The palette: every command, screen, Environment, Service, Source and theme, by a few letters.

use super::picker::{Entry, Picker};
use crate::tui::keymap::{Action, Context, ROWS};
use crate::tui::screen::{Command, Overlay, Place, Tab, View};
use crate::tui::theme::SHIPPED;

/// Services listed at most: beyond that the Services screen and its filter are the better tool.
const SERVICES: usize = 5_000;

/// Everything that can be done or gone to.
pub(super) fn open(view: &View<'_>) -> Picker {
    let mut entries = commands(view);
    entries.extend(objects(view));
    for (name, _) in SHIPPED {
        let theme = |keep| Command::Theme { name: (*name).to_owned(), keep };
        entries.push(Entry {
            name: format!("theme {name}"),
            about: "colours".into(),
            does: vec![theme(true)],
            ..Entry::default()
        });
    }
    Picker::new("Palette", "a command, a screen, a Service, a theme", entries)
}

fn commands(view: &View<'_>) -> Vec<Entry> {
    let replaying = view.ui.replaying.is_some();
    let fits = |context| match context {
        Context::Everywhere | Context::List => true,
        Context::Replay => replaying,
        _ => false,
    };
    let moves = [
        Action::Down,
        Action::Up,
        Action::PageDown,
        Action::PageUp,
        Action::Top,
        Action::Bottom,
        Action::Palette,
        Action::Back,
    ];
    let rows = ROWS.iter().filter(|row| fits(row.context) && !moves.contains(&row.action));
    let command = |row: &crate::tui::keymap::Row| Entry {
        name: row.id.to_owned(),
        about: row.does.to_owned(),
        key: view.keymap.shown(row.action, view.glyphs.ascii),
        does: vec![Command::Act(row.action)],
        ..Entry::default()
    };
    let mut entries: Vec<Entry> = rows.map(command).collect();
    entries.push(Entry {
        name: "theme".into(),
        about: "choose a theme, with a look at each".into(),
        does: vec![Command::Show(Overlay::Themes)],
        ..Entry::default()
    });
    entries
}

fn objects(view: &View<'_>) -> Vec<Entry> {
    let fleet = &view.state.fleet;
    let mut entries = Vec::new();
    for environment in fleet.environments() {
        entries.push(Entry {
            name: view.environment(&environment.address),
            about: format!("{} Environment, {}", environment.tier, environment.health.state),
            does: vec![Command::Narrow(Some(environment.address.clone())), Command::Go(Place::Watch)],
            ..Entry::default()
        });
    }
    for service in fleet.services().take(SERVICES) {
        entries.push(Entry {
            name: view.address(&service.address),
            about: format!("Service, {}", service.health.state),
            does: vec![Command::Go(Place::Service(service.address.clone(), Tab::Instances))],
            ..Entry::default()
        });
    }
    for source in fleet.sources() {
        entries.push(Entry {
            name: source.name.to_string(),
            about: format!("Source, {}", source.state.word()),
            does: vec![Command::Go(Place::Source(source.name.clone()))],
            ..Entry::default()
        });
    }
    entries
}
