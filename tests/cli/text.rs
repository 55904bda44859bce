//! Text answers: aligned, with units in the header, and without one escape sequence.

use crate::program::Program;

#[test]
fn the_answers_read_as_they_were_reviewed() {
    let program = Program::new();
    for (name, command) in [
        ("status", &["status"][..]),
        ("status_narrowed", &["status", "--environment", "competitoriq/prod"]),
        ("services", &["services"]),
        ("services_wide", &["services", "-o", "wide", "--environment", "biz/prod"]),
        ("checks", &["checks", "--environment", "biz/prod"]),
        ("why", &["why", "competitoriq/prod/api"]),
        ("why_healthy", &["why", "biz/prod/ml-service"]),
        ("explain", &["explain", "biz/prod/ml-service"]),
        ("logs", &["logs", "biz/prod/ml-service", "--tail", "2"]),
        ("timeline", &["timeline", "--environment", "competitoriq/prod"]),
    ] {
        let ran = program.demo(command);
        assert!(!ran.out.chars().any(|c| c.is_control() && c != '\n'), "{name}: {:?}", ran.out);
        assert!(!ran.out.lines().any(|line| line.ends_with(' ')), "{name} has lines that end in blanks");
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        insta::assert_snapshot!(name, ran.out);
    }
}

#[test]
fn init_writes_what_was_found_once_and_what_it_writes_loads() {
    let program = Program::new();
    let first = program.run(&["init"]);
    assert_eq!((first.code, first.out.as_str()), (0, "~/.config/quarterdeck/config.toml written, with 1 source\n"));
    let written = std::fs::read_to_string(program.home().join(".config/quarterdeck/config.toml")).unwrap();
    insta::assert_snapshot!("init", written.replace(&*program.home().to_string_lossy(), "~"));
    let second = program.run(&["init"]);
    assert_eq!(second.code, 3);
    assert!(second.err.contains("is there already"), "{}", second.err);
    let sources = program.run(&["sources"]);
    assert_eq!(sources.code, 0, "{}", sources.err);
    assert!(sources.out.contains("docker:local"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let mut child =
        Program::new().command(&["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn a_story_begins_at_its_first_use_and_over_again_after_a_reset() {
    let program = Program::new();
    let file = program.home().join(".local/state/quarterdeck/demo/seed-3.json");
    let arguments = ["services", "--demo", "--seed", "3", "--wait", "60s"];
    assert_eq!(program.run(&arguments).code, 0);
    let begun = std::fs::read_to_string(&file).unwrap();
    assert_eq!(program.run(&arguments).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), begun);
    assert_eq!(program.run(&["demo", "reset", "--seed", "3"]).code, 0);
    assert!(!file.exists());
}
