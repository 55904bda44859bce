//! A tape: recorded from the demo, played, stopped, stepped and wound.

use crate::pty::{Pty, Start};

#[test]
fn a_recorded_tape_plays_stops_and_winds() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("night.tape");
    let tape = tape.to_str().unwrap();
    let arguments = ["demo", "--record", tape];
    let mut recorded = Pty::start(&Start { arguments: &arguments, ..Start::default() }).shows("biz").types("q");
    assert_eq!(recorded.ends(), Ok(0));

    let arguments = ["replay", tape, "--speed", "0"];
    let pty = Pty::start(&Start { arguments: &arguments, ..Start::default() }).shows("tape").shows("0 of");
    let mut pty = pty.types(".").shows("1 of").types(".").shows("2 of").types(">").shows("biz").types("<").hides("biz");
    // Space runs it, and stops it again.
    pty = pty.types(" ").shows("x1").types(" ").hides("x1").types("q");
    assert_eq!(pty.ends(), Ok(0));
}
