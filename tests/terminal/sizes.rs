//! Every size of a terminal, and all of them in quick succession.

use crate::pty::{Pty, Start};

#[test]
fn a_storm_of_sizes_ends_in_a_whole_picture() {
    let pty = Pty::demo();
    for n in 0..300u16 {
        pty.resize(n * 37 % 211, n * 53 % 67);
    }
    for (cols, rows) in [(1, 1), (300, 100), (20, 5), (65_535, 1), (80, 24)] {
        pty.resize(cols, rows);
    }
    let mut pty = pty.types("\x0c").shows("Quarterdeck").types("?").shows("Keys on this screen");
    pty = pty.types("\x1b").hides("Keys on this screen").types("q");
    assert_eq!(pty.ends(), Ok(0));
}

#[test]
fn a_terminal_that_is_too_small_says_so_and_quits_all_the_same() {
    for size in [(20, 5), (1, 1), (9, 100)] {
        let mut pty = Pty::start(&Start { size, ..Start::default() });
        pty.wrote(if size.0 > 8 { "too small" } else { "…" });
        pty = pty.types("q");
        assert_eq!(pty.ends(), Ok(0), "{size:?}");
    }
}

#[test]
fn a_large_terminal_is_filled() {
    let mut pty = Pty::start(&Start { size: (300, 100), ..Start::default() }).shows("Quarterdeck").shows("quit");
    pty = pty.types("q");
    assert_eq!(pty.ends(), Ok(0));
}
