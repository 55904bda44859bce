//! `man`: the manual page, generated from the arguments, every command with a page of its own below it.

use std::io::Write;

use clap::CommandFactory;

use super::{Cli, Exit, Failure};

/// Prints it.
///
/// # Errors
/// Where it cannot be written.
pub fn run() -> Result<Exit, Failure> {
    let command = Cli::command().disable_help_subcommand(true);
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("quarterdeck {}", sub.get_name());
        let man = clap_mangen::Man::new(sub.clone().bin_name(&name).display_name(&name));
        writeln!(page, ".SH {}", name.to_uppercase())?;
        man.render_description_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    std::io::stdout().lock().write_all(&page)?;
    Ok(Exit::Done)
}
