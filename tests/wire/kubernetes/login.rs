//! Kubeconfigs and login plugins, as they should be and as they should not.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use quarterdeck::model::Freshness;

use super::console::{Console, Setup};
use super::server::{Reply, Server};

/// A plugin in a folder of its own, allowed by its whole path.
fn plugin(setup: Setup, script: &str) -> (Setup, PathBuf) {
    let file = setup.home.path().join("my-login");
    // Written under another name first: a file that is open for writing cannot be run.
    let draft = setup.home.path().join("draft");
    std::fs::write(&draft, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&draft, &file).unwrap();
    let allowed = file.display().to_string();
    (setup.allow(&[allowed]), file)
}

fn by_plugin(server: &Server, script: &str) -> Setup {
    let setup = Setup::of(server);
    let (setup, file) = plugin(setup, script);
    rewrite(
        setup.home.path(),
        &format!("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}}}}}", file.display()),
    );
    setup
}

/// Gives another token each time: `token-1`, `token-2`, …
const COUNTING: &str = r#"n=$(cat "$0.count" 2>/dev/null || echo 0); n=$((n+1)); echo $n > "$0.count"
case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 9;; esac
echo "{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"token-$n\"}}""#;

/// Puts another user into the kubeconfig.
fn rewrite(home: &Path, user: &str) {
    let file = home.join("config");
    let text = std::fs::read_to_string(&file).unwrap().replace("{token: good}", user);
    std::fs::write(file, text).unwrap();
}

#[tokio::test]
async fn a_plugins_token_is_used_and_the_plugin_runs_again_once_when_it_is_refused() {
    let server =
        Server::start(|asked| (asked.token != "Bearer token-2").then(|| Reply::refusal(401, "Unauthorized"))).await;
    let mut c = Console::start(by_plugin(&server, COUNTING));
    // The first token is refused: fresh as it is, the Source says so and tries again later with another.
    c.until("denied", |c| c.state() == Some(Freshness::Denied)).await;
    let c = c.synced().await;
    assert_eq!(c.state(), Some(Freshness::Fresh));
}

#[tokio::test]
async fn a_plugin_in_trouble_is_explained() {
    let cases = [
        ("sleep 60; echo late", "gave no answer within 1 s"),
        ("read answer || exit 3", "failed"),
        ("read answer < /dev/tty && echo '{}'", "failed"),
        ("printf '\\033[2J\\033]0;owned\\007Password: ' >&2; exit 1", "failed: ␛[2J␛]0;owned␇Password:"),
        ("echo no json", "printed no credentials"),
        ("yes x", "failed"),
        ("exit 0", "run it by hand"),
    ];
    let server = Server::start(|_| None).await;
    for (script, words) in cases {
        let mut c = Console::start(by_plugin(&server, script).patience(1));
        c.until(words, |c| c.detail().contains(words)).await;
        assert_eq!((c.state(), c.synced), (Some(Freshness::Denied), 0), "{script}");
        assert!(!c.detail().contains('\u{1b}'));
    }
    assert!(server.asked(|_| true).is_empty());
}

#[tokio::test]
async fn a_plugin_that_nobody_allowed_is_not_run() {
    let server = Server::start(|_| None).await;
    for command in ["./my-login", "my-login", "/bin/sh"] {
        let setup = Setup::of(&server);
        let ran = setup.home.path().join("ran");
        std::fs::write(setup.home.path().join("my-login"), format!("#!/bin/sh\ntouch {}\n", ran.display())).unwrap();
        rewrite(setup.home.path(), &format!("{{exec: {{command: {command}}}}}"));
        let mut c = Console::start(setup);
        c.until("refused", |c| c.detail().contains("is not allowed to run") && c.detail().contains("allow_exec")).await;
        assert!(!ran.exists());
    }
}

#[tokio::test]
async fn a_kubeconfig_that_is_wrong_is_explained() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let whole = "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: lab, context: {cluster: c}}, {name: lost, context: {cluster: gone}}]\n";
    let cases = [
        (home.path().join("nowhere"), "lab", "there is no kubeconfig at"),
        (home.path().to_owned(), "lab", "it is not a file"),
        (write("broken", "clusters: [{"), "lab", "cannot be read"),
        (write("bytes", "\u{0}\u{1}"), "lab", "kubeconfig"),
        (write("whole", whole), "other", "no context other; it has lab, lost"),
        (write("lost", whole), "lost", "points to the cluster gone"),
        (write("down", whole), "lab", "cannot reach http://127.0.0.1:1/"),
    ];
    for (file, context, words) in cases {
        let setup = Setup { home: tempfile::tempdir().unwrap(), spec: Setup::spec(vec![file], context) };
        let mut c = Console::start(setup);
        c.until(words, |c| c.detail().contains(words)).await;
        assert_eq!(c.state(), Some(Freshness::Unreachable), "{words}");
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_is_explained() {
    // A server that speaks no TLS at all is the plainest of all that cannot prove who they are.
    let server = Server::start(|_| None).await;
    let mut c = Console::start(Setup::new(&format!("https://{}", server.address), "{token: good}"));
    c.until("unreachable", |c| c.state() == Some(Freshness::Unreachable)).await;
    assert!(c.detail().contains("cannot reach https://"), "{}", c.detail());
}

#[tokio::test]
async fn a_token_that_expires_meanwhile_is_replaced_without_a_word() {
    let expired = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let shared = expired.clone();
    let server = Server::start(move |asked| {
        let wanted = if shared.load(std::sync::atomic::Ordering::SeqCst) { "Bearer token-2" } else { "Bearer token-1" };
        (asked.token != wanted).then(|| Reply::refusal(401, "Unauthorized"))
    })
    .await;
    let mut c = Console::start(by_plugin(&server, COUNTING)).synced().await;
    expired.store(true, std::sync::atomic::Ordering::SeqCst);
    c.until("read again", |c| c.synced == 2).await;
    assert!(c.status.iter().all(|s| s.state != Freshness::Denied), "{:?}", c.status);
}
