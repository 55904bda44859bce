//! The shape of the code, kept by reading it: which module may use which, the doors, sizes, and what must not be there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom within the crate (DESIGN section 2).
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("fleet", &["fleet", "model"]),
    ("action", &["action", "fleet", "model"]),
    ("journal", &["journal", "action", "model"]),
    // `action` for one word: the Order that `operate` takes and only an approval makes (see the test below).
    ("sources", &["sources", "model", "action"]),
    ("config", &["config", "action", "fleet", "model"]),
    ("engine", &["engine", "sources", "config", "journal", "action", "fleet", "model"]),
    ("tui", &["tui", "engine", "config", "journal", "action", "fleet", "model"]),
    ("cli", &["cli", "tui", "engine", "config", "journal", "action", "fleet", "model"]),
];

/// Which outside crates and parts of the standard library a layer stays away from.
const FOREIGN: &[(&str, &[&str])] = &[
    ("model", PURE),
    ("fleet", PURE),
    ("action", PURE),
    ("config", CLIENTS),
    ("engine", CLIENTS),
    ("tui", CLIENTS),
    ("cli", CLIENTS),
];
const PURE: &[&str] = &[
    "tokio",
    "futures",
    "bollard",
    "hyper",
    "hyper_util",
    "http",
    "kube",
    "k8s_openapi",
    "prost",
    "ratatui",
    "crossterm",
    "notify",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::io",
];
const CLIENTS: &[&str] = &["bollard", "hyper", "hyper_util", "http", "kube", "k8s_openapi", "prost"];

/// A door: what passes through it, and the files that are it.
const DOORS: &[(&str, &[&str])] = &[
    ("Command::new(", &["sources/process.rs"]),
    ("tokio::spawn(", &["engine/runtime.rs", "sources/port.rs"]),
    ("thread::spawn(", &[]),
    ("thread::Builder", &["tui/terminal/", "tui/input/reader.rs", "tui/fault.rs"]),
    ("Instant::now(", &["engine/clock.rs"]),
    ("SystemTime::now(", &["engine/clock.rs"]),
    ("Timestamp::now(", &["engine/clock.rs"]),
    ("Zoned::now(", &["engine/clock.rs"]),
    ("unbounded_channel(", &[]),
    ("Method::POST", &["/operate.rs", "/operate/"]),
    ("Method::PUT", &["/operate.rs", "/operate/"]),
    ("Method::PATCH", &["/operate.rs", "/operate/"]),
    ("Method::DELETE", &["/operate.rs", "/operate/"]),
];

/// What the top level holds; names with a dot in front are tools' business.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "src",
    "themes",
    "config",
    "tests",
    "deny.toml",
    "clippy.toml",
    "rustfmt.toml",
    "rust-toolchain.toml",
    "build.rs",
    "target",
];

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 100;
const ARGUMENTS: usize = 6;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A source file: its name below `src`, and its production lines with their numbers, without comments.
struct Source {
    name: String,
    whole: String,
    lines: Vec<(usize, String)>,
}

impl Source {
    fn layer(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }
}

fn sources() -> Vec<Source> {
    let source = |path: PathBuf| {
        let whole = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        let all: Vec<&str> = whole.lines().collect();
        let end =
            all.iter().zip(all.iter().skip(1)).position(|(gate, next)| is_gate(gate) && next.ends_with("mod tests {"));
        let end = end.unwrap_or(all.len());
        let code = |line: &str| if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() };
        let lines = all[..end].iter().enumerate().map(|(n, line)| (n + 1, code(line))).collect();
        Source { name, whole, lines }
    };
    let all = files(&root().join("src"), ".rs");
    let tests = test_modules(&all);
    all.into_iter().filter(|path| !tests.iter().any(|test| path.starts_with(test))).map(source).collect()
}

/// `#[cfg(test)]`, also with more conditions.
fn is_gate(line: &str) -> bool {
    line.starts_with("#[cfg(") && line.contains("test") && !line.contains("not(test)")
}

/// Files and folders that are compiled for tests alone: `#[cfg(test)]` stands before their `mod NAME;`.
fn test_modules(all: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in all {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (gate, next) in lines.iter().zip(lines.iter().skip(1)) {
            let name = next.split_whitespace().last().and_then(|word| word.strip_suffix(';'));
            if let Some(name) = name.filter(|_| is_gate(gate) && next.contains("mod ")) {
                let folder = match path.file_stem().unwrap().to_str().unwrap() {
                    "mod" | "lib" | "main" => path.parent().unwrap().to_owned(),
                    own => path.parent().unwrap().join(own),
                };
                found.extend([folder.join(name), folder.join(format!("{name}.rs"))]);
            }
        }
    }
    found
}

/// Collects what is wrong, so that one run names it all.
#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// The modules that a line takes from the crate: `crate::x` and `crate::{x, y::z}` alike.
fn used(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut modules = Vec::new();
    for (at, _) in line.match_indices("crate::").filter(|(at, _)| !line[..*at].ends_with('$')) {
        match line[at + 7..].strip_prefix('{') {
            Some(list) => modules.extend(list.split(',').map(|part| word(part.trim()))),
            None => modules.push(word(&line[at + 7..])),
        }
    }
    modules
}

/// Macros and items at the top of the crate are not modules.
fn known(module: &str) -> bool {
    LAYERS.iter().any(|(layer, _)| *layer == module)
}

#[test]
fn each_layer_uses_only_the_layers_below_it() {
    let rules: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(allowed) = rules.get(source.layer()) else { continue };
        for (number, line) in &source.lines {
            for module in used(line).into_iter().filter(|module| known(module) && !allowed.contains(&module.as_str())) {
                wrong.push(format!("src/{}:{number}: {} may not use {module}", source.name, source.layer()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn sources_know_of_actions_nothing_but_the_order_and_only_the_executor_gives_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in &source.lines {
            if source.name.starts_with("sources/") && line.contains("crate::action") && !line.contains("action::Order;")
            {
                wrong.push(format!("src/{}:{number}: {}", source.name, line.trim()));
            }
            // The runtime performs effects of the engine: another word of the same name.
            let gives = line.contains(".perform(") && !line.contains(".perform(effect)");
            if gives && source.name != "engine/execute.rs" {
                wrong.push(format!("src/{}:{number}: only engine/execute.rs may perform", source.name));
            }
        }
    }
    none(&wrong);
}

#[test]
fn g3_every_write_to_kubernetes_is_made_where_it_gets_its_pin() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| source.name.starts_with("sources/kubernetes/")) {
        let door = source.name == "sources/kubernetes/operate/write.rs";
        for (number, line) in &source.lines {
            // A client of the library has writes of its own, without a pin: only its bare `send` is used.
            let writes = ["Method::", "Patch::", "Api::<", "Api<", "Request::post", "Request::put", "Request::patch"];
            if !door && writes.iter().any(|word| line.contains(word)) {
                wrong.push(format!("src/{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn pure_layers_know_no_clock_file_task_or_screen_and_faces_know_no_client() {
    let rules: BTreeMap<&str, &[&str]> = FOREIGN.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(barred) = rules.get(source.layer()) else { continue };
        for (number, line) in &source.lines {
            let path = line.trim_start().trim_start_matches("pub ").strip_prefix("use ").unwrap_or("");
            for name in barred
                .iter()
                .filter(|name| path.starts_with(&format!("{name}::")) || line.contains(&format!(" {name}::")))
            {
                wrong.push(format!("src/{}:{number}: {} may not use {name}", source.name, source.layer()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn a_source_uses_the_port_and_its_own_folder_and_no_other_source() {
    let kinds = ["docker", "kubernetes", "aws", "demo"];
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = kinds.iter().find(|kind| source.name.starts_with(&format!("sources/{kind}/"))) else {
            continue;
        };
        for (number, line) in &source.lines {
            for other in kinds.iter().filter(|kind| *kind != own) {
                if line.contains(&format!("sources::{other}")) || line.contains(&format!("super::{other}::")) {
                    wrong.push(format!("src/{}:{number}: {own} may not use {other}", source.name));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn what_has_a_door_passes_only_there() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in &source.lines {
            for (thing, doors) in DOORS.iter().filter(|(thing, _)| line.contains(thing)) {
                let allowed = doors.iter().any(|door| {
                    source.name.starts_with(door)
                        || source.name.ends_with(door)
                        || door.ends_with('/') && source.name.contains(door)
                });
                if !allowed {
                    wrong.push(format!("src/{}:{number}: `{thing}` has its door in {doors:?}", source.name));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn files_functions_and_argument_lists_stay_small() {
    let mut wrong = Vec::new();
    for source in sources() {
        if source.lines.len() > FILE_LINES {
            wrong.push(format!("src/{}: {} lines, more than {FILE_LINES}", source.name, source.lines.len()));
        }
        for (at, (number, line)) in source.lines.iter().enumerate().filter(|(_, (_, line))| is_function(line)) {
            let indent = line.len() - line.trim_start().len();
            let closing = format!("{}}}", " ".repeat(indent));
            let length = source.lines[at..].iter().position(|(_, line)| *line == closing).map_or(1, |n| n + 1);
            let open = source.lines[at..]
                .iter()
                .take(20)
                .find(|(_, l)| l.ends_with('{') || l.ends_with(';') || l.ends_with('}'));
            if length > FUNCTION_LINES && open.is_some_and(|(_, l)| l.ends_with('{')) {
                wrong.push(format!("src/{}:{number}: a function of {length} lines", source.name));
            }
            let arguments = arguments(&source.lines[at..]);
            if arguments > ARGUMENTS {
                wrong.push(format!("src/{}:{number}: {arguments} arguments", source.name));
            }
        }
    }
    none(&wrong);
}

fn is_function(line: &str) -> bool {
    let words: Vec<&str> =
        line.split_whitespace().take_while(|word| !word.contains('(') || word.starts_with("pub(")).collect();
    let head = line.trim_start();
    let plain = ["fn ", "pub", "async ", "const ", "extern "].iter().any(|start| head.starts_with(start));
    plain && (words.contains(&"fn") || head.starts_with("fn "))
}

/// Arguments besides `self`, counted by the commas of the first parentheses.
fn arguments(lines: &[(usize, String)]) -> usize {
    let text: String = lines.iter().take(20).flat_map(|(_, line)| line.chars().chain(" ".chars())).collect();
    let Some(name) = text.find("fn ") else { return 0 };
    let mut depth = 0_i32;
    let mut angles = 0_i32;
    let mut parts = vec![String::new()];
    let mut last = ' ';
    for c in text[name..].chars() {
        match c {
            '<' if depth == 0 => angles += 1,
            '>' if depth == 0 && last != '-' => angles -= 1,
            '(' if depth == 0 && angles > 0 => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {}
            ')' | ']' | '}' => depth -= 1,
            '<' if depth > 0 => depth += 1,
            '>' if depth > 0 && last != '-' => depth -= 1,
            ',' if depth == 1 => parts.push(String::new()),
            _ if depth > 0 => parts.last_mut().unwrap().push(c),
            _ => {}
        }
        if c == ')' && depth == 0 && angles == 0 {
            break;
        }
        last = c;
    }
    let own = |part: &str| part.trim().is_empty() || part.trim_end().ends_with("self");
    parts.iter().filter(|part| !own(part)).count()
}

#[test]
fn production_code_cannot_panic_on_purpose_and_leaves_nothing_for_later() {
    let later = ["TO", "DO"].concat();
    let fix = ["FIX", "ME"].concat();
    let marks = [".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!("];
    let mut wrong = Vec::new();
    for source in sources() {
        // The fault door of debug builds panics on purpose: tests of the panic hook go through it.
        let faulty = source.name == "tui/fault.rs";
        for (number, line) in &source.lines {
            for mark in marks.iter().filter(|mark| line.contains(*mark) && !faulty) {
                wrong.push(format!("src/{}:{number}: {mark}", source.name));
            }
        }
        for (number, line) in source.whole.lines().enumerate() {
            if line.contains(&later) || line.contains(&fix) {
                wrong.push(format!("src/{}:{}: a mark for later", source.name, number + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_test_is_left_out_and_no_test_sleeps() {
    let ignored = ["#[", "ignore"].concat();
    let sleeps = ["thread::", "sleep("].concat();
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), ".rs").into_iter().chain(files(&root().join("tests"), ".rs")) {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            // The bench and the lab wait for real servers between two looks; each wait there ends by a condition.
            let waits =
                ["tests/bench", "tests/lab", "tests/wire"].iter().any(|part| path.to_string_lossy().contains(part));
            if line.trim_start().starts_with(&ignored) || line.contains(&sleeps) && !waits {
                wrong.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_module_opens_with_its_duty() {
    let dumb: Vec<String> = sources().iter().filter(|s| !s.whole.starts_with("//! ")).map(|s| s.name.clone()).collect();
    none(&dumb);
    let drawers: Vec<String> = sources().iter().map(|s| s.name.clone()).filter(|name| name.contains("util")).collect();
    none(&drawers);
}

#[test]
fn every_snapshot_belongs_to_a_test_that_is_there() {
    let mut orphans = Vec::new();
    for path in files(&root().join("src"), ".snap").into_iter().chain(files(&root().join("tests"), ".snap")) {
        let text = fs::read_to_string(&path).unwrap();
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        if !source.is_some_and(|source| root().join(source).exists()) {
            orphans.push(format!("{} comes from {source:?}", path.display()));
        }
    }
    none(&orphans);
}

#[test]
fn the_top_level_holds_what_a_person_must_understand_and_nothing_else() {
    let extra: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !name.starts_with("LICENSE") && !TOP.contains(&name.as_str()))
        .collect();
    none(&extra);
}

#[test]
fn nothing_that_is_kept_names_a_machine() {
    let places = ["/ro", "ot/", "|/ho", "me/", "|/wo", "rk/"].concat();
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), ".rs").into_iter().chain([root().join("README.md")]) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            // `/home/ann` is nobody's: examples use it.
            let line = line.replace("/home/ann", "").replace("/home/you", "");
            if places
                .split('|')
                .any(|place| line.contains(&format!(" {place}")) || line.contains(&format!("\"{place}")))
            {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    none(&wrong);
}
