//! What comes from the terminal: keys, and everything that must never become one.

use crate::pty::Pty;

#[test]
fn replies_of_the_terminal_are_no_keys() {
    let mut pty = Pty::demo();
    for reply in [
        "\x1b[7;15R",
        "\x1b]11;rgb:q?q:\x07",
        "\x1bP>|q q?\x1b\\",
        "\x1b[>0;276;0c",
        "\x1b[8;24;80t",
        "\x1b[I",
        "\x1b_q\x1b\\",
    ] {
        pty = pty.types(reply);
    }
    // Had one of them been a key, help would not open, or it would be gone already.
    let mut pty = pty.types("?").shows("Keys on this screen").types("\x1b").hides("Keys on this screen").types("q");
    assert_eq!(pty.ends(), Ok(0));
}

#[test]
fn a_paste_never_presses_keys() {
    let bomb = format!("\x1b[200~q\nq\n\x1b[201~q\n{}\x1b[201~", "y\n".repeat(5_000));
    let mut pty = Pty::demo().types(bomb).shows("a paste is text").types("?").shows("Keys on this screen");
    pty = pty.types("\x1b[200~freeze\nq\x1b[201~").shows("freeze the view").hides("one line down").types("\x1b");
    pty = pty.hides("Keys on this screen").types("q");
    assert_eq!(pty.ends(), Ok(0));
}

#[test]
fn letters_in_a_field_only_type() {
    let mut pty = Pty::demo().types(":").shows("Palette").types("quit").shows("quit  quit");
    pty = pty.types("\x1b").hides("Palette").types("q");
    assert_eq!(pty.ends(), Ok(0));
}

#[test]
fn the_palette_goes_to_screens_and_the_mouse_points() {
    let mut pty = Pty::demo().types(":sources\r").hides("Palette").shows("demo");
    pty = pty.types("\x1b[<0;5;8M\x1b[<0;5;8m\x1b[<65;5;8M").types("m").shows("the mouse selects text").types("q");
    assert_eq!(pty.ends(), Ok(0));
    assert!(String::from_utf8_lossy(&pty.raw()).contains("\x1b[?1000l"));
}
