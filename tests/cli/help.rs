//! The reference: what `--help` says, the generated pages, the keys; a change in words is a change in a snapshot.

use crate::program::Program;

const COMMANDS: &[&str] = &[
    "status",
    "services",
    "queues",
    "alarms",
    "stores",
    "checks",
    "check",
    "sources",
    "explain",
    "why",
    "logs",
    "timeline",
    "doctor",
    "init",
    "demo",
    "replay",
    "keys",
    "themes",
    "schema",
    "completions",
    "man",
];

#[test]
fn the_help_of_every_command_is_as_it_was_reviewed() {
    let program = Program::new();
    let whole = program.run(&["--help"]);
    assert_eq!(whole.code, 0);
    insta::assert_snapshot!("help", whole.out);
    for command in COMMANDS {
        let ran = program.run(&[command, "-h"]);
        assert_eq!(ran.code, 0, "{command}");
        assert!(ran.out.contains("Examples:"), "{command} shows no example");
        assert!(whole.out.contains(command), "{command} is not in the help");
        insta::assert_snapshot!(format!("help_{command}"), ran.out);
    }
}

#[test]
fn every_command_that_is_there_is_in_the_reference() {
    let whole = Program::new().run(&["--help"]).out;
    let listed = whole.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> =
        listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert_eq!(names, COMMANDS);
}

#[test]
fn keys_and_themes_follow_from_the_tables_of_the_screen() {
    let program = Program::new();
    insta::assert_snapshot!("keys", program.run(&["keys"]).out);
    insta::assert_snapshot!("themes", program.run(&["themes"]).out);
}

#[test]
fn completions_and_the_manual_name_every_command() {
    let program = Program::new();
    let man = program.run(&["man"]);
    for shell in ["bash", "zsh", "fish"] {
        let script = program.run(&["completions", shell]);
        assert_eq!(script.code, 0);
        for command in COMMANDS {
            assert!(script.out.contains(command), "{shell}: {command}");
        }
    }
    assert!(man.out.starts_with(".ie") || man.out.contains(".TH quarterdeck"), "{}", &man.out[..200]);
    for command in COMMANDS {
        assert!(man.out.contains(&format!("QUARTERDECK {}", command.to_uppercase())), "{command}");
    }
}
