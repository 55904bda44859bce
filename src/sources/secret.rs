//! The door to secrets: one is read where it lies, at the moment of need, and handed on in a wrapper that prints nothing.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::port::{Failure, FailureKind};
use super::process;
use crate::model::SecretPlace;

/// How long a program may take to give a secret: some ask a hardware key.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret.
///
/// # Errors
/// Where it is not there, in words that name its place and never its value.
pub async fn read(place: &SecretPlace) -> Result<SecretString, Failure> {
    let secret = match place {
        SecretPlace::Env(name) => {
            std::env::var(name).map_err(|_| missing(&format!("the environment variable {name} is not set")))?
        }
        SecretPlace::File(path) => one_line(text(path).await?),
        SecretPlace::Command(argv) => one_line(ask(argv).await?),
        SecretPlace::Config { file, path } => in_config(&text(file).await?, path)
            .ok_or_else(|| missing(&format!("{path} is not in {} any more", file.display())))?,
    };
    if secret.is_empty() { Err(missing(&format!("the secret is empty ({place:?})"))) } else { Ok(secret.into()) }
}

fn missing(why: &str) -> Failure {
    Failure::new(FailureKind::Denied, why)
}

async fn text(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| missing(&format!("{} cannot be read: {error}", path.display()));
    let length = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
    if length > LONGEST.max(1 << 20) {
        return Err(missing(&format!("{} is too large for a secret", path.display())));
    }
    tokio::fs::read_to_string(path).await.map_err(unreadable)
}

async fn ask(argv: &[String]) -> Result<String, Failure> {
    let Some((program, arguments)) = argv.split_first() else { return Err(missing("the command is empty")) };
    let failed = |why: &str| missing(&format!("`{program}` gave no secret: {why}"));
    let work = process::command(program).args(arguments).output();
    let output = match tokio::time::timeout(PATIENCE, work).await {
        Err(_) => return Err(failed("it did not answer within 20 s")),
        Ok(Err(error)) => return Err(failed(&error.to_string())),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(said.lines().next().unwrap_or("it failed without a word")));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("it is no text"))
}

/// A file and a program end their answer with a line break; it is not part of the secret.
fn one_line(mut text: String) -> String {
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    text
}

/// The string at `source.3.password`.
fn in_config(text: &str, path: &str) -> Option<String> {
    let root: toml::Value = toml::from_str::<toml::Table>(text).ok().map(toml::Value::Table)?;
    let found = path.split('.').try_fold(&root, |at, step| match step.parse::<usize>() {
        Ok(index) => at.get(index),
        Err(_) => at.get(step),
    })?;
    found.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    async fn read_text(place: SecretPlace) -> Result<String, String> {
        read(&place).await.map(|s| s.expose_secret().to_owned()).map_err(|failure| failure.to_string())
    }

    #[tokio::test]
    async fn a_file_and_a_program_lose_their_last_line_break_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, " a b \n").unwrap();
        assert_eq!(read_text(SecretPlace::File(path)).await.unwrap(), " a b ");
        let argv = ["printf", "x\\n"].map(str::to_owned).to_vec();
        assert_eq!(read_text(SecretPlace::Command(argv)).await.unwrap(), "x");
    }

    #[tokio::test]
    async fn one_in_clear_is_read_from_the_config_file_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "[[source]]\nname = \"a\"\n[[source]]\npassword = \"hunter2\"\n").unwrap();
        let place = SecretPlace::Config { file, path: "source.1.password".to_owned() };
        assert!(!format!("{place:?}").contains("hunter2"));
        assert_eq!(read_text(place).await.unwrap(), "hunter2");
    }

    #[tokio::test]
    async fn a_place_without_a_secret_says_so_and_shows_nothing_else() {
        let said = read_text(SecretPlace::Env("QUARTERDECK_NO_SUCH_SECRET".to_owned())).await.unwrap_err();
        assert!(said.contains("QUARTERDECK_NO_SUCH_SECRET is not set"), "{said}");
        let argv = ["sh", "-c", "echo hunter2; echo locked >&2; exit 1"].map(str::to_owned).to_vec();
        let said = read_text(SecretPlace::Command(argv)).await.unwrap_err();
        assert!(said.contains("locked") && !said.contains("hunter2"), "{said}");
    }
}
