//! The machine on which an engine runs: its files and its programs, as far as they are in reach.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::super::connect::{Lost, Ssh};
use crate::sources::port::{Failure, FailureKind};
use crate::sources::process;

/// Longest file that is read.
const LONGEST: u64 = 1 << 20;
/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes of a program's output.
const OUTPUT: u64 = 8 << 20;

/// Where the files of projects lie.
#[derive(Clone)]
pub(in crate::sources::docker) enum Host {
    /// This machine.
    Here,
    /// Behind an SSH login.
    There(Arc<Ssh>),
    /// Behind a socket that carries the engine's API and nothing else.
    OutOfReach,
}

impl Host {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) async fn file(&self, path: &str) -> Result<String, String> {
        let bytes = match self {
            Self::Here => {
                tokio::time::timeout(PATIENCE, here(path)).await.map_err(|_| "it takes too long".to_owned())?
            }
            Self::There(ssh) => there(ssh, path).await,
            Self::OutOfReach => Err("it is on another machine".to_owned()),
        };
        let bytes = bytes.map_err(|why| format!("{path}: {why}"))?;
        String::from_utf8(bytes).map_err(|_| format!("{path}: it is no text"))
    }

    /// The real place of a file: links and `..` followed where that can be known.
    pub(super) async fn real(&self, path: &str) -> Option<String> {
        match self {
            Self::Here => tokio::fs::canonicalize(path).await.ok()?.to_str().map(str::to_owned),
            Self::There(ssh) => {
                let output = ssh.run(&["realpath", "--", path]).await.ok().filter(|o| o.status.success())?;
                Some(String::from_utf8(output.stdout).ok()?.trim_end_matches('\n').to_owned())
            }
            Self::OutOfReach => None,
        }
    }

    /// Runs a program to its end; `settings` are added to its environment.
    ///
    /// # Errors
    /// Where it cannot be started, or does not end in time.
    pub(super) async fn run(&self, settings: &[(&str, &str)], argv: &[&str]) -> Result<Output, String> {
        self.run_within(settings, argv, PATIENCE).await.map_err(|lost| match lost {
            Lost::Unsent(failure) | Lost::Unanswered(failure) => failure.to_string(),
        })
    }

    /// The same with a time limit of its own, and told apart whether it was begun at all.
    ///
    /// # Errors
    /// As [`Host::run`].
    pub(in crate::sources::docker) async fn run_within(
        &self,
        settings: &[(&str, &str)],
        argv: &[&str],
        limit: Duration,
    ) -> Result<Output, Lost> {
        match self {
            Self::Here => run_here(settings, argv, limit).await,
            Self::There(ssh) => {
                let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let line: Vec<&str> = ["env"]
                    .into_iter()
                    .chain(settings.iter().map(String::as_str))
                    .chain(argv.iter().copied())
                    .collect();
                ssh.run_within(&line, limit).await
            }
            Self::OutOfReach => Err(unsent("the engine's machine is out of reach")),
        }
    }
}

async fn here(path: &str) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| error.to_string();
    let is = tokio::fs::metadata(Path::new(path)).await.map_err(words)?;
    if !is.is_file() || is.len() > LONGEST {
        return Err("it is not a file of a sensible size".to_owned());
    }
    tokio::fs::read(path).await.map_err(words)
}

async fn there(ssh: &Ssh, path: &str) -> Result<Vec<u8>, String> {
    let limit = (LONGEST + 1).to_string();
    let output = ssh.run(&["head", "-c", &limit, "--", path]).await.map_err(|failure| failure.to_string())?;
    if !output.status.success() {
        return Err("it cannot be read there".to_owned());
    }
    if output.stdout.len() as u64 > LONGEST {
        return Err("it is not a file of a sensible size".to_owned());
    }
    Ok(output.stdout)
}

fn unsent(why: &str) -> Lost {
    Lost::Unsent(Failure::new(FailureKind::Unsupported, why))
}

async fn run_here(settings: &[(&str, &str)], argv: &[&str], limit: Duration) -> Result<Output, Lost> {
    let Some((program, arguments)) = argv.split_first() else { return Err(unsent("nothing to run")) };
    let mut command = process::command(program);
    command.args(arguments).envs(settings.iter().copied());
    let mut child = command.spawn().map_err(|error| unsent(&format!("{program} cannot be started: {error}")))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = async {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let reads = futures::future::join(
            async {
                if let Some(stdout) = stdout {
                    drop(stdout.take(OUTPUT).read_to_end(&mut out).await);
                }
            },
            async {
                if let Some(stderr) = stderr {
                    drop(stderr.take(OUTPUT).read_to_end(&mut err).await);
                }
            },
        );
        reads.await;
        child.wait().await.map(|status| Output { status, stdout: out, stderr: err })
    };
    let lost = |why: String| Lost::Unanswered(Failure::new(FailureKind::Unreachable, why));
    match tokio::time::timeout(limit, read).await {
        Ok(output) => output.map_err(|error| lost(error.to_string())),
        Err(_) => Err(lost(format!("{program} did not end within {} s", limit.as_secs()))),
    }
}
