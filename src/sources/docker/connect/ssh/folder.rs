//! The folder of the masters' sockets: ours alone, and cleared of what an earlier process left.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::sources::port::{Failure, FailureKind};

const NAME: &str = "quarterdeck-ssh";
/// A socket's path has 108 bytes; OpenSSH adds seventeen while it makes one, and its name has about twenty.
const LONGEST: usize = 64;

/// The folder, made and swept at its first use.
///
/// # Errors
/// Where there is one that is not ours alone.
pub(super) fn ready() -> Result<PathBuf, Failure> {
    static READY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = READY.get() {
        return Ok(path.clone());
    }
    let user = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join(NAME));
    let own = runtime.filter(|path| path.is_absolute() && path.as_os_str().len() <= LONGEST);
    let fallback = PathBuf::from("/tmp").join(format!("{NAME}-{user}"));
    let made = own.filter(|path| make(path, user).is_ok()).map_or_else(|| make(&fallback, user), Ok);
    let path = made.map_err(|error| {
        Failure::new(FailureKind::Unreachable, format!("no safe place for the sockets of ssh: {error}"))
            .hint("set XDG_RUNTIME_DIR to a folder that is yours alone")
    })?;
    sweep(&path);
    Ok(READY.get_or_init(|| path).clone())
}

/// Makes the folder, or makes sure that the one that is there is a real one, ours, and closed to others.
fn make(path: &Path, user: u32) -> io::Result<PathBuf> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let is = fs::symlink_metadata(path)?;
    if !is.is_dir() || is.uid() != user || is.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!("{} is not a folder of ours alone", path.display())));
    }
    Ok(path.to_owned())
}

/// Removes sockets that nobody listens on any more; masters that still run end by themselves within a minute.
fn sweep(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if UnixStream::connect(entry.path()).is_err() {
            drop(fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn r_a_folder_that_others_can_enter_or_a_link_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let user = rustix::process::geteuid().as_raw();
        let path = base.path().join("a");
        assert!(make(&path, user).is_ok() && make(&path, user).is_ok());
        assert!(make(&path, user + 1).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(make(&path, user).is_err());
        std::os::unix::fs::symlink(base.path(), base.path().join("link")).unwrap();
        assert!(make(&base.path().join("link"), user).is_err());
    }

    #[test]
    fn dead_sockets_are_swept_and_live_ones_stay() {
        let base = tempfile::tempdir().unwrap();
        let live = std::os::unix::net::UnixListener::bind(base.path().join("live")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(base.path().join("dead")).unwrap());
        sweep(base.path());
        assert!(base.path().join("live").exists() && !base.path().join("dead").exists());
        drop(live);
    }
}
