//! What a project's files declare: found by the paths on its containers, read only where that is safe, and asked of the
//! host's own `docker compose`, since nobody else knows what it makes of them.
//!
//! All of it happens on a task of its own, never on the way of facts to the screen.

mod compose;
mod declared;
mod files;
mod host;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub(super) use compose::Tool;
pub(super) use declared::{Declaration, Declared, drift};
pub(super) use host::Host;

use super::container::Container;
use super::pin;
use crate::model::Text;
use crate::sources::port::Desk;

/// Files are read at most this often.
const APART: Duration = Duration::from_secs(60);
/// Most projects of one engine that are read.
const AT_MOST: usize = 50;

/// A project as its containers tell of it. Another value means that its files may have changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Project {
    pub(super) name: Text,
    pub(super) folder: String,
    pub(super) files: Vec<String>,
    pub(super) environment_file: Option<String>,
    /// Version of the Compose that made its containers.
    pub(super) versions: BTreeSet<String>,
    hashes: BTreeSet<String>,
}

/// The projects that containers belong to.
pub(super) fn of<'a>(containers: impl Iterator<Item = &'a Container>) -> Vec<Project> {
    let mut found: BTreeMap<&Text, Project> = BTreeMap::new();
    for marks in containers.filter_map(|c| c.marks.compose.as_ref()).filter(|marks| !marks.aside) {
        // A pin of ours stands there too, where it was made with one: it is no file of the project's own.
        let files: Vec<String> = marks.config_files.iter().filter(|file| !pin::is_one(file)).cloned().collect();
        let Some(folder) = marks.working_dir.clone().filter(|_| !files.is_empty()) else { continue };
        let project = found.entry(&marks.project).or_insert_with(|| Project {
            name: marks.project.clone(),
            folder,
            files,
            environment_file: marks.environment_file.clone(),
            versions: BTreeSet::new(),
            hashes: BTreeSet::new(),
        });
        project.versions.extend(marks.version.clone());
        project.hashes.extend(marks.config_hash.clone());
    }
    found.into_values().take(AT_MOST).collect()
}

/// The two ends by which the watch asks for declarations and gets them.
pub(super) struct Reading {
    wanted: watch::Sender<Vec<Project>>,
    found: mpsc::Receiver<(Text, Declaration)>,
}

impl Reading {
    /// Starts the task; it ends with the desk.
    pub(super) fn start(host: Host, desk: &Desk) -> Self {
        let (wanted, asked) = watch::channel(Vec::new());
        let (out, found) = mpsc::channel(AT_MOST);
        desk.spawn(run(host, asked, out));
        Self { wanted, found }
    }

    /// Says which projects there are now; their files are read again where something about them changed.
    pub(super) fn want(&self, projects: Vec<Project>) {
        self.wanted.send_if_modified(|now| {
            let changed = *now != projects;
            *now = projects;
            changed
        });
    }

    /// The next declaration that was read. Cancel-safe.
    pub(super) async fn next(&mut self) -> (Text, Declaration) {
        match self.found.recv().await {
            Some(found) => found,
            // The task ends with the desk alone.
            None => std::future::pending().await,
        }
    }
}

async fn run(host: Host, mut asked: watch::Receiver<Vec<Project>>, out: mpsc::Sender<(Text, Declaration)>) {
    let mut known: Vec<Project> = Vec::new();
    while asked.changed().await.is_ok() {
        let projects = asked.borrow_and_update().clone();
        for project in projects.iter().filter(|project| !known.contains(project)) {
            let declaration = read(&host, project).await;
            if out.send((project.name.clone(), declaration)).await.is_err() {
                return;
            }
        }
        known = projects;
        tokio::time::sleep(APART).await;
    }
}

/// Why files were not read stands in the note; then nothing is declared but what our own pins say.
pub(super) async fn read(host: &Host, project: &Project) -> Declaration {
    let pins = pin::read(host, project.name.raw()).await;
    let read = async {
        files::check(host, project).await?;
        compose::read(host, project, &pins).await
    };
    let mut declaration = match read.await {
        Ok(declaration) => declaration,
        Err(why) => Declaration { note: Some(Text::line(&why)), ..Declaration::default() },
    };
    for found in pins {
        let service = Text::name(&found.service);
        declaration.services.entry(service).or_default().pin = Some(found);
    }
    declaration
}
