//! `init`: writes what discovery found as a commented config file; an existing file is never overwritten.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use super::args::{self, Global};
use super::output::{self, words};
use super::{Exit, Failure};
use crate::config::{Flags, Machine, Settings, load, template};

/// Writes it, or prints it.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn run(global: &Global, args: &args::Init) -> Result<Exit, Failure> {
    let settings = discovered(&Machine::here())?;
    let text = template::text(&settings);
    if args.print {
        output::text(&text)?;
        return Ok(Exit::Done);
    }
    let usual = || settings.paths.as_ref().map(crate::config::Paths::config_file);
    let missing = Failure::new(Exit::Failed, "there is no home folder to write to").hint("name a file with --config");
    let path = global.config.clone().or_else(usual).ok_or(missing)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Failure::new(Exit::Failed, format!("{} cannot be made", folder.display())).cause(error))?;
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut file = made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(Exit::Refused, format!("{} is there already", path.display()))
            .hint("`quarterdeck init --print` shows what would be written; --config names another file"),
        _ => Failure::new(Exit::Failed, format!("{} cannot be written", path.display())).cause(error),
    })?;
    file.write_all(text.as_bytes())?;
    let found = words::count(settings.sources.len(), "source");
    output::text(&format!("{} written, with {found}\n", path.display()))?;
    Ok(Exit::Done)
}

/// What is found without any config file: the one that may be there says nothing about this machine.
fn discovered(machine: &Machine) -> Result<Settings, Failure> {
    let flags = Flags { config: Some("/dev/null".into()), theme: None };
    load(machine, &flags).map_err(|problems| Failure::new(Exit::Usage, problems.to_string()))
}
