//! Whether a project's files may be handed to Compose: reading them must fetch nothing and must not leave the project's
//! folder (SAFETY attack 41; `include: oci://…` fires on `config`, CVE-2025-62725).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Host, Project};

/// Most files of one project, those that are included counted too.
const AT_MOST: usize = 40;

/// The two places of a Compose file that name other files to load.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline {
    include: Option<OneOrMore<Include>>,
    services: Option<BTreeMap<String, Option<Service>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    extends: Option<Extends>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Extends {
    From {
        file: Option<String>,
    },
    /// A service of the same file.
    Here(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Include {
    Short(String),
    Long { path: Option<OneOrMore<String>>, project_directory: Option<String>, env_file: Option<OneOrMore<String>> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// Reads the files and all that they name.
///
/// # Errors
/// Why the project is not read: a file that is not here, that names something far away or outside, or that is not
/// understood.
pub(super) async fn check(host: &Host, project: &Project) -> Result<(), String> {
    let root = host.real(&project.folder).await.ok_or_else(|| format!("{} is not readable here", project.folder))?;
    let mut open: Vec<String> = project.files.clone();
    // Files that somebody named on the command line may lie anywhere; what they name in turn may not.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = open.pop() {
        if !path.starts_with('/') || path.contains("://") {
            return Err(format!("{path} is not a file of this machine"));
        }
        if !seen.insert(path.clone()) {
            continue;
        }
        if seen.len() > AT_MOST {
            return Err(format!("its files name more than {AT_MOST} others"));
        }
        let text = host.file(&path).await?;
        for name in named(&text).map_err(|why| format!("{path}: {why}"))? {
            let place = inside(host, &root, &path, &name).await?;
            open.push(place);
        }
    }
    Ok(())
}

/// Files that a Compose file loads.
fn named(text: &str) -> Result<Vec<String>, String> {
    let outline: Outline = serde_saphyr::from_str(text).map_err(|error| {
        let said = error.to_string();
        format!("not understood: {}", said.lines().next().unwrap_or_default())
    })?;
    let mut found = Vec::new();
    for include in outline.include.map(OneOrMore::into_vec).unwrap_or_default() {
        match include {
            Include::Short(path) => found.push(path),
            Include::Long { path, project_directory, env_file } => {
                if project_directory.is_some() || env_file.is_some() {
                    return Err("its include has a folder or settings of its own".to_owned());
                }
                found.extend(path.map(OneOrMore::into_vec).unwrap_or_default());
            }
        }
    }
    for service in outline.services.into_iter().flatten().filter_map(|(_, service)| service) {
        match service.extends {
            Some(Extends::From { file: Some(file) }) => found.push(file),
            Some(Extends::Here(_) | Extends::From { file: None }) | None => {}
        }
    }
    Ok(found)
}

/// The place of a file that another one names.
async fn inside(host: &Host, root: &str, from: &str, name: &str) -> Result<String, String> {
    let is_far = name.contains("://") || name.contains('$') || name.contains('@') || name.contains('#');
    if is_far || name.starts_with("github.com/") || name.starts_with("oci:") || name.starts_with("git:") {
        return Err(format!("{from} loads {name}: that could be fetched from elsewhere"));
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let joined = if name.starts_with('/') { name.to_owned() } else { format!("{folder}/{name}") };
    let real = host.real(&joined).await.ok_or_else(|| format!("{from} loads {name}: it is not readable here"))?;
    let below = real.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    if below { Ok(real) } else { Err(format!("{from} loads {name}: that is outside the project's folder")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;

    fn project(folder: &std::path::Path) -> Project {
        let folder = folder.to_str().unwrap().to_owned();
        Project {
            name: Text::name("p"),
            files: vec![format!("{folder}/compose.yaml")],
            folder,
            environment_file: None,
            versions: BTreeSet::new(),
            hashes: BTreeSet::new(),
        }
    }

    async fn checked(text: &str) -> Result<(), String> {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("project");
        std::fs::create_dir_all(folder.join("parts")).unwrap();
        std::fs::write(base.path().join("outside.yaml"), "services: {}").unwrap();
        std::fs::write(folder.join("parts/db.yaml"), "services: {db: {image: pg}}").unwrap();
        std::fs::write(folder.join("parts/far.yaml"), "include: ['oci://evil.example/x']").unwrap();
        std::os::unix::fs::symlink("../../outside.yaml", folder.join("parts/link.yaml")).unwrap();
        std::fs::write(folder.join("compose.yaml"), text).unwrap();
        check(&Host::Here, &project(&folder)).await
    }

    #[tokio::test]
    async fn r_files_that_load_something_from_elsewhere_are_not_read() {
        for (text, words) in [
            ("include: ['oci://registry.example/x']", "from elsewhere"),
            ("include:\n  - path: https://git.example/x.git", "from elsewhere"),
            ("include: git@git.example:x.git", "from elsewhere"),
            ("include: ['${WHERE}']", "from elsewhere"),
            ("\"incl\\u0075de\": ['oci://registry.example/x']", "from elsewhere"),
            ("include: [parts/far.yaml]", "from elsewhere"),
            ("include: [../outside.yaml]", "outside"),
            ("include: [parts/link.yaml]", "outside"),
            ("services: {a: {extends: {file: ../outside.yaml, service: x}}}", "outside"),
            ("include: [/etc/passwd]", "outside"),
            ("include: [{path: parts/db.yaml, env_file: /etc/x}]", "of its own"),
            ("include: [parts/none.yaml]", "not readable"),
            ("services: [", "not understood"),
        ] {
            let why = checked(text).await.unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[tokio::test]
    async fn ordinary_files_are_read() {
        for text in [
            "services: {web: {image: 'web:1', environment: {URL: 'https://x.example'}, extends: base}, base: {image: b}}",
            "include: [parts/db.yaml]\nservices: {web: {extends: {file: parts/db.yaml, service: db}}}",
            "x-base: &base {restart: always}\nservices:\n  web:\n    <<: *base\n    image: web\n    ports: ['80:80']\n  none:\n",
        ] {
            assert_eq!(checked(text).await, Ok(()), "{text}");
        }
    }

    #[tokio::test]
    async fn files_that_are_not_here_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let why = check(&Host::Here, &project(&folder.path().join("gone"))).await.unwrap_err();
        assert!(why.contains("not readable here"), "{why}");
        assert!(check(&Host::OutOfReach, &project(folder.path())).await.is_err());
    }
}
