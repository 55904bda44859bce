//! The person's own theme and keymap files: read at the start, read again when they change.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::keymap::{Keymap, Problem};
use super::theme::{Depth, SHIPPED, Theme, shipped};

/// Editors write a file in several steps: what comes within this time is one change.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// The theme where none, or `auto`, is asked for.
const DEFAULT: &str = "dark";

/// The folder that holds `keymap.toml` and `themes/`; the configuration's.
pub(super) struct Files {
    folder: Option<PathBuf>,
    depth: Depth,
}

impl Files {
    pub(super) fn new(folder: Option<PathBuf>, depth: Depth) -> Self {
        Self { folder, depth }
    }

    fn own_theme(&self, name: &str) -> Option<PathBuf> {
        // A name is a name, never a way to another folder.
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        let path = self.folder.as_ref().filter(|_| plain)?.join("themes").join(format!("{name}.toml"));
        path.is_file().then_some(path)
    }

    /// The theme of that name: the person's own, else a shipped one.
    ///
    /// # Errors
    /// No such theme, or what is wrong with its file.
    pub(super) fn theme(&self, name: &str) -> Result<Theme, String> {
        let name = if name.is_empty() || name == "auto" { DEFAULT } else { name };
        if self.depth != Depth::Mono
            && let Some(path) = self.own_theme(name)
        {
            return Theme::read(&path, self.depth);
        }
        shipped(name, self.depth)
            .ok_or_else(|| format!("there is no theme `{name}`; there are {}", self.themes().join(", ")))
    }

    /// Names of all themes, the shipped ones first.
    pub(super) fn themes(&self) -> Vec<String> {
        let mut names: Vec<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        let folder = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder.join("themes")).ok());
        let mut own: Vec<String> = folder
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.to_owned()))
            .filter(|name| self.own_theme(name).is_some() && !names.contains(name))
            .collect();
        own.sort();
        names.extend(own);
        names
    }

    /// The keys: the defaults with what the person's file changes.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub(super) fn keymap(&self) -> Result<Keymap, Problem> {
        let Some(file) = self.folder.as_ref().map(|folder| folder.join("keymap.toml")) else {
            return Ok(Keymap::default());
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => Keymap::read(&file, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Keymap::default()),
            Err(error) => Err(Problem { file, line: 1, message: error.to_string() }),
        }
    }

    /// Watches the folders; they, not the files, since editors replace files.
    pub(super) fn watch(&self) -> Changes {
        let (tell, changes) = mpsc::channel(1);
        let watcher = self.folder.as_ref().and_then(|folder| watcher(folder, tell));
        Changes { watcher, changes }
    }
}

fn watcher(folder: &Path, tell: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    // A full channel means that a change is waiting to be read already.
    let told = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            tell.try_send(()).unwrap_or_default();
        }
    };
    let folders = [folder.to_owned(), folder.join("themes")];
    let there: Vec<_> = folders.iter().filter(|folder| folder.is_dir()).collect();
    if there.is_empty() {
        return None;
    }
    let mut watcher = notify::recommended_watcher(told).ok()?;
    for folder in there {
        watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    }
    Some(watcher)
}

/// Changes in those folders.
pub(super) struct Changes {
    /// Kept, since it stops watching when dropped.
    watcher: Option<RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
}

impl Changes {
    /// Waits for the next one. Cancelled while it waits for an editor to finish, that change is lost: the caller holds
    /// the future over its loop.
    pub(super) async fn next(&mut self) {
        if self.watcher.is_none() || self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DEBOUNCE).await;
        while self.changes.try_recv().is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_of_the_persons_own_goes_before_a_shipped_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("themes")).unwrap();
        let own = SHIPPED[1].1.replace("#0b0f14", "#010203");
        std::fs::write(folder.path().join("themes/dark.toml"), &own).unwrap();
        std::fs::write(folder.path().join("themes/mine.toml"), &own).unwrap();
        let files = Files::new(Some(folder.path().to_owned()), Depth::True);
        assert_ne!(files.theme("dark").unwrap(), shipped("dark", Depth::True).unwrap());
        assert_eq!(files.themes().last().map(String::as_str), Some("mine"));
        assert!(files.theme("../secrets").unwrap_err().contains("no theme"));
        assert_eq!(files.theme("auto").unwrap().name, "dark");
    }

    #[tokio::test]
    async fn a_change_in_the_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(Some(folder.path().to_owned()), Depth::True);
        let mut changes = files.watch();
        std::fs::write(folder.path().join("keymap.toml"), "[keys]\nquit = [\"Q\"]\n").unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.next()).await.expect("the change within ten seconds");
        assert_ne!(files.keymap().unwrap(), Keymap::default());
    }
}
