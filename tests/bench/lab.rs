//! What a measurement needs around it: a private home, a clean environment, and the lab's servers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

/// The release binary.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_quarterdeck"))
}

/// A home folder of its own, gone at the end.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// Makes one.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// An environment in which nothing is found but what `more` names.
    pub(crate) fn env(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let home = self.0.path();
        let inside = |name: &str| home.join(name).to_string_lossy().into_owned();
        let mut env: BTreeMap<String, String> = BTreeMap::from([
            ("PATH".into(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".into(), inside("")),
            ("LANG".into(), "C.UTF-8".into()),
            ("TERM".into(), "xterm-256color".into()),
            ("COLORTERM".into(), "truecolor".into()),
            ("DOCKER_HOST".into(), "tcp://127.0.0.1:9".into()),
            ("KUBECONFIG".into(), inside("no-kubeconfig")),
            ("NO_PROXY".into(), "127.0.0.1,localhost".into()),
        ]);
        for name in ["CONFIG", "STATE", "CACHE", "DATA"] {
            env.insert(format!("XDG_{name}_HOME"), inside(&name.to_lowercase()));
        }
        for (name, value) in more {
            env.insert((*name).into(), (*value).into());
        }
        env.into_iter().collect()
    }

    /// Docker and Kubernetes both point at a closed port.
    pub(crate) fn dead(&self) -> Vec<(String, String)> {
        let file = self.0.path().join("dead");
        let config = r#"{"apiVersion":"v1","kind":"Config","current-context":"dead","contexts":[{"name":"dead","context":{"cluster":"dead","user":"dead"}}],
            "clusters":[{"name":"dead","cluster":{"server":"https://127.0.0.1:9"}}],"users":[{"name":"dead","user":{"token":"x"}}]}"#;
        std::fs::write(&file, config).expect("a kubeconfig");
        self.env(&[("KUBECONFIG", &file.to_string_lossy())])
    }
}

/// Brings a part of the lab up and returns what it says of itself.
pub(crate) fn up(args: &[&str]) -> Result<Value, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/up");
    let done = Command::new(script).args(args).output().map_err(|e| format!("tests/lab/up: {e}"))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let last = said.lines().last().unwrap_or_default();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
    }
    serde_json::from_str(last).map_err(|e| format!("tests/lab/up says {last:?}: {e}"))
}

/// Runs a program to its end; its output and the seconds it took.
pub(crate) fn timed(program: &Path, args: &[&str], env: &[(String, String)]) -> Result<(Vec<u8>, f64), String> {
    let started = Instant::now();
    let done = Command::new(program)
        .args(args)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let seconds = started.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().to_owned());
    }
    Ok((done.stdout, seconds))
}
