//! How containers of a service are made: by the host's own Compose with the project's own files and, where there is one,
//! our pin; by the Engine API from a container that is there where tool or files are missing.

use crate::model::Text;
use crate::sources::docker::Docker;
use crate::sources::docker::connect::{Address, Client};
use crate::sources::docker::container::Container;
use crate::sources::docker::pin::{self, Found};
use crate::sources::docker::project::{self, Declared, Host, Project, Tool};

/// The way, and what it knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Way {
    Tool(Box<ByTool>),
    /// The Engine API alone; why. Our pin says how many Instances a Run began with, although nothing is made by it.
    Engine {
        why: String,
        pin: Option<Box<Found>>,
    },
}

/// Everything that a call of Compose needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ByTool {
    pub(super) tool: Tool,
    pub(super) project: Project,
    pub(super) declared: Declared,
}

/// How `up` is to treat the containers that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Up {
    /// They stay as they are; there are to be so many in all.
    Keep { total: u32 },
    /// The only one is made anew.
    Remake,
}

/// What every call is told: nothing is fetched, nobody is asked, nothing else is touched.
const SETTINGS: &[(&str, &str)] = &[
    ("COMPOSE_EXPERIMENTAL_OCI_REMOTE", "false"),
    ("COMPOSE_EXPERIMENTAL_GIT_REMOTE", "false"),
    ("COMPOSE_DISABLE_ENV_FILE", "false"),
    ("COMPOSE_REMOVE_ORPHANS", "false"),
    ("COMPOSE_IGNORE_ORPHANS", "true"),
    ("COMPOSE_MENU", "false"),
    ("COMPOSE_ANSI", "never"),
    ("DOCKER_CLI_HINTS", "false"),
];

impl Way {
    /// Finds the way for a service by its containers, or by those of the same project where it has none.
    pub(super) async fn find(host: &Host, containers: &[&Container], service: &Text) -> Self {
        let engine = |why: &str| Self::Engine { why: why.to_owned(), pin: None };
        let Some(project) = project::of(containers.iter().copied()).into_iter().next() else {
            return engine("its containers do not say where the project's files are");
        };
        if !pin::is_plain(project.name.raw()) || !pin::is_plain(service.raw()) {
            return engine("its names are none that Compose allows");
        }
        if matches!(host, Host::OutOfReach) {
            return engine("the engine's machine is out of reach: the project's files are not here");
        }
        let declaration = project::read(host, &project).await;
        let declared = declaration.services.get(service).cloned().unwrap_or_default();
        let pin = declared.pin.clone().map(Box::new);
        let why = match declaration.tool {
            Some(_) if declaration.guessed => {
                "variables of the project's files are not set here: Compose would make other containers".to_owned()
            }
            Some(tool) if declared.replicas.is_some() => {
                return Self::Tool(Box::new(ByTool { tool, project, declared }));
            }
            Some(_) => "the project's files do not declare it".to_owned(),
            None => {
                declaration.note.map_or_else(|| "the project's files are not read".to_owned(), |note| note.to_string())
            }
        };
        Self::Engine { why, pin }
    }

    /// In words: the tool and its files, or why there is none.
    pub(super) fn words(&self, host: &Host) -> String {
        match self {
            Self::Tool(by) => {
                let place = if matches!(host, Host::There(_)) { "over ssh: " } else { "" };
                let files = by.project.files.join(", ");
                format!("{place}{} {} with {files}", by.tool.words.join(" "), by.tool.version)
            }
            Self::Engine { why, .. } => format!("the Engine API, as a copy of a container that is there: {why}"),
        }
    }

    /// Our pin.
    pub(super) fn pin(&self) -> Option<&Found> {
        match self {
            Self::Tool(by) => by.declared.pin.as_ref(),
            Self::Engine { pin, .. } => pin.as_deref(),
        }
    }
}

impl ByTool {
    /// The words of `up` for one service: argv, as the program gets it.
    pub(super) fn up<'a>(&'a self, pin: Option<&'a str>, service: &'a str, scale: &'a str, up: Up) -> Vec<&'a str> {
        let ours: Vec<&str> = pin.into_iter().collect();
        let mut argv = self.tool.on(&self.project, &ours);
        argv.extend(["up", "--detach", "--no-deps", "--no-build", "--pull", "never"]);
        argv.push(match up {
            Up::Keep { .. } => "--no-recreate",
            Up::Remake => "--force-recreate",
        });
        argv.extend(["--scale", scale, service]);
        argv
    }

    /// What a person should know of the tool.
    pub(super) fn remark(&self) -> Option<String> {
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        let other = self.project.versions.iter().find(|made_by| major(made_by) != major(&self.tool.version))?;
        Some(format!("its containers were made by Compose {other}, the one there is {}", self.tool.version))
    }
}

impl Up {
    /// `--scale`'s word.
    pub(super) fn scale(self, service: &str) -> String {
        match self {
            Self::Keep { total } => format!("{service}={total}"),
            Self::Remake => format!("{service}=1"),
        }
    }
}

impl Docker {
    /// The machine of the engine, as far as it is in reach.
    pub(in crate::sources::docker) fn host(&self, client: &Client) -> Host {
        match client.login() {
            Some(login) => Host::There(login),
            None if self.address.is_local() => Host::Here,
            None => Host::OutOfReach,
        }
    }
}

/// The environment of a call: our settings, and the engine that it is to talk to.
pub(super) fn settings(address: &Address, host: &Host) -> Vec<(&'static str, String)> {
    let mut settings: Vec<(&str, String)> = SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let socket = match (address, host) {
        (Address::Unix(path), Host::Here) => Some(path.display().to_string()),
        (_, Host::There(ssh)) => ssh.socket().map(str::to_owned),
        _ => None,
    };
    settings.extend(socket.map(|path| ("DOCKER_HOST", format!("unix://{path}"))));
    settings
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::sources::docker::wire::Listed;

    fn by(files: &str, environment: Option<&str>) -> ByTool {
        let label = |name: &str, value: &str| (format!("com.docker.compose.{name}"), value.to_owned());
        let mut labels: HashMap<String, String> = HashMap::from([
            label("project", "shop-prod"),
            label("service", "web"),
            label("version", "2.29.0"),
            label("project.working_dir", "/srv/my shop"),
            label("project.config_files", files),
        ]);
        labels.extend(environment.map(|file| label("project.environment_file", file)));
        let container = Container::listed(&Listed { id: "a".into(), labels, ..Listed::default() });
        let project = project::of([container].iter()).remove(0);
        let tool = Tool { words: vec!["docker", "compose"], version: "2.29.0".into() };
        ByTool { tool, project, declared: Declared::default() }
    }

    #[test]
    fn a_the_words_are_argv_and_touch_one_service_only() {
        let by =
            by("/srv/my shop/compose.yaml,/srv/$(x).yaml,/s/quarterdeck/pins/shop-prod/web.yaml", Some("/srv/.env"));
        let up = Up::Keep { total: 3 };
        let scale = up.scale("web");
        assert_eq!(
            by.up(Some("/new/web.yaml"), "web", &scale, up),
            [
                "docker",
                "compose",
                "--project-name",
                "shop-prod",
                "--project-directory",
                "/srv/my shop",
                "--file",
                "/srv/my shop/compose.yaml",
                "--file",
                "/srv/$(x).yaml",
                "--file",
                "/new/web.yaml",
                "--env-file",
                "/srv/.env",
                "up",
                "--detach",
                "--no-deps",
                "--no-build",
                "--pull",
                "never",
                "--no-recreate",
                "--scale",
                "web=3",
                "web"
            ],
            "an older pin on the containers is no file of the project"
        );
        let remade = Up::Remake.scale("web");
        let argv = by.up(None, "web", &remade, Up::Remake);
        assert!(argv.ends_with(&["--force-recreate", "--scale", "web=1", "web"]) && !argv.contains(&"--no-recreate"));
    }

    #[test]
    fn another_major_version_of_the_tool_is_said() {
        let mut by = by("/srv/compose.yaml", None);
        assert_eq!(by.remark(), None);
        by.tool.version = "5.5.1".into();
        assert!(by.remark().unwrap().contains("Compose 2.29.0"));
    }
}
