//! The corpora: every file in `valid/` is accepted with the warnings of its snapshot, every file in `invalid/` refused with
//! the message of its snapshot; the schema, the defaults and the shipped examples hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

use std::fs;
use std::path::{Path, PathBuf};

use quarterdeck::config::{Flags, Machine, load, resolve, schema};

fn here(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn corpus(folder: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(here(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_valid_file_is_accepted_with_exactly_these_warnings() {
    let files = corpus("tests/config/valid");
    assert!(files.len() >= 7);
    for (name, text) in files {
        let (_, resolved) = resolve::parse(&format!("{name}.toml"), &text, Some(Path::new("/etc/quarterdeck")))
            .unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let warnings: Vec<String> = resolved.warnings.iter().map(ToString::to_string).collect();
        let sources: Vec<String> = resolved.sources.iter().map(|spec| format!("{spec:?}")).collect();
        let checks: Vec<String> = resolved.checks.iter().map(|spec| format!("{spec:?}\n")).collect();
        let rules = format!("{:#?}", resolved.rules);
        let said = format!("{}\n\n{}\n{}\n{rules}", warnings.join("\n\n"), sources.join("\n"), checks.concat());
        insta::assert_snapshot!(format!("valid_{name}"), said);
    }
}

#[test]
fn what_the_readme_shows_is_good_configuration() {
    let readme = fs::read_to_string(here("README.md")).unwrap();
    let shown: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!shown.is_empty());
    for text in shown {
        let (_, resolved) = resolve::parse("README.md", text, None).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(resolved.warnings.is_empty(), "{:?}", resolved.warnings);
        assert!(!resolved.sources.is_empty() || !resolved.rules.alarms.is_empty(), "{text}");
    }
}

#[test]
fn every_invalid_file_is_refused_with_exactly_this_message() {
    let files = corpus("tests/config/invalid");
    assert!(files.len() >= 25);
    for (name, text) in files {
        let problems = resolve::parse(&format!("{name}.toml"), &text, None).expect_err(&name);
        let said = problems.to_string();
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{name}: {said:?}");
        assert!(problems.0.iter().all(|p| p.line > 0 && p.column > 0 && !p.help.is_empty()), "{name}: {problems:?}");
        insta::assert_snapshot!(format!("invalid_{name}"), said);
    }
}

#[test]
fn m_no_message_ever_shows_a_secret() {
    for (name, text) in corpus("tests/config/invalid").into_iter().chain(corpus("tests/config/valid")) {
        let said = match resolve::parse(&name, &text, None) {
            Err(problems) => problems.to_string(),
            Ok((file, resolved)) => format!("{:?} {file:?}", resolved.warnings),
        };
        assert!(!said.contains("hunter2"), "{name}: {said}");
    }
}

#[test]
fn the_schema_file_is_the_one_that_follows_from_the_types() {
    let kept = fs::read_to_string(here("config/schema.json")).unwrap();
    assert_eq!(kept, schema::text(), "write it anew: `quarterdeck schema > config/schema.json`");
}

#[test]
fn the_defaults_say_something_about_every_key_that_has_a_default() {
    let defaults = fs::read_to_string(here("config/defaults.toml")).unwrap();
    let (file, resolved) = resolve::parse("defaults.toml", &defaults, None).unwrap();
    assert_eq!(resolved.warnings, []);
    assert!(file.discover.is_some() && file.ui.theme.is_some() && file.ui.mouse.is_some());
    assert!(file.ui.reduced_motion.is_some() && file.kubernetes.allow_exec.is_some());
    for policy in [&file.policy.production, &file.policy.staging, &file.policy.dev] {
        assert!(
            policy.confirm.is_some() && policy.reason.is_some() && policy.unlock.is_some() && policy.bake.is_some()
        );
        assert!(policy.soak.is_some() && policy.floor.is_some() && policy.max_step.is_some());
        assert!(policy.require_verified.is_some());
    }
}

#[test]
fn every_shipped_example_loads() {
    for (name, text) in corpus("config/examples") {
        let parsed = resolve::parse(&format!("{name}.toml"), &text, None);
        assert!(parsed.is_ok(), "{name}: {}", parsed.unwrap_err());
    }
}

fn machine(home: &Path, variables: &[(&str, &str)]) -> Machine {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Machine { variables, home: Some(home.to_owned()) }
}

#[test]
fn layers_are_merged_in_their_order() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("own.toml");
    fs::write(&file, "discover = false\n[ui]\ntheme = \"light\"\n").unwrap();
    let path = file.display().to_string();
    let theme = |variables: &[(&str, &str)], flags: &Flags| load(&machine(home.path(), variables), flags).unwrap().ui;
    let named = Flags { theme: Some("mono".to_owned()), ..Flags::default() };
    let config = [("QUARTERDECK_CONFIG", path.as_str())];
    let both = [config[0], ("QUARTERDECK_THEME", "dark")];
    assert_eq!(theme(&[], &Flags::default()).theme, "auto");
    assert_eq!(theme(&config, &Flags::default()).theme, "light");
    assert_eq!(theme(&both, &Flags::default()).theme, "dark");
    assert_eq!(theme(&both, &named).theme, "mono");
    assert!(theme(&both, &named).mouse);
}

#[test]
fn attack_38_nothing_is_read_from_the_current_directory() {
    let home = tempfile::tempdir().unwrap();
    let variables =
        [("QUARTERDECK_CONFIG", "evil.toml"), ("KUBECONFIG", "evil.kubeconfig"), ("DOCKER_HOST", "tcp://127.0.0.1:9")];
    let settings = load(&machine(home.path(), &variables), &Flags::default()).unwrap();
    assert_eq!(settings.file, None);
    let ignored: Vec<&str> =
        settings.tried.iter().filter(|a| a.outcome.contains("relative")).map(|a| a.place.as_str()).collect();
    assert_eq!(ignored, ["QUARTERDECK_CONFIG", "KUBECONFIG entry evil.kubeconfig"]);
}

#[test]
fn a_named_file_that_is_not_there_is_an_error_and_the_usual_one_is_not() {
    let home = tempfile::tempdir().unwrap();
    let flags = Flags { config: Some(home.path().join("none.toml")), theme: None };
    assert!(load(&machine(home.path(), &[]), &flags).unwrap_err().to_string().contains("cannot be read"));
    assert!(load(&machine(home.path(), &[]), &Flags::default()).is_ok());
}

#[test]
fn a_configured_context_is_looked_for_in_the_usual_kubeconfig() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    fs::write(&file, "discover = false\n[[source]]\nname = \"prod\"\nkubernetes = \"eks-prod\"\n").unwrap();
    let flags = Flags { config: Some(file), theme: None };
    let settings = load(&machine(home.path(), &[("KUBECONFIG", "/one:two:/three")]), &flags).unwrap();
    assert!(format!("{:?}", settings.sources).contains("kubeconfig: [\"/one\", \"/three\"]"), "{:?}", settings.sources);
}

#[test]
fn a_configured_source_stands_instead_of_the_same_one_found() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    fs::write(&file, "[[source]]\nname = \"here\"\ndocker = \"tcp://127.0.0.1:9\"\n").unwrap();
    let flags = Flags { config: Some(file), theme: None };
    let settings = load(&machine(home.path(), &[("DOCKER_HOST", "tcp://127.0.0.1:9")]), &flags).unwrap();
    let names: Vec<String> = settings.sources.iter().map(|spec| spec.name.to_string()).collect();
    assert_eq!(names, ["here"]);
}
