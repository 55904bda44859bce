//! Exit codes, and errors that say what would help.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::program::Program;

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let program = Program::new();
    for arguments in [
        &["servics"][..],
        &["services", "--frobnicate"],
        &["why"],
        &["services", "--wait", "soon"],
        &["replay", "none"],
    ] {
        let ran = program.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    assert!(program.run(&["servics"]).err.contains("services"));
}

#[test]
fn without_a_terminal_the_screen_does_not_open() {
    let program = Program::new();
    for arguments in [&[][..], &["demo"]] {
        let ran = program.run(arguments);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("needs a terminal") && ran.err.contains("quarterdeck status"), "{}", ran.err);
    }
}

#[test]
fn a_bad_config_starts_nothing_and_ends_with_2() {
    let program = Program::new();
    let config = program.home().join("config.toml");
    std::fs::write(&config, "[[source]]\nnmae = \"vm1\"\n").unwrap();
    for command in ["status", "services", "sources", "doctor", "keys", "themes"] {
        let ran = program.run(&[command, "--config", &config.display().to_string()]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command}");
        assert!(ran.err.contains("did you mean `name`?") && ran.err.contains("config.toml:2:1"), "{}", ran.err);
    }
}

#[test]
fn a_source_that_does_not_answer_ends_with_8_and_the_items_are_printed() {
    let program = Program::new();
    let ran = program.run(&["services", "-o", "json"]);
    assert_eq!(ran.code, 8);
    let body: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(body["sources"][0]["state"], "unreachable");
    assert_eq!(program.run(&["sources"]).code, 0);
    assert_eq!(program.run(&["why", "prod/api"]).code, 8);
}

#[test]
fn a_broker_that_does_not_answer_ends_with_8_and_says_so_beside_the_items() {
    let program = Program::new();
    let config = program.home().join("config.toml");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lines = format!(
        "discover = false\n[[source]]\nname = \"mq\"\nrabbitmq = \"http://127.0.0.1:{free}\"\n[[source]]\nname = \
         \"cache\"\nredis = \"redis://127.0.0.1:{free}\"\n"
    );
    std::fs::write(&config, lines).unwrap();
    let config = config.display().to_string();
    for command in ["queues", "stores"] {
        let ran = program.run(&[command, "-o", "json", "--config", &config]);
        let body: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let states: Vec<&str> =
            body["sources"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
        assert_eq!((ran.code, body["items"].as_array().unwrap().len()), (8, 0), "{command}");
        assert_eq!(states, ["unreachable", "unreachable"], "{command}");
    }
    // Whoever asks for alarms needs no broker, and is told that there is nobody who tells any.
    let alarms = program.run(&["alarms", "--config", &config]);
    assert!(alarms.out.contains("no alarms"), "{}", alarms.out);
}

#[test]
fn broken_services_end_with_7_where_that_is_asked_for() {
    let program = Program::new();
    assert_eq!(program.demo(&["status", "--exit-code"]).code, 7);
    assert_eq!(program.demo(&["status"]).code, 0);
    assert_eq!(program.demo(&["status", "--exit-code", "--environment", "community/staging"]).code, 0);
}

#[test]
fn an_address_that_is_unknown_or_ambiguous_ends_with_2_and_names_candidates() {
    let program = Program::new();
    for (address, words) in
        [("biz/prod/fronted", "biz/prod/frontend"), ("prod/app", "ambiguous"), ("\u{1b}[2J", "no Service")]
    {
        let ran = program.demo(&["why", address]);
        assert_eq!(ran.code, 2, "{address}: {}", ran.err);
        assert!(ran.err.contains(words) && !ran.err.contains('\u{1b}'), "{}", ran.err);
    }
    assert_eq!(program.demo(&["services", "--environment", "prd"]).code, 2);
    assert_eq!(program.demo(&["services", "--source", "nowhere"]).code, 2);
    assert_eq!(program.demo(&["logs", "biz/prod/ml-service", "--instance", "nobody"]).code, 2);
}

#[test]
fn with_nothing_to_watch_it_says_where_it_looked() {
    let program = Program::new().with("DOCKER_HOST", "").with("KUBECONFIG", "relative.yaml");
    let ran = program.run(&["status"]);
    // A machine with an engine of its own finds it here; then there is nothing to say.
    if !std::path::Path::new("/var/run/docker.sock").exists()
        && !std::path::Path::new("/run/podman/podman.sock").exists()
    {
        assert_eq!(ran.code, 8, "{}", ran.err);
        assert!(ran.err.contains("/var/run/docker.sock: no such file"), "{}", ran.err);
        assert!(ran.err.contains("relative.yaml: ignored") && ran.err.contains("quarterdeck demo"), "{}", ran.err);
    }
}

#[test]
fn attack_53_a_state_folder_that_is_not_ours_alone_is_refused() {
    let program = Program::new();
    let state = program.home().join(".local/state/quarterdeck");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).unwrap();
    let open = program.run(&["services", "--demo"]);
    assert_eq!(open.code, 1, "{}", open.err);
    assert!(open.err.contains("mode 0777") && open.err.contains("chmod 700"), "{}", open.err);
    std::fs::remove_dir(&state).unwrap();
    symlink(program.home(), &state).unwrap();
    assert!(program.run(&["services", "--demo"]).err.contains("symbolic link"));
    let doctor = program.run(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("symbolic link"), "{}", doctor.out);
}

#[test]
fn a_tape_is_never_written_over_another_file() {
    let program = Program::new();
    let tape = program.home().join("night.tape");
    let arguments = ["services", "--record", &tape.display().to_string()];
    assert_eq!(program.demo(&arguments).code, 0);
    assert!(std::fs::read_to_string(&tape).unwrap().starts_with("{\"quarterdeck_tape\":1"));
    let again = program.demo(&arguments);
    assert_eq!(again.code, 1, "{}", again.err);
}
