//! Where pins lie: `quarterdeck/pins/PROJECT/SERVICE.yaml` in the state folder of the engine's machine, a folder of ours
//! alone (SAFETY attack 53). On this machine they are files; behind an SSH login two fixed scripts do the same, to which
//! every name is an argument, never a part.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{Found, Pin, is_plain};
use crate::sources::docker::project::Host;

/// Longest pin that is read.
const LONGEST: u64 = 16 << 10;
/// Most pins of one project.
const AT_MOST: usize = 200;

/// Prints every pin of the project `$1`, each behind a line with its path.
const READ: &str = r#"b="${XDG_STATE_HOME:-$HOME/.local/state}"; case "$b" in /*) ;; *) b="$HOME/.local/state";; esac; cd -P -- "$b/quarterdeck/pins/$1" 2>/dev/null || exit 0; for f in *.yaml; do [ -f "$f" ] && [ -O "$f" ] && printf '\n=== %s/quarterdeck/pins/%s/%s\n' "$b" "$1" "$f" && head -c 16384 -- "$f"; done; exit 0"#;

/// Writes `$3` as the pin of service `$2` in project `$1`; prints its path.
const WRITE: &str = r#"set -eu; umask 077; b="${XDG_STATE_HOME:-$HOME/.local/state}"; case "$b" in /*) ;; *) b="$HOME/.local/state";; esac; d="$b/quarterdeck/pins/$1"; mkdir -p -- "$d"; for f in "$b/quarterdeck" "$b/quarterdeck/pins" "$d"; do if [ -L "$f" ] || [ ! -O "$f" ]; then echo "$f is not a folder of this user alone" >&2; exit 3; fi; done; rm -f -- "$d/.$2.new"; printf %s "$3" > "$d/.$2.new"; mv -f -- "$d/.$2.new" "$d/$2.yaml"; printf %s "$d/$2.yaml""#;

/// Removes the pin of service `$2` in project `$1`.
const REMOVE: &str = r#"b="${XDG_STATE_HOME:-$HOME/.local/state}"; case "$b" in /*) ;; *) b="$HOME/.local/state";; esac; rm -f -- "$b/quarterdeck/pins/$1/$2.yaml""#;

/// The pins of a project. What is not one of ours is left out.
pub(in crate::sources::docker) async fn read(host: &Host, project: &str) -> Vec<Found> {
    if !is_plain(project) {
        return Vec::new();
    }
    match host {
        Host::Here => folder(project).map(|folder| listed(&folder)).unwrap_or_default(),
        Host::There(ssh) => {
            let output = ssh.run(&["sh", "-c", READ, "quarterdeck", project]).await;
            output.map(|output| printed(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default()
        }
        Host::OutOfReach => Vec::new(),
    }
}

/// Puts a pin in place, whole or not at all, or takes it away. Gives its path.
///
/// # Errors
/// Why not, in words.
pub(in crate::sources::docker) async fn write(
    host: &Host,
    project: &str,
    service: &str,
    pin: Option<&Pin>,
) -> Result<String, String> {
    if !is_plain(project) || !is_plain(service) {
        return Err(format!("`{project}/{service}` is no name that Compose allows"));
    }
    let text = pin.map(|pin| pin.text(project, service));
    match (host, text) {
        (Host::Here, Some(text)) => {
            let folder = made(project).map_err(|error| error.to_string())?;
            put(&folder, service, &text).map_err(|error| format!("{}: {error}", folder.display()))
        }
        (Host::Here, None) => {
            let path = folder(project).ok_or("there is no home folder")?.join(format!("{service}.yaml"));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
                _ => Ok(path.display().to_string()),
            }
        }
        (Host::There(ssh), text) => {
            let mut argv = vec!["sh", "-c", WRITE, "quarterdeck", project, service];
            match &text {
                Some(text) => argv.push(text),
                None => argv[2] = REMOVE,
            }
            let output = ssh.run(&argv).await.map_err(|failure| failure.to_string())?;
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
            if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
        }
        (Host::OutOfReach, _) => Err("the engine's machine is out of reach".to_owned()),
    }
}

/// The state folder of this user.
fn state() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).and_then(absolute);
    named.or_else(|| Some(absolute(PathBuf::from(std::env::var_os("HOME")?))?.join(".local/state")))
}

fn folder(project: &str) -> Option<PathBuf> {
    Some(state()?.join("quarterdeck/pins").join(project))
}

/// The folder of a project's pins, made where it is missing.
fn made(project: &str) -> io::Result<PathBuf> {
    let state = state().ok_or_else(|| io::Error::other("there is no home folder"))?;
    fs::create_dir_all(&state)?;
    let mut path = state;
    for name in ["quarterdeck", "pins", project] {
        path.push(name);
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let is = fs::symlink_metadata(&path)?;
        if !is.is_dir() || is.uid() != rustix::process::geteuid().as_raw() || is.mode() & 0o022 != 0 {
            return Err(io::Error::other(format!("{} is not a folder of this user alone", path.display())));
        }
    }
    Ok(path)
}

/// Writes beside the place and moves it there, so that no half is ever read.
fn put(folder: &Path, service: &str, text: &str) -> io::Result<String> {
    let (new, path) = (folder.join(format!(".{service}.new")), folder.join(format!("{service}.yaml")));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    fs::rename(&new, &path)?;
    Ok(path.display().to_string())
}

fn listed(folder: &Path) -> Vec<Found> {
    let mut found: Vec<Found> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(AT_MOST)
        .filter_map(|entry| {
            let is = entry.metadata().ok().filter(|is| is.is_file() && is.len() <= LONGEST)?;
            let ours = is.uid() == rustix::process::geteuid().as_raw();
            let text = ours.then(|| fs::read_to_string(entry.path()).ok())??;
            named(entry.path().to_str()?, &text)
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn printed(said: &str) -> Vec<Found> {
    let parts = said.split("\n=== ").skip(1).take(AT_MOST);
    parts.filter_map(|part| part.split_once('\n').and_then(|(path, text)| named(path, text))).collect()
}

fn named(path: &str, text: &str) -> Option<Found> {
    let service = path.rsplit_once('/').map_or(path, |(_, name)| name).strip_suffix(".yaml")?;
    let pin = Pin::parse(text)?;
    is_plain(service).then(|| Found { service: service.to_owned(), path: path.to_owned(), pin })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn pin() -> Pin {
        Pin { image: "shop/web@sha256:aa".into(), run: "r1".into(), at: "now".into(), instances: 2, before: None }
    }

    #[test]
    fn r_a_pin_is_closed_to_others_and_strangers_in_its_folder_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = put(folder.path(), "web", &pin().text("p", "web")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(folder.path().join("other.yaml"), "services: {other: {image: x}}").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.yaml")).unwrap();
        let found = listed(folder.path());
        assert_eq!(found, [Found { service: "web".to_owned(), path, pin: pin() }]);
        // Again, over what is there.
        put(folder.path(), "web", &Pin { run: "r2".into(), ..pin() }.text("p", "web")).unwrap();
        assert_eq!(listed(folder.path())[0].pin.run, "r2");
    }

    #[test]
    fn what_a_far_machine_prints_is_read_like_files() {
        let text = pin().text("p", "web");
        let found =
            printed(&format!("\n=== /s/quarterdeck/pins/p/web.yaml\n{text}\n=== /s/quarterdeck/pins/p/x.yaml\nno pin"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].service.as_str(), found[0].pin.instances), ("web", 2));
    }

    #[test]
    fn a_the_scripts_take_names_as_arguments_and_do_what_the_files_do() {
        let home = tempfile::tempdir().unwrap();
        let run = |script: &str, more: &[&str]| {
            #[expect(clippy::disallowed_methods, reason = "the far side's shell, tried here")]
            let mut command = std::process::Command::new("sh");
            let output = command.args(["-c", script, "quarterdeck"]).args(more).env("XDG_STATE_HOME", home.path());
            String::from_utf8(output.output().unwrap().stdout).unwrap()
        };
        let text = pin().text("p", "web");
        let path = run(WRITE, &["p", "web", &text]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let found = printed(&run(READ, &["p"]));
        assert_eq!(found, [Found { service: "web".to_owned(), path, pin: pin() }]);
        run(REMOVE, &["p", "web"]);
        assert!(printed(&run(READ, &["p"])).is_empty());
        fs::set_permissions(home.path().join("quarterdeck"), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(run(READ, &["$(touch x)"]), "");
    }
}
