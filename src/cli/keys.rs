//! `keys`: the keys of the screen, from the table that the screen itself reads, with the person's own file over it.

use std::io::ErrorKind;

use serde::Serialize;

use super::args::{Format, Global, Keys};
use super::output::table::{Side, Table};
use super::{Exit, Failure, dispatch, output};
use crate::config::Machine;
use crate::engine::clock::{Clock, SystemClock};
use crate::tui::keymap::{Context, Keymap, ROWS, reference};

/// One action.
#[derive(Serialize)]
struct Item {
    action: &'static str,
    keys: Vec<String>,
    context: &'static str,
    does: &'static str,
}

/// Prints them.
///
/// # Errors
/// A bad keymap file, or an answer that cannot be written.
pub fn run(global: &Global, args: &Keys) -> Result<Exit, Failure> {
    if args.toml {
        output::text(&reference())?;
        return Ok(Exit::Done);
    }
    let keymap = own(global)?;
    let keys = |row: &crate::tui::keymap::Row| -> Vec<String> {
        keymap.keys(row.action).iter().map(|chord| chord.shown(false)).collect()
    };
    if global.output == Format::Json {
        let item = |row: &'static crate::tui::keymap::Row| Item {
            action: row.id,
            keys: keys(row),
            context: row.context.title(),
            does: row.does,
        };
        let items: Vec<Item> = ROWS.iter().map(item).collect();
        output::plain_json("Key", SystemClock.now(), items)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for context in Context::ALL {
        let mut table = Table::new(&[("KEYS", Side::Left), ("ACTION", Side::Left), ("DOES", Side::Left)]);
        for row in ROWS.iter().filter(|row| row.context == context) {
            table.row([keys(row).join(" "), row.id.to_owned(), row.does.to_owned()]);
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n{}", context.title(), table.text()));
    }
    output::text(&text)?;
    Ok(Exit::Done)
}

/// The keymap in use.
fn own(global: &Global) -> Result<Keymap, Failure> {
    let settings = dispatch::settings(global, &Machine::here())?;
    let Some(file) = settings.folder().map(|folder| folder.join("keymap.toml")) else { return Ok(Keymap::default()) };
    match std::fs::read_to_string(&file) {
        Ok(text) => Keymap::read(&file, &text).map_err(|problem| Failure::new(Exit::Usage, problem.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Keymap::default()),
        Err(error) => Err(Failure::new(Exit::Usage, format!("{} cannot be read", file.display())).cause(error)),
    }
}
