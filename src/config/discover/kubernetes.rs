//! The contexts of the kubeconfig: the current one is connected, the others are listed and one key away.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::Found;
use crate::config::{Attempt, Machine};
use crate::model::{Connection, SourceName, SourceSpec, Text};

/// Largest kubeconfig that is read: an inlined certificate has a few kilobytes, a thousand contexts a few hundred.
const LARGEST: u64 = 16 << 20;

/// The little of a kubeconfig that listing needs; users and certificates are not looked at here.
#[derive(Debug, Default, Deserialize)]
struct Kubeconfig {
    #[serde(default, rename = "current-context")]
    current: Option<String>,
    #[serde(default)]
    contexts: Option<Vec<Named>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

/// Finds every context; where several files name one, the first counts, as kubectl has it.
pub(super) fn discover(machine: &Machine, allow_exec: &[String], found: &mut Found) {
    let files = files(machine, found);
    let (mut contexts, mut current, mut read) = (Vec::<String>::new(), None, Vec::new());
    for path in files {
        let place = path.display().to_string();
        match parse(&path) {
            Err(Trouble::Absent) => found.tried.push(Attempt::miss(place, "no such file")),
            Err(Trouble::Broken(why)) => {
                found.tried.push(Attempt::miss(place.clone(), why));
                read.push(path);
                found.sources.push(spec(String::new(), read.clone(), allow_exec, true, &place));
                return;
            }
            Ok(file) => {
                current = current.or(file.current.filter(|name| !name.is_empty()));
                let named: Vec<String> = file.contexts.unwrap_or_default().into_iter().map(|c| c.name).collect();
                found.tried.push(Attempt::hit(place, count(named.len())));
                for name in named {
                    if !contexts.contains(&name) {
                        contexts.push(name);
                    }
                }
                read.push(path);
            }
        }
    }
    match &current {
        Some(name) if !contexts.contains(name) => contexts.insert(0, name.clone()),
        None if !contexts.is_empty() => {
            let words = "no current-context: none is connected by itself";
            found.tried.push(Attempt::miss("kubeconfig", words));
        }
        _ => {}
    }
    for context in contexts {
        let connect = current.as_ref() == Some(&context);
        found.sources.push(spec(context, read.clone(), allow_exec, connect, "kubeconfig"));
    }
}

fn count(contexts: usize) -> String {
    match contexts {
        1 => "1 context".to_owned(),
        n => format!("{n} contexts"),
    }
}

/// `$KUBECONFIG`, else `~/.kube/config`. A relative entry would read a file of whatever folder one happens to stand in:
/// it is ignored, and said so (SAFETY attack 38).
pub(super) fn files(machine: &Machine, found: &mut Found) -> Vec<PathBuf> {
    let Some(list) = machine.variable("KUBECONFIG") else {
        return machine.in_home(".kube/config").into_iter().collect();
    };
    let (absolute, relative): (Vec<_>, Vec<_>) =
        list.split(':').filter(|entry| !entry.is_empty()).map(PathBuf::from).partition(|path| path.is_absolute());
    for path in relative {
        let words = "ignored: a relative path in KUBECONFIG; name it whole";
        found.tried.push(Attempt::miss(format!("KUBECONFIG entry {}", path.display()), words));
    }
    absolute
}

enum Trouble {
    Absent,
    Broken(String),
}

fn parse(path: &PathBuf) -> Result<Kubeconfig, Trouble> {
    let length = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::Absent,
        _ => Trouble::Broken(error.to_string()),
    })?;
    if length.len() > LARGEST {
        return Err(Trouble::Broken(format!("it has {} bytes: no kubeconfig is that large", length.len())));
    }
    let text = fs::read_to_string(path).map_err(|error| Trouble::Broken(error.to_string()))?;
    yaml(&text).map_err(|why| Trouble::Broken(format!("not a kubeconfig: {why}")))
}

#[cfg(feature = "kubernetes")]
fn yaml(text: &str) -> Result<Kubeconfig, String> {
    if text.trim().is_empty() {
        return Ok(Kubeconfig::default());
    }
    // The complaint may quote the file, which holds tokens: only its first line, masked, is kept.
    serde_saphyr::from_str(text).map_err(|error| {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        Text::line(&crate::model::redact::mask(&first)).shown().to_owned()
    })
}

#[cfg(not(feature = "kubernetes"))]
fn yaml(_text: &str) -> Result<Kubeconfig, String> {
    Err("this build has no Kubernetes".to_owned())
}

/// A Source with an empty context stands for a file that cannot be read: connecting it says why.
fn spec(context: String, kubeconfig: Vec<PathBuf>, allow_exec: &[String], connect: bool, found_by: &str) -> SourceSpec {
    let name = if context.is_empty() { "kubernetes:kubeconfig".to_owned() } else { format!("kubernetes:{context}") };
    SourceSpec {
        name: SourceName::new(&name),
        connection: Connection::Kubernetes {
            context,
            kubeconfig,
            namespaces: Vec::new(),
            allow_exec: allow_exec.to_vec(),
            ca_file: None,
        },
        connect,
        found_by: found_by.to_owned(),
        timeout_seconds: None,
    }
}

#[cfg(all(test, feature = "kubernetes"))]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(home: &Path, kubeconfig: Option<String>) -> Found {
        let variables = kubeconfig.map(|value| ("KUBECONFIG".to_owned(), value)).into_iter().collect();
        let mut found = Found::default();
        discover(&Machine { variables, home: Some(home.to_owned()) }, &[], &mut found);
        found
    }

    fn names(found: &Found) -> Vec<(&str, bool)> {
        found.sources.iter().map(|s| (s.name.0.shown(), s.connect)).collect()
    }

    #[test]
    fn every_context_is_listed_and_the_current_one_connected() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".kube")).unwrap();
        let text =
            "current-context: b\ncontexts:\n- name: a\n  context: {cluster: a, user: a}\n- {name: b}\nusers: []\n";
        fs::write(home.path().join(".kube/config"), text).unwrap();
        assert_eq!(names(&found(home.path(), None)), [("kubernetes:a", false), ("kubernetes:b", true)]);
    }

    #[test]
    fn several_files_are_merged_the_first_one_first() {
        let home = tempfile::tempdir().unwrap();
        let (one, two) = (home.path().join("one"), home.path().join("two"));
        fs::write(&one, "contexts: [{name: a}]").unwrap();
        fs::write(&two, r#"{"current-context":"a","contexts":[{"name":"a"},{"name":"c"}]}"#).unwrap();
        let found = found(home.path(), Some(format!("{}:{}:/nowhere/x", one.display(), two.display())));
        assert_eq!(names(&found), [("kubernetes:a", true), ("kubernetes:c", false)]);
        assert!(found.tried.iter().any(|a| a.place == "/nowhere/x" && !a.found));
    }

    #[test]
    fn attack_38_a_relative_kubeconfig_is_ignored_and_said_so() {
        let home = tempfile::tempdir().unwrap();
        let found = found(home.path(), Some("kubeconfig:./other".to_owned()));
        assert!(found.sources.is_empty());
        assert_eq!(found.tried.iter().filter(|a| a.outcome.contains("relative path")).count(), 2);
    }

    #[test]
    fn a_broken_file_becomes_a_source_that_says_so_and_tells_no_token() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("broken");
        fs::write(&path, "contexts: [\ntoken: abcdefgh\n  - {{{").unwrap();
        let found = found(home.path(), Some(path.display().to_string()));
        assert_eq!(names(&found), [("kubernetes:kubeconfig", true)]);
        assert!(found.tried[0].outcome.contains("not a kubeconfig") && !found.tried[0].outcome.contains("abcdefgh"));
    }
}
