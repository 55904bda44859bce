//! What is written: only sequences on the list, in every theme and on every kind of terminal, and nothing without a cause.

use std::time::Duration;

use crate::allowed::{forbidden, left_changed};
use crate::pty::{Pty, Start};

/// Through the screens and what lies over them, then out.
fn tour(mut pty: Pty) -> Vec<u8> {
    for (keys, title) in [("?", "Keys on this screen"), (":", "Palette"), ("n", "Narrow to")] {
        pty = pty.types(keys).shows(title).types("\x1b").hides(title);
    }
    for screen in ["2", "8", "9", "1"] {
        pty = pty.types(screen).types("jjG").types("\x0c");
    }
    pty.quiet_for(Duration::from_millis(200));
    let mut pty = pty.types("q");
    assert_eq!(pty.ends(), Ok(0));
    let raw = pty.raw();
    assert_eq!(left_changed(&raw), Vec::<String>::new());
    raw
}

#[test]
fn every_theme_keeps_to_the_list() {
    for theme in ["dark", "light", "high-contrast", "colour-blind", "mono"] {
        let pty = Pty::demo().types(format!(":theme {theme}\r")).hides("Palette");
        let raw = tour(pty);
        assert_eq!(forbidden(&raw, false), Vec::<String>::new(), "{theme}");
    }
}

#[test]
fn without_utf8_every_byte_is_ascii() {
    let raw = tour(Pty::start(&Start { environment: &[("LANG", "C")], ..Start::default() }).shows("Quarterdeck"));
    assert!(raw.is_ascii());
}

#[test]
fn without_colours_none_is_sent() {
    for environment in [&[("NO_COLOR", "1")][..], &[("TERM", "linux")], &[("TERM", "xterm"), ("COLORTERM", "")]] {
        let raw = tour(Pty::start(&Start { environment, ..Start::default() }).shows("Quarterdeck"));
        let text = String::from_utf8_lossy(&raw);
        let styles = text.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m')).map(|(codes, _)| codes);
        let numbers = styles.filter(|codes| codes.bytes().all(|b| b.is_ascii_digit() || b == b';'));
        let colours: Vec<&str> = numbers.flat_map(|codes| codes.split(';')).filter(|code| code.len() > 1).collect();
        assert_eq!(colours, Vec::<&str>::new(), "{environment:?}");
    }
}

#[test]
fn a_copy_goes_to_the_clipboard_only_on_its_key() {
    let pty = Pty::demo().shows("airflow-worker").types("jjj");
    assert!(!String::from_utf8_lossy(&pty.raw()).contains("\x1b]52"));
    let mut pty = pty.types("c").shows("copied: ").types("q");
    assert_eq!(pty.ends(), Ok(0));
    assert_eq!(forbidden(&pty.raw(), true), Vec::<String>::new());
    assert!(String::from_utf8_lossy(&pty.raw()).contains("\x1b]52;c;"));
}

#[test]
fn where_nothing_changes_nothing_is_written() {
    let start = Start { arguments: &["demo", "--at", "10m"], ..Start::default() };
    let mut pty = Pty::start(&start).shows("Quarterdeck").shows("biz");
    pty.quiet_for(Duration::from_secs(3));
    // A key that changes nothing on the screen writes nothing either.
    let before = pty.raw().len();
    pty = pty.types("\x1b");
    assert_eq!(pty.quiet_for(Duration::from_secs(1)), before);
    pty = pty.types("q");
    assert_eq!(pty.ends(), Ok(0));
}
