//! Every way in which it ends: the terminal is as it was, and the exit code says why.

use rustix::process::Signal;

use crate::allowed::left_changed;
use crate::pty::{Pty, Start};

/// The terminal is as a shell wants it.
fn restored(pty: &Pty) {
    assert!(pty.is_cooked(), "the line discipline is still raw");
    pty.wrote("\x1b[23;2t");
    assert_eq!(left_changed(&pty.raw()), Vec::<String>::new());
}

#[test]
fn a_quit_ends_with_zero_and_restores() {
    for key in ["q", "\x03"] {
        let mut pty = Pty::demo().types(key);
        assert_eq!(pty.ends(), Ok(0));
        restored(&pty);
    }
}

#[test]
fn a_signal_ends_it_with_the_code_that_shells_know_and_restores() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let mut pty = Pty::demo().signal(signal);
        assert_eq!(pty.ends(), Ok(code), "{signal:?}");
        restored(&pty);
    }
}

#[test]
fn a_panic_anywhere_restores_once_then_says_so_and_fails() {
    for place in ["loop", "thread"] {
        let start = Start { environment: &[("QUARTERDECK_FAULT", place)], ..Start::default() };
        let mut pty = Pty::start(&start).shows("Quarterdeck").types("j");
        assert_eq!(pty.ends(), Ok(101), "{place}");
        pty.wrote("a fault on purpose");
        restored(&pty);
        let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
        let (before, after) = raw.split_once("\x1b[?1049l").expect("the other screen is left");
        assert!(!before.contains("a fault on purpose"), "the message stands on the screen that is gone");
        assert!(!after.contains("\x1b[?1049"), "restored more than once");
    }
}

#[test]
fn a_stop_gives_the_terminal_back_and_going_on_paints_all_anew() {
    let pty = Pty::demo().types("\x1a").stopped();
    restored(&pty);
    let before = pty.raw().len();
    let mut pty = pty.signal(Signal::CONT).shows("Quarterdeck");
    pty.quiet_for(std::time::Duration::from_millis(300));
    assert!(String::from_utf8_lossy(&pty.raw()[before..]).contains("\x1b[?1049h"));
    pty = pty.types("q");
    assert_eq!(pty.ends(), Ok(0));
    restored(&pty);
}

#[test]
fn a_hangup_ends_it_even_where_the_signal_is_ignored() {
    for ignoring_hangup in [false, true] {
        let mut pty = Pty::start(&Start { ignoring_hangup, ..Start::default() }).shows("Quarterdeck");
        pty.hang_up();
        assert_eq!(pty.ends(), Ok(129), "ignoring: {ignoring_hangup}");
    }
}

#[test]
fn a_terminal_that_does_not_read_holds_nothing_up() {
    let mut pty = Pty::demo();
    pty.pause(true);
    for _ in 0..200 {
        // Each repaint is some kilobytes: far more than the kernel holds.
        pty = pty.types("\x0c");
    }
    pty = pty.types("q");
    assert_eq!(pty.ends(), Ok(0));
    assert!(pty.is_cooked());
}

#[test]
fn without_a_terminal_it_says_so_and_ends_with_two() {
    use std::process::{Command, Stdio};
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.arg("demo").env("HOME", home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let out = command.output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("terminal"), "{out:?}");
    assert_eq!(out.stdout, b"", "nothing is drawn into a pipe");
}
