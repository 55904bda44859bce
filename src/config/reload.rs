//! Hot reload: the config file read again when it changes. A bad one is told and changes nothing.

use std::path::PathBuf;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::{Flags, Machine, Problems, Settings, load};

/// Editors write a file in several steps: what comes within this time is one change.
const DEBOUNCE: Duration = Duration::from_millis(150);

/// Changes of the configuration, one after the other.
pub struct Reloads {
    machine: Machine,
    flags: Flags,
    last: Result<Settings, Problems>,
    /// Kept, since it stops watching when dropped.
    watcher: Option<RecommendedWatcher>,
    changes: mpsc::Receiver<()>,
    /// A change was noticed and is not read yet.
    noticed: bool,
}

impl Reloads {
    /// Watches the *folder* of the file in use (editors replace the file), or of the one that would be read. Where it
    /// cannot be watched, nothing is ever reloaded.
    #[must_use]
    pub fn watch(machine: Machine, flags: Flags, now: Settings) -> Self {
        let (tell, changes) = mpsc::channel(1);
        let file = now.file.clone().or_else(|| now.paths.as_ref().map(super::Paths::config_file));
        let folder = file.as_ref().and_then(|file| file.parent()).map(|folder| match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder.to_owned(),
        });
        let watcher = folder.filter(|folder| folder.is_dir()).and_then(|folder| {
            // A full channel means that a change is waiting to be read already.
            let told = move |event: notify::Result<notify::Event>| {
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    tell.try_send(()).unwrap_or_default();
                }
            };
            let mut watcher = notify::recommended_watcher(told).ok()?;
            watcher.watch(&folder, RecursiveMode::NonRecursive).ok()?;
            Some(watcher)
        });
        Self { machine, flags, last: Ok(now), watcher, changes, noticed: false }
    }

    /// Waits until the configuration has really changed: the new settings, or what is wrong with them (then the old ones
    /// stay in force). Cancel-safe: a change that was noticed is read by the next call.
    ///
    /// # Errors
    /// What is wrong with the changed files; the settings in force stay.
    pub async fn next(&mut self) -> Result<Settings, Problems> {
        loop {
            if !self.noticed && (self.watcher.is_none() || self.changes.recv().await.is_none()) {
                std::future::pending::<()>().await;
            }
            self.noticed = true;
            tokio::time::sleep(DEBOUNCE).await;
            while self.changes.try_recv().is_ok() {}
            self.noticed = false;
            let read = load(&self.machine, &self.flags);
            if read != self.last {
                self.last.clone_from(&read);
                return read;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn next(reloads: &mut Reloads) -> Result<Settings, Problems> {
        tokio::time::timeout(Duration::from_secs(10), reloads.next()).await.expect("a reload within ten seconds")
    }

    #[tokio::test]
    async fn a_changed_file_is_read_again_and_a_bad_one_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        fs::write(&path, "discover = false\n").unwrap();
        let machine = Machine { variables: [].into(), home: Some(home.path().to_owned()) };
        let flags = Flags { config: Some(path.clone()), theme: None };
        let settings = load(&machine, &flags).unwrap();
        let mut reloads = Reloads::watch(machine, flags, settings);
        fs::write(home.path().join("new"), "discover = false\n[ui]\ntheme = \"light\"\n").unwrap();
        fs::rename(home.path().join("new"), &path).unwrap();
        assert_eq!(next(&mut reloads).await.unwrap().ui.theme, "light");
        fs::write(&path, "discover = fasle\n").unwrap();
        assert!(next(&mut reloads).await.is_err());
        fs::write(&path, "discover = false\n").unwrap();
        assert_eq!(next(&mut reloads).await.unwrap().ui.theme, "auto");
    }
}
