//! `themes`: the shipped themes and the person's own, and which one is in use.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, Global};
use super::output::table::{Side, Table};
use super::{Exit, Failure, dispatch, output};
use crate::config::Machine;
use crate::engine::clock::{Clock, SystemClock};
use crate::tui::theme::{Depth, SHIPPED, Theme};

/// One theme.
#[derive(Serialize)]
struct Item {
    name: String,
    /// `None`: shipped with the program.
    path: Option<PathBuf>,
    in_use: bool,
    /// What is wrong with its file.
    problem: Option<String>,
}

/// Prints them.
///
/// # Errors
/// A bad configuration, or an answer that cannot be written.
pub fn run(global: &Global) -> Result<Exit, Failure> {
    let settings = dispatch::settings(global, &Machine::here())?;
    let chosen = if settings.ui.theme == "auto" { "dark" } else { settings.ui.theme.as_str() };
    let mut items: Vec<Item> = settings.folder().map(|folder| own(&folder.join("themes"), chosen)).unwrap_or_default();
    let shipped = SHIPPED.iter().map(|(name, _)| *name).filter(|name| !items.iter().any(|item| item.name == *name));
    let shipped: Vec<Item> =
        shipped.map(|name| Item { name: name.to_owned(), path: None, in_use: name == chosen, problem: None }).collect();
    items.splice(0..0, shipped);
    if global.output == Format::Json {
        output::plain_json("Theme", SystemClock.now(), items)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&[("THEME", Side::Left), ("IN USE", Side::Left), ("FROM", Side::Left)]);
    for item in &items {
        let from = item.path.as_ref().map_or_else(|| "shipped".to_owned(), |path| path.display().to_string());
        let problem = item.problem.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let in_use = if item.in_use { "yes" } else { "" };
        table.row([item.name.clone(), in_use.to_owned(), crate::model::Text::line(&(from + &problem)).to_string()]);
    }
    output::text(&table.text())?;
    Ok(Exit::Done)
}

/// Themes of the person's own, read to see whether they are good.
fn own(folder: &Path, chosen: &str) -> Vec<Item> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut items: Vec<Item> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.strip_suffix(".toml")?.to_owned();
            let problem = Theme::read(&path, Depth::True).err();
            Some(Item { in_use: name == chosen, name, path: Some(path), problem })
        })
        .collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items
}
