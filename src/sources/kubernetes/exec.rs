//! Login plugins of a kubeconfig: only known ones, from absolute folders, without a terminal, within a deadline.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use kube::config::ExecConfig;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::super::port::{Failure, FailureKind};
use super::super::process;
use crate::model::{Text, Timestamp};

/// Plugins that may run without being asked for (DESIGN section 6).
const KNOWN: [&str; 8] =
    ["aws", "aws-iam-authenticator", "gke-gcloud-auth-plugin", "kubelogin", "kubectl-oidc_login", "az", "doctl", "tsh"];
/// Longest that a plugin may take: a browser login or a prompt never ends by itself.
const DEADLINE: Duration = Duration::from_secs(15);
/// Most of its output that is read: credentials are some kilobytes.
const OUTPUT_LIMIT: u64 = 1024 * 1024;

/// What a plugin gave.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Credentials {
    pub(crate) token: Option<secrecy::SecretString>,
    /// PEM.
    pub(crate) client_certificate_data: Option<String>,
    /// PEM.
    pub(crate) client_key_data: Option<secrecy::SecretString>,
    pub(crate) expiration_timestamp: Option<Timestamp>,
}

/// Where the plugin lies, if it may run.
///
/// # Errors
/// Where it is not allowed, or not there.
pub(crate) fn locate(command: &str, allowed: &[String], path: &[PathBuf]) -> Result<PathBuf, Failure> {
    let name = Path::new(command).file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let folders = || path.iter().filter(|folder| folder.is_absolute());
    let known = |n: &str| KNOWN.contains(&n) || allowed.iter().any(|a| a == n);
    let refused = || {
        Failure::new(
            FailureKind::Unsupported,
            format!("the login plugin {command} of the kubeconfig is not allowed to run"),
        )
        .hint(format!("if you trust it: [kubernetes] allow_exec = [\"{command}\"]"))
    };
    if command.contains('/') {
        let whole = Path::new(command);
        let in_path = known(name) && folders().any(|folder| whole.parent() == Some(folder.as_path()));
        let allowed = whole.is_absolute() && (in_path || allowed.iter().any(|a| a == command));
        return if allowed { Ok(whole.to_owned()) } else { Err(refused()) };
    }
    if !known(command) {
        return Err(refused());
    }
    folders().map(|folder| folder.join(command)).find(|file| file.is_file()).ok_or_else(|| {
        Failure::new(FailureKind::Unsupported, format!("the login plugin {command} of the kubeconfig is not installed"))
            .hint(format!("install {command}, or put its folder into PATH (absolute folders only)"))
    })
}

/// Runs the plugin and reads its credentials.
///
/// # Errors
/// Where it may not run, fails, takes too long, or prints something else.
pub(crate) async fn run(
    exec: &ExecConfig,
    allowed: &[String],
    deadline: Option<Duration>,
) -> Result<Credentials, Failure> {
    let name = exec.command.as_deref().unwrap_or_default();
    let folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
    let file = locate(name, allowed, &folders)?;
    let deadline = deadline.unwrap_or(DEADLINE);
    let output = match tokio::time::timeout(deadline, output(exec, &file, &folders)).await {
        Err(_) => {
            let text = format!("the login plugin {name} gave no answer within {} s", deadline.as_secs().max(1));
            return Err(Failure::new(FailureKind::Denied, text).hint(by_hand(exec, name)));
        }
        Ok(Err(error)) => {
            let text = format!("the login plugin {name} cannot be started: {error}");
            return Err(Failure::new(FailureKind::Denied, text));
        }
        Ok(Ok(output)) => output,
    };
    if !output.success {
        let said = last_words(&output.stderr);
        let text = format!("the login plugin {name} failed{said}");
        return Err(Failure::new(FailureKind::Denied, text).hint(by_hand(exec, name)));
    }
    parse(&output.stdout).ok_or_else(|| {
        let said = last_words(&output.stderr);
        let text = format!("the login plugin {name} printed no credentials{said}");
        Failure::new(FailureKind::Denied, text).hint(by_hand(exec, name))
    })
}

fn by_hand(exec: &ExecConfig, name: &str) -> String {
    let args = exec.args.clone().unwrap_or_default().join(" ");
    format!("run it by hand to see what it wants: {name} {args}")
}

/// The last line that it said, cleaned and bounded.
fn last_words(stderr: &[u8]) -> String {
    let line = stderr.split(|b| *b == b'\n').rfind(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let line = &line[..line.len().min(400)];
    if line.is_empty() { String::new() } else { format!(": {}", Text::bytes(line.trim_ascii())) }
}

fn parse(stdout: &[u8]) -> Option<Credentials> {
    #[derive(Deserialize)]
    struct Answer {
        status: Option<Credentials>,
    }
    let credentials = serde_json::from_slice::<Answer>(stdout).ok()?.status?;
    let whole = credentials.token.is_some()
        || credentials.client_certificate_data.is_some() && credentials.client_key_data.is_some();
    whole.then_some(credentials)
}

struct Output {
    success: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// In a session of its own, so that it cannot ask on our terminal.
async fn output(exec: &ExecConfig, file: &Path, folders: &[PathBuf]) -> std::io::Result<Output> {
    let detach = folders.iter().filter(|f| f.is_absolute()).map(|f| f.join("setsid")).find(|f| f.is_file());
    let mut command = match &detach {
        Some(setsid) => {
            let mut command = process::command(setsid);
            command.arg(file);
            command
        }
        None => process::command(file),
    };
    command.args(exec.args.iter().flatten()).stdin(Stdio::null());
    for pair in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(name, value);
        }
    }
    let info = serde_json::json!({
        "apiVersion": exec.api_version, "kind": "ExecCredential",
        "spec": { "interactive": false, "cluster": exec.cluster },
    });
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    let alone = detach.is_some();
    let mut child = command.spawn()?;
    let group =
        Group(child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)).filter(|_| alone));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = futures::future::join(bounded(out), bounded(err)).await;
    let status = child.wait().await?;
    group.ended();
    Ok(Output { success: status.success(), stdout: stdout?, stderr: stderr? })
}

/// The session of a plugin: what it started ends with it when its time is over.
struct Group(Option<rustix::process::Pid>);

impl Group {
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may have ended by itself in this very moment.
            rustix::process::kill_process_group(leader, rustix::process::Signal::KILL).unwrap_or_default();
        }
    }
}

async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(OUTPUT_LIMIT).read_to_end(&mut all).await?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_plugins_in_absolute_folders_may_run() {
        let home = tempfile::tempdir().unwrap();
        for name in ["aws", "evil"] {
            std::fs::write(home.path().join(name), "").unwrap();
        }
        let absolute = home.path().to_owned();
        let path = [PathBuf::from("."), PathBuf::from("relative"), absolute.clone()];
        assert_eq!(locate("aws", &[], &path).unwrap(), absolute.join("aws"));
        assert!(locate("aws", &[], &path[..2]).is_err());
        let whole = absolute.join("aws").display().to_string();
        assert!(locate(&whole, &[], &path).is_ok());
        for (command, allowed) in
            [("./aws", "aws"), ("evil", "other"), ("../evil", "evil"), ("/elsewhere/aws", "x"), ("", "")]
        {
            assert!(locate(command, &[allowed.to_owned()], &path).is_err(), "{command}");
        }
        assert!(locate("evil", &["evil".to_owned()], &path).is_ok());
        assert!(locate("/elsewhere/my-login", &["/elsewhere/my-login".to_owned()], &path).is_ok());
    }

    #[test]
    fn credentials_are_a_token_or_a_whole_certificate() {
        assert!(parse(br#"{"status":{"token":"t","expirationTimestamp":"2026-01-01T00:00:00Z"}}"#).is_some());
        for bad in [&b"no"[..], b"{}", br#"{"status":{}}"#, br#"{"status":{"clientCertificateData":"x"}}"#] {
            assert!(parse(bad).is_none());
        }
    }
}
