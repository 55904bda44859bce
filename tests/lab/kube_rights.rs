//! Who may not: rights that RBAC denies, tokens that ended or were never known, login plugins that hang or ask.
use serde_json::Value;

use crate::fixtures::answer::Want;
use crate::fixtures::cluster::{apply, deployment, kubectl};
use crate::fixtures::part::{KUBE, alone, part};
use crate::fixtures::program::Program;
use crate::fixtures::wait::until;

/// A user of the lab who logs in by its plugin; the plugin is allowed by name unless `allow` is empty.
fn plugin(user: &str, allow: &str) -> Program {
    let kube = part(&KUBE);
    let folder = std::path::Path::new(kube.get("KUBECONFIG")).with_file_name("bin");
    let lines = format!("[[source]]\nname = \"cluster\"\nkubernetes = \"lab\"\n[kubernetes]\nallow_exec = [{allow}]\n");
    Program::configured(&lines).with("KUBECONFIG", kube.get(user)).path_first(&folder.to_string_lossy())
}

/// The Source once it has failed.
fn failed(program: &Program) -> Value {
    until("the Source tells why it is not there", 40, || {
        let answer = program.items(&["sources"]);
        let source = answer.source("cluster")?.clone();
        if source["state"] == "denied" || source["state"] == "unreachable" {
            Ok(source)
        } else {
            Err(source.to_string())
        }
    })
}

#[test]
fn pods_denied_in_one_namespace_are_named_as_the_missing_grant_while_the_rest_works() {
    let _alone = alone();
    let names = ["shop-prod", "shop-staging"];
    for namespace in names {
        apply(namespace, &[deployment("web", 2, "")]);
    }
    let program = Program::on_kube(part(&KUBE).get("LIMITED"));
    until("what is granted is read and what is denied is told", 40, || {
        let answer = program.services();
        Want { address: "shop/staging/web", desired: 2, ready: 2, health: &["healthy"], says: &[] }.met(&answer)?;
        if answer.find("shop/prod/web")?["health"] == "down" {
            return Err("a service whose pods are denied is called down".to_owned());
        }
        let source = answer.source("cluster")?;
        let detail = source["detail"].to_string();
        let told = (source["state"] == "partial" || source["state"] == "denied")
            && ["list", "pods", "shop-prod"].iter().all(|w| detail.contains(w));
        if told { Ok(()) } else { Err(source.to_string()) }
    });
    for namespace in names {
        kubectl(&["delete", "deployment", "web", "-n", namespace]).expect("the fixture goes");
    }
}

#[test]
fn an_expired_token_is_a_state_of_the_source_and_not_an_empty_list() {
    let program = Program::on_kube(part(&KUBE).get("EXPIRED"));
    let source = failed(&program);
    let detail = source["detail"].to_string().to_lowercase();
    assert!(
        source["state"] == "denied"
            && (detail.contains("401") || detail.contains("unauthorized") || detail.contains("token")),
        "{source}"
    );
    assert_eq!(program.services().code, 8);
}

#[test]
fn an_unknown_token_is_denied() {
    assert_eq!(failed(&Program::on_kube(part(&KUBE).get("STRANGER")))["state"], "denied");
}

#[test]
fn a_login_plugin_that_is_allowed_by_name_logs_in() {
    let program = plugin("PLUGIN", "\"quarterdeck-lab-login\"");
    until("the cluster is fresh", 40, || {
        let answer = program.items(&["sources"]);
        let source = answer.source("cluster")?;
        if source["state"] == "fresh" { Ok(()) } else { Err(source.to_string()) }
    });
}

#[test]
fn a_login_plugin_that_nobody_allowed_is_not_run_and_says_how_to_allow_it() {
    let detail = failed(&plugin("PLUGIN", ""))["detail"].to_string();
    assert!(detail.contains("quarterdeck-lab-login") && detail.contains("allow_exec"), "{detail}");
}

#[test]
fn a_login_plugin_that_hangs_does_not_hang_the_program() {
    let program = plugin("PLUGIN_HANGS", "\"quarterdeck-lab-login\"");
    let answer = program.items(&["sources"]);
    let source = answer.source("cluster").expect("the Source is listed");
    assert_ne!(source["state"], "fresh", "{source}");
    let left = std::process::Command::new("pgrep").args(["-f", "quarterdeck-lab-login hang"]).output().expect("pgrep");
    assert!(left.stdout.is_empty(), "the plugin outlives the program: {}", String::from_utf8_lossy(&left.stdout));
}

#[test]
fn a_login_plugin_that_asks_for_a_password_gets_no_terminal_and_draws_nothing() {
    let program = plugin("PLUGIN_ASKS", "\"quarterdeck-lab-login\"");
    let source = failed(&program);
    let said = program.run(&["sources"]);
    assert!(
        ![&said.out, &said.err].iter().any(|t| t.contains('\u{1b}') || t.contains('\u{7}')),
        "{:?} {:?}",
        said.out,
        said.err
    );
    assert!(source["detail"].to_string().contains("quarterdeck-lab-login"), "{source}");
}

#[test]
fn of_several_contexts_the_current_one_is_read_and_the_others_are_known() {
    let program = Program::discovering().with("KUBECONFIG", part(&KUBE).get("MANY"));
    until("the current context is fresh", 40, || {
        let answer = program.items(&["sources"]);
        let fresh: Vec<&Value> =
            answer.items.iter().filter(|s| s["kind"] == "kubernetes" && s["state"] == "fresh").collect();
        match fresh.as_slice() {
            [one] if one["name"].to_string().contains("lab-one") => Ok(()),
            _ => Err(format!("{:?}", answer.items)),
        }
    });
}
