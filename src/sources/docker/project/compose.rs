//! The host's own Compose, asked what it makes of a project's files. It is told to fetch nothing, has a deadline, and
//! changes nothing: `config` only.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Declaration, Declared, Host, Project};
use crate::model::Text;
use crate::sources::docker::pin::Found;

/// Its loaders of far away files are off, its table of contents is plain.
const SETTINGS: &[(&str, &str)] = &[
    ("COMPOSE_EXPERIMENTAL_OCI_REMOTE", "false"),
    ("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "false"),
    ("COMPOSE_DISABLE_ENV_FILE", "false"),
    ("COMPOSE_ANSI", "never"),
];

/// `config --format json`, as far as it matters.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    services: BTreeMap<String, Service>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service {
    image: Option<String>,
    scale: Option<u32>,
    deploy: Option<Deploy>,
    restart: Option<String>,
    healthcheck: Option<IgnoredAny>,
    ports: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Deploy {
    replicas: Option<u32>,
}

/// How Compose is called on the engine's machine, and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::docker) struct Tool {
    pub(in crate::sources::docker) words: Vec<&'static str>,
    pub(in crate::sources::docker) version: String,
}

/// Asks for images, replica counts and hashes of a project; hashes are those with our pins, since that is how its
/// containers were made.
///
/// # Errors
/// Why there is no answer, in words.
pub(super) async fn read(host: &Host, project: &Project, pins: &[Found]) -> Result<Declaration, String> {
    let tool = tool(host).await?;
    let config = ask(host, &tool, project, &[], &["config", "--format", "json"]).await?;
    let parsed: Config =
        serde_json::from_slice(&config.out).map_err(|error| format!("what Compose says cannot be read: {error}"))?;
    let mut services: BTreeMap<Text, Declared> =
        parsed.services.iter().map(|(name, service)| (Text::name(name), declared(service))).collect();
    // A variable that is set only where somebody ran `up` makes all else a guess.
    if config.err.contains("variable is not set") {
        for service in services.values_mut() {
            service.image = None;
        }
        let note = format!("{}: variables of its files are not set here, so images are not compared", project.folder);
        return Ok(Declaration { services, note: Some(Text::line(&note)), tool: Some(tool), guessed: true });
    }
    // What goes into the hash changes between versions: only the one that made the containers can compare.
    if project.versions.iter().all(|made_by| *made_by == tool.version) {
        let pins: Vec<&str> = pins
            .iter()
            .filter(|found| services.contains_key(&Text::name(&found.service)))
            .map(|found| found.path.as_str())
            .collect();
        let hashes = ask(host, &tool, project, &pins, &["config", "--hash", "*"]).await?;
        for line in String::from_utf8_lossy(&hashes.out).lines() {
            if let Some((name, hash)) = line.split_once(' ')
                && let Some(service) = services.get_mut(&Text::name(name))
            {
                service.hash = Some(hash.trim().to_owned());
            }
        }
    }
    Ok(Declaration { services, note: Some(Text::line(&project.folder)), tool: Some(tool), guessed: false })
}

fn declared(service: &Service) -> Declared {
    let restarts = service.restart.as_deref().is_some_and(|policy| policy != "no");
    let is_open = service.ports.as_ref().is_some_and(|ports| !ports.is_empty());
    Declared {
        image: service.image.as_deref().map(Text::name),
        replicas: Some(service.scale.or(service.deploy.as_ref().and_then(|d| d.replicas)).unwrap_or(1)),
        hash: None,
        pin: None,
        stays_up: restarts || is_open || service.healthcheck.is_some(),
    }
}

/// How Compose is called there, and its version.
async fn tool(host: &Host) -> Result<Tool, String> {
    for argv in [&["docker", "compose"][..], &["docker-compose"][..]] {
        let asked = [argv, &["version", "--short"][..]].concat();
        let Ok(output) = host.run(SETTINGS, &asked).await else { continue };
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said.trim().trim_start_matches('v');
        // Version 1 answers too, but knows no `--format json`.
        if output.status.success() && !version.is_empty() && !version.starts_with("1.") {
            return Ok(Tool { words: argv.to_vec(), version: version.to_owned() });
        }
    }
    Err("there is no Docker Compose on the engine's machine: what its files declare is not known".to_owned())
}

struct Said {
    out: Vec<u8>,
    err: String,
}

impl Tool {
    /// Its call for a project with its own files, then ours.
    pub(in crate::sources::docker) fn on<'a>(&self, project: &'a Project, ours: &[&'a str]) -> Vec<&'a str> {
        let mut argv = self.words.clone();
        argv.extend(["--project-name", project.name.raw(), "--project-directory", &project.folder]);
        for file in project.files.iter().map(String::as_str).chain(ours.iter().copied()) {
            argv.extend(["--file", file]);
        }
        for file in project.environment_file.iter().flat_map(|files| files.split(',')) {
            argv.extend(["--env-file", file]);
        }
        argv
    }
}

async fn ask(host: &Host, tool: &Tool, project: &Project, ours: &[&str], question: &[&str]) -> Result<Said, String> {
    let mut argv = tool.on(project, ours);
    argv.extend(question);
    let output = host.run(SETTINGS, &argv).await?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(Said { out: output.stdout, err });
    }
    let told = err.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it ended without a word");
    Err(format!("Compose cannot read its files: {told}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_come_from_scale_or_deploy_and_are_one_else() {
        let of = |json: &str| declared(&serde_json::from_str(json).unwrap());
        assert_eq!(of(r#"{"image":"web:1","scale":3,"deploy":{"replicas":2}}"#).replicas, Some(3));
        assert_eq!(of(r#"{"deploy":{"replicas":2}}"#).replicas, Some(2));
        assert_eq!(of(r#"{"image":"web:1","networks":{"default":null}}"#).replicas, Some(1));
        assert!(of(r#"{"restart":"unless-stopped"}"#).stays_up && !of(r#"{"restart":"no","ports":[]}"#).stays_up);
    }
}
