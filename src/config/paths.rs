//! Where things lie: the config file and the state folder, by the XDG rules; and the state folder's own safety.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Machine;

/// Names of files and folders of this program.
const NAME: &str = "quarterdeck";

/// The folders in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`, `keymap.toml`, `themes/` and `runbooks/` lie here.
    pub config: PathBuf,
    /// The log, and what is kept between two starts.
    pub state: PathBuf,
    /// The second place of the journal's anchor.
    pub data: PathBuf,
}

impl Paths {
    /// `$XDG_CONFIG_HOME`, `$XDG_STATE_HOME` and `$XDG_DATA_HOME`, else `~/.config`, `~/.local/state` and `~/.local/share`;
    /// relative values are ignored, as
    /// the XDG rules ask. `None`: there is no home folder either.
    #[must_use]
    pub fn of(machine: &Machine) -> Option<Self> {
        let config = machine.folder("XDG_CONFIG_HOME").or_else(|| machine.in_home(".config"))?;
        let state = machine.folder("XDG_STATE_HOME").or_else(|| machine.in_home(".local/state"))?;
        let data = machine.folder("XDG_DATA_HOME").or_else(|| machine.in_home(".local/share"))?;
        Some(Self { config: config.join(NAME), state: state.join(NAME), data: data.join(NAME) })
    }

    /// The config file that is read when none is named.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }
}

/// Why a state folder is not used (SAFETY attack 53).
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{} is a symbolic link: the state folder must be a folder of its own", .0.display())]
    Link(PathBuf),
    #[error("{} is no folder", .0.display())]
    NoFolder(PathBuf),
    #[error("{} belongs to user {owner}, not to you ({me})", path.display())]
    Foreign { path: PathBuf, owner: u32, me: u32 },
    #[error("{} can be written by others (mode {mode:04o}): chmod 700 it", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
}

/// A state folder that is ours alone. Files in it are made 0600, links in it are not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// Opens it, making it (0700) where it is missing.
    ///
    /// # Errors
    /// Where it is a link, belongs to somebody else, can be written by others, or cannot be made.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let io = |cause| StateError::Io { path: path.to_owned(), cause };
        if let Err(missing) = fs::symlink_metadata(path)
            && missing.kind() == io::ErrorKind::NotFound
        {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        }
        let found = fs::symlink_metadata(path).map_err(io)?;
        let me = rustix::process::geteuid().as_raw();
        if found.file_type().is_symlink() {
            return Err(StateError::Link(path.to_owned()));
        }
        if !found.is_dir() {
            return Err(StateError::NoFolder(path.to_owned()));
        }
        if found.uid() != me {
            return Err(StateError::Foreign { path: path.to_owned(), owner: found.uid(), me });
        }
        if found.mode() & 0o022 != 0 {
            return Err(StateError::Open { path: path.to_owned(), mode: found.mode() & 0o7777 });
        }
        Ok(Self(path.to_owned()))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A folder in it, made the same way.
    ///
    /// # Errors
    /// As [`StateFolder::open`].
    pub fn folder(&self, name: &str) -> Result<Self, StateError> {
        Self::open(&self.0.join(name))
    }

    /// A file in it, if it is there.
    ///
    /// # Errors
    /// Where it is a link or cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, StateError> {
        let path = self.0.join(name);
        match fs::symlink_metadata(&path) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(found) if found.file_type().is_symlink() => return Err(StateError::Link(path)),
            _ => {}
        }
        fs::read_to_string(&path).map(Some).map_err(|cause| StateError::Io { path, cause })
    }

    /// Writes a file whole: beside it first, then in its place, so that a crash leaves the old or the new one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<(), StateError> {
        let path = self.0.join(name);
        let beside = self.0.join(format!(".{name}.{}", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, &path));
        written.map_err(|cause| {
            // What is left of a failed write is of no use; that it cannot be removed either changes nothing.
            drop(fs::remove_file(&beside));
            StateError::Io { path, cause }
        })
    }

    /// Removes a file; that it is not there is as good.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StateError::Io { path, cause }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn attack_53_a_state_folder_that_is_a_link_or_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (open, link) = (dir.path().join("open"), dir.path().join("link"));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        symlink(dir.path(), &link).unwrap();
        assert!(matches!(StateFolder::open(&open), Err(StateError::Open { mode: 0o777, .. })));
        assert!(matches!(StateFolder::open(&link), Err(StateError::Link(_))));
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(matches!(StateFolder::open(&dir.path().join("file")), Err(StateError::NoFolder(_))));
    }

    #[test]
    fn attack_53_folders_are_made_0700_and_files_0600_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateFolder::open(&dir.path().join("a/state")).unwrap();
        assert_eq!(fs::metadata(state.path()).unwrap().mode() & 0o777, 0o700);
        state.write("story.json", "{}").unwrap();
        assert_eq!(fs::metadata(state.path().join("story.json")).unwrap().mode() & 0o777, 0o600);
        symlink("/etc/hostname", state.path().join("evil")).unwrap();
        assert!(matches!(state.read("evil"), Err(StateError::Link(_))));
        assert_eq!(state.read("story.json").unwrap().as_deref(), Some("{}"));
        state.remove("story.json").unwrap();
        assert_eq!(state.read("story.json").unwrap(), None);
    }

    #[test]
    fn relative_xdg_folders_are_ignored() {
        let variables = [("XDG_CONFIG_HOME".to_owned(), "here".to_owned())].into();
        let machine = Machine { variables, home: Some("/home/ann".into()) };
        assert_eq!(Paths::of(&machine).unwrap().config, Path::new("/home/ann/.config/quarterdeck"));
    }
}
