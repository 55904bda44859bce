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
    "scale",
    "restart",
    "promote",
    "rollback",
    "pause",
    "resume",
    "undo",
    "delete",
    "apply",
    "unlock",
    "lock",
    "runs",
    "journal",
    "releases",
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
fn the_readme_has_every_field_of_the_filter() {
    use quarterdeck::fleet::query::{FIELDS, FieldKind};
    let kind = |kind| match kind {
        FieldKind::Word => "words: `:` `=` `~`",
        FieldKind::Number => "a number",
        FieldKind::Size => "bytes (`512Mi`, `1.5G`)",
        FieldKind::Share => "a share (`80%`)",
        FieldKind::Age => "a time (`90s`, `10m`, `3h`, `2d`)",
    };
    let row = |field: &quarterdeck::fleet::query::Field| {
        let others: Vec<String> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let cells =
            [format!("`{}`", field.name), others.join(" "), field.about.to_owned(), kind(field.kind).to_owned()];
        format!("| {} | `{}` |\n", cells.join(" | "), field.example)
    };
    let table: String = FIELDS.iter().map(row).collect();
    let table = format!("| Field | or | What it is | Holds | Example |\n|---|---|---|---|---|\n{table}");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&table), "the README lacks this table, which follows from the fields:\n{table}");
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
