//! The keymap file: read over the defaults, conflicts found with file and line; and the commented default itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::{Action, Chord, Context, Keymap, ROWS};

/// What is wrong with a keymap file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    pub file: PathBuf,
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
}

impl Keymap {
    /// The defaults with what this file changes: an action that it names has exactly the keys written there.
    ///
    /// # Errors
    /// An unknown action or key, or one key for two actions, with the line where it stands.
    pub fn read(file: &Path, text: &str) -> Result<Self, Problem> {
        let problem = |at: usize, message: String| Problem { file: file.to_owned(), line: line_of(text, at), message };
        let parsed: File =
            toml::from_str(text).map_err(|e| problem(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut keymap = Self::default();
        let mut lines = vec![None; ROWS.len()];
        for (id, keys) in &parsed.keys {
            let at = id.span().start;
            let action = Action::named(id.get_ref()).ok_or_else(|| {
                problem(at, format!("there is no action `{}`; `quarterdeck keys` lists them", id.get_ref()))
            })?;
            let mut chords = Vec::new();
            for key in keys.get_ref() {
                let chord: Chord = key.get_ref().parse().map_err(|e| problem(key.span().start, e))?;
                chords.push(chord);
            }
            keymap.keys[action as usize] = chords;
            lines[action as usize] = Some(at);
        }
        keymap.conflict(&lines).map_or(Ok(()), |(at, message)| Err(problem(at, message)))?;
        Ok(keymap)
    }

    /// The first key that two actions claim in one place, and where the file says so.
    fn conflict(&self, lines: &[Option<usize>]) -> Option<(usize, String)> {
        for (i, (row, keys)) in ROWS.iter().zip(&self.keys).enumerate() {
            for (j, (other, others)) in ROWS.iter().zip(&self.keys).enumerate().skip(i + 1) {
                if !meet(row.context, other.context) {
                    continue;
                }
                if let Some(key) = keys.iter().find(|key| others.contains(key)) {
                    let at = lines[j].or(lines[i]).unwrap_or_default();
                    return Some((at, format!("`{key}` is given to both `{}` and `{}`", row.id, other.id)));
                }
            }
        }
        None
    }
}

/// Whether two contexts can be in force together, with neither meant to go before the other.
fn meet(a: Context, b: Context) -> bool {
    // A tape takes its few keys before everything else, so it may share them with what is below.
    a == b || (a != Context::Replay && b != Context::Replay)
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

/// The commented default as it is shipped in `config/keymap.toml`.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(
        "# Quarterdeck's keys. Copy what you want to change beside your config.toml as keymap.toml.\n\
         # A line gives an action exactly the keys that stand there; an empty list takes its keys away.\n\
         # Held keys are written ctrl-x, alt-x, shift-tab; a capital letter is the letter itself.\n\n[keys]\n",
    );
    for context in Context::ALL {
        out.push_str(&format!("\n# {}\n", context.title()));
        for row in ROWS.iter().filter(|row| row.context == context) {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("{key:?}")).collect();
            let line = format!("{} = [{}]", row.id, keys.join(", "));
            out.push_str(&format!("{line:<40} # {}\n", row.does));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Keymap, String> {
        Keymap::read(Path::new("keymap.toml"), text).map_err(|p| p.to_string())
    }

    #[test]
    fn the_shipped_file_is_the_table_and_reads_as_the_defaults() {
        let shipped = include_str!("../../../config/keymap.toml");
        assert_eq!(shipped, reference(), "write it anew with `quarterdeck keys --toml`");
        assert_eq!(read(shipped).unwrap(), Keymap::default());
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let keymap = read("[keys]\nquit = [\"Q\"]\n").unwrap();
        let everywhere = &[Context::Everywhere];
        assert_eq!(keymap.action("Q".parse().unwrap(), everywhere), Some(Action::Quit));
        assert_eq!(keymap.action("q".parse().unwrap(), everywhere), None);
        assert_eq!(keymap.action("?".parse().unwrap(), everywhere), Some(Action::Help));
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        assert_eq!(
            read("[keys]\nhelp = [\"?\"]\nquit = [\"?\"]").unwrap_err(),
            "keymap.toml:3: `?` is given to both `help` and `quit`"
        );
        assert!(read("[keys]\n\nflee = [\"q\"]").unwrap_err().starts_with("keymap.toml:3: there is no action `flee`"));
        assert!(read("[keys]\nquit = [\"hyper-q\"]").unwrap_err().starts_with("keymap.toml:2: `hyper` is not held"));
        assert!(read("[keys\n").unwrap_err().starts_with("keymap.toml:1:"));
    }

    #[test]
    fn a_tape_may_share_its_keys_with_what_is_below() {
        let keymap = Keymap::default();
        let space = "space".parse().unwrap();
        assert_eq!(keymap.action(space, &[Context::Replay, Context::List]), Some(Action::Pause));
        assert_eq!(keymap.action(space, &[Context::List]), Some(Action::Mark));
    }
}
