//! Runs the binary in a clean environment: a home folder of its own, no terminal, and no Source but a closed port.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A home folder and what is set in it.
pub(crate) struct Program {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    /// With a Docker engine that nobody listens for.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let variables = vec![("DOCKER_HOST".to_owned(), "tcp://127.0.0.1:9".to_owned())];
        Self { home, variables }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "a test starts the program as a shell would")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home())
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// The home folder's own path never stands in what is given back: it is written `~`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let home = self.home().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&home, "~");
        Ran { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// The simulated world at a fixed time of its story.
    pub(crate) fn demo(&self, arguments: &[&str]) -> Ran {
        let still = ["--demo", "--seed", "7", "--at", "10m", "--wait", "60s"];
        self.run(&[arguments, &still].concat())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let ran = self.demo(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}{}", ran.out, ran.err))
    }
}
